"""A network: a flat list of steps in topological order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import NamedTuple, Self

from cnncalc.errors import Span, SpecError
from cnncalc.escaping import html
from cnncalc.layers.base import Layer, Shape, Weight
from cnncalc.layers.merge import Input
from cnncalc.layers.shapes import show
from cnncalc.lookups import looked_up

__all__ = [
    "UNFED",
    "Block",
    "Declared",
    "Expects",
    "Fed",
    "Hint",
    "Named",
    "Network",
    "Step",
    "Tracer",
    "Typed",
    "Unreached",
]

Relabel = Callable[[Layer, tuple[Weight, ...]], tuple[Weight, ...]]
# By the name of a layer's weight: its count, and the tensors that the source has for it.
Tensors = Mapping[str, tuple[int, tuple[Weight, ...]]]

# By the name of a further input, its shape.
Fed = Mapping[str, Shape]
Tracer = Callable[[Shape, Fed], "Network"]

NO_NAMES: frozenset[str] = frozenset()
NOTHING: Tensors = {}
NO_MODULES: Mapping[str, str] = {}
UNFED: Fed = {}


class Typed(NamedTuple):
    """A size as somebody gave it: in the notation's own order, perhaps with the batch in front.

    Attributes:
        sizes: the numbers.
        span: where it stands; None: it is no text.
    """

    sizes: Shape
    span: Span | None = None


class Hint(NamedTuple):
    """The size that a source gives its model itself, for whoever gives none.

    Attributes:
        typed: the size.
        note: from where it is.
    """

    typed: Typed
    note: str


class Named(NamedTuple):
    """A size of which some have names, in the notation's own order: 3×H×W.

    Attributes:
        sizes: numbers and names.
        missing: the error for whoever needs numbers.
    """

    sizes: tuple[int | str, ...]
    missing: SpecError


class Expects(NamedTuple):
    """What a source declared about a layer's input, to be checked against what flows in.

    Attributes:
        call: the words of the source, such as `nn.Conv2d`.
        ranks: the numbers of spatial axes it takes; empty: any.
        sizes: (name of the declaration, axis, declared size), such as ("in_channels", 0, 64).
        rule: what the source's framework decides only at an input: LayerError for what it
            refuses there, else the layer as it is there.
    """

    call: str
    ranks: tuple[int, ...] = ()
    sizes: tuple[tuple[str, int, int], ...] = ()
    rule: Callable[..., Layer] | None = None


class Unreached(NamedTuple):
    """A module that a source builds and that the flow, which ends before, never came to.

    Attributes:
        name: its path in the model.
        kind: its layer's, or `module`.
        text: the layer as one word, or its class's name.
        weights: the tensors that it holds itself.
    """

    name: str
    kind: str
    text: str
    weights: tuple[Weight, ...]

    def count(self, role: str = "parameter", trained: bool = False) -> int:
        """Elements of its tensors of a role; of those that are trained alone, if asked."""
        return sum(
            each.count
            for each in self.weights
            if each.role == role and (each.trainable or not trained)
        )


class Block:
    """What steps of a network stand in: a definition's use, a turn of a group, a merge, a model.

    Attributes:
        kind: the definition's name, `group`, the merge's kind, or the class of a model.
        text: how a table shows it.
        outer: the block around it.
        name: unique among the blocks of a network.
    """

    __slots__ = ("kind", "name", "outer", "text")

    def __init__(self, kind: str, text: str, outer: Block | None, name: str = "") -> None:
        self.kind = kind
        self.text = text
        self.outer = outer
        self.name = name


class Declared:
    """A layer as its source has it, which is what a vocabulary makes of a framework's call.

    Attributes:
        layer: the record of options.
        expects: what the source says of the input; None: nothing.
        trainable: whether training changes its weights.
        frozen: the names of those that it leaves alone although it changes others.
        stored: what the source has for the weights that it calls or shapes otherwise, or has as
            other tensors.
        own: whether a layer made anew would hold as much; not so with tied weights, parts of
            them and constants.
        reduced: whether the source has a reduction, such as `x.mean((2, 3))`, where there is a
            layer that does the same.
    """

    __slots__ = ("expects", "frozen", "layer", "own", "reduced", "stored", "trainable")

    def __init__(
        self,
        layer: Layer,
        expects: Expects | None = None,
        *,
        stored: Tensors = NOTHING,
        own: bool = True,
        reduced: bool = False,
    ) -> None:
        self.layer = layer
        self.expects = expects
        self.trainable = True
        self.frozen = NO_NAMES
        self.stored = stored
        self.own = own
        self.reduced = reduced

    def replaced(self, **fields: object) -> Self:
        """The same with other values for some attributes."""
        twin = copy(self)
        for name, value in fields.items():
            setattr(twin, name, value)
        return twin

    @staticmethod
    def of(layer: Layer | Declared) -> Declared:
        """A layer of which its source says nothing more, or what it says."""
        return layer if isinstance(layer, Declared) else Declared(layer)


class Step(Declared):
    """One layer at work: as its source has it, which earlier steps it reads, where it was written.

    Attributes:
        inputs: numbers of the steps it reads; step 0 is the network's first input.
        name: unique in the network.
        spans: the place in the source, the most telling first (a use, then its definition).
        shares: the step whose weights this one uses again, or None.
        block: what it stands in; None: nothing, or only its name tells.
    """

    __slots__ = ("block", "inputs", "name", "shares", "spans")

    def __init__(
        self,
        layer: Layer | Declared,
        inputs: tuple[int, ...] = (),
        name: str = "",
        spans: tuple[Span, ...] = (),
        shares: int | None = None,
        block: Block | None = None,
    ) -> None:
        if isinstance(layer, Declared):
            self.layer, self.expects = layer.layer, layer.expects
            self.trainable, self.frozen = layer.trainable, layer.frozen
            self.stored, self.own, self.reduced = layer.stored, layer.own, layer.reduced
        else:
            super().__init__(layer)
        self.inputs = inputs
        self.name = name
        self.spans = spans
        self.shares = shares
        self.block = block

    @property
    def is_counted(self) -> bool:
        """Whether nobody named it: it is called after its kind, as `conv2`."""
        number = self.name.removeprefix(self.layer.core.kind)
        return self.name.startswith(self.layer.core.kind) and (not number or number.isdecimal())

    def __repr__(self) -> str:
        return f"Step({self.layer!r}, {self.inputs}, {self.name!r})"


class Network:
    """Steps, what they end in, and how their source speaks.

    A compact spec has its steps at once. A model's source asks for sizes while it builds
    (`x.view(x.size(0), -1)`), so it is traced: `at(shape)` gives the steps.

    Attributes:
        steps: in topological order; step 0 is the (first) input.
        input: the input's shape (channels first, no batch), or None if nothing says it.
        typed: the same where a person gave it for this text, which may be meant otherwise: in
            front of a spec or a source, or with a live model.
        declared: the sizes that the source itself has for its input, in its own order, None for
            each that it leaves open; None where it has none, or where they are all in `input`.
        outputs: the numbers of the steps nothing reads, in the order the source gives them.
        notation: `compact`, `torch`, `keras` or `onnx`.
        layout: how the source orders shapes: `channels-first` or `channels-last`.
        unused_params: elements of the weights that the source declares and never uses.
        unused_buffers: the same of its buffers, which frameworks count with the others.
        relabel: a layer's weights in the source framework's names and order; None: PyTorch's.
        inputs: the names of its inputs, in the order in which its source takes them; empty: there
            is one alone.
        unsized_inputs: the names of those that nothing gives a size; empty: the first at most.
        fed: shapes of further inputs that somebody gave, which win over the source's own.
        locate: the place of one option of the layer that stands at a place of the source.
        unsized: why the source's own input size is none, if it has one with a symbol in it.
        named: its own input size, if that has names in it and figures can have them too.
        unreached: the modules that the flow never came to, where it ends before the model does.
        hint: finds the size that the source gives its model itself, where it says none as its
            own; SpecError where several disagree.
        modules: the class of each module of a model, by its path, where names of steps tell them.
        drawn: gives its table as HTML; None: nobody has said how.
        origin: what these steps at one input were followed in; None: they are all there is.
        remake: reads the same network again, for a copy of one whose tracer can't be copied.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        input: Shape | None = None,
        outputs: Sequence[int] = (),
        *,
        notation: str = "compact",
        layout: str = "channels-first",
        unused_params: int = 0,
        unused_buffers: int = 0,
        relabel: Relabel | None = None,
        channel_axis: int = 0,
        inputs: Sequence[str] = (),
        unsized_inputs: Sequence[str] = (),
        tracer: Tracer | None = None,
        locate: Callable[[Span, str], Span] | None = None,
        unsized: SpecError | None = None,
        declared: tuple[int | None, ...] | None = None,
        unreached: Sequence[Unreached] = (),
        modules: Mapping[str, str] = NO_MODULES,
    ) -> None:
        self.steps = list(steps) or [Step(Input(), name="input")]
        self.input = input
        self.outputs = tuple(outputs) or (len(self.steps) - 1,)
        self.notation = notation
        self.layout = layout
        self.unused_params = unused_params
        self.unused_buffers = unused_buffers
        self.relabel = relabel
        self.inputs = tuple(inputs)
        self.unsized_inputs = tuple(unsized_inputs)
        self.fed = UNFED
        self._channel_axis = channel_axis
        self._looked_up: dict[int, int] | None = None
        self.tracer = tracer
        self.locate = locate
        self.unsized = unsized
        self.origin: Network | None = None
        self.remake: Callable[[], Network] | None = None
        self.hint: Callable[[], Hint | None] | None = None
        self.typed: Typed | None = None
        self.declared = declared
        self.named: Named | None = None
        self.unreached = tuple(unreached)
        self.drawn: Callable[[Network], str] | None = None
        self.modules = modules

    def at(self, shape: Shape) -> Network:
        """The network with its steps, at an input of this shape (channels first, no batch).

        Raises:
            SpecError: a size at which its source can't be followed, with the place.
        """
        if self.tracer is None:
            return self
        found = self.tracer(shape, self.fed)
        found.origin = self
        return found

    def feeding(self, fed: Fed) -> Network:
        """The same network with these shapes for further inputs, by their names."""
        twin = copy(self)
        twin.fed = fed
        if self.tracer is None:
            twin.steps = [
                step.replaced(layer=Input(fed[step.name])) if number and step.name in fed else step
                for number, step in enumerate(self.steps)
            ]
        return twin

    @property
    def looked_up(self) -> Mapping[int, int]:
        """The steps of whole numbers that embeddings look up, and below which they have to be."""
        if self._looked_up is None:
            self._looked_up = looked_up(self.steps)
        return self._looked_up

    @property
    def channel_axis(self) -> int | None:
        """The input's axis that is no place: 0, in most networks.

        Another in models whose input has the channels last though their layers have them first, as
        files made by tf2onnx; none where the input is whole numbers for an embedding.
        """
        return None if 0 in self.looked_up else self._channel_axis

    def in_source(self, step: Step, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
        """Weights of a step's layer as the source has them: its tensors, and which it trains.

        Args:
            step: one of its steps, the layer as it is at this input.
            weights: of the layer, by its own names; one of another size than the source's
                tensors stand for stays as it is.
        """
        found: list[Weight] = []
        for weight in weights:
            tensors: tuple[Weight, ...] = (weight,)
            if weight.name in step.stored:
                count, stored = step.stored[weight.name]
                tensors = stored if count == weight.count else tensors
            elif self.relabel:
                tensors = self.relabel(step.layer, tensors)
            trained = step.trainable and weight.name not in step.frozen
            found += tensors if trained else [_untrained(each) for each in tensors]
        return tuple(found)

    def frame(self, shape: Shape) -> Shape:
        """An input shape with its channels first: the axes behind them are its places."""
        axis = self.channel_axis
        if axis is None:
            return 1, *shape
        return *shape[axis : axis + 1], *shape[:axis], *shape[axis + 1 :]

    def places(self, shape: Shape) -> tuple[int, ...]:
        """The axes of the input that are places."""
        return tuple(axis for axis in range(len(shape)) if axis != self.channel_axis)

    def with_steps(self, steps: list[Step]) -> Network:
        """The same network with these steps in the places of its own."""
        twin = copy(self)
        twin.steps = steps
        twin.tracer = twin.remake = None  # they are the steps at one input
        twin._looked_up = None
        return twin

    def __copy__(self) -> Network:
        twin = object.__new__(Network)
        twin.__dict__.update(self.__dict__)
        return twin

    def __getstate__(self) -> dict[str, object]:
        if self.origin is not None and self.origin.remake is None:
            return {**self.__dict__, "origin": None}  # a live model, which can't be copied
        if self.tracer is None or self.remake is None:
            return self.__dict__
        remade = Remade(self.remake)
        return {**self.__dict__, "tracer": remade, "hint": self.hint and remade.hint}

    def _repr_html_(self) -> str:
        """The table at its own size, as notebooks show it; its text, where nobody can draw it."""
        return self.drawn(self) if self.drawn else f"<pre>{html(repr(self))}</pre>"

    def __repr__(self) -> str:
        count = len(self.steps) - 1
        layers = f"{count} layer{'' if count == 1 else 's'}"
        what = f"{self.notation}, traced at an input" if self.tracer and not count else layers
        return f"<Network: {what}, input {self._shown_input()}>"

    def _shown_input(self) -> str:
        if self.input is None:
            return "not given"
        last = self.layout == "channels-last"
        return show((*self.input[1:], *self.input[:1]) if last else self.input)


def _untrained(weight: Weight) -> Weight:
    return Weight(weight.name, weight.shape, weight.role, trainable=False)


class Remade:
    """The tracer of a network that is read again once its steps are asked for."""

    def __init__(self, remake: Callable[[], Network]) -> None:
        self.remake = remake
        self.network: Network | None = None

    def __call__(self, shape: Shape, fed: Fed = UNFED) -> Network:
        return self.again().feeding(fed).at(shape)

    def again(self) -> Network:
        """The network, read when it is first asked for."""
        if self.network is None:
            self.network = self.remake()
        return self.network

    def hint(self) -> Hint | None:
        """What its source gives its model."""
        hint = self.again().hint
        return hint() if hint else None
