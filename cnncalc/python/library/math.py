"""The parts of `math` that network code uses."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import iterate, plain
from cnncalc.python.limits import check_int
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import is_open, taken_by
from cnncalc.python.operators import binary
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Builtin, Value
from cnncalc.python.wordlists import words

__all__ = ["FUNCTIONS", "NAMES", "numeric", "product"]

MAX_CHOSEN_FROM = 200


def numeric(name: str, function: Callable[..., float]) -> Builtin:
    """A function of numbers, whose faults are Python's."""

    def call(machine: Machine, *args: Value) -> Value:
        numbers = [plain(arg) for arg in args]
        guest = next((each for each in numbers if isinstance(each, Guest)), None)
        if guest is not None and (found := guest.each(machine, call, numbers)) is not MISSING:
            return found
        if not all(isinstance(each, int | float) for each in numbers):
            raise Refusal(f"`{name}` is worked out for numbers only")
        try:
            value = function(*numbers)
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise raised("ValueError", f"`{name}` of this has no value ({error})") from None
        if not is_open(value):
            value = taken_by(value, numbers, 0.5 if name == "sqrt" else None)
        return check_int(value) if isinstance(value, int) else value

    return simple(name, call)


def product(
    machine: Machine, values: Value, *more: Value, start: Value = 1, **options: Value
) -> Value:
    """The product of numbers; a batch size among them stays unknown."""
    total = start
    if isinstance(values, int | float):  # NumPy takes one number too
        return values
    for value in iterate(machine, values):
        machine.budget.spend(1)
        total = binary(machine, ast.Mult, total, value)
    return total


def combinations(n: float, k: float) -> float:
    """In how many ways k of n things can be chosen."""
    if not isinstance(n, int) or not isinstance(k, int):
        raise raised("TypeError", "`comb` takes whole numbers")
    if n > MAX_CHOSEN_FROM:
        raise Refusal("this number is beyond what a network needs", code="too-large")
    return math.comb(n, k)


FUNCTIONS: dict[str, Callable[..., float]] = {
    name: getattr(math, name)
    for name in words(
        "sqrt ceil floor log log2 log10 log1p exp erf gcd fabs trunc isnan isinf isclose sin cos "
        "tan tanh atan degrees radians hypot copysign fmod isfinite"
    )
}
NAMES: dict[str, Value] = {
    **{name: numeric(name, function) for name, function in FUNCTIONS.items()},
    "pow": numeric("pow", lambda a, b: float(a) ** b if abs(b) < 1000 else math.inf),
    "comb": numeric("comb", combinations),
    "prod": simple("prod", product),
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
}
