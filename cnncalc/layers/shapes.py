"""Shapes: what layers ask and say of them."""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar

from cnncalc.axis.windows import Slide, Spread, Window
from cnncalc.errors import LayerError
from cnncalc.layers.options import SCALAR
from cnncalc.symbols.size import Size, factor, pretty

__all__ = [
    "BATCH",
    "Shape",
    "axis_name",
    "check_map",
    "checked_lengths",
    "place",
    "show",
    "spread_out",
    "too_short",
]

Each = TypeVar("Each")
Shape = tuple[int, ...]  # channels, then the spatial axes; no batch axis
BATCH = "batch"  # in place of an axis: what runs across the samples


def spread_out(name: str, values: tuple[Each, ...], shape: Shape) -> tuple[Each, ...]:
    """One value per spatial axis from one for all, or the given ones if they are as many."""
    axes, count = len(shape) - 1, len(values)
    if count == axes:
        return values
    if count == 1:
        return values * axes
    raise LayerError(
        f"`{name}` has {count_of(len(values), 'value')} "
        f"but the input {show(shape)} has {count_of(axes, 'spatial axis', 'spatial axes')}",
        code="wrong-axes",
        option=name,
        help=f"give one value for all axes, or {axes}" if axes else None,
    )


def place(axis: int | str, shape: Shape, order: str = "first") -> int:
    """The axis of a channels-first shape that a number means; LayerError if there is none.

    The batch stands in front of a sample's axes: it is -1.
    """
    if isinstance(axis, str):
        return -1
    if not -len(shape) <= axis < len(shape):
        raise LayerError(
            f"the input {show(shape)} has no axis {axis}",
            code="wrong-axes",
            option="axis",
            help=f"axes run from 0 to {len(shape) - 1}",
        )
    return (axis + (order == "last")) % len(shape)


class Named(Protocol):
    """A layer, of which messages say the kind."""

    kind: ClassVar[str]


def check_map(layer: Named, shape: Shape) -> None:
    """LayerError where a layer that works on a map is handed a vector, or a map of no places."""
    if 0 in shape[1:]:
        raise LayerError(
            f"`{layer.kind}` can't work on {show(shape)}, which has no positions",
            code="empty-input",
        )
    if len(shape) < 2:
        raise LayerError(
            f"`{layer.kind}` works on a map but receives a vector of {show(shape)} features",
            code="not-a-map",
            help="put it before the flatten, or use `unflatten:CxHxW` to make a map again",
        )


def checked_lengths(windows: tuple[Window, ...], shape: Shape, least: int = 1) -> Shape:
    """The spatial axes after their windows; LayerError where one is shorter than the least."""
    lengths = tuple([window.length(n) for window, n in zip(windows, shape[1:], strict=True)])
    for axis, length in enumerate(lengths):
        if length < least:
            raise too_short(length, axis, len(lengths), *_what_shrinks(windows[axis]))
    return lengths


def too_short(length: int, axis: int, axes: int, option: str, advice: str) -> LayerError:
    """The error where nothing is left of a spatial axis."""
    return LayerError(
        f"the output would have size {length} on {axis_name(axis, axes)}",
        code="empty-output",
        option=option,
        help=f"a larger input{advice}",
    )


def _what_shrinks(window: Window) -> tuple[str, str]:
    """The option that makes a window's output too small, and what would be right instead."""
    if isinstance(window, Spread):
        return "padding", ", a larger kernel or less padding"
    if isinstance(window, Slide) and window.kernel == 1:
        return "padding", " or less cut off"
    return "kernel", ", a smaller kernel or more padding"


def axis_name(axis: int, axes: int) -> str:
    """What people call a spatial axis: the width, the height, the depth."""
    names = ("the depth", "the height", "the width")[-axes:] if 1 < axes <= 3 else ()
    return names[axis] if names else "its length" if axes == 1 else f"spatial axis {axis}"


def show(shape: Shape) -> str:
    """A shape as people write it: 16×32×32, 16×⌊(H+1)/2⌋; `scalar` for that of a single number."""
    if len(shape) == 1:
        return pretty(shape[0]) if isinstance(shape[0], Size) else str(shape[0])
    return "×".join(map(factor, shape)) or SCALAR


def count_of(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
