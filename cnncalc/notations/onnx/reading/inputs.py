"""The inputs of a model: the one that the analysis is of, and the further ones."""

from __future__ import annotations

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx.reading.model import DeclaredInput, Model, broken, clean
from cnncalc.notations.onnx.reading.scopes import needed, read_by

__all__ = ["data_input", "data_inputs", "further"]


def data_input(model: Model) -> DeclaredInput:
    """The first input with a batch axis, of which the size is asked for.

    One with no axis but that of the batch is one number a sample, which comes first where there
    are whole numbers alone.
    """
    inputs = [each for each in model.graph.inputs if each.shape is None or len(each.shape) > 1]
    inputs = inputs or [each for each in model.graph.inputs if each.whole and each.shape]
    if not inputs:
        raise broken(model.file, "it has no input of data with a batch axis first")
    if inputs[0].shape is None:
        name = clean(inputs[0].name)
        raise broken(model.file, f"its input `{name}` doesn't say how many axes it has")
    return inputs[0]


def data_inputs(model: Model) -> list[DeclaredInput]:
    """The first input, and the others with a batch that some node reads, in their order."""
    first = data_input(model)
    read = {name for node in needed(model.graph) for name in read_by(node)}
    others = [each for each in model.graph.inputs if each is not first and each.name in read]
    return [first, *(each for each in others if _has_batch(each, first))]


def _has_batch(declared: DeclaredInput, first: DeclaredInput) -> bool:
    """Whether an input has an axis in front that is the first one's batch; or may have."""
    if not declared.shape:
        return False
    assert first.shape is not None
    return len(declared.shape) > 1 or (declared.whole and declared.shape[0] == first.shape[0])


def further(declared: DeclaredInput, symbols: dict[int | str | None, int]) -> Shape | None:
    """The shape of a further input, by its own sizes and the names that it has in common."""
    if not declared.shape:
        return None
    sizes = [symbols.get(size) if isinstance(size, str) else size for size in declared.shape[1:]]
    known = tuple(size for size in sizes if isinstance(size, int))
    return known if len(known) == len(sizes) else None
