"""What `print(model)` shows of a PyTorch module: its parts, and how they nest.

    Sequential(
      (0): Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1))
      (1): ReLU(inplace=True)
    )

A Sequential runs in its order. Any other module has a forward that isn't printed, so that the
flow ends there; its parts and their weights are there all the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.errors import Source, Span, first_of
from cnncalc.notations.source.torch.nn.containers import SEQUENTIAL
from cnncalc.notations.source.torch.nn.module import MODULE, children, set_attribute
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.limits import INSTANCE_COST
from cnncalc.python.machine import Machine, Module
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Builtin, Class, Instance, Value

__all__ = ["PrintedFile", "built", "is_printed"]

NAMED = r"(?:\(([^()\s][^()\n]*)\): )?"
LINE = re.compile(rf"[ \t]*{NAMED}(?:(\d+) x )?([A-Za-z_][\w.]*)\((.*)")
WEIGHT = re.compile(rf"[ \t]*{NAMED}Parameter containing: \[[\w.]+ of size ([\dx]+)")
PART = re.compile(r"^[ \t]*\([^()\s][^()\n]*\): (?:\d+ x )?[A-Za-z_][\w.]*\(", re.MULTILINE)
WHOLE = re.compile(r"[A-Za-z_][\w.]*\([ \t]*\n")
RANGE = re.compile(r"(\d+)-(\d+)")
WORD = re.compile(r",?\s*\binplace\b(?!\s*=)")  # as PyTorch 0.4 has it
HIDING = ("MultiheadAttention",)  # which print parts, and not all of their weights
RENAMED = {"NonDynamicallyQuantizableLinear": "Linear"}
SOURCE = "its source tells: `cnncalc shape model.py:Net`, or in Python `cnncalc.from_torch(model)`"
MAX_DEPTH = 60
MAX_TOLD = 4


class Part(NamedTuple):
    """A module as it is printed.

    Attributes:
        names: under which it stands in its parent; several that are alike are printed as one.
        kind: the class.
        inside: what stands in its brackets, of a module without parts.
        span: from its class to the end of the line.
        parts: the modules in it.
        lines: what else it says of itself beside them, as classes do that have their own weights.
    """

    names: Sequence[str] | range
    kind: str
    inside: str
    span: Span
    parts: list[Part]
    lines: list[str]


class PrintedFile(SourceFile):
    """A printed model, which is no Python."""

    def _parse(self) -> ast.Module:
        return ast.Module([], [])


def is_printed(text: str) -> bool:
    """Whether a text is what `print(model)` shows, or some lines of that."""
    start = text.lstrip()
    return bool(PART.match(start) or (WHOLE.match(start) and PART.search(start)))


def built(machine: Interpreter, module: Module, entry: str | None) -> Instance:
    """The module that is printed, or the part of it that is named."""
    source = module.file.source
    roots = _parts(source)
    if len(roots) != 1:
        roots = [Part([""], "Net", "", Span(source, 0, len(source.text)), roots, [])]
    model = _Builder(machine, module).made(roots[0])
    for name in (entry or "").split(".") if entry else ():
        found = dict(children(model))
        if name not in found and name != model.cls.name:
            raise Refusal(
                f"there is no part `{name}` in this printed model",
                help=f"one of {', '.join(list(found)[:8])}",
                code="entry",
            )
        model = found.get(name, model)
    return model


def _parts(source: Source) -> list[Part]:
    """The outermost modules of a text."""
    roots: list[Part] = []
    open_: list[Part] = []
    start = 0
    for line in source.text.split("\n"):
        made = _part(source, line, start)
        if made is not None:
            (open_[-1].parts if open_ else roots).append(made)
            if not made.inside:
                open_.append(made)
        elif line.strip() == ")" and open_:
            open_.pop()
        elif line.strip() and open_:
            open_[-1].lines.append(line)
        if len(open_) > MAX_DEPTH:
            raise _wrong("modules are nested too deeply here", open_[-1].span, "too-deep")
        start += len(line) + 1
    return roots


def _part(source: Source, line: str, start: int) -> Part | None:
    """The module of a line; None for one that ends a module, or says more of it."""
    weight = WEIGHT.match(line)
    if weight:
        span = Span(source, start + weight.end(1) + 3, start + len(line.rstrip()))
        return Part([weight[1] or "0"], "Parameter", f"{weight[2]})", span, [], [])
    found = LINE.fullmatch(line.rstrip())
    if found is None or (found[4] and not found[4].endswith(")")):
        return None
    span = Span(source, start + found.start(3), start + len(line.rstrip()))
    if inner := WEIGHT.match(found[4]):  # ParameterList(  (0): Parameter containing: […])
        alone = Part([inner[1] or "0"], "Parameter", f"{inner[2]})", span, [], [])
        return Part(_names(found[1] or "", None, span), found[3], ")", span, [alone], [])
    return Part(_names(found[1] or "", found[2], span), found[3], found[4], span, [], [])


def _names(name: str, times: str | None, span: Span) -> Sequence[str] | range:
    found = RANGE.fullmatch(name)
    if not found or times is None or len(times) > 5:
        return [name]
    first, last = int(found[1]), int(found[2])
    if last - first + 1 != int(times):
        raise _wrong(f"({name}) aren't {times} modules", span, "syntax")
    return range(first, last + 1)


def _wrong(message: str, span: Span, code: str) -> Refusal:
    return Refusal(message, help="the text as `print(model)` gives it", code=code, span=span)


def _place(node: ast.expr, span: Span) -> None:
    """Let a tree stand where a module is printed."""
    text = span.source.text
    line = text.count("\n", 0, span.start) + 1
    home = text.rfind("\n", 0, span.start) + 1
    columns = (len(text[home:at].encode()) for at in (span.start, span.end))
    first, last = columns
    for each in ast.walk(node):
        if isinstance(each, ast.expr | ast.keyword):
            each.lineno = each.end_lineno = line
            each.col_offset, each.end_col_offset = first, last


class _Builder:
    """Makes modules of what is printed.

    Attributes:
        unknown: classes that may have weights which they don't print.
    """

    def __init__(self, machine: Interpreter, module: Module) -> None:
        self.machine = machine
        self.module = module
        self.unknown: dict[str, None] = {}

    def made(self, part: Part) -> Instance:
        """A module with its parts."""
        self.machine.budget.spend(INSTANCE_COST)
        kind = RENAMED.get(part.kind, part.kind)
        if part.kind == "Parameter":
            sizes = part.inside[:-1].replace("x", ", ")
            return self.evaluated(f"nn.Parameter(torch.empty({sizes}))", part)
        known = isinstance(self.machine.library(f"torch.nn.{kind}"), Class)
        if part.inside and known and not part.parts:
            return self.leaf(kind, part)
        if kind == "Sequential":
            modules = {str(n): self.made(each) for each in part.parts for n in each.names}
            made: Instance = self.machine.call(SEQUENTIAL, [modules] if modules else [], {})
            return made
        return self.holder(kind, part)

    def leaf(self, kind: str, part: Part) -> Instance:
        """A layer of PyTorch's: it prints what it was made with."""
        inside = WORD.sub("", part.inside[:-1]).lstrip(", ")
        return self.evaluated(f"nn.{kind}({inside})", part)

    def evaluated(self, text: str, part: Part) -> Instance:
        try:
            node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            message = f"what `{part.kind}` was made with can't be read"
            raise _wrong(message, part.span, "syntax") from None
        assert isinstance(node, ast.Call)
        _place(node, part.span)
        for keyword in node.keywords:  # padding=same, mode=bilinear
            if isinstance(keyword.value, ast.Name):
                word = ast.Constant(keyword.value.id)
                keyword.value = ast.copy_location(word, keyword.value)
        found: Instance = self.machine.evaluate(self.module.scope, node)
        return found

    def holder(self, kind: str, part: Part) -> Instance:
        """A module of which only the parts are known."""
        if part.lines or kind in HIDING or (not part.parts and part.inside not in ("", ")")):
            self.unknown[kind] = None
        forward = Builtin("forward", self.refuse(kind, part))
        made = Instance(Class(kind, (MODULE,), {"forward": forward}))
        made.ready = True
        for each in part.parts:
            for name in each.names:
                set_attribute(self.machine, made, str(name), self.made(each))
        return made

    def refuse(self, kind: str, part: Part) -> Value:
        """The forward of a module that doesn't print it."""

        def forward(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
            refusal = Refusal(
                f"a printed model doesn't tell how it is wired: what `{kind}` does with its "
                "input isn't printed",
                help=SOURCE,
                code="printed",
                span=part.span,
            )
            refusal.notes += self.told()
            raise refusal

        return forward

    def told(self) -> Iterator[str]:
        """What isn't counted."""
        names = [f"`{name}`" for name in self.unknown]
        if names:
            yield f"weights of {first_of(names, MAX_TOLD)} aren't printed, nor counted"
