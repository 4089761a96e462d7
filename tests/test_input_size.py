"""Sizes as people type them: what each is read as, and what is said of it.

A size is taken after an option, in front of a spec or a source, and in Python, and is the same
everywhere.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc import Report, SpecError, analyze
from cnncalc.errors import CnnCalcError, LayerError, Piece, Source
from cnncalc.notations import source
from cnncalc.notations.sizes import front, read_size
from tests.conftest import Command
from tests.source.reading import SAMPLES
from tests.source.test_samples import CASES as MODELS

# One size, spelled in every way; blanks where people put them.
SPELLINGS = (
    "3x20x30",
    "3×20×30",
    "3,20,30",
    "3, 20, 30",
    "(3, 20, 30)",
    "(3,20,30)",
    "(3x20x30)",
    "( 3, 20, 30, )",
    "3 x 20 x 30",
    "3 × 20 × 30",
)
NETS = ("conv:8,k3", "nn.Conv2d(3, 8, 3)")


@pytest.mark.parametrize("spelled", [*SPELLINGS, " 3x20x30 ", "[3, 20, 30]"])
@pytest.mark.parametrize("net", NETS)
def test_every_spelling_is_one_size(net: str, spelled: str, command: Command) -> None:
    expected = analyze(net, (3, 20, 30)).to_dict()

    assert analyze(net, spelled).to_dict() == expected
    assert json.loads(command("shape", net, "-i", spelled, "--json").out) == expected


@pytest.mark.parametrize("spelled", SPELLINGS)
@pytest.mark.parametrize("net", NETS)
def test_every_spelling_stands_in_front(net: str, spelled: str, command: Command) -> None:
    expected = analyze(net, (3, 20, 30)).to_dict()

    assert analyze(f"{spelled} {net}").to_dict() == expected
    assert json.loads(command("shape", *spelled.split(), net, "--json").out) == expected
    assert analyze(f"\n {spelled}\n{net}\n").to_dict() == expected


# Words that name a network, each of maps of three channels.
NAMED = ("lenet_3.py", "lenet_3.py:Net", "vgg11", "own.cnn", "none.cnn", "nn.Conv2d(3, 8, 3)")


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lenet_3.py").write_text(
        "import torch.nn as nn\nclass Net(nn.Sequential):\n"
        "    def __init__(self): super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU())\n"
    )
    Path("own.cnn").write_text("3x99x99 conv:8,k3 relu")
    Path("none.cnn").write_text("conv:8,k3 relu")


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("size", ["3x64x80", "(3, 64, 80)", "3,64,80", "3xHxW"])
@pytest.mark.parametrize("net", NAMED)
def test_a_size_beside_a_networks_name(net: str, size: str, command: Command) -> None:
    expected = command("shape", net, "-i", size, "--json")

    assert expected.code == 0
    assert command("shape", net, size, "--json").out == expected.out
    assert command("shape", size, net, "--json").out == expected.out


@pytest.mark.usefixtures("networks")
def test_sizes_beside_names(command: Command) -> None:
    """A batch in front, several inputs, several networks; `-i` wins."""
    document = json.loads(command("shape", "lenet_3.py", "5x3x16x16", "--json").out)
    assert document["input"]["shape"] == [3, 16, 16]
    assert any("a batch of 5" in note["message"] for note in document["notes"])

    both = command("compare", "vgg11", "vgg13", "3x64x64")
    assert both.out == command("compare", "vgg11", "vgg13", "-i", "3x64x64").out
    each = command("shape", "--each", "vgg11", "own.cnn", "3x64x64", "-f", "jsonl")
    assert [json.loads(line)["input"]["shape"] for line in each.out.splitlines()] == [
        [3, 64, 64]
    ] * 2
    given = command("shape", "lenet_3.py", "3x16x16", "-i", "3x32x32", "--json")
    assert json.loads(given.out)["input"]["shape"] == [3, 32, 32]


def test_a_size_in_a_spec_is_not_apart(command: Command) -> None:
    assert command("shape", "3x8x8", "conv:8,k3", "3x9x9").code == 2
    assert command("shape", "3x224x224", "relu", "vgg11").code == 2


@pytest.mark.parametrize("spelled", SPELLINGS)
@pytest.mark.parametrize("apart", [", ", ",", "\n", ",\n", " "])
@pytest.mark.parametrize("calls", ["nn.Conv2d(3, 8, 3)", "Conv2d(3, 8, 3), ReLU()", "[nn.ReLU()]"])
def test_commas_before_a_source(spelled: str, apart: str, calls: str) -> None:
    expected = analyze(calls, (3, 20, 30)).total

    assert analyze(f"{spelled}{apart}{calls}").total == expected


@pytest.mark.parametrize("spelled", ["8x18x28", "8×18×28", "8,18,28", "(8, 18, 28)"])
def test_every_spelling_is_expected(spelled: str, command: Command) -> None:
    assert command("shape", "3x20x30", "conv:8,k3", "--expect", spelled).code == 0
    assert command("shape", "3x20x31", "conv:8,k3", "--expect", spelled).code == 1


@pytest.mark.parametrize("spelled", ["3", "3x3", "3×3", "3,3", "(3, 3)"])
def test_every_spelling_is_a_least_field(spelled: str, command: Command) -> None:
    assert command("rf", "3x20x30", "conv:8,k3", "--min-rf", spelled).code == 0
    assert command("rf", "3x20x30", "conv:8,k2", "--min-rf", spelled).code == 1


@pytest.mark.parametrize("size", [784, "784", (784,), [784], "(784,)", "[784]"])
def test_a_vector(size: Any) -> None:
    assert analyze("linear:10", size).to_dict() == analyze("784 linear:10").to_dict()


def test_numbers_of_numpy_are_numbers() -> None:
    import numpy

    sizes = numpy.asarray([3, 8, 8])
    assert analyze("relu", tuple(sizes)).input == (3, 8, 8)


@pytest.mark.parametrize(
    "size", [3.5, (3, 8.0), (3, "8"), True, (True, 8), {"input": 3.5}, b"3x8x8"]
)
def test_what_is_no_size(size: Any) -> None:
    with pytest.raises(CnnCalcError, match="`input` can't be") as caught:
        analyze("relu", size)
    assert caught.value.code == "bad-input"
    assert "3x224x224" in (caught.value.help or "")


@pytest.mark.parametrize("size", ["", "()", "(", "3x", "3,,8", "x3", "3x0x8", "3x-1", "a", "3;8"])
def test_texts_that_are_no_size(size: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze("relu", size)
    assert (caught.value.code, caught.value.file) == ("bad-input", "input")


@pytest.mark.parametrize("text", ["scalar", "()", " scalar ", "[]"])
def test_the_size_of_a_single_number(text: str) -> None:
    assert read_size(text) == ()


@pytest.mark.parametrize("text", ["3xH", "3,H", "(3, H)", "(3xH,)"])
def test_symbols(text: str) -> None:
    net = f"{text} nn.Conv1d(3, 4, 1)"
    assert analyze(net, (3, 8)).input == (3, 8)
    with pytest.raises(SpecError, match="the symbol `H` has no value"):
        analyze(net)
    assert read_size(text, {"H": 8}) == (3, 8)
    with pytest.raises(LayerError, match="the symbol `H` has no value"):
        read_size(text)
    assert analyze(cnncalc.parse(f"{text} relu", let={"H": 8})).input == (3, 8)


@pytest.mark.parametrize(
    "text", ["64 x1@conv:8,k3", "2*relu", "3, relu", "64, 2*relu", "conv:3,k3", "(relu)", "3x3,"]
)
def test_what_only_looks_like_a_size(text: str) -> None:
    end = front(text)
    assert end is None or text[:end] == "64"


@pytest.mark.parametrize(
    "text", ["(1" + " " * 100_000, "1" + "x1" * 50_000 + "%", "1" + ",1" * 50_000 + "%"]
)
def test_long_texts_are_looked_at_once(text: str) -> None:
    """A search that went back and forth over such texts would take hours."""
    assert front(text) is None
    with pytest.raises(LayerError):
        read_size(text + " " * 100_000 + "1")


SIZES = st.lists(st.integers(1, 10**6), min_size=1, max_size=5)


@given(
    SIZES, st.sampled_from(["x", "×", ",", ", ", " x ", " × "]), st.sampled_from(["", "()", "[]"])
)
def test_what_is_spelled_is_read(sizes: list[int], sign: str, brackets: str) -> None:
    text = sign.join(map(str, sizes)).join(brackets) if brackets else sign.join(map(str, sizes))

    assert read_size(text) == tuple(sizes)
    if brackets != "[]":
        assert front(text + " relu") == len(text)


class Case(NamedTuple):
    """A size typed for a network.

    Attributes:
        shape: what it is read as; None: it is refused.
        said: a part of each note, in order; of an error its help.
    """

    net: str
    size: str
    shape: tuple[int, ...] | None
    batch: int = 1
    said: tuple[str, ...] = ()


MAP = "keras.Sequential([layers.Conv2D(8, 3)])"
OWN = "keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3)])"
OPEN = "keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(8, 3)])"
CONV = "nn.Conv2d(3, 8, 3)"
MLP = "nn.Sequential(nn.Linear(784, 10), nn.ReLU())"
FLAT = "nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))"
CLASS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        {0}
        return self.conv(x).mean((2, 3))
"""
LAST = CLASS.format("x = x.permute(0, 3, 1, 2)")
UNPACKED = CLASS.format("b, c, h, w = x.shape")

CASES = (
    # A batch in front of what classes take
    Case(CONV, "3x32x32", (3, 32, 32)),
    Case(CONV, "1x3x32x32", (3, 32, 32), 1, ("1, each 3×32×32: nn.Conv2d takes maps of 2",)),
    Case(CONV, "8,3,32,32", (3, 32, 32), 8, ("batch of 8",)),
    Case(CONV, "8x1x32x32", None, 8, ("write `nn.Conv2d(1, 8, 3)`",)),
    Case("nn.Conv1d(1, 8, 3)", "4x1x500", (1, 500), 4, ("batch of 4",)),
    Case("nn.Conv3d(1, 8, 3)", "2x1x9x9x9", (1, 9, 9, 9), 2, ("batch of 2",)),
    Case("nn.Conv3d(1, 8, 3)", "1x3x32x32", (1, 3, 32, 32)),
    Case("nn.MaxPool2d(2)", "1x3x32x32", (3, 32, 32), 1, ("nn.MaxPool2d takes maps of 2",)),
    Case("nn.Sequential(nn.ReLU(), nn.ReflectionPad2d(3), nn.Conv2d(3, 8, 3))", "8x3x32x32",
         (3, 32, 32), 8, ("batch of 8",)),
    Case("nn.BatchNorm2d(16)", "8x16x9x9", (16, 9, 9), 8, ("batch of 8",)),
    Case("nn.BatchNorm1d(16)", "8x16", (16,), 8, ("batch of 8",)),
    Case("nn.BatchNorm1d(16)", "16x8", (16, 8)),
    Case(MAP, "8x32x32x3", (32, 32, 3), 8, ("layers.Conv2D takes maps of 2",)),
    Case(MAP, "1x3x32x32", (3, 32, 32), 1, ("batch of 1", "with its 3 channels last")),
    # … and of what only takes the rest
    Case(UNPACKED, "8x3x32x32", (3, 32, 32), 8, ("the network takes 3×32×32 as it is",)),
    Case(FLAT, "8x3x32x32", (3, 32, 32), 8, ("the network takes 3×32×32 as it is",)),
    Case("nn.GroupNorm(4, 64)", "8x64x9x9", (64, 9, 9), 8, ("takes 64×9×9 as it is",)),
    Case(LAST, "8x32x32x3", (32, 32, 3), 8, ("takes 32×32×3 as it is",)),
    Case("nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 8))", "8x3x9x9",
         (3, 9, 9), 8, ("takes 3×9×9 as it is",)),
    # … and of a network's own size
    Case("3x32x32 conv:8,k3", "1x3x64x64", (3, 64, 64), 1, ("the network's own input is 3×32×32",)),
    Case("3x32x32 conv:8,k3", "16x3x64x64", (3, 64, 64), 16, ("batch of 16",)),
    Case("3x32x32 conv:8,k3", "5x16x64x64", (5, 16, 64, 64)),
    Case("1x500 conv:8,k3", "1x1x900", (1, 900), 1, ("batch of 1",)),
    Case("784 linear:10", "64x784", (784,), 64, ("batch of 64",)),
    Case("3xHxW conv:8,k3", "4x3x64x64", (3, 64, 64), 4, ("the network's own input is 3×?×?",)),
    Case(OWN, "8x32x32x3", (32, 32, 3), 8, ("own input is 32×32×3",)),
    Case(OPEN, "8x64x64x3", (64, 64, 3), 8, ("own input is ?×?×3",)),
    Case(f"3x32x32 {CONV}", "4x3x64x64", (3, 64, 64), 4, ("own input is 3×32×32",)),
    # A picture with something in front, and nothing known
    Case("conv:8,k3,p1", "1x3x32x32", (1, 3, 32, 32), 1,
         ("C×D×H×W; if the 1 is the batch, give `3x32x32` with a batch of 1",)),
    Case("conv:8,k3,p1", "8x4x32x32", (8, 4, 32, 32), 1, ("give `4x32x32`",)),
    Case("conv:8,k3,p1", "8x4x7x32", (8, 4, 7, 32)),
    Case("conv:8,k3", "3x16x32x32", (3, 16, 32, 32)),
    Case("conv:8,k3 maxpool:2", "1x3x32x32", None, 1, ("a window that spans at most 1",)),
    Case("nn.ReLU()", "1x3x32x32", (1, 3, 32, 32), 1, ("give `3x32x32`",)),
    Case(FLAT, "1x3x32x32", (1, 3, 32, 32), 1, ("give `3x32x32`",)),
    Case(MLP, "64x784", (64, 784), 1, ("give `784` with a batch of 64",)),
    Case(MLP, "784", (784,)),
    Case("layers.ReLU()", "1x32x32x3", (1, 32, 32, 3), 1, ("D×H×W×C; if the 1 is the batch",)),
    # Channels at the other end
    Case(CONV, "32x32x3", None, 1, ("write `3x32x32`",)),
    Case(CONV, "8x32x32x3", None, 1, ("write `3x32x32` with a batch of 8",)),
    Case("nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(3, 8, 3))", "32x32x3", None, 1, ("`3x32x32`",)),
    Case("nn.Conv1d(1, 8, 3)", "500x1", None, 1, ("write `1x500`",)),
    Case(LAST, "3x32x32", None, 1, ("write `32x32x3`",)),
    Case(LAST, "32x32x3", (32, 32, 3)),
    Case("3x32x32 conv:8,k3", "64x64x3", None, 1, ("write `3x64x64`",)),
    Case("3x32x32 conv:8,k3", "8x64x64x3", None, 1, ("write `3x64x64` with a batch of 8",)),
    Case(OWN, "3x64x64", None, 1, ("write `64x64x3`",)),
    Case(OPEN, "3x64x64", None, 1, ("write `64x64x3`",)),
    Case(OPEN, "8x3x64x64", None, 1, ("write `64x64x3` with a batch of 8",)),
    # … where nothing says how many there are
    Case("conv:8,k3,p1", "32x32x3", (32, 32, 3), 1,
         ("C×H×W; with its 3 channels first it is `3x32x32`",)),
    Case("conv:8,k3,p1", "32x32x1", (32, 32, 1), 1, ("with its 1 channel first it is `1x32x32`",)),
    Case("conv:8,k3,p1", "3x32x3", (3, 32, 3)),
    Case("conv:8,k3,p1", "64x7x3", (64, 7, 3)),
    Case("1x32x32 conv:8,k3,p1", "32x32x3", (32, 32, 3), 1, ("it is `3x32x32`",)),
    Case(FLAT, "32x32x3", (32, 32, 3), 1, ("it is `3x32x32`",)),
    Case(MAP, "3x32x32", (3, 32, 32), 1, ("H×W×C; with its 3 channels last it is `32x32x3`",)),
    Case(MAP, "32x32x3", (32, 32, 3)),
    Case("keras.Sequential([keras.Input((None, None, None)), layers.ReLU()])", "3x32x32",
         (3, 32, 32), 1, ("H×W×C; with its 3 channels last",)),
    # An axis too few
    Case(CONV, "32x32", None, 1, ("write `3x32x32`",)),
    Case(CONV, "3x32", None, 1, ("write `3x32x32`",)),
    Case(CONV, "32", None, 1, ("write `3x32x32`",)),
    Case(CONV, "3", None, 1, ("write `3x224x224`",)),
    Case("nn.Conv1d(1, 8, 3)", "500", None, 1, ("write `1x500`",)),
    Case("nn.MaxPool2d(2)", "32x32", None, 1, ("such as `3x32x32`",)),
    Case(MAP, "32x32", None, 1, ("such as `32x32x3`",)),
    Case(OWN, "64x64", None, 1, ("write `64x64x3`",)),
    Case("3x32x32 conv:8,k3", "64x64", None, 1, ("write `3x64x64`",)),
    Case("3x32x32 conv:8,k3", "3x500", (3, 500)),
    Case("3x32x32 flatten linear:10", "3072", (3072,), 1, ("as a vector: the network's own",)),
    Case("conv:8,k3", "32x32", (32, 32)),
)  # fmt: skip


def named(case: Case) -> str:
    return f"{case.size}-{re.sub(r'[^A-Za-z0-9]+', '-', case.net).strip('-')[:40]}"


def tupled(size: str) -> tuple[int, ...]:
    return tuple(map(int, re.split("[x,]", size)))


def check_report(report: Report, case: Case) -> None:
    whole = [note.message for note in report.notes if note.step is None]
    document = report.to_dict()

    assert tuple(document["input"]["shape"]) == case.shape
    assert document["input"]["batch"] == case.batch
    assert len(whole) == len(case.said)
    for message, said in zip(whole, case.said, strict=True):
        assert said in message
    assert [{"index": None, "message": message} for message in whole] == document["notes"]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_is_read(case: Case, command: Command) -> None:
    """The text, the tuple and the option are one; what is noted reaches the report."""
    if case.shape is None:
        for size in (case.size, tupled(case.size)):
            with pytest.raises(SpecError) as caught:
                analyze(case.net, size)
            assert case.said[0] in (caught.value.help or "")
        ran = command("shape", case.net, "-i", case.size)
        assert (ran.code, ran.out) == (2, "")
        assert case.said[0] in ran.err
        return
    report = analyze(case.net, case.size)
    check_report(report, case)
    check_report(analyze(case.net, tupled(case.size)), case)
    ran = command("shape", case.net, "-i", case.size, "--json")
    assert json.loads(ran.out) == report.to_dict()
    assert ran.err == "".join(f"note: {note.message}\n" for note in report.notes)


FRONT = [case for case in CASES if not case.net[0].isdigit()]


@pytest.mark.parametrize("case", FRONT, ids=named)
def test_in_front_it_is_read_alike(case: Case) -> None:
    text = f"{case.size} {case.net}"
    if case.shape is None:
        with pytest.raises(SpecError) as caught:
            analyze(text)
        assert case.said[0] in (caught.value.help or "")
        return
    check_report(analyze(text), case)


def test_a_wrong_size_is_underlined(command: Command) -> None:
    option = command("shape", CONV, "-i", "32x32x3").err.splitlines()
    front = command("shape", f"32x32x3 {CONV}").err.splitlines()

    assert option[1:5] == [" --> -i:1:1", "  |", "1 | 32x32x3", "  | ^^^^^^^"]
    assert front[3:5] == [f"1 | 32x32x3 {CONV}", "  | ^^^^^^^"]


@pytest.mark.parametrize("net", [CONV, "3x32x32 conv:8,k3"])
def test_a_batch_said_twice_agrees(net: str, command: Command) -> None:
    assert analyze(net, "8x3x32x32", batch=8).batch == 8
    assert analyze(net, "3x32x32", batch=8).batch == 8
    with pytest.raises(SpecError, match="begins with a batch of 8, and the batch is to be 4"):
        analyze(net, "8x3x32x32", batch=4)
    ran = command("shape", net, "-i", "8x3x32x32", "-b", "4")
    assert (ran.code, "help: write `3x32x32` with a batch of 4" in ran.err) == (2, True)


def test_a_batch_counts_for_the_memory() -> None:
    assert (
        analyze(CONV, "8x3x32x32").total.activation_bytes
        == 8 * analyze(CONV, "3x32x32").total.activation_bytes
    )


@pytest.mark.parametrize(
    ("name", "size", "params"),
    [("resnet50", "1x3x224x224", 25_557_032), ("resnet18", "8x3x224x224", 11_689_512)],
)
def test_shipped_networks(name: str, size: str, params: int, command: Command) -> None:
    document = json.loads(command("shape", name, "-i", size, "--json").out)

    assert document["total"]["params"] == params
    assert document["input"]["shape"] == [3, 224, 224]
    assert command("shape", name, "-i", "224x224x3").code == 2


@pytest.mark.parametrize("suffix", ["cnn", "py"])
def test_files(suffix: str, tmp_path: Path, command: Command) -> None:
    path = tmp_path / f"net.{suffix}"
    path.write_text("3x32x32 conv:8,k3\n" if suffix == "cnn" else f"{LAST}")
    sizes = ("3x32x32", "32x32x3") if suffix == "cnn" else ("32x32x3", "3x32x32")

    assert command("shape", str(path), "-i", f"4x{sizes[0]}").code == 0
    ran = command("shape", str(path), "-i", sizes[1])
    assert (ran.code, f"write `{sizes[0]}`" in ran.err) == (2, True)


# Files as people write them

SMALL = ("lenet.py", "mnist.py", "gan.py", "lists.py", "gates.py", "probe.py", "autoencoder.py")


def samples(small: bool) -> list[tuple[str, str | None, tuple[int, ...]]]:
    return [case[:3] for case in MODELS if (case[0] in SMALL) == small]


def check_sample(file: str, entry: str | None, size: tuple[int, ...]) -> None:
    """A batch in front changes no figure, and channels at the other end are never taken."""
    path = SAMPLES / file
    text = Source(path.read_text(encoding="utf-8"), [Piece(0, str(path))])
    network = source.parse(text, entry=entry, path=str(path))
    report = analyze(network, size)
    for batch in (1, 7):
        other = analyze(network, (batch, *size))
        assert (other.input, other.batch, other.total.params) == (size, batch, report.total.params)
        assert (other.total.macs, len(other.notes)) == (report.total.macs, len(report.notes) + 1)
    if len(size) > 2 and size[0] != size[-1]:
        with pytest.raises(SpecError):
            analyze(network, (*size[1:], size[0]))


@pytest.mark.parametrize(("file", "entry", "size"), samples(small=True))
def test_a_batch_in_front_of_files(file: str, entry: str | None, size: tuple[int, ...]) -> None:
    check_sample(file, entry, size)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "entry", "size"), samples(small=False))
def test_a_batch_in_front_of_large_files(
    file: str, entry: str | None, size: tuple[int, ...]
) -> None:
    check_sample(file, entry, size)


# Notes reach people


NOTE = "note: 32×32×3 is read as C×H×W; with its 3 channels first it is `3x32x32`"


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_notes_stand_below_a_table(form: str, command: Command) -> None:
    _, out, err = command("shape", "32x32x3", "conv:8,k3", "-f", form)

    assert (NOTE in out, err) == (True, "")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_notes_stand_on_standard_error_beside_other_formats(form: str, command: Command) -> None:
    _, out, err = command("shape", "32x32x3", "conv:8,k3", "-f", form)

    assert err == f"{NOTE}\n"
    assert (NOTE.removeprefix("note: ") in out) == (form == "json")


@pytest.mark.parametrize("name", ["net.txt", "net.csv", "net.json"])
def test_notes_are_seen_beside_a_file(name: str, tmp_path: Path, command: Command) -> None:
    path = str(tmp_path / name)

    assert command("shape", "32x32x3", "conv:8,k3", "-o", path).err == f"{NOTE}\n"


def test_notes_of_what_is_converted(command: Command) -> None:
    ran = command("convert", CONV, "-i", "8x3x32x32", "--to", "compact")

    assert ran.out == "3x32x32 conv:8,k3\n"
    assert ran.err.startswith("note: 8×3×32×32 is read as a batch of 8")
    assert cnncalc.convert(CONV, "compact", (8, 3, 32, 32)) == ran.out


def test_a_note_is_part_of_the_error_that_follows() -> None:
    with pytest.raises(SpecError, match="the window spans 2") as caught:
        analyze("1x3x32x32 conv:8,k3 maxpool:2")
    assert any("if the 1 is the batch" in note for note in caught.value.notes)


def test_verify_reads_sizes_alike() -> None:
    report = cnncalc.verify(CONV, "2x3x8x8")

    assert report.batch == 2
    assert report.verify is not None
    assert report.verify["ok"]


# Live models and files of ONNX


def test_live_modules() -> None:
    from tests.frameworks.live_pytorch import torch_or_skip

    torch = torch_or_skip()
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())
    cases = (
        ((8, 3, 32, 32), (3, 32, 32), 8),
        ("8x3x32x32", (3, 32, 32), 8),
        (torch.Size([3, 32, 32]), (3, 32, 32), 1),
    )
    for size, shape, batch in cases:
        for report in (
            analyze(cnncalc.from_torch(module, size)),
            analyze(cnncalc.from_torch(module), size),
        ):
            assert (report.input, report.batch) == (shape, batch)
            assert len(report.notes) == (batch > 1)
    with pytest.raises(SpecError) as caught:
        analyze(cnncalc.from_torch(module, (32, 32, 3)))
    assert caught.value.help == "write `3x32x32`"


@pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
def test_live_modules_that_are_exported() -> None:
    from tests.frameworks.live_pytorch import torch_or_skip
    from tests.live.torch_models import ASKING

    torch_or_skip()
    make, shape = next(iter(ASKING.values()))
    report = analyze(cnncalc.from_torch(make(), (4, *shape)))

    assert (report.input, report.batch) == (shape, 4)


def test_live_keras_models() -> None:
    from tests.frameworks.live_keras import keras_or_skip

    keras = keras_or_skip()
    layers = [keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3)]
    network = cnncalc.from_keras(keras.Sequential(layers), (8, 16, 16, 3))
    report = analyze(network)

    assert (report.to_dict()["input"]["shape"], report.batch) == ([16, 16, 3], 8)
    assert analyze(network, "2x9x9x3").batch == 2
    with pytest.raises(SpecError, match="the channels stand first"):
        analyze(network, (3, 16, 16))


def test_onnx_files() -> None:
    pytest.importorskip("onnx")
    from tests.onnx.builders import network, node

    made = network([node("Conv", "x w", kernel_shape=[3, 3])], {"w": (4, 3, 3, 3)})
    report = analyze(made, (5, 3, 9, 9))
    assert (report.input, report.batch) == ((3, 9, 9), 5)
    turned = [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w")]
    made = network(turned, {"w": (4, 3, 3, 3)}, x=("n", 9, 9, 3))  # as tf2onnx has it
    assert analyze(made, (5, 8, 8, 3)).batch == 5
    with pytest.raises(SpecError) as caught:
        analyze(made, (3, 8, 8))
    assert caught.value.help == "write `8x8x3`"
    made = network([node("Relu", "x")], x=("n", 3, "h", "w"))
    assert analyze(made, (5, 3, 9, 9)).batch == 5
    for size, right in (((9, 9, 3), "3x9x9"), ((9, 9), "3x9x9"), ((9,), "3x9x9")):
        with pytest.raises(SpecError) as caught:
            analyze(made, size)
        assert f"write `{right}`" in (caught.value.help or "")


@pytest.mark.parametrize("size", ["3x32x32", "3×32×32", "3,32,32"])
def test_the_sizes_of_a_reshape(size: str) -> None:
    """A size within a layer is spelled as any other."""
    report = analyze(f"3072 reshape:{size}")

    assert (report.rows[-1].output_shape, report.rows[-1].text) == ((3, 32, 32), "reshape:3x32x32")
