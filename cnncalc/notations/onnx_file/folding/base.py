"""What folding works with: constants of a known shape, with numbers where they are few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.model import MAX_VALUES, Constant

__all__ = ["Fold", "constants", "made", "numbers", "part_of_shape"]

Fold = Callable[[Call], Constant | list[Constant]]


def constants(call: Call) -> list[Constant]:
    """The inputs that are given."""
    return [each for each in call.inputs if isinstance(each, Constant)]


def made(
    call: Call,
    shape: Shape,
    inputs: Sequence[Constant],
    compute: Callable[..., Any],
    sources: Sequence[Constant] | None = None,
) -> Constant:
    """A constant of a known shape, with numbers where those of the inputs are known.

    `sources`: the inputs whose stored tensors it is made of; by default all of them.
    """
    of = inputs if sources is None else sources
    stored = [each for constant in of for each in constant.sources]
    kept = tuple({id(each): each for each in stored}.values())
    call.tracer.spend(4 * len(stored))
    values = None
    if prod(shape) <= MAX_VALUES and all(each.values is not None for each in inputs):
        call.tracer.spend(prod(shape))
        values = numpy.asarray(compute(*[each.values for each in inputs])).reshape(shape)
    return Constant(shape, values, kept)


def numbers(values: Any) -> Constant:
    """Numbers that are no weights."""
    array = numpy.asarray(values)
    return Constant(tuple(array.shape), array)


def part_of_shape(call: Call, shape: Shape) -> Any:
    """What Shape gives, between its `start` and `end`."""
    start, end = call.attributes.get("start", 0), call.attributes.get("end")
    return numpy.array(shape[start:end], dtype="int64")
