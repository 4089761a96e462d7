"""The bundled executor: every layer kind runs, without asking the formula sheet anything."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc import analyze
from cnncalc.errors import CnnCalcError, LayerError, Source, SpecError
from cnncalc.executors import EXECUTORS, find, free_memory, memory
from cnncalc.executors.bundled import compute, devices
from cnncalc.executors.bundled.compute import COMPUTATIONS
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.executor import BundledExecutor, Stack
from cnncalc.executors.storage import Storage
from cnncalc.layers import KINDS, Layer
from cnncalc.layers.base import Option, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Declared, Network, Step
from cnncalc.notations.compact.parsing import parse
from cnncalc.verification import verify_report
from tests.library import EXAMPLES, traced

run = BundledExecutor().run

PREDICTIONS = ("output", "windows", "weights", "macs", "route")

SHAPES: tuple[Shape, ...] = ((8,), (8, 9), (8, 8, 9), (8, 8, 7, 9))

# The kinds whose shortest use needs a particular input, or options that go together.
SAMPLES: dict[str, tuple[str, tuple[Shape, ...]]] = {
    "matmul": ("matmul", ((8, 8), (3, 8, 8), (2, 3, 8, 8))),
    "mha": ("mha:4", ((8, 9), (8, 8), (16, 5))),
    "permute": ("permute:0x2x1", ((4, 5, 6),)),
    "pixelshuffle": ("pixelshuffle:2", ((16, 5), (16, 5, 4), (16, 5, 4, 3))),
    "pixelunshuffle": ("pixelunshuffle:2", ((3, 4), (3, 4, 6), (3, 4, 6, 2))),
    "chshuffle": ("chshuffle:4", ((8,), (8, 9), (8, 8, 9))),
    "fold": ("fold:2x3,size=4x5", ((12, 9),)),
    "upsample": ("upsample:1.5", ((2, 9), (2, 9, 8), (2, 5, 6, 4))),
    "fracmaxpool": ("fracmaxpool:2,ratio=0.6", ((2, 9), (2, 9, 8), (2, 5, 6, 4))),
    "gn": ("gn:2", SHAPES),
    "linear": ("linear:16", ((8,),)),
    **{kind: (f"{kind}:16", ((8, 9),)) for kind in ("lstm", "gru", "rnn")},
    "unflatten": ("unflatten:2xinfer", ((8,), (8, 9), (8, 8, 9))),
    "reshape": ("reshape:infer", ((8,), (8, 9), (8, 8, 9))),
    "expand": ("expand:8x5x9", ((8, 1, 9), (1, 1, 1))),
    "each": ("each[conv:4,k3,s2,p1]", ((3, 4, 6), (3, 4, 6, 5), (2, 3, 4, 5, 6))),
}
BESIDE = {kind for kind in KINDS if KINDS[kind].beside}  # of which executors keep what they need
LEARNING = sorted(set(KINDS) - {"input"} - BESIDE)


def alone(layer: Layer | Declared) -> Network:
    """A network of one layer, which meets its input twice if it merges."""
    inputs = (0, 0) if Declared.of(layer).layer.arity == "many" else (0,)
    return Network([Step(Input(), name="input"), Step(layer, inputs, "it")])


def sample(kind: str) -> tuple[Layer, tuple[Shape, ...]]:
    """A layer of this kind and inputs to try it on."""
    text, shapes = SAMPLES.get(kind, (KINDS[kind].example().strip("`"), SHAPES))
    if KINDS[kind].arity == "many":
        text = f"{kind}[ | ]"
    return parse(Source(text)).steps[-1].layer, shapes


def variants(layer: Layer) -> list[Layer]:
    """The layer, and it with each word and flag of its options, where they go together."""
    found = [layer]
    for name, option in layer.options.items():
        values: tuple[object, ...] = option.words
        if option.kind == "flag":
            values = (not getattr(layer, name),)
        for value in values:
            try:
                found.append(layer.replaced(**{name: value}))
            except LayerError:
                continue
    return found


def test_every_kind_has_a_computation() -> None:
    """The registry and the table of computations hold the same kinds."""
    assert set(COMPUTATIONS) == {*LEARNING}


@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind_runs_as_predicted(kind: str) -> None:
    """Each kind, with each word and flag of its options, on as many axes as it takes."""
    layer, shapes = sample(kind)
    ran = set()
    for variant in variants(layer):
        for shape in shapes:
            try:
                report = analyze(alone(variant), shape)
            except SpecError:
                continue

            verify_report(report)

            assert report.verify is not None
            assert report.verify["ok"], f"{variant} at {shape}: {report.verify['mismatches']}"
            assert report.verify["checked"]["shapes"] == 1
            ran.add((variant, len(shape)))

    assert {variant for variant, _ in ran} >= {layer}
    assert len({rank for _, rank in ran}) >= min(len(shapes), 3) or kind in SAMPLES


def test_no_prediction_is_asked_during_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """All six raise while every kind runs."""
    runs: list[tuple[Network, Shape]] = []
    for kind in LEARNING:
        layer, shapes = sample(kind)
        fitting = [shape for shape in shapes if takes(layer, shape)]
        runs += [(alone(layer), shape) for shape in fitting]
        assert fitting, kind

    raise_predictions(monkeypatch)
    with pytest.raises(AssertionError):
        runs[0][0].steps[1].layer.output((1, 2, 3))

    for network, shape in runs:
        done = run(network, shape)

        assert done.steps[1].error is None
        assert done.steps[1].shape is not None


def raise_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that predicts raise."""

    def raising(*_: object) -> None:
        raise AssertionError("a prediction was asked")

    for layer_class in {Layer, *LAYER_CLASSES}:
        for name in PREDICTIONS:
            if name in vars(layer_class):
                monkeypatch.setattr(layer_class, name, raising)


def takes(layer: Layer, shape: Shape) -> bool:
    try:
        analyze(alone(layer), shape)
    except SpecError:
        return False
    return True


def descendants(layer_class: type) -> list[type]:
    below = layer_class.__subclasses__()
    return below + [each for one in below for each in descendants(one)]


LAYER_CLASSES = descendants(Layer)


EXECUTORS_FOLDER = "cnncalc.executors."


def imported(module: str) -> set[tuple[str, str]]:
    """(module, name) for all that a module of the package and those it imports take from it."""
    found, waiting = set(), [module]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        file = Path(str(importlib.import_module(module).__file__))
        seen.add(module)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        at_work = names_at_work(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("cnncalc."):
                names = [each.name for each in node.names]
                found |= {(str(node.module), name) for name in names if name in at_work}
                if str(node.module) not in seen and str(node.module).startswith(EXECUTORS_FOLDER):
                    waiting.append(str(node.module))
    return found


def names_at_work(tree: ast.Module) -> set[str]:
    """The names that a file uses, but for those that only say of what type something is."""
    types: set[ast.AST] = set()
    for node in ast.walk(tree):
        said = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        types.update(inner for each in said if each is not None for inner in ast.walk(each))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in types}


def test_names_that_are_at_work() -> None:
    tree = ast.parse("def f(x: Conv, y) -> Pool:\n    z: Norm = g(x)\n    return Dense(y)")
    assert names_at_work(tree) == {"g", "x", "z", "Dense", "y"}


def test_nothing_that_predicts_is_imported() -> None:
    """What the bundled executor is made of imports no arithmetic of the formula sheet."""
    taken = imported("cnncalc.executors.bundled.executor")
    computations = sorted(Path(compute.__file__).parent.glob("[a-z]*.py"))
    assert len(computations) > 6
    for file in computations:
        taken |= imported(f"{EXECUTORS_FOLDER}bundled.compute.{file.stem}")

    others = {pair for pair in taken if not pair[0].startswith(EXECUTORS_FOLDER)}

    assert others == {
        ("cnncalc.errors", "CnnCalcError"),
        ("cnncalc.network", "Network"),
        ("cnncalc.packages", "said"),
    }


def test_a_computation_is_entered_once() -> None:
    """Two for one kind are refused."""
    with pytest.raises(TypeError, match="two computations for conv"):
        computes("conv")(lambda: None)


def stack_of(spec: str, **settings: Any) -> Stack:
    network = cnncalc.parse(spec)
    assert network.input is not None
    stack = Stack(network, network.input, **settings)
    done = stack.forward()
    assert [step.error for step in done.steps] == [None] * len(done.steps)
    return stack


def result(stack: Stack) -> Any:
    (out,) = stack.outputs.values()
    return out


@pytest.mark.parametrize(
    ("spec", "same_as"),
    [
        ("4x6x6 relu", None),
        ("4x6x6 add[ | relu ]", "relu would spoil the other branch"),
        ("4x6x6 conv:4,k1 flatten add[ relu | ]", "flatten is a view of what relu reads"),
        ("4x6x6 conv:4,k1 x@dropout relu y@tanh @x silu cat[ @y | @x | ]", "one block twice"),
        ("4x6x6 conv:4,k1 add[ relu | silu | ]", "three readers"),
        ("4x6x6 conv:4,k1 mul[ | | ]", "the same value thrice"),
    ],
)
def test_nothing_is_written_over_that_is_still_read(
    spec: str, same_as: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are the same when every step writes to memory of its own."""
    stack = stack_of(spec)
    before = stack.input.copy()
    actual = result(stack)

    monkeypatch.setattr(Storage, "spares", lambda self, step: [])

    np.testing.assert_array_equal(actual, result(stack_of(spec)))
    np.testing.assert_array_equal(stack.input, before)


def test_a_chain_is_computed_in_place() -> None:
    """Value-by-value steps of a chain take no memory of their own."""
    plain = stack_of("8x64x64 conv:8,k1").forward().peak_bytes
    chain = stack_of("8x64x64 conv:8,k1 relu silu dropout identity tanh flatten")

    assert chain.forward().peak_bytes == plain


def test_activations_are_freed_after_their_last_reader() -> None:
    """A long chain takes no more at once than two of its maps, and blocks of work."""
    network = cnncalc.parse("64x256x256 " + "avgpool:3,s1,p1 " * 5)
    one = 64 * 256 * 256 * 4
    with traced() as taken:
        stack = Stack(network, (64, 256, 256))
        base = taken()[0]
        peak = stack.forward().peak_bytes
        grown = taken()[1] - base

    assert peak == 3 * one  # the input is kept
    assert grown < 3.1 * one


@pytest.mark.parametrize(
    "name",
    [
        *("small-cnn", "inception", "m5", "mobilenet-blocks"),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("shufflenet_v2_x1_0", "mobilenet_v2")),
    ],
)
def test_memory_stays_within_the_estimate(name: str) -> None:
    """What a run takes (tracemalloc) is at most what was foreseen."""
    report = cnncalc.analyze((EXAMPLES / f"{name}.cnn").read_text())
    foreseen = memory.need(report)
    with traced() as taken:
        done = run(report.network, report.input)
        grown = taken()[1]

    assert done.peak_bytes <= foreseen.total
    assert grown <= foreseen.total


def test_runs_are_deterministic() -> None:
    """The same spec gives the same numbers, whatever ran before."""
    first, second = (result(stack_of("3x9x9 conv:4,k3 bn relu gap")) for _ in range(2))

    np.testing.assert_array_equal(first, second)
    assert np.abs(first).max() > 0


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("batch", [1, 3])
def test_dtype_and_batch(dtype: str, batch: int) -> None:
    """Weights and activations have the type asked for; counts don't depend on the batch."""
    spec = (
        "3x16x16 conv:8,k3 bn relu maxpool:2 se:2 gn:2 ln sepconv:4,k3 convt:2,k2 flatten linear:5"
    )
    stack = stack_of(spec, dtype=dtype, batch=batch)

    assert {str(held.dtype) for each in stack.tensors for held in each.values()} <= {dtype, "int64"}
    assert result(stack).dtype == dtype
    assert result(stack).shape == (batch, 5)
    assert np.isfinite(result(stack)).all()
    assert [step.macs for step in stack.forward().steps] == [
        row.macs or None if row.index == 0 else row.macs for row in cnncalc.analyze(spec).rows
    ]


def test_other_dtypes_are_computed_in_float32() -> None:
    """NumPy has no bfloat16; what was computed in is said."""
    assert run(cnncalc.parse("2x5x5 conv:3,k3"), (2, 5, 5), dtype="bfloat16").dtype == "float32"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_values_stay_in_range_through_deep_networks(dtype: str) -> None:
    """Forty layers deep, values have neither died out nor overflown."""
    out = result(stack_of("8x12x12 " + "20*[conv:32,k3,p1 relu dwconv:3,p1 relu]", dtype=dtype))

    assert 1e-3 < np.abs(out.astype(float)).max() < 1e3


def test_shared_weights_are_held_once() -> None:
    """A step that shares computes with the first step's tensors, and holds none."""
    conv = parse(Source("conv:4,k3,p1")).steps[1].layer
    steps = [Step(Input(), name="input"), Step(conv, (0,), "a"), Step(conv, (1,), "b", shares=1)]
    network = Network(steps)

    done = run(network, (4, 6, 6))

    assert [tensor.name for tensor in done.steps[1].tensors] == ["weight", "bias"]
    assert done.steps[2].tensors == []
    assert done.steps[2].shape == (4, 6, 6)
    misfit = run(network, (2, 6, 6)).steps[2]
    assert misfit.shape is None
    assert "`weight` is (4, 2, 3, 3)" in str(misfit.error)


def test_further_inputs_have_their_own_shape() -> None:
    """A second input flows in with the shape that it states."""
    steps = [
        Step(Input(), name="input"),
        Step(Input((3, 4, 4)), name="input2"),
        Step(parse(Source("cat[ | ]")).steps[-1].layer, (0, 1), "cat"),
    ]

    assert run(Network(steps), (2, 4, 4)).steps[2].shape == (5, 4, 4)


def test_channels_last_order() -> None:
    """Flatten and reshape with order `last` count the channels fastest."""
    stack = stack_of("3x4x5 flatten:order=last")
    expected = np.moveaxis(stack.input, 1, -1).reshape(1, -1)
    np.testing.assert_array_equal(result(stack), expected)

    stack = stack_of("6x4x5 reshape:3x8x5,order=last")
    expected = np.moveaxis(stack.input, 1, -1).reshape(1, 8, 5, 3)
    np.testing.assert_array_equal(result(stack), np.moveaxis(expected, -1, 1))


def test_progress_is_called_before_each_step_and_at_the_end() -> None:
    """Steps done, steps in all, and the name of the one that comes."""
    seen: list[tuple[int, int, str]] = []
    run(cnncalc.parse("3x8x8 conv:4,k3 relu"), (3, 8, 8), progress=lambda *at: seen.append(at))

    assert [done for done, _, _ in seen] == [0, 1, 2, 3]
    assert {total for _, total, _ in seen} == {3}
    assert seen[1][2] == cnncalc.parse("conv:4,k3 relu").steps[1].name


def test_a_step_that_fails_is_evidence() -> None:
    """Its error is noted, and what reads it is not built."""
    reshape = parse(Source("reshape:7")).steps[1].layer
    relu = parse(Source("relu")).steps[1].layer
    steps = [Step(Input(), name="input"), Step(reshape, (0,), "r"), Step(relu, (1,), "a")]

    done = run(Network(steps), (8,))

    assert done.steps[1].shape is None
    assert "cannot reshape" in str(done.steps[1].error)
    assert not done.steps[2].built


def test_memory_that_runs_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback of NumPy's."""

    def exhausted(*_: object) -> None:
        raise MemoryError("unable to allocate 9 PiB")

    monkeypatch.setitem(COMPUTATIONS, "relu", exhausted)
    with pytest.raises(CnnCalcError, match="ran out of memory: unable to allocate 9 PiB") as error:
        run(cnncalc.parse("8 relu"), (8,))

    assert error.value.code == "memory"


def test_executors_are_found_by_name() -> None:
    """The bundled one, and what is said of a name that nobody knows."""
    assert find("bundled").name == "bundled"
    with pytest.raises(CnnCalcError, match="`bundle` is no executor") as error:
        find("bundle")
    assert str(error.value.help).startswith("did you mean `bundled`? available: `bundled`")


@pytest.mark.parametrize("name", sorted(set(EXECUTORS) - {"bundled", "onnxruntime"}))
def test_an_executor_whose_framework_is_absent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to install it."""
    for module in [each for each in sys.modules if each.startswith(f"cnncalc.executors.{name}")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(CnnCalcError, match=f"the executor `{name}` needs .* isn't installed") as e:
        find(name)

    assert e.value.help == f"pip install 'cnncalc[{name}]'"


def test_devices_are_cpu_and_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another word, no CuPy, and CuPy without a GPU are each told."""
    with pytest.raises(CnnCalcError, match="`tpu` is no device") as error:
        devices.array_module("tpu")
    assert "`cpu`" in str(error.value.help)
    assert "`cuda`" in str(error.value.help)

    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(CnnCalcError, match="needs CuPy") as error:
        devices.array_module("cuda")
    assert "pip install 'cnncalc[cuda]'" in str(error.value.help)

    runtime = SimpleNamespace(getDeviceCount=lambda: 0)
    cupy = SimpleNamespace(cuda=SimpleNamespace(runtime=runtime), __name__="cupy")
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(CnnCalcError, match="sees no GPU"):
        devices.array_module("cuda")


def test_free_memory_is_the_least_of_what_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A control group's limit counts where it is lower, less what it uses and can't give back."""
    left = free_memory.free_memory()
    assert left is None or left > 2**20
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 300000\n")
    monkeypatch.setattr(free_memory, "_cgroup_folders", lambda: [tmp_path])
    assert free_memory.free_memory() == 400000

    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_memory() != 400000


def test_options_name_what_they_are() -> None:
    """The table of variants above relies on words and flags being known."""
    assert all(isinstance(each, Option) for each in KINDS["conv"].options.values())
