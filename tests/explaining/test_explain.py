"""`explain`: the formulas shown are those that are computed, and their numbers are the report's."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

import cnncalc
from cnncalc import CnnCalcError, SpecError, analyze
from cnncalc.axis.windows import Slide
from cnncalc.explaining.explained import ExplainedStep
from cnncalc.explanation import Explanation
from cnncalc.layers.conv import Conv
from cnncalc.rows import BuiltRow
from cnncalc.symbols.derived import Derived
from tests import library
from tests.conftest import Command, Golden
from tests.executors.test_arrays import LEARNING, alone, sample, variants
from tests.strategies import odd_specs, specs
from tests.test_schema import STRICT, plain

LONG = 100  # rows of a network that is worth a slow test alone
ALEXNET = ("3x224x224", "conv:64,k11,s4,p2", "relu", "maxpool:3,s2")
# What the shapes of a page of formulas hold: `same`, ceil, groups, axes that differ, branches.
PAGE = (
    "3x40x60 conv:8,k7,s2,p=same bn relu maxpool:3,s2,ceil conv:16,k3x5,p=0:1x1:2,d2,g4 "
    "add[conv:16,k1|maxpool:3,s1,p1] convt:8,k4,s2,p1 upsample:1.5 slice:0..4 flatten linear:10"
)


def figures(step: ExplainedStep) -> dict[str, Any]:
    return {each.what: each.to_dict() for each in step.derivations}


def names_of(value: object, found: dict[str, int]) -> dict[str, int]:
    """The names in a derived number, and what they are."""
    if isinstance(value, Derived):
        if value.operation == "name":
            found[str(value.parts[0])] = int(value)
        for part in value.parts:
            names_of(part, found)
    return found


def values(step: ExplainedStep, what: str, value: object) -> dict[str, int]:
    """The values of the names in a formula, of which other figures of the step have some."""
    found = names_of(value, {})
    for other, entry in figures(step).items():
        axes = other.split(" ")[-1] if other.startswith("size ") else ""
        listed = other.removeprefix("size ").split(", ") if axes else []
        found |= {f"{axis}_out": entry["result"] for axis in listed}
        first = what.split(" ")[-1] if ", " not in what else what.split(", ")[0].split(" ")[-1]
        if other.startswith("padding before") and first in other.split("before ")[1].split(", "):
            found["before"] = entry["result"]
    return found


def assert_told(explanation: Explanation) -> None:
    """Each formula gives its result, in numbers and in names, and results are the report's."""
    for step in explanation.steps:
        told, row = figures(step), step.row
        for each in step.derivations:
            entry = each.to_dict()
            if entry["numbers"] is not None:
                assert eval(entry["numbers"]) == entry["result"], entry
                found = values(step, each.what, each.value)
                assert eval(entry["formula"], found) == entry["result"], entry
        assert told.get("params", {"result": 0})["result"] == row.params
        assert told.get("MACs", {"result": 0})["result"] == row.macs
        if row.shares is None:
            assert told.get("buffers", {"result": 0})["result"] == row.buffers
        if not isinstance(row, BuiltRow) and row.inputs:
            assert told["activation bytes"]["result"] == row.activation_bytes
            assert_sizes(explanation, step)


def assert_sizes(explanation: Explanation, step: ExplainedStep) -> None:
    """A size that isn't the input's is told, and what the units see where that changes."""
    row, fields = step.row, explanation.report.fields
    assert not isinstance(row, BuiltRow)
    first = row.input_shapes[0]
    sizes = {name: each["result"] for name, each in figures(step).items() if "size" in name}
    assert all(size in sizes.values() for size in row.output_shape if size not in first)
    frame = explanation.report.frame
    if fields[row.index].to_dict(frame) is None:  # nothing of it comes from the first input
        return
    after = fields[row.index].to_dict(frame)["size"]
    told = [each["result"] for name, each in figures(step).items() if "receptive" in name]
    before = [fields[number].to_dict(frame) for number in row.inputs]
    if all(each is not None and each["size"] != after for each in before):
        assert set(told) <= set(after)  # type: ignore[call-overload]
        assert told


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] if len(library.report(name).rows) > LONG else []
        )
        for name in library.NAMES
    ],
)
def test_examples(name: str) -> None:
    assert_told(Explanation(library.report(name)))


@given(specs())
def test_drawn_networks(spec: str) -> None:
    assert_told(cnncalc.explain(spec))


@given(odd_specs())
def test_drawn_layers(spec: str) -> None:
    assert_told(cnncalc.explain(spec))


@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind(kind: str) -> None:
    """With each word and flag of its options."""
    layer, shapes = sample(kind)
    for each in variants(layer):
        for shape in shapes:
            try:
                report = analyze(alone(each), shape)
            except SpecError:
                continue
            assert_told(Explanation(report))


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_the_page(form: str, command: Command, golden: Golden) -> None:
    code, out, err = command("explain", *PAGE.split(), "-f", form)

    assert (code, err) == (0, "")
    golden(f"explain.{form}.txt", out)


def test_the_page_in_json(command: Command) -> None:
    """The report's document, with formulas in each layer; with --at in one."""
    _, out, _ = command("explain", *PAGE.split(), "--json")
    document = json.loads(out)
    STRICT.validate(document)
    bare = [{k: v for k, v in each.items() if k != "formulas"} for each in document["layers"]]
    assert document | {"layers": bare} == plain(analyze(PAGE).to_dict())
    assert all("formulas" in layer for layer in document["layers"])

    _, out, _ = command("explain", *PAGE.split(), "--json", "--at", "conv2")
    told = [layer["name"] for layer in json.loads(out)["layers"] if "formulas" in layer]
    assert told == ["conv2"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("what", ""),
        ("formula", None),
        ("numbers", 3),
        ("result", "7"),
        ("result", 1.5),
        ("source", 1),
    ],
)
def test_a_wrong_formula_is_refused(key: str, value: Any) -> None:
    document = plain(cnncalc.explain("3x8x8 conv:4,k3").to_dict())
    document["layers"][0]["formulas"][0][key] = value

    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate(document)


@pytest.mark.parametrize("width", [50, 60])
def test_narrow_terminals(width: int, golden: Golden) -> None:
    from cnncalc.render.formulas import text

    golden(f"explain.{width}.txt", text(cnncalc.explain(PAGE, at="conv2"), width))


def test_one_layer_fits_a_screen(command: Command) -> None:
    for name in ("conv1", "maxpool1", "conv2", "convt1", "linear1"):
        _, out, _ = command("explain", *PAGE.split(), "--at", name)

        assert len(out.splitlines()) <= 24, name
        assert max(map(len, out.splitlines())) <= 80, name


@pytest.mark.parametrize(
    ("at", "first"),
    [("maxpool1", "maxpool1: "), (3, "maxpool1: "), ("3", "maxpool1: "), (" conv1 ", "conv1: ")],
)
def test_at(at: str | int, first: str) -> None:
    explanation = cnncalc.explain(" ".join(ALEXNET), at=at)

    assert str(explanation).startswith(first)
    assert len(explanation.steps) == 1
    assert repr(explanation) == "<Explanation: 1 step>"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--at", "conv9"], "no layer is named `conv9`\n  = help: did you mean `conv1`?"),
        (["--at", "9"], "no layer is named `9`\n  = help: a number of the table, as in `--at 3`"),
        (["--at", ""], "`` names no layer"),
        (["--at", "input"], "no layer is named `input`"),
        (["-f", "table"], "there is no format `table`\n  = help: did you mean `text`?"),
        (["-f", "md"], "there is no format `md`\n  = help: did you mean `markdown`?"),
        (["-f", "csv"], "there is no format `csv`\n  = help: one of text, markdown, latex, json"),
        (["-f", "text", "--json"], "`--json` and `-f text` contradict one another"),
        (["-o", "x.csv"], "`x.csv` tells no format: none here has the ending `.csv`"),
        (["--batch", "many"], "`--batch many` is no whole number"),
    ],
)
def test_what_is_wrong(words: list[str], message: str, command: Command) -> None:
    code, out, err = command("explain", *ALEXNET, *words)

    assert (code, out) == (2, "")
    assert message in err


def test_what_python_gives_wrong() -> None:
    with pytest.raises(CnnCalcError, match="`at`"):
        cnncalc.explain("3x8x8 relu", at=1.5)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="no layer is named `conv2`"):
        cnncalc.explain("3x8x8 relu", at="conv2")


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("e.md", "### conv1"), ("e.tex", "\\paragraph"), ("e.txt", "conv1:"), ("e", "conv1:"),
     ("e.json", '{\n  "schema"')],
)  # fmt: skip
def test_a_file_tells_the_format(
    name: str, beginning: str, tmp_path: Path, command: Command
) -> None:
    assert command("explain", *ALEXNET, "-o", str(tmp_path / name)) == (0, "", "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_source_as_far_as_it_is_followed(tmp_path: Path, command: Command) -> None:
    """Steps until there, modules behind it with their weights, then the error."""
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 8, 3)\n        self.fc = nn.Linear(8, 10)\n\n"
        "    def forward(self, x):\n        x = torch.fft.fft2(self.conv(x))\n"
        "        return self.fc(x.mean((2, 3)))\n"
    )
    words = (f"{tmp_path / 'net.py'}:Net", "-i", "3x32x32")
    code, out, err = command("explain", *words)

    assert code == 2
    assert "size H, W         H' = ⌊(H + 2·p − k)/s⌋ + 1 = ⌊(32 + 2·0 − 3)/1⌋ + 1 = 30" in out
    assert "fc: linear:10,axis=-1 (never reached)\n  params  10·8 + 10 = 90\n" in out
    assert "incomplete: what comes next can't be followed; 1 module behind it" in out
    assert err.startswith("error[unsupported]: `torch.fft.fft2`")

    code, out, err = command("explain", *words, "--at", "fc")
    assert (code, out.splitlines()[1]) == (2, "  params  10·8 + 10 = 90")
    code, out, err = command("explain", *words, "--at", "behind")
    assert (code, out) == (2, "")
    assert err.startswith("error[unsupported]")
    code, out, err = command("explain", *words, "--json")
    STRICT.validate(json.loads(out))


KERAS = "keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, padding='same')])"


def test_keras_source(command: Command) -> None:
    """Shapes are shown as the source orders them."""
    _, out, _ = command("explain", KERAS)

    assert out.startswith("conv2d: conv:8,k3,p=same (step 1) gives 32×32×8 from 32×32×3\n")
    assert "  padding before H, W  ⌊((H' − 1)·s + k − H)/2⌋ = ⌊((32 − 1)·1 + 3 − 32)/2⌋ = 1" in out


def test_names_of_sizes(command: Command) -> None:
    """Numbers are those of a size at which it works, which a note says."""
    _, out, _ = command("explain", "3xHxW", "conv:8,k3,s2", "--at", "1")
    _, document, _ = command("explain", "3xHxW", "conv:8,k3,s2", "--json")

    assert "H' = ⌊(H + 2·p − k)/s⌋ + 1 = ⌊(224 + 2·0 − 3)/2⌋ + 1 = 111" in out
    assert out.endswith("assumes H ≥ 3\nassumes W ≥ 3\nnote: the numbers are those at 3×224×224\n")
    STRICT.validate(json.loads(document))
    assert json.loads(document)["layers"][0]["formulas"][1]["result"] == 111


def test_weights_that_a_source_shares_or_has_otherwise() -> None:
    shared = cnncalc.explain("3x8x8 def b = [conv:3,k3,p1] b", at=1)
    assert "81 + 3" not in str(shared)
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(8, 8)\n"
        "    def forward(self, x):\n        return self.fc(self.fc(x))\n"
    )
    twice = cnncalc.explain(cnncalc.parse(source), (8,))
    assert figures(twice.steps[1])["params"]["formula"] == "the weights are those of `fc`"


def test_they_can_be_pickled() -> None:
    explanation = cnncalc.explain(" ".join(ALEXNET))

    assert str(pickle.loads(pickle.dumps(explanation))) == str(explanation)


def test_names_in_a_source_are_data(command: Command) -> None:
    """What somebody else has written makes neither headings nor mathematics."""
    network = cnncalc.parse("3x8x8 relu")
    network.steps[1].name = "a`*b*`_c_ $x$"
    explanation = Explanation(analyze(network))
    from cnncalc.render.formulas import FORMATS

    def shown(form: str) -> str:
        return "".join(FORMATS[form](explanation, explanation.document))

    assert shown("markdown").startswith(r"### a\`\*b\*\`\_c_ \$x\$: relu")
    assert r"\paragraph{a`{*}b{*}`\_c\_ \$x\$: relu" in shown("latex")


def break_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let windows that slide reach one place too few."""
    right = Slide.length
    monkeypatch.setattr(Slide, "length", lambda self, n: right(self, n - 1))


def test_a_broken_length_is_seen_everywhere(
    monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    """shape, sizes, solve, symbols and explain have one formula."""
    asked = (
        ("shape", *ALEXNET),
        ("sizes", *ALEXNET),
        ("shape", "3xHxW", *ALEXNET[1:]),
        ("solve", "3x9x9", "conv:4,k_", "--output", "_x5x5"),
        ("explain", *ALEXNET, "--at", "conv1"),
    )
    before = [command(*words).out for words in asked]
    break_lengths(monkeypatch)
    after = [command(*words).out for words in asked]

    assert all(one != two for one, two in zip(before, after, strict=True))
    assert "H' = ⌊(H + 2·p − k)/s⌋ + 1 = ⌊(224 + 2·2 − 11)/4⌋ + 1 = 55\n" in before[-1]
    assert "H' = ⌊(H + 2·p − k − 1)/s⌋ + 1\n" in after[-1]
    assert "= ⌊(224 + 2·2 − 11 − 1)/4⌋ + 1\n" in after[-1]


def test_a_broken_cost_is_seen_everywhere(
    monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    asked = (("shape", *ALEXNET), ("shape", "3xHxW", *ALEXNET[1:]), ("explain", *ALEXNET))
    before = [command(*words).out for words in asked]
    right = Conv.macs
    monkeypatch.setattr(Conv, "macs", lambda self, *shapes: 2 * right(self, *shapes))
    after = [command(*words).out for words in asked]

    assert all(one != two for one, two in zip(before, after, strict=True))
    assert "  MACs              2·out·C·k·k·H'·W' = 2·64·3·11·11·55·55 = 140,553,600" in after[-1]


def test_onnx(tmp_path: Path, command: Command) -> None:
    pytest.importorskip("onnx")
    spec = "3x32x32 conv:8,k3,s2,p1 relu gap linear:10"
    path = tmp_path / "net.onnx"
    path.write_bytes(cnncalc.convert(spec, "onnx"))  # type: ignore[arg-type]

    _, told, _ = command("explain", str(path), "--at", "1")
    _, same, _ = command("explain", *spec.split(), "--at", "1")
    assert told == same
