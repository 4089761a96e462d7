"""`json.loads` of a text in the source."""

from __future__ import annotations

import json

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.limits import check_count, check_int, check_text
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value

__all__ = ["NAMES"]


def loads(machine: Machine, text: Value, **options: Value) -> Value:
    """`json.loads` of a text in the source."""
    if not isinstance(text, str):
        raise Refusal("`json.loads` takes a text")
    check_text(len(text))
    machine.budget.spend(len(text))
    try:
        value = json.loads(text, parse_int=lambda digits: check_int(int(digits)))
    except ValueError as error:
        raise raised("ValueError", f"this is no JSON: {error}") from None
    check_count(len(value) if isinstance(value, list | dict) else 0)
    return value


NAMES: dict[str, Value] = {"loads": simple("loads", loads)}
