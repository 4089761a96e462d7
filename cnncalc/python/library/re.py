"""`re.split` and `re.sub` of plain patterns, as block strings such as `r1_k3_s11` are read."""

from __future__ import annotations

import re

from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value

__all__ = ["NAMES"]

MAX_PATTERN, MAX_SUBJECT = 40, 200


def checked(pattern: Value, text: Value) -> re.Pattern[str]:
    """A pattern that can't take long: at most one repetition, on a short text."""
    if not isinstance(pattern, str) or not isinstance(text, str):
        raise Refusal("a pattern and a text are wanted here")
    repeats = sum(pattern.count(sign) for sign in "*+{?")
    if len(pattern) > MAX_PATTERN or len(text) > MAX_SUBJECT or repeats > 1:
        raise Refusal("a pattern with more than one repetition can't be followed")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        raise Refusal("this pattern can't be read") from None


def split(machine: Machine, pattern: Value, text: Value) -> list[Value]:
    return list(checked(pattern, text).split(text))


def substitute(machine: Machine, pattern: Value, new: Value, text: Value) -> str:
    if not isinstance(new, str) or len(new) > MAX_SUBJECT or "\\" in new:
        raise Refusal("a plain text is wanted here")
    return checked(pattern, text).sub(new, text)


NAMES: dict[str, Value] = {
    "split": simple("split", split),
    "sub": simple("sub", substitute),
}
