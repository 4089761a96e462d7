"""Definitions and repeats become classes that are written once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc import CnnCalcError, analyze, convert
from tests.convert.emitted import assert_formatted, read_again, totals
from tests.convert.test_torch import assert_runs, text_of

RESIDUAL = """\
# input: 3x16x16, after the batch
from torch import nn


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()

    def forward(self, x):
        y = self.conv1(x)
        y = self.bn1(y)
        x = y + x
        x = self.relu1(x)
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 1)
        self.block1 = Block(8)
        self.block2 = Block(8)
        self.conv4 = nn.Conv2d(8, 16, 2, stride=2)
        self.block3 = Block(16)

    def forward(self, x):
        x = self.conv1(x)
        x = self.block1(x)
        x = self.block2(x)
        x = self.conv4(x)
        x = self.block3(x)
        return x
"""


def test_a_definition_is_one_class() -> None:
    spec = (
        "def block(c) = [ add[conv:$c,k3,p1,nobias bn |] relu ] "
        "3x16x16 conv:8,k1 2*block:8 conv:16,k2,s2 block:16"
    )

    assert text_of(spec) == RESIDUAL


DEFINED = "def unit(c, k=1) = [ conv:$c,k$k,p=same relu add[bn|] ] "


@pytest.mark.parametrize(
    ("spec", "classes"),
    [
        ("3x8x8 3*[conv:4,k1 add[relu|]]", ["Block", "Net"]),
        ("3x8x8 conv:4,k1 relu add[conv:4,k1|]", ["Net"]),  # nothing is repeated
        ("3x8x8 2*[conv:4,k1 relu]", []),  # a stack stays a stack
        (DEFINED + "3x8x8 unit:4 unit:8", ["Unit", "Net"]),
        (DEFINED + "3x8x8 unit:4 unit:8,k=3", ["Unit", "Net"]),
        (DEFINED + "def two(c) = [ unit:$c unit:$c ] 3x8x8 two:4 two:8", ["Unit", "Two", "Net"]),
        (DEFINED + "3x8x8 cat[unit:4 | unit:8]", ["Unit", "Net"]),
        ("def net(c) = [ conv:$c,k1 add[relu|] ] 3x8x8 2*net:4", ["Net2", "Net"]),
        ("def c3(s) = [ conv:4,k3,s$s,p1 add[relu|] ] 3x8x8 c3:1 c3:2", ["C3", "C3V2", "Net"]),
        ("def a() = [ add[relu|] relu ] 3x8x8 a add[a conv:3,k1|]", ["A", "Net"]),
        ("3x8x8 2*[conv:4,k1 y@relu relu] add[|@y]", ["Block", "Net"]),
        ("def f() = [ relu x@bn relu ] 3x8x8 f add[f|]", ["F", "Net"]),
    ],
)  # fmt: skip
def test_classes(spec: str, classes: list[str]) -> None:
    try:
        text = text_of(spec)
    except CnnCalcError as error:
        pytest.fail(error.message)

    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == classes
    assert_runs(text, analyze(spec))
    assert totals(read_again(text, "torch", analyze(spec))) == totals(analyze(spec))


ITEMS = (
    "conv:$c,k3,p1", "conv:$c,k2,p=same,d2", "relu", "bn", "se:2", "scale", "ln", "gap:keep",
    "add[conv:$c,k1 | conv:$c,k3,p1]", "cat[|relu]", "mul[sigmoid|]", "add[2*[conv:$c,k1 bn]|]",
    "2*[conv:$c,k1 relu]", "slice:0..1", "x@conv:$c,k1 relu add[ |@x]", "dwconv:3,p1", "prelu:$c",
)  # fmt: skip
bodies = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4).map(" ".join)


@st.composite
def defined(draw: st.DrawFn) -> str:
    """A spec with definitions, one inside the other, and repeats."""
    uses = st.lists(
        st.sampled_from(
            ("inner:4", "outer:4", "2*inner:6", "3*outer:6", "2*[inner:4 outer:4]", "add[inner:4|]",
             "cat[outer:4 | conv:2,k1]", "conv:4,k1", "relu", "conv:6,k2")
        ),
        min_size=1, max_size=5,
    )  # fmt: skip
    inner, outer = draw(bodies), draw(bodies)
    within = draw(st.sampled_from(("inner:$c", "2*inner:$c", "inner:{2*$c} inner:$c", "")))
    return (
        f"def inner(c) = [conv:$c,k1 {inner}] def outer(c) = [conv:$c,k1 {within} {outer}] "
        f"4x9x9 {' '.join(draw(uses))}"
    )


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(defined())
def test_drawn_definitions(spec: str) -> None:
    try:
        expected = analyze(spec)
    except CnnCalcError:
        return  # what was drawn doesn't fit together
    text = text_of(spec)

    assert_runs(text, expected)
    assert totals(read_again(text, "torch", expected)) == totals(expected)


def test_drawn_definitions_are_formatted(tmp_path: Path) -> None:
    texts: list[str] = []

    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(defined())
    def draw(spec: str) -> None:
        try:
            texts.append(str(convert(spec, "torch")))
        except CnnCalcError:
            return

    draw()
    assert len(texts) > 10
    assert_formatted(texts, tmp_path)
