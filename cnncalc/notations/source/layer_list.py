"""Bare calls as a notation: `nn.Conv2d(3, 16, 3), nn.ReLU()`, by commas or by lines."""

from __future__ import annotations

import ast
from inspect import Parameter, signature

from cnncalc.errors import Span
from cnncalc.notations.source.keras.kinds import is_keras_layer
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.top_level import statements_of, tried
from cnncalc.notations.source.torch.nn.containers import SEQUENTIAL
from cnncalc.notations.source.torch.nn.module import is_module
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.machine import Module
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import OBJECT, Class, Foreign, Value, describe
from cnncalc.tracing.tensors import Tensor

__all__ = ["bare_calls"]

MODELS = "a class with a forward, a Sequential, or layers such as `nn.Conv2d(3, 16, 3)`"


def bare_calls(machine: Interpreter, module: Module) -> Value:
    """The layers that stand at the top level, as one sequence."""
    nodes = [
        part
        for statement in module.statements
        if isinstance(statement, ast.Expr)
        for part in parts_of(statement.value)
    ]
    values = [layer_at(machine, module, node) for node in nodes]
    if not values:
        raise no_model(machine, module)
    if len(values) == 1:
        return values[0]
    if all(is_module(value) for value in values):
        return machine.call(SEQUENTIAL, values, {})
    if all(is_keras_layer(value) for value in values):
        return machine.call(machine.library("keras.Sequential"), [values], {})
    place = module.file.span(nodes[-1])
    raise Refusal("layers of PyTorch and of Keras stand side by side here", span=place)


def no_model(machine: Interpreter, module: Module) -> Refusal:
    """What a source is told that holds no model: a class may have been meant for one."""
    if not module.file.text.strip():
        start = Span(module.file.source, 0, 0)
        return Refusal("the source is empty", help=MODELS, code="empty", span=start)
    for name in statements_of(module, ast.ClassDef):
        cls = tried(module, name)
        meant = base_meant(machine, cls) if isinstance(cls, Class) else None
        if meant is not None:
            return meant
    return Refusal("there is no model in this source", help=MODELS, code="empty")


def base_meant(machine: Interpreter, cls: Class) -> Refusal | None:
    """The refusal of a class that would be a model if it inherited from one; None of another."""
    near = machine.near_path(cls.foreign) if cls.foreign else None
    has_forward = {"forward", "call"} & set(cls.names)
    if near not in ("nn.Module", "keras.Model", "layers.Layer") and not has_forward:
        return None
    if cls.foreign:
        message = f"`{cls.name}` inherits from `{cls.foreign}`, which isn't read here"
        advice = f"did you mean `{near}`?" if near else None
    elif set(cls.bases) <= {OBJECT}:
        message = f"`{cls.name}` is no model: it inherits from nothing"
        advice = f"write `class {cls.name}(nn.Module):`"
    else:
        return None
    place = cls.place() if cls.place else None
    return Refusal(message, help=advice, code="foreign", span=place)


def called(node: ast.expr, cls: Class) -> str:
    """A call of a class, with what it was given in brackets or the names of what it needs."""
    if isinstance(node, ast.Subscript):
        return f"{ast.unparse(node.value)}({ast.unparse(node.slice).strip('()')})"
    parameters = signature(cls.reader).parameters.values() if cls.reader else ()
    needed = [each.name for each in parameters if each.default is Parameter.empty]
    plain = [name for name in needed if name not in ("args", "kwargs", "keywords")]
    return f"{ast.unparse(node)}({', '.join(plain)})"


def parts_of(node: ast.expr) -> list[ast.expr]:
    """The expressions of a tuple or list, or the one that there is; texts are comments."""
    if isinstance(node, ast.Tuple | ast.List):
        return [part for each in node.elts for part in parts_of(each)]
    return [] if isinstance(node, ast.Constant) else [node]


def layer_at(machine: Interpreter, module: Module, node: ast.expr) -> Value:
    """The layer that an expression makes."""
    for name in {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}:
        if module.has(name):
            module.need([name])
    value = machine.evaluate(module.scope, node)
    if isinstance(value, Tensor) and state_of(machine).trace is not None:
        value = state_of(machine).steps.records[value.number].owner  # `keras.Input(...)`
    if isinstance(value, Class):
        refusal = Refusal(
            f"`{value.name}` is a class: it makes a layer when it is called",
            help=f"write `{called(node, value)}`",
            code="not-called",
        )
    elif isinstance(value, Foreign):
        refusal = machine.unread(value.path)
    elif machine.is_model(value) or is_keras_layer(value):
        return value
    else:
        refusal = Refusal(f"this is {describe(value)}, no layer", code="not-a-layer")
    refusal.span = module.file.span(node)
    raise refusal
