"""Learned factors and offsets: for each channel, or of a shape that is stretched to the map's."""

from __future__ import annotations

from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import OWN, Layer, Route, Shape, Weight, option, place, show


def _shape() -> tuple[int, ...]:
    return option(
        "axes",
        "the weight's shape, instead of one value for each channel; axes are counted from the last",
        default=None,
        minimum=1,
    )


def _role() -> str:
    return option(
        "choice",
        "what the tensor is: learned, kept beside the learned ones, or a constant",
        default="parameter",
        words=("parameter", "buffer", "constant"),
    )


class _Learned(Layer):
    """What layers that hold one tensor for the whole map share. Weight (C, 1…) or `shape`."""

    scalars = True

    shape: tuple[int, ...] | None = _shape()
    role: str = _role()

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        sizes = self.shape or ()
        ends = zip(reversed(sizes), reversed(shape), strict=False)
        if len(sizes) > len(shape) or any(size not in (1, n) for size, n in ends):
            raise LayerError(
                f"`{self.kind}` holds {show(sizes)} values, which don't fit the input "
                f"{show(shape)}",
                code="branches",
                help="for each axis its size or 1, counted from the last axis",
            )
        return shape

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        (shape,) = shapes
        if self.role == "constant":
            return ()
        sizes = self.shape or (*shape[:1], *([1] * (len(shape) - 1)))
        return (Weight("weight", sizes, self.role, self.role == "parameter"),)


class Scale(_Learned):
    """A learned factor for each channel (ConvNeXt's layer scale). Weight (C, 1…)."""

    kind = "scale"
    formula = "output = input * gamma; params = C, or the product of `shape`"
    source = "Touvron et al. 2021, arXiv:2103.17239 (LayerScale); torchvision.models.convnext"


class Shift(_Learned):
    """A learned offset for each channel. Weight (C, 1…)."""

    kind = "shift"
    formula = "output = input + beta; params = C, or the product of `shape`"
    source = "torch.nn.Parameter added to a map; ONNX Add with an initialiser"


class Token(Layer):
    """Learned positions put in front along the last axis, or behind (class tokens).

    Input (E, L), output (E, n + L); weight (E, n).
    """

    kind = "token"
    formula = "L' = L + n; params = n * E, of what the input has beside that axis"
    source = "Dosovitskiy et al. 2021, arXiv:2010.11929; torch.cat with a torch.nn.Parameter"

    count: int = option("count", "how many", positional=True, default=1, minimum=1)
    axis: int = option("count", "the axis, 0 for channels", default=-1, minimum=-8)
    behind: bool = option("flag", "whether they stand behind", default=False, word="behind")
    role: str = _role()

    def _longer(self, shape: Shape, size: int) -> Shape:
        axis = place(self.axis, shape)
        return *shape[:axis], size, *shape[axis + 1 :]

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return self._longer(shape, shape[place(self.axis, shape)] + self.count)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        if self.role == "constant":
            return ()
        sizes = self._longer(shapes[0], self.count)
        return (Weight("weight", sizes, self.role, self.role == "parameter"),)

    def route(self, shape: Shape) -> Route | None:
        axis = place(self.axis, shape)
        added = Slide(1, 1, *((0, self.count) if self.behind else (self.count, 0)))
        windows: tuple[Window, ...] = tuple(
            added if each == axis else Slide(1) for each in range(1, len(shape))
        )
        return Route(shape, windows, across=OWN if axis else added)
