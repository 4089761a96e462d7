"""The inputs of a model: the one that the analysis is of, and the further ones."""

from __future__ import annotations

from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx.reading.model import DeclaredInput, Model, broken, clean

__all__ = ["data_input", "further"]


def data_input(model: Model) -> DeclaredInput:
    """The first input with a batch axis, of which the size is asked for."""
    inputs = [each for each in model.graph.inputs if each.shape is None or len(each.shape) > 1]
    if not inputs:
        raise broken(model.file, "it has no input of data with a batch axis first")
    if inputs[0].shape is None:
        name = clean(inputs[0].name)
        raise broken(model.file, f"its input `{name}` doesn't say how many axes it has")
    return inputs[0]


def further(declared: DeclaredInput, symbols: dict[Any, int]) -> Shape | None:
    """The shape of a further input, by its own sizes and the names that it has in common."""
    if declared.shape is None or len(declared.shape) < 2:
        return None
    sizes = [symbols.get(size) if isinstance(size, str) else size for size in declared.shape[1:]]
    known = tuple(size for size in sizes if isinstance(size, int))
    return known if len(known) == len(sizes) else None
