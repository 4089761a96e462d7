"""`cnncalc rf --at` and `--center`: what single units see."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Command

SPEC = ("1x9x12", "conv:2,k3,p1", "maxpool:2", "conv:2,k3,p1", "gap")


@pytest.mark.parametrize(
    ("words", "index", "unit", "unclipped", "clipped"),
    [
        (["--at", "1"], 1, [4, 6], [[3, 5], [5, 7]], [[3, 5], [5, 7]]),
        (["--at", "conv2:0"], 3, [0, 0], [[-3, 4], [-3, 4]], [[0, 4], [0, 4]]),
        # the pool leaves the ninth row out, which the next layer's padding stands in for
        (["--at", "conv2:3x1"], 3, [3, 1], [[3, 10], [-1, 6]], [[3, 8], [0, 6]]),
        (["--center"], 3, [2, 3], [[1, 8], [3, 10]], [[1, 8], [3, 10]]),
        (["--at", "gap1"], 4, [], [[0, 8], [0, 11]], [[0, 8], [0, 11]]),
    ],
)
def test_units(
    words: list[str],
    index: int,
    unit: list[int],
    unclipped: list[list[int]],
    clipped: list[list[int]],
    command: Command,
) -> None:
    """The report's `units` have the interval before and after clipping."""
    code, out, err = command("rf", *SPEC, *words, "--json")
    (entry,) = json.loads(out)["units"]

    assert (code, err) == (0, "")
    assert (entry["index"], entry["unit"]) == (index, unit)
    assert (entry["unclipped"], entry["clipped"]) == (unclipped, clipped)


def test_units_stand_below_the_table(command: Command) -> None:
    """A person reads them as sentences, one for each axis."""
    _, out, _ = command("rf", *SPEC, "--at", "conv2:0x3")

    assert "unit 0×3 of `conv2` (step 3) sees of the input\n" in out
    assert "  the height: 0 … 4 (5 read), before clipping -3 … 4\n" in out
    assert "  the width: 3 … 10 (8 read)\n" in out


def test_where_the_fields_outgrow_the_input(command: Command) -> None:
    """The first step that sees all, and the layers whose fields are larger than the input."""
    _, out, _ = command("rf", "1x9x9", "3*conv:1,k5,p2", "gap")

    assert "the receptive field first covers the whole input at step 2, `conv:1,k5,p2`" in out
    assert "receptive fields larger than 1×9×9, so unproductive at this size: step 3" in out


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("conv9", "no layer is named `conv9`\n  = help: did you mean `conv"),
        ("conv1:99", "`conv1` has no unit 99x99"),
        ("conv1:1x2x3", "`conv1` has no unit 1x2x3"),
        ("conv1:a", "`a` is no position in a map"),
        ("gap1:0", "`gap1` has no unit 0\n  = help: its output is a vector"),
    ],
)
def test_wrong_places(at: str, message: str, command: Command) -> None:
    """A wrong place says which there are."""
    code, out, err = command("rf", *SPEC, "--at", at)

    assert (code, out) == (2, "")
    assert message in err
