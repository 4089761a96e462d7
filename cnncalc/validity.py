"""For which sizes of the input a network works: exact sets, axis by axis.

A run with a name in the place of one axis tells of all sizes at which its questions have the same
answers. Runs go on at the least size that none has told of yet, until every size is covered: U-Net
takes 22 of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, product
from typing import Any, NamedTuple

from cnncalc.analysis import check_input, settle
from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError, SpecError
from cnncalc.layers.base import Shape, axis_name, show
from cnncalc.layers.spelling import word
from cnncalc.named_steps import named_at
from cnncalc.network import Named, Network, Step, Typed
from cnncalc.rows import as_layout, from_layout
from cnncalc.symbols.numbers import ALL, NONE, Numbers, TooManyNumbersError, holds
from cnncalc.symbols.size import (
    NEGATIVE,
    ZERO,
    Question,
    Questions,
    Size,
    UnsettledError,
    named_shape,
)

__all__ = [
    "AxisSizes",
    "Run",
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
    """

    def __init__(
        self,
        network: Network,
        shape: Shape,
        axes: Sequence[AxisSizes],
        ties: Sequence[str] = (),
        asked: Shape | None = None,
    ) -> None:
        self.network = network
        self.shape = shape
        self.axes = tuple(axes)
        self.ties = tuple(ties)
        self.asked = asked

    @property
    def least(self) -> Shape:
        """The least size of each axis that works, and the channels."""
        return self._with([axis.works.first() for axis in self.axes])

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
        wanted = [(axis.works, shape[axis.axis]) for axis in self.axes]
        smaller = [works.last(size) for works, size in wanted]
        larger = [works.first(size) for works, size in wanted]
        found = [self._with(sizes) for sizes in (smaller, larger) if None not in sizes]
        return [each for each in found if self.broken_at(each) is None]

    def _with(self, sizes: Sequence[int | None]) -> Shape:
        """A shape with these sizes of its places."""
        shape = list(self.shape)
        for axis, size in zip(self.axes, sizes, strict=True):
            shape[axis.axis] = size or shape[axis.axis]
        return tuple(shape)

    def to_dict(self) -> dict[str, Any]:
        """The document of `cnncalc sizes --json`, its shapes in the network's own order."""
        layout, asked = self.network.layout, self.asked
        broken = self.broken_at(asked) if asked else None
        return {
            "schema": SCHEMA,
            "axes": [_axis_document(axis) for axis in self.axes],
            "least": list(as_layout(self.least, layout)),
            "near": [list(as_layout(each, layout)) for each in self.near(asked)] if asked else [],
            "breaks": broken and self._broken_document(broken),
            "assumes": list(self.ties),
        }

    def _broken_document(self, broken: Broken) -> dict[str, Any]:
        layout, step = self.network.layout, broken.step
        return {
            "input": list(as_layout(broken.shape, layout)),
            "index": broken.number,
            "name": step and step.name,
            "text": step and word(step.layer),
            "shapes": [list(as_layout(each, layout)) for each in broken.shapes],
            "message": broken.error.message,
        }


def _axis_document(axis: AxisSizes) -> dict[str, Any]:
    return {"symbol": axis.symbol, **_listed(axis.works), "lossless": _listed(axis.exact)}


def _listed(sizes: Numbers) -> dict[str, Any]:
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
        axes = [_axis(network, works_at, axis, name) for axis, name in names.items()]
    except (TooManyNumbersError, UnsettledError) as error:
        spans = error.spans if isinstance(error, UnsettledError) else ()
        raise SpecError(
            f"nothing exact can be said of all sizes here: {error}", *spans[:1], code="symbols"
        ) from None
    ties = [each.condition() for each in questions if len(each.size.names()) > 1]
    return ValidSizes(network, works_at, axes, ties, asked)


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
    sets = ", ".join(axis.works.said(axis.symbol) for axis in valid.axes)
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


class Run:
    """The steps of a network at sizes of which some have names.

    Attributes:
        steps, ends: of the network at these sizes, and the numbers of its outputs.
        outputs: what came out of the steps so far.
        error: why a step can't be, if there is one.
        stopped: the error where a source isn't followed to its end, which `error` tells, too.
        asked: what was asked of the names.
        witness: the numbers that they are here.
    """

    def __init__(self, network: Network, shape: Shape, names: dict[int, str]) -> None:
        self.asked = Questions()
        self.witness = {name: shape[axis] for axis, name in names.items()}
        self.steps: Sequence[Step] = network.steps
        self.ends = network.outputs
        self.outputs: list[Shape] = [named_shape(shape, names, self.asked)]
        self.error: LayerError | None = None
        self.stopped: SpecError | None = None
        try:
            found = named_at(network, self.outputs[0])
            self.steps, self.ends = found.steps, found.outputs
            for step in self.steps[1:]:
                shapes = self.shapes(step)
                self.outputs.append(settle(step, shapes).output(*shapes))
        except LayerError as error:
            self.error = error
        except SpecError as error:
            self.error = LayerError(error.message, code=error.code, help=error.help)
            self.stopped = error
        except UnsettledError as error:
            error.step = len(self.outputs) if len(self.outputs) < len(self.steps) else None
            raise

    def shapes(self, step: Step) -> tuple[Shape, ...]:
        return tuple([self.outputs[number] for number in step.inputs])

    def nowhere(self, shown: str) -> SpecError:
        """The error where no size gets past the step that breaks; `shown`: the one of this run."""
        if self.stopped is not None:
            others = "no other size that was tried works, `-i` gives one"
            self.stopped.notes.append(f"with {shown} for the input; {others}")
            return self.stopped
        error = self.error or LayerError("it doesn't end")
        return SpecError(
            f"no size of the input works: {error.message}",
            *self.steps[len(self.outputs)].spans[:1],
            code=error.code,
            help=error.help,
        )

    def region(self, name: str) -> Numbers:
        """The sizes of one name at which every question about it has the answer that it had."""
        region, n = ALL, self.witness[name]
        for question in self.asked:
            if question.size.names() == {name}:
                try:
                    region &= holds(question)
                except TooManyNumbersError:  # such as a product of a name with itself
                    region &= Numbers(n + 1, 1, 1 << n, 0)
        return region

    def lossless(self) -> Numbers:
        """Where no window that slides leaves a place over at the end of its map."""
        region = ALL
        for step in self.steps[1:]:
            if "stride" in step.layer.options:
                (shape,) = self.shapes(step)
                for window, n in zip(step.layer.windows(shape), shape[1:], strict=False):
                    left = _left_over(window, n)
                    if isinstance(left, Size):  # at most 0
                        region &= holds(Question(left - 1, NEGATIVE, True))
        return region


def _left_over(window: Window, n: int) -> int:
    """How many places at the end of an axis no position of a window reaches, less its padding."""
    if not isinstance(window, Slide) or isinstance(window.stride, Size):
        return 0  # one that takes all of a map leaves nothing
    if isinstance(window.after, int) and window.stride <= window.after + 1:
        return 0  # what is left over is padding
    room = n + window.before + window.after - window.dilation * (window.kernel - 1) - 1
    return room % window.stride - window.after


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
    for _ in range(MOST_RUNS if network.tracer is None else MOST_TRACES):
        run = Run(network, search.shape, names)
        if run.error is None:
            return search.shape, list(run.asked)
        first = first or run
        if not search.moved(run):
            raise first.nowhere(show(as_layout(shape, network.layout)))
    assert first
    if first.stopped is not None:
        raise first.nowhere(show(as_layout(shape, network.layout)))
    raise TooManyNumbersError("it needs too many runs")


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
        if questions and len(questions[0].size.names()) > 1 and self.tied(questions[0]):
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
        self.shape = tuple(
            sizes.get(self.names[axis], n) if axis in self.names else n
            for axis, n in enumerate(self.shape)
        )

    def tied(self, question: Question) -> bool:
        """Whether an equation of several names holds at small sizes, which are in `shape` then."""
        size, what, answer = question
        if what != ZERO or answer or question.condition() in self.ties:
            return False
        self.ties.add(question.condition())
        names = sorted(size.names())
        alike = ((n,) * len(names) for n in range(1, MOST_ALIKE))
        for sizes in chain(alike, product(range(1, MOST_APART), repeat=len(names))):
            found = dict(zip(names, sizes, strict=True))
            if size.at(found) == 0:
                self.put(found)
                return True
        return False


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
        lossless = run.lossless() if run.error is None else NONE  # asks questions too
        region = run.region(name)
        told |= region
        if run.error is None:
            works |= region
            exact |= region & lossless
        following = (~told).first()
    raise TooManyNumbersError(f"{axis_name(axis - 1, len(shape) - 1)} needs too many runs")
