"""Merges: where branches meet, and the input itself."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, option, order, place, show
from cnncalc.layers.options import SCALAR

MAX_LISTED = 12  # shapes that a message tells one by one


class Input(Layer):
    """What flows in: step 0 of every network, and any further input with a shape of its own."""

    kind = "input"
    formula = "output = its own size, where a flow of its own begins"
    source = "torch.nn.Module.forward with several arguments; keras.Input; ONNX graph inputs"

    shape: tuple[int, ...] | None = option(
        "sizes",
        "its size, channels first",
        default=None,
        positional=True,
        minimum=1,
        words=(SCALAR,),
    )

    @classmethod
    def example(cls) -> str:
        return "`z@input:100`"

    def output(self, *shapes: Shape) -> Shape:
        return shapes[0] if shapes else self.shape or ()

    def at_each(self, axes: int, order: str) -> Layer | None:
        return None


class Elementwise(Layer):
    """What merges of one value with another share: axes of size 1 are stretched."""

    arity = "many"
    scalars = True
    formula = "output = the common shape; axes of size 1 are stretched"
    source = "NumPy broadcasting; keras.layers.Add, Multiply"

    align: str = option(
        "choice",
        "where a branch of fewer axes gets axes of size 1: `equal` nowhere, `first` before its "
        "axes (NumPy, channels first), `second` after its channels (Keras, channels last)",
        default="equal",
        words=("equal", "first", "second"),
    )

    def places(self, axes: int, rank: int) -> tuple[int, ...]:
        """Where the axes of a branch of so many are among those of the output."""
        kept = int(self.align == "second" and axes > 0)
        return tuple(range(kept)) + tuple(range(kept + rank - axes, rank))

    def stretched(self, *shapes: Shape) -> tuple[Shape, ...]:
        """The branches' shapes, all of as many axes."""
        rank = max(len(shape) for shape in shapes)
        if self.align == "equal":
            return shapes
        sizes = [dict(zip(self.places(len(shape), rank), shape, strict=True)) for shape in shapes]
        return tuple(tuple(size.get(axis, 1) for axis in range(rank)) for size in sizes)

    def at_each(self, axes: int, order: str) -> Layer | None:
        return self if self.align == "equal" else None

    def output(self, *shapes: Shape) -> Shape:
        shapes = self.stretched(*shapes)
        sizes = [common(axis) for axis in zip(*shapes, strict=False)]
        if len({len(shape) for shape in shapes}) > 1 or None in sizes:
            raise LayerError(
                f"`{self.kind}` can't join {listed(shapes)}",
                code="branches",
                help="branches of equal shapes, or axes of size 1 (`gap:keep`) that are stretched",
            )
        return tuple(size for size in sizes if size is not None)


def common(sizes: Sequence[int]) -> int | None:
    """The size that all have, where those of 1 are stretched; None: they differ."""
    found = 1
    for size in sizes:
        if _is_one(found):
            found = size
        elif _is_one(size) or size == found:
            continue
        elif size != 1:  # a size with a name in it may be 1 too, which is asked last
            if found != 1:
                return None
            found = size
    return found


def _is_one(size: int) -> bool:
    return type(size) is int and size == 1  # one with a name in it may be, which is asked last


class Add(Elementwise):
    """The sum of its branches."""

    kind = "add"


class Multiply(Elementwise):
    """The product of its branches."""

    kind = "mul"


class _OfTwo(Elementwise):
    """What merges of exactly two branches share."""

    def output(self, *shapes: Shape) -> Shape:
        if len(shapes) != 2:
            raise LayerError(
                f"`{self.kind}` takes two branches and has {len(shapes)}",
                code="branches",
                help=f"two branches, as in `{self.kind}[ conv:8,k3,p1 | ]`",
            )
        return super().output(*shapes)


class Subtract(_OfTwo):
    """The first of two branches less the second."""

    kind = "sub"


class Divide(_OfTwo):
    """The first of two branches divided by the second."""

    kind = "div"


class Mean(Elementwise):
    """The mean of its branches."""

    kind = "mean"


class Maximum(Elementwise):
    """The largest of its branches, element-wise."""

    kind = "maximum"


class Minimum(Elementwise):
    """The smallest of its branches, element-wise."""

    kind = "minimum"


class Concatenate(Layer):
    """Its branches one after another, along the channels."""

    kind = "cat"
    carries = True
    arity = "many"
    formula = "C' = sum of C; the other axes are equal"
    source = "torch.cat; keras.layers.Concatenate; ONNX Concat"

    axis: int = option("count", "the axis, 0 for channels", default=0, minimum=-8)
    order: str = order()

    def place(self, shape: Shape) -> int:
        """The axis counted from the front; LayerError if the input has no such axis."""
        return place(self.axis, shape, self.order)

    def at_each(self, axes: int, order: str) -> Layer | None:
        first = self.axis + (self.order == "last")  # counted with the channels first
        if self.axis < 0:  # from the last axis on, or the channels
            return self if order == self.order else None
        behind = first >= (order == "last")
        return self.replaced(axis=first + axes * behind, order="first")

    def output(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        axis = self.place(first)
        rest, *others = [(len(shape), *shape[:axis], *shape[axis + 1 :]) for shape in shapes]
        if any(each != rest for each in others):
            raise LayerError(
                f"`cat` can't join {listed(shapes)}",
                code="branches",
                help="branches that differ in nothing but their channels",
            )
        return *first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :]


def listed(shapes: Sequence[Shape]) -> str:
    """Shapes as a sentence lists them: 16×8×8, 16×4×4 and 32×8×8; of many each once."""
    if len(shapes) > MAX_LISTED:
        kinds = list(dict.fromkeys(shapes))
        words = [show(shape) for shape in kinds[:MAX_LISTED]]
        more = ", …" if len(kinds) > MAX_LISTED else ""
        return f"{', '.join(words)}{more} ({len(shapes):,} branches)"
    words = [show(shape) for shape in shapes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
