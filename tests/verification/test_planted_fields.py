"""Wrong fields, planted in what a report says: one end off by one, along one axis."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.axis.field import Field
from cnncalc.executors import EXECUTORS
from cnncalc.receptive import channels, middles
from cnncalc.receptive.maps import Seen
from cnncalc.report import Report
from cnncalc.verification import verify_report
from tests.verification.standing_in import installed_or_skip

# What the last step is, on a map so large that no border cuts what its middle sees.
SPECS = {
    "convolution": "2x40x40 conv:3,k3 conv:3,k3,s2",
    "uneven axes": "2x40x30 conv:3,k3x5,s2x1,p1x2",
    "upsampled": "2x20x20 conv:2,k3 upsample:2 conv:2,k3,p1",
    "transposed": "2x20x20 conv:2,k3,p1 convt:2,k4,s2,p1",
    "ceil mode": "2x40x40 conv:2,k3 maxpool:3,s2,ceil",
    "dilated": "2x40x40 conv:2,k3,d4,p=same",
    "grouped": "4x40x40 conv:4,k3 conv:4,k5,g2",
    "cat of shifted branches": "2x40x40 cat[ conv:2,k3,p=2:0 | conv:2,k3,p=0:2 ] conv:3,k3",
    "resized": "2x20x20 conv:2,k3 upsample:1.5,mode=linear",
    "shuffled": "8x20x20 conv:8,k3 pixelshuffle:2 conv:2,k3",
    "one axis": "2x90 conv:2,k3,d2 avgpool:3,s2",
    "three axes": "2x12x12x12 conv:2,k3 conv:2,k2",
    "axes in another order": "2x30x20 conv:2,k3 permute:0x2x1 conv:2,k2",
}
# How far the first end and the last one are off.
OFF = [(-1, 0), (1, 0), (0, -1), (0, 1)]

# Units of these read nothing but padding along an axis that isn't the input's any more.
BLIND = {
    "3x11x9 reduce:mean,axes=-1,keep convt:2,k2,s3,p=2:1,op2": [2],
    "3x10x8 linear:1,axis=-1 conv:4,k1,s2,p=1:2 gap:keep": [2],
    "3x4x4 linear:1,axis=-1 pad:-1:2": [2],
    "4x6 unflatten:1xinfer,axis=1 dwconv:2,p=3:2": [2],
}


def found(report: Report, executor: str = "bundled") -> list[tuple[Any, ...]]:
    """The steps of which something differs."""
    outcome = verify_report(report, executor=executor).verify
    assert outcome is not None
    return [(each["index"], each["what"]) for each in outcome["mismatches"]]


def moved(report: Report, axis: int, off: tuple[int, int]) -> None:
    """Let the field of the last step be off along one axis."""
    seen = report.fields[-1]
    axes = list(seen.axes)
    field = axes[axis].field
    phases = tuple((start + off[0], size - off[0] + off[1]) for start, size in field.phases)
    axes[axis] = axes[axis]._replace(field=Field(field.step, phases, field.exact))
    report.fields[-1] = Seen(tuple(axes), seen.whole, seen.aligned, seen.channels)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("name", SPECS)
def test_one_end_off_by_one_is_found(name: str, off: tuple[int, int]) -> None:
    """Along each axis by itself."""
    for axis in range(SPECS[name].split()[0].count("x")):
        report = cnncalc.analyze(SPECS[name])
        assert report.fields[-1].status == "exact"
        assert found(report) == []
        moved(report, axis, off)

        assert found(report) == [(len(report.layers), "receptive_field")]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_each_executor_finds_it(executor: str) -> None:
    installed_or_skip(executor)
    for name in ("transposed", "grouped", "cat of shifted branches"):
        report = cnncalc.analyze(SPECS[name])
        moved(report, 1, (0, 1))

        assert found(report, executor) == [(len(report.layers), "receptive_field")]


@pytest.mark.parametrize("spec", BLIND)
def test_units_that_read_padding_alone_are_found(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the fields of a map say of all its units that they see something."""
    assert found(cnncalc.analyze(spec)) == []
    monkeypatch.setattr(channels, "_blind_units", lambda *_: None)

    wrong = [(step, "receptive_field") for step in BLIND[spec]]
    assert found(cnncalc.analyze(spec)) == wrong


@pytest.mark.parametrize("name", SPECS)
def test_what_reaches_a_unit_is_held_against_runs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `--at` says: the walk back has to be right too, though the fields are."""
    right = middles.walk_back

    def short(*args: Any) -> Any:
        return [
            each
            and each._replace(ends=tuple(ends and (ends[0], ends[1] - 1) for ends in each.ends))
            for each in right(*args)
        ]

    monkeypatch.setattr(middles, "walk_back", short)
    report = cnncalc.analyze(SPECS[name])

    assert (len(report.layers), "receptive_field") in found(report)
