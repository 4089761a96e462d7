"""Definitions and repeats become classes that are written once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc import CnnCalcError, analyze, convert, parse
from tests.convert.emitted import assert_formatted, read_again, totals
from tests.convert.test_keras import assert_reads_back
from tests.convert.test_keras import assert_runs as assert_keras_runs
from tests.convert.test_torch import assert_runs, text_of

RESIDUAL = """\
# cnncalc: input 3x16x16
from torch import nn


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.conv(x)
        y = self.bn(y)
        x = y + x
        x = self.relu(x)
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 1)
        self.blocks = nn.Sequential(*[Block(8) for _ in range(2)])
        self.conv2 = nn.Conv2d(8, 16, 2, stride=2)
        self.block = Block(16)

    def forward(self, x):
        x = self.conv1(x)
        x = self.blocks(x)
        x = self.conv2(x)
        x = self.block(x)
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
        ("def c3(s) = [ conv:4,k3,s$s,p1 add[relu|] ] 3x8x8 c3:1 c3:2", ["C3", "Net"]),
        ("def c3(n) = [ conv:4,k3,p1 $n*add[relu|] ] 3x8x8 c3:1 c3:2", ["C3", "C3V2", "Net"]),
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


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(defined())
def test_drawn_definitions(spec: str) -> None:
    try:
        expected = analyze(spec)
    except CnnCalcError:
        return  # what was drawn doesn't fit together
    text = text_of(spec)

    assert_runs(text, expected)
    assert totals(read_again(text, "torch", expected)) == totals(expected)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(defined())
def test_drawn_definitions_as_keras(spec: str) -> None:
    try:
        expected = analyze(spec)
        text = str(convert(spec, "keras"))
    except CnnCalcError:
        return  # what was drawn doesn't fit together, or Keras can't say it
    assert_keras_runs(text, expected)
    assert_reads_back(text, expected)


KERAS = """\
# cnncalc: input 16x16x3
import keras
from keras import layers


def block(x, filters):
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    x = layers.Add()([y, x])
    x = layers.ReLU()(x)
    return x


inputs = keras.Input((16, 16, 3))
x = layers.Conv2D(8, 1)(inputs)
for _ in range(2):
    x = block(x, 8)
x = layers.Conv2D(16, 2, strides=2)(x)
x = block(x, 16)
model = keras.Model(inputs, x)
"""
BOTTLENECK = """\
class Wide(nn.Module):
    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 1)
        self.conv3 = nn.Conv2d(in_channels, 2 * channels, 1, stride=stride)

    def forward(self, x):
        y = self.conv1(x)
        y = self.conv2(y)
        x = self.conv3(x)
        x = y + x
        return x


class Stage(nn.Sequential):
    def __init__(self, in_channels, channels, blocks, stride=1):
        super().__init__(
            Wide(in_channels, channels, stride=stride),
            *[Wide(2 * channels, channels) for _ in range(blocks)],
        )
"""


def test_a_definition_is_one_function() -> None:
    spec = (
        "def block(c) = [ add[conv:$c,k3,p1,nobias bn |] relu ] "
        "3x16x16 conv:8,k1 2*block:8 conv:16,k2,s2 block:16"
    )

    assert str(convert(spec, "keras")) == KERAS


def test_what_a_block_is_called_with() -> None:
    """A stride is left out where it is 1, a multiple is said as one, repeats are counted."""
    spec = (
        "def wide(c, s=1) = [ add[ conv:$c,k3,s$s,p1 conv:{2*$c},k1 | conv:{2*$c},k1,s$s ] ] "
        "def stage(c, n, s=1) = [ wide:$c,$s {$n-1}*wide:$c ] "
        "3x32x32 stage:8,2 stage:16,4,2 stage:32,3,2"
    )
    text = text_of(spec)

    assert BOTTLENECK in text
    assert "Stage(3, 8, 1)" in text
    assert "Stage(16, 16, 3, stride=2)" in text
    assert_runs(text, analyze(spec))


def test_what_is_read_elsewhere_is_not_in_a_repeat() -> None:
    spec = "def f() = [ conv:4,k1 relu ] 4x8x8 y@f f add[ | @y ]"
    text = text_of(spec)

    assert "range" not in text
    assert_runs(text, analyze(spec))
    assert totals(read_again(text, "torch", analyze(spec))) == totals(analyze(spec))


def test_uses_that_are_written_apart_stay_apart() -> None:
    f = "def f() = [ conv:4,k1 add[relu|] ]"

    assert "self.f1 = F()\n        self.f2 = F()" in text_of(f"{f} 4x8x8 f f")
    assert "nn.Sequential(*[F() for _ in range(2)])" in text_of(f"{f} 4x8x8 2*f relu")


SHARED = """\
from torch import nn
class Part(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        self.relu = nn.ReLU()
    def forward(self, x):
        return self.relu(self.conv(x))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        conv = nn.Conv2d(3, 3, 3, padding=1)
        self.a, self.b = Part(conv), Part(conv)
    def forward(self, x):
        return self.b(self.a(x))
"""


def test_what_two_blocks_share_stays_outside() -> None:
    expected = analyze(parse(SHARED, notation="torch"), (3, 8, 8))
    assert expected.total.params == 84

    for to, module in (("torch", "nn.Conv2d"), ("keras", "layers.Conv2D")):
        text = str(convert(expected.network, to, expected.shape(expected.input)))
        assert text.count(module) == 1
        assert totals(read_again(text, to, expected)) == totals(expected)


def test_what_holds_nothing_is_made_where_it_is_used() -> None:
    """One nn.ReLU called twice is one module in PyTorch, and two layers in Keras."""
    text = SHARED.replace("self.relu(self.conv(x))", "self.relu(self.conv(self.relu(x)))")
    network = parse(text, notation="torch")
    keras = str(convert(network, "keras", (3, 8, 8)))

    assert keras.count("layers.ReLU()(") == 4
    assert str(convert(network, "torch", (3, 8, 8))).count("nn.ReLU()") == 2


def test_words_that_mean_something_already() -> None:
    """Definitions called as Python's and the files' own words."""
    for word in ("range", "lambda", "x", "model", "layers", "train", "self", "keras"):
        for uses in (f"{word}:4 {word}:8", f"{word}:4 relu"):
            spec = f"def {word}(c) = [ conv:$c,k1 add[relu |] ] 3x8x8 {uses}"
            expected = analyze(spec)

            assert_runs(text_of(spec), expected)
            assert_keras_runs(str(convert(spec, "keras")), expected)


@pytest.mark.slow
def test_drawn_definitions_are_formatted(tmp_path: Path) -> None:
    texts: list[str] = []

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(defined())
    def draw(spec: str) -> None:
        try:
            texts.append(str(convert(spec, "torch")))
            texts.append(str(convert(spec, "keras")))
        except CnnCalcError:
            return

    draw()
    assert len(texts) > 10
    assert_formatted(texts, tmp_path)
