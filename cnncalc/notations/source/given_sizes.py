"""The input size that a source itself says: in a comment, or where it calls its model.

    # cnncalc: input 3x32x32
    # cnncalc: input 3x32x32; 100
    net(torch.randn(1, 3, 32, 32)), summary(net, (3, 32, 32)), net.build((None, 32, 32, 3))

Nothing is run for it: what is found stands in the syntax, around the very model that is read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from cnncalc.errors import LayerError, Span, SpecError, first_of, shortened
from cnncalc.layers.base import Shape, show
from cnncalc.network import Hint, Typed
from cnncalc.notations.sizes import read_size
from cnncalc.python.machine import Module
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Instance, Value
from cnncalc.python.wordlists import words

__all__ = ["from_calls", "from_comments"]

COMMENT = re.compile(r"#[ \t]*cnncalc:[ \t]*input[ \t:=]+([^\n#]+)")
MADE = ("empty", "normal", "ones", "rand", "randn", "random", "zeros", "Tensor", "FloatTensor")
# Methods and functions that give back what they are called on, or with, as far as sizes go.
KEPT = frozenset(
    words("astype compile cpu cuda detach double eval float half requires_grad_ to train type")
)
AROUND = ("DataParallel", "Variable", "compile", "convert_to_tensor")
WITHOUT_BATCH = ("get_model_complexity_info",)
SIZED = ("input_size", "input_shape", "input_res", "size", "shape")
MAX_LISTED = 4
MAX_COMMENTS = 50
MAX_ASKED = 20_000  # expressions that are looked at
MAX_DEPTH = 8  # names within names, functions within functions
Scope = ast.Module | ast.FunctionDef


class Found(NamedTuple):
    """A size that a line gives.

    Attributes:
        sizes: without the batch, but where nobody knows whether it has one.
        span: the place.
        further: those of the model's further inputs, in their order.
    """

    sizes: Shape
    span: Span
    further: tuple[Shape, ...] = ()


def from_comments(file: SourceFile, model: Value) -> Found | None:
    """What a comment says: one at the model's class, or else one at none.

    Raises:
        SpecError: comments that disagree, or that hold no size.
    """
    comments = islice(COMMENT.finditer(file.source.text), MAX_COMMENTS)
    places = [(match.start(), match) for match in comments]
    classes = [each for each in file.tree.body if isinstance(each, ast.ClassDef)]
    own = model.cls.name if isinstance(model, Instance) else ""
    at = {start: _class_at(file, classes, start) for start, _ in places}
    mine = [match for start, match in places if at[start] == own]
    found = [_read(file, match) for match in mine or [m for s, m in places if at[s] is None]]
    return _one(found)


def _class_at(file: SourceFile, classes: list[ast.ClassDef], start: int) -> str | None:
    """The class in which, or right above which, a comment stands."""
    text = file.source.text
    for each in classes:
        span = file.span(each)
        above = text.rfind("\n", 0, max(text.rfind("\n", 0, span.start), 0)) + 1
        end = text.find("\n", span.end)
        if above <= start < (len(text) if end < 0 else end):
            return each.name
    return None


def _read(file: SourceFile, match: re.Match[str]) -> Found:
    """The size that a comment says, or one for each input: `3x64x64; 100`."""
    text = match[1].rstrip()
    span = Span(file.source, match.start(1), match.start(1) + len(text))
    try:
        first, *further = map(read_size, text.split(";"))
        return Found(first, span, tuple(further))
    except LayerError as error:
        raise SpecError(error.message, span, code=error.code, help=error.help) from None


def _one(found: list[Found]) -> Found | None:
    """The size that all of them say; SpecError where they disagree."""
    known: dict[tuple[Shape, ...], Found] = {}
    for each in found:
        known.setdefault((each.sizes, *each.further), each)
    if len(known) > 1:
        told = [
            f"{' and '.join(map(show, sizes))} in {_line(each.span)}"
            for sizes, each in known.items()
        ]
        first = next(iter(known.values()))
        raise SpecError(
            f"this source gives its model several input sizes: {first_of(told, MAX_LISTED)}",
            first.span,
            code="several-sizes",
            help=f"say which: `-i {'x'.join(map(str, first.sizes))}`",
        )
    return next(iter(known.values()), None)


def _line(span: Span) -> str:
    file, line, *_ = span.place()
    inside = (file or "").rpartition(":")[2]
    return f"{inside}, line {line}" if inside.startswith("cell ") else f"line {line}"


def from_calls(module: Module, model: Value) -> Hint | None:
    """What the file gives this model when it calls it, or has its table printed.

    Raises:
        SpecError: sizes that disagree.
    """
    found = _one(sorted(_Calls(module, model).found(), key=lambda each: each.span.start))
    if found is None:
        return None
    note = f"the input is {show(found.sizes)}, from {_line(found.span)}"
    return Hint(Typed(found.sizes, found.span), f"{note}: `{shortened(found.span.text)}`")


class _Calls:
    """The calls of one model in its file."""

    def __init__(self, module: Module, model: Value) -> None:
        self.file = module.file
        self.body = module.file.tree.body
        self.variables = {name for name, value in module.scope.names.items() if value is model}
        cls = model.cls.name if isinstance(model, Instance) else ""
        self.classes = [n for n in self.body if isinstance(n, ast.ClassDef) and n.name == cls]
        self.functions = [n for n in self.body if isinstance(n, ast.FunctionDef)]
        self.bound: dict[str, list[ast.expr]] = {}
        self.left = MAX_ASKED

    @cached_property
    def makers(self) -> set[str]:
        """The class, and the functions that give what calling it, or one of them, gives."""
        names = {each.name for each in self.classes}
        given = {each.name: _given_by(each) for each in self.functions} if names else {}
        for _ in range(MAX_DEPTH):
            names |= {name for name, words in given.items() if not words.isdisjoint(names)}
        return names

    def asked(self, depth: int) -> bool:
        """Whether one more expression may be looked at, so deep within others."""
        self.left -= 1
        return self.left > 0 and depth <= MAX_DEPTH

    def found(self) -> Iterator[Found]:
        """Each size, in the order of the file."""
        if not self.makers and not self.variables:
            return
        top = ast.Module(self.body, [])
        # A function sees the names of the file, and its own in their place.
        outer = _bound(_nodes(top))
        for scope in (top, *self.functions):
            nodes = list(_nodes(scope))
            self.bound = {**outer, **_bound(nodes)}
            for node in nodes:
                if isinstance(node, ast.Call):
                    yield from self.of_call(node)
        for cls in self.classes:
            yield from self.examples(cls)

    def examples(self, cls: ast.ClassDef) -> Iterator[Found]:
        """`self.example_input_array = torch.randn(1, 3, 32, 32)`, as Lightning has it."""
        for node in ast.walk(cls):
            if isinstance(node, ast.Assign) and _word(node.targets[0]) == "example_input_array":
                yield from self.tensor(node.value)

    def of_call(self, node: ast.Call) -> Iterator[Found]:
        """What a call gives the model, if it is one of the model or about it."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        holder = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if method in ("", "forward") and self.is_model(holder):
            tensors = [each for arg in node.args for each in self.tensor(arg)]
            yield from tensors if len(tensors) == 1 else ()
        elif method == "build" and self.is_model(holder):
            yield from self.written(node, [*node.args, *_values(node, SIZED)], batch=True)
        elif any(self.is_model(arg) for arg in [*node.args, *_values(node, ("model",))]):
            yield from self.about(node)

    def about(self, node: ast.Call) -> Iterator[Found]:
        """A call that is given the model and its input, or the size of that."""
        others = [*node.args, *(each.value for each in node.keywords)]
        parts = [p for o in others for p in (o.elts if isinstance(o, ast.Tuple) else [o])]
        tensors = [each for part in parts for each in self.tensor(part)]
        if tensors:
            yield from tensors if len(tensors) == 1 else ()
        elif _word(node.func) == "summary" or _word(node.func) in WITHOUT_BATCH:
            sizes = [*node.args[1:2], *_values(node, SIZED)]
            torchinfo = "torchinfo" in self.file.text and _word(node.func) == "summary"
            yield from self.written(node, sizes, batch=torchinfo)

    def written(self, node: ast.Call, sizes: Iterable[ast.expr], batch: bool) -> Iterator[Found]:
        """A size that stands there as a tuple."""
        for each in sizes:
            numbers = self.numbers(each)
            if numbers:
                left = numbers[1:] if batch else numbers
                if None not in left and left:
                    yield Found(tuple(n for n in left if n), self.file.span(node))
                return

    def is_model(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether an expression is the model."""
        if not self.asked(depth):
            return False
        if isinstance(node, ast.Name):
            made = any(self.is_model(each, depth + 1) for each in self.bound.get(node.id, ()))
            return made or node.id in self.variables
        if not isinstance(node, ast.Call):
            return False
        kept = isinstance(node.func, ast.Attribute) and node.func.attr in KEPT
        if kept and self.is_model(node.func.value, depth + 1):  # type: ignore[attr-defined]
            return True
        if _word(node.func) in AROUND and node.args:
            return self.is_model(node.args[0], depth + 1)
        return isinstance(node.func, ast.Name) and node.func.id in self.makers

    def tensor(self, node: ast.expr, depth: int = 0) -> list[Found]:
        """The sizes of a tensor that is made of numbers alone, without its batch."""
        if not self.asked(depth):
            return []
        if isinstance(node, ast.Name):
            values = self.bound.get(node.id, [])
            return self.tensor(values[0], depth + 1) if len(values) == 1 else []
        if not isinstance(node, ast.Call):
            return []
        if isinstance(node.func, ast.Attribute) and node.func.attr in KEPT:
            return self.tensor(node.func.value, depth + 1)
        if _word(node.func) in AROUND and node.args:
            return self.tensor(node.args[0], depth + 1)
        if _word(node.func) not in MADE:
            return []
        first = [*node.args[:1], *_values(node, ("size", "shape"))]
        numbers = self.numbers(first[0]) if first else None
        if numbers is None:
            numbers = [self.number(each) for each in node.args]
        left = [each for each in numbers[1:] if each]
        whole = len(left) == len(numbers) - 1 and left
        return [Found(tuple(left), self.file.span(node))] if whole else []

    def numbers(self, node: ast.expr) -> list[int | None] | None:
        """The numbers of a tuple or list; None for what is neither."""
        if isinstance(node, ast.Name) and len(self.bound.get(node.id, ())) == 1:
            node = self.bound[node.id][0]
        if not isinstance(node, ast.Tuple | ast.List):
            return None
        return [self.number(each) for each in node.elts]

    def number(self, node: ast.expr) -> int | None:
        """A number that stands there, or whose name is bound to it alone."""
        if isinstance(node, ast.Name) and len(self.bound.get(node.id, ())) == 1:
            node = self.bound[node.id][0]
        plain = isinstance(node, ast.Constant) and type(node.value) is int
        return node.value if plain and node.value > 0 else None  # type: ignore[attr-defined]


def _nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a file or a function, but for what other definitions hold."""
    waiting = [*ast.iter_child_nodes(scope)][::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            waiting += [*ast.iter_child_nodes(node)][::-1]


def _given_by(function: ast.FunctionDef) -> set[str]:
    """The words of the calls whose results a function returns."""
    bound = _bound(_nodes(function))
    words: set[str] = set()
    for node in _nodes(function):
        value = node.value if isinstance(node, ast.Return) else None
        values = bound.get(value.id, []) if isinstance(value, ast.Name) else [value]
        words |= {_word(each.func) for each in values if isinstance(each, ast.Call)}
    return words


def _bound(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What is assigned to each name."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            pairs = [(target, node.value)]  # type: ignore[attr-defined]
            if isinstance(target, ast.Tuple):
                values = getattr(pairs[0][1], "elts", [])
                pairs = list(zip(target.elts, values, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, []).append(value)
    return found


def _values(node: ast.Call, names: Collection[str]) -> list[ast.expr]:
    return [each.value for each in node.keywords if each.arg in names]


def _word(node: ast.expr) -> str:
    """The last word of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
