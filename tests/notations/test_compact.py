"""The meaning of the words of the compact notation; its errors are in golden/errors.txt."""

from __future__ import annotations

import pytest

from cnncalc import SpecError, analyze, parse
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Layer
from cnncalc.notations.compact.builder import MAX_STEPS


def layer(text: str) -> Layer:
    """The one layer of a word."""
    (step,) = parse(text).steps[1:]
    return step.layer


CONV = LAYERS["conv"]
POOL = LAYERS["maxpool"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv:64,k7,s2,p3", CONV(64, (7,), (2,), ((3, 3),))),
        ("conv(64, k=7, s=2, p=3)", CONV(64, (7,), (2,), ((3, 3),))),
        ("conv(64,7, stride = 2,padding=3)", CONV(64, (7,), (2,), ((3, 3),))),
        ("conv:64,7", CONV(64, (7,))),
        ("conv:out_channels=64,kernel=7", CONV(64, (7,))),
        ("conv:8,k3x5,s2x1", CONV(8, (3, 5), (2, 1))),
        ("conv:8,k3,p=0:1x2:2", CONV(8, (3,), padding=((0, 1), (2, 2)))),
        ("conv:8,k3,p0:1", CONV(8, (3,), padding=((0, 1),))),
        ("conv:8,k3,p=same-lower,d2", CONV(8, (3,), padding="same-lower", dilation=(2,))),
        ("conv:8,k3,p=valid", CONV(8, (3,), padding="valid")),
        ("conv:8,k3,g4,nobias,mode=reflect", CONV(8, (3,), groups=4, bias=False, mode="reflect")),
        ("dwconv:3,m2", LAYERS["dwconv"]((3,), 2)),
        ("pwconv:32,s2", LAYERS["pwconv"](32, (2,))),
        ("sepconv:32,k3", LAYERS["sepconv"](32, (3,))),
        ("deconv:8,k4,s2,p1,op1", LAYERS["convt"](8, (4,), (2,), ((1, 1),), (1,))),
        ("maxpool:3,s2,ceil", POOL((3,), (2,), ceil=True)),
        ("avgpool:2,nopadcount", LAYERS["avgpool"]((2,), count_padding=False)),
        ("lppool:2,norm=3", LAYERS["lppool"]((2,), norm=3)),
        ("adaptiveavg:7xkeep", LAYERS["adaptiveavg"]((7, "keep"))),
        ("adaptiveavg:keepx7", LAYERS["adaptiveavg"](("keep", 7))),
        ("gap:keep", LAYERS["gap"](True)),
        ("bn:noaffine,nostats", LAYERS["bn"](False, False)),
        ("gn:8", LAYERS["gn"](8)),
        ("ln:axes=all", LAYERS["ln"]("all")),
        ("in:affine", LAYERS["in"](True)),
        ("fc:10,nobias", LAYERS["linear"](10, False)),
        ("reshape:64xinferx7", LAYERS["reshape"]((64, "infer", 7))),
        ("permute:1,2,0", LAYERS["permute"]((1, 2, 0))),
        ("permute:1x2x0", LAYERS["permute"]((1, 2, 0))),
        ("slice:0..32", LAYERS["slice"]((0, 32))),
        ("slice:-8..", LAYERS["slice"]((-8, None))),
        ("pad:1:2x0:1,mode=circular", LAYERS["pad"](((1, 2), (0, 1)), "circular")),
        ("pad:-1", LAYERS["pad"](((-1, -1),))),
        ("pad:1,value=0.5", LAYERS["pad"](((1, 1),), value=0.5)),
        ("crop:2", LAYERS["crop"](((2, 2),))),
        ("upsample:1.5,mode=linear,corners", LAYERS["upsample"]((1.5,), None, "linear", True)),
        ("upsample:size=7x9", LAYERS["upsample"](size=(7, 9))),
        ("leakyrelu:0.2", LAYERS["leakyrelu"](0.2)),
        ("leakyrelu:slope=0.2", LAYERS["leakyrelu"](0.2)),
        ("prelu:16", LAYERS["prelu"](16)),
        ("dropout:0.3", LAYERS["dropout"](0.3)),
        ("fold:2,size=8x8", LAYERS["fold"]((2,), (8, 8))),
        ("se:4", LAYERS["se"](4)),
        ("se:c=8", LAYERS["se"](channels=8)),
    ],
)  # fmt: skip
def test_words(text: str, expected: Layer) -> None:
    """Both forms, positions, keys and words give the record they stand for."""
    assert layer(text) == expected


@pytest.mark.parametrize(
    ("text", "kinds", "inputs"),
    [
        ("3x8x8 relu tanh", "relu tanh", [(0,), (1,)]),
        ("3x8x8 # a comment\n relu # another [ ] | \n tanh", "relu tanh", [(0,), (1,)]),
        ("3x8x8 2*relu", "relu relu", [(0,), (1,)]),
        ("3x8x8 0*relu tanh", "tanh", [(0,)]),
        ("3x8x8 2*[relu tanh]", "relu tanh relu tanh", [(0,), (1,), (2,), (3,)]),
        ("3x8x8 [relu [tanh]]", "relu tanh", [(0,), (1,)]),
        ("3x8x8 add[relu|]", "relu add", [(0,), (1, 0)]),
        ("3x8x8 cat[ relu | tanh | ] elu", "relu tanh cat elu", [(0,), (0,), (1, 2, 0), (3,)]),
        ("3x8x8 mul[add[relu|tanh]|gap:keep]", "relu tanh add gap mul",
         [(0,), (0,), (1, 2), (0,), (3, 4)]),
        ("3x8x8 a@relu tanh cat[|@a]", "relu tanh cat", [(0,), (1,), (2, 1)]),
        ("3x8x8 a@[relu tanh] elu add[|@a]", "relu tanh elu add", [(0,), (1,), (2,), (3, 2)]),
        ("3x8x8 a@add[relu|] tanh @a elu", "relu add tanh elu", [(0,), (1, 0), (2,), (2,)]),
        ("def b = [relu tanh] 3x8x8 b 2*b", "relu tanh relu tanh relu tanh",
         [(0,), (1,), (2,), (3,), (4,), (5,)]),
        ("def up(skip) = [relu cat[|@$skip]] 3x8x8 x1@relu tanh up(x1)", "relu tanh relu cat",
         [(0,), (1,), (2,), (3, 1)]),
        ("def n(k) = [$k*relu] 3x8x8 n(3)", "relu relu relu", [(0,), (1,), (2,)]),
        ("def n(k) = [{$k-1}*relu] 3x8x8 n(3)", "relu relu", [(0,), (1,)]),
    ],
)  # fmt: skip
def test_structure(text: str, kinds: str, inputs: list[tuple[int, ...]]) -> None:
    """Repeats, groups, branches, labels and definitions as a flat list of steps."""
    steps = parse(text).steps[1:]

    assert [step.layer.kind for step in steps] == kinds.split()
    assert [step.inputs for step in steps] == inputs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def b(c, k=3) = [conv:$c,k$k] b(8)", CONV(8, (3,))),
        ("def b(c, k=3) = [conv:$c,k$k] b(8, 5)", CONV(8, (5,))),
        ("def b(c, k=3) = [conv:$c,k$k] b:8,k=5", CONV(8, (5,))),
        ("def b(c) = [conv:{4*$c},k{($c+2)//2}] b(8)", CONV(32, (5,))),
        ("def b(c, d={2*$c}) = [conv:$d,k1] b(8)", CONV(16, (1,))),
        ("def b(p) = [conv:8,k3,p=$p] b(same)", CONV(8, (3,), padding="same")),
        ("def a(c) = [conv:$c,k1] def b(c) = [a({2*$c})] b({1+2*3})", CONV(14, (1,))),
        ("def b(c) = [conv:{-$c+20},k1] b(8)", CONV(12, (1,))),
    ],
)
def test_definitions(text: str, expected: Layer) -> None:
    """Parameters, defaults and arithmetic."""
    assert layer(text) == expected


def test_names_are_unique() -> None:
    """Labels name their first step; the rest is numbered for each kind."""
    text = "3x8x8 conv:4,k1 conv2@relu conv:4,k1 def b = [x@relu] 2*b"
    names = [step.name for step in parse(text).steps]

    assert names == ["input", "conv1", "conv2", "conv3", "x", "x_2"]


def test_outputs_are_the_last_flow_and_then_the_loose_ends() -> None:
    """A head that nothing reads is an output too."""
    report = analyze("3x8x8 a@conv:4,k1 flatten linear:2 @a gap linear:5")

    assert [entry["index"] for entry in report.to_dict()["outputs"]] == [5, 3]
    assert report.to_dict()["output"] == {"shape": [5]}


def test_symbols_are_bound() -> None:
    """A symbol in the size or in a value takes its value from `let`."""
    network = parse("3xHxW upsample:size=HxW", let={"H": 8, "W": 6})

    assert network.input == (3, 8, 6)
    assert network.steps[1].layer == LAYERS["upsample"](size=(8, 6))


def test_spans_point_at_the_use_and_the_definition() -> None:
    """A layer inside a definition knows both places."""
    network = parse("def b(c) = [conv:$c,k9] 3x8x8 b(4)")

    assert [span.text for span in network.steps[1].spans] == ["conv:$c,k9", "b(4)"]


@pytest.mark.parametrize(
    "text",
    [
        "3x8x8 " + "[" * 100_000,
        "3x8x8 " + "add[" * 5_000 + "|" + "]" * 5_000,
        "3x8x8 99999999*[99999999*[relu]]",
        "3x8x8 99999999*[]",
        "3x8x8 999999*relu",
        "def a=[relu relu] "
        + "".join(f"def a{'a' * n}=[9*a{'a' * (n - 1)}] " for n in range(1, 12))
        + "3x8x8 "
        + "a" * 12,
        "3x8x8 conv:" + "9" * 5_000 + ",k1",
        "3x8x8 conv:{" + "(" * 5_000 + "1" + ")" * 5_000 + "},k1",
        "3x8x8 conv:{" + "9*" * 500 + "9},k1",
        "3x8x8 conv:{" + "-" * 5_000 + "9},k1",
        "9" * 4_000,
        "3x8x8 " + "@" * 10_000,
        "3x8x8 convt:1,k2147483647,s2147483647 convt:1,k2147483647,s2147483647",
    ],
    ids=lambda text: text[:24],
)
def test_hostile_specs_are_refused_at_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deep nesting, endless repeats and giant numbers end in a SpecError, in bounded steps."""
    monkeypatch.setattr("cnncalc.notations.compact.builder.MAX_STEPS", 5_000)
    with pytest.raises(SpecError):
        analyze(text)


@pytest.mark.slow
def test_as_many_steps_as_a_network_may_have() -> None:
    """At the bound itself: the last that is taken, and the first that isn't."""
    assert len(parse(f"3x8x8 {MAX_STEPS}*relu").steps) == MAX_STEPS + 1
    with pytest.raises(SpecError, match="unfolds to more than 250,000 layers"):
        parse(f"3x8x8 {MAX_STEPS + 1}*relu")


def test_a_label_on_a_group_takes_no_number() -> None:
    """Numbers follow the steps that are left without a label."""
    names = [step.name for step in parse("3x8x8 x@[relu relu] relu").steps]

    assert names == ["input", "relu1", "x", "relu2"]
