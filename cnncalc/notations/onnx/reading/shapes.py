"""The arithmetic on whole shapes, batch axis included, that data and constants share."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape, show
from cnncalc.layers.merge import listed
from cnncalc.notations.onnx.reading.model import MAX_RANK
from cnncalc.tracing.slices import Piece

__all__ = [
    "broadcast",
    "concatenated",
    "expanded",
    "flattened",
    "part_sizes",
    "place",
    "places",
    "reduced",
    "reshaped",
    "sliced",
    "squeezed",
    "transposed",
    "unsqueezed",
]

MAX_LISTED = 12  # numbers that a message shows


def check_rank(sizes: Sequence[int]) -> None:
    """LayerError for the sizes of more axes than a tensor can have."""
    if len(sizes) > MAX_RANK:
        raise LayerError(f"a tensor of {len(sizes):,} axes is beyond any machine", code="too-large")


def _text(numbers: Sequence[int]) -> str:
    """The first few of some numbers, as a list."""
    more = ", …" if len(numbers) > MAX_LISTED else ""
    return f"[{', '.join(map(str, numbers[:MAX_LISTED]))}{more}]"


def place(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < rank:
        raise LayerError(f"there is no axis {axis} among {rank}", code="wrong-axes")
    return axis % rank


def places(axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from the front, each once."""
    found = [place(axis, rank) for axis in axes]
    if len(set(found)) < len(found):
        raise LayerError(f"the axes {_text(axes)} name one twice", code="wrong-axes")
    return found


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The common shape, lined up at the last axes; axes of size 1 are stretched."""
    rank = max(map(len, shapes))
    columns = zip(*[(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes], strict=True)
    sizes = [set(column) for column in columns]
    if any(len(size - {1}) > 1 for size in sizes):
        raise LayerError(f"{listed(shapes)} don't fit", code="branches")
    return tuple((size - {1} or {1}).pop() for size in sizes)


def reshaped(shape: Shape, target: Sequence[int], allow_zero: bool = False) -> Shape:
    """ONNX's Reshape: 0 keeps a size, -1 is worked out."""
    check_rank(target)
    sizes = []
    for axis, size in enumerate(target):
        if size == 0 and not allow_zero:
            if axis >= len(shape):
                raise LayerError(f"{show(shape)} has no axis {axis} to keep", code="reshape")
            size = shape[axis]
        sizes.append(size)
    known = prod(size for size in sizes if size != -1)
    total = prod(shape)
    if sizes.count(-1) > 1 or min(sizes, default=0) < -1:
        raise LayerError(f"{_text(target)} is no shape", code="reshape")
    if -1 in sizes and known and total % known == 0:
        sizes[sizes.index(-1)] = total // known
    if -1 in sizes or prod(sizes) != total:
        raise LayerError(
            f"{_text(target)} can't hold the {total} values of {show(shape)}", code="reshape"
        )
    return tuple(sizes)


def squeezed(shape: Shape, axes: Sequence[int] | None) -> Shape:
    """Without the axes named, all of size 1; None: without every axis of size 1."""
    if axes is None:
        return tuple(size for size in shape if size != 1)
    gone = places(axes, len(shape))
    if any(shape[axis] != 1 for axis in gone):
        raise LayerError(f"{show(shape)} has more than 1 on the axes {_text(axes)}", code="reshape")
    return tuple(size for axis, size in enumerate(shape) if axis not in gone)


def unsqueezed(shape: Shape, axes: Sequence[int]) -> Shape:
    """With axes of size 1 put in where the result has them."""
    new = places(axes, len(shape) + len(axes))
    rest = iter(shape)
    return tuple(1 if axis in new else next(rest) for axis in range(len(shape) + len(axes)))


def flattened(shape: Shape, axis: int) -> Shape:
    """Two axes, of what lies before an axis and from it on."""
    if not -len(shape) <= axis <= len(shape):
        raise LayerError(f"there is no axis {axis} among {len(shape)}", code="wrong-axes")
    axis = axis + len(shape) if axis < 0 else axis
    return prod(shape[:axis]), prod(shape[axis:])


def transposed(shape: Shape, order: Sequence[int] | None) -> tuple[int, ...]:
    """The axes in their new order, by default the opposite one."""
    axes = tuple(reversed(range(len(shape)))) if order is None else tuple(order)
    if sorted(axes) != list(range(len(shape))):
        raise LayerError(f"{_text(axes)} is no order of {len(shape)} axes", code="wrong-axes")
    return axes


def sliced(
    shape: Shape,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None,
    steps: Sequence[int] | None,
) -> dict[int, Piece]:
    """The indices that stay, for each axis that is cut."""
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise LayerError("its starts, ends, axes and steps don't fit together", code="slice")
    kept = {}
    for axis, start, end, step in zip(places(axes, len(shape)), starts, ends, steps, strict=True):
        # A start or end beyond the axis stands for its border, also below 0.
        size = shape[axis]
        start = min(max(start + size if start < 0 else start, 0), size if step > 0 else size - 1)
        end = end + size if end < 0 else end
        end = min(max(end, 0), size) if step > 0 else max(min(end, size), -1)
        kept[axis] = Piece(start, max(-(-(end - start) // step), 0), step)
    return kept


def part_sizes(size: int, given: Sequence[int] | None, parts: int) -> list[int]:
    """The sizes of the parts that an axis is split into; the last may be smaller."""
    if given is not None:
        if sum(given) != size or min(given, default=0) < 0 or len(given) != parts:
            raise LayerError(f"{_text(given)} are no parts of {size}", code="slice")
        return list(given)
    if parts < 1:
        raise LayerError("an axis is split into no parts", code="slice")
    most = -(-size // parts)
    return [max(min(most, size - most * part), 0) for part in range(parts)]


def concatenated(shapes: Sequence[Shape], axis: int) -> Shape:
    """One after another along an axis."""
    first = shapes[0]
    axis = place(axis, len(first))
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(rests) > 1:
        raise LayerError(f"{listed(shapes)} can't be joined", code="branches")
    return *first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :]


def expanded(shape: Shape, target: Sequence[int]) -> Shape:
    """Stretched together with another shape."""
    check_rank(target)
    if min(target, default=0) < 0:
        raise LayerError(f"{_text(target)} is no shape", code="reshape")
    return broadcast([shape, tuple(target)])


def reduced(shape: Shape, axes: Sequence[int], keep: bool) -> Shape:
    """With axes gone, or of size 1."""
    gone = places(axes, len(shape))
    sizes = [1 if axis in gone else size for axis, size in enumerate(shape)]
    return tuple(size for axis, size in enumerate(sizes) if keep or axis not in gone)
