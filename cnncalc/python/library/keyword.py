"""`keyword.iskeyword`."""

from __future__ import annotations

from keyword import iskeyword

from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.values import Value

__all__ = ["NAMES"]


def is_keyword(machine: Machine, text: Value) -> bool:
    return isinstance(text, str) and iskeyword(text)


NAMES: dict[str, Value] = {"iskeyword": simple("iskeyword", is_keyword)}
