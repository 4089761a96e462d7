"""Pieces of a class that people paste without its head: `self.conv = …` lines, methods.

They become the class that they were taken from, in the syntax tree alone, so that every place
that a message underlines is still the user's own.
"""

from __future__ import annotations

import ast
from typing import TypeGuard

__all__ = ["completed"]

NAME = "Net"
FORWARD = {"torch": "forward", "keras": "call"}


def completed(tree: ast.Module, notation: str) -> ast.Module:
    """The tree, with the class around what belongs into one; the same if nothing does."""
    methods = [node for node in tree.body if is_method(node)]
    settings = [node for node in tree.body if sets_self(node)]
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if not settings and (classes or not methods):
        return tree  # methods beside a class are hardly all of another one
    inits = [node for node in methods if node.name == "__init__"]
    inner = [node for node in tree.body if node in settings or is_inner(node)]
    others = [node for node in tree.body if node not in methods and node not in inner]
    if not inits:
        body = [node for node in inner if not calls_super(node)] or [ast.Pass()]
        methods = [made_init(body), *methods]
    run = FORWARD[notation]
    if notation == "keras" and not any(node.name == run for node in methods):
        methods.append(in_turn(settings, run))
    chained = not any(node.name == run for node in methods)
    name = name_of(tree)
    cls = ast.ClassDef(
        f"{name}_" if name in classes else name, [base(notation, chained)], [], list(methods), []
    )
    first = next(node for node in tree.body if node in inner or node in methods)
    ast.copy_location(cls, first)
    return ast.fix_missing_locations(ast.Module([*others, cls], tree.type_ignores))


def is_method(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """A function whose first parameter is `self`."""
    if not isinstance(node, ast.FunctionDef):
        return False
    places = [*node.args.posonlyargs, *node.args.args]
    return bool(places) and places[0].arg == "self"


def sets_self(node: ast.stmt) -> bool:
    """A statement that gives `self` an attribute, or calls one of its methods."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return False
    return any(isinstance(each, ast.Name) and each.id == "self" for each in ast.walk(node))


def is_inner(node: ast.stmt) -> bool:
    """`super().__init__()`, which is the first line of the body that was pasted."""
    return isinstance(node, ast.Expr) and calls_super(node)


def calls_super(node: ast.stmt) -> bool:
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "super"
        for each in ast.walk(node)
    )


def name_of(tree: ast.Module) -> str:
    """The class's name, as `super(Net, self)` says it."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="super"), args=[ast.Name(id=name), *_]):
                return name
    return NAME


def made_init(body: list[ast.stmt]) -> ast.FunctionDef:
    """`def __init__(self): super().__init__(); …`."""
    head = ast.parse("super().__init__()").body
    arguments = ast.arguments([], [ast.arg("self")], None, [], [], None, [])
    function = ast.FunctionDef("__init__", arguments, [*located(head, body[0]), *body], [])
    return ast.copy_location(function, body[0])


def located(made: list[ast.stmt], place: ast.stmt) -> list[ast.stmt]:
    """Statements of our own, which stand where the user's do."""
    for node in made:
        for each in ast.walk(node):
            ast.copy_location(each, place)
    return made


def base(notation: str, chained: bool) -> ast.expr:
    """What the class inherits from; without a forward its layers run in their order."""
    module = "torch.nn.Sequential" if chained else "torch.nn.Module"
    name = "keras.Model" if notation == "keras" else module
    return ast.parse(name, mode="eval").body


def in_turn(settings: list[ast.stmt], run: str) -> ast.FunctionDef:
    """A forward that runs the layers in the order in which they are made."""
    names = [
        target.attr
        for node in settings
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    ]
    text = "".join(f"    x = self.{name}(x)\n" for name in names)
    (function,) = ast.parse(f"def {run}(self, x):\n{text}    return x\n").body
    assert isinstance(function, ast.FunctionDef)
    located([function], settings[-1] if settings else function)
    return function
