"""Names that are written: words of the language, and none that it keeps for itself."""

from __future__ import annotations

import builtins
import keyword
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc import CnnCalcError, SpecError, analyze, convert, parse
from cnncalc.layers import KINDS
from cnncalc.layers.spelling import word
from cnncalc.notations.reserved import COMPACT, KERAS, KEYWORDS, TORCH, identifier
from tests.convert.emitted import run, totals
from tests.convert.test_keras import assert_runs as assert_keras_runs
from tests.convert.test_torch import assert_runs as assert_torch_runs
from tests.executors.test_arrays import sample
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

RESERVED = sorted({*TORCH.modules, *TORCH.values, *KERAS.values, *COMPACT} - {"input"})
KINDS_IN_SPECS = sorted(set(KINDS) - {"input"})
# What the writers call things themselves, and what a formatter or a reader may stumble over.
OWN = ("Block", "Net", "block", "blocks", "conv", "end", "graph", "inputs", "layer", "model", "pad",
       "x", "x1", "y", "z", "relu_2", "_", "__init__", "_modules", "Ünï", "名前")  # fmt: skip
names = st.one_of(st.sampled_from(RESERVED), st.sampled_from(OWN), st.sampled_from(KINDS_IN_SPECS))


def words_of(kind: str) -> str:
    """A spec of one layer of a kind, at a size that it takes."""
    if KINDS[kind].beside:
        return f"8x9 lstm:8 {kind}:8"
    layer, shapes = sample(kind)
    for shape in shapes:
        spec = f"{'x'.join(map(str, shape))} {word(layer)}"
        if layer.arity == "many":
            spec += "[ | ]"
        try:
            analyze(spec)
        except CnnCalcError:
            continue
        return spec
    raise AssertionError(f"no size for {kind}")


def renamed(spec: str, names: list[str]) -> Any:
    """The network of a spec whose steps have these names, as a source may give them."""
    network = parse(spec)
    for step, name in zip(network.steps[1:], names, strict=False):
        step.name = name
    return network


def assert_compiles(network: Any) -> None:
    """What each writer makes of it is Python, or a spec of the same totals."""
    for to in ("torch", "keras", "compact"):
        try:
            text = str(convert(network, to))
        except SpecError:
            continue
        if to == "compact":
            assert totals(analyze(text)) == totals(analyze(network))
        else:
            compile(text, f"{to}.py", "exec")


@given(st.text(), st.sampled_from([TORCH.modules, TORCH.values, KERAS.modules, COMPACT]))
def test_an_identifier_is_one(name: str, reserved: frozenset[str]) -> None:
    made = identifier(name, reserved)

    assert made.isidentifier()
    assert made.isascii()
    assert not made.startswith("_")
    assert made not in reserved
    assert identifier(made, reserved).rstrip("_") == made.rstrip("_")


def test_what_is_reserved() -> None:
    for language in (TORCH, KERAS):
        assert {*keyword.kwlist, *keyword.softkwlist} - {"_"} <= language.modules
        assert {name for name in dir(builtins) if not name.startswith("_")} <= language.values


def test_what_every_module_has_is_reserved() -> None:
    torch = torch_or_skip()
    own = {name for name in dir(torch.nn.Module()) if not name.startswith("_")}

    assert own <= TORCH.modules


@pytest.mark.parametrize("kind", KINDS_IN_SPECS)
def test_every_kind_gives_names_that_compile(kind: str) -> None:
    """Alone, labelled with its own kind, in a definition, repeated: blocks name things anew."""
    size, _, layer = words_of(kind).partition(" ")
    output = analyze(f"{size} {layer}").layers[-1].output_shape
    again = output == analyze(f"{size} identity").input
    specs = [f"{size} {layer}", f"{size} {kind}@{layer} x@identity add[ | @x ]"]
    specs += [f"def {kind}s() = [ {layer} relu ] {size} {kind}s() x@tanh add[ | @x ]"]
    specs += [f"{size} 3*[ {layer} relu ] x@tanh add[ | @x ]"] * again
    for spec in specs:
        assert_compiles(parse(spec))


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.lists(names, min_size=6, max_size=6, unique=True))
def test_drawn_names_compile(drawn: list[str]) -> None:
    """Of layers, of what lasts, of joins, and of definitions."""
    assert_compiles(renamed("3x8x8 conv:3,k3,p1 add[ relu | ] bn mul[ | tanh ]", drawn))
    block = identifier(drawn[0], KINDS.keys() | COMPACT)
    assert_compiles(parse(f"def {block}(c) = [ conv:$c,k3,p1 bn ] 3x8x8 2*{block}:3 {block}:4"))


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(names, min_size=5, max_size=5, unique=True))
def test_drawn_names_run(drawn: list[str]) -> None:
    torch_or_skip()
    network = renamed("3x8x8 conv:3,k3,p1 add[ relu | ] bn mul[ | tanh ]", drawn)

    assert_torch_runs(str(convert(network, "torch")), analyze(network))


INPUTS = """\
import keras
from keras import layers
a = keras.Input((8, 8, 3), name="{0}")
b = keras.Input((8, 8, 3), name="{1}")
c = keras.Input((8, 8, 3), name="{2}")
d = layers.Dense(4, name="{3}")
model = keras.Model([a, b, c], layers.Add()([d(a), d(b), layers.Conv2D(4, 1)(c)]))
"""


@settings(deadline=None, max_examples=40)
@given(st.lists(names, min_size=4, max_size=4, unique=True))
def test_names_of_inputs_and_of_what_is_used_again(drawn: list[str]) -> None:
    """Each input keeps its own name to the end, which the model's list of them wants."""
    network = parse(INPUTS.format(*drawn), notation="keras")
    text = str(convert(network, "keras"))
    compile(text, "net.py", "exec")
    given = [line.split(" = ")[0] for line in text.splitlines() if " = keras.Input(" in line]
    assert len(set(given)) == 3
    assert f"keras.Model([{', '.join(given)}]," in text
    assigned = [line.split(" = ")[0] for line in text.splitlines() if " = " in line]
    assert all(assigned.count(name) == 1 for name in given)
    names = str(convert(network, "torch"))
    compile(names, "net.py", "exec")


def test_inputs_that_are_called_as_the_writer_calls_things() -> None:
    keras_or_skip()
    network = parse(INPUTS.format("y", "x", "inputs", "model"), notation="keras")
    expected = analyze(network)

    assert_keras_runs(str(convert(network, "keras")), expected)
    names = run(str(convert(network, "torch")))
    assert "class" in KEYWORDS
    assert sum(each.numel() for each in names["Net"]().parameters()) == expected.total.params


def test_an_input_and_a_layer_of_one_name() -> None:
    """As different names may become."""
    text = str(convert(parse(INPUTS.format("a", "-", "b", "名前"), notation="keras"), "keras"))

    assert "layer = layers.Dense(4)" in text
    assert "layer_2 = keras.Input(" in text


def test_a_kind_that_is_a_word_of_python() -> None:
    """Around blocks modules are named anew, after their kind."""
    text = str(convert("2x6x12 in 2*rms", "torch"))

    assert "self.in_ = nn.InstanceNorm2d(2)" in text
    assert "x = self.in_(x)" in text


def test_a_definition_called_as_the_writer_marks_repeats() -> None:
    text = str(convert("def repeat(c) = [conv:$c,k3,p1 relu] 3x8x8 repeat:3 x@repeat:3 add[ | @x]",
                       "keras"))  # fmt: skip

    assert "def repeat(x" in text
    compile(text, "net.py", "exec")


def test_tensors_of_an_onnx_file_that_are_called_like_its_numbers() -> None:
    onnx = pytest.importorskip("onnx")
    network = renamed("3x8x8 conv:4,k3 flatten reshape:12x12 power:2", ["ints:0,12,12", "number:2"])
    model = onnx.load_from_string(convert(network, "onnx"))

    onnx.checker.check_model(model, full_check=True)
