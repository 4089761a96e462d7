"""Layers that move values, linear ones and merges as calls."""

from __future__ import annotations

from cnncalc.frameworks.keras.frame import CHANNELS_LAST
from cnncalc.frameworks.keras.merging import ELEMENTWISE
from cnncalc.frameworks.keras.reshaping import MODES
from cnncalc.frameworks.keras.writing.calls import Writer, axes_of, call, no_class, one
from cnncalc.layers.base import NO_PADS, Layer, Pads, Shape, spread_out
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.layers.padding import Crop, Pad
from cnncalc.layers.reshape import Flatten, Permute, Reshape, Unflatten
from cnncalc.layers.resize import Upsample

__all__ = ["MERGES", "WRITERS", "keras_axis"]


def keras_axis(place: int) -> int:
    """An axis from inside, where the batch is -1, as Keras counts them, the batch being 0."""
    return {0: -1, -1: 0}.get(place, place)


def _linear(layer: Linear, shape: Shape) -> str:
    if layer.place(shape) != 0:
        raise no_class(layer, "layers.Dense works on the channels")
    return call("Dense", units=layer.out_features, use_bias=layer.bias)


def _embedding(layer: Embedding, shape: Shape) -> str:
    if layer.place(shape) != 0 or (layer.order != "last" and len(shape) > 1):
        raise no_class(layer, "layers.Embedding puts the features last")
    return call("Embedding", input_dim=layer.entries, output_dim=layer.features)


def _flatten(layer: Flatten, shape: Shape) -> str:
    """The order of the values is Keras's: what follows has its rows in another order."""
    if len(layer.merged(shape)) < len(shape):
        raise no_class(layer, "layers.Flatten merges all axes")
    return call("Flatten")


def _reshape(layer: Reshape, shape: Shape) -> str:
    """Vectors come in any order: what made them has its rows in another one."""
    if layer.order == "first" and len(shape) > 1:
        raise no_class(layer, "it reads the channels first")
    return call("Reshape", target_shape=CHANNELS_LAST.outside(layer.output(shape)))


def _unflatten(layer: Unflatten, shape: Shape) -> str:
    if layer.axis % len(shape) == 0 and len(shape) > 1:
        raise no_class(layer, "it splits the channels of a map")
    return call("Reshape", target_shape=CHANNELS_LAST.outside(layer.output(shape)))


def _permute(layer: Permute, shape: Shape) -> str:
    rank = len(layer.axes)
    keras = {CHANNELS_LAST.inside(axis, rank): axis for axis in range(rank)}
    dims = {keras[to]: keras[origin] + 1 for to, origin in enumerate(layer.axes)}
    return call("Permute", dims=tuple(dims[axis] for axis in range(rank)))


def _pad(layer: Pad, shape: Shape) -> str:
    if layer.channels != NO_PADS or layer.mode != "zeros" or layer.value != 0:
        raise no_class(layer, "layers.ZeroPadding adds zeros around the map")
    return call(
        f"ZeroPadding{axes_of(layer, shape)}D", padding=_amounts(layer, layer.padding, shape)
    )


def _crop(layer: Crop, shape: Shape) -> str:
    return call(f"Cropping{axes_of(layer, shape)}D", cropping=_amounts(layer, layer.amount, shape))


def _amounts(layer: Layer, pads: Pads, shape: Shape) -> int | tuple[int, ...] | Pads:
    """One number, one for each axis, or pairs: as short as Keras takes them."""
    pads = spread_out("padding", pads, shape)
    if min(map(min, pads)) < 0:
        raise no_class(layer, "its amounts are not negative there")
    numbers = [before for before, after in pads if before == after]
    if len(set(numbers)) == 1 and len(numbers) == len(pads):
        return numbers[0]
    if len(pads) == 1:
        return pads[0]
    return tuple(numbers) if len(numbers) == len(pads) else pads


def _upsample(layer: Upsample, shape: Shape) -> str:
    axes, sizes = axes_of(layer, shape), layer.output(shape)[1:]
    words = {mode: word for word, mode in MODES.items()}
    if layer.mode not in words or layer.corners:
        raise no_class(layer, "it has no such interpolation")
    if layer.mode != "nearest" and axes != 2:
        raise no_class(layer, "only maps of two axes are interpolated")
    interpolation = {"interpolation": words[layer.mode]} if axes == 2 else {}
    if all(size % n == 0 for size, n in zip(sizes, shape[1:], strict=True)):
        factors = one(tuple(size // n for size, n in zip(sizes, shape[1:], strict=True)))
        return call(f"UpSampling{axes}D", size=factors, **interpolation)
    if axes != 2 or not _is_exact(layer, shape):
        raise no_class(layer, "maps of two axes are stretched to a size, others by whole factors")
    return call("Resizing", height=sizes[0], width=sizes[1], **interpolation)


def _is_exact(layer: Upsample, shape: Shape) -> bool:
    """Whether the size is the factor's own, not one rounded down from it."""
    if layer.factor is None:
        return True
    factors = spread_out("factor", layer.factor, shape)
    sizes = layer.output(shape)[1:]
    return all(n * f == size for n, f, size in zip(shape[1:], factors, sizes, strict=True))


def _merge(name: str) -> Writer:
    def write(layer: Elementwise, shape: Shape) -> str:
        if layer.align == "first":
            raise no_class(layer, "it aligns axes the other way")
        return call(name)

    return write


def _concatenate(layer: Concatenate, shape: Shape) -> str:
    return call("Concatenate", axis=keras_axis(layer.place(shape)))


MERGES = {layer.kind: name for name, layer in ELEMENTWISE.items()}
WRITERS: dict[str, Writer] = {
    **{kind: _merge(name) for kind, name in MERGES.items()},
    "cat": _concatenate,
    "crop": _crop,
    "embedding": _embedding,
    "flatten": _flatten,
    "linear": _linear,
    "pad": _pad,
    "permute": _permute,
    "reshape": _reshape,
    "unflatten": _unflatten,
    "upsample": _upsample,
}
