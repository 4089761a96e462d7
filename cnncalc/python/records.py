"""Records: classes with a list of fields, as named tuples and dataclasses are."""

from __future__ import annotations

from cnncalc.python.calls import unexpected
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Class,
    Instance,
    Opaque,
    Value,
)

__all__ = ["RECORD", "Field", "fields_of", "fill", "named_tuple", "tuple_class"]


class Field:
    """What `dataclasses.field(...)` says."""

    __slots__ = ("default", "factory", "init")

    def __init__(self, default: Value, factory: Value, init: bool) -> None:
        self.default = default
        self.factory = factory
        self.init = init


def fields_of(cls: Class) -> list[tuple[str, Value]]:
    return next((each.fields for each in cls.order if each.fields is not None), [])


def fill(
    machine: Machine,
    name: str,
    fields: list[tuple[str, Value]],
    values: list[Value],
    kwargs: dict[str, Value],
) -> dict[str, Value]:
    """The fields of a record, from arguments and defaults."""
    places = [field for field, default in fields if not isinstance(default, Field) or default.init]
    if len(values) > len(places):
        raise raised("TypeError", f"`{name}` takes {len(places)} values, not {len(values)}")
    filled = dict(zip(places, values, strict=False))
    for given, value in kwargs.items():
        if given not in places or given in filled:
            raise unexpected(name, given, given in filled, places)
        filled[given] = value
    for field, default in fields:
        if field not in filled:
            filled[field] = default_of(machine, name, field, default)
    return {field: filled[field] for field, _ in fields}


def default_of(machine: Machine, name: str, field: str, default: Value) -> Value:
    if isinstance(default, Field):
        if default.factory is not MISSING:
            return machine.call(default.factory, [], {})
        default = default.default
    if default is MISSING:
        raise raised("TypeError", f"`{name}` is called without `{field}`")
    return default


def record_class(cls: Class) -> None:
    """A class whose objects are tuples with names (`typing.NamedTuple`)."""
    if cls.fields is None:
        cls.fields = [(name, cls.names.get(name, MISSING)) for name in cls.names["__annotated__"]]

    def make(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Instance:
        filled = fill(machine, cls.name, with_defaults(cls), args, kwargs)
        instance = Instance(cls, machine.spans())
        instance.fields.update(filled)
        instance.content = tuple(filled.values())
        return instance

    cls.make = make
    cls.names["__new__"] = Opaque("__new__")  # whose `__defaults__` may be set
    cls.names["_fields"] = tuple(name for name, _ in cls.fields)
    cls.names["_replace"] = simple(
        "_replace", lambda machine, value, **changes: make(machine, [], value.fields | changes)
    )
    cls.names["_asdict"] = simple("_asdict", lambda machine, value: dict(value.fields))


def with_defaults(cls: Class) -> list[tuple[str, Value]]:
    """A record's fields; `Record.__new__.__defaults__ = …` gives the last ones defaults."""
    fields = cls.fields or []
    given = cls.names["__new__"].fields.get("__defaults__")
    if not isinstance(given, tuple):
        return fields
    names = [name for name, _ in fields]
    defaults = dict(zip(reversed(names), reversed(given), strict=False))
    return [(name, defaults.get(name, MISSING)) for name in names]


def named_tuple(
    machine: Machine, name: Value, fields: Value, defaults: Value = (), **options: Value
) -> Class:
    """`collections.namedtuple` and the call form of `typing.NamedTuple`."""
    if isinstance(fields, str):
        names = fields.replace(",", " ").split()
    else:
        names = [each[0] if isinstance(each, tuple) else each for each in listed(machine, fields)]
    given = dict(zip(reversed(names), reversed(listed(machine, defaults or ())), strict=False))
    return tuple_class(name, {each: given.get(each, MISSING) for each in names})


def tuple_class(name: str, fields: dict[str, Value]) -> Class:
    """A class of tuples with these names, and their defaults (MISSING: none)."""
    cls = Class(name, (RECORD,), library=False)
    cls.fields = list(fields.items())
    record_class(cls)
    return cls


RECORD = Class("NamedTuple", (OBJECT,))
RECORD.finish = record_class
