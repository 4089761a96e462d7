"""The figures of one step, as its layer's own formulas make them of numbers with names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from cnncalc.axis.windows import Slide, Window
from cnncalc.explaining.derivation import Derivation
from cnncalc.explaining.fields import FIELDS, sizes_of, slid, why
from cnncalc.explaining.named import letters, named_layer, named_shapes
from cnncalc.findings import Findings
from cnncalc.layers.base import Shape, Weight
from cnncalc.rows import BYTES, BuiltRow, Row
from cnncalc.symbols.derived import Derived, named
from cnncalc.symbols.formulas import PEOPLE, formula_of, written

__all__ = ["derivations"]

OnAxis = tuple[str, int]  # the letter of an axis, and a figure on it


def derivations(report: Findings, row: Row | BuiltRow) -> list[Derivation]:
    """How the figures of a step come about; of a module that was never reached, its weights."""
    if isinstance(row, BuiltRow):
        return list(_tensors(row, "", {}))
    return list(_Step(report, row).all())


class _Step:
    """The formulas of one step, as they run on numbers with names."""

    def __init__(self, report: Findings, row: Row) -> None:
        self.report = report
        self.row = row
        self.plain = report.network.steps[row.index].layer
        self.given = letters(len(row.input_shapes[0])) if row.input_shapes else []
        self.shapes = named_shapes(row.input_shapes)
        self.layer = named_layer(self.plain, self.given[1:])
        self.output: Shape = self.layer.output(*self.shapes)
        self.names = letters(len(self.output))
        self.known: dict[str, str] = {}
        for name, size in zip(self.names, self.output, strict=True):
            self.name(size, f"{name}'")

    def all(self) -> Iterator[Derivation]:
        """All of them, but for what just stays as it was."""
        if not self.row.inputs:  # a further input
            return
        windows = self.layer.windows(*self.shapes) if len(self.shapes) == 1 else ()
        yield from self.sizes()
        yield from self.padding(windows)
        yield from self.fields(windows)
        yield from self.params()
        macs = self.layer.macs(*self.shapes)
        if macs:
            yield self.made("MACs", macs)
        yield self.made("activation bytes", self.bytes(), source="")

    def name(self, size: int, name: str) -> None:
        """Let a figure have a name where it is part of another one."""
        if _is_made(size):
            self.known.setdefault(formula_of(size), name)

    def made(
        self, what: str, value: int, left: str = "", source: str | None = None, words: str = ""
    ) -> Derivation:
        source = self.plain.source if source is None else source
        return Derivation(what, value, left, dict(self.known), source, words)

    def sizes(self) -> Iterator[Derivation]:
        """The axes of the output that aren't those of the input; equal ones together."""
        first = self.shapes[0]
        told = [
            (name, size)
            for axis, (name, size) in enumerate(zip(self.names, self.output, strict=True))
            if not (axis < len(first) and formula_of(size) == formula_of(first[axis]))
        ]
        for axes, (name, size) in _together(told):
            words = "" if isinstance(size, Derived) else self.plain.formula
            left = "" if words else f"{name}'"
            yield self.made(f"size {axes}", size, left, words=words)
        if not told and len(self.output) < len(first):
            yield self.made("size", prod(self.output), words=self.plain.formula)

    def padding(self, windows: Sequence[Window]) -> Iterator[Derivation]:
        """Padding that follows from the size, in numbers."""
        same = str(getattr(self.plain, "padding", "")).startswith("same")
        for side in ("before", "after"):
            sizes = [
                (name, getattr(window, side))
                for name, window in zip(self.given[1:], windows, strict=False)
                if isinstance(window, Slide) and (same or _is_made(getattr(window, side)))
            ]
            for axes, (_, size) in _together(sizes):
                yield self.made(f"padding {side} {axes}", size)
            for _, size in sizes:
                self.name(size, "before")

    def fields(self, windows: Sequence[Window]) -> Iterator[Derivation]:
        """What the units see, where that isn't what those before them saw."""
        seen, frame = self.report.fields, self.report.frame
        before, after = [seen[i] for i in self.row.inputs], seen[self.row.index]
        names = letters(len(frame))[1:]
        found = slid(before[0], after, windows) if len(before) == 1 else None
        if found is not None:
            for what, left, figures in found:
                yield from self.alike(what, left, list(zip(names, figures, strict=True)))
            return
        sizes = sizes_of(after, frame)
        if any(sizes_of(each, frame) != sizes for each in before):
            some = list(_together(list(zip(names, sizes, strict=True))))
            for axes, (_, size) in some:
                what = f"receptive field {axes}" if len(some) > 1 else "receptive field"
                yield self.made(what, size, source=FIELDS, words=why(before, after))

    def alike(self, what: str, left: str, figures: Sequence[OnAxis]) -> Iterator[Derivation]:
        """A figure of each axis; those of equal numbers once, without its letter."""
        told = {
            written(value, PEOPLE, numbers=True): (name, value) for name, value in figures[::-1]
        }
        for name, value in reversed(told.values()):
            yield self.made(f"{what} {name}" if len(told) > 1 else what, value, left, FIELDS)

    def params(self) -> Iterator[Derivation]:
        """The elements of the weights, which are those of the row."""
        row = self.row
        if row.shares is not None and row.weights:
            first = self.report.rows[row.shares].name
            yield self.made("params", 0, source="", words=f"the weights are those of `{first}`")
            return
        weights = self.layer.weights(*self.shapes)
        if [(w.role, int(w.count)) for w in weights] == [(w.role, w.count) for w in row.weights]:
            yield from _sums(weights, self.plain.source, self.known)
        else:  # the source has other tensors
            yield from _tensors(row, self.plain.source, self.known)

    def bytes(self) -> int:
        """What the output takes: its elements, times samples, times bytes of a number."""
        batch = named("batch", self.report.batch) if self.report.batch > 1 else 1
        size: int = prod(self.output) * batch * named("bytes", BYTES[self.report.dtype])
        return size


def _tensors(row: Row | BuiltRow, source: str, known: Mapping[str, str]) -> Iterator[Derivation]:
    """The elements of tensors as the source has them, of which each is a product of its sizes."""
    weights = [
        Weight(w.name, tuple([named(str(n), n) for n in w.shape]), w.role) for w in row.weights
    ]
    return _sums(weights, source, known)


def _sums(weights: Sequence[Weight], source: str, known: Mapping[str, str]) -> Iterator[Derivation]:
    for what, role in (("params", "parameter"), ("buffers", "buffer")):
        counts = [weight.count for weight in weights if weight.role == role]
        if counts:
            yield Derivation(what, sum(counts), "", dict(known), source)


def _is_made(size: int) -> bool:
    """Whether there is a formula to show, and not only a name or a number."""
    return isinstance(size, Derived) and not (
        size.operation in ("name", "number") or formula_of(size).isdigit()
    )


def _together(figures: Sequence[OnAxis]) -> Iterator[tuple[str, OnAxis]]:
    """Figures of several axes, with the letters of all whose formulas and numbers are equal."""
    alike: dict[tuple[str, str], list[OnAxis]] = {}
    for name, figure in figures:
        formula = formula_of(figure).replace(name, "n")
        numbers = written(figure, PEOPLE, numbers=True)
        alike.setdefault((formula, numbers), []).append((name, figure))
    for some in alike.values():
        yield ", ".join(name for name, _ in some), some[0]
