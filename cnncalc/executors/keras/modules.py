"""Where Keras's layers are made and run, and what they hold, by PyTorch's names.

Arrays are a backend's tensors, (N, *spatial, C).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from time import perf_counter

import keras
from keras import ops

from cnncalc.errors import LayerError
from cnncalc.executors.base import Array, States, Tensor
from cnncalc.executors.bundled.kernels.padding import pad as pad_places
from cnncalc.executors.geometry import map_sizes
from cnncalc.executors.stepping import NotBuilt
from cnncalc.frameworks.keras.weights import NAMES
from cnncalc.frameworks.keras.writing import write
from cnncalc.layers.base import Layer, Shape
from cnncalc.rows import from_layout

__all__ = [
    "Bench",
    "Built",
    "Held",
    "channels_first",
    "channels_last",
    "dimension",
    "inside",
    "padded",
]

Held = list[Tensor]
Built = tuple[Array, Held]


class Bench:
    """Makes Keras's layers and runs them.

    Attributes:
        dtype: of activations and weights.
        probing: whether all weights are ones, so that nothing cancels.
        seconds: what the layers took so far.
        states: what the last recurrent layer handed out beside its output.
    """

    def __init__(self, dtype: str, probing: bool = False) -> None:
        self.dtype = dtype
        self.probing = probing
        self.seconds = 0.0
        self.states: States = ()

    def made(self, name: str, **options: object) -> keras.Layer:
        """A layer of a class of keras.layers."""
        return _class(name)(**options, dtype=self.dtype)

    def written(self, layer: Layer, shape: Shape) -> keras.Layer:
        """The one layer that Keras has for this, as `convert` writes it.

        The text is this package's own, of names and numbers.
        """
        try:
            text = write(layer, shape)
        except LayerError as error:
            raise NotBuilt(error.message) from None
        _class(text.removeprefix("layers.").partition("(")[0])
        made = eval(text, {"__builtins__": {}, "layers": keras.layers, "float": float})
        made.dtype_policy = keras.DTypePolicy(self.dtype)
        return made

    def run(self, layer: keras.Layer, value: Array | list[Array], **options: object) -> Array:
        """What a layer makes of an array or a list of them, in inference mode."""
        self.build(layer, value)
        trains = getattr(layer, "_call_has_training_arg", False)
        begin = perf_counter()
        options |= {"training": False} if trains else {}
        value = layer(value, **options)
        self.seconds += perf_counter() - begin
        return value

    def build(self, layer: keras.Layer, value: Array | list[Array]) -> None:
        """Make a layer's weights for an input; of ones where that is asked for."""
        if not layer.built and not isinstance(value, list):
            layer.build(tuple(value.shape))
            self.settle(layer)

    def settle(self, layer: keras.Layer) -> None:
        """Ones for the weights of a layer that was just built, where it is for probing."""
        if self.probing:
            for weight in layer.weights:
                weight.assign(ops.ones(weight.shape, dtype=weight.dtype))

    def variable(self, shape: Shape) -> keras.Variable:
        """Learned numbers beside Keras's own layers."""
        return keras.Variable(ops.ones(shape, dtype=self.dtype))

    def alone(self, layer: Layer, x: Array) -> tuple[Array, Held]:
        """A layer that is one of Keras's."""
        made = self.written(layer, inside(x))
        return self.run(made, x), self.held(layer.kind, made)

    def held(self, kind: str, layer: keras.Layer, prefix: str = "") -> Held:
        """What a layer of Keras's holds, by PyTorch's names and in its order of axes."""
        names = {theirs: ours for ours, theirs in NAMES.get(kind, {}).items()}
        names |= {"alpha": "weight"}
        apart = type(layer).__name__.startswith("Depthwise")
        found = []
        for held in layer.weights:
            if held.name != "seed_generator_state":
                name = prefix + names.get(held.name, held.name)
                shape = tuple(int(size) for size in held.shape)
                if kind == "embedding":
                    found.append(Tensor(name, shape, prod(shape)))
                else:
                    found.append(_tensor(name, shape, apart or name == "depthwise.weight"))
        return found


def _class(name: str) -> type[keras.Layer]:
    """A class of keras.layers, which an older Keras may lack."""
    found: type[keras.Layer] | None = getattr(keras.layers, name, None)
    if found is None:
        raise NotBuilt(f"this Keras has no {name}")
    return found


def _tensor(name: str, shape: Shape, apart: bool) -> Tensor:
    """A weight in PyTorch's order of axes; `apart`: of a convolution of each channel by itself."""
    count = prod(shape)
    if apart and name.endswith("weight"):
        *kernel, channels, multiplier = shape
        shape = (channels * multiplier, 1, *kernel)
    elif name.endswith("weight") and len(shape) > 1:
        *kernel, inputs, outputs = shape
        shape = (outputs, inputs, *kernel)
    return Tensor(name, shape, count)


def inside(value: Array) -> Shape:
    """The shape of one sample, channels first."""
    return from_layout(tuple(int(size) for size in value.shape[1:]), "channels-last")


def dimension(axis: int) -> int:
    """The dimension of an array that is an axis of a sample: 0 is the channels, -1 the batch."""
    return {0: -1, -1: 0}.get(axis, axis)


def channels_first(x: Array) -> Array:
    return ops.moveaxis(x, -1, 1) if len(x.shape) > 2 else x


def channels_last(x: Array) -> Array:
    return ops.moveaxis(x, 1, -1) if len(x.shape) > 2 else x


def padded(
    x: Array, pads: Iterable[tuple[int, int]], mode: str = "zeros", value: float = 0.0
) -> Array:
    """Values around the map; negative amounts crop."""
    pads = [(int(before), int(after)) for before, after in pads]
    if mode not in ("zeros", "constant"):
        return _repeated(x, pads, mode)
    sizes = map_sizes(inside(x))
    kept = [
        slice(max(-before, 0), n - max(-after, 0))
        for n, (before, after) in zip(sizes, pads, strict=True)
    ]
    x = x[(slice(None), *kept)]
    around = [(max(before, 0), max(after, 0)) for before, after in pads]
    if not any(map(any, around)):
        return x
    filled = {} if mode == "zeros" or value == 0 else {"constant_values": value}
    return ops.pad(x, [(0, 0), *around, (0, 0)], **filled)


def _repeated(x: Array, pads: Iterable[tuple[int, int]], mode: str) -> Array:
    """Places of the map read again, as the padding of a ramp says which."""
    import numpy

    for axis, (before, after) in enumerate(pads, start=1):
        ramp = numpy.arange(int(x.shape[axis]))[None, None]
        places = pad_places(numpy, ramp, [(before, after)], mode)[0, 0]
        x = ops.take(x, ops.convert_to_tensor(places.astype("int32")), axis=axis)
    return x
