"""A network at an input of which sizes have names: its figures as expressions, and where they hold.

One run with names, at a size at which the network works, gives the expressions; what was asked of
the names on the way is what they take for granted. Runs elsewhere that give the same expressions
widen that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple, NoReturn

from cnncalc.analysis import WITH_NUMBERS, analyze, check_settings, no_input
from cnncalc.errors import Span, SpecError, shortened
from cnncalc.layers.base import Shape, Weight, show
from cnncalc.named_steps import named_at
from cnncalc.network import Named, Network
from cnncalc.regions import Run, with_sizes
from cnncalc.rows import Analysis, Note, Row, Symbols, as_layout, from_layout
from cnncalc.symbols.numbers import ALL, Numbers, TooManyNumbersError, holds, only
from cnncalc.symbols.simplify import Remainder, answered, remainder_of, simplified
from cnncalc.symbols.size import ZERO, Question, Questions, Size, UnsettledError, named_shape
from cnncalc.validity import always_stretched, first_tried, symbols_of, working

__all__ = ["analyze_named"]

MOST_PAIRS = 1024  # sizes at which a condition on several names is tried
MOST_COMPARED = 16  # numbers for which expressions are compared one by one
MOST_FOLLOWED = 8_000  # steps of a source in all of these runs
MOST_RUNS = 40  # that look for more sizes with the same expressions
SAMPLES = 4  # sizes at which a source is followed again in numbers
# What flows in where nobody says it: the first that the network takes.
GUESSES = (("C", "H", "W"), ("C", "L"), ("C", "D", "H", "W"), ("C",))


def analyze_named(
    network: Network,
    size: Named | None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
    first: Shape | None = None,
) -> Analysis:
    """Work out every step of a network in names.

    Args:
        network: with its steps, which no size is needed for.
        size: the input's; None: nobody gave one, so that all of it has names.
        batch: samples at a time, as in `analysis.analyze`.
        dtype: what numbers are kept in.
        layout: of the shapes for whoever shows them.
        first: the size, channels first, that questions are decided at if it works; None: the usual.

    Raises:
        SpecError: it works at no size, or no expression says its figures.
    """
    dtype = check_settings(batch, dtype, layout)
    settings = {"batch": batch, "dtype": dtype, "layout": layout}
    if size is not None:
        try:
            return _Naming(network, size, settings, first).analysis()
        except SpecError as error:
            error.so_far = None  # what was followed has numbers in it
            raise
    missing, told = no_input(network), None
    for sizes in _guesses(network):
        try:
            found = _Naming(network, Named(sizes, missing), settings).analysis()
            fixed = _fixed(found.symbols)
            if fixed:
                sizes = tuple(fixed.get(n, n) if isinstance(n, str) else n for n in sizes)
                found = _Naming(network, Named(sizes, missing), settings).analysis()
        except SpecError as error:
            told = error if told is None and error.code == "symbols" else told
            continue
        shown = "×".join(map(str, sizes))
        note = Note(None, f"the size of the input isn't given: it is {shown}")
        return found._replace(notes=[note, *found.notes])
    raise told or missing


def _fixed(symbols: Symbols | None) -> dict[str, int]:
    """The names that can be but one number, as the channels that a source declares."""
    found = {}
    for name, some in symbols.sets.items() if symbols else ():
        if not some.residues and len(some.below()) == 1:
            found[name] = some.below()[0]
    return found


def _guesses(network: Network) -> list[tuple[int | str, ...]]:
    """What may flow in, in the network's own order: what the source leaves open has names."""
    if network.declared is None:
        return [_in_order(sizes, network) for sizes in GUESSES]
    sizes = from_layout(network.declared, network.layout)  # type: ignore[arg-type]
    places = network.places(sizes)
    names = dict(zip(places, symbols_of(len(places)), strict=True))
    named = [names.get(axis, "C") if n is None else n for axis, n in enumerate(sizes)]
    return [_in_order(tuple(named), network)]


def _in_order(sizes: tuple[Any, ...], network: Network) -> tuple[int | str, ...]:
    return as_layout(sizes, network.layout)


class _Found(NamedTuple):
    """One run with names.

    Attributes:
        analysis: its figures.
        sets: by name, where the questions about it alone have the same answers.
        ties: the other questions.
        decided: the tests of branches in a source, each with a question that decides it.
    """

    analysis: Analysis
    sets: dict[str, Numbers]
    ties: tuple[Question, ...]
    decided: Sequence[tuple[Span, Question]]


class _Naming:
    """A network at sizes with names, and the runs that tell of it."""

    def __init__(
        self,
        network: Network,
        size: Named,
        settings: dict[str, Any],
        first: Shape | None = None,
    ) -> None:
        self.network = network
        self.size = size
        self.settings = settings
        sizes: tuple[Any, ...] = from_layout(size.sizes, network.layout)  # type: ignore[arg-type]
        self.names: dict[int, str] = {
            axis: name for axis, name in enumerate(sizes) if isinstance(name, str)
        }
        self.places = [axis for axis in network.places(sizes) if axis in self.names]
        self.first = first or first_tried(network, size)
        self.left = MOST_RUNS
        self.known: dict[tuple[object, str], Numbers | None] = {}  # asked again in other runs

    def analysis(self) -> Analysis:
        """The figures, and what they take for granted."""
        try:
            witness, _ = working(self.network, self.first, self.names)
            if always_stretched(self.network, self.first, witness, self.places):
                self.broken_at(self.first)
            found = self.run(witness)
        except (TooManyNumbersError, UnsettledError) as error:
            step = error.step if isinstance(error, UnsettledError) else None
            known = step is not None and self.network.tracer is None
            spans = self.network.steps[step or 0].spans if known else [self.size.missing.span]
            if isinstance(error, UnsettledError):
                spans = error.spans or spans
            raise SpecError(
                f"no expression says this: {error}", *spans[:1], code="symbols", help=WITH_NUMBERS
            ) from None
        if self.network.tracer is not None:  # each run follows all of it anew
            self.left = min(MOST_RUNS, MOST_FOLLOWED // len(found.analysis.rows))
        sets = self.widened(found, witness)
        if self.network.tracer is not None:
            self.check_elsewhere(found, sets)
        ties = tuple([tie for tie in found.ties if not _always(tie, sets)])
        symbols = Symbols(witness, sets, ties, self.size.missing, self.network)
        remainders = {name: left for name, some in sets.items() if (left := remainder_of(some))}
        equal = [tie for tie in found.ties if tie.what == ZERO and tie.answer]
        rows = [_written_out(row, remainders, equal) for row in found.analysis.rows]
        notes = [*found.analysis.notes, *self.decisions(found, sets)]
        return found.analysis._replace(rows=rows, symbols=symbols, notes=notes)

    def decisions(self, found: _Found, sets: Mapping[str, Numbers]) -> Iterator[Note]:
        """A note on each branch of a source that is another one at sizes which aren't assumed."""
        places: dict[tuple[int, int], Span] = {}
        taken: dict[tuple[int, int], list[Question]] = {}
        for span, question in found.decided:
            place = id(span.source), span.start
            places.setdefault(place, span)
            taken.setdefault(place, []).append(question)
        ties = {tie.condition() for tie in found.ties}
        for place, span in places.items():
            words = list(self.assumed(taken[place], sets, ties))
            if words:
                told = f"{_decides(span)}: this is the network for {' and '.join(words)}"
                yield Note(None, told)

    def assumed(
        self, questions: Sequence[Question], sets: Mapping[str, Numbers], ties: Collection[str]
    ) -> Iterator[str]:
        """The answers to some questions without which figures are others, for people."""
        where: dict[str, Numbers] = {}
        for question in questions:
            names = question.size.names()
            some = self.where(question) if len(names) == 1 else None
            if some is None and question.condition() in ties:
                yield question.condition(as_people=True)
            elif some is not None and ~some and not sets[(name := min(names))] & ~some:
                where[name] = where.get(name, ALL) & some
        yield from (some.said(name) for name, some in where.items())

    def check_elsewhere(self, found: _Found, sets: Mapping[str, Numbers]) -> None:
        """SpecError where runs with other numbers don't give what the expressions say.

        A source may take a size for a plain number, in a loop or a table, which nothing notes.
        """
        for sizes in _samples(sets, found.ties):
            shape = with_sizes(self.first, self.names, sizes)
            wanted = [[_at(n, sizes) for n in _figures(row)] for row in found.analysis.rows]
            try:
                numbers = analyze(
                    self.network, as_layout(shape, self.network.layout), **self.settings
                )
                told = [list(_figures(row)) for row in numbers.rows]
            except SpecError:
                told = []
            if told != wanted:
                raise SpecError(
                    f"no expression says this: the source is another network at {show(shape)}",
                    code="symbols",
                    help=WITH_NUMBERS,
                )

    def broken_at(self, shape: Shape) -> NoReturn:
        """The error of numbers, where names would only hide it."""
        size = as_layout(shape, self.network.layout)
        try:
            analyze(self.network, size, **self.settings)
        except SpecError as error:
            error.notes.append(f"with {show(size)} for the input")
            raise
        raise AssertionError(f"it works at {show(size)}")

    def run(self, shape: Shape) -> _Found:
        """The figures with the names' witnesses those of a shape."""
        asked = Questions()
        inside = named_shape(shape, self.names, asked)
        typed = as_layout(inside, self.network.layout)
        analysis = analyze(named_at(self.network, inside), typed, **self.settings)
        return _Found(analysis, *self.told(asked), asked.decided)

    def told(self, asked: Questions) -> tuple[dict[str, Numbers], tuple[Question, ...]]:
        """Where all questions have the answers that they had: by name, and what no set says."""
        sets = dict.fromkeys(self.names.values(), ALL)
        ties = []
        for question in asked:
            names = question.size.names()
            where = self.where(question) if len(names) == 1 else None
            if where is None:
                ties.append(question)
            else:
                (name,) = names
                sets[name] &= where
        return sets, tuple(_telling(ties))

    def where(self, question: Question) -> Numbers | None:
        """The numbers at which a question has its answer; None: no set says them."""
        key = frozenset(question.size.terms.items()), question.what
        if key not in self.known:
            try:
                self.known[key] = holds(question._replace(answer=True))
            except TooManyNumbersError:  # a product of one name with itself, or beyond all bounds
                self.known[key] = None
        where = self.known[key]
        return where if where is None or question.answer else ~where

    def widened(self, first: _Found, witness: Shape) -> dict[str, Numbers]:
        """The sets of names with all that other runs of the same expressions add.

        What holds is a product of sets. A piece is added to one name's where the figures are the
        same beside each piece of the others that there is so far.
        """
        sets, cells = dict(first.sets), [_Cell(witness, first.sets, True)]
        try:
            for name in sets:
                told, more = sets[name], list(cells)
                while (n := (~told).first()) is not None and self.left >= len(cells):
                    pieces = list(self.pieces(first, cells, name, n))
                    part = pieces[0].sets[name]
                    for piece in pieces[1:]:
                        part &= piece.sets[name]
                    told |= part
                    if all(piece.alike for piece in pieces):
                        sets[name] |= part
                        more += pieces
                cells = more
        except TooManyNumbersError:  # what there is so far holds
            pass
        return sets

    def pieces(self, first: _Found, cells: Sequence[_Cell], name: str, n: int) -> Iterator[_Cell]:
        """What is found beside each cell where one name is another number, until one differs."""
        for cell in cells:
            shape = with_sizes(cell.shape, self.names, {name: n})
            piece = self.piece(first, shape, name)
            beside = piece.alike and all(
                other == name or not cell.sets[other] & ~piece.sets[other] for other in cell.sets
            )
            yield piece._replace(alike=beside)
            if not beside:
                return

    def piece(self, first: _Found, shape: Shape, name: str) -> _Cell:
        """What runs at another shape tell: of the one name where it breaks there, else of all."""
        self.left -= 1
        try:
            alone = {axis: each for axis, each in self.names.items() if each == name}
            run = Run(self.network, shape, alone)
            if run.error:
                return _Cell(shape, {name: self.told(run.asked)[0][name]}, False)
            found = self.run(shape)
        except (SpecError, UnsettledError):  # of this one number nothing is known
            n = next(n for axis, n in enumerate(shape) if self.names.get(axis) == name)
            return _Cell(shape, {name: only(n)}, False)
        alike = _alike(found.analysis.rows, first.analysis.rows, _few(name, found.sets[name]))
        ties = {tie.condition() for tie in found.ties} == {tie.condition() for tie in first.ties}
        return _Cell(shape, found.sets, alike and ties)


def _few(name: str, some: Numbers) -> list[dict[str, int]]:
    """The numbers of a set one by one, as those that a name stands for; empty: they are many."""
    listed = [] if some.residues else some.below()
    return [{name: n} for n in listed] if len(listed) <= MOST_COMPARED else []


def _alike(one: Sequence[Row], two: Sequence[Row], few: Sequence[Mapping[str, int]]) -> bool:
    """Whether rows are of the same layers and say the same, if only for those few numbers."""
    if [(row.kind, row.inputs) for row in one] != [(row.kind, row.inputs) for row in two]:
        return False
    pairs = [(_figures(a), _figures(b)) for a, b in zip(one, two, strict=True)]
    if all(_same(a, b) for a, b in pairs):
        return True
    put = [[[_put(n, sizes) for n in each] for each in pair] for pair in pairs for sizes in few]
    return bool(put) and all(_same(a, b) for a, b in put)


class _Cell(NamedTuple):
    """A shape, the sets that a run there told of, and whether its expressions are the first's."""

    shape: Shape
    sets: dict[str, Numbers]
    alike: bool


def _decides(span: Span) -> str:
    """That the source decides by the size, and where."""
    file, line, *_ = span.place()
    where = f"{file}, line {line}" if file and file.startswith("cell ") else f"line {line}"
    return f"{where} decides by the size, `{shortened(span.text)}`"


def _telling(ties: Sequence[Question]) -> Iterator[Question]:
    """The conditions that no equation among them answers."""
    equal = [tie for tie in ties if tie.what == ZERO and tie.answer]
    for tie in ties:
        left = (answered(tie.size, each.size) for each in equal)
        if any(tie is each for each in equal) or all(isinstance(n, Size) for n in left):
            yield tie


def _always(tie: Question, sets: Mapping[str, Numbers]) -> bool:
    """Whether a condition holds wherever its names are in their sets, where these are few."""
    names = sorted(tie.size.names())
    if any(sets[name].residues for name in names):
        return False
    listed = [sets[name].below() for name in names]
    if prod(map(len, listed)) > MOST_PAIRS:
        return False
    return all(tie.holds_at(dict(zip(names, each, strict=True))) for each in product(*listed))


def _samples(sets: Mapping[str, Numbers], ties: Sequence[Question]) -> Iterator[dict[str, int]]:
    """A few sizes at which all that is taken for granted holds."""
    for place in range(SAMPLES):
        least = [1 + 37 * place + 50 * place**3 + 7 * number for number in range(len(sets))]
        found = [some.first(n) for some, n in zip(sets.values(), least, strict=True)]
        sizes = {name: n for name, n in zip(sets, found, strict=True) if n is not None}
        if len(sizes) == len(sets) and all(tie.holds_at(sizes) for tie in ties):
            yield sizes


def _at(size: int | Size, sizes: Mapping[str, int]) -> int:
    return size.at(sizes) if isinstance(size, Size) else size


def _put(size: int | Size, sizes: Mapping[str, int]) -> int | Size:
    return size.put(sizes) if isinstance(size, Size) else size


def _figures(row: Row) -> tuple[int, ...]:
    """All that a row says in numbers."""
    shapes = [n for weight in row.weights for n in weight.shape]
    counts = (row.params, row.trainable, row.buffers, row.macs, row.activation_bytes)
    return (*row.output_shape, *counts, *shapes)


def _same(one: Sequence[int | Size], two: Sequence[int | Size]) -> bool:
    """Whether two lists of sizes are the same expressions; no question is asked."""
    return len(one) == len(two) and all(
        a.terms == b.terms
        if isinstance(a, Size) and isinstance(b, Size)
        else a is b or str(a) == str(b)
        for a, b in zip(one, two, strict=True)
    )


def _written_out(row: Row, remainders: Mapping[str, Remainder], equal: Sequence[Question]) -> Row:
    """A row with the floors that come out even written out, and with what equations say."""
    if not remainders and not equal:
        return row

    def count(size: int | Size) -> int:
        for tie in equal:
            size = answered(size, tie.size)
        return simplified(size, remainders)  # type: ignore[return-value]

    def sized(shape: Shape) -> Shape:
        return tuple(map(count, shape))

    weights = [Weight(w.name, sized(w.shape), w.role, w.trainable) for w in row.weights]
    return Row(
        row.index,
        row.name,
        row.kind,
        row.text,
        row.inputs,
        tuple(map(sized, row.input_shapes)),
        sized(row.output_shape),
        tuple(weights),
        count(row.params),
        count(row.trainable),
        count(row.buffers),
        row.shares,
        count(row.macs),
        count(row.activation_bytes),
    )
