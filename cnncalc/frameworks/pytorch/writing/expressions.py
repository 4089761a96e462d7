"""Layers that PyTorch has no class for, as the expressions of a forward: `torch.flatten(x, 1)`.

A function of torch, a method, an operator, an index; or a module put together of others.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import LayerError
from cnncalc.frameworks.calls import LINES, Form, Join, Piece, function_form
from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.frameworks.pytorch.writing.calls import axes_of, no_class
from cnncalc.frameworks.pytorch.writing.classes import write
from cnncalc.frameworks.pytorch.writing.parts import is_turned
from cnncalc.frameworks.pytorch.writing.products import FORMS as PRODUCTS
from cnncalc.frameworks.pytorch.writing.products import JOINS
from cnncalc.frameworks.pytorch.writing.recurrent import FORMS as RECURRENT
from cnncalc.frameworks.pytorch.writing.recurrent import JOINS as STARTED
from cnncalc.layers.activation import Rescale
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.conv import Conv
from cnncalc.layers.expand import Expand
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.merge import (
    Add,
    Concatenate,
    Divide,
    Elementwise,
    Maximum,
    Mean,
    Minimum,
    Multiply,
    Subtract,
)
from cnncalc.layers.norm import LocalResponseNorm
from cnncalc.layers.reshape import Permute, Reshape, Slice
from cnncalc.layers.transposed import MaxUnpool

__all__ = ["FORMS", "joined"]


def _reduce(layer: Reduce, shape: Shape) -> Sequence[Piece]:
    axes = [axis + 1 for axis in layer.places(shape)]
    dim = f"dim={axes[0] if len(axes) == 1 else tuple(axes)}"
    keep = ", keepdim=True" if layer.keep else ""
    if layer.by in ("var", "std") and layer.biased:
        keep = f", correction=0{keep}"
    if layer.by == "squares":
        square = Piece("square", None, "torch.square({0})")
        return [square, Piece("reduce", None, f"{{0}}.sum({dim}{keep})")]
    if layer.by == "prod" and len(axes) > 1:
        raise LayerError("torch.prod runs along one axis", code="no-class")
    names = {"max": "amax", "min": "amin", "norm1": "norm", "norm2": "norm"}
    order = f"p={layer.by[-1]}, " if layer.by in ("norm1", "norm2") else ""
    return [Piece("reduce", None, f"{{0}}.{names.get(layer.by, layer.by)}({order}{dim}{keep})")]


def _expand(layer: Expand, shape: Shape) -> Sequence[Piece]:
    sizes = ", ".join(map(str, layer.sizes))
    return [Piece("expand", None, f"{{0}}.expand(-1, {sizes})")]


def _permute(layer: Permute, shape: Shape) -> Sequence[Piece]:
    axes = ", ".join(str(axis + 1) for axis in layer.axes)
    return [Piece("permute", None, f"{{0}}.permute(0, {axes})")]


def _single(layer: Reshape, shape: Shape) -> Sequence[Piece] | None:
    """To or from one number of each sample, where no class of torch.nn goes."""
    if is_turned(layer, shape):
        return None
    sizes = layer.output(shape)
    if not sizes:
        return [Piece("reshape", None, "{0}.reshape({0}.shape[0])")]
    if not shape:
        return [Piece("reshape", None, f"{{0}}.reshape(-1, {', '.join(map(str, sizes))})")]
    return None


def _slice(layer: Slice, shape: Shape) -> Sequence[Piece]:
    start, stop = layer.ends(shape)
    step = f":{layer.step}" if layer.step != 1 else ""
    before = ":, " * (layer.axis % len(shape) + 1)
    return [Piece("slice", None, f"{{0}}[{before}{start}:{stop}{step}]")]


def _learned(sign: str) -> Form:
    def form(layer: Scale | Shift, shape: Shape) -> Sequence[Piece]:
        if layer.role == "constant":
            raise no_class(layer, "its values are not known here")
        sizes = layer.shape or (*shape[:1], *([1] * (len(shape) - 1)))
        start = "torch.ones" if sign == "*" else "torch.zeros"
        values = f"{start}({', '.join(map(str, sizes))})"
        kind = "nn.Parameter" if layer.role == "parameter" else "nn.Buffer"
        return [Piece(layer.kind, f"{kind}({values})", f"{{0}} {sign} {{self}}", holds=True)]

    return form


def _squeeze(layer: SqueezeExcitation, shape: Shape) -> Sequence[Piece]:
    """The gate is a stack of its own."""
    channels, squeezed = shape[0], layer.squeezed(shape[0])
    ones = (1,) * axes_of(layer, shape)
    reduce = write(Conv(squeezed, (1,)), (channels, *ones))
    widen = write(Conv(channels, (1,)), (squeezed, *ones))
    pool = f"nn.AdaptiveAvgPool{len(shape) - 1}d(1)"
    gate = f"nn.Sequential({LINES}{pool}, {reduce}, nn.ReLU(), {widen}, nn.Sigmoid())"
    return [Piece("se", gate, "{0} * {self}({0})", holds=True)]


def _rescale(layer: Rescale, shape: Shape) -> Sequence[Piece]:
    if len({*layer.factor}) > 1 or len({*layer.offset}) > 1:
        raise no_class(layer, "it has a factor for each channel")
    offset = f" + {layer.offset[0]!r}" if layer.offset[0] else ""
    return [Piece("rescale", None, f"{{0}} * {layer.factor[0]!r}{offset}")]


def _unpool(layer: MaxUnpool, shape: Shape) -> Sequence[Piece]:
    raise no_class(layer, "it wants the indices of a pool")


def _across(layer: LocalResponseNorm, shape: Shape) -> Sequence[Piece] | None:
    if len(shape) < 2:
        raise no_class(layer, "nn.LocalResponseNorm wants a map")
    return None


FORMS: dict[str, Form] = {
    **PRODUCTS,
    **{
        op.kind: function_form(f"torch.{forms(op.function)[0].name}")
        for op in BY_KIND.values()
        if op.function and not op.torch
    },
    "expand": _expand,
    "permute": _permute,
    "lrn": _across,
    "maxunpool": _unpool,
    "reduce": _reduce,
    "rescale": _rescale,
    "reshape": _single,
    "scale": _learned("*"),
    "se": _squeeze,
    "shift": _learned("+"),
    "slice": _slice,
    **RECURRENT,
}


def _sign(sign: str, divided: bool = False) -> Join:
    def form(
        layer: Add | Divide | Mean | Multiply | Subtract, shapes: tuple[Shape, ...]
    ) -> Sequence[Piece]:
        terms = f" {sign} ".join(_aligned(layer, shapes))
        return [Piece(layer.kind, None, f"({terms}) / {len(shapes)}" if divided else terms)]

    return form


def _of_two(name: str) -> Join:
    def form(layer: Maximum | Minimum, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
        first, *others = _aligned(layer, shapes)
        for other in others:
            first = f"{name}({first}, {other})"
        return [Piece(layer.kind, None, first)]

    return form


def _aligned(layer: Elementwise, shapes: tuple[Shape, ...]) -> list[str]:
    """The inputs, those of fewer axes with axes of size 1 where the layer has them."""
    rank = max(map(len, shapes))
    written = []
    for number, shape in enumerate(shapes):
        places = layer.places(rank, len(shape))
        marks = [":" if axis in places else "None" for axis in range(rank)]
        missing = len(shape) < rank
        written.append(f"{{{number}}}[:, {', '.join(marks)}]" if missing else f"{{{number}}}")
    return written


def _concatenate(layer: Concatenate, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    inputs = ", ".join(f"{{{number}}}" for number in range(len(shapes)))
    comma = "," if len(shapes) == 1 else ""
    dim = layer.place(shapes[0]) + 1
    return [Piece("cat", None, f"torch.cat(({inputs}{comma}), dim={dim})")]


MERGES: dict[str, Join] = {
    **JOINS,
    **STARTED,
    "add": _sign("+"),
    "cat": _concatenate,
    "div": _sign("/"),
    "maximum": _of_two("torch.maximum"),
    "mean": _sign("+", divided=True),
    "minimum": _of_two("torch.minimum"),
    "mul": _sign("*"),
    "sub": _sign("-"),
}


def joined(layer: Layer, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """The line of a layer that joins inputs of these shapes."""
    join = MERGES.get(layer.kind)
    if join is None:
        raise no_class(layer, "no function of torch joins like that")
    return join(layer, shapes)
