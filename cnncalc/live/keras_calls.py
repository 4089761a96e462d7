"""Keras's layers and operations in the words of Keras's source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from re import sub

from cnncalc.frameworks.keras import READERS
from cnncalc.layers.base import REQUIRED
from cnncalc.live.literals import literal, subscript
from cnncalc.live.objects import Keras
from cnncalc.live.program import refusal

__all__ = ["is_distributed", "known_class", "layer_arguments", "operation_words"]

Words = Callable[[object], str]

# Weights that no layer trains.
STATISTICS = ("count", "mean", "moving", "renorm", "variance")
UNSAID = ("name", "dtype", "seed", "trainable")
# What gives a layer other weights than its arguments say.
CHANGED = {"lora_enabled": "has low-rank adaptation", "quantization_mode": "is quantized"}
# What Keras makes of some arguments that aren't given.
DEFAULTS = {"data_format": "channels_last"}
# Layers that the reader of source makes of others, with their settings.
COMPOSED: dict[str, dict[str, object]] = {
    "Attention": {"use_scale": False, "score_mode": "dot", "dropout": 0.0},
    "Dot": {"axes": REQUIRED, "normalize": False},
}
# Operations whose function has another name than their class.
NAMES = {"Getitem": "get_item", "ReLU": "relu"}
# Settings of operations that their functions take by position.
BY_POSITION = ("axes", "newshape", "pad_width", "shape", "size")


def known_class(keras: Keras, layer: Keras) -> str | None:
    """The class of Keras's vocabulary that a layer is, or works as."""
    for cls in type(layer).__mro__:
        if getattr(keras.layers, cls.__name__, None) is cls:
            alike = cls.call is type(layer).call and cls.build is type(layer).build
            return cls.__name__ if alike and cls.__name__ in {*READERS, *COMPOSED} else None
    return None


def is_distributed(keras: Keras, layer: Keras) -> bool:
    """Whether a layer runs another one at every step of its first axis."""
    cls = keras.layers.TimeDistributed
    return isinstance(layer, cls) and type(layer).call is cls.call


def layer_arguments(cls: str, layer: Keras, made: Words) -> Iterator[str]:
    """The arguments that make a layer again; `made` has the words for a layer inside of it."""
    config = layer.get_config()
    for attribute, what in CHANGED.items():
        if getattr(layer, attribute, None):
            raise refusal(f"`{layer.name}` {what}, which is not known here")
    for name, default in _settings(cls).items():
        value = plain(config.get(name, default))
        if value in (DEFAULTS.get(name), config.get("pool_size") if name == "strides" else ...):
            value = default
        if name in UNSAID or name not in config:
            continue
        if name in INSIDE:
            yield f"{name}={INSIDE[name](layer, made)}"
        elif name == "activation":
            yield f"activation={_activation(layer, value, made)}"
        elif value != default and not isinstance(value, Mapping):
            yield f"{name}={literal(value)}"
    if config.get("rms_scaling"):
        yield "rms_scaling=True"
    if layer.weights and not layer.trainable:
        yield "trainable=False"
    elif odd := [each for each in layer.weights if not each.trainable and not _kept(each)]:
        raise refusal(
            f"`{layer.name}` keeps its `{odd[0].name}` from training and trains the rest",
            "set `layer.trainable`",
        )


def _settings(cls: str) -> Mapping[str, object]:
    """The settings of a class by name, with what they are if they aren't given."""
    if cls in COMPOSED:
        return COMPOSED[cls]
    parameters = signature(READERS[cls]).parameters.values()
    return {each.name: each.default for each in parameters if each.kind is not each.VAR_KEYWORD}


def _of_cell(layer: Keras, made: Words) -> str:
    """The words for the cell inside of an RNN."""
    cell, cls = layer.cell, type(layer.cell).__name__
    if cls not in READERS or not type(cell).__module__.startswith("keras."):
        raise refusal(f"`{cell.name}` is a `{cls}`, which is not known here")
    return f"layers.{cls}({', '.join(layer_arguments(cls, cell, made))})"


def _one_way(layer: Keras, made: Words) -> str:
    """The words for the layer inside of a Bidirectional, which makes one of each direction."""
    one, two = ({**each.get_config(), "class": type(each).__name__} for each in
                (layer.forward_layer, layer.backward_layer))  # fmt: skip
    differ = {key for key in one | two if one.get(key) != two.get(key)}
    if differ - {"go_backwards", "name"}:
        raise refusal(f"the directions of `{layer.name}` differ, which is not known here")
    arguments = layer_arguments(one["class"], layer.forward_layer, made)
    return f"layers.{one['class']}({', '.join(arguments)})"


# By the argument that is a layer, its words.
INSIDE: dict[str, Callable[[Keras, Words], str]] = {"cell": _of_cell, "layer": _one_way}


def _kept(variable: Keras) -> bool:
    return str(variable.name).startswith(STATISTICS)


def _activation(layer: Keras, value: object, made: Words) -> str:
    if value is None or isinstance(value, str):
        return literal(value)
    if hasattr(layer.activation, "get_config"):
        return made(layer.activation)
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    raise refusal(f"`{layer.name}` has the activation `{name}`, which is not known here")


def plain(value: object) -> object:
    """A setting as plain data: arrays and their numbers as lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, tuple | list):
        return type(value)(plain(each) for each in value)
    return value


def operation_words(node: Keras, words: Words) -> str:
    """What an operation of `keras.ops` computes, in words."""
    operation, args = node.operation, list(node.arguments.args)
    name = type(operation).__name__
    if name == "GetItem":
        index = subscript(args[1], lambda value: _argument(value, words))
        return f"{words(args[0])}[{index}]"
    given = [_argument(each, words) for each in args]
    settings = {k: plain(v) for k, v in operation.get_config().items() if k != "name"}
    settings |= node.arguments.kwargs
    given += [_argument(v, words) for k, v in settings.items() if k in BY_POSITION]
    given += [
        f"{k}={_argument(v, words)}"
        for k, v in settings.items()
        if k not in BY_POSITION and v is not None
    ]
    home = "ops.image" if type(operation).__module__.endswith(".image") else "ops"
    return f"{home}.{NAMES.get(name, _snake(name))}({', '.join(given)})"


def _snake(name: str) -> str:
    """`LogSoftmax` is the class of `log_softmax`."""
    return sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _argument(value: object, words: Words) -> str:
    """A tensor or a variable by its words, all else as plain data."""
    if hasattr(value, "_keras_history") or hasattr(value, "assign"):
        return words(value)
    if value is ...:
        return "..."
    value = plain(value)
    if isinstance(value, tuple | list):
        inner = "".join(f"{_argument(each, words)}, " for each in value)
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    if value is None or isinstance(value, bool | int | float | str):
        return literal(value)
    raise refusal(f"an argument of the kind `{type(value).__name__}` can't be followed")
