"""`rf --law`: the backbone as one window, by brute force against the sizes that analysis gives."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import Report, SpecError, analyze
from cnncalc.law import Law, laws
from cnncalc.validity import symbols_of
from tests import library
from tests.conftest import Command, Golden
from tests.strategies import odd_specs, specs
from tests.test_schema import STRICT, plain

SMALL = (
    "3x64x64 conv:8,k7,s2,p3 bn relu maxpool:3,s2,p1 add[conv:8,k3,p1|] "
    "add[conv:8,k3x5,s2,p=1x2|conv:8,k1,s2] upsample:2 gap linear:10"
)
# The last step with a law, its kernel, jump, padding, and what A, B and C are.
KNOWN = [
    ("resnet18", "relu17", 435, 32, (217, 217), (31, 32, 0)),
    ("resnet50", "relu49", 427, 32, (213, 213), (31, 32, 0)),
    ("vgg16", "maxpool5", 212, 32, (90, 90), (0, 32, 0)),
    ("alexnet", "maxpool3", 195, 32, (66, 66), (1, 32, -1)),
    ("lenet5", "avgpool2", 16, 4, (0, 0), (0, 4, -3)),
    ("dilated-context", "conv8", 67, 1, (33, 33), (0, 1, 0)),
    ("wavenet", "softmax1", 1024, 1, (1023, 0), (0, 1, 0)),
    ("inception_v3", "cat15", 1311, 32, (618, 618), (21, 32, -2)),
]


def last(report: Report) -> tuple[str, Law]:
    """The last step with a law, and that."""
    found = zip(report.rows, laws(report), strict=True)
    return [(row.name, law) for row, law in found if not law.why][-1]


@pytest.mark.parametrize(
    ("name", "step", "kernel", "jump", "padding", "terms"), KNOWN, ids=[each[0] for each in KNOWN]
)
def test_known_backbones(
    name: str,
    step: str,
    kernel: int,
    jump: int,
    padding: tuple[int, int],
    terms: tuple[int, int, int],
) -> None:
    found, law = last(library.report(name))

    assert found == step
    assert {(slide.kernel, slide.stride) for slide in law.slides} == {(kernel, jump)}
    assert {(slide.before, slide.after) for slide in law.slides} == {padding}
    assert set(law.lengths) == {terms}


def holds(law: Law, names: Any, shape: tuple[int, ...]) -> bool:
    """Whether a law is for inputs of this shape."""
    sizes = dict(zip(names, shape[1:], strict=True))
    return all(eval(python, {}, sizes) for python, _ in law.assumes)


def compared(spec: str, shapes: list[tuple[int, ...]], fields: bool = False) -> int:
    """Hold the laws of a network against analysis at other inputs; how many there were.

    Args:
        spec: of the network.
        shapes: of the inputs.
        fields: whether no map gets so small that a window takes all of it.
    """
    report = analyze(spec)
    network, found, count = report.network, laws(report), 0
    names = symbols_of(len(report.input) - 1)
    for shape in shapes:
        try:
            other = analyze(network, shape)
        except SpecError:
            continue
        for row, law, seen in zip(other.rows, found, other.fields, strict=True):
            if law.why or not holds(law, names, shape):
                continue
            sizes = [(n + a) // b + c for n, (a, b, c) in zip(shape[1:], law.lengths, strict=True)]
            assert sizes == [row.output_shape[along.place or 0] for along in seen.axes]
            if fields:
                told = [(along.field.size, along.field.jump) for along in seen.axes]
                assert told == [(slide.kernel, slide.stride) for slide in law.slides]
                starts = [along.field.start for along in seen.axes]
                assert law.depends or starts == [-slide.before for slide in law.slides]
            count += 1
    return count


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "resnet18", "squeezenet1_0", "mobilenet_v1"])
def test_networks_at_many_sizes(name: str) -> None:
    """Without the head, which is for one size."""
    report = library.report(name)
    sizes = [*range(140, 180, 3), 224, 227, 256, 299] if report.input[1] > 100 else range(20, 60)
    head = [row for row, law in zip(report.rows, laws(report), strict=True) if law.why]
    backbone = [*report.network.steps[: head[0].index]]
    network = report.network.with_steps(backbone)
    found, names = laws(analyze(network)), symbols_of(2)
    for n in sizes:
        shape = (report.input[0], n, n + 5)
        other = analyze(network, shape)
        for row, law in zip(other.rows, found, strict=True):
            if holds(law, names, shape):
                pairs = zip(shape[1:], law.lengths, strict=True)
                assert row.output_shape[1:] == tuple((m + a) // b + c for m, (a, b, c) in pairs)


@settings(max_examples=60)
@given(specs(), st.lists(st.integers(1, 40), min_size=4, max_size=4))
def test_drawn_networks(spec: str, sizes: list[int]) -> None:
    first = tuple(int(n) for n in spec.split()[0].split("x"))
    compared(spec, [(first[0], *(n + axis for axis in range(len(first) - 1))) for n in sizes])


@settings(max_examples=60)
@given(odd_specs(), st.lists(st.integers(1, 20), min_size=4, max_size=4))
def test_drawn_layers(spec: str, sizes: list[int]) -> None:
    first = tuple(int(n) for n in spec.split()[0].split("x"))
    compared(spec, [(first[0], *(n + axis for axis in range(len(first) - 1))) for n in sizes])


def test_something_is_compared() -> None:
    shapes = [(3, n, m) for n in range(30, 70, 7) for m in range(30, 70, 9)]

    assert compared(SMALL.removesuffix(" gap linear:10"), shapes, fields=True) >= 300


@pytest.mark.parametrize(
    ("spec", "index", "why"),
    [
        ("3x8x8 upsample:2", 1, "`upsample1` resizes the map: its units see different parts"),
        ("3x8x8 convt:4,k3,s2 relu", 2, "`convt1` resizes the map: its units see different parts"),
        ("3x9x9 adaptiveavg:4", 1, "`adaptiveavg1` has windows that don't lie at equal distances"),
        ("3x8x8 adaptiveavg:4", 1, "the window of `adaptiveavg1` depends on the size"),
        ("3x8x8 conv:4,k3 gap linear:10", 3, "`gap1` takes the map together"),
        ("3x8x8 flatten", 1, "`flatten1` takes the map together"),
        (
            "3x8x8 add[conv:3,k3,s2,p1|maxpool:2]",
            3,
            "`add1` joins branches whose sizes are equal at some inputs alone",
        ),
        (
            "3x8x8 add[conv:3,k1,s2|slice:0..4,axis=1 slice:0..4,axis=2]",
            2,
            "the size of `slice1` is 4",
        ),
        ("3x8x8 linear:4,axis=-1", 1, "`linear1` takes the map together"),
        ("8 linear:3", 1, "the input has no positions"),
    ],
)
def test_where_it_does_not_hold(spec: str, index: int, why: str) -> None:
    """The first step that breaks it is named, by those after it, too."""
    law = laws(analyze(spec))[index]

    assert law == Law(why=why)
    assert law.to_dict() == {
        "kernel": None, "jump": None, "padding": None, "length": None, "depends": False,
        "assumes": [], "why": why,
    }  # fmt: skip


def test_where_it_holds() -> None:
    """Answers to questions on the way are told: here those of ceil mode's last window."""
    law = laws(analyze("3x64x64 maxpool:2,s3,ceil"))[1]

    assert law.lengths == ((0, 3, 1), (0, 3, 1))
    assert law.assumes[0] == ("H % 3 in (1, 2)", "H ≢ 0 (mod 3)")


def test_padding_that_depends_on_the_size() -> None:
    law = laws(analyze("3x33x33 conv:8,k3,s2,p=same"))[1]
    even = laws(analyze("3x32x32 conv:8,k3,s2,p=same"))[1]

    assert (law.depends, law.lengths) == (True, ((1, 2, 0), (1, 2, 0)))
    assert [(slide.before, slide.after) for slide in law.slides] == [(1, 1), (1, 1)]
    assert [(slide.before, slide.after) for slide in even.slides] == [(0, 1), (0, 1)]
    assert not laws(analyze("3x33x33 conv:8,k3,p=same"))[1].depends


def test_branches_see_what_any_of_them_sees() -> None:
    law = laws(analyze("3x32x32 conv:8,k7,p3 add[conv:8,k3,p=2:0|conv:8,k3,p=0:2]"))[4]

    assert [(s.kernel, s.stride, s.before, s.after) for s in law.slides] == [(11, 1, 5, 5)] * 2


def test_names_of_sizes_and_source() -> None:
    """Sizes with names, and source with numbers, have the same law."""
    named = last(analyze("3xHxW conv:8,k3,s2 maxpool:2"))[1]
    source = last(
        analyze(cnncalc.parse("nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.MaxPool2d(2))"), (3, 30, 30))
    )[1]

    assert named.slides[0].length(30) == source.slides[0].length(30)
    assert named.lengths == source.lengths == ((3, 4, -1), (3, 4, -1))


def test_the_document(command: Command) -> None:
    """With `law` in each layer, or in those that were asked for."""
    words = SMALL.split()
    _, out, _ = command("rf", *words, "--law", "--json")
    document = json.loads(out)
    STRICT.validate(document)
    bare = [{k: v for k, v in each.items() if k != "law"} for each in document["layers"]]
    assert document | {"layers": bare} == plain(analyze(SMALL).to_dict())
    assert all("law" in layer for layer in document["layers"])

    _, out, _ = command("rf", *words, "--law", "--at", "conv1", "--at", "4", "--json")
    layers = json.loads(out)["layers"]
    assert [layer["index"] for layer in layers if "law" in layer] == [1, 4]
    assert layers[0]["law"] == {
        "kernel": [7, 7], "jump": [2, 2], "padding": [[3, 3], [3, 3]],
        "length": [[1, 2, 0], [1, 2, 0]], "depends": False, "assumes": [], "why": None,
    }  # fmt: skip


def test_the_table(command: Command, golden: Golden) -> None:
    spec = SMALL.replace("conv:8,k7,s2,p3", "conv:8,k7,s2,p=same")
    code, out, err = command("rf", *spec.split(), "--law")

    assert (code, err) == (0, "")
    golden("rf-law.txt", out)


def test_the_table_for_programs(command: Command) -> None:
    _, out, _ = command("rf", *SMALL.split(), "--law", "-f", "csv", "--columns", "+why")
    records = list(csv.DictReader(io.StringIO(out)))

    assert records[0]["law.length"] == "1:2:0x1:2:0"
    assert (records[6]["law.padding"], records[6]["law.kernel"]) == ("13x17", "27x35")
    assert (records[9]["law.length"], records[9]["law.why"][:12]) == ("", "`upsample1` ")


def test_units_beside_it(command: Command) -> None:
    _, out, _ = command("rf", "3x9x9", "conv:4,k3", "--law", "--center")

    assert "unit 3×3 of `conv1` (step 1) sees of the input" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--at", "conv9"], "no layer is named `conv9`\n  = help: did you mean `conv"),
        (["--at", "1:2x2"], "no layer is named `1:2x2`"),
        (["--columns", "phases"], "there is no column `phases`\n  = help: columns: index, name"),
    ],
)
def test_what_is_wrong(words: list[str], message: str, command: Command) -> None:
    code, out, err = command("rf", *SMALL.split(), "--law", *words)

    assert (code, out) == (2, "")
    assert message in err


def test_source_as_far_as_it_is_followed(tmp_path: Path, command: Command) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 8, 3, stride=2)\n\n"
        "    def forward(self, x):\n        return torch.fft.fft2(self.conv(x))\n"
    )
    words = (f"{tmp_path / 'net.py'}:Net", "-i", "3x32x32", "--law")
    code, out, err = command("rf", *words)

    assert code == 2
    assert "conv   conv:8,k3,s2  8×15×15  3  2  0  ⌊(n+1)/2⌋−1\n" in out
    assert err.startswith("error[unsupported]: `torch.fft.fft2`")
    assert command("rf", *words, "--at", "behind").err == err
