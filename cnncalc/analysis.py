"""A network at an input size becomes a report, in one loop over its steps."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnncalc.backward import Extents
from cnncalc.channels import advance, meet
from cnncalc.errors import LayerError, SpecError
from cnncalc.forks import Forks
from cnncalc.layers.base import MAX_VALUE, Layer, Shape, Weight, axis_name, show
from cnncalc.layers.words import word
from cnncalc.meeting import Offset
from cnncalc.network import Network, Step
from cnncalc.report import BYTES, LAYOUTS, Note, Report, Row, as_layout, from_layout
from cnncalc.seen import Interval, Region, Seen, extra_input, network_input

__all__ = ["analyze"]

NO_INPUT = {
    "compact": "start the spec with it, as in `3x224x224 conv:16,k3`, or give `-i 3x224x224`",
    "keras": "give it channels last, as `-i 224x224x3`, or in the source with `input_shape=`",
}
# An activation of this many elements is beyond any machine; larger numbers only
# make the arithmetic slow.
MAX_ELEMENTS = 10**18
MAX_BRANCHES = 6  # of a merge that can't be, told one by one
MAX_PATH = 1_000  # layers of a branch that are gone through to tell which they are


def analyze(
    network: Network,
    input: Shape | None = None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
) -> Report:
    """Work out every step of a network.

    Args:
        network: what a notation read.
        input: the input's shape in the network's own layout, without batch; it wins over the
            network's own.
        batch: samples at a time, for `activation_bytes`.
        dtype: what numbers are kept in, for the bytes.
        layout: `channels-first` or `channels-last` for the report; None: the network's own.

    Raises:
        SpecError: no input size, or a layer that can't take what flows in; the span says where.
    """
    _check_settings(batch, dtype, layout)
    shape = from_layout(tuple(input), network.layout) if input is not None else network.input
    if shape is None and network.unsized:
        raise network.unsized
    if shape is None:
        spans = [span for step in network.steps[1:2] for span in step.spans[-1:]]
        raise SpecError(
            "the size of the input is missing",
            *spans,
            code="no-input",
            help=NO_INPUT.get(network.notation, "give it as `-i 3x224x224`"),
        )
    _check_input(shape)
    steps = network.at(shape)
    loop = _Loop(steps, shape, batch * BYTES[dtype])
    for number, step in enumerate(steps.steps):
        loop.take(number, step)
    return Report(
        steps.with_steps(loop.steps),
        shape,
        loop.rows,
        batch=batch,
        dtype=dtype,
        layout=layout or network.layout,
        notes=loop.notes,
    )


def _check_settings(batch: int, dtype: str, layout: str | None) -> None:
    if batch < 1:
        raise SpecError(f"the batch can't be {batch}", code="bad-value", help="at least 1")
    if dtype not in BYTES:
        raise SpecError(
            f"`{dtype}` is no dtype known here", code="bad-value", help=f"one of {', '.join(BYTES)}"
        )
    if layout is not None and layout not in LAYOUTS:
        raise SpecError(
            f"`{layout}` is no layout", code="bad-value", help=f"one of {', '.join(LAYOUTS)}"
        )


def _check_input(shape: Shape) -> None:
    if not shape or any(size < 1 for size in shape):
        raise SpecError(
            f"the input can't be {show(shape) or 'empty'}",
            code="bad-input",
            help="sizes of at least 1, such as 3x224x224",
        )
    if max(shape) > MAX_VALUE:
        raise SpecError(
            f"an input of {show(shape)} is beyond the limit of {MAX_VALUE} for each size",
            code="too-large",
            help="a smaller size",
        )
    if prod(shape) > MAX_ELEMENTS:
        raise SpecError(f"an input of {show(shape)} is beyond any machine", code="too-large")


class _Asked(NamedTuple):
    """What a layer says about an input: steps of one layer and one input have it in common."""

    layer: Layer
    output: Shape
    weights: tuple[Weight, ...]
    macs: int
    text: str
    shapes: tuple[Shape, ...]


class _Loop:
    """The state of the one loop: what came out of each step so far."""

    def __init__(self, network: Network, shape: Shape, element_bytes: int) -> None:
        self.network = network
        self.input = shape
        self.element_bytes = element_bytes
        self.rows: list[Row] = []
        self.steps: list[Step] = []
        self.notes: list[Note] = []
        self.extents = Extents()
        self.forks = Forks()
        self.asked: dict[tuple[int, tuple[Shape, ...]], _Asked] = {}

    def take(self, number: int, step: Step) -> None:
        """Add the row of one step."""
        shapes = tuple(self.rows[i].output_shape for i in step.inputs)
        if step.layer.kind == "input":
            shape = self.input if number == 0 else step.layer.output()
            places = self.network.places(self.input)
            seen = network_input(places) if number == 0 else extra_input(shape, len(places))
            said = _Asked(step.layer, shape, (), 0, word(step.layer), ())
            self.rows.append(self._row(number, step, said, seen))
            self.steps.append(step)
            return
        key = id(step.layer), shapes
        if key not in self.asked:
            try:
                self.asked[key] = self._ask(step.layer, shapes)
            except LayerError as error:
                raise self._placed(error, step, shapes) from None
        said = self.asked[key]
        if said.layer is not step.layer:
            step = Step(said.layer, step.inputs, step.name, step.spans, step.shares)
        seen = self._seen(number, step, said.shapes, said.output)
        self.rows.append(self._row(number, step, said, seen))
        self.steps.append(step)

    def _ask(self, layer: Layer, shapes: tuple[Shape, ...]) -> _Asked:
        layer = settle(layer, shapes)
        output = layer.output(*shapes)
        weights = layer.weights(*shapes)
        macs = layer.macs(*shapes)
        if prod(output) > MAX_ELEMENTS:
            raise LayerError("the output is beyond any machine", code="too-large")
        if self.network.relabel:
            weights = self.network.relabel(layer, weights)
        return _Asked(layer, output, weights, macs, word(layer), shapes)

    def _row(self, number: int, step: Step, said: _Asked, seen: Seen) -> Row:
        own = said.weights if step.shares is None else ()
        counts = [(weight.count, weight.role == "buffer", weight.trainable) for weight in own]
        return Row(
            index=number,
            name=step.name,
            kind=step.layer.kind,
            text=said.text,
            inputs=step.inputs,
            input_shapes=said.shapes,
            output_shape=said.output,
            weights=said.weights,
            params=sum(count for count, buffer, _ in counts if not buffer),
            trainable=sum(count for count, buffer, train in counts if train and not buffer),
            buffers=sum(count for count, buffer, _ in counts if buffer),
            shares=step.shares,
            macs=said.macs,
            activation_bytes=prod(said.output) * self.element_bytes,
            seen=seen,
        )

    def _seen(self, number: int, step: Step, shapes: tuple[Shape, ...], output: Shape) -> Seen:
        seens = [self.rows[i].seen for i in step.inputs]

        def ends(branch: int, region: Region | None = None) -> tuple[Interval | None, ...] | None:
            return self._ends(step.inputs[branch], region)

        if len(seens) == 1:
            return advance(step.layer, shapes[0], seens[0], self.network.frame(self.input), ends)
        seen, offset = meet(step.layer, shapes, output, seens, ends)
        if offset:
            self.notes.append(Note(number, self._offset_note(number, step, offset)))
        return seen

    def _ends(self, number: int, region: Region | None) -> tuple[Interval | None, ...] | None:
        """The first and last index of each axis of the input that reaches a step's output."""
        found = self.extents.of(self.steps, self.rows, number, region)
        return found and tuple(found[axis] for axis in self.network.places(self.input))

    def _offset_note(self, number: int, step: Step, offset: Offset) -> str:
        one, two = (self._path(number, branch) for branch in offset.branches)
        axes = len(self.input) - 1
        names = " and ".join(axis_name(axis, axes) for axis in offset.axes)
        along = f" along {names}" if axes > 1 else ""
        apart = offset.apart
        pixels = f"{apart:g} input pixel{'' if apart == 1 else 's'}"
        how = f"their centres lie {pixels} apart{along}"
        if offset.jumps[0] != offset.jumps[1]:
            one_jump, two_jump = offset.jumps
            how = f"their units lie {one_jump:g} and {two_jump:g} input pixels apart{along}, "
            how += f"their first centres {apart:g}"
        return f"`{step.name}` joins branches that are out of step: {one} and {two}; {how}"

    def _placed(self, error: LayerError, step: Step, shapes: tuple[Shape, ...]) -> SpecError:
        """The layer's bare sentence with its place, the incoming shapes and who made them."""
        span, locate = next(iter(step.spans), None), self.network.locate
        if span and error.option and locate:
            span = locate(span, error.option)
        placed = SpecError(error.message, span, code=error.code, help=error.help)
        number = len(self.rows)
        layout = self.network.layout
        if len(shapes) == 1:
            maker = self.rows[step.inputs[0]]
            from_ = "the input" if maker.index == 0 else f"`{maker.text}` (step {maker.index})"
            placed.notes.append(f"it receives {show(as_layout(shapes[0], layout))} from {from_}")
        else:
            for branch in _telling(shapes):
                path = self._path(number, branch, step)
                given = show(as_layout(shapes[branch], layout))
                placed.notes.append(f"branch {branch + 1} gives {given}: {path}")
        placed.notes += [
            f"used at line {span.place()[1]}: `{span.text[:60]}`" for span in step.spans[1:]
        ]
        return placed

    def _path(self, number: int, branch: int, step: Step | None = None) -> str:
        """The layers of one branch, back to where the branches of this step part."""
        step = step or self.network.steps[number]
        for row in self.rows[len(self.forks.parent) :]:
            self.forks.add(row.inputs)
        fork = self.forks.fork(step.inputs)
        words: list[str] = []
        at = step.inputs[branch]
        while at > fork and len(words) < MAX_PATH:
            words.append(self.rows[at].text)
            at = max(self.rows[at].inputs, default=0)
        words.reverse()
        if len(words) > 6:
            words[3:-3] = ["…"]
        if at > fork:
            words[:3] = []
        return f"`{' '.join(words)}`" if words else "the identity"


def _telling(shapes: tuple[Shape, ...]) -> list[int]:
    """The branches that show why a merge can't be: all, or of many the first of each shape."""
    if len(shapes) <= MAX_BRANCHES:
        return list(range(len(shapes)))
    first = {shape: branch for branch, shape in reversed(list(enumerate(shapes)))}
    return sorted(first.values())[:MAX_BRANCHES]


def settle(layer: Layer, shapes: tuple[Shape, ...]) -> Layer:
    """The layer as its source's framework has it at these inputs.

    Raises:
        LayerError: the source declared another input than what flows in, or its framework
            refuses this one.
    """
    expects = layer.expects
    if expects is None:
        return layer
    (shape, *_) = shapes
    if expects.ranks and len(shape) - 1 not in expects.ranks:
        raise LayerError(
            f"{expects.call} takes {_inputs(expects.ranks)} but receives {show(shape)}",
            code="wrong-axes",
        )
    for name, axis, declared in expects.sizes:
        if -len(shape) <= axis < len(shape) and shape[axis] != declared:
            raise LayerError(
                f"{expects.call} declares {name}={declared} but receives {shape[axis]} "
                f"{'channels' if len(shape) > 1 else 'features'}",
                code="declared",
                help=f"write {name}={shape[axis]}",
            )
    return expects.rule(layer, *shapes) if expects.rule else layer


def _inputs(ranks: tuple[int, ...]) -> str:
    """Numbers of spatial axes as a sentence has them: vectors, or maps of so many axes."""
    axes = [str(rank) for rank in ranks if rank]
    maps = f"maps of {' or '.join(axes)} spatial {'axis' if axes == ['1'] else 'axes'}"
    return " or ".join([*(["vectors"] if 0 in ranks else []), *([maps] if axes else [])])
