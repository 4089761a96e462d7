"""The parts of `math` and NumPy that network code uses."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from cnncalc.notations.source.builtin import TYPES, simple
from cnncalc.notations.source.creating import from_values
from cnncalc.notations.source.data import content_of, iterate, listed
from cnncalc.notations.source.limits import check_count, check_int
from cnncalc.notations.source.operators import binary
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    Builtin,
    Silent,
    Value,
)
from cnncalc.notations.source.words import words
from cnncalc.tracing.tensors import Static, one_number

__all__ = ["NUMERIC"]


def numeric(name: str, function: Callable[..., float]) -> Builtin:
    """A function of numbers, whose faults are Python's."""

    def call(machine: Any, *args: Value) -> Value:
        numbers = [one_number(content_of(arg)) for arg in args]
        if any(isinstance(each, Static) for each in numbers):
            return number_by_number(machine, call, numbers)
        if not all(isinstance(each, int | float) for each in numbers):
            raise Refusal(f"`{name}` is worked out for numbers only")
        try:
            value = function(*numbers)
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise raised("ValueError", f"`{name}` of this has no value ({error})") from None
        return check_int(value) if isinstance(value, int) else value

    return simple(name, call)


def number_by_number(machine: Any, call: Callable[..., Value], args: list[Value]) -> Static:
    """A function of numbers on the numbers of arrays of one shape."""
    arrays = [each for each in args if isinstance(each, Static)]
    shape = arrays[0].shape
    if any(each.shape != shape or each.values is None for each in arrays):
        raise Refusal("arrays of unknown or of different sizes can't be worked out")
    count = len(arrays[0].values or ())
    machine.budget.spend(2 * count)
    columns = [each.values or [] if isinstance(each, Static) else [each] * count for each in args]
    found = [call(machine, *row) for row in zip(*columns, strict=True)]
    return Static(shape, (), found, all(isinstance(each, int) for each in found))


def product(machine: Any, values: Value, *more: Value, start: Value = 1, **options: Value) -> Value:
    """The product of numbers; a batch size among them stays unknown."""
    total = start
    if isinstance(values, int | float):  # NumPy takes one number too
        return values
    for value in iterate(machine, values):
        machine.budget.spend(1)
        total = binary(machine, ast.Mult, total, value)
    return total


def linspace(machine: Any, start: Value, stop: Value, num: Value = 50, **options: Value) -> Static:
    """`numpy.linspace`."""
    check_count(num)
    machine.budget.spend(num)
    gap = (stop - start) / max(num - 1, 1)
    return Static((num,), (), [start + gap * place for place in range(num)])


def at_least_1d(machine: Any, values: Value) -> Static:
    """`numpy.atleast_1d`."""
    return from_values(machine, values if isinstance(values, list | tuple | Static) else [values])


def known(values: Static, what: str) -> list[Any]:
    if values.values is None:
        raise Refusal(f"`{what}` of numbers that aren't known")
    return values.values


def reduced(name: str, function: Callable[[list[Any]], float]) -> Builtin:
    """`numpy.sum` and its kind, of all the numbers."""

    def call(machine: Any, values: Value, *args: Value, **options: Value) -> Value:
        if args or any(options.get(each) is not None for each in ("axis", "keepdims")):
            raise Refusal(f"`{name}` along an axis can't be followed")
        numbers = known(from_values(machine, values), name)
        machine.budget.spend(len(numbers))
        if not numbers:
            raise raised("ValueError", f"`{name}` of nothing")
        value = function(numbers)
        return check_int(value) if isinstance(value, int) else value

    return simple(name, call)


def sums(machine: Any, values: Value, *args: Value, **options: Value) -> Static:
    """`numpy.cumsum` of one row."""
    array = from_values(machine, values)
    numbers = list(accumulate(known(array, "cumsum")))
    machine.budget.spend(len(numbers))
    return Static((len(numbers),), (), numbers, array.whole)


def unique(machine: Any, values: Value, return_counts: Value = False, **options: Value) -> Value:
    """`numpy.unique`: the different numbers in order, perhaps with how many there are of each."""
    if any(options.values()):
        raise Refusal("`unique` with these options can't be followed")
    array = from_values(machine, values)
    counts = Counter(known(array, "unique"))
    machine.budget.spend(2 * len(known(array, "unique")))
    found = sorted(counts)
    made = Static((len(found),), (), found, array.whole)
    if return_counts:
        return made, Static((len(found),), (), [counts[each] for each in found], True)
    return made


def sized(machine: Any, shape: Value, value: Value, *args: Value, **options: Value) -> Static:
    """`numpy.full` and its kind."""
    sizes = tuple(listed(machine, shape)) if isinstance(shape, tuple | list) else (shape,)
    known = len(sizes) == 1 and isinstance(value, int | float)
    if known:
        check_count(sizes[0])
        machine.budget.spend(sizes[0])
    return Static(sizes, (), [value] * sizes[0] if known else None, isinstance(value, int))


def arange(machine: Any, *bounds: Value, **options: Value) -> Static:
    """`numpy.arange` of whole numbers."""
    values = range(*bounds)
    check_count(len(values))
    machine.budget.spend(len(values))
    return Static((len(values),), (), list(values), True)


MATH: dict[str, Callable[..., float]] = {
    name: getattr(math, name)
    for name in words(
        "sqrt ceil floor log log2 log10 log1p exp gcd fabs trunc isnan isinf isclose sin cos tan "
        "tanh atan degrees radians hypot copysign fmod isfinite"
    )
}


NUMERIC: dict[str, Value] = {
    **{f"math.{name}": numeric(name, function) for name, function in MATH.items()},
    "math.pow": numeric("pow", lambda a, b: float(a) ** b if abs(b) < 1000 else math.inf),
    "math.prod": simple("prod", product),
    "math.pi": math.pi,
    "math.e": math.e,
    "math.inf": math.inf,
    "math.nan": math.nan,
    "numpy.prod": simple("prod", product),
    "numpy.product": simple("prod", product),
    **{f"numpy.{name}": numeric(name, function) for name, function in MATH.items()},
    "numpy.array": simple("array", from_values),
    "numpy.asarray": simple("asarray", from_values),
    "numpy.atleast_1d": simple("atleast_1d", at_least_1d),
    "numpy.sum": reduced("sum", sum),
    "numpy.max": reduced("max", max),
    "numpy.min": reduced("min", min),
    "numpy.mean": reduced("mean", lambda numbers: sum(numbers) / len(numbers)),
    "numpy.any": reduced("any", any),
    "numpy.all": reduced("all", all),
    "numpy.cumsum": simple("cumsum", sums),
    "numpy.unique": simple("unique", unique),
    "numpy.full": simple("full", sized),
    "numpy.zeros": simple("zeros", lambda machine, shape, *a, **o: sized(machine, shape, 0.0)),
    "numpy.ones": simple("ones", lambda machine, shape, *a, **o: sized(machine, shape, 1.0)),
    "numpy.linspace": simple("linspace", linspace),
    "numpy.arange": simple("arange", arange),
    "numpy.power": numeric("power", lambda a, b: a**b if abs(b) < 64 else math.inf),
    "numpy.pi": math.pi,
    "numpy.inf": math.inf,
    "numpy.abs": numeric("abs", abs),
    "numpy.round": numeric("round", round),
    "numpy.int32": TYPES["int"],
    "numpy.int64": TYPES["int"],
    "numpy.float32": TYPES["float"],
    "numpy.float64": TYPES["float"],
    "numpy.random": Silent("numpy.random"),
}  # fmt: skip
