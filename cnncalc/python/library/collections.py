"""The containers of `collections`, and its abstract ones."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.abstract_types import ABSTRACT
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.records import named_tuple
from cnncalc.python.types import DEQUE, DICT
from cnncalc.python.values import MISSING, Entries, Value

__all__ = ["NAMES"]


class Defaults(Entries):
    """A dictionary that makes what is missing (`collections.defaultdict`)."""

    __slots__ = ("factory",)
    factory: Value

    def missing(self, call: Callable[[Value], Value]) -> Value:
        return MISSING if self.factory is None else call(self.factory)


def default_dict(
    machine: Machine, factory: Value = None, *sources: Value, **named: Value
) -> Defaults:
    result = Defaults(DICT.make(machine, list(sources), named) if DICT.make else {})
    result.factory = factory
    return result


NAMES: dict[str, Value] = {
    "OrderedDict": DICT,
    "defaultdict": simple("defaultdict", default_dict),
    "deque": DEQUE,
    "namedtuple": simple("namedtuple", named_tuple),
    **ABSTRACT,
    **{f"abc.{name}": cls for name, cls in ABSTRACT.items()},
}
