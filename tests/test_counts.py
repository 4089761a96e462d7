"""What other tools print for the same network: every rule against recorded runs of the tool."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc import CnnCalcError, analyze
from cnncalc.axis.windows import adaptive, ceil_slide
from cnncalc.counts import TOOLS, work
from tests import counted
from tests.conftest import Command
from tests.library import NAMES, report
from tests.strategies import specs
from tests.test_as_far import TORCH
from tests.test_schema import STRICT

READ = [name for name in counted.networks() if counted.of_network(name) is not None]
SMALL = tuple(counted.WORKED.split())


@pytest.mark.parametrize("name", READ)
def test_what_each_tool_prints(name: str) -> None:
    """Equal to the unit; where it isn't, that is listed with the reason, and still so."""
    report = counted.of_network(name)
    assert report is not None
    found = [record for record in counted.records() if record.network == name]
    apart = {
        record.tool
        for record in found
        if counted.printed(report.count(record.tool), record.tool) != record.count
    }

    assert apart == set(counted.APART.get(name, ((), ""))[0])


def test_most_networks_are_read() -> None:
    """Those that aren't have kinds of layers that nothing here knows yet."""
    kinds = {
        "Attention": "mha",
        "vit_b_16": "mha",
        "LongShortTermMemory": "lstm",
        "GatedRecurrentUnit": "gru",
    }
    unknown = {name for name, kind in kinds.items() if kind not in cnncalc.layers.KINDS}

    assert set(counted.networks()) - set(READ) == unknown
    assert len(READ) >= 20


def test_versions_are_those_recorded() -> None:
    others = {
        (record.tool, record.version)
        for record in counted.records()
        if not record.version.startswith(TOOLS[record.tool].version)
    }

    assert others == set()


def test_the_worked_layers() -> None:
    report = analyze(counted.WORKED)
    found = {tool: report.count(tool) for tool in TOOLS}

    assert report.total.macs == 388_960
    assert found == {
        "torchvision": 388_960,
        "fvcore": 432_160,
        "torchinfo": 403_402,
        "thop": 460_976,
        "ultralytics-thop": 460_976,
        "ptflops": 489_770,
        "ptflops-aten": 403_370,
        "pytorch": 777_920,
        "keras": 682,
    }


@pytest.mark.parametrize("tool", TOOLS)
def test_counts_are_of_one_sample(tool: str) -> None:
    assert analyze(counted.WORKED, batch=8).count(tool) == analyze(counted.WORKED).count(tool)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_networks(name: str) -> None:
    """Every tool has a figure for them, none of which can be less than what it takes in."""
    found = {tool: report(name).count(tool) for tool in TOOLS}
    total = report(name).total

    assert found["torchvision"] == total.macs
    assert found["keras"] >= total.params
    if {"mha", "lstm"} & {row.kind for row in report(name).layers}:
        return  # which some tools don't count
    assert found["pytorch"] == 2 * total.macs
    assert all(
        found[tool] >= total.macs
        for tool in ("fvcore", "thop", "ultralytics-thop", "ptflops", "ptflops-aten")
    )


@given(specs())
def test_any_network(spec: str) -> None:
    """No layer is beyond a rule."""
    found = analyze(spec)

    assert all(found.count(tool) >= 0 for tool in TOOLS)


@given(st.data())
def test_what_windows_hold(data: st.DataObject) -> None:
    """The closed form against the windows, place by place."""
    n, kernel, stride = (data.draw(st.integers(1, most)) for most in (30, 9, 5))
    before, after = (data.draw(st.integers(0, kernel - 1)) for _ in range(2))
    if n + before + after < kernel:
        n += kernel
    window = ceil_slide(n, kernel, stride, before, after, 1)
    for padded in ((0, 0), (before, after)):
        lower, upper = -padded[0], n + padded[1]
        held = sum(
            lower <= at < upper
            for place in range(window.length(n))
            for at in range(place * stride - before, place * stride - before + kernel)
        )

        assert work._inside(window, n, padded) == held


@given(st.integers(1, 60), st.integers(1, 60))
def test_what_adaptive_windows_hold(n: int, outputs: int) -> None:
    window = adaptive(n, outputs)

    assert work._binned(window, n) == sum(len(window.reads(o)) for o in range(outputs))


@pytest.mark.parametrize(
    ("spec", "tool", "value"),
    [
        ("1x5x5 avgpool:2,ceil", "ultralytics-thop", 5 * 5 + 9),
        ("1x5x5 avgpool:3,s2,p1,ceil", "ultralytics-thop", 9 * 9 + 9),
        ("1x5x5 avgpool:3,s2,p1,nopadcount", "ultralytics-thop", 7 * 7 + 9),
        ("8x6x6 se:4", "thop", 2 * 8 * 2 + 8 * 36 + 8),
        ("8x6x6 se:4", "ptflops-aten", 2 * 8 * 2 + 2 + 8),
        ("8x6x6 se:4", "torchinfo", 2 * 8 * 2 + 2 + 8),
        ("8x6x6 sepconv:4,k3", "torchinfo", (8 * 9 + 8 * 4 + 4) * 16),
        ("8x6x6 upsample:2,mode=cubic", "thop", 259 * 8 * 144),
        ("8x6x6x6 upsample:2,mode=linear", "thop", 0),
        ("8x6x6x6 upsample:2,mode=linear", "ultralytics-thop", 31 * 8 * 12**3),
        ("10 softmax", "thop", 29),
        ("10 softmin", "ultralytics-thop", 39),
        ("10 logsoftmax", "ultralytics-thop", 30),
        ("4x8x8 bn:noaffine", "thop", 2 * 256),
        ("4x8x8 identity", "keras", 0),
        ("4x8x8 prelu:4", "torchinfo", 4),
    ],
)
def test_rules(spec: str, tool: str, value: int) -> None:
    assert analyze(spec).count(tool) == value


def test_shared_weights_are_counted_at_each_use() -> None:
    text = "nn.Sequential(*[nn.Conv2d(4, 4, 3, padding=1)] * 2)"
    report = analyze(text, (4, 8, 8))

    assert report.count("torchinfo") == 2 * 148 * 64
    assert report.count("keras") == report.total.params == 148


def test_an_unknown_tool() -> None:
    with pytest.raises(CnnCalcError, match="how `thops` counts isn't known here") as told:
        analyze("3x8x8 relu").count("thops")

    assert told.value.help == "did you mean `thop`?"


def test_counts_need_numbers() -> None:
    with pytest.raises(CnnCalcError) as told:
        analyze("3xHxW conv:4,k3").count("thop")

    assert told.value.code == "unbound-symbol"


# The command


def test_columns_of_tools(command: Command) -> None:
    code, out, err = command("shape", *SMALL, "--count", "thop", "--count", "fvcore")
    lines = out.splitlines()

    assert (code, err) == (0, "")
    assert lines[0].split()[-3:] == ["MACs", "thop", "fvcore"]
    assert lines[-1].startswith("fvcore ")
    assert " prints 432,160 flops: " in lines[-1]
    assert next(line for line in lines if " total " in line).split()[-2:] == ["460,976", "432,160"]


def test_params_says_it_below(command: Command) -> None:
    _, out, _ = command("params", *SMALL, "--count", "ptflops", "--flops")

    assert "\nFLOPs: 777,920, 2 × MACs: a multiplication and an addition each\n" in out
    assert "\nptflops 0.7.5 prints 489,770 MACs: " in out


def test_flops(command: Command) -> None:
    _, out, _ = command("shape", *SMALL, "--flops")
    head, *lines = out.splitlines()

    assert head.split() == ["#", "layer", "output", "RF", "params", "FLOPs"]
    assert lines[1].split()[-1] == f"{2 * 388_800:,}"
    assert "FLOPs: 777,920, 2 × MACs: a multiplication and an addition each" in lines


def test_the_document(command: Command) -> None:
    options = ("--count", "thop", "--count", "keras", "--flops")
    _, out, _ = command("shape", *SMALL, "--json", *options)
    document = json.loads(out)
    total = document["total"]
    STRICT.validate(document)

    assert total["flops"] == 2 * total["macs"]
    assert total["counts"] == {"thop": 460_976, "keras": 682}
    assert [layer["counts"]["thop"] for layer in document["layers"]] == [
        388_800, 4 * prod((16, 30, 30)), 0, 14_416, 160,
    ]  # fmt: skip
    assert "flops" not in json.loads(command("shape", *SMALL, "--json")[1])["total"]


def test_sums_of_modules_and_blocks(command: Command) -> None:
    """The lines of a tree add up to the same totals."""
    options = ("--depth", "1", "--flops", "--count", "thop", "--optimizer", "sgd")
    _, out, _ = command("shape", "resnet18", *options)
    _, plain, _ = command("shape", "resnet18", "-f", "csv", *options)
    head, *lines = [line.rsplit(",", 3) for line in plain.splitlines()]
    report = analyze("resnet18")

    assert head[1:] == ["flops", "counts.thop", "kept"]
    assert sum(int(line[1]) for line in lines) == 2 * report.total.macs
    assert sum(int(line[2]) for line in lines) == report.count("thop")
    assert f" {2 * report.total.macs:,}  {report.count('thop'):,} " in out


def test_as_far_as_it_goes(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    made, used = "self.attention = Attention()", "x = self.attention(x)"
    path.write_text(TORCH.format(made=made, used=used))
    options = ("--flops", "--count", "thop", "--optimizer", "sgd")
    code, out, err = command("shape", str(path), "-i", "3x32x32", *options)

    assert (code, err.startswith("error[")) == (2, True)
    assert out.splitlines()[2].split()[-4:-1] == ["448", "884,736", "442,368"]
    assert "training with sgd: " in out


def test_an_unknown_tool_is_told_before_any_work(command: Command) -> None:
    code, out, err = command("shape", "missing.cnn", "--count", "torch")

    assert (code, out) == (2, "")
    assert (
        "error[count]: how `torch` counts isn't known here\n  = help: did you mean `pytorch`?"
        in err
    )
