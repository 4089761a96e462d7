"""The law of a backbone: all windows between the input and a step as one that slides.

A stack of slides is one slide (`Slide.then`), whose kernel is what a unit sees, whose stride is the
jump, and whose length is the size for every input: floor((n + A) / B) + C. Here it is carried from
step to step beside sizes with names. It is told only where the sizes with names, and the fields of
the report, say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.analysis import settle
from cnncalc.axis.windows import Resize, Slide, Spread, Window
from cnncalc.errors import LayerError
from cnncalc.findings import Findings
from cnncalc.layers.base import OWN, Route, Shape
from cnncalc.rows import JsonObject, Row
from cnncalc.symbols.numbers import ALL, TooManyNumbersError, holds
from cnncalc.symbols.size import (
    PLAIN,
    Floor,
    Question,
    Questions,
    Size,
    UnsettledError,
    named_shape,
    number,
    pretty,
)
from cnncalc.validity import symbols_of

__all__ = ["Law", "laws"]


class NoLawError(Exception):
    """Why there is no law of a step."""


class Law(NamedTuple):
    """The one window between the input and a step, along each axis of the input; or why not.

    Attributes:
        slides: with the padding that there is at the size of the report.
        lengths: of each axis A, B and C: one of n has floor((n + A) / B) + C.
        depends: the padding is another one at other sizes, as that of `same` may be.
        assumes: of which inputs it holds, in Python's syntax and as people write it.
        why: there is none; empty: there is.
    """

    slides: tuple[Slide, ...] = ()
    lengths: tuple[tuple[int, int, int], ...] = ()
    depends: bool = False
    assumes: tuple[tuple[str, str], ...] = ()
    why: str = ""

    def to_dict(self) -> JsonObject:
        """The `law` of a layer in the report's document."""
        if self.why:
            found: list[Any] = [None] * 4
        else:
            kernels = [slide.kernel for slide in self.slides]
            jumps = [slide.stride for slide in self.slides]
            padding = [[slide.before, slide.after] for slide in self.slides]
            found = [kernels, jumps, padding, [list(each) for each in self.lengths]]
        keys = ("kernel", "jump", "padding", "length")
        told = dict(zip(keys, found, strict=True))
        assumes = [python for python, _ in self.assumes]
        return {**told, "depends": self.depends, "assumes": assumes, "why": self.why or None}


def laws(report: Findings) -> list[Law]:
    """The law of each row of a report, the input's first."""
    loop = _Loop(report.at_witness)
    return [loop.law(row) for row in report.at_witness.rows]


class _Loop:
    """What flows at sizes with names, and the laws so far."""

    def __init__(self, report: Findings) -> None:
        self.report = report
        self.places = report.network.places(report.input)
        names = dict(zip(self.places, symbols_of(len(self.places)), strict=True))
        self.asked = Questions()
        self.input = named_shape(report.input, names, self.asked)
        self.told: list[Question] = []
        self.sets = dict.fromkeys(names.values(), ALL)
        self.ties: list[tuple[str, str]] = []
        self.sizes: list[Shape | None] = []
        self.found: list[Law] = []

    def law(self, row: Row) -> Law:
        """The law of the next row."""
        self.sizes.append(self._shape(row))
        try:
            law = self._law(row)
        except NoLawError as error:
            law = Law(why=str(error))
        self.found.append(law)
        return law

    def _shape(self, row: Row) -> Shape | None:
        """The size with names; None: none says it."""
        if row.index == 0:
            return self.input
        shapes = [self.sizes[number] for number in row.inputs]
        step = self.report.network.steps[row.index]
        known = tuple([shape for shape in shapes if shape is not None])
        if len(known) < len(shapes):
            return None
        try:
            return settle(step, known).output(*known)
        except (LayerError, UnsettledError):
            return None

    def _law(self, row: Row) -> Law:
        if not self.places:
            raise NoLawError("the input has no positions")
        if row.index == 0:
            return self._checked(row, (OWN,) * len(self.places), False)
        if not row.inputs:
            raise NoLawError(f"`{row.name}` is an input of its own")
        before = [self.found[i] for i in row.inputs]
        if why := next((law.why for law in before if law.why), None):
            raise NoLawError(why)
        if any(along.place is None for along in self.report.fields[row.index].axes):
            raise NoLawError(f"`{row.name}` takes the map together")
        depends = any(law.depends for law in before)
        if len(before) > 1:
            self._check_branches(row)
            slides = [
                _joined(row, each) for each in zip(*[law.slides for law in before], strict=True)
            ]
            return self._checked(row, slides, depends)
        windows, resolved = self._windows(row)
        slides = [one.then(two) for one, two in zip(before[0].slides, windows, strict=True)]
        return self._checked(row, slides, depends or resolved)

    def _windows(self, row: Row) -> tuple[list[Slide], bool]:
        """The window of a step with one input along each axis of the input.

        Beside it whether their padding depends on the size.
        """
        layer = self.report.network.steps[row.index].layer
        named = self.sizes[row.inputs[0]]
        assert named is not None, "it had a law"
        places = [along.place or 0 for along in self.report.fields[row.inputs[0]].axes]
        here = _slides(row, layer.route(row.input_shapes[0]), places)
        try:
            anywhere = _slides(row, layer.route(named), places)
        except (LayerError, UnsettledError):
            raise NoLawError(f"no expression says what `{row.name}` reads") from None
        pads = [pad for slide in anywhere for pad in (slide.before, slide.after)]
        return here, any(isinstance(pad, Size) for pad in pads)

    def _check_branches(self, row: Row) -> None:
        """NoLawError where branches have one size at some inputs alone."""
        for axis in range(len(self.places)):
            sizes = []
            for i in row.inputs:
                shape, along = self.sizes[i], self.report.fields[i].axes[axis]
                assert shape is not None, "it had a law"
                sizes.append(str(shape[along.place or 0]))
            if len(set(sizes)) > 1:
                raise NoLawError(
                    f"`{row.name}` joins branches whose sizes are equal at some inputs alone"
                )

    def _checked(self, row: Row, slides: Sequence[Slide], depends: bool) -> Law:
        """The law, if sizes with names and the fields of the report say the same."""
        seen, shape = self.report.fields[row.index], self.sizes[row.index]
        lengths = []
        for axis, slide, along in zip(self.places, slides, seen.axes, strict=True):
            if shape is None:
                raise NoLawError(f"no expression says the size of `{row.name}`")
            size = shape[along.place or 0]
            length = slide.length(self.input[axis])
            agree = number(size) == number(length) if depends else str(size) == str(length)
            terms = _terms(size)
            if not agree or terms is None or terms[1] != slide.stride:
                raise NoLawError(f"the size of `{row.name}` is {pretty(size)}")
            field = along.field
            window = (slide.kernel, slide.stride, -slide.before)
            if len(field.phases) > 1 or (field.size, field.step, field.start) != window:
                raise NoLawError(f"the units of `{row.name}` see different parts")
            lengths.append(terms)
        return Law(tuple(slides), tuple(lengths), depends, self._assumes())

    def _assumes(self) -> tuple[tuple[str, str], ...]:
        """Where all questions so far have the answers that they had."""
        new = list(self.asked)[len(self.told) :]
        for question in new:
            names = tuple(question.size.names())
            try:
                if len(names) > 1:
                    raise TooManyNumbersError
                self.sets[names[0]] &= holds(question)
            except TooManyNumbersError:  # no set says it
                self.ties.append((question.condition(), question.condition(as_people=True)))
        self.told += new
        sets = [(name, some) for name, some in self.sets.items() if ~some]
        return (*[(some.condition(name), some.said(name)) for name, some in sets], *self.ties)


def _slides(row: Row, route: Route | None, places: Sequence[int]) -> list[Slide]:
    """The windows of a layer along some axes of its input."""
    if route is None:
        return [OWN] * len(places)
    return [_slide(row, route.window(place)) for place in places]


def _slide(row: Row, window: Window | None) -> Slide:
    """A window that slides by the same numbers whatever the size; NoLawError for another."""
    window = window or OWN
    if isinstance(window, Spread | Resize):
        raise NoLawError(f"`{row.name}` resizes the map: its units see different parts")
    if not isinstance(window, Slide):
        raise NoLawError(f"`{row.name}` has windows that don't lie at equal distances")
    if not all(isinstance(n, int) for n in (window.kernel, window.stride, window.dilation)):
        raise NoLawError(f"the window of `{row.name}` depends on the size")
    return window


def _joined(row: Row, slides: Sequence[Slide]) -> Slide:
    """The window of branches that meet: what any of them sees."""
    first = slides[0]
    jumps = sorted({slide.stride for slide in slides})
    if len(jumps) > 1:
        told = " and ".join(map(str, jumps))
        raise NoLawError(f"`{row.name}` joins branches whose jumps are {told}")
    before = max(slide.before for slide in slides)
    reach = max(slide.kernel - slide.before for slide in slides)
    after = reach + first.before + first.after - first.kernel  # so that the length stays
    return Slide(before + reach, first.stride, before, after)


def _terms(length: int) -> tuple[int, int, int] | None:
    """A, B and C of a length floor((n + A) / B) + C; None: it is no such length."""
    if not isinstance(length, Size) or len(length.atoms) != 1:
        return None
    ((key, atom),) = length.atoms.items()
    plain = length.terms.get(PLAIN, 0)
    if length.terms.get((key,)) != 1:
        return None
    if not isinstance(atom, Floor):
        return plain, 1, 0
    inner = atom.inner
    names = [term for term in inner.terms if term]
    whole = len(names) == 1 and inner.terms[names[0]] == 1 and names[0][0] in inner.names()
    return (inner.terms.get(PLAIN, 0), atom.divisor, plain) if whole else None
