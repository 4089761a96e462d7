"""What setting or deleting an attribute does, for each kind of value."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.attributes import no_attribute
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.scopes import Module
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    Bound,
    Builtin,
    Class,
    Foreign,
    Function,
    Instance,
    Namespace,
    Opaque,
    Property,
    Value,
)
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = ["delete_attribute", "set_attribute", "set_field"]


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
    holder.fields[name] = value
    if len(holder.fields) > 5_000:
        raise Refusal("an object with more than 5,000 attributes", code="too-large")


def delete_attribute(machine: Any, holder: Value, name: str) -> None:
    """`del holder.name`."""
    if isinstance(holder, Instance) and name in holder.fields:
        del holder.fields[name]
    elif isinstance(holder, Instance | Class):
        raise no_attribute(holder, name)
