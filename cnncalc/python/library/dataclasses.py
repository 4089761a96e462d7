"""Dataclasses: what the decorator makes of a class with annotations."""

from __future__ import annotations

from cnncalc.python.comparison import equal
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.records import Field, fields_of, fill
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Arguments,
    Builtin,
    Class,
    Instance,
    Keywords,
    Opaque,
    Value,
)

__all__ = ["NAMES"]


def make_field(
    machine: Machine,
    *,
    default: Value = MISSING,
    default_factory: Value = MISSING,
    init: Value = True,
    **rest: Value,
) -> Field:
    return Field(default, default_factory, bool(init))


def decorate(machine: Machine, cls: Value = None, **options: Value) -> Value:
    """`@dataclass`, with or without arguments."""
    if cls is None:
        return simple("dataclass", lambda m, decorated: decorate(m, decorated))
    if not isinstance(cls, Class) or cls.library:
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


def init_fields(machine: Machine, args: Arguments, kwargs: Keywords) -> None:
    """The `__init__` of a dataclass."""
    instance, *values = args
    owner = next(each for each in instance.cls.order if each.fields is not None)
    filled = fill(machine, owner.name, fields_of(owner), values, kwargs)
    instance.fields.update(filled)
    machine.special(instance, "__post_init__")


def equal_fields(machine: Machine, args: Arguments, kwargs: Keywords) -> bool:
    one, two = args
    if not isinstance(two, Instance) or two.cls is not one.cls:
        return False
    return all(
        equal(machine, one.fields.get(name), two.fields.get(name)) for name, _ in fields_of(one.cls)
    )


def as_dict(machine: Machine, value: Value) -> Value:
    """`dataclasses.asdict`."""
    machine.budget.spend(1)
    if isinstance(value, Instance) and value.cls.fields is not None:
        return {name: as_dict(machine, value.fields[name]) for name, _ in fields_of(value.cls)}
    if isinstance(value, list | tuple):
        return type(value)(as_dict(machine, each) for each in value)
    return value


def replace(machine: Machine, value: Value, **changes: Value) -> Value:
    """`dataclasses.replace`."""
    if not isinstance(value, Instance):
        raise Refusal("`replace` takes a record")
    known = {name: value.fields[name] for name, _ in fields_of(value.cls)}
    return machine.call(value.cls, [], known | changes)


def list_fields(machine: Machine, value: Value) -> Value:
    cls = value if isinstance(value, Class) else value.cls
    result = []
    for name, _ in fields_of(cls):
        each = Instance(OBJECT)
        each.fields["name"] = name
        result.append(each)
    return tuple(result)


NAMES: dict[str, Value] = {
    "dataclass": simple("dataclass", decorate),
    "KW_ONLY": Opaque("KW_ONLY"),
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
