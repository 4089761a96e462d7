"""Abstract types: what counts as an instance of them is a question, not a class."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Function
from cnncalc.python.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Instance,
    Iterated,
    Partial,
    SetValue,
    Value,
)

__all__ = ["ABSTRACT", "abstract"]


def abstract(name: str, test: Callable[[Value], bool]) -> Class:
    """A type whose instances are those that pass a test."""
    return Class(name, test=test)


def is_sequence(value: Value) -> bool:
    return isinstance(content_of(value), list | tuple | str | range)


def is_iterable(value: Value) -> bool:
    value = content_of(value)
    return isinstance(value, list | tuple | str | range | dict | SetValue | Iterated) or (
        isinstance(value, Instance) and value.cls.find("__iter__") is not MISSING
    )


ABSTRACT = {
    "Iterable": abstract("Iterable", is_iterable),
    "Collection": abstract("Collection", is_iterable),
    "Sequence": abstract("Sequence", is_sequence),
    "MutableSequence": abstract("MutableSequence", lambda v: isinstance(content_of(v), list)),
    "Mapping": abstract("Mapping", lambda v: isinstance(content_of(v), dict)),
    "MutableMapping": abstract("MutableMapping", lambda v: isinstance(content_of(v), dict)),
    "Callable": abstract(
        "Callable", lambda v: isinstance(v, Function | Bound | Builtin | Class | Partial)
    ),
    "Iterator": abstract("Iterator", lambda v: isinstance(v, Iterated)),
    "Hashable": abstract("Hashable", lambda v: not isinstance(v, list | dict | SetValue)),
}
