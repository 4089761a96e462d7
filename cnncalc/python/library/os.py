"""Paths as texts, and an environment without variables; no file is ever looked at."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.machine import Machine
from cnncalc.python.values import MISSING, Value

__all__ = ["NAMES"]

NOTHING_THERE = simple("exists", lambda machine, path: False)
GET = simple("get", lambda machine, key, default=None: default)


class Environment(Guest):
    """`os.environ`: what a source reads is the same on every machine, so no variable is set."""

    __slots__ = ()
    described = "the environment"

    def attribute(self, machine: Machine, name: str) -> Value:
        return GET if name in ("get", "setdefault", "pop") else MISSING

    def item(self, machine: Machine, index: Value) -> Value:
        raise raised("KeyError", f"no variable `{index}` is set where a source is read")

    def set_item(self, machine: Machine, index: Value, value: Value) -> None:
        """What a source sets is for others, and is passed over."""

    def truth(self, machine: Machine) -> bool:
        return False

    def length(self, machine: Machine) -> Value:
        return 0

    def iterate(self, machine: Machine) -> Iterable[Value]:
        return []


NAMES: dict[str, Value] = {
    "sep": "/",
    "environ": Environment(),
    "getenv": GET,
    "path.join": simple("join", lambda machine, *parts: "/".join(parts)),
    "path.basename": simple("basename", lambda machine, path: path.rpartition("/")[2]),
    "path.expanduser": simple("expanduser", lambda machine, path: path),
    "path.isfile": NOTHING_THERE,
    "path.exists": NOTHING_THERE,
    "path.isdir": NOTHING_THERE,
}
