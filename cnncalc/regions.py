"""Runs of a network at sizes with names: each tells of all sizes at which its answers are the same.

Where each question is about one name alone, these are a box: a set of sizes for each name, which go
with each other. An equation of several names, as 16·h·w = 400, is one of several boxes where its
parts are those of a product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_

from cnncalc.analysis import settle
from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError, SpecError
from cnncalc.layers.base import Shape
from cnncalc.named_steps import named_at
from cnncalc.network import Network, Step
from cnncalc.symbols.numbers import ALL, Numbers, TooManyNumbersError, holds, only, zeros
from cnncalc.symbols.size import (
    NEGATIVE,
    ZERO,
    Question,
    Questions,
    Size,
    UnsettledError,
    named_shape,
)

__all__ = ["Box", "Run", "in_all", "regions", "with_sizes", "within"]

MOST_REGIONS = 3000
Box = dict[str, Numbers]  # a set of sizes for each name, which go with each other


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

    def nowhere(self, shown: str, complete: bool) -> SpecError:
        """The error where no size gets past the step that breaks.

        Args:
            shown: the size of this run.
            complete: whether no other one can, and not just none that was tried.
        """
        if self.stopped is not None:
            others = "no other size that was tried works, `-i` gives one"
            self.stopped.notes.append(f"with {shown} for the input; {others}")
            return self.stopped
        error = self.error or LayerError("it doesn't end")
        return SpecError(
            f"no size of the input {'' if complete else 'that was tried '}works: {error.message}",
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
                    region &= only(n)
        return region

    def lossless(self, name: str) -> Numbers:
        """The sizes of one name at which no window leaves a place over at the end of its map."""
        region = ALL
        for step in self.steps[1:]:
            if "stride" in step.layer.options:
                (shape,) = self.shapes(step)
                for window, n in zip(step.layer.windows(shape), shape[1:], strict=False):
                    left = _left_over(window, n)
                    if isinstance(left, Size) and left.names() == {name}:  # at most 0
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


def regions(
    network: Network, shape: Shape, names: Mapping[int, str], whole: Box
) -> Iterator[tuple[Box, Run]]:
    """Boxes that make up a whole one, and a run that tells of all of each.

    Where a run breaks as an equation of several names doesn't hold, the boxes where it does come
    later.

    Args:
        network: what is run.
        shape: the input's, of which the named axes may be anything.
        names: of these axes; those of one name have the same size.
        whole: the sizes to be told of.

    Raises:
        UnsettledError, TooManyNumbersError: formulas that tie names otherwise, or ask what names
            can't say.
    """
    todo, left = [whole], MOST_REGIONS
    while todo:
        box = todo.pop()
        if not all(box.values()):
            continue
        if not left:
            raise UnsettledError("too many runs")
        left -= 1
        least = {name: some.first() or 1 for name, some in box.items()}
        run = Run(network, with_sizes(shape, names, least), dict(names))
        told, apart = _told(run, {name: some & run.region(name) for name, some in box.items()})
        yield told, run
        todo += [*_rest(box, told), *apart]


def with_sizes(shape: Shape, names: Mapping[int, str], sizes: Mapping[str, int]) -> Shape:
    """A shape with these sizes of its axes with names; others are as they are."""
    return tuple(sizes.get(names.get(axis, ""), n) for axis, n in enumerate(shape))


def _rest(box: Box, told: Box) -> Iterator[Box]:
    """What of a box isn't told of, as boxes that have nothing in common."""
    before: Box = {}
    for name, some in told.items():
        yield {**box, **before, name: box[name] & ~some}
        before[name] = some


def _told(run: Run, box: Box) -> tuple[Box, list[Box]]:
    """What of a box a run tells of, where equations are asked too, and boxes to be run apart."""
    apart: list[Box] = []
    for question in run.asked:
        if len(question.size.names()) < 2:
            continue
        if question.what != ZERO or not (question.answer or run.error):
            raise UnsettledError("sizes are tied")
        parts = [within(box, each) for each in zeros(question.size)]
        if question.answer:
            here = run.witness.items()
            box = next(part for part in parts if all(n in part[name] for name, n in here))
        else:
            apart += parts
    return box, apart


def within(box: Box, other: Box) -> Box:
    """What of a box is in another one, which may tell of some names alone."""
    return {name: some & other[name] if name in other else some for name, some in box.items()}


def in_all(box: Box) -> Numbers:
    """The sizes that all names of a box may have at once."""
    return reduce(and_, box.values(), ALL)
