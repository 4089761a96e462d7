"""A network at an input size becomes a report, in one loop over its steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod

from cnncalc.backward import Extents
from cnncalc.channels import advance, meet
from cnncalc.errors import LayerError, SpecError
from cnncalc.layers.base import Layer, Shape, Weight, axis_name, show
from cnncalc.layers.words import word
from cnncalc.meeting import Offset
from cnncalc.network import Network, Step
from cnncalc.report import BYTES, LAYOUTS, Note, Report, Row, as_layout, from_layout
from cnncalc.seen import Interval, Region, Seen, extra_input, network_input
from cnncalc.suggestions import suggest

__all__ = ["analyze"]

NO_INPUT = {
    "compact": "start the spec with it, as in `3x224x224 conv:16,k3`, or give `-i 3x224x224`",
    "keras": "give it channels last, as `-i 224x224x3`, or in the source with `input_shape=`",
}
# What people call dtypes and layouts.
DTYPES = {
    "bf16": "bfloat16",
    "brainfloat": "bfloat16",
    "double": "float64",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "fp16": "float16",
    "fp32": "float32",
    "fp64": "float64",
    "half": "float16",
    "single": "float32",
}
ORDERS = {
    "chw": "channels-first",
    "first": "channels-first",
    "hwc": "channels-last",
    "last": "channels-last",
    "nchw": "channels-first",
    "nhwc": "channels-last",
}
# An activation of this many elements is beyond any machine; larger numbers only
# make the arithmetic slow.
MAX_ELEMENTS = 10**18


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
        raise _no_such(f"`{dtype}` is no dtype known here", dtype, ("float32", *BYTES), DTYPES)
    if layout is not None and layout not in LAYOUTS:
        raise _no_such(f"`{layout}` is no layout", layout, LAYOUTS, ORDERS)


def _no_such(
    message: str, word: str, known: Collection[str], meant: Mapping[str, str]
) -> SpecError:
    near = suggest(word.removeprefix("torch."), known, meant)
    advice = f"did you mean `{near}`?" if near else f"one of {', '.join(dict.fromkeys(known))}"
    return SpecError(message, code="bad-value", help=advice)


def _check_input(shape: Shape) -> None:
    if not shape or any(size < 1 for size in shape):
        raise SpecError(
            f"the input can't be {show(shape) or 'empty'}",
            code="bad-input",
            help="sizes of at least 1, such as 3x224x224",
        )
    if prod(shape) > MAX_ELEMENTS:
        raise SpecError(f"an input of {show(shape)} is beyond any machine", code="too-large")


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

    def take(self, number: int, step: Step) -> None:
        """Add the row of one step."""
        shapes = tuple(self.rows[i].output_shape for i in step.inputs)
        if step.layer.kind == "input":
            shape = self.input if number == 0 else step.layer.output()
            places = self.network.places(self.input)
            seen = network_input(places) if number == 0 else extra_input(shape, len(places))
            self.rows.append(self._row(number, step, (), shape, seen, (), 0))
            self.steps.append(step)
            return
        try:
            step = _settled(step, shapes)
            output = step.layer.output(*shapes)
            weights = step.layer.weights(*shapes)
            macs = step.layer.macs(*shapes)
        except LayerError as error:
            raise self._placed(error, step, shapes) from None
        if prod(output) > MAX_ELEMENTS:
            raise self._placed(
                LayerError("the output is beyond any machine", code="too-large"), step, shapes
            )
        seen = self._seen(number, step, shapes, output)
        if self.network.relabel:
            weights = self.network.relabel(step.layer, weights)
        self.rows.append(self._row(number, step, shapes, output, seen, weights, macs))
        self.steps.append(step)

    def _row(
        self,
        number: int,
        step: Step,
        shapes: tuple[Shape, ...],
        output: Shape,
        seen: Seen,
        weights: tuple[Weight, ...],
        macs: int,
    ) -> Row:
        own = weights if step.shares is None else ()
        counts = [(weight.count, weight.role == "buffer", weight.trainable) for weight in own]
        return Row(
            index=number,
            name=step.name,
            kind=step.layer.kind,
            text=word(step.layer),
            inputs=step.inputs,
            input_shapes=shapes,
            output_shape=output,
            weights=weights,
            params=sum(count for count, buffer, _ in counts if not buffer),
            trainable=sum(count for count, buffer, train in counts if train and not buffer),
            buffers=sum(count for count, buffer, _ in counts if buffer),
            shares=step.shares,
            macs=macs,
            activation_bytes=prod(output) * self.element_bytes,
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
            for branch, shape in enumerate(shapes):
                path = self._path(number, branch, step)
                placed.notes.append(
                    f"branch {branch + 1} gives {show(as_layout(shape, layout))}: {path}"
                )
        placed.notes += [
            f"used at line {span.place()[1]}: `{span.text[:60]}`" for span in step.spans[1:]
        ]
        return placed

    def _path(self, number: int, branch: int, step: Step | None = None) -> str:
        """The layers of one branch, back to where the branches of this step part."""
        step = step or self.network.steps[number]
        behind = [self._ancestors(start) for start in step.inputs]
        common = set.intersection(*behind)
        words: list[str] = []
        at = step.inputs[branch]
        while at not in common:
            words.append(self.rows[at].text)
            at = max(self.rows[at].inputs, default=0)
        words.reverse()
        if len(words) > 6:
            words[3:-3] = ["…"]
        return f"`{' '.join(words)}`" if words else "the identity"

    def _ancestors(self, number: int) -> set[int]:
        found = {0}
        waiting = [number]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                waiting.extend(self.rows[at].inputs)
        return found


def _settled(step: Step, shapes: tuple[Shape, ...]) -> Step:
    """The step with its layer as its source has it at these inputs."""
    layer = settle(step.layer, shapes)
    if layer is step.layer:
        return step
    return Step(layer, step.inputs, step.name, step.spans, step.shares)


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
