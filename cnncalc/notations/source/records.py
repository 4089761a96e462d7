"""Record classes: dataclasses, named tuples, and copies of objects."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.builtin import simple
from cnncalc.notations.source.calls import unexpected
from cnncalc.notations.source.classes import OBJECT, RECORD
from cnncalc.notations.source.comparing import equal
from cnncalc.notations.source.data import content_of, listed
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Instance,
    Iterated,
    Opaque,
    SetValue,
    Value,
)
from cnncalc.tracing.tensors import Parameter, Static

__all__ = ["RECORDS", "record_class"]


class Field:
    """What `dataclasses.field(...)` says."""

    __slots__ = ("default", "factory", "init")

    def __init__(self, default: Value, factory: Value, init: bool) -> None:
        self.default = default
        self.factory = factory
        self.init = init


def make_field(
    machine: Any,
    *,
    default: Value = MISSING,
    default_factory: Value = MISSING,
    init: Value = True,
    **rest: Value,
) -> Field:
    return Field(default, default_factory, bool(init))


def decorate(machine: Any, cls: Value = None, **options: Value) -> Value:
    """`@dataclass`, with or without arguments."""
    if cls is None:
        return simple("dataclass", lambda m, decorated: decorate(m, decorated))
    if not isinstance(cls, Class):
        raise Refusal("`dataclass` takes a class")
    fields: dict[str, Value] = {}
    for each in reversed(cls.order):
        if each.fields is not None and each is not cls:
            fields.update(each.fields)
        else:
            own = each.names.get("__annotated__", ())
            fields.update({name: each.names.get(name, MISSING) for name in own})
    cls.fields = list(fields.items())
    for name, value in fields.items():
        if isinstance(value, Field):
            cls.names.pop(name, None)
            if value.default is not MISSING:
                cls.names[name] = value.default
    if "__init__" not in cls.names:
        cls.names["__init__"] = Builtin("__init__", init_fields)
    if "__eq__" not in cls.names:
        cls.names["__eq__"] = Builtin("__eq__", equal_fields)
    return cls


def fields_of(cls: Class) -> list[tuple[str, Value]]:
    return next((each.fields for each in cls.order if each.fields is not None), [])


def init_fields(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> None:
    """The `__init__` of a dataclass."""
    instance, *values = args
    owner = next(each for each in instance.cls.order if each.fields is not None)
    filled = fill(machine, owner.name, fields_of(owner), values, kwargs)
    instance.fields.update(filled)
    after = instance.cls.find("__post_init__")
    if after is not MISSING:
        machine.call(Bound(after, instance), [], {})


def fill(
    machine: Any,
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


def default_of(machine: Any, name: str, field: str, default: Value) -> Value:
    if isinstance(default, Field):
        if default.factory is not MISSING:
            return machine.call(default.factory, [], {})
        default = default.default
    if default is MISSING:
        raise raised("TypeError", f"`{name}` is called without `{field}`")
    return default


def equal_fields(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> bool:
    one, two = args
    if not isinstance(two, Instance) or two.cls is not one.cls:
        return False
    return all(
        equal(machine, one.fields.get(name), two.fields.get(name)) for name, _ in fields_of(one.cls)
    )


def as_dict(machine: Any, value: Value) -> Value:
    """`dataclasses.asdict`."""
    machine.budget.spend(1)
    if isinstance(value, Instance) and value.cls.fields is not None:
        return {name: as_dict(machine, value.fields[name]) for name, _ in fields_of(value.cls)}
    if isinstance(value, list | tuple):
        return type(value)(as_dict(machine, each) for each in value)
    return value


def replace(machine: Any, value: Value, **changes: Value) -> Value:
    """`dataclasses.replace`."""
    if not isinstance(value, Instance):
        raise Refusal("`replace` takes a record")
    known = {name: value.fields[name] for name, _ in fields_of(value.cls)}
    return machine.call(value.cls, [], known | changes)


def list_fields(machine: Any, value: Value) -> Value:
    cls = value if isinstance(value, Class) else value.cls
    result = []
    for name, _ in fields_of(cls):
        each = Instance(OBJECT)
        each.fields["name"] = name
        result.append(each)
    return tuple(result)


DATACLASSES: dict[str, Value] = {
    "dataclass": simple("dataclass", decorate),
    "field": simple("field", make_field),
    "asdict": simple("asdict", as_dict),
    "replace": simple("replace", replace),
    "fields": simple("fields", list_fields),
    "is_dataclass": simple(
        "is_dataclass",
        lambda machine, value: bool(
            fields_of(value.cls if isinstance(value, Instance) else value)
            if isinstance(value, Instance | Class)
            else False
        ),
    ),
}


def record_class(cls: Class) -> None:
    """A class whose objects are tuples with names (`typing.NamedTuple`)."""
    if cls.fields is None:
        cls.fields = [(name, cls.names.get(name, MISSING)) for name in cls.names["__annotated__"]]

    def make(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Instance:
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
    machine: Any, name: Value, fields: Value, defaults: Value = (), **options: Value
) -> Class:
    """`collections.namedtuple` and the call form of `typing.NamedTuple`."""
    if isinstance(fields, str):
        names = fields.replace(",", " ").split()
    else:
        names = [each[0] if isinstance(each, tuple) else each for each in listed(machine, fields)]
    cls = Class(name, (RECORD,), library=False)
    given = dict(zip(reversed(names), reversed(listed(machine, defaults or ())), strict=False))
    cls.fields = [(each, given.get(each, MISSING)) for each in names]
    record_class(cls)
    return cls


def copied(machine: Any, value: Value, deep: bool, known: dict[int, Value] | None = None) -> Value:
    """`copy.copy` or `copy.deepcopy`; modules keep their weights apart."""
    known = {} if known is None else known
    if id(value) in known:
        return known[id(value)]
    machine.budget.spend(2)

    def inner(each: Value) -> Value:
        return copied(machine, each, True, known) if deep else each

    if isinstance(value, list):
        result: list[Value] = []
        known[id(value)] = result
        result.extend(inner(each) for each in value)
        return result
    if isinstance(value, tuple):
        return tuple(inner(each) for each in value)
    if isinstance(value, dict):
        entries: dict[Value, Value] = {}
        known[id(value)] = entries
        entries.update((name, inner(each)) for name, each in value.items())
        return entries
    if isinstance(value, SetValue):
        return SetValue(dict(value.items))
    if isinstance(value, Iterated):
        return Iterated(list(value.items))
    if isinstance(value, Instance):
        return copied_instance(value, inner, known)
    if isinstance(value, Parameter) and deep:
        known[id(value)] = twin = Parameter(value.shape, value.role)
        twin.name, twin.trainable = value.name, value.trainable
        twin.holder = value.holder and known.get(id(value.holder))
        return twin
    if isinstance(value, Static) and deep and value.sources:
        return Static(value.shape, inner(value.sources), value.values, value.whole)
    return value


def copied_instance(value: Instance, inner: Any, known: dict[int, Value]) -> Instance:
    if value.cls.find("__members__") is not MISSING:
        return value
    twin = Instance(value.cls, value.made)
    known[id(value)] = twin
    twin.layers = value.layers
    twin.ready = value.ready
    twin.content = inner(content_of(value)) if value.content is not None else None
    twin.fields = {name: inner(each) for name, each in value.fields.items()}
    return twin


RECORDS: dict[str, Value] = {
    "collections.namedtuple": simple("namedtuple", named_tuple),
    "copy.copy": simple("copy", lambda machine, value: copied(machine, value, False)),
    "copy.deepcopy": simple("deepcopy", lambda machine, value: copied(machine, value, True)),
    **{f"dataclasses.{name}": value for name, value in DATACLASSES.items()},
    "dataclasses.KW_ONLY": Opaque("KW_ONLY"),
}
