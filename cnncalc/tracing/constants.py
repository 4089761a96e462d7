"""Tensors that don't depend on the input: arithmetic and moves, where their numbers are known."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence

from cnncalc.python.open_numbers import taken_by
from cnncalc.tracing.arrays import Numbers, Sizes, joined, single, singles, stretched, turned
from cnncalc.tracing.tensors import Parameter, Static

__all__ = [
    "BINARY",
    "combined",
    "fraction_of",
    "one_after_another",
    "permuted",
    "seen_as",
    "sources_of",
    "worked_out",
]


def power(a: float, b: float) -> float:
    return a**b if abs(float(b)) < 100 and abs(float(a)) < 1e6 else math.inf


# Of two numbers, by the word for the operation.
BINARY: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": power,
}
MOST = 2**63  # a whole number of 64 bits is below
WHOLE = ("add", "sub", "mul", "floordiv", "mod", "pow")  # whole numbers of whole numbers


def worked_out(function: Callable[[float], float] | None, tensor: Static) -> Static:
    """A tensor after a function of each number, where it has a result; None: not known."""
    values: Numbers | None = None
    if function is not None and tensor.values is not None:
        try:
            values = [single(fraction_of(function(each), (each,))) for each in tensor.values]
        except (ArithmeticError, TypeError, ValueError):  # no result, or the batch is among them
            values = None
    whole = tensor.whole and values is not None and all(isinstance(v, int) for v in values)
    return Static(tensor.shape, tensor.sources, values, whole)


def fraction_of(result: float, numbers: Sequence[float]) -> float:
    """What a function gives; a fraction that it made of sizes with names depends on them."""
    return taken_by(result, numbers) if type(result) is float else result


def combined(op: str, sides: Sequence[Static | float], shape: Sizes) -> tuple[Numbers | None, bool]:
    """The numbers of `left op right` at their common shape, and whether they are whole.

    The numbers are None where those of a side aren't known. Whole numbers stay exact, others
    are as float32 keeps them.

    Raises:
        ArithmeticError: numbers that have no result.
    """
    whole = op in WHOLE and all(each.whole if isinstance(each, Static) else isinstance(each, int)
                                for each in sides)  # fmt: skip
    lists = [numbers_of(each, shape) for each in sides]
    if op not in BINARY or any(each is None for each in lists):
        return None, whole
    function = BINARY[op]
    found = [function(a, b) for a, b in zip(*lists, strict=True)]
    if whole and all(isinstance(each, int) and -MOST < each < MOST for each in found):
        return found, True
    return singles(found), False


def numbers_of(side: Static | float, shape: Sizes) -> Numbers | None:
    if not isinstance(side, Static):
        return stretched([side], (), shape)
    return None if side.values is None else stretched(side.values, side.shape, shape)


def seen_as(tensor: Static, shape: Sizes) -> Static:
    """The same numbers in other sizes."""
    made = Static(shape, tensor.sources, tensor.values, tensor.whole, tensor.fill)
    made.computed = tensor.computed
    made.part_of, made.ends = tensor, tensor.ends
    return made


def permuted(tensor: Static, axes: Sequence[int]) -> Static:
    """The axes in another order."""
    made = seen_as(tensor, tuple(tensor.shape[axis] for axis in axes))
    if tensor.values is not None:
        made.values = turned(tensor.values, tensor.shape, axes)
    return made


def one_after_another(parts: Sequence[Static], axis: int, most: int) -> Static:
    """Tensors joined along an axis; their numbers are kept if they are no more than `most`."""
    sizes = list(parts[0].shape)
    sizes[axis] = sum(part.shape[axis] for part in parts)
    made = Static(tuple(sizes), sources_of(parts))
    fills = {part.fill for part in parts}
    made.fill = fills.pop() if len(fills) == 1 else None
    made.whole = all(part.whole for part in parts)
    known = [(part.values, part.shape) for part in parts if part.values is not None]
    total = sum(len(values) for values, _ in known)
    if len(known) == len(parts) and total <= most:
        made.values = joined(known, axis)
    return made


def sources_of(tensors: Iterable[Static]) -> tuple[Parameter, ...]:
    """The weights that some tensors are made of, each once."""
    return tuple(dict.fromkeys(source for each in tensors for source in each.sources))
