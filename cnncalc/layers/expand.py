"""Expanding: axes of size 1 repeated."""

from __future__ import annotations

from cnncalc.axis.windows import Resize, Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, option, show


class Expand(Layer):
    """A map whose axes of size 1 are repeated, to a given shape."""

    kind = "expand"
    carries = True
    formula = "n' = the size given, where n is 1 or that size"
    source = "torch.Tensor.expand; keras.layers.RepeatVector; ONNX Expand"

    sizes: tuple[int, ...] = option(
        "axes", "the shape that comes out, channels first", positional=True, minimum=1
    )

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(self.sizes) != len(shape) or any(
            n not in (1, size) for n, size in zip(shape, self.sizes, strict=True)
        ):
            raise LayerError(
                f"{show(shape)} can't be repeated to {show(self.sizes)}",
                code="branches",
                option="sizes",
                help="only axes of size 1 are repeated",
            )
        return self.sizes

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        pairs = zip(shapes[0][1:], self.sizes[1:], strict=True)
        return tuple(_repeated(n, size) for n, size in pairs)

    def route(self, shape: Shape) -> Route | None:
        across = _repeated(shape[0], self.sizes[0])
        return Route(shape, self.windows(shape), across=across)


def _repeated(n: int, size: int) -> Window:
    return Slide(1) if n == size else Resize(size, 1, size)
