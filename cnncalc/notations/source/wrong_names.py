"""Names that are wrong beside the one that stopped the reading, to be told together with it.

Nothing is evaluated for that: of each call it is looked up whether there is such a class, and
whether it has these keywords. What a shape or a value makes wrong depends on what stands before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import Parameter, signature
from itertools import islice

from cnncalc.errors import Mistakes, SpecError
from cnncalc.frameworks.base import no_argument
from cnncalc.frameworks.keras.arguments import KEYWORDS
from cnncalc.notations.source.keras.kinds import is_keras_layer_class
from cnncalc.notations.source.unread import LISTED
from cnncalc.python.machine import Machine, Module
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Class, Foreign, Namespace, Value

__all__ = ["with_others"]

OF_NAMES = ("unsupported", "unknown-layer", "unknown-option")
MAX_CALLS = 1_000


def with_others(machine: Machine, error: SpecError) -> SpecError:
    """An error with what else is wrong in the same function, or in the same statement."""
    span = error.span
    file = next((f for f in machine.modules if span and f.source is span.source), None)
    if error.code not in OF_NAMES or span is None or file is None:
        return error
    mistakes = Mistakes()
    mistakes.add(error)
    for other in wrong_names(machine.module(file), around(file, span.start)):
        if other.span and (other.span.start, other.code) != (span.start, error.code):
            mistakes.add(other)
    return mistakes.error()


def around(file: SourceFile, place: int) -> ast.AST:
    """The innermost function around a place, or the statement of the top level."""
    found: ast.AST = file.tree
    inner: list[ast.stmt] = list(file.tree.body)
    while inner:
        node = next((n for n in inner if holds(file, n, place)), None)
        if node is None:
            return found
        if isinstance(node, ast.FunctionDef) or found is file.tree:
            found = node
        inner = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]
    return found


def holds(file: SourceFile, node: ast.AST, place: int) -> bool:
    span = file.span(node)
    return span.start <= place < span.end


def wrong_names(module: Module, tree: ast.AST) -> Iterator[SpecError]:
    """Classes that there are not and keywords that their classes don't have, in a tree's calls."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    for node in islice(calls, MAX_CALLS):
        value = library_value(module, node.func)
        if isinstance(value, Foreign):
            refusal = module.machine.unread(value.path)
            if refusal.code == "unsupported" and refusal.help != LISTED:
                refusal.span = module.file.span(node)
                yield refusal.error()
        elif isinstance(value, Class) and value.reader is not None:
            yield from wrong_keywords(module, node, value)


def library_value(module: Module, node: ast.expr) -> Value:
    """What a dotted name of a library stands for; None for any other expression."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    try:
        value = module.find(node.id)
        for name in names:
            if not isinstance(value, Namespace):
                return None
            value = module.machine.library(f"{value.path}.{name}")
    except (Refusal, Raised):
        return None
    return value


def wrong_keywords(module: Module, node: ast.Call, cls: Class) -> Iterator[SpecError]:
    """The keywords of a call that its class doesn't have."""
    assert cls.reader is not None
    parameters = signature(cls.reader).parameters.values()
    known = [each.name for each in parameters if each.kind == Parameter.POSITIONAL_OR_KEYWORD]
    home = "nn"
    if is_keras_layer_class(cls):
        home, known = "layers", [*known, *KEYWORDS]
    elif any(each.kind == Parameter.VAR_KEYWORD for each in parameters):
        return
    for keyword in node.keywords:
        error = no_argument(f"{home}.{cls.name}", keyword.arg or "", known)
        if keyword.arg and error is not None:
            span = module.file.span(keyword)
            yield SpecError(error.message, span, code=error.code, help=error.help)
