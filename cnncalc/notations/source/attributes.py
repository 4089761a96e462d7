"""Attributes: which exist, for each kind of value, and what setting one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.errors import suggest
from cnncalc.notations.source.classes import PLAIN_INIT, Super, class_of
from cnncalc.notations.source.data import content_of
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.flowing import Parameter, Static, Tensor
from cnncalc.notations.source.methods import find_method
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.scopes import Module
from cnncalc.notations.source.stops import Raised, Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Foreign,
    Function,
    Instance,
    Namespace,
    Opaque,
    Partial,
    Property,
    Silent,
    StaticMethod,
    Value,
)

__all__ = [
    "delete_attribute",
    "get_attribute",
    "look_up",
    "no_attribute",
    "set_attribute",
    "set_field",
]


MAX_KNOWN = 500


def get_attribute(machine: Any, value: Value, name: str) -> Value:
    """`value.name`."""
    found = look_up(machine, value, name)
    if found is MISSING:
        raise no_attribute(value, name)
    return found


def look_up(machine: Any, value: Value, name: str) -> Value:
    """The attribute, or MISSING."""
    reader = READERS.get(type(value)) or (of_tensor if isinstance(value, Tensor) else None)
    found = reader(machine, value, name) if reader else find_method(value, name) or MISSING
    if found is MISSING and name == "__class__":
        return class_of(value)
    return found


def no_attribute(value: Value, name: str) -> Raised:
    """The AttributeError of a value, with the nearest attribute that there is."""
    if isinstance(value, Instance):
        text = f"`{value.cls.name}` has no attribute `{name}`"
        return raised("AttributeError", text, lambda: nearest(value, name))
    if isinstance(value, Class):
        return raised("AttributeError", f"`{value.name}` has no attribute `{name}`")
    text = f"{describe(value)} has no attribute `{name}` that can be followed"
    return raised("AttributeError", text)


def nearest(value: Instance, name: str) -> str:
    """The question whether a known attribute was meant, or nothing."""
    known = [*value.fields, *(each for cls in value.cls.order for each in cls.names)]
    near = suggest(name, [each for each in known if not each.startswith("__")][:MAX_KNOWN])
    return f"; did you mean `{near}`?" if near else ""


def of_instance(machine: Any, value: Instance, name: str) -> Value:
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
    method = find_method(content_of(value), name) if value.content is not None else None
    return method if method is not None else MISSING


def dynamic_attribute(machine: Any, value: Instance, name: str) -> Value:
    """What `__getattr__` gives, the framework's or the source's own."""
    found = value.cls.find("__getattr__")
    if found is MISSING or (name.startswith("__") and name.endswith("__")):
        return MISSING
    return machine.call(Bound(found, value), [name], {})


SPECIAL: dict[str, Callable[[Any, Instance], Value]] = {
    "__class__": lambda machine, value: value.cls,
    "__dict__": lambda machine, value: dict(value.fields),
    "__doc__": lambda machine, value: None,
    "__init__": lambda machine, value: Bound(PLAIN_INIT, value),
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


def of_class(machine: Any, value: Class, name: str) -> Value:
    found = value.find(name)
    if isinstance(found, StaticMethod):
        return Bound(found.function, value) if found.of_class else found.function
    if found is not MISSING:
        return found
    if name in ("__name__", "__qualname__"):
        return value.name
    if name == "__init__":
        return PLAIN_INIT
    if name in ("__doc__", "__annotations__"):
        return None
    if name == "__mro__":
        return value.order
    return MISSING


def of_super(machine: Any, value: Super, name: str) -> Value:
    found = value.find(name)
    receiver = value.receiver
    if isinstance(found, Property):
        return machine.call(found.getter, [receiver], {})
    if found is MISSING:
        if name == "__init__":
            return Bound(PLAIN_INIT, receiver)
        if name == "__setattr__":
            return Bound(
                Builtin(name, lambda m, args, _: set_field(args[0], args[1], args[2])), receiver
            )
        if name in ("__init_subclass__", "__post_init__"):
            return Builtin(name, lambda m, args, kwargs: None)
        content = getattr(receiver, "content", None)
        method = find_method(content, name) if content is not None else None
        return method if method is not None else MISSING
    return bound(found, receiver, receiver if isinstance(receiver, Class) else receiver.cls)


def of_function(machine: Any, value: Function, name: str) -> Value:
    if name in value.attributes:
        return value.attributes[name]
    if name in ("__name__", "__qualname__"):
        return value.name
    if name == "__module__":
        return value.scope.module.file.name
    return None if name in ("__doc__", "__annotations__", "__wrapped__") else MISSING


def of_bound(machine: Any, value: Bound, name: str) -> Value:
    if name == "__self__":
        return value.receiver
    if name == "__func__":
        return value.function
    return look_up(machine, value.function, name)


def of_builtin(machine: Any, value: Builtin, name: str) -> Value:
    return value.name if name in ("__name__", "__qualname__") else MISSING


def of_partial(machine: Any, value: Partial, name: str) -> Value:
    parts = {"func": value.function, "args": tuple(value.args), "keywords": value.kwargs}
    return parts.get(name, MISSING)


def of_module(machine: Any, value: Module, name: str) -> Value:
    if value.has(name) or value.stars:
        found = value.find(name)
        if found is not MISSING:
            return found
    return machine.imports.submodule(value, name)


def of_namespace(machine: Any, value: Namespace, name: str) -> Value:
    return machine.imports.library(f"{value.path}.{name}")


def of_foreign(machine: Any, value: Foreign, name: str) -> Value:
    return Foreign(f"{value.path}.{name}")


def of_opaque(machine: Any, value: Opaque, name: str) -> Value:
    if name in value.fields:
        return value.fields[name]
    return type(value)(f"{value.name}.{name}")


def of_tensor(machine: Any, value: Value, name: str) -> Value:
    if type(value).__name__ == "KerasTensor":
        from cnncalc.notations.source.keras_functions import keras_attribute

        return keras_attribute(machine, value, name)
    from cnncalc.notations.source.tensors import tensor_attribute

    return tensor_attribute(machine, value, name)


def of_property(machine: Any, value: Property, name: str) -> Value:
    if name in ("setter", "getter", "deleter"):

        def change(m: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return Property(value.getter, args[0] if name == "setter" else value.setter)

        return Builtin(name, change)
    return MISSING


READERS: dict[type, Callable[[Any, Any, str], Value]] = {
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
    Tensor: of_tensor,
    Static: of_tensor,
    Parameter: of_tensor,
    Property: of_property,
    Silent: of_opaque,
}


def set_attribute(machine: Any, holder: Value, name: str, value: Value) -> None:
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
    elif isinstance(holder, Class):
        holder.names[name] = value
    elif isinstance(holder, Function):
        holder.attributes[name] = value
    elif isinstance(holder, Opaque):
        holder.fields[name] = value
    elif isinstance(holder, Parameter) and name == "requires_grad":
        holder.trainable = bool(value)
    elif isinstance(holder, Module):
        holder.scope.names[name] = value
    elif not isinstance(holder, Static | Tensor | Namespace | Foreign | Bound):
        raise Refusal(f"{describe(holder)} has no attribute to set")


def set_field(holder: Instance, name: str, value: Value) -> None:
    """Set an attribute of an object; modules are remembered in the order they come."""
    if isinstance(value, Instance | Parameter) and not isinstance(
        holder.fields.get(name), Instance | Parameter
    ):
        holder.fields.pop(name, None)
    if isinstance(value, Parameter) and value.holder is None:
        value.holder, value.name = holder, name
    elif isinstance(value, Parameter) and value.holder is not holder and holder.layers is not None:
        raise Refusal(
            f"`{name}` is made the weight of two layers, and tied weights can't be followed",
            help="call the same layer twice, and its weights are counted once",
        )
    holder.fields[name] = value
    if len(holder.fields) > 5_000:
        raise Refusal("an object with more than 5,000 attributes", code="too-large")


def delete_attribute(machine: Any, holder: Value, name: str) -> None:
    """`del holder.name`."""
    if isinstance(holder, Instance) and name in holder.fields:
        del holder.fields[name]
    elif isinstance(holder, Instance | Class):
        raise no_attribute(holder, name)
