"""Learned factors and offsets: for each channel, or of a shape that is stretched to the map's."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, Weight, option, show


def _shape() -> Any:
    return option(
        "axes",
        "the weight's shape, instead of one value for each channel; axes are counted from the last",
        default=None,
        minimum=1,
    )


class _Learned(Layer):
    """What layers that hold one tensor for the whole map share. Weight (C, 1…) or `shape`."""

    scalars = True

    shape: tuple[int, ...] | None = _shape()
    role: str = option(
        "choice",
        "what the tensor is: learned, kept beside the learned ones, or a constant",
        default="parameter",
        words=("parameter", "buffer", "constant"),
    )

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
