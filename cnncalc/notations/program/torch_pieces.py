"""A layer as lines of PyTorch: a module of torch.nn, or the expression that a forward has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.frameworks.pytorch.writing import parts, write
from cnncalc.frameworks.pytorch.writing.calls import axes_of, no_class, taken
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.conv import Conv
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.reshape import Flatten, Permute, Reshape
from cnncalc.notations.program.lines import Piece
from cnncalc.notations.program.style import LINES

__all__ = ["pieces"]

Form = Callable[[Any, Shape], Sequence[Piece] | None]
Joined = Callable[[Any, tuple[Shape, ...]], Sequence[Piece]]


def pieces(layer: Layer, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """The lines of a layer that receives these shapes.

    Raises:
        LayerError: PyTorch can't say it.
    """
    if layer.arity == "many":
        joined = MERGES.get(layer.kind)
        if joined is None:
            raise no_class(layer, "no function of torch joins like that")
        return joined(layer, shapes)
    return _of_one(layer, shapes[0])


def _of_one(layer: Layer, shape: Shape) -> Sequence[Piece]:
    """What other layers make up, and so on down to modules and expressions."""
    rewritten = REWRITES[layer.kind](layer, shape) if layer.kind in REWRITES else None
    if rewritten is not None:
        return _in_turn(rewritten, shape)
    form = FORMS.get(layer.kind)
    written = form(layer, shape) if form else None
    if written is not None:
        return written
    made = parts(layer, shape)
    if len(made) > 1 or (made[0] is not layer and made[0].kind != layer.kind):
        return _in_turn(made, shape)
    holds = bool(made[0].weights(shape))
    return [Piece(layer.kind, taken(write(made[0], shape), shape), holds=holds)]


def _in_turn(layers: Sequence[Layer], shape: Shape) -> list[Piece]:
    written: list[Piece] = []
    for layer in layers:
        written += _of_one(layer, shape)
        shape = layer.output(shape)
    return written


def _function(name: str) -> Form:
    """A function of torch, value by value; what it takes besides is the kind's options."""

    def form(layer: Any, shape: Shape) -> Sequence[Piece]:
        options = "".join(f", {getattr(layer, option)!r}" for option in layer.options)
        return [Piece(layer.kind, None, f"torch.{name}({{0}}{options})")]

    return form


def _reduce(layer: Any, shape: Shape) -> Sequence[Piece]:
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


def _expand(layer: Any, shape: Shape) -> Sequence[Piece]:
    sizes = ", ".join(map(str, layer.sizes))
    return [Piece("expand", None, f"{{0}}.expand(-1, {sizes})")]


def _permute(layer: Any, shape: Shape) -> Sequence[Piece]:
    axes = ", ".join(str(axis + 1) for axis in layer.axes)
    return [Piece("permute", None, f"{{0}}.permute(0, {axes})")]


def _single(layer: Any, shape: Shape) -> Sequence[Piece] | None:
    """To or from one number of each sample, where no class of torch.nn goes."""
    sizes = layer.output(shape)
    if not sizes:
        return [Piece("reshape", None, "{0}.reshape({0}.shape[0])")]
    if not shape:
        return [Piece("reshape", None, f"{{0}}.reshape(-1, {', '.join(map(str, sizes))})")]
    return None


def _slice(layer: Any, shape: Shape) -> Sequence[Piece]:
    taken = layer.taken(shape)
    step = f":{layer.step}" if layer.step != 1 else ""
    before = ":, " * (layer.axis % len(shape) + 1)
    return [Piece("slice", None, f"{{0}}[{before}{taken.start}:{taken.stop}{step}]")]


def _learned(sign: str) -> Form:
    def form(layer: Any, shape: Shape) -> Sequence[Piece]:
        if layer.role == "constant":
            raise no_class(layer, "its values are not known here")
        sizes = layer.shape or (*shape[:1], *([1] * (len(shape) - 1)))
        start = "torch.ones" if sign == "*" else "torch.zeros"
        values = f"{start}({', '.join(map(str, sizes))})"
        kind = "nn.Parameter" if layer.role == "parameter" else "nn.Buffer"
        return [Piece(layer.kind, f"{kind}({values})", f"{{0}} {sign} {{self}}", holds=True)]

    return form


def _squeeze(layer: Any, shape: Shape) -> Sequence[Piece]:
    """The gate is a stack of its own."""
    channels, squeezed = shape[0], layer.squeezed(shape[0])
    ones = (1,) * axes_of(layer, shape)
    reduce = write(Conv(squeezed, (1,)), (channels, *ones))
    widen = write(Conv(channels, (1,)), (squeezed, *ones))
    pool = f"nn.AdaptiveAvgPool{len(shape) - 1}d(1)"
    gate = f"nn.Sequential({LINES}{pool}, {reduce}, nn.ReLU(), {widen}, nn.Sigmoid())"
    return [Piece("se", gate, "{0} * {self}({0})", holds=True)]


def _rescale(layer: Any, shape: Shape) -> Sequence[Piece]:
    if len({*layer.factor}) > 1 or len({*layer.offset}) > 1:
        raise no_class(layer, "it has a factor for each channel")
    offset = f" + {layer.offset[0]!r}" if layer.offset[0] else ""
    return [Piece("rescale", None, f"{{0}} * {layer.factor[0]!r}{offset}")]


def _unpool(layer: Any, shape: Shape) -> Sequence[Piece]:
    raise no_class(layer, "it wants the indices of a pool")


def _across(layer: Any, shape: Shape) -> Sequence[Piece] | None:
    if len(shape) < 2:
        raise no_class(layer, "nn.LocalResponseNorm wants a map")
    return None


FORMS: dict[str, Form] = {
    **{
        op.kind: _function(forms(op.function)[0].name)
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
}


Rewrite = Callable[[Any, Shape], Sequence[Layer] | None]


def _inverse(axes: tuple[int, ...]) -> Permute:
    return Permute(tuple(sorted(range(len(axes)), key=axes.__getitem__)))


def _normed(layer: Any, shape: Shape) -> Sequence[Layer] | None:
    """nn.LayerNorm works on the last axes: others are put there, and back."""
    places = layer.places(shape)
    count = len(places)
    if places == tuple(range(len(shape) - count, len(shape))):
        return None
    order = (*(axis for axis in range(len(shape)) if axis not in places), *places)
    last = layer.replaced(axes=tuple(range(-count, 0)), order="first")
    return last_axis(order, last)


def last_axis(order: tuple[int, ...], layer: Layer) -> Sequence[Layer]:
    if order == tuple(range(len(order))):
        return (layer,)
    return Permute(order), layer, _inverse(order)


def _linear(layer: Any, shape: Shape) -> Sequence[Layer] | None:
    axis = layer.place(shape)
    if axis == len(shape) - 1:
        return None
    order = (*(each for each in range(len(shape)) if each != axis), axis)
    return last_axis(order, layer.replaced(axis=-1))


def _flatten(layer: Any, shape: Shape) -> Sequence[Layer] | None:
    """With the channels running fastest they are put last before."""
    if layer.order == "first" or len(shape) == 1:
        return None
    if len(layer.merged(shape)) < len(shape):
        raise no_class(layer, "it reads the channels last")
    return Permute((*range(1, len(shape)), 0)), Flatten()


def _reshape(layer: Any, shape: Shape) -> Sequence[Layer] | None:
    if layer.order == "first":
        return None
    sizes = layer.output(shape)
    to_last = (Permute((*range(1, len(shape)), 0)),) if len(shape) > 1 else ()
    middle = Reshape((*sizes[1:], sizes[0]))
    to_first = (Permute((len(sizes) - 1, *range(len(sizes) - 1))),) if len(sizes) > 1 else ()
    return *to_last, middle, *to_first


def _half_affine(layer: Any, shape: Shape) -> Sequence[Layer] | None:
    """Keras's batch norm may have a shift without a scale, or the other way round."""
    if not layer.affine or layer.scale == layer.shift:
        return None
    learned = Scale() if layer.scale else Shift()
    return layer.replaced(affine=False, scale=True, shift=True), learned


REWRITES: dict[str, Rewrite] = {
    "bn": _half_affine,
    "flatten": _flatten,
    "linear": _linear,
    "ln": _normed,
    "reshape": _reshape,
    "rms": _normed,
}


def _sign(sign: str, divided: bool = False) -> Joined:
    def form(layer: Any, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
        joined = f" {sign} ".join(aligned(layer, shapes))
        return [Piece(layer.kind, None, f"({joined}) / {len(shapes)}" if divided else joined)]

    return form


def _of_two(name: str) -> Joined:
    def form(layer: Any, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
        first, *others = aligned(layer, shapes)
        for other in others:
            first = f"{name}({first}, {other})"
        return [Piece(layer.kind, None, first)]

    return form


def aligned(layer: Any, shapes: tuple[Shape, ...]) -> list[str]:
    """The inputs, those of fewer axes with axes of size 1 where the layer has them."""
    rank = max(map(len, shapes))
    written = []
    for number, shape in enumerate(shapes):
        places = layer.places(rank, len(shape))
        marks = [":" if axis in places else "None" for axis in range(rank)]
        missing = len(shape) < rank
        written.append(f"{{{number}}}[:, {', '.join(marks)}]" if missing else f"{{{number}}}")
    return written


def _concatenate(layer: Any, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    inputs = ", ".join(f"{{{number}}}" for number in range(len(shapes)))
    comma = "," if len(shapes) == 1 else ""
    dim = layer.place(shapes[0]) + 1
    return [Piece("cat", None, f"torch.cat(({inputs}{comma}), dim={dim})")]


MERGES: dict[str, Joined] = {
    "add": _sign("+"),
    "cat": _concatenate,
    "div": _sign("/"),
    "maximum": _of_two("torch.maximum"),
    "mean": _sign("+", divided=True),
    "minimum": _of_two("torch.minimum"),
    "mul": _sign("*"),
    "sub": _sign("-"),
}
