"""For which sizes of the input a network works: exact sets, axis by axis.

A run with a name in the place of one axis tells of all sizes at which its questions have the same
answers. Runs go on at the least size that none has told of yet, until every size is covered: U-Net
takes 22 of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, islice, product
from math import dist, prod
from operator import or_
from typing import Any, NamedTuple

from cnncalc.analysis import check_input
from cnncalc.errors import LayerError, SpecError
from cnncalc.layers.base import Shape, axis_name, show
from cnncalc.layers.spelling import word
from cnncalc.network import Named, Network, Step, Typed
from cnncalc.regions import Box, Run, in_all, regions, with_sizes
from cnncalc.rows import JsonObject, as_layout, from_layout
from cnncalc.symbols.numbers import ALL, NONE, Numbers, TooManyNumbersError
from cnncalc.symbols.size import ZERO, Question, UnsettledError

__all__ = [
    "AxisSizes",
    "ValidSizes",
    "always_stretched",
    "first_tried",
    "symbols_of",
    "valid_sizes",
    "working",
    "would_work",
]

MOST_RUNS = 400
MOST_ASKED = 2**16  # beyond it no run is begun: a source that asks on and on never ends
MOST_TRACES = 60  # of a source, until it works
MOST_ELSEWHERE = 100  # runs at sizes of all axes, where moving one after the other finds none
MOST_ALIKE, MOST_APART = 600, 40  # sizes that are tried for an equation of several names
LETTERS = {1: "L", 2: "HW", 3: "DHW"}
SCHEMA = "cnncalc.sizes/1"
USUAL = (3, 224, 224)  # where nothing says what flows in
OTHERS = ((3, 224), (3, 64, 64, 64), (224,))  # what else a source may take


class Broken(NamedTuple):
    """A size at which a network doesn't work: the step that breaks, what meets there, and why.

    Attributes:
        shape: the input's, channels first.
        number, step: which one breaks; None: the source isn't followed that far.
        shapes: what flows in there.
        error: why it can't be.
    """

    shape: Shape
    number: int | None
    step: Step | None
    shapes: tuple[Shape, ...]
    error: LayerError


class AxisSizes(NamedTuple):
    """The sizes of one axis of the input.

    Attributes:
        symbol: how the axis is called: H, W.
        axis: which one of the input's it is, channels first.
        works: at which the network works, the other axes being as they are.
        exact: of these, at which no window leaves a place out at the end of its map.
    """

    symbol: str
    axis: int
    works: Numbers
    exact: Numbers


class ValidSizes:
    """The input sizes at which a network works.

    Attributes:
        network: whose they are.
        shape: a size at which it works, channels first.
        axes: one `AxisSizes` for each axis that is a place.
        ties: conditions on several axes at once, for which the sets of single ones don't answer.
        asked: the size that was asked about, channels first; None: none was.
        together: where there are ties, all sizes that work: sets of each axis, by its symbol, which
            go with each other; empty: nothing exact can be said of them.
    """

    def __init__(
        self,
        network: Network,
        shape: Shape,
        axes: Sequence[AxisSizes],
        ties: Sequence[Question] = (),
        asked: Shape | None = None,
        together: Sequence[Box] = (),
    ) -> None:
        self.network = network
        self.shape = shape
        self.axes = tuple(axes)
        self.ties = tuple(ties)
        self.asked = asked
        self.together = tuple(together)

    @property
    def _boxes(self) -> Sequence[Box]:
        return self.together or [{axis.symbol: axis.works for axis in self.axes}]

    @property
    def least(self) -> Shape:
        """The shape of the least area that works.

        Where equations tie axes in a way that no sets tell of, the least that is found by trying.
        """
        if self.ties and not self.together:
            return next((each for each in self._small() if not self.broken_at(each)), self.shape)
        firsts: list[list[int]] = [
            [box[axis.symbol].first() or 1 for axis in self.axes] for box in self._boxes
        ]
        return self._with(min(firsts, key=lambda sizes: (prod(sizes), max(sizes, default=0))))

    def _small(self) -> Iterator[Shape]:
        """Shapes of small sizes, those of the least area first."""
        most = MOST_ALIKE if self.network.tracer is None else MOST_TRACES
        sizes = product(range(1, MOST_APART), repeat=len(self.axes))
        smallest = sorted(sizes, key=lambda sizes: (prod(sizes), max(sizes)))
        return map(self._with, islice(smallest, most))

    @property
    def alike(self) -> Numbers:
        """The sizes that work for all axes at once."""
        return _union(in_all(box) for box in self._boxes)

    def broken_at(self, shape: Shape) -> Broken | None:
        """Where the network breaks at a size, channels first; None: it works there."""
        run = Run(self.network, shape, {})
        if run.error is None:
            return None
        if run.stopped is not None:
            return Broken(shape, None, None, (), run.error)
        step = run.steps[len(run.outputs)]
        return Broken(shape, len(run.outputs), step, run.shapes(step), run.error)

    def near(self, shape: Shape) -> list[Shape]:
        """The size itself if it works, else the nearest that do: smaller ones, and larger ones."""
        if self.broken_at(shape) is None:
            return [shape]
        wanted = [shape[axis.axis] for axis in self.axes]
        sets = [[box[axis.symbol] for axis in self.axes] for box in self._boxes]
        smaller = [[some.last(n) for some, n in zip(each, wanted, strict=True)] for each in sets]
        larger = [[some.first(n) for some, n in zip(each, wanted, strict=True)] for each in sets]
        found = [self._nearest(ways, wanted) for ways in (smaller, larger)]
        return [each for each in found if each and self.broken_at(each) is None]

    def _nearest(self, ways: Sequence[Sequence[int | None]], wanted: Sequence[int]) -> Shape | None:
        """The shape of the way whose sizes are the nearest; None: there is no way."""
        whole = [[n for n in sizes if n is not None] for sizes in ways if None not in sizes]
        near = min(whole, key=lambda sizes: dist(sizes, wanted), default=None)
        return None if near is None else self._with(near)

    def _with(self, sizes: Sequence[int]) -> Shape:
        """A shape with these sizes of its places."""
        shape = list(self.shape)
        for axis, size in zip(self.axes, sizes, strict=True):
            shape[axis.axis] = size
        return tuple(shape)

    def to_dict(self) -> JsonObject:
        """The document of `cnncalc sizes --json`, its shapes in the network's own order."""
        layout, asked = self.network.layout, self.asked
        broken = self.broken_at(asked) if asked else None
        return {
            "schema": SCHEMA,
            "axes": [_axis_document(axis) for axis in self.axes],
            "least": list(as_layout(self.least, layout)),
            "near": [list(as_layout(each, layout)) for each in self.near(asked)] if asked else [],
            "breaks": broken and self._broken_document(broken),
            "assumes": [tie.condition() for tie in self.ties],
            "together": [
                {symbol: _listed(some) for symbol, some in box.items()} for box in self.together
            ],
        }

    def _broken_document(self, broken: Broken) -> dict[str, object]:
        layout, step = self.network.layout, broken.step
        return {
            "input": list(as_layout(broken.shape, layout)),
            "index": broken.number,
            "name": step and step.name,
            "text": step and word(step.layer),
            "shapes": [list(as_layout(each, layout)) for each in broken.shapes],
            "message": broken.error.message,
        }


def _axis_document(axis: AxisSizes) -> dict[str, object]:
    return {"symbol": axis.symbol, **_listed(axis.works), "lossless": _listed(axis.exact)}


def _listed(sizes: Numbers) -> dict[str, object]:
    """A set as the document has it: from which size on which remainders, and what else."""
    return {
        "from": sizes.first(sizes.start) if sizes.residues else None,
        "modulus": sizes.modulus,
        "residues": sizes.remainders(),
        "also": sizes.below(),
    }


def symbols_of(count: int) -> Sequence[str]:
    """How the axes of so many places are called."""
    return LETTERS.get(count) or [f"N{axis}" for axis in range(1, count + 1)]


def first_tried(network: Network, size: Named) -> Shape:
    """What is tried first for a size with names, channels first; axes of one name are alike."""
    sizes = from_layout(size.sizes, network.layout)  # type: ignore[arg-type]
    usual = USUAL[:1] + USUAL[1:2] * (len(sizes) - 1) if len(sizes) > 1 else USUAL[1:2]
    tried = dict(zip(sizes, usual, strict=True))
    return tuple(n if isinstance(n, int) else tried[n] for n in sizes)


def valid_sizes(
    network: Network, size: Typed | Named | None = None, near: Typed | None = None
) -> ValidSizes:
    """The sizes at which a network works.

    Args:
        network: a network whose steps are known without a size.
        size: a size of its input, of which the channels and the number of axes count, with or
            without names; None: its own, or a picture of three channels.
        near: the size to be asked about: one for all places, one for each, or with the channels.

    Raises:
        SpecError: it works at no size, or nothing can be said of all of them.
    """
    size = size or network.named
    known = not isinstance(size, Named) and (size is not None or network.input is not None)
    try:
        shape, names = _begun(network, size)
        asked = _asked(near, shape, network) if near else shape if known else None
        works_at, questions = working(network, shape, names)
        ties = [each for each in questions if len(each.size.names()) > 1]
        axes = [_axis(network, works_at, axis, name) for axis, name in names.items()]
        boxes = _boxes(network, works_at, names) if ties else []
    except (TooManyNumbersError, UnsettledError) as error:
        spans = error.spans if isinstance(error, UnsettledError) else ()
        raise SpecError(
            f"nothing exact can be said of all sizes here: {error}", *spans[:1], code="symbols"
        ) from None
    return ValidSizes(network, works_at, axes, ties, asked, boxes)


def _begun(network: Network, size: Typed | Named | None) -> tuple[Shape, dict[int, str]]:
    """The size that is tried first, and the axes of it that may have others, with their names.

    Of a source that has no size and takes no picture, it is another one.
    """
    if isinstance(size, Named):
        shape = first_tried(network, size)
        typed: tuple[Any, ...] = from_layout(size.sizes, network.layout)  # type: ignore[arg-type]
        own = {axis: name for axis, name in enumerate(typed) if isinstance(name, str)}
        places = _places(network, shape)
        return shape, places if places.keys() & own.keys() else own
    if size is not None or network.input is not None or network.tracer is None:
        shape = from_layout(size.sizes, network.layout) if size else network.input or USUAL
        check_input(shape, size.span if size else None)
        return shape, _places(network, shape)
    for shape in (USUAL, *OTHERS):
        names = _places(network, shape) or {0: LETTERS[1]}
        try:
            return working(network, shape, names)[0], names
        except SpecError:
            continue
    return USUAL, _places(network, USUAL)


def _places(network: Network, shape: Shape) -> dict[int, str]:
    places = network.places(shape)
    return dict(zip(places, symbols_of(len(places)), strict=True))


def _asked(near: Typed, shape: Shape, network: Network) -> Shape:
    """The whole size that `near` stands for."""
    places = network.places(shape)
    if len(near.sizes) == len(shape):
        asked = from_layout(near.sizes, network.layout)
    elif len(near.sizes) in (1, len(places)):
        sizes = near.sizes if len(near.sizes) == len(places) else near.sizes * len(places)
        named = dict(zip(places, sizes, strict=True))
        asked = tuple(named.get(axis, n) for axis, n in enumerate(shape))
    else:
        raise SpecError(
            f"`{show(near.sizes)}` is no size of {show(shape)}",
            near.span,
            code="bad-input",
            help=f"one number for all of its spatial axes, {len(places)}, or {len(shape)}",
        )
    check_input(asked, near.span)
    return asked


def would_work(network: Network, size: Typed | None) -> list[str]:
    """In words, the sizes that work of a network that breaks at this one; empty: none is known."""
    try:
        valid = valid_sizes(network, size)
    except SpecError:
        return []
    if valid.asked and only_stretched(network, valid.asked, valid.shape):
        return []
    sets = ", ".join(
        [
            *(axis.works.said(axis.symbol) for axis in valid.axes),
            *(tie.condition(as_people=True) for tie in valid.ties),
        ]
    )
    shapes = valid.near(valid.asked) if valid.asked else []
    near = " and ".join(show(as_layout(shape, network.layout)) for shape in shapes)
    nearest = f"; the nearest are {near}" if near else ""
    return [f"input sizes that work: {sets}{nearest}"]


def only_stretched(network: Network, breaks_at: Shape, works_at: Shape) -> bool:
    """Whether the step that breaks works elsewhere by stretching a single place over a map.

    That is 8×1×1 joined with 8×3×3, which hardly is what was meant.
    """
    broken = Run(network, breaks_at, {})
    stopped = broken.error is None or broken.stopped is not None
    return not stopped and _stretches(network, works_at, len(broken.outputs))


def always_stretched(
    network: Network, breaks_at: Shape, works_at: Shape, names: Collection[int]
) -> bool:
    """The same, and no size at which all axes with names are alike works without that."""
    if not only_stretched(network, breaks_at, works_at):
        return False
    number = len(Run(network, breaks_at, {}).outputs)
    alike = (
        tuple(n if axis in names else m for axis, m in enumerate(works_at))
        for n in range(1, MOST_ALIKE)
    )
    return all(
        Run(network, shape, {}).error is not None or _stretches(network, shape, number)
        for shape in alike
    )


def _stretches(network: Network, works_at: Shape, number: int) -> bool:
    """Whether maps of different places meet in a step, at a size that works."""
    works = Run(network, works_at, {})
    return len({shape[1:] for shape in works.shapes(works.steps[number])}) > 1


def working(network: Network, shape: Shape, names: dict[int, str]) -> tuple[Shape, list[Question]]:
    """Sizes at which the network works, and what was asked of them.

    Args:
        network: whose steps they are.
        shape: the sizes that are tried first.
        names: of the axes that may have another size; axes of one name have the same.

    Raises:
        SpecError: no size works.
        TooManyNumbersError, UnsettledError: nothing exact can be said.
    """
    search = _Search(shape, names, network.tracer is not None)
    first: Run | None = None
    tried: set[Shape] = set()
    while search.shape not in tried:
        tried.add(search.shape)
        run = Run(network, search.shape, names)
        if run.error is None:
            return search.shape, list(run.asked)
        first = first or run
        most = MOST_RUNS if network.tracer is None else MOST_TRACES
        if not search.moved(run) or len(tried) == most:
            break
    assert first
    return _elsewhere(network, shape, names, first)


def _elsewhere(
    network: Network, shape: Shape, names: dict[int, str], first: Run
) -> tuple[Shape, list[Question]]:
    """The same where moving one name after the other finds nothing: of all alike, or of any."""
    alike = dict.fromkeys(names, next(iter(names.values()), ""))
    complete = not names
    for named in (alike, names) if names else ():
        if network.tracer is not None and named is names:
            break  # each size of a source is a trace
        try:
            told = regions(network, shape, named, dict.fromkeys(named.values(), ALL))
            for _, run in islice(told, MOST_ELSEWHERE):
                if run.error is None:
                    found = with_sizes(shape, named, run.witness)
                    return found, list(Run(network, found, names).asked)
            complete = named == names and next(told, None) is None
        except (TooManyNumbersError, UnsettledError):
            complete = False
    raise first.nowhere(show(as_layout(shape, network.layout)), complete)


class _Search:
    """The way to a size that works: the name that was asked about last moves first.

    A source may be another network at its least sizes, so that those below the first are tried
    from the largest on.
    """

    def __init__(self, shape: Shape, names: dict[int, str], largest: bool) -> None:
        self.shape = shape
        self.largest = largest
        self.names = names
        self.first = {name: shape[axis] for axis, name in names.items()}
        self.tried = dict.fromkeys(names.values(), NONE)
        self.ties: set[str] = set()  # met before

    def moved(self, run: Run) -> bool:
        """Whether there is another size to be tried, after a run that broke; it is in `shape`."""
        questions = list(run.asked)[::-1]
        if any(self.tied(each, questions[n + 1 :]) for n, each in enumerate(questions)):
            return True
        asked = [name for each in questions for name in each.size.names()]
        for name in dict.fromkeys(asked):
            self.tried[name] |= run.region(name)
            following = self.following(name)
            if following is not None:
                self.put({name: following})
                return True
            self.tried[name] = NONE  # again beside the next size of another name
            self.put({name: self.first[name]})
        return False

    def following(self, name: str) -> int | None:
        """What a name is tried with next: where another one has already moved, or the least."""
        left = ~self.tried[name]
        moved = [n for axis, n in enumerate(self.shape) if self.names.get(axis, name) != name]
        firsts = self.first.values()
        found = next((n for n in moved if n not in firsts and n in left), None)
        if found is None and self.largest:
            found = left.last(self.first[name])
        return left.first() if found is None else found

    def put(self, sizes: dict[str, int]) -> None:
        self.shape = with_sizes(self.shape, self.names, sizes)

    def tied(self, question: Question, before: Sequence[Question]) -> bool:
        """Whether an equation of several names holds at small sizes, which are in `shape` then.

        Those at which what was asked before it has the same answers are preferred.
        """
        size, what, answer = question
        names = sorted(size.names())
        if len(names) < 2 or what != ZERO or answer or question.condition() in self.ties:
            return False
        self.ties.add(question.condition())
        alike = ((n,) * len(names) for n in range(1, MOST_ALIKE))
        others = {name: self.shape[axis] for axis, name in self.names.items()}
        holding = (
            found
            for sizes in chain(alike, product(range(1, MOST_APART), repeat=len(names)))
            if size.at(found := dict(zip(names, sizes, strict=True))) == 0
        )
        first = next(holding, None)
        if first is None:
            return False
        best = (
            found
            for found in chain([first], holding)
            if all(each.holds_at({**others, **found}) for each in before)
        )
        self.put(next(best, first))
        return True


def _boxes(network: Network, shape: Shape, names: Mapping[int, str]) -> list[Box]:
    """All sizes that work, where equations tie them; empty: nothing exact can be said of them."""
    whole = dict.fromkeys(names.values(), ALL)
    try:
        return [box for box, run in regions(network, shape, names, whole) if run.error is None]
    except UnsettledError:
        return []


def _union(sets: Iterable[Numbers]) -> Numbers:
    return reduce(or_, sets, NONE)


def _axis(network: Network, shape: Shape, axis: int, name: str) -> AxisSizes:
    """All sizes of one axis, run by run."""
    works = told = exact = NONE
    following: int | None = shape[axis]
    for _ in range(MOST_RUNS):
        if following is None:
            return AxisSizes(name, axis, works, exact)
        if following > MOST_ASKED:
            break
        run = Run(network, (*shape[:axis], following, *shape[axis + 1 :]), {axis: name})
        region = run.region(name)
        told |= region
        if run.error is None:
            works |= region
            exact |= region & run.lossless(name)
        following = (~told).first()
    raise TooManyNumbersError(f"{axis_name(axis - 1, len(shape) - 1)} needs too many runs")
