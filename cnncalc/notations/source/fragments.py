"""Pieces of a class that people paste without its head: `self.conv = …` lines, methods.

They become the class that they were taken from, in the syntax tree alone, so that every place
that a message underlines is still the user's own.
"""

from __future__ import annotations

import ast
from typing import TypeGuard

__all__ = ["completed"]

NAME = "Net"
NOT_LINES = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom,
)  # fmt: skip
GIVING = ("add_module", "append", "extend", "register_buffer", "register_parameter")
FORWARD = {"torch": "forward", "keras": "call"}


def completed(tree: ast.Module, notation: str) -> ast.Module:
    """The tree, with the class around what belongs into one; the same if nothing does."""
    methods = [node for node in tree.body if is_method(node)]
    lines, given = ([], []) if named(methods, FORWARD[notation]) else flow_of(tree)
    if lines:
        methods.append(made_forward(lines, given, FORWARD[notation]))
        tree = ast.Module([node for node in tree.body if node not in lines], tree.type_ignores)
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
    if notation == "keras" and not named(methods, run):
        methods.append(in_turn(settings, run))
    chained = not named(methods, run)
    name = name_of(tree)
    cls = ast.ClassDef(
        f"{name}_" if name in classes else name, [base(notation, chained)], [], list(methods), []
    )
    first = next((node for node in tree.body if node in inner or node in methods), methods[0])
    ast.copy_location(cls, first)
    return ast.fix_missing_locations(ast.Module([*others, cls], tree.type_ignores))


def named(methods: list[ast.FunctionDef], name: str) -> bool:
    return any(node.name == name for node in methods)


def flow_of(tree: ast.Module) -> tuple[list[ast.stmt], list[str]]:
    """The lines of a forward that stand without it, and the names that flow in; none without any.

    It begins where something flows that no line has made: `x = F.relu(self.conv1(x))`.
    """
    bound: set[str] = set()
    seen = 0  # lines whose names are in `bound`: none in most files, where nothing flows
    for number, node in enumerate(tree.body):
        names = flows_in(node)
        if not names:
            continue
        bound.update(*map(names_bound, tree.body[seen:number]))
        seen = number
        flowing = [name for name in names if name not in bound]
        if flowing:
            rest = [each for each in tree.body[number:] if not isinstance(each, NOT_LINES)]
            return rest, flowing
    return [], []


def flows_in(node: ast.stmt) -> list[str]:
    """The names that a line of a forward gives its calls; none of any other line."""
    if isinstance(node, (*NOT_LINES, ast.Expr)) or not sets_self(node) or stores_in_self(node):
        return []
    inner = {each.target.id for each in ast.walk(node)
        if isinstance(each, ast.For) and isinstance(each.target, ast.Name)}  # fmt: skip
    names = [
        arg.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and (root_of(call.func) in ("self", "F", "torch", *inner))
        for arg in call.args
        if isinstance(arg, ast.Name)
    ]
    return [name for name in dict.fromkeys(names) if name not in inner]


def root_of(node: ast.expr) -> str:
    """The name that a dotted one begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def stores_in_self(node: ast.stmt) -> bool:
    """Whether a statement gives `self` something, as those of an `__init__` do."""
    return any(
        (isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store))
        or (isinstance(each, ast.Call) and root_of(each.func) == "setattr")
        or (isinstance(each, ast.Attribute) and each.attr in GIVING)
        for each in ast.walk(node)
    )


def names_bound(node: ast.stmt) -> set[str]:
    """The names that a statement binds, imports and definitions among them."""
    found = {each.id for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}  # fmt: skip
    if isinstance(node, ast.Import | ast.ImportFrom):
        found |= {(each.asname or each.name).partition(".")[0] for each in node.names}
    elif isinstance(node, NOT_LINES):
        found.add(node.name)  # type: ignore[union-attr]
    return found


def made_forward(lines: list[ast.stmt], given: list[str], run: str) -> ast.FunctionDef:
    """The method of these lines; what the last one makes is its result."""
    last = lines[-1]
    body = list(lines)
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        body += located(ast.parse(f"return {last.targets[0].id}").body, last)
    elif not isinstance(last, ast.Return):
        body += located(ast.parse(f"return {given[0]}").body, last)
    parameters = [ast.arg(name) for name in ("self", *given)]
    arguments = ast.arguments([], parameters, None, [], [], None, [])
    return ast.copy_location(ast.FunctionDef(run, arguments, body, []), lines[0])


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
