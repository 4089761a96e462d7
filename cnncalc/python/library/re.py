"""Plain patterns, as block strings such as `r1_k3_s11` are read with."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.python.functions import class_of_methods, simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value

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


def find_all(machine: Machine, pattern: Value, text: Value) -> list[Value]:
    return list(checked(pattern, text).findall(text))


def finder(how: str) -> Callable[..., Value]:
    """`re.match`, `search`, `fullmatch`: what was found, or None."""

    def call(machine: Machine, pattern: Value, text: Value) -> Value:
        found = getattr(checked(pattern, text), how)(text)
        return None if found is None else as_match(found)

    return call


def as_match(found: re.Match[str]) -> Instance:
    """What was found, with its groups."""
    made = Instance(MATCH)
    texts = (found.group(), *found.groups())
    made.fields["__texts__"] = texts
    made.fields["__names__"] = {each: found.group(each) for each in found.re.groupindex}
    return made


def group(machine: Machine, match: Instance, *which: Value) -> Value:
    found = tuple(item(machine, match, each) for each in which or (0,))
    return found[0] if len(found) == 1 else found


def item(machine: Machine, match: Instance, which: Value) -> Value:
    """One group, by its number or its name."""
    texts, names = match.fields["__texts__"], match.fields["__names__"]
    if isinstance(which, str) and which in names:
        return names[which]
    if isinstance(which, int) and 0 <= which < len(texts):
        return texts[which]
    raise Refusal("this pattern has no such group")


MATCH = class_of_methods(
    "Match",
    {
        "__getitem__": item,
        "group": group,
        "groups": lambda machine, match: match.fields["__texts__"][1:],
        "groupdict": lambda machine, match: dict(match.fields["__names__"]),
    },
)
NAMES: dict[str, Value] = {
    "split": simple("split", split),
    "sub": simple("sub", substitute),
    "findall": simple("findall", find_all),
    **{how: simple(how, finder(how)) for how in ("match", "search", "fullmatch")},
}
