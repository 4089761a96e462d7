"""Where branches meet, and the input itself."""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, option, show


class Input(Layer):
    """What flows in: step 0 of every network, and any further input with a shape of its own."""

    kind = "input"

    shape: tuple[int, ...] | None = option(
        "axes", "a further input's shape, channels first", default=None, minimum=1
    )

    def output(self, *shapes: Shape) -> Shape:
        return shapes[0] if shapes else self.shape or ()


class _Elementwise(Layer):
    """What merges of one value with another share: axes of size 1 are stretched."""

    arity = "many"
    formula = "output = the common shape; axes of size 1 are stretched"
    source = "NumPy broadcasting; keras.layers.Add, Multiply"

    def output(self, *shapes: Shape) -> Shape:
        ranks = {len(shape) for shape in shapes}
        sizes = [set(axis) - {1} for axis in zip(*shapes, strict=False)]
        if len(ranks) > 1 or any(len(size) > 1 for size in sizes):
            raise LayerError(
                f"`{self.kind}` can't join {listed(shapes)}",
                code="branches",
                help="branches of equal shapes, or axes of size 1 (`gap:keep`) that are stretched",
            )
        return tuple(max(axis) for axis in zip(*shapes, strict=True))


class Add(_Elementwise):
    """The sum of its branches."""

    kind = "add"


class Multiply(_Elementwise):
    """The product of its branches."""

    kind = "mul"


class Concatenate(Layer):
    """Its branches one after another, along the channels."""

    kind = "cat"
    arity = "many"
    formula = "C' = sum of C; the other axes are equal"
    source = "torch.cat; keras.layers.Concatenate; ONNX Concat"

    axis: int = option("count", "the axis, 0 for channels", default=0, minimum=-8)

    def output(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        if not -len(first) <= self.axis < len(first):
            raise LayerError(f"the input {show(first)} has no axis {self.axis}", code="wrong-axes")
        axis = self.axis % len(first)
        rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
        if len({len(shape) for shape in shapes}) > 1 or len(rests) > 1:
            raise LayerError(
                f"`cat` can't join {listed(shapes)}",
                code="branches",
                help="branches that differ in nothing but their channels",
            )
        return *first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :]


def listed(shapes: tuple[Shape, ...]) -> str:
    """Shapes as a sentence lists them: 16×8×8, 16×4×4 and 32×8×8."""
    words = [show(shape) for shape in shapes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
