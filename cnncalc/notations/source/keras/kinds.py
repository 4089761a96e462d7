"""What an object is to Keras, known without loading its rules."""

from __future__ import annotations

from cnncalc.python.values import MISSING, Class, Instance, Value

__all__ = [
    "Unsized",
    "is_keras_class",
    "is_keras_layer",
    "is_keras_layer_class",
    "is_keras_model",
]


class Unsized(Exception):  # noqa: N818, no error: a run is put off
    """An input whose size the source leaves open: a run needs one from outside.

    Attributes:
        sizes: in Keras's order, those that it has, and None for the others; None: none.
    """

    def __init__(self, sizes: tuple[int | None, ...] | None) -> None:
        super().__init__()
        self.sizes = sizes


def is_keras_layer(value: Value) -> bool:
    """A layer of Keras; models are layers too."""
    return isinstance(value, Instance) and value.cls.find("__keras_layer__") is not MISSING


def is_keras_model(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.find("__keras_model__") is not MISSING


def is_keras_class(value: Value) -> bool:
    """A class of Keras models."""
    return isinstance(value, Class) and value.find("__keras_model__") is not MISSING


def is_keras_layer_class(value: Value) -> bool:
    """A class of Keras layers."""
    return isinstance(value, Class) and value.find("__keras_layer__") is not MISSING
