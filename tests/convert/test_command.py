"""`cnncalc convert` and `cnncalc.convert`: every notation, every refusal."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from cnncalc import CnnCalcError, analyze, convert, parse
from cnncalc.notations import writable
from tests.conftest import Command
from tests.convert.emitted import assert_formatted, run, totals
from tests.library import EXAMPLES, NAMES, report
from tests.strategies import specs

SPEC = "3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10"
TUTORIAL = str(EXAMPLES / "tutorial_net.py")
FLOWCHART = """\
flowchart TD
    n0(["input<br/>3×8×8"])
    n1["c#quot;1<br/>conv:4,k3<br/>4×6×6"]
    n2["relu<br/>4×6×6"]
    n3(["add<br/>4×6×6"])
    n0 --> n1
    n1 --> n2
    n1 --> n3
    n2 --> n3
"""


def test_the_command_writes_what_the_function_does(command: Command) -> None:
    for to in ("compact", "torch", "keras", "mermaid"):
        assert command("convert", *SPEC.split(), "--to", to) == (0, convert(SPEC, to), "")


def test_a_flowchart() -> None:
    network = parse("3x8x8 c1@conv:4,k3 add[ | relu ]")
    network.steps[1].name = 'c"1'

    assert convert(network, "mermaid") == FLOWCHART


def test_a_flowchart_in_the_networks_layout() -> None:
    keras = "keras.Sequential([keras.Input((8, 6, 3)), layers.Conv2D(4, 3)])"

    assert "6×4×4" in str(convert(keras, "mermaid"))


@pytest.mark.parametrize("name", NAMES)
def test_examples_as_compact(name: str) -> None:
    text = convert(name, "compact")

    assert totals(analyze(parse(str(text)))) == totals(report(name))
    assert max(map(len, str(text).splitlines())) <= 88
    assert convert(str(text), "compact") == text


@settings(max_examples=60)
@given(specs())
def test_drawn_networks_as_compact(spec: str) -> None:
    text = str(convert(spec, "compact"))

    assert totals(analyze(text)) == totals(analyze(spec))


def test_one_source_in_every_notation(command: Command, tmp_path: Path) -> None:
    """A PyTorch file becomes a Keras file, an ONNX file and a spec, all with its totals."""
    expected = totals(analyze(parse(Path(TUTORIAL).read_text(), notation="torch"), (3, 32, 32)))
    files = {"keras": "net.py", "compact": "net.cnn", "onnx": "net.onnx", "torch": "again.py"}
    for to, name in files.items():
        if to == "onnx" and not find_spec("onnx"):
            continue
        path = str(tmp_path / name)
        words = ("convert", TUTORIAL, "-i", "3x32x32", "--to", to, "-o", path)
        assert command(*words) == (0, "", "")
        text = path if to == "onnx" else Path(path).read_text(encoding="utf-8")
        size = (32, 32, 3) if to == "keras" else (3, 32, 32)
        assert totals(analyze(parse(text, notation=to), size)) == expected


def test_the_files_name_tells(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "net.mmd"

    assert command("convert", *SPEC.split(), "-o", str(path)) == (0, "", "")
    assert path.read_text(encoding="utf-8") == convert(SPEC, "mermaid")


def test_a_name(tmp_path: Path) -> None:
    """A name asks for a class, though the network is a stack."""
    torch = str(convert(SPEC, "torch", name="Tiny"))
    keras = str(convert(SPEC, "keras", name="Tiny"))

    assert "class Tiny(nn.Module):" in torch
    assert 'name="Tiny"' in keras
    assert_formatted([torch, keras], tmp_path)


def test_the_name_of_a_graph(command: Command, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "net.onnx"
    assert command("convert", *SPEC.split(), "-o", str(path), "--name", "Tiny") == (0, "", "")

    assert onnx.load(path).graph.name == "Tiny"
    assert onnx.load_from_string(convert(SPEC, "onnx")).graph.name == "cnncalc"


def test_an_input_wins() -> None:
    assert "32x9x9" in str(convert("3x8x8 conv:4,k3", "torch", (32, 9, 9)))


SHARED = """\
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.spare = nn.Linear(4, 5)
    def forward(self, x):
        return self.conv(self.conv(x))
"""
TWO = """\
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.conv.requires_grad_(False)
    def forward(self, x):
        x = self.conv(x)
        return x.relu(), x
"""


def test_what_is_shared_stays_shared() -> None:
    """One module called twice, in both frameworks; what nothing uses is left out."""
    network = parse(SHARED, notation="torch")
    expected = analyze(network, (3, 8, 8))
    torch, keras = str(convert(network, "torch", (3, 8, 8))), convert(network, "keras", (3, 8, 8))

    assert torch.count("nn.Conv2d") == str(keras).count("Conv2D") == 1
    assert torch.count("self.conv(") == str(keras).count("= conv(") == 2
    assert totals(analyze(parse(torch, notation="torch"), (3, 8, 8))) == totals(expected)
    assert totals(analyze(parse(str(keras), notation="keras"))) == totals(expected)


def test_several_outputs_and_frozen_weights() -> None:
    network = parse(TWO, notation="torch")
    expected = analyze(network, (3, 8, 8))
    assert expected.total.trainable == 0

    for to in ("torch", "keras"):
        text = str(convert(network, to, (3, 8, 8)))
        size = (8, 8, 3) if to == "keras" else (3, 8, 8)
        assert totals(analyze(parse(text, notation=to), size)) == totals(expected), text


def test_what_is_left_out_is_told(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(SHARED, encoding="utf-8")

    code, _, err = command("convert", str(path), "-i", "3x8x8", "--to", "torch")

    assert (code, err) == (0, "left out: 25 parameters that nothing uses\n")


# What is refused


REFUSED: list[tuple[str, str, str, str]] = [
    ("3x8x8 relu", "tflite", "notation", "there is no notation `tflite` to write"),
    ("3x8x8 lppool:2,d2", "torch", "no-class", "`lppool1`: torch.nn has no class for"),
    ("3x8x8 maxpool:3,s2,p=0:1,ceil", "torch", "no-class", "differs from side to side"),
    ("3x8x8 noise:0.1", "torch", "no-class", "there is none of its kind"),
    ("3x8x8 reduce:prod,axes=0x1", "torch", "no-class", "torch.prod runs along one axis"),
    ("3x8x8 scale:role=constant", "torch", "no-class", "its values are not known here"),
    ("3x8x8 maxpool:2 maxunpool:2", "torch", "no-class", "it wants the indices of a pool"),
    ("3x8x8 rescale:1x2x3", "torch", "no-class", "it has a factor for each channel"),
    ("3x2x2x2x2 se", "torch", "no-class", "it is for maps of 1, 2, 3 spatial axes"),
    ("3x8x8 flatten:start=1,order=last", "torch", "no-class", "it reads the channels last"),
    ("3x8x8 lrn", "keras", "no-class", "`lrn1`: Keras has no class for this `lrn`"),
    ("3x8x8 reduce:norm2", "keras", "no-class", "norms are not written"),
    ("3x8x8 rms:axes=-1", "keras", "no-class", "lined up with the last axes"),
    ("16 pad:0,c=1:0", "keras", "no-class", "Keras has no class for this `pad`"),
    ("6 lrn", "torch", "no-class", "nn.LocalResponseNorm wants a map"),
    ("3x8x8 scale:role=constant", "keras", "no-class", "only learned values are written"),
    ("3x8x8", "torch", "empty", "the spec has no layers"),
    ("conv:3,k3", "torch", "no-input", "the size of the input is missing"),
    (SHARED, "compact", "unsayable", "`conv#2` uses the weights of `conv` again"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "to", "code", "message"), REFUSED)
def test_refusals(spec: str, to: str, code: str, message: str) -> None:
    size = (3, 8, 8) if spec == SHARED else None
    with pytest.raises(CnnCalcError) as caught:
        convert(parse(spec), to, size)

    assert (caught.value.code, message in caught.value.message) == (code, True), caught.value


def network_with(**changes: Any) -> Any:
    network = parse("3x8x8 conv:4,k1 add[ | relu ]")
    assert network.input == (3, 8, 8)
    for name, value in changes.items():
        setattr(network, name, value)
    return network


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unused_params": 12}, "12 parameters are never used"),
        ({"outputs": (1,)}, "its outputs come in another order than a spec's"),
    ],
)
def test_networks_that_no_spec_is(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CnnCalcError, match=message):
        convert(network_with(**changes), "compact")


EMPTY = ["nn.Sequential()", "keras.Sequential()", "keras.Sequential([])"]


@pytest.mark.parametrize("name", [None, "Net"])
@pytest.mark.parametrize("to", ["torch", "keras"])
@pytest.mark.parametrize("spec", EMPTY)
def test_an_empty_network(spec: str, to: str, name: str | None) -> None:
    """What was written reads back as the same: an input and nothing else."""
    text = convert(parse(spec), to, (3, 8, 4), name=name)
    again = analyze(parse(str(text)))

    assert len(again.rows) == 1
    assert sorted(again.input) == [3, 4, 8]


@pytest.mark.parametrize("spec", EMPTY)
def test_an_empty_network_in_other_notations(spec: str) -> None:
    assert str(convert(parse(spec), "mermaid", (3, 8, 4))).count("n0") == 1
    with pytest.raises(CnnCalcError, match="it has no layers"):
        convert(parse(spec), "compact", (3, 8, 4))


@pytest.mark.parametrize("name", ["my net", "class", "nn", "super", ""])
def test_names_that_none_can_be(name: str) -> None:
    with pytest.raises(CnnCalcError, match="can't be the name of a class") as caught:
        convert(SPEC, "torch", name=name)
    assert caught.value.code == "bad-name"


@pytest.mark.parametrize("to", ["compact", "mermaid"])
def test_text_that_has_no_name(to: str, command: Command) -> None:
    code, out, err = command("convert", *SPEC.split(), "--to", to, "--name", "Net")

    assert (code, out) == (2, "")
    assert f"error[bad-name]: `{to}` text has no place for the name `Net`" in err
    assert "torch, keras, onnx" in err


def test_the_refusal_underlines_the_layer(command: Command) -> None:
    code, out, err = command("convert", "3x8x8", "relu", "lppool:2,d2", "--to", "torch")

    assert (code, out) == (2, "")
    assert "lppool:2,d2" in err
    assert "^^^^^^^^^^^" in err


def test_without_a_notation(command: Command) -> None:
    code, _, err = command("convert", *SPEC.split())

    assert code == 2
    assert "`--to` is missing" in err
    assert "compact|torch|keras|onnx|mermaid" in err


def test_a_python_file_may_be_of_two_frameworks(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    code, _, err = command("convert", *SPEC.split(), "-o", str(path))

    assert (code, path.exists()) == (2, False)
    assert "`--to torch|keras|python`" in err


def test_a_file_is_replaced_only_when_all_is_well(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("old", encoding="utf-8")

    code, _, _ = command("convert", "3x8x8", "lppool:2,d2", "--to", "torch", "-o", str(path))
    assert (code, path.read_text(encoding="utf-8")) == (2, "old")
    code, _, _ = command("convert", *SPEC.split(), "--to", "torch", "-o", str(path))
    assert (code, path.read_text(encoding="utf-8")) == (0, convert(SPEC, "torch"))
    assert list(tmp_path.iterdir()) == [path]


def test_no_bytes_for_a_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.cli.output.is_terminal", lambda stream: stream is sys.stdout)

    code, out, err = command("convert", *SPEC.split(), "--to", "onnx")

    assert (code, out) == (2, "")
    assert "an ONNX model is no text for a terminal" in err


def test_every_notation_is_told() -> None:
    assert writable() == ["compact", "torch", "keras", "onnx", "mermaid", "python"]


def test_written_source_runs_nothing() -> None:
    """A file only defines: neither text reaches for anything when it is loaded."""
    if find_spec("torch"):
        assert "model" in run(str(convert(SPEC, "torch")))
