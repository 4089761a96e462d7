"""The parts of NumPy that network code uses, by name."""

from __future__ import annotations

import math
from collections.abc import Callable

from cnncalc.notations.source.numpy.drawing import RANDOM
from cnncalc.notations.source.rows_of_numbers import arange, each_once, evenly_spaced, summed_up
from cnncalc.notations.source.torch.functions.creation import CREATION, from_values
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.iteration import listed
from cnncalc.python.library.math import FUNCTIONS, numeric, product
from cnncalc.python.limits import check_count, check_int
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.types import TYPES
from cnncalc.python.values import Builtin, Value
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import Numbers
from cnncalc.tracing.tensors import Static

__all__ = ["NUMPY"]


def linspace(
    machine: Machine, start: Value, stop: Value, num: Value = 50, **options: Value
) -> Static:
    """`numpy.linspace`."""
    return evenly_spaced(machine, start, stop, num)


def at_least_1d(machine: Machine, values: Value) -> Static:
    """`numpy.atleast_1d`."""
    return from_values(machine, values if isinstance(values, list | tuple | Static) else [values])


def known(values: Static, what: str) -> Numbers:
    if values.values is None:
        raise Refusal(f"`{what}` of numbers that aren't known")
    return values.values


def reduced(name: str, function: Callable[[Numbers], float]) -> Builtin:
    """`numpy.sum` and its kind, of all the numbers."""

    def call(machine: Machine, values: Value, *args: Value, **options: Value) -> Value:
        if args or any(options.get(each) is not None for each in ("axis", "keepdims")):
            raise Refusal(f"`{name}` along an axis can't be followed")
        numbers = known(from_values(machine, values), name)
        machine.budget.spend(len(numbers))
        if not numbers:
            raise raised("ValueError", f"`{name}` of nothing")
        value = function(numbers)
        return check_int(value) if isinstance(value, int) else value

    return simple(name, call)


def sums(machine: Machine, values: Value, *args: Value, **options: Value) -> Static:
    """`numpy.cumsum` of one row."""
    array = from_values(machine, values)
    return summed_up(machine, known(array, "cumsum"), array.whole)


def unique(
    machine: Machine, values: Value, return_counts: Value = False, **options: Value
) -> Value:
    """`numpy.unique`: the different numbers in order, perhaps with how many there are of each."""
    if any(options.values()):
        raise Refusal("`unique` with these options can't be followed")
    array = from_values(machine, values)
    return each_once(machine, known(array, "unique"), array.whole, bool(return_counts))


def sized(machine: Machine, shape: Value, value: Value, *args: Value, **options: Value) -> Static:
    """`numpy.full` and its kind."""
    sizes = tuple(listed(machine, shape)) if isinstance(shape, tuple | list) else (shape,)
    known = len(sizes) == 1 and isinstance(value, int | float) and not is_open(sizes[0])
    if known:
        check_count(sizes[0])
        machine.budget.spend(sizes[0])
    return Static(sizes, (), [value] * sizes[0] if known else None, isinstance(value, int))


NUMPY: dict[str, Value] = {
    "prod": simple("prod", product),
    "product": simple("prod", product),
    **{name: numeric(name, function) for name, function in FUNCTIONS.items()},
    "array": simple("array", from_values),
    "asarray": simple("asarray", from_values),
    "atleast_1d": simple("atleast_1d", at_least_1d),
    "sum": reduced("sum", sum),
    "max": reduced("max", max),
    "min": reduced("min", min),
    "mean": reduced("mean", lambda numbers: sum(numbers) / len(numbers)),
    "any": reduced("any", any),
    "all": reduced("all", all),
    "cumsum": simple("cumsum", sums),
    "unique": simple("unique", unique),
    "full": simple("full", sized),
    "zeros": simple("zeros", lambda machine, shape, *a, **o: sized(machine, shape, 0.0)),
    "ones": simple("ones", lambda machine, shape, *a, **o: sized(machine, shape, 1.0)),
    "eye": simple("eye", CREATION["eye"]),
    "identity": simple("identity", CREATION["eye"]),
    "linspace": simple("linspace", linspace),
    "arange": simple("arange", arange),
    "power": numeric("power", lambda a, b: a**b if abs(b) < 64 else math.inf),
    "pi": math.pi,
    "inf": math.inf,
    "abs": numeric("abs", abs),
    "round": numeric("round", round),
    "int32": TYPES["int"],
    "int64": TYPES["int"],
    "float32": TYPES["float"],
    "float64": TYPES["float"],
    **{f"random.{name}": value for name, value in RANDOM.items()},
}  # fmt: skip
