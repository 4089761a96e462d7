"""Attributes: which exist, for each kind of value, and what setting or deleting one does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.python.classes import PLAIN_INIT, PLAIN_NEW, Super
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.limits import MAX_ATTRIBUTES
from cnncalc.python.machine import Function, Machine, Module
from cnncalc.python.methods import find_method
from cnncalc.python.name_tables import name_table
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.types import class_of
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Arguments,
    Bound,
    Builtin,
    Class,
    Foreign,
    Instance,
    Keywords,
    Namespace,
    Opaque,
    Partial,
    Property,
    Silent,
    StaticMethod,
    Value,
    describe,
)
from cnncalc.suggestions import suggest

__all__ = [
    "delete_attribute",
    "get_attribute",
    "look_up",
    "no_attribute",
    "set_attribute",
    "set_field",
]


MAX_KNOWN = 500


def get_attribute(machine: Machine, value: Value, name: str) -> Value:
    """`value.name`."""
    found = look_up(machine, value, name)
    if found is MISSING:
        raise no_attribute(machine, value, name)
    return found


def look_up(machine: Machine, value: Value, name: str) -> Value:
    """The attribute, or MISSING."""
    if isinstance(value, Guest):
        found = value.attribute(machine, name)
    elif (reader := READERS.get(type(value))) is not None:
        found = reader(machine, value, name)
    else:
        found = find_method(machine, value, name)
    if found is MISSING and name == "__class__":
        return class_of(value)
    return found


def no_attribute(machine: Machine, value: Value, name: str) -> Raised:
    """The AttributeError of a value, with the nearest attribute that there is."""
    if isinstance(value, Instance):
        text = f"`{value.cls.name}` has no attribute `{name}`"
        return raised("AttributeError", text, lambda: nearest(value, name))
    if isinstance(value, Class):
        return raised("AttributeError", f"`{value.name}` has no attribute `{name}`")
    text = f"{describe(value)} has no attribute `{name}` that can be followed"
    return raised("AttributeError", text, lambda: method_meant(machine, value, name))


def nearest(value: Instance, name: str) -> str:
    """The question whether a known attribute was meant, or nothing."""
    known = [*value.fields, *(each for cls in value.cls.order for each in cls.names)]
    near = suggest(name, [each for each in known if not each.startswith("__")][:MAX_KNOWN])
    if near:
        return f"; did you mean `{near}`?"
    init = next((each for each in known if each.strip("_") == "init" != each), None)
    return f"; is `{init}` meant for `__init__`?" if init not in (None, "__init__") else ""


def method_meant(machine: Machine, value: Value, name: str) -> str:
    """The question whether a known attribute was meant, or nothing."""
    if isinstance(value, Builtin) and value.name == "super":
        return f"; did you mean `super().{name}`?"
    near = value.near_attribute(machine, name) if isinstance(value, Guest) else None
    return f"; did you mean `{near}`?" if near else ""


def of_instance(machine: Machine, value: Instance, name: str) -> Value:
    machine.budget.spend(len(value.cls.order) >> 4)
    found = value.cls.find(name)
    if isinstance(found, Property) and not (found.cached and name in value.fields):
        result = machine.call(found.getter, [value], {})
        if found.cached:
            value.fields[name] = result
        return result
    if name in value.fields:
        return value.fields[name]
    if found is not MISSING:
        return bound(found, value, value.cls)
    if name in SPECIAL:
        return SPECIAL[name](machine, value)
    dynamic = dynamic_attribute(machine, value, name)
    if dynamic is not MISSING:
        return dynamic
    return find_method(machine, value.content, name) if value.content is not None else MISSING


def dynamic_attribute(machine: Machine, value: Instance, name: str) -> Value:
    """What `__getattr__` gives, the framework's or the source's own."""
    if name.startswith("__") and name.endswith("__"):
        return MISSING
    return machine.special(value, "__getattr__", name)


SPECIAL: dict[str, Callable[[Machine, Instance], Value]] = {
    "__class__": lambda machine, value: value.cls,
    "__dict__": lambda machine, value: dict(value.fields),
    "__doc__": lambda machine, value: None,
    "__init__": lambda machine, value: Bound(PLAIN_INIT, value),
    "__getattribute__": lambda machine, value: Builtin(
        "__getattribute__", lambda m, args, kwargs: plain_attribute(m, value, args[0])
    ),
    "__getattr__": lambda machine, value: Builtin(
        "__getattr__", lambda m, args, kwargs: get_attribute(m, value, args[0])
    ),
}


def bound(found: Value, receiver: Value, cls: Class) -> Value:
    """What a class holds, as an attribute of an object of it."""
    if isinstance(found, Function | Builtin):
        return Bound(found, receiver)
    if isinstance(found, StaticMethod):
        return Bound(found.function, cls) if found.of_class else found.function
    return found


def of_class(machine: Machine, value: Class, name: str) -> Value:
    machine.budget.spend(len(value.order) >> 4)
    found = value.find(name)
    if isinstance(found, StaticMethod):
        return Bound(found.function, value) if found.of_class else found.function
    if found is not MISSING:
        return found
    if name in ("__name__", "__qualname__"):
        return value.name
    if name in ("__init__", "__new__"):
        return PLAIN_INIT if name == "__init__" else PLAIN_NEW
    if name in ("__doc__", "__annotations__"):
        return None
    if name == "__mro__":
        return value.order
    return MISSING


def of_super(machine: Machine, value: Super, name: str) -> Value:
    found = value.find(name)
    receiver = value.receiver
    if name == "__init__" and value.owner.foreign and found is not MISSING:
        return Builtin(name, partial(foreign_init, value.owner, bound(found, receiver, OBJECT)))
    if isinstance(found, Property):
        return machine.call(found.getter, [receiver], {})
    if found is MISSING:
        if name == "__init__":
            return Bound(PLAIN_INIT, receiver)
        if name == "__new__":
            return PLAIN_NEW
        if name in ("__getattribute__", "__getattr__"):
            return Builtin(name, lambda m, args, _: plain_attribute(m, receiver, args[-1]))
        if name == "__setattr__":
            return Bound(Builtin(name, lambda m, args, _: set_field(*args[:3])), receiver)
        if name in ("__init_subclass__", "__post_init__"):
            return Builtin(name, lambda m, args, kwargs: None)
        content = receiver.content if isinstance(receiver, Instance) else None
        return find_method(machine, content, name) if content is not None else MISSING
    return bound(found, receiver, receiver if isinstance(receiver, Class) else receiver.cls)


def foreign_init(
    owner: Class, init: Value, machine: Machine, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """`super().__init__()` where one of the bases isn't read: the others may take its place."""
    refusal = Refusal(
        f"`{owner.name}` inherits from `{owner.foreign}`, which isn't read here", code="foreign"
    )
    if (args or kwargs) and isinstance(init, Bound) and isinstance(init.function, Builtin):
        raise refusal  # a library's own takes what is there, and so would lose it
    try:
        return machine.call(init, args, kwargs)
    except Raised as error:
        if error.value.cls.name != "TypeError" or not (args or kwargs):
            raise
        raise refusal from None


def plain_attribute(machine: Machine, value: Value, name: Value) -> Value:
    """An attribute without asking the object's own `__getattr__`."""
    if isinstance(value, Instance) and isinstance(name, str):
        if name in value.fields:
            return value.fields[name]
        found = value.cls.find(name)
        if found is not MISSING:
            return bound(found, value, value.cls)
    raise no_attribute(machine, value, str(name))


def of_function(machine: Machine, value: Function, name: str) -> Value:
    if name in value.attributes:
        return value.attributes[name]
    if name in ("__name__", "__qualname__"):
        return value.name
    if name == "__module__":
        return value.scope.module.file.name
    if name == "__kwdefaults__":
        return dict(value.kwdefaults) or None
    return None if name in ("__doc__", "__annotations__", "__wrapped__") else MISSING


def of_bound(machine: Machine, value: Bound, name: str) -> Value:
    if name == "__self__":
        return value.receiver
    if name == "__func__":
        return value.function
    return look_up(machine, value.function, name)


def of_builtin(machine: Machine, value: Builtin, name: str) -> Value:
    if name == "__kwdefaults__":  # of a library's: it has some, and which isn't known
        return {}
    return value.name if name in ("__name__", "__qualname__") else MISSING


def of_partial(machine: Machine, value: Partial, name: str) -> Value:
    parts = {"func": value.function, "args": tuple(value.args), "keywords": value.kwargs}
    return parts.get(name, MISSING)


def of_module(machine: Machine, value: Module, name: str) -> Value:
    if name == "__dict__":
        return name_table(value)
    if value.has(name) or value.stars:
        found = value.find(name)
        if found is not MISSING:
            return found
    return machine.submodule(value, name)


def of_namespace(machine: Machine, value: Namespace, name: str) -> Value:
    return machine.library(f"{value.path}.{name}")


def of_foreign(machine: Machine, value: Foreign, name: str) -> Value:
    return Foreign(f"{value.path}.{name}")


def of_opaque(machine: Machine, value: Opaque, name: str) -> Value:
    if name in value.fields:
        return value.fields[name]
    return type(value)(f"{value.name}.{name}")


def of_property(machine: Machine, value: Property, name: str) -> Value:
    if name in ("setter", "getter", "deleter"):

        def change(m: Machine, args: Arguments, kwargs: Keywords) -> Value:
            return Property(value.getter, args[0] if name == "setter" else value.setter)

        return Builtin(name, change)
    return MISSING


READERS: dict[type, Callable[[Machine, Value, str], Value]] = {
    Instance: of_instance,
    Class: of_class,
    Super: of_super,
    Function: of_function,
    Bound: of_bound,
    Builtin: of_builtin,
    Partial: of_partial,
    Module: of_module,
    Namespace: of_namespace,
    Foreign: of_foreign,
    Opaque: of_opaque,
    Property: of_property,
    Silent: of_opaque,
}


def set_attribute(machine: Machine, holder: Value, name: str, value: Value) -> None:
    """`holder.name = value`."""
    if isinstance(holder, Instance):
        found = holder.cls.find(name)
        if isinstance(found, Property) and found.setter is not None:
            machine.call(found.setter, [holder, value], {})
            return
        setter = holder.cls.find("__setattr__")
        if isinstance(setter, Function | Builtin):
            machine.call(Bound(setter, holder), [name, value], {})
            return
        set_field(holder, name, value)
    elif isinstance(holder, Class) and not holder.library:
        holder.names[name] = value
    elif isinstance(holder, Class):
        machine.patches.set(holder.names, name, value)
    elif isinstance(holder, Function):
        holder.attributes[name] = value
    elif isinstance(holder, Opaque):
        machine.patches.set(holder.fields, name, value)
    elif isinstance(holder, Guest):
        holder.set_attribute(machine, name, value)
    elif isinstance(holder, Module):
        holder.scope.names[name] = value
    elif not isinstance(holder, Namespace | Foreign | Bound):
        raise Refusal(f"{describe(holder)} has no attribute to set")


def set_field(holder: Instance, name: str, value: Value) -> None:
    """Set an attribute of an object; what it registers is remembered in the order it comes."""
    if is_registered(value) and not is_registered(holder.fields.get(name)):
        holder.fields.pop(name, None)
    if isinstance(value, Guest):
        value.set_on(holder, name)
    holder.fields[name] = value
    if len(holder.fields) > MAX_ATTRIBUTES:
        text = f"an object with more than {MAX_ATTRIBUTES:,} attributes"
        raise Refusal(text, code="too-large")


def is_registered(value: Value) -> bool:
    """Whether an object keeps a value in the order in which such are set: objects and weights."""
    return isinstance(value, Instance) or (isinstance(value, Guest) and value.registered)


def delete_attribute(machine: Machine, holder: Value, name: str) -> None:
    """`del holder.name`."""
    remover = holder.cls.find("__delattr__") if isinstance(holder, Instance) else MISSING
    if isinstance(remover, Function | Builtin):
        machine.call(Bound(remover, holder), [name], {})
    elif isinstance(holder, Instance) and name in holder.fields:
        del holder.fields[name]
    elif isinstance(holder, Instance | Class):
        raise no_attribute(machine, holder, name)
