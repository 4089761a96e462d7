"""`--where`: a small language over what is known of designs, read by Python's own grammar.

Nothing of it is executed: its tree is held against a list of what is allowed, and worked out for
arrays of designs.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import reduce
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.errors import CnnCalcError, Piece, Source, Span, SpecError
from cnncalc.sweeping.blocks import Block
from cnncalc.sweeping.names import Names

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["FAR", "Bound", "Condition"]

MOST_TEXT = 10_000
MOST_DEPTH = 60
LIMIT = 2.0**63
ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FAR = 2**62  # beyond all totals
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
DIVISIONS = (ast.FloorDiv, ast.Div, ast.Mod)
WHAT = (
    "names, numbers and texts with < <= > >= == != in, and, or, not, + - * / // % and parentheses"
)


class Bound(NamedTuple):
    """A limit on one total: sign * total <= sign * limit."""

    name: str
    sign: int
    limit: int


class Condition:
    """A condition on designs.

    Args:
        text: as it was typed.
        place: the option or argument that it is the text of.

    Raises:
        SpecError: what is no such condition, with the place.
    """

    def __init__(self, text: str, place: str = "--where") -> None:
        self.source = Source(text, (Piece(0, place),))
        if len(text) > MOST_TEXT:
            raise self.wrong(None, "it is too long")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes in texts
                self.tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            at = getattr(error, "offset", None)
            raise self.wrong(None, "this is no condition", at) from None
        self.shift = len(text) - len(text.lstrip())
        self.check(self.tree, 0)

    def wrong(self, node: ast.AST | None, message: str, offset: int | None = None) -> SpecError:
        """What is wrong with a part of the text."""
        end = len(self.source.text)
        start = 0
        if node is not None:
            lines = self.source.text.encode()
            start = len(lines[: node.col_offset + self.shift].decode(errors="ignore"))  # type: ignore[attr-defined]
            end = len(lines[: node.end_col_offset + self.shift].decode(errors="ignore"))  # type: ignore[attr-defined]
        elif offset:
            start, end = min(offset - 1, max(end - 1, 0)), end
        return SpecError(
            message,
            Span(self.source, start, max(end, start + 1)),
            code="condition",
            help=f"such as `params < 5e6 and rf >= 127`: {WHAT}",
        )

    def check(self, node: ast.AST, depth: int) -> None:
        """SpecError for what isn't allowed."""
        if depth > MOST_DEPTH:
            raise self.wrong(node, "it is nested too deep")
        if isinstance(node, ast.Name):
            return
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
                raise self.wrong(node, "this is neither a number nor a text")
            return
        if isinstance(node, ast.Attribute):
            if not isinstance(node.value, ast.Name):
                raise self.wrong(node, "this is no name")
            return
        if not _allowed(node):
            raise self.wrong(node, "this can't stand in a condition")
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.check(child, depth + 1)

    def names(self) -> list[str]:
        """All names in it."""
        return list(dict.fromkeys(name for _, name in self._named(self.tree)))

    def _named(self, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
        if isinstance(node, ast.Name):
            yield node, node.id
        elif isinstance(node, ast.Attribute):
            assert isinstance(node.value, ast.Name), "it was checked"
            yield node, f"{node.value.id}.{node.attr}"
        else:
            for child in ast.iter_child_nodes(node):
                yield from self._named(child)

    def resolve(self, names: Names) -> None:
        """SpecError where something that it names isn't there."""
        for node, name in self._named(self.tree):
            try:
                names.check(name)
            except CnnCalcError as error:
                placed = self.wrong(node, error.message)
                placed.help = error.help
                raise placed from None

    def holds(self, block: Block, names: Names) -> NDArray[numpy.bool_]:
        """In which designs of a block it holds."""
        import numpy

        with numpy.errstate(invalid="ignore"):
            found = self._value(self.tree, block, names)
        if not isinstance(found, numpy.ndarray):
            return numpy.full(block.count, bool(found))
        return found.astype(bool, copy=False)

    def _value(self, node: ast.AST, block: Block, names: Names) -> Any:
        import numpy

        if isinstance(node, ast.Constant):
            value = node.value
            whole = isinstance(value, float) and value.is_integer() and abs(value) < LIMIT
            return int(value) if whole else value  # type: ignore[arg-type]
        if isinstance(node, ast.Name | ast.Attribute):
            return names.of(block, next(self._named(node))[1])
        if isinstance(node, ast.BoolOp):
            return self._together(node, block, names)
        if isinstance(node, ast.UnaryOp):
            value = self._value(node.operand, block, names)
            if isinstance(node.op, ast.USub):
                return -value
            return numpy.asarray(value) == 0
        if isinstance(node, ast.BinOp):
            return self._computed(node, block, names)
        if isinstance(node, ast.Compare):
            return self._compared(node, block, names)
        assert isinstance(node, ast.Tuple | ast.List), "all else was refused"
        return [self._value(each, block, names) for each in node.elts]

    def _together(self, node: ast.BoolOp, block: Block, names: Names) -> NDArray[numpy.bool_]:
        import numpy

        join = numpy.logical_and if isinstance(node.op, ast.And) else numpy.logical_or
        values = [numpy.asarray(self._value(each, block, names)) for each in node.values]
        masks = [value if value.dtype == bool else value != 0 for value in values]
        found: NDArray[numpy.bool_] = reduce(join, masks)
        return found

    def _computed(self, node: ast.BinOp, block: Block, names: Names) -> Any:
        import numpy

        one, two = (self._value(each, block, names) for each in (node.left, node.right))
        for side, value in ((node.left, one), (node.right, two)):
            if isinstance(value, list) or _is_text(value):
                raise self.wrong(side, "this is no number")
        if isinstance(node.op, DIVISIONS) and not numpy.all(two):
            raise self.wrong(node, "this divides by zero")
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            largest = [float(numpy.max(numpy.abs(each), initial=0)) for each in (one, two)]
            made = largest[0] * largest[1] if isinstance(node.op, ast.Mult) else sum(largest)
            if made >= LIMIT:
                raise self.wrong(node, "this is beyond 64-bit numbers")
        return ARITHMETIC[type(node.op)](one, two)

    def _compared(self, node: ast.Compare, block: Block, names: Names) -> Any:
        import numpy

        found: Any = None
        left = self._value(node.left, block, names)
        for op, each in zip(node.ops, node.comparators, strict=True):
            right = self._value(each, block, names)
            if isinstance(op, ast.In | ast.NotIn):
                if not isinstance(right, list):
                    raise self.wrong(each, "`in` takes values in parentheses, as in `(16, 32)`")
                inside = numpy.zeros(block.count, bool)
                for value in right:
                    inside = inside | self._pair(node, operator.eq, left, value)
                here: Any = inside if isinstance(op, ast.In) else ~inside
            else:
                here = self._pair(node, COMPARISONS[type(op)], left, right)
            found = here if found is None else numpy.logical_and(found, here)
            left = right
        return found

    def _pair(self, node: ast.AST, compare: Callable[[Any, Any], Any], one: Any, two: Any) -> Any:
        texts = [_is_text(value) for value in (one, two)]
        if any(isinstance(value, list) for value in (one, two)):
            raise self.wrong(node, "values in parentheses stand behind `in`")
        if texts[0] != texts[1]:
            if compare not in (operator.eq, operator.ne):
                raise self.wrong(node, "this compares a number with a text")
            return compare is operator.ne
        return compare(one, two)

    def parts(self) -> list[ast.expr]:
        """The conditions that all have to hold."""
        tree = self.tree
        return tree.values if isinstance(tree, ast.BoolOp) and _is_and(tree) else [tree]

    def bounds(self, apart: Collection[str] = ()) -> list[Bound] | None:
        """The condition as limits on totals that all hold; None: it is more than that.

        Args:
            apart: names that stand in parts that are looked at elsewhere, alone.
        """
        found: list[Bound] = []
        for part in self.parts():
            if {name for _, name in self._named(part)} <= set(apart):
                continue
            bounds = _bounds_of(part)
            if bounds is None:
                return None
            found += bounds
        return found

    def ends(self, ends: Sequence[int], names: Names) -> list[int]:
        """The ends at which the parts hold that are about sizes of the output alone."""
        import numpy

        block = Block(0, len(ends), (), (), numpy.array(ends, numpy.int64), {})
        mask = numpy.ones(len(ends), bool)
        with numpy.errstate(invalid="ignore"):
            for part in self.parts():
                own = {name for _, name in self._named(part)}
                if own and own <= set(names.sizes()):
                    mask &= numpy.asarray(self._value(part, block, names)) != 0
        return [end for end, good in zip(ends, mask.tolist(), strict=True) if good]


def _is_text(value: object) -> bool:
    """Whether a value is a text, or an array of them."""
    return isinstance(value, str) or getattr(getattr(value, "dtype", None), "kind", "") == "O"


def _is_and(node: ast.AST) -> bool:
    return isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)


def _bounds_of(node: ast.AST) -> list[Bound] | None:
    """The limits that one comparison, perhaps a chain, sets on a total."""
    if not isinstance(node, ast.Compare):
        return None
    sides = [node.left, *node.comparators]
    found: list[Bound] = []
    for one, op, two in zip(sides, node.ops, sides[1:], strict=False):
        kind: type[ast.cmpop] = type(op)
        if isinstance(two, ast.Name):
            one, two, kind = two, one, TURNED.get(kind, kind)
        limit = _limit(two)
        if not isinstance(one, ast.Name) or limit is None:
            return None
        if kind in (ast.Lt, ast.LtE, ast.Eq):
            found.append(Bound(one.id, 1, _under(limit, strict=kind is ast.Lt)))
        if kind in (ast.Gt, ast.GtE, ast.Eq):
            found.append(Bound(one.id, -1, -_under(-limit, strict=kind is ast.Gt)))
        if kind not in (ast.Lt, ast.LtE, ast.Eq, ast.Gt, ast.GtE):
            return None
    return found


def _limit(node: ast.AST) -> int | float | None:
    """The number that a part comes to, if it has no names; None: it has, or comes to none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _limit(node.operand)
        return None if value is None else -value
    if not isinstance(node, ast.BinOp):
        return None
    one, two = _limit(node.left), _limit(node.right)
    if one is None or two is None:
        return None
    try:
        found: int | float = ARITHMETIC[type(node.op)](one, two)
    except ArithmeticError:
        return None
    return None if isnan(found) else found


def _under(limit: int | float, *, strict: bool) -> int:
    """The largest whole number that is at most a limit, or below it; of 63 bits."""
    whole = int(min(max(limit, -FAR), FAR) // 1)
    return whole - 1 if strict and whole == limit else whole


def _allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.BoolOp | ast.Tuple | ast.List):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not | ast.USub)
    if isinstance(node, ast.BinOp):
        return type(node.op) in ARITHMETIC
    return isinstance(node, ast.Compare) and all(
        type(op) in COMPARISONS or isinstance(op, ast.In | ast.NotIn) for op in node.ops
    )
