"""The parts of `itertools` that network code uses; what they give is all there at once."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable

from cnncalc.python.functions import simple
from cnncalc.python.iteration import listed
from cnncalc.python.limits import MAX_ITEMS, check_count
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.operators import binary
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import OBJECT, Class, Iterated, Value

__all__ = ["NAMES"]


def chained(machine: Machine, *values: Value) -> Iterated:
    result = [item for value in values for item in listed(machine, value)]
    check_count(len(result))
    return Iterated(result)


def chain_all(machine: Machine, values: Value) -> Iterated:
    return chained(machine, *listed(machine, values))


def combined(function: Callable[..., Value]) -> Callable[..., Iterated]:
    """A function of itertools that gives tuples, within bounds."""

    def call(machine: Machine, *values: Value, **options: Value) -> Iterated:
        if any(isinstance(each, int) and each > 32 for each in (*values, *options.values())):
            raise Refusal("this takes far more values than a network needs", code="too-large")
        lists = [listed(machine, v) if not isinstance(v, int) else how_often(v) for v in values]
        rows = list(itertools.islice(function(*lists, **options), MAX_ITEMS + 1))
        check_count(len(rows))
        machine.budget.spend(len(rows))
        return Iterated(rows)

    return call


def repeated(machine: Machine, value: Value, times: Value = None) -> Iterated:
    if not isinstance(times, int):
        raise Refusal("`itertools.repeat` without a number never ends")
    check_count(times)
    return Iterated([value] * how_often(times))


def accumulated(machine: Machine, values: Value, function: Value = None) -> Iterated:
    result: list[Value] = []
    for value in listed(machine, values):
        if not result:
            result.append(value)
        elif function is None:
            result.append(binary(machine, ast.Add, result[-1], value))
        else:
            result.append(machine.call(function, [result[-1], value], {}))
    return Iterated(result)


def sliced(machine: Machine, values: Value, *bounds: Value) -> Iterated:
    items = listed(machine, values)
    return Iterated(items[slice(*map(how_often, bounds))])


CHAIN = Class(
    "chain",
    (OBJECT,),
    {"from_iterable": simple("from_iterable", chain_all)},
    make=lambda machine, args, kwargs: chained(machine, *args),
)
NAMES: dict[str, Value] = {
    "chain": CHAIN,
    "product": simple("product", combined(itertools.product)),
    "combinations": simple("combinations", combined(itertools.combinations)),
    "zip_longest": simple("zip_longest", combined(itertools.zip_longest)),
    "pairwise": simple("pairwise", combined(itertools.pairwise)),
    "repeat": simple("repeat", repeated),
    "accumulate": simple("accumulate", accumulated),
    "islice": simple("islice", sliced),
}
