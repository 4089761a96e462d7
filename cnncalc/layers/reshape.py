"""Reshaping: layers that give values other axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import OWN, Layer, Route, Shape, option, place, show
from cnncalc.layers.options import SCALAR
from cnncalc.symbols.products import same_product


class Flatten(Layer):
    """All axes (or those from `start` to `end`) become one, in row-major order."""

    kind = "flatten"
    carries = True
    formula = "output = C * prod n"
    source = "torch.nn.Flatten; keras.layers.Flatten"

    start: int = option("count", "first axis that is merged, 0 for channels", default=0, minimum=-8)
    end: int = option("count", "last axis that is merged", default=-1, minimum=-8)
    order: str = option(
        "choice",
        "which axis runs fastest: `first` as channels first flattens, `last` as channels last does",
        default="first",
        words=("first", "last"),
    )

    def merged(self, shape: Shape) -> range:
        """The axes that become one."""
        ends = []
        for name, axis in (("start", self.start), ("end", self.end)):
            if not -len(shape) <= axis < len(shape):
                raise LayerError(
                    f"`{name}` is axis {axis} but the input {show(shape)} has axes "
                    f"0 to {len(shape) - 1}",
                    code="wrong-axes",
                    option=name,
                )
            ends.append(axis % len(shape))
        if ends[0] > ends[1]:
            raise LayerError(f"`start` ({ends[0]}) lies after `end` ({ends[1]})", code="wrong-axes")
        return range(ends[0], ends[1] + 1)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        axes = self.merged(shape)
        return *shape[: axes.start], prod(shape[axes.start : axes.stop]), *shape[axes.stop :]

    def at_each(self, axes: int, order: str) -> Layer | None:
        if order == "last" or self.order == "last":
            return None
        start, end = (axis + axes if axis >= 0 else axis for axis in (self.start, self.end))
        return self.replaced(start=start, end=end)

    def route(self, shape: Shape) -> Route | None:
        axes = self.merged(shape)
        if len(axes) == 1:
            return None
        rest = range(axes.start + 1, len(shape) - len(axes) + 1)
        long = [axis for axis in axes if shape[axis] > 1]  # alone, it goes on as it was
        merged = [axes.start if [axis] == long else None for axis in axes]
        return Route(shape, moves=(*range(axes.start), *merged, *rest))


class Unflatten(Layer):
    """One axis becomes several: `unflatten:64x7x7` makes a map from 3136 features."""

    kind = "unflatten"
    carries = True
    formula = "C becomes the sizes given, whose product is C"
    source = "torch.nn.Unflatten; keras.layers.Reshape"

    sizes: tuple[int | str, ...] = option(
        "sizes", "the sizes that the axis becomes", positional=True, minimum=1, words=("infer",)
    )
    axis: int = option("count", "the axis that is split, 0 for channels", default=0, minimum=-8)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        axis = place(self.axis, shape)
        sizes = inferred(self.sizes, shape[axis : axis + 1], f"{shape[axis]} features")
        return *shape[:axis], *sizes, *shape[axis + 1 :]

    def route(self, shape: Shape) -> Route | None:
        axis, count = self.axis % len(shape), len(shape)
        if len(self.sizes) == 1:
            return None
        output = self.output(shape)
        parts = range(axis, axis + len(self.sizes))
        long = [part for part in parts if output[part] > 1]
        split = long[0] if len(long) == 1 else None  # alone, it is the axis as it was
        rest = range(parts.stop, count + len(self.sizes) - 1)
        return Route(shape, moves=(*range(axis), split, *rest))


class Reshape(Layer):
    """Any other shape of the same number of values, in row-major order."""

    kind = "reshape"
    carries = True
    scalars = True
    formula = "output = the sizes given, of the same product; `infer` once"
    source = "torch.reshape; keras.layers.Reshape"

    sizes: tuple[int | str, ...] = option(
        "sizes",
        "the new shape, channels first",
        positional=True,
        minimum=1,
        words=("infer", SCALAR),
    )
    order: str = option(
        "choice",
        "which order values run in: `first` as channels first has them, `last` as channels last",
        default="first",
        words=("first", "last"),
    )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return inferred(self.sizes, shape, f"the {prod(shape)} values of {show(shape)}")

    def route(self, shape: Shape) -> Route | None:
        if self.output(shape) == shape:
            return None
        return Route(shape, moves=(None,) * len(shape))


def inferred(sizes: tuple[int | str, ...], shape: Sequence[int], what: str) -> Shape:
    """The sizes with `infer` worked out; LayerError where they don't hold as much as a shape."""
    given = [size for size in sizes if not isinstance(size, str)]
    known, total, unknown = prod(given), prod(shape), len(sizes) - len(given)
    if unknown > 1:
        raise LayerError("`infer` can stand once only", code="reshape", option="sizes")
    if total % known if unknown else not same_product(given, shape):
        raise LayerError(
            f"{'×'.join(map(str, sizes))} can't hold {what}",
            code="reshape",
            option="sizes",
            help=f"sizes whose product is {total}"
            if not unknown
            else f"sizes whose product divides {total}",
        )
    return tuple(total // known if isinstance(size, str) else size for size in sizes)


class Permute(Layer):
    """The axes in another order: `permute:1x2x0` takes channels first to channels last."""

    kind = "permute"
    carries = True
    formula = "output[i] = input[axes[i]]; axis 0 is the channels"
    source = "torch.permute; keras.layers.Permute"

    axes: tuple[int, ...] = option(
        "integers",
        "the input axis for each output axis, 0 for channels",
        positional=True,
        minimum=0,
    )

    def check(self) -> None:
        if sorted(self.axes) != list(range(len(self.axes))):
            raise LayerError(
                f"{show(self.axes)} is no order of the axes 0 to {len(self.axes) - 1}",
                code="bad-value",
                option="axes",
                help="each axis once, such as `permute:0x2x1`",
            )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) != len(self.axes):
            raise LayerError(
                f"`permute` orders {len(self.axes)} axes but the input {show(shape)} "
                f"has {len(shape)}",
                code="wrong-axes",
                option="axes",
                help="channels count as one",
            )
        return tuple(shape[axis] for axis in self.axes)

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, moves=tuple(map(self.axes.index, range(len(self.axes)))))


class Slice(Layer):
    """A part of one axis, channels by default: `slice:0..32` keeps the first 32."""

    kind = "slice"
    carries = True
    formula = "output = ceil((stop - start) / step) of the axis"
    source = "Python slicing; torch.chunk, torch.split"

    interval: tuple[int | None, int | None] = option(
        "interval", "from the first to before the last, negative from the end", positional=True
    )
    axis: int = option("count", "the axis, 0 for channels", default=0, minimum=-8)
    step: int = option("count", "every how many", default=1, minimum=1)

    def ends(self, shape: Shape) -> tuple[int, int]:
        """The first index that stays, and before which the last one stands."""
        return ends_of(self.interval, shape[place(self.axis, shape)])

    def count(self, shape: Shape) -> int:
        """How many stay."""
        return count_between(*self.ends(shape), self.step)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        count, (start, stop) = self.count(shape), self.interval
        n = shape[self.axis]
        if (stop is not None and stop > n) or count < 1:
            raise LayerError(
                f"`{'' if start is None else start}..{'' if stop is None else stop}` is not a part "
                f"of the {n} {'channels' if self.axis % len(shape) == 0 else 'positions'}",
                code="slice",
                option="interval",
                help=f"an interval within 0..{n}",
            )
        sizes = list(shape)
        sizes[self.axis] = count
        return tuple(sizes)

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        (shape,) = shapes
        axis = self.axis % len(shape)
        places = range(1, len(shape))
        return tuple(self._window(shape) if place == axis else Slide(1) for place in places)

    def route(self, shape: Shape) -> Route | None:
        across = OWN if self.axis % len(shape) else self._window(shape)
        return Route(shape, self.windows(shape), across=across)

    def _window(self, shape: Shape) -> Slide:
        first, _ = self.ends(shape)
        last = first + (self.count(shape) - 1) * self.step
        return Slide(1, self.step, -first, last + 1 - shape[self.axis])


def ends_of(interval: tuple[int | None, int | None], n: int) -> tuple[int, int]:
    """The first index of an interval of n, and before which the last one stands, as Python's."""
    first, stop = interval
    return 0 if first is None else _within(first, n), n if stop is None else _within(stop, n)


def count_between(first: int, stop: int, step: int) -> int:
    """How many indices stand from the first to before another one."""
    return (stop - first + step - 1) // step if stop > first else 0


def _within(index: int, n: int) -> int:
    """An index counted from the start, as Python cuts it to the n that there are."""
    if index < 0:
        index = max(0, index + n)
    return min(index, n)
