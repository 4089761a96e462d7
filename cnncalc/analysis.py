"""A network at an input size becomes finished rows, in one loop over its steps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from math import prod
from typing import NamedTuple

from cnncalc.branches import Branches
from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.garbage import keeps_all
from cnncalc.layers.base import MAX_VALUE, Layer, Shape, Weight, show
from cnncalc.layers.spelling import word
from cnncalc.lookups import maker_of
from cnncalc.network import Declared, Network, Step
from cnncalc.rows import BYTES, LAYOUTS, Analysis, Note, Row, as_layout, from_layout
from cnncalc.suggestions import suggest
from cnncalc.symbols.size import UnsettledError
from cnncalc.symbols.size import number as at_witness

__all__ = [
    "MAX_ELEMENTS",
    "WITH_NUMBERS",
    "analyze",
    "check_input",
    "check_scalar",
    "check_settings",
    "no_input",
    "settle",
    "taken",
]

NO_INPUT = {
    "compact": "start the spec with it, as in `3x224x224 conv:16,k3`, or give `-i 3x224x224` "
    "(in Python `input=(3, 224, 224)`)",
    "keras": "give it channels last, as `-i 224x224x3` (in Python `input=(224, 224, 3)`), or in "
    "the source with `input_shape=`",
}
GIVE_IT = "give it as `-i 3x224x224` (in Python `input=(3, 224, 224)`)"
WITH_NUMBERS = "give a size with `-i`, such as `-i 3x224x224`"
# Other words for dtypes that frameworks and papers use, and what people call layouts.
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
MAX_BRANCHES = 6  # of a merge that can't be, told one by one


def analyze(
    network: Network,
    input: Shape | None = None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
    notes: Iterable[str] = (),
) -> Analysis:
    """Work out every step of a network: its size, weights and MACs.

    Args:
        network: what a notation read.
        input: the input's shape in the network's own layout, without batch; it wins over the
            network's own.
        batch: samples at a time, for `activation_bytes`.
        dtype: what numbers are kept in, for the bytes.
        layout: `channels-first` or `channels-last`, for whoever shows it; None: the network's own.
        notes: what is to be said of the whole, such as how the input's size was read.

    Raises:
        SpecError: no input size, or a layer that can't take what flows in; the span says where.
    """
    dtype = check_settings(batch, dtype, layout)
    shape = from_layout(tuple(input), network.layout) if input is not None else network.input
    if shape is None and network.unsized:
        raise network.unsized
    if shape is None:
        raise no_input(network)
    check_input(shape)
    steps = network.at(shape)
    check_scalar(steps, shape)
    loop = _Loop(steps, shape, batch * BYTES[dtype])
    try:
        loop.run()
    except SpecError as error:
        error.notes += notes
        raise
    return Analysis(
        steps.with_steps(loop.steps),
        shape,
        loop.rows,
        batch,
        dtype,
        layout or network.layout,
        [*(Note(None, message) for message in notes), *loop.notes()],
    )


def no_input(network: Network) -> SpecError:
    """What is missing where nobody says how large the input is."""
    spans = [span for step in network.steps[1:2] for span in step.spans[-1:]]
    names = network.unsized_inputs
    if len(names) < 2:
        what, advice = "the size of the input is", NO_INPUT.get(network.notation, GIVE_IT)
    else:
        what = f"the sizes of the inputs {', '.join(f'`{name}`' for name in names)} are"
        options = " ".join(f"-i {name}=SIZE" for name in names)
        advice = f"`{options}`, or `-i` again for each in their order"
    return SpecError(f"{what} missing", *spans, code="no-input", help=advice)


def check_settings(batch: int | None, dtype: str, layout: str | None) -> str:
    """The dtype's own name; SpecError for a batch, a dtype or a layout that there is not."""
    if batch is not None and batch < 1:
        raise SpecError(f"the batch can't be {batch}", code="bad-value", help="at least 1")
    word = dtype.strip().lower().removeprefix("torch.")
    name = DTYPES.get(word, word)
    if name not in BYTES:
        raise _no_such(f"`{dtype}` is no dtype known here", dtype, ("float32", *BYTES), DTYPES)
    if layout is not None and layout not in LAYOUTS:
        raise _no_such(f"`{layout}` is no layout", layout, LAYOUTS, ORDERS)
    return name


def _no_such(
    message: str, word: str, known: Collection[str], meant: Mapping[str, str]
) -> SpecError:
    near = suggest(word.removeprefix("torch."), known, meant)
    advice = f"did you mean `{near}`?" if near else f"one of {', '.join(dict.fromkeys(known))}"
    return SpecError(message, code="bad-value", help=advice)


def check_input(shape: Shape, span: Span | None = None) -> None:
    """SpecError where no input can have these sizes."""
    if any(size < 1 for size in shape):
        raise SpecError(
            f"the input can't be {show(shape)}",
            span,
            code="bad-input",
            help="sizes of at least 1, such as 3x224x224",
        )
    if any(at_witness(size) > MAX_VALUE for size in shape):
        raise SpecError(
            f"an input of {show(shape)} is beyond the limit of {MAX_VALUE} for each size",
            span,
            code="too-large",
            help="a smaller size",
        )
    if at_witness(prod(shape)) > MAX_ELEMENTS:
        raise SpecError(f"an input of {show(shape)} is beyond any machine", span, code="too-large")


def check_scalar(network: Network, shape: Shape, span: Span | None = None) -> None:
    """SpecError where the input is one number a sample, which some step reads and looks up in no
    table.
    """
    if not shape and len(network.steps) > 1 and 0 not in network.looked_up:
        raise SpecError(
            "the input can't be a single number",
            span,
            code="bad-input",
            help="sizes of at least 1, such as 3x224x224",
        )


class _Answer(NamedTuple):
    """What a layer says at the shapes that flow in, the same wherever it stands in the network."""

    text: str
    shapes: tuple[Shape, ...]
    output: Shape
    weights: tuple[Weight, ...]
    params: int
    trainable: int
    buffers: int
    macs: int
    activation_bytes: int


class _Loop:
    """The state of the one loop: the rows so far, and what each layer has answered at which shapes.

    Networks repeat themselves: the same layer is asked but once about the same shapes.
    """

    def __init__(self, network: Network, shape: Shape, element_bytes: int) -> None:
        self.network = network
        self.element_bytes = element_bytes
        self.relabels = network.relabel is not None
        self.answers: dict[tuple[int, tuple[Shape, ...]], _Answer] = {}
        self.mixing: set[int] = set()  # the layers that run along the batch axis
        first = network.steps[0]
        self.steps = [first]
        text, size = word(first.layer), prod(shape) * element_bytes
        self.rows = [
            Row(0, first.name, first.layer.kind, text, (), (), shape, (), 0, 0, 0, None, 0, size)
        ]

    @keeps_all
    def run(self) -> None:
        """Add the rows of all steps."""
        for number in range(1, len(self.network.steps)):
            self.take(number)

    def notes(self) -> Iterator[Note]:
        """What is to be said of single steps."""
        for number, step in enumerate(self.steps):
            if id(step.layer) in self.mixing:
                mixed = f"`{step.name}` runs along the batch axis: it mixes the samples"
                yield Note(number, mixed)

    def take(self, number: int) -> None:
        """Add the row of one step."""
        step, rows = self.network.steps[number], self.rows
        inputs, shares = step.inputs, step.shares
        shapes = tuple([rows[i].output_shape for i in inputs])
        if step.expects is not None:
            step = self._settled(step, shapes)
        if step.layer.looks_up:
            self._check_lookup(number, step, shapes)
        key = id(step.layer), shapes
        answer = self.answers.get(key)
        if answer is None:
            answer = self.answers[key] = self._asked(step, shapes)
        text, shapes, output, weights, params, trainable, buffers, macs, size = answer
        if self.relabels or step.stored or step.frozen or not step.trainable:
            weights = self.network.in_source(step, weights)
            params, trainable, buffers = _counts(weights)
        if shares is not None:
            params = trainable = buffers = 0
        rows.append(
            Row(
                number,
                step.name,
                step.layer.kind,
                text,
                inputs,
                shapes,
                output,
                weights,
                params,
                trainable,
                buffers,
                shares,
                macs,
                size,
            )
        )
        self.steps.append(step)

    def _check_lookup(self, number: int, step: Step, shapes: tuple[Shape, ...]) -> None:
        """SpecError where an embedding reads what a layer made, which is no whole number."""
        maker = maker_of(self.network.steps, number)
        if maker is not None:
            row = self.rows[maker]
            error = LayerError(
                f"`{step.layer.kind}` looks up whole numbers, and `{row.text}` (step {maker}) "
                "makes none",
                code="lookup",
                help="an input of its own, as in `label@input:scalar embedding:10,64`",
            )
            raise self._placed(error, step, shapes)

    def _settled(self, step: Step, shapes: tuple[Shape, ...]) -> Step:
        """The step with its layer as it is at these inputs."""
        try:
            layer = settle(step, shapes)
        except LayerError as error:
            raise self._placed(error, step, shapes) from None
        if layer is step.layer or step.expects is None:
            return step
        return step.replaced(layer=layer, expects=step.expects._replace(rule=None))

    def _asked(self, step: Step, shapes: tuple[Shape, ...]) -> _Answer:
        """What a step's layer answers."""
        try:
            layer = settle(step, shapes)
            if layer.beside:
                (maker,) = step.inputs
                layer.check_maker(self.steps[maker].layer)
            output = layer.output(*shapes)
            weights = layer.weights(*shapes)
            macs = layer.macs(*shapes)
            elements = prod(output)
            if at_witness(elements) > MAX_ELEMENTS:
                raise LayerError("the output is beyond any machine", code="too-large")
        except LayerError as error:
            raise self._placed(error, step, shapes) from None
        except UnsettledError as error:
            unsaid = LayerError(
                f"no expression says this: {error}", code="symbols", help=WITH_NUMBERS
            )
            raise self._placed(unsaid, step, shapes) from None
        if layer.mixes_samples:
            self.mixing.add(id(layer))
        size = elements * self.element_bytes
        return _Answer(word(layer), shapes, output, weights, *_counts(weights), macs, size)

    def _placed(self, error: LayerError, step: Step, shapes: tuple[Shape, ...]) -> SpecError:
        """The layer's bare sentence with its place, the incoming shapes and who made them."""
        span, locate = next(iter(step.spans), None), self.network.locate
        if span and error.option and locate:
            span = locate(span, error.option)
        placed = SpecError(error.message, span, code=error.code, help=error.help)
        layout = self.network.layout
        if len(shapes) == 1:
            (maker,) = (self.rows[each] for each in step.inputs)
            from_ = "the input" if maker.index == 0 else f"`{maker.text}` (step {maker.index})"
            placed.notes.append(f"it receives {show(as_layout(shapes[0], layout))} from {from_}")
        else:
            telling = _telling(shapes)
            paths = Branches(self.rows).words(step.inputs, telling)
            for branch, path in zip(telling, paths, strict=True):
                gives = show(as_layout(shapes[branch], layout))
                placed.notes.append(f"branch {branch + 1} gives {gives}: {path}")
        placed.notes += [
            f"used at line {span.place()[1]}: `{span.text[:60]}`" for span in step.spans[1:]
        ]
        return placed


def _counts(weights: tuple[Weight, ...]) -> tuple[int, int, int]:
    """Elements of the parameters, of those that are trained, and of the buffers."""
    params = trainable = buffers = 0
    for weight in weights:
        if weight.role == "buffer":
            buffers += weight.count
            continue
        params += weight.count
        trainable += weight.count if weight.trainable else 0
    return params, trainable, buffers


def _telling(shapes: tuple[Shape, ...]) -> list[int]:
    """The branches that show why a merge can't be: all, or of many the first of each shape."""
    if len(shapes) <= MAX_BRANCHES:
        return list(range(len(shapes)))
    first = {shape: branch for branch, shape in reversed(list(enumerate(shapes)))}
    return sorted(first.values())[:MAX_BRANCHES]


def settle(declared: Declared, shapes: tuple[Shape, ...]) -> Layer:
    """The layer as its source's framework has it at these inputs.

    Raises:
        LayerError: the source declared another input than what flows in, or its framework
            refuses this one.
    """
    layer, expects = declared.layer, declared.expects
    if () in shapes and not layer.takes_scalars:
        raise LayerError(
            f"`{layer.kind}` works on features or maps but receives a single number",
            code="scalar",
            help="`reshape:1` makes a vector of it",
        )
    if expects is None:
        return layer
    (shape, *_) = shapes
    if expects.ranks and len(shape) - 1 not in expects.ranks:
        raise LayerError(
            f"{expects.call} takes {taken(expects.ranks)} but receives {show(shape)}",
            code="wrong-axes",
        )
    for name, axis, size in expects.sizes:
        if -len(shape) <= axis < len(shape) and shape[axis] != size:
            raise LayerError(
                f"{expects.call} declares {name}={size} but receives {shape[axis]} "
                f"{'channels' if len(shape) > 1 else 'features'}",
                code="declared",
                help=f"write {name}={shape[axis]}",
            )
    return expects.rule(layer, *shapes) if expects.rule else layer


def taken(ranks: tuple[int, ...]) -> str:
    """Numbers of spatial axes as a sentence has them: vectors, or maps of so many axes."""
    axes = [str(rank) for rank in ranks if rank]
    maps = f"maps of {' or '.join(axes)} spatial {'axis' if axes == ['1'] else 'axes'}"
    return " or ".join([*(["vectors"] if 0 in ranks else []), *([maps] if axes else [])])
