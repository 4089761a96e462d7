"""How the figures of each step come about: the formulas that ran, with their numbers put in.

A layer's own methods are given its options and the shapes that flow in as numbers that remember
how they were made (`symbols.terms`), so that what is shown is what is computed, of every kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from cnncalc.axis.field import Field
from cnncalc.axis.windows import Slide, Window
from cnncalc.layers.base import Layer, Shape, Weight
from cnncalc.receptive.maps import Seen
from cnncalc.report import Report
from cnncalc.rows import BYTES, Row
from cnncalc.symbols.terms import LATEX, PEOPLE, PYTHON, Style, Term, key_of, named, shown

__all__ = ["Derivation", "derivations"]

FIELDS = "Araujo, Norris & Sim 2019, doi:10.23915/distill.00021"
LETTERS = {0: "", 1: "L", 2: "HW", 3: "DHW"}
COUNTED = ("count", "axes", "pads", "sizes", "integers")  # kinds of options that are whole numbers


class Derivation(NamedTuple):
    """How one figure of a step comes about.

    Attributes:
        what: which figure: `height`, `padding before`, `receptive field`, `params`, `MACs` …
        left: what it is called in formulas; empty: it has no name.
        value: the figure, with its formula if it is a term.
        known: names for parts of the formula.
        source: whose formula it is.
        words: what is to be said where there is no formula.
    """

    what: str
    left: str
    value: int
    known: Mapping[str, str]
    source: str
    words: str = ""

    def formula(self, style: Style = PEOPLE) -> str:
        return self.words or shown(self.value, style, self._others())

    def numbers(self, style: Style = PEOPLE) -> str:
        """The formula with its numbers put in."""
        return "" if self.words else shown(self.value, style, self._others(), numbers=True)

    def line(self, style: Style = PEOPLE) -> str:
        """All of it: `H' = ⌊(H + 2·p − k)/s⌋ + 1 = … = 112`."""
        if self.words:
            return self.words
        result = f"{int(self.value):,}" if style is PEOPLE else str(int(self.value))
        parts = [self.formula(style), self.numbers(style), result]
        left = [_Left(style).name(self.left)] if self.left else []
        return " = ".join(dict.fromkeys([*left, *parts]))

    def _others(self) -> dict[str, str]:
        """The names of parts, but not of the whole."""
        own = key_of(self.value)
        return {key: name for key, name in self.known.items() if key != own}

    def to_dict(self) -> dict[str, Any]:
        """An entry of a layer's `formulas`, in Python's syntax."""
        return {
            "what": self.what,
            "formula": self.formula(PYTHON),
            "numbers": self.numbers(PYTHON),
            "result": int(self.value),
            "source": self.source,
        }


class _Left:
    """How the name of a figure is written."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def name(self, name: str) -> str:
        return shown(named(name, 0), self.style)


def derivations(report: Report, number: int) -> list[Derivation]:
    """How the figures of a step come about, the trivial ones left out."""
    return list(_Step(report, number).all())


def traced(layer: Layer, axes: Sequence[str]) -> Layer:
    """A layer whose whole-number options remember their names; `axes` are those of the places."""
    twin: Layer = object.__new__(type(layer))
    twin.__dict__.update(vars(layer))
    for name, option in layer.options.items():
        if option.kind in COUNTED:
            short = option.key or name.removesuffix("_channels").removesuffix("_features")
            twin.__dict__[name] = _named_option(getattr(layer, name), short, axes)
    return twin


def _named_option(value: Any, name: str, axes: Sequence[str]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | tuple):
        return value
    if isinstance(value, int):
        return named(name, value)
    if len(value) == 1:
        return (_named_part(value[0], name),)
    ends = axes if len(axes) == len(value) else [str(n) for n in range(1, len(value) + 1)]
    return tuple(
        [_named_part(each, f"{name}_{end}") for each, end in zip(value, ends, strict=True)]
    )


def _named_part(value: Any, name: str) -> Any:
    """One value of an option; padding that differs has two names."""
    if isinstance(value, tuple):
        before, after = value
        if before == after:
            return named(name, before), named(name, after)
        return named(f"{name}_before", before), named(f"{name}_after", after)
    return named(name, value) if isinstance(value, int) else value


def letters(shape: Shape) -> list[str]:
    """How the places of a shape are called."""
    count = len(shape) - 1
    return list(LETTERS[count]) if count in LETTERS else [f"N{n}" for n in range(1, count + 1)]


def named_shapes(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes that flow in, with names."""
    found: list[Shape] = []
    for number, shape in enumerate(shapes, start=1):
        index = str(number) if len(shapes) > 1 else ""
        names = ["C", *letters(shape)]
        found.append(tuple([named(f"{n}{index}", m) for n, m in zip(names, shape, strict=True)]))
    return found


class _Step:
    """The formulas of one step, as they run on numbers with names."""

    def __init__(self, report: Report, number: int) -> None:
        self.report = report
        self.row: Row = report.rows[number]
        self.plain = report.network.steps[number].layer
        first = self.row.input_shapes[0] if self.row.input_shapes else self.row.output_shape
        self.layer = traced(self.plain, letters(first))
        self.shapes = named_shapes(self.row.input_shapes)
        self.output: Shape = self.layer.output(*self.shapes)
        self.names = ["C", *letters(self.output)]
        self.known = {
            key_of(size): f"{name}'"
            for name, size in zip(self.names, self.output, strict=True)
            if isinstance(size, Term) and size.operation != "name"
        }

    def all(self) -> Iterator[Derivation]:
        yield from self.sizes()
        yield from self.padding()
        yield from self.fields()
        yield from self.params()
        macs = self.layer.macs(*self.shapes)
        if macs:
            yield self.made("MACs", "", macs, self.plain.source)
        size = BYTES[self.report.dtype]
        batch = named("batch", self.report.batch) if self.report.batch > 1 else 1
        yield self.made("bytes", "", prod(self.output) * batch * named("bytes", size), "")

    def made(self, what: str, left: str, value: int, source: str) -> Derivation:
        return Derivation(what, left, value, dict(self.known), source)

    def words(self, what: str, value: int, words: str, source: str = "") -> Derivation:
        return Derivation(what, "", value, {}, source, words)

    def sizes(self) -> Iterator[Derivation]:
        """The axes of the output that aren't those of the input; equal formulas once."""
        given = self.shapes[0] if self.shapes else ()
        told = [
            (axis, size)
            for axis, size in enumerate(self.output)
            if not (axis < len(given) and key_of(size) == key_of(given[axis]))
        ]
        if not told and len(self.output) != len(given) and self.shapes:
            yield self.words("size", prod(self.output), self.plain.formula, self.plain.source)
        yield from self.collected("size", [(self.names[axis], size) for axis, size in told])

    def collected(self, what: str, sizes: Sequence[tuple[str, int]]) -> Iterator[Derivation]:
        """Figures of several axes; axes of equal formulas and numbers are told together."""
        alike: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for name, size in sizes:
            formula = shown(size, PEOPLE).replace(name, "n")
            alike.setdefault((formula, int(size)), []).append((name, size))
        for some in alike.values():
            name, size = some[0]
            axes = ", ".join(each for each, _ in some)
            left = f"{name}'" if what == "size" else ""
            yield self.made(f"{what} {axes}", left, size, self.plain.source)

    def padding(self) -> Iterator[Derivation]:
        """Padding that follows from the size, in numbers."""
        windows = self.windows()
        for side in ("before", "after"):
            sizes = [
                (name, getattr(window, side))
                for name, window in zip(letters(self.shapes[0] if self.shapes else ()), windows)
                if isinstance(window, Slide) and _is_worked_out(getattr(window, side))
            ]
            yield from self.collected(f"padding {side}", sizes)
            self.known |= {key_of(size): "before" for _, size in sizes}

    def windows(self) -> Sequence[Window]:
        return self.layer.windows(*self.shapes) if len(self.shapes) == 1 else ()

    def fields(self) -> Iterator[Derivation]:
        """What the units see, where that isn't what those before them saw."""
        report, row = self.report, self.row
        after = report.fields[row.index]
        if not after.axes or not row.inputs:
            return
        befores = [report.fields[i] for i in row.inputs]
        if len(befores) == 1 and befores[0] is after:
            return
        names = letters(report.frame)
        sizes = _sizes(after, report.frame)
        windows = self.windows()
        if len(befores) > 1:
            why = "the union of what the branches see"
        elif after.whole:
            why = "all of the input"
        else:
            slid = _slid(befores[0], after, windows)
            if slid is not None:
                yield from self.slid(names, slid)
                return
            why = "the union of what the units see that are read"
        if len(befores) == 1 and sizes == _sizes(befores[0], report.frame):
            return
        shown_sizes = "×".join(map(str, sizes if len(set(sizes)) > 1 else sizes[:1]))
        yield self.words("receptive field", max(sizes), f"{shown_sizes}: {why}", FIELDS)

    def slid(self, names: Sequence[str], slid: Sequence[tuple[Field, Field]]) -> Iterator[Derivation]:
        """The fields of windows that slide: `R + (k − 1)·d·J`."""
        sizes = [(name, field.size) for name, (_, field) in zip(names, slid, strict=True)]
        jumps = [(name, int(field.step)) for name, (_, field) in zip(names, slid, strict=True)]
        befores = [field for field, _ in slid]
        if [field.size for field in befores] != [int(size) for _, size in sizes]:
            yield from self.alike("receptive field", "R'", sizes)
        if [field.step for field in befores] != [int(jump) for _, jump in jumps]:
            yield from self.alike("jump", "J'", jumps)

    def alike(self, what: str, left: str, found: Sequence[tuple[str, int]]) -> Iterator[Derivation]:
        """A figure of each axis; those of equal numbers once."""
        seen = set()
        for name, value in found:
            key = shown(value, PEOPLE, numbers=True)
            if key not in seen:
                axis = f" {name}" if len({int(each) for _, each in found}) > 1 else ""
                yield self.made(f"{what}{axis}", left, value, FIELDS)
            seen.add(key)

    def params(self) -> Iterator[Derivation]:
        """The elements of the weights, which are those of the row."""
        row = self.row
        if row.shares is not None and row.weights:
            first = self.report.rows[row.shares].name
            yield self.words("params", 0, f"0: the weights are those of `{first}`")
            return
        weights = self.layer.weights(*self.shapes)
        for what, role, figure in (
            ("params", "parameter", row.params),
            ("buffers", "buffer", row.buffers),
        ):
            total = sum(weight.count for weight in weights if weight.role == role)
            if int(total) != figure:  # the source has other tensors
                total = sum(_elements(weight) for weight in row.weights if weight.role == role)
            if figure:
                yield self.made(what, "", total, self.plain.source)


def _elements(weight: Weight) -> int:
    """The elements of a tensor of the source: its sizes, one times the other."""
    return prod(named(str(n), n) for n in weight.shape)


def _is_worked_out(size: int) -> bool:
    return isinstance(size, Term) and size.operation not in ("name", "number")


def _sizes(seen: Seen, frame: Shape) -> list[int]:
    """How much is seen of each axis of the input."""
    return list(seen.to_dict(frame)["size"])  # type: ignore[call-overload]


def _slid(before: Seen, after: Seen, windows: Sequence[Window]) -> list[tuple[Field, Field]] | None:
    """The fields before windows, and as terms those behind them; None where they are no windows that just slide."""
    found = []
    for here, there in zip(before.axes, after.axes, strict=True):
        place = here.place
        if place is None or not 0 < place <= len(windows) or len(here.field.phases) > 1:
            return None
        window, field = windows[place - 1], here.field
        if not isinstance(window, Slide) or isinstance(field.step, float):
            return None
        start, size = field.phases[0]
        named_field = Field(named("J", int(field.step)), ((start, named("R", size)),))
        past = named_field.through(window)
        if (past.size, past.step) != (there.field.size, there.field.step):
            return None
        found.append((field, past))
    return found
