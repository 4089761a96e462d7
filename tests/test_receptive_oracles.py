"""Receptive fields against measurements, papers and published tables.

Intervals are read from the report's document alone, by the rule that its contract states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from cnncalc import Report, SpecError, analyze
from tests.library import field, interval, named, oracle, report, text

Stack = list[dict[str, Any]]

EMPIRICAL = oracle("rf_empirical.jsonl")
DISTILL = oracle("distill_rf.json")
MEASURED = [
    *({**record, "input": [3, record["input_H"], 224]} for record in oracle("rf_models.jsonl")),
    *oracle("rf_torchvision.jsonl"),
]
# Which of our steps a torchvision module is.
STEPS = {
    "alexnet": {"features.0": "conv1", "features.2": "maxpool1", "features.5": "maxpool2",
                "features": "maxpool3"},
    "vgg11": {"features": "maxpool5"},
    "vgg13": {"features": "maxpool5"},
    "vgg16": {"features.4": "maxpool1", "features.9": "maxpool2", "features.16": "maxpool3",
              "features.23": "maxpool4", "features": "maxpool5"},
    "vgg19": {"features": "maxpool5"},
    "resnet18": {"conv1": "conv1", "maxpool": "maxpool1", "layer1": "add2", "layer2": "add4",
                 "layer3": "add6", "layer4": "add8"},
    "resnet34": {"layer2": "add7", "layer4": "add16"},
    "resnet50": {"conv1": "conv1", "maxpool": "maxpool1", "layer1": "add3", "layer2": "add7",
                 "layer3": "add13", "layer4": "add16"},
    "resnet101": {"layer3": "add30", "layer4": "add33"},
    "resnet152": {"layer3": "add47", "layer4": "add50"},
    "resnext50_32x4d": {"layer3": "add13", "layer4": "add16"},
    "googlenet": {"maxpool2": "maxpool2", "inception3b": "cat2", "inception4a": "cat3",
                  "inception4e": "cat7", "inception5b": "cat9"},
    "inception_v3": {"Mixed_5d": "cat3", "Mixed_7c": "cat15"},
    "squeezenet1_0": {"features": "cat8"},
    "squeezenet1_1": {"features": "cat8"},
    "densenet121": {"features.denseblock1": "cat6", "features.transition1": "avgpool1",
                    "features.denseblock2": "cat18", "features.denseblock3": "cat42",
                    "features": "cat58"},
    "mobilenet_v2": {"features.1": "pwconv1", "features.3": "add1", "features.7": "pwconv13",
                     "features.14": "pwconv27", "features": "pwconv34"},
    "mobilenet_v3_large": {"features": "hardswish20"},
    "shufflenet_v2_x1_0": {"stage2": "chshuffle4", "conv5": "pwconv36"},
    "efficientnet_b0": {"features": "silu33"},
    "convnext_tiny": {"features.1": "add3", "features.7": "add18"},
    "r2plus1d_18": {"layer2": "add4", "layer4": "add8"},
    "aspp": {"0.convs.3": "conv4"},
    "unet": {"down.4": "conv10", "head": "conv19"},
}  # fmt: skip


def words(stack: Stack) -> str:
    """A recorded stack in the compact notation; its end points are named end0, end1 and so on."""
    return " ".join(
        (f"end{place}@" if "end_point" in item else "") + word(item)
        for place, item in enumerate(stack)
    )


def word(item: dict[str, Any]) -> str:
    args, op = item.get("args", {}), item["op"]
    if op in ("add", "concat"):
        branches = " | ".join(map(words, item["branches"]))
        # one channel again, so that all branches that follow fit one another
        return f"add[ {branches} ]" if op == "add" else f"cat[ {branches} ] conv:1,k1"
    if op == "relu":
        return "relu"
    if op == "pad":
        return f"pad:{pads(args['padding'])}"
    if op == "upsample":
        return f"upsample:{axes(args['scale'])}"
    heads = {"conv": "conv:1,", "convtranspose": "convt:1,"}
    head = "dwconv:" if args.get("depthwise") else heads.get(op, f"{op}:")
    options = f"k{axes(args['kernel'])},s{axes(args['stride'])},p={pads(args['padding'])}"
    return head + options + (f",d{axes(args['dilation'])}" if "dilation" in args else "")


def axes(values: Iterable[int]) -> str:
    return "x".join(map(str, values))


def pads(values: str | list[list[int]]) -> str:
    return values if isinstance(values, str) else "x".join(f"{a}:{b}" for a, b in values)


@pytest.mark.parametrize("record", EMPIRICAL, ids=lambda record: record["id"])
def test_measured_stacks(record: dict[str, Any]) -> None:
    """Fields of neighbouring outputs as measured by gradient and by probing, both ends exact."""
    report = analyze(f"1x{axes(record['input'])} {words(record['stack'])}")
    row = report.rows[-1]
    seen = field(report, row)

    assert list(row.output_shape[1:]) == record["output"]
    assert seen["status"] == "exact"
    for axis, measured in enumerate(record["axes"]):
        assert [interval(seen, axis, o) for o in measured["out"]] == measured["in"]
        if seen["phases"] is None:
            (first, _), (second, _) = measured["in"][:2]
            assert seen["size"][axis] == measured["size"]
            assert seen["jump"][axis] == second - first


def test_the_measured_stacks_are_all_there() -> None:
    """53 of slides and 4 of upsampling; two ids say whether their branches are aligned."""
    stacks = {record["id"]: record for record in EMPIRICAL}
    aligned = {
        name: analyze(f"1x{axes(record['input'])} {words(record['stack'])}").fields[-1].aligned
        for name, record in stacks.items()
        if "aligned" in name
    }

    assert len(stacks) == 57
    assert sum("family" in record for record in stacks.values()) == 4
    assert list(aligned.values()) == [False, True]


@pytest.mark.parametrize(
    ("record", "tap"),
    [(record, tap) for record in MEASURED for tap in record["taps"]],
    ids=[f"{record['model']}-{tap['module']}" for record in MEASURED for tap in record["taps"]],
)
def test_measured_torchvision_networks(record: dict[str, Any], tap: dict[str, Any]) -> None:
    """Our steps see what the modules of the real networks were measured to see."""
    axis = record["axis"] if isinstance(record["axis"], int) else 0
    ours = analyze(measured_spec(record), tuple(record["input"]))
    row = named(ours, STEPS[record["model"]][tap["module"]])
    seen = field(ours, row)

    assert row.output_shape[axis + 1] == tap["map"]
    assert [interval(seen, axis, o) for o in tap["out"]] == tap["in"]
    assert seen["status"] == "exact"


def measured_spec(record: dict[str, Any]) -> str:
    """The example as it was measured: without gates, which see all; ASPP's pool at its size."""
    spec = re.sub(r"(def squeeze\(.*\) = ).*", r"\1[ ]", text(record["model"]))
    return spec.replace("size=65", f"size={axes(record['input'][1:])}")


PUBLISHED = {
    name: figures["receptive_field_before_head"]
    for name, figures in oracle("published.json").items()
    if "receptive_field_before_head" in figures
}


@pytest.mark.parametrize(("name", "size"), PUBLISHED.items())
def test_published_fields(name: str, size: int) -> None:
    """The last map before the head, at the network's own input size."""
    last_map = list(STEPS[name].values())[-1]
    seen = field(report(name), named(report(name), last_map))

    assert seen["size"] == [size, size]
    assert seen["jump"] == [32, 32]
    assert seen["status"] == "exact"
    assert seen["aligned"]


def chain(*windows: tuple[int, int] | int) -> tuple[int, int]:
    """Size and jump of kernels (with strides) one after another, added up by hand."""
    size, jump = 1, 1
    for window in windows:
        kernel, stride = window if isinstance(window, tuple) else (window, 1)
        size, jump = size + (kernel - 1) * jump, jump * stride
    return size, jump


HALF, POOL = (3, 2), (2, 2)
ON_PAPER = [
    ("small-cnn", "maxpool3", (22, 8), "3, 4, 8, 10, 18, 22"),
    ("lenet5", "avgpool2", (16, 4), "5, 6, 14, 16"),
    ("inception", "cat1", (5, 1), "its 5x5 path"),
    ("mobilenet-blocks", "pwconv4", (13, 4), "3, 5, 9, 13"),
    *(("dilated-context", f"conv{i}", (size, 1), "Yu & Koltun 2015, table 1")
      for i, size in enumerate((3, 5, 9, 17, 33, 65, 67, 67), 1)),
    ("wavenet", "add10", (1024, 1), "van den Oord et al. 2016, section 2.1"),
    ("m5", "maxpool4", chain((80, 16), (4, 4), 3, (4, 4), 3, (4, 4), 3, (4, 4)), "sum"),
    ("unet", "conv10", (140, 16), "sum, and measured"),
    ("aspp", "conv4", (73, 1), "3 taps, 36 apart"),
    ("mobilenet_v1", "pwconv13", (315, 32), "Araujo et al. 2019"),
    ("inception_v3", "cat15", (1311, 32), "Araujo et al. 2019"),
    ("xception", "sepconv34",
     chain(HALF, 3, *(3, 3, HALF) * 3, *(3,) * 24, 3, 3, HALF, 3, 3), "sum"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "step", "expected", "source"), ON_PAPER)
def test_fields_on_paper(name: str, step: str, expected: tuple[int, int], source: str) -> None:
    """What papers print, and sums by hand."""
    ours = report(name)
    seen = field(ours, named(ours, step))

    assert source
    assert (seen["size"][0], seen["jump"][0]) == expected
    assert seen["status"] == "exact"


def test_video_sees_time_and_space_apart() -> None:
    """C3D pools space one time more often than time."""
    seen = field(report("c3d"), named(report("c3d"), "maxpool5"))
    shared = (3, POOL, 3, 3, POOL, 3, 3, POOL, 3, 3, POOL)
    time, space = chain(3, (1, 1), *shared), chain(3, POOL, *shared)

    assert list(zip(seen["size"], seen["jump"], strict=True)) == [time, space, space]


def test_a_generator_sees_its_seed() -> None:
    """Each step up reads 2 or 3 neighbours, the first one 4: 5 or 6 places around the seed."""
    ours = report("dcgan")
    seen = field(ours, ours.rows[-1])

    assert seen["jump"] == [1 / 16, 1 / 16]
    assert {size for phases in seen["phases"] for _, size in phases} == {5, 6}
    assert all(first <= 0 <= last for first, last in (interval(seen, 0, o) for o in range(64)))


def distill(network: str, resolution: int | None) -> Report:
    """One of the ten networks; where the table knows no resolution, an odd one."""
    n = resolution or 321
    return analyze(f"1x{n}x{n} {words(DISTILL['networks'][network])}")


@pytest.mark.parametrize("network", DISTILL["networks"])
@pytest.mark.parametrize("resolution", [None, 224, 321])
def test_distill_table(network: str, resolution: int | None) -> None:
    """The table of google-research/receptive_field, padding included, at every end point."""
    ours, stack = distill(network, resolution), DISTILL["networks"][network]
    ends = {item["end_point"]: f"end{i}" for i, item in enumerate(stack) if "end_point" in item}
    table = {row[2]: row[3:] for row in DISTILL["full_table"] if row[:2] == [network, resolution]}

    assert table
    assert set(table) <= set(ends)
    for end_point, (size, stride, padding) in table.items():
        seen = field(ours, named(ours, ends[end_point]))
        assert (seen["size"][0], seen["jump"][0]) == (size, stride), end_point
        assert padding in (None, -seen["start"][0]), end_point
        assert seen["status"] == "exact"
        assert seen["aligned"]


@pytest.mark.parametrize("row", DISTILL["article_table"], ids=lambda row: row["network"])
def test_distill_article(row: dict[str, Any]) -> None:
    """The article's table: the last end point at 224."""
    ours, stack = distill(row["network"], 224), DISTILL["networks"][row["network"]]
    (last,) = [f"end{i}" for i, item in enumerate(stack) if "end_point" in item][-1:]
    seen = field(ours, named(ours, last))

    assert (seen["size"][0], seen["jump"][0]) == (row["rf"], row["stride"])
    assert row["padding"] in (None, -seen["start"][0])


def fitting(stack: Stack, resolution: list[int] | None) -> Report:
    """The stack at its resolution, or at the first size where its branches meet."""
    sizes = resolution[:1] if resolution else range(8, 40)
    for n in sizes:
        try:
            return analyze(f"1x{n}x{n} {words(stack)}")
        except SpecError:
            continue
    raise AssertionError("the branches meet at no size")


@pytest.mark.parametrize("case", DISTILL["unit_tests"], ids=lambda case: case["test"])
def test_distill_unit_tests(case: dict[str, Any]) -> None:
    """The little networks of receptive_field's own tests; what it refuses isn't aligned."""
    ours = fitting(case["stack"], case["resolution"])
    seen, expected = field(ours, ours.rows[-1]), case["expect"]

    if isinstance(expected, str) or expected["padding"] is None:
        assert not seen["aligned"]
        (note,) = ours.notes[:1]
        assert re.search(r"`add1` joins branches .* and .* input pixels? apart", note.message)
    if isinstance(expected, dict):
        assert seen["size"] == expected["rf"]
        assert seen["jump"] == [expected["stride"]] * 2
        assert expected["padding"] in (None, -seen["start"][0])
        assert seen["status"] == "exact"


@pytest.mark.parametrize("case", DISTILL["article_examples"])
def test_distill_examples(case: dict[str, Any]) -> None:
    """The two worked examples of the article's text."""
    ours = fitting(case["stack"], None)
    seen = field(ours, ours.rows[-1])
    expected = case.get("expect", {"rf": seen["size"], "stride": 3, "padding": 1})

    assert interval(seen, 0, case.get("output", 0)) == case.get("field", interval(seen, 0, 0))
    assert seen["size"] == expected["rf"]
    assert seen["jump"] == [expected["stride"]] * 2
    assert seen["start"] == [-expected["padding"]] * 2
