"""Recurrent layers: a sequence read step by step, and what they hand out beside their output."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from cnncalc.axis.windows import Slide
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Route, Shape, Weight, option, place, show
from cnncalc.layers.product import Product

__all__ = ["Recurrent", "State"]

ACTIVATIONS = ("tanh", "relu", "sigmoid", "hardsigmoid", "identity")
STARTS = ("h_0", "c_0")  # what it starts from, where that is learned
EVERYTHING = "params = {0}h(i + h + 2) a layer and direction; MACs = steps * {0}h(i + h)"


def _activation(doc: str, default: str) -> str:
    return option("choice", doc, default=default, words=ACTIVATIONS)


class Recurrent(Product):
    """A sequence of vectors, each read together with what was kept of those before it.

    Input: features and steps, (C, L) where `axis` is 0 and (L, C) where it is the last; output
    the same with h (or `proj`) features for each direction, or with `last` these alone, as they
    are once a direction has read all. Weights for each layer and direction: of the input (gates
    * h, C), of the state (gates * h, h), and a bias for each of both. Further branches are the
    states that it starts from, vectors: one for each layer and direction, directions side by
    side, then as many of an LSTM's cells. Without them they are zeros, or `learned`.
    """

    arity = "either"
    gates: ClassVar[int] = 1
    kinds: ClassVar[int] = 1  # of states: of an LSTM that of its cell, too

    hidden: int = option("count", "hidden features of each direction", positional=True, minimum=1)
    layers: int = option("count", "how many stand upon one another", default=1, minimum=1)
    bidirectional: bool = option(
        "flag", "whether a second one reads from the end", default=False, word="bidirectional"
    )
    backwards: bool = option(
        "flag",
        "whether it reads from the last step to the first; what it gives stays at its step",
        default=False,
        word="backwards",
    )
    bias: bool = option("flag", "whether biases are added", default=True, word="nobias")
    biases: int = option(
        "count",
        "bias vectors: 2 for input and state each (PyTorch), 1 for both (Keras)",
        default=2,
        minimum=1,
    )
    last: bool = option(
        "flag", "whether what the last step gave comes out alone", default=False, word="last"
    )
    learned: bool = option(
        "flag", "whether the states that it starts from are learned", default=False, word="learned"
    )
    axis: int = option("count", "the axis of the features, 0 or 1", default=0, minimum=-8)

    def check(self) -> None:
        if self.biases > 2:
            raise LayerError(
                f"`biases` can't be {self.biases}",
                code="bad-value",
                option="biases",
                help="2, one for the input and one for the state, or 1 for both",
            )
        if self.bidirectional and self.backwards:
            raise LayerError(
                f"`{self.kind}` can't be both bidirectional and backwards",
                code="bad-value",
                option="backwards",
                help="`bidirectional` reads both ways",
            )

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def features(self) -> int:
        """Features that one direction gives at each step."""
        return self.hidden

    @property
    def states(self) -> int:
        """How many states of one kind it keeps: one for each layer and direction."""
        return self.layers * self.directions

    def sequence(self, *shapes: Shape) -> tuple[int, int]:
        """(features, steps) of what it reads; LayerError for what is none, or for wrong states."""
        first, *starts = shapes
        if len(first) != 2 and any(len(each) == 2 for each in starts):
            raise LayerError(
                f"`{self.kind}` reads its first branch, which is {show(first)}, no sequence",
                code="branches",
                help=f"the sequence first: `{self._with_states()}`",
            )
        axis = self.place(first)
        self._check_starts(starts)
        return first[axis], first[1 - axis]

    def _with_states(self) -> str:
        """How the layer is written with states to start from."""
        many = "s" if self.states > 1 else ""
        kinds = (f"state{many}", f"cell{many}")[: self.kinds]
        return f"{self.kind}:{self.hidden}[ sequence | {' | '.join(kinds)} ]"

    def _check_starts(self, starts: Sequence[Shape]) -> None:
        """LayerError for states of another number or other sizes than it keeps."""
        if not starts:
            return
        if self.learned or len(starts) not in {self.states, self.kinds * self.states}:
            many = "s" if self.states > 1 else ""
            kinds = (f"{self.states} state{many}", f"{self.states} cell{many}")[: self.kinds]
            wanted = "states that are learned" if self.learned else " and ".join(kinds)
            raise LayerError(
                f"`{self.kind}` starts from {wanted} but is given {len(starts)}",
                code="branches",
                help="leave out `learned`, or the branches behind the first"
                if self.learned
                else f"one for each layer and direction: `{self._with_states()}`",
            )
        for number, shape in enumerate(starts):
            wide = self.features if number < self.states else self.hidden
            what = "state" if number < self.states else "cell"
            if shape != (wide,):
                raise LayerError(
                    f"`{self.kind}` keeps {wide} features in its {what} but is to start from "
                    f"{show(shape)} (branch {number + 2})",
                    code="branches",
                    help=f"`linear:{wide}` makes {wide} of {shape[0]}"
                    if len(shape) == 1
                    else f"a vector of {wide}, such as `state:{wide}` of another layer",
                )

    def place(self, shape: Shape) -> int:
        """The axis of the features, counted from the front; LayerError for what is no sequence."""
        if len(shape) != 2:
            raise self._no_sequence(shape)
        return place(self.axis, shape)

    def _no_sequence(self, shape: Shape) -> LayerError:
        first = self.axis % 2 == 0
        form = "features × steps" if first else "steps × features"
        if len(shape) == 1:
            what, (one, two) = f"a vector of {show(shape)} features", (*shape, 1)
            advice = f"`reshape:{f'{one}x{two}' if first else f'{two}x{one}'}` makes one step of it"
        else:
            what, features, steps = f"the map {show(shape)}", prod(shape[:-1]), shape[-1]
            advice = (
                f"`reshape:{features}x{steps}` makes {steps} steps of {features} features of it"
            )
            if not first:
                advice = f"put it in that order, such as {steps}×{features}"
        return LayerError(
            f"`{self.kind}` works on a sequence, {form}, but receives {what}",
            code="not-a-sequence",
            help=advice,
        )

    def output(self, *shapes: Shape) -> Shape:
        shape, axis = shapes[0], self.axis % 2
        if self.sequence(*shapes)[1] == 0:
            raise LayerError(
                f"`{self.kind}` can't work on {show(shape)}, which has no steps", code="empty-input"
            )
        features = self.directions * self.features
        if self.last:
            return (features,)
        return (features, shape[1]) if axis == 0 else (shape[0], features)

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        found: list[Weight] = []
        inputs = shapes[0][self.place(shapes[0])]
        for layer in range(self.layers):
            for end in ("", "_reverse")[: self.directions]:
                found += self._of_one(f"l{layer}{end}", inputs)
            inputs = self.directions * self.features
        return (*self._starts(), *found) if self.learned else tuple(found)

    def _starts(self) -> list[Weight]:
        """The states to start from, where they are learned."""
        sizes = (self.states, self.features), (self.states, self.hidden)
        named = zip(STARTS, sizes, strict=True)
        return [Weight(name, each) for name, each in named][: self.kinds]

    def _of_one(self, name: str, inputs: int) -> list[Weight]:
        """The weights of one layer and direction."""
        rows = self.gates * self.hidden
        weights = [
            Weight(f"weight_ih_{name}", (rows, inputs)),
            Weight(f"weight_hh_{name}", (rows, self.features)),
        ]
        biases = ("bias_ih", "bias_hh")[: self.biases if self.bias else 0]
        return weights + [Weight(f"{bias}_{name}", (rows,)) for bias in biases]

    def macs(self, *shapes: Shape) -> int:
        held = (each for each in self.weights(*shapes) if each.name not in STARTS)
        matrices = sum(each.count for each in held if len(each.shape) > 1)
        return matrices * shapes[0][1 - self.place(shapes[0])]

    def route(self, shape: Shape) -> Route | None:
        """Each unit sees all steps up to its own; of two directions together, and of the last, all.

        What one direction alone of two sees is not told.
        """
        axis = self.axis % 2
        if self.last:
            return Route(shape, mixes=(0, 1), moves=(None, None))
        if self.bidirectional:
            return Route(shape, mixes=(0, 1))
        before = shape[1 - axis] - 1
        ends = (0, before) if self.backwards else (before, 0)
        window = Slide(before + 1, 1, *ends)
        if axis == 0:
            return Route(shape, (window,), mixes=(0,))
        return Route(shape, mixes=(1,), across=window)

    def routes(self, *shapes: Shape) -> tuple[Route, ...]:
        """Every unit reads the whole of each state; of the sequence what it reads without them."""
        first, *starts = shapes
        own = self.route(first)
        assert own is not None
        to = 0 if self.last else self.axis % 2
        return own, *(Route(shape, mixes=(0,), moves=(to,)) for shape in starts)

    def summed(self, *shapes: Shape) -> tuple[Shape, ...]:
        one = (1,) if self.last else (1, 1)
        return self.output(*shapes), *(one for _ in shapes[1:])


class LSTM(Recurrent):
    """Long short-term memory: gates say what its cell takes in, forgets and shows.

    i, f, o = sigmoid(Wx + Uh + b), g = tanh(Wx + Uh + b), c = f * c + i * g, h = o * tanh(c),
    and with `proj` p features of it, Vh. Weights by layer and direction: weight_ih (4h, C),
    weight_hh (4h, h or p), biases (4h), weight_hr (p, h).
    """

    kind = "lstm"
    formula = EVERYTHING.format(4)
    source = "Hochreiter & Schmidhuber 1997; torch.nn.LSTM; keras.layers.LSTM; ONNX LSTM"
    gates = 4
    kinds = 2

    proj: int | None = option(
        "count", "features that the state is projected to", default=None, minimum=1
    )
    activation: str = _activation("of the cell and of what it takes in", "tanh")
    gate: str = _activation("of the gates", "sigmoid")

    def check(self) -> None:
        super().check()
        if self.proj is not None and self.proj >= self.hidden:
            raise LayerError(
                f"`proj` is {self.proj}, not below the {self.hidden} hidden features",
                code="bad-value",
                option="proj",
                help=f"`proj={self.hidden // 2}`, or no `proj`"
                if self.hidden > 1
                else "no `proj`: there is nothing below 1",
            )

    @property
    def features(self) -> int:
        return self.proj or self.hidden

    def _of_one(self, name: str, inputs: int) -> list[Weight]:
        weights = super()._of_one(name, inputs)
        if self.proj is not None:
            weights.append(Weight(f"weight_hr_{name}", (self.proj, self.hidden)))
        return weights


class GRU(Recurrent):
    """Gated recurrent units: a gate lets the new state in, another one resets the old.

    r, z = sigmoid(Wx + Uh + b), n = tanh(Wx + r * (Uh + b)), h = (1 - z) * n + z * h.
    """

    kind = "gru"
    formula = EVERYTHING.format(3)
    source = "Cho et al. 2014, arXiv:1406.1078; torch.nn.GRU; keras.layers.GRU; ONNX GRU"
    gates = 3

    activation: str = _activation("of the new state", "tanh")
    gate: str = _activation("of the gates", "sigmoid")
    after: bool = option(
        "flag",
        "whether the old state is reset after its product (PyTorch), not before (the paper)",
        default=True,
        word="resetbefore",
    )


class RNN(Recurrent):
    """The plain recurrent layer: h = tanh(Wx + Uh + b)."""

    kind = "rnn"
    formula = EVERYTHING.format("")
    source = "Elman 1990; torch.nn.RNN; keras.layers.SimpleRNN; ONNX RNN"

    activation: str = _activation("of the state", "tanh")


class State(Layer):
    """What a recurrent layer kept at its end, which it hands out beside its output.

    It reads the layer: the state of its last layer and direction, or of another one.
    """

    kind = "state"
    beside = True
    formula = "output = the hidden (or cell) features of one layer and direction"
    source = "h_n and c_n of torch.nn.LSTM; return_state of keras.layers.LSTM; ONNX Y_h, Y_c"

    features: int = option("count", "how many features it has", positional=True, minimum=1)
    cell: bool = option("flag", "whether it is that of an LSTM's cell", default=False, word="cell")
    at: int = option(
        "count",
        "which layer and direction, directions side by side; -1 the last",
        default=-1,
        minimum=-8,
    )

    def check_maker(self, maker: Layer) -> None:
        """LayerError where the layer that it reads has no such state."""
        if not isinstance(maker, Recurrent):
            raise LayerError(
                f"`state` reads what a recurrent layer keeps, which `{maker.kind}` doesn't",
                code="no-state",
                help="put it directly behind `lstm`, `gru` or `rnn`, or behind `@name` of one",
            )
        if self.cell and maker.kind != "lstm":
            raise LayerError(
                f"`{maker.kind}` has no cell",
                code="no-state",
                option="cell",
                help="leave out `cell`",
            )
        count = maker.states
        if not -count <= self.at < count:
            raise LayerError(
                f"`{maker.kind}` has {count} states, of {maker.layers} layers and "
                f"{maker.directions} directions, and none at {self.at}",
                code="no-state",
                option="at",
                help=f"`at` runs from {-count} to {count - 1}",
            )
        features = maker.hidden if self.cell else maker.features
        if self.features != features:
            raise LayerError(
                f"`state` is to have {self.features} features but `{maker.kind}` keeps {features}",
                code="no-state",
                option="features",
                help=f"`state:{features}`",
            )

    def output(self, *shapes: Shape) -> Shape:
        return (self.features,)

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=tuple(range(len(shape))), moves=(None,) * len(shape))
