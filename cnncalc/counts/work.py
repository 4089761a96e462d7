"""What rules of counting are put together from: figures of one row, which analysis has found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd, prod
from typing import Any, NamedTuple

from cnncalc.axis.windows import Bins, Slide
from cnncalc.layers.base import Shape, spread_out
from cnncalc.network import Step
from cnncalc.rows import Row

__all__ = ["Rule", "Work", "plus", "times", "where_affine"]

COUNTER = "num_batches_tracked"


class Work(NamedTuple):
    """One row, and its step; all figures are of one sample."""

    row: Row
    step: Step

    @property
    def layer(self) -> Any:  # of the kind that a rule is for
        """The layer at work."""
        return self.step.layer

    @property
    def axes(self) -> int:
        """Spatial axes of what flows in."""
        return len(self.row.input_shapes[0]) - 1

    def zero(self) -> int:
        return 0

    def macs(self) -> int:
        return self.row.macs

    def macs_unless_same(self) -> int:
        """The MACs; none where a source of PyTorch's has the word `same` for the padding."""
        expects = self.step.expects
        by_word = expects is not None and expects.call.startswith("nn.")
        return 0 if by_word and self.layer.padding == "same" else self.row.macs

    def read(self) -> int:
        """Elements of all that flows in."""
        return sum(map(prod, self.row.input_shapes))

    def averaged(self) -> int:
        """Elements that a layer averages; none where the source has a plain mean."""
        return 0 if self.step.reduced else self.read()

    def given(self) -> int:
        """Elements of what comes out."""
        return prod(self.row.output_shape)

    def positions(self) -> int:
        """Places of what comes out."""
        return prod(self.row.output_shape[1:])

    def channels(self) -> int:
        return self.row.output_shape[0]

    def params(self) -> int:
        """Elements of the layer's parameters, at each use of it."""
        return sum(each.count for each in self.row.weights if each.role == "parameter")

    def held(self) -> int:
        """Elements of its parameters and of the statistics beside them, once."""
        if self.row.shares is not None:
            return 0
        return sum(each.count for each in self.row.weights if each.name != COUNTER)

    def has(self, name: str) -> bool:
        """Whether it holds a parameter of this name."""
        return any(each.name == name and each.role == "parameter" for each in self.row.weights)

    def biases(self) -> int:
        """Additions of a bias: one for each value that comes out, where there is one."""
        return self.given() if self.has("bias") else 0

    def params_everywhere(self) -> int:
        """Each parameter once for each place of what comes out."""
        return self.params() * self.positions()

    def gathered(self) -> int:
        """A transposed convolution as if it were none: a kernel for each value that comes out."""
        kernel = self.row.weights[0].shape
        groups: int = self.layer.groups
        return self.given() * (kernel[0] // groups) * prod(kernel[2:])

    # Pooling

    def inside(self) -> int:
        """Values that windows hold, of padding what counts in the mean."""
        (shape,) = self.row.input_shapes
        windows = self.layer.windows(shape)
        held = map(_inside, windows, shape[1:], self._padded(shape, windows))
        return shape[0] * prod(list(held))

    def _padded(self, shape: Shape, windows: Sequence[Slide]) -> list[tuple[int, int]]:
        """How far beyond a map's ends values count in the mean."""
        if not self.layer.count_padding:
            return [(0, 0)] * len(windows)
        if not self.layer.ceil:
            return [(window.before, window.after) for window in windows]
        pads: tuple[tuple[int, int], ...] = spread_out("padding", self.layer.padding, shape)
        return list(pads)

    def binned(self) -> int:
        """Values that adaptive windows hold, those of two windows twice."""
        (shape,) = self.row.input_shapes
        windows = zip(self.layer.windows(shape), shape[1:], strict=True)
        return shape[0] * prod(_binned(window, n) for window, n in windows)

    # Softmax

    def rows_of_softmax(self) -> int:
        """How many distributions a softmax makes."""
        (shape,) = self.row.input_shapes
        across = self.layer.mixes_samples or not shape
        return self.read() // (1 if across else shape[self.layer.place(shape)])

    def softmax(self) -> int:
        """An exponential and a division for each value, and its sum."""
        return 3 * self.read() - self.rows_of_softmax()

    # Squeeze and excitation

    def squeezed(self) -> int:
        """Channels between its two convolutions."""
        return self.row.weights[0].shape[0]

    # Recurrent layers

    def steps(self) -> int:
        (shape,) = self.row.input_shapes
        features: int = self.layer.place(shape)
        return shape[1 - features]

    def params_each_step(self) -> int:
        return self.params() * self.steps()

    def hidden(self) -> int:
        """Hidden values of all layers and directions, at all steps."""
        each: int = self.layer.layers * self.layer.directions * self.layer.hidden
        return self.steps() * each

    # Attention

    def sides(self) -> tuple[int, int, int]:
        """Queries, keys, and features of a query."""
        queries, keys, _ = self.layer.sides(*self.row.input_shapes)
        return queries[1], keys[1], queries[0]

    def scores(self) -> int:
        """How well each query matches each key, in every head."""
        asked, keys, _ = self.sides()
        heads: int = self.layer.heads
        return heads * asked * keys

    def projections(self) -> int:
        """The MACs without the products of queries and keys, and of scores and values."""
        asked, keys, features = self.sides()
        inner: int = sum(self.layer.inner(features))
        return self.row.macs - asked * keys * inner

    def of_queries(self) -> int:
        """Features of all queries."""
        asked, _, features = self.sides()
        return asked * features

    def of_all_sides(self) -> int:
        """Features of queries, keys and values once they are projected."""
        asked, keys, features = self.sides()
        return (asked + 2 * keys) * features


Rule = Callable[[Work], int]


def plus(*rules: Rule) -> Rule:
    """The sum of some rules."""
    return lambda work: sum(rule(work) for rule in rules)


def times(factor: int, rule: Rule) -> Rule:
    return lambda work: factor * rule(work)


def where_affine(affine: int, plain: int) -> Rule:
    """So many for each value that is normalized, with a learned scale and without."""
    return lambda work: (affine if work.has("weight") else plain) * work.read()


def _inside(window: Slide, n: int, padded: tuple[int, int]) -> int:
    """What the windows along one axis hold together, cut so far beyond its ends."""
    length, stride, before = window.length(n), window.stride, window.before
    lower, upper = -padded[0], n + padded[1]
    # starts o*s - before, the first of them moved up to `lower`; ends so much behind, moved down
    early = min(max(-((-lower - before) // stride), 0), length)
    ends = window.kernel - before
    within = min(max((upper - ends) // stride + 1, 0), length)
    starts = early * lower + _series(length, stride, -before) - _series(early, stride, -before)
    stops = _series(within, stride, ends) + (length - within) * upper
    return stops - starts


def _series(count: int, step: int, first: int) -> int:
    """The sum of so many numbers, each a step behind the one before."""
    return count * first + step * (count * (count - 1) // 2)


def _binned(window: Any, n: int) -> int:
    if isinstance(window, Bins):  # the sum of ceil((j+1) n/m) - floor(j n/m)
        return n + window.outputs - gcd(n, window.outputs)
    return int(window.kernel * window.length(n))
