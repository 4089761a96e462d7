"""What a value is, in words."""

from __future__ import annotations

from cnncalc.notations.source.values import Foreign, Instance, Value

__all__ = ["describe"]


def describe(value: Value) -> str:
    """What a value is, for messages."""
    if isinstance(value, Instance):
        return f"a `{value.cls.name}`"
    if isinstance(value, Foreign):
        return f"`{value.path}`, which isn't read here"
    return KINDS.get(type(value).__name__, f"a {type(value).__name__}")


KINDS: dict[str, str] = {
    "NoneType": "None",
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "tuple": "a tuple",
    "list": "a list",
    "dict": "a dictionary",
    "range": "a range",
    "SetValue": "a set",
    "Tensor": "a tensor",
    "KerasTensor": "a tensor",
    "Silent": "a value that says nothing about shapes",
    "StaticMethod": "a function",
    "slice": "a slice",
    "Static": "a tensor of weights or constants",
    "Parameter": "a parameter",
    "Pile": "tensors stacked in front of the batch",
    "Batch": "the batch size, which isn't known",
    "Class": "a class",
    "Function": "a function",
    "Bound": "a method",
    "Builtin": "a function",
    "Partial": "a partial",
    "Module": "a module file",
    "Namespace": "a library module",
    "Opaque": "a value that says nothing about shapes",
    "Iterated": "an iterator",
}
