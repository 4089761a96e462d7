"""The small faults that an expression or a statement may have, by its syntax."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

__all__ = ["Fault", "changed", "faults"]

ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult,),
    ast.Div: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPPOSITES = {
    one: two
    for pair in [
        ("min", "max"), ("any", "all"), ("floor", "ceil"), ("before", "after"),
        ("first", "last"), ("inputs", "outputs"), ("low", "high"),
    ]
    for one, two in (pair, pair[::-1])
}  # fmt: skip
SYMMETRIC = ("min", "max", "gcd", "lcm", "joined", "option", "isinstance")
UNCHANGED = ("__repr__", "__hash__", "__all__", "__slots__")
BOUNDS = ("MOST", "MAX_")


class Fault(NamedTuple):
    """One change of a file.

    Attributes:
        file: its path.
        line, column: where the change is.
        function: the qualified name of the outermost function around it; empty: there is none.
        first, last: the lines of the statement around it, of which some run if it does.
        node, variant: which node of the tree, and which of its changes.
        words: what was there, and what is there now.
    """

    file: str
    line: int
    column: int
    function: str
    first: int
    last: int
    node: int
    variant: int
    words: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.words}"


class _Place(NamedTuple):
    names: tuple[str, ...]
    function: str
    around: str  # the function that values by default belong to
    first: int
    last: int


def faults(file: str, text: str) -> Iterator[Fault]:
    """All faults of a file, in the order of its lines."""
    tree = ast.parse(text)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    for node, place in _nodes(tree, _Place((), "", "", 1, 1)):
        for variant, other in enumerate(() if _is_bounded(node) else variants(node)):
            if ast.dump(other) == ast.dump(node):  # two equal arguments changed about
                continue
            before, after = _words(node), _words(other)
            yield Fault(
                file,
                getattr(node, "lineno", place.first),
                getattr(node, "col_offset", 0) + 1,
                place.function,
                place.first,
                place.last,
                numbers[id(node)],
                variant,
                f"{before} → {after}",
            )


def changed(text: str, fault: Fault) -> ast.Module:
    """The tree of a file with a fault in it."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    node = nodes[fault.node]
    other = list(variants(node))[fault.variant]
    for parent in nodes:
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, other)
            elif isinstance(value, list) and any(each is node for each in value):
                setattr(parent, name, [other if each is node else each for each in value])
    return ast.fix_missing_locations(tree)


def _words(node: ast.AST) -> str:
    line = ast.unparse(node).partition("\n")[0]
    if isinstance(node, ast.For) and isinstance(node.body[-1], ast.Break):
        line += " … break"
    return line if len(line) <= 70 else f"{line[:69]}…"


def _nodes(node: ast.AST, place: _Place) -> Iterator[tuple[ast.AST, _Place]]:
    """The nodes that may be changed."""
    for field, value in ast.iter_fields(node):
        by_default = field == "args" and isinstance(node, ast.FunctionDef)
        around = place._replace(function=place.around) if by_default else place
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_kept(field, child) or _is_only(node, child):
                continue
            if isinstance(child, ast.Compare) and _is_bounded(child):
                continue
            here = _place_of(child, around)
            yield child, here
            yield from _nodes(child, here)


def _place_of(node: ast.AST, place: _Place) -> _Place:
    if not isinstance(node, ast.stmt):
        return place
    body = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
    names, function = place.names, place.function
    if isinstance(node, ast.ClassDef | ast.FunctionDef) and not function:
        names = (*names, node.name)
        if isinstance(node, ast.FunctionDef):
            function = ".".join(names)
    return _Place(names, function, place.function, node.lineno, last)


def _is_kept(field: str, node: ast.AST) -> bool:
    """Whether a node stays as it is, with all that is in it."""
    if field in ("annotation", "returns", "decorator_list", "bases", "type_params"):
        return True
    if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.FunctionDef):
        return node.name in UNCHANGED
    if isinstance(node, ast.keyword):
        return node.arg in ("strict", "doc")
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id in UNCHANGED or node.targets[0].id.startswith(BOUNDS)
    return isinstance(node, ast.Assign | ast.AnnAssign) and _is_alias(node.value)


def _is_bounded(node: ast.AST) -> bool:
    """Whether it asks if there is more work than a bound."""
    question = node.test if isinstance(node, ast.If | ast.IfExp) else node
    if isinstance(question, ast.BoolOp):
        return any(map(_is_bounded, question.values))
    if not isinstance(question, ast.Compare):
        return False
    sides = (question.left, *question.comparators)
    names = [side.id if isinstance(side, ast.Name) else "" for side in sides]
    return any(name.startswith(BOUNDS) for name in names)


def _is_only(parent: ast.AST, node: ast.AST) -> bool:
    """Whether it is the 0 of `shapes[0]`: there is but one where that is written."""
    return (
        isinstance(parent, ast.Subscript)
        and isinstance(parent.value, ast.Name)
        and parent.value.id == "shapes"
        and parent.slice is node
    )


def _is_alias(node: ast.expr | None) -> bool:
    """Whether a value is a type's name: `Window = Slide | Spread`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _is_alias(node.left) and _is_alias(node.right)
    if isinstance(node, ast.Subscript):
        return _is_alias(node.value)
    return isinstance(node, ast.Name) and (node.id[0].isupper() or node.id in ("range", "tuple"))


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node by a small mistake."""
    for kind, of in VARIANTS:
        if isinstance(node, kind):
            for other in of(node):
                yield ast.copy_location(other, node)


def _with(node: ast.AST, **fields: Any) -> Any:
    twin = copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def _operations(node: Any) -> Iterator[ast.AST]:
    for other in ARITHMETIC.get(type(node.op), ()):
        yield _with(node, op=other())
    if isinstance(node.op, ast.FloorDiv):
        negative = ast.UnaryOp(ast.USub(), node.left)
        yield ast.UnaryOp(ast.USub(), _with(node, left=negative))  # rounded up


def _comparisons(node: Any) -> Iterator[ast.AST]:
    for place, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            yield _with(node, ops=_replaced(node.ops, place, other()))


def _replaced(values: Sequence[Any], place: int, *others: Any) -> list[Any]:
    return [*values[:place], *others, *values[place + 1 :]]


def _constants(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


def _signs(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _conditions(node: Any) -> Iterator[ast.AST]:
    yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for place in range(len(node.values)):
        left = _replaced(node.values, place)
        yield left[0] if len(left) == 1 else _with(node, values=left)


def _names(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load) and node.id in OPPOSITES:
        yield _with(node, id=OPPOSITES[node.id])


def _attributes(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load) and node.attr in OPPOSITES:
        yield _with(node, attr=OPPOSITES[node.attr])


def _calls(node: Any) -> Iterator[ast.AST]:
    args = node.args
    symmetric = isinstance(node.func, ast.Name) and node.func.id in SYMMETRIC
    if len(args) > 1 and not symmetric and not any(isinstance(a, ast.Starred) for a in args[:2]):
        yield _with(node, args=[args[1], args[0], *args[2:]])


def _branches(node: Any) -> Iterator[ast.AST]:
    yield _with(node, test=ast.Constant(True))
    yield _with(node, test=ast.Constant(False))


def _choices(node: Any) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


def _loops(node: Any) -> Iterator[ast.AST]:
    yield _with(node, body=[*node.body, ast.Break()])


def _jumps(node: Any) -> Iterator[ast.AST]:
    yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()


def _additions(node: Any) -> Iterator[ast.AST]:
    yield ast.Pass()
    for other in ARITHMETIC.get(type(node.op), ()):
        yield _with(node, op=other())


def _done(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Call):
        yield ast.Pass()


def _filters(node: Any) -> Iterator[ast.AST]:
    for place in range(len(node.ifs)):
        yield _with(node, ifs=_replaced(node.ifs, place))


def _slices(node: Any) -> Iterator[ast.AST]:
    for name in ("lower", "upper", "step"):
        if getattr(node, name) is not None:
            yield _with(node, **{name: None})


VARIANTS: tuple[tuple[Any, Callable[[Any], Iterator[ast.AST]]], ...] = (
    (ast.BinOp, _operations),
    (ast.Compare, _comparisons),
    (ast.Constant, _constants),
    (ast.UnaryOp, _signs),
    (ast.BoolOp, _conditions),
    (ast.Name, _names),
    (ast.Attribute, _attributes),
    (ast.Call, _calls),
    (ast.If, _branches),
    (ast.IfExp, _choices),
    (ast.For, _loops),
    (ast.Continue | ast.Break, _jumps),
    (ast.AugAssign, _additions),
    (ast.Expr, _done),
    (ast.comprehension, _filters),
    (ast.Slice, _slices),
)
