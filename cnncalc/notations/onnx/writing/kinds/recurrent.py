"""Recurrent layers, and the states that they hand out."""

from __future__ import annotations

from cnncalc.frameworks.ops import BY_KIND, forms
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape
from cnncalc.layers.recurrent import GRU, LSTM, RNN, STARTS, Recurrent, State
from cnncalc.notations.onnx.writing.builder import Attribute, Builder, unsayable
from cnncalc.notations.onnx.writing.table import writes, writes_several

SPECIAL: dict[str, tuple[str, tuple[float, ...]]] = {
    "relu": ("Relu", ()),
    "identity": ("Affine", (1.0, 0.0)),
}
OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


@writes_several(*OPERATORS)
def recurrent(at: Builder, layer: LSTM | GRU | RNN, x: list[str], shapes: tuple[Shape, ...]) -> str:
    """A node for each layer, of steps, then samples, then features."""
    shape = shapes[0]
    if getattr(layer, "proj", None) is not None:
        unsayable("an `lstm` whose state is projected", "leave out `proj`")
    first = layer.place(shape) == 0
    values = at.node("Transpose", x[0], perm=[2, 0, 1] if first else [1, 0, 2])
    inputs, steps = shape[layer.place(shape)], shape[1 - layer.place(shape)]
    features = layer.directions * layer.hidden
    states: tuple[list[tuple[str, int]], ...] = ([], [])
    starts = _learned(at, layer, values) if layer.learned else _given(at, layer, x[1:])
    for number in range(layer.layers):
        own = [kind[number] for kind in starts]
        output, *ends = _node(at, layer, values, number, inputs, own)
        for kind, end in zip(states, ends, strict=False):
            kind += [(end, direction) for direction in range(layer.directions)]
        if number < layer.layers - 1:
            turned = at.node("Transpose", output, perm=[0, 2, 1, 3])
            values, inputs = at.node("Reshape", turned, at.ints([0, 0, features])), features
    at.states[at.at] = states
    if layer.last:
        turned = at.node("Transpose", states[0][-1][0], perm=[1, 0, 2])
        return at.reshaped(turned, [features])
    turned = at.node("Transpose", output, perm=[2, 1, 3, 0] if first else [2, 0, 1, 3])
    return at.reshaped(turned, [features, steps] if first else [steps, features])


def _given(at: Builder, layer: Recurrent, states: list[str]) -> list[list[str]]:
    """Of each kind what each layer starts from, its directions in front of the samples."""
    ways = layer.directions
    rows = [at.node("Unsqueeze", state, at.ints([0])) for state in states]
    pairs = [rows[begin : begin + ways] for begin in range(0, len(rows), ways)]
    whole = [pair[0] if ways == 1 else at.node("Concat", *pair, axis=0) for pair in pairs]
    return [whole[begin : begin + layer.layers] for begin in range(0, len(whole), layer.layers)]


def _learned(at: Builder, layer: Recurrent, x: str) -> list[list[str]]:
    """The same of states that are learned, for as many samples as flow in."""
    samples = at.node("Gather", at.node("Shape", x), at.ints([1]), axis=0)
    size = at.node("Concat", at.ints([layer.directions]), samples, at.ints([layer.hidden]), axis=0)
    kinds = []
    for name in STARTS[: layer.kinds]:
        held = at.node("Unsqueeze", at.weight(name, (layer.states, layer.hidden)), at.ints([1]))
        parts = []
        for begin in range(0, layer.states, layer.directions):
            ends = at.ints([begin + layer.directions])
            part = at.node("Slice", held, at.ints([begin]), ends, at.ints([0]))
            parts.append(at.node("Expand", part, size))
        kinds.append(parts)
    return kinds


def _node(
    at: Builder, layer: LSTM | GRU | RNN, x: str, number: int, inputs: int, starts: list[str]
) -> list[str]:
    """One layer: its output at all steps, (steps, directions, samples, features), and states."""
    kernels, states, biases = [], [], []
    for end in ("", "_reverse")[: layer.directions]:
        name, rows = f"l{number}{end}", layer.gates * layer.hidden
        kernels.append(_weight(at, f"weight_ih_{name}", (rows, inputs)))
        states.append(_weight(at, f"weight_hh_{name}", (rows, layer.hidden)))
        if layer.bias:
            both = [at.weight(f"bias_ih_{name}", (rows,))]
            second = f"bias_hh_{name}"
            both.append(at.weight(second, (rows,)) if layer.biases > 1 else at.filled((rows,), 0.0))
            biases.append(at.node("Concat", *both, axis=0))
    held = [_stacked(at, each) for each in (kernels, states, biases) if each]
    if starts:
        held += ["", *starts] if biases else ["", "", *starts]
    one_way = "reverse" if layer.backwards else "forward"
    return at.split(
        OPERATORS[layer.kind],
        x,
        *held,
        outputs=1 + layer.kinds,
        hidden_size=layer.hidden,
        direction="bidirectional" if layer.bidirectional else one_way,
        **_activations(layer),
        **({"linear_before_reset": int(layer.after)} if isinstance(layer, GRU) else {}),
    )


def _weight(at: Builder, name: str, shape: Shape) -> str:
    """Made at run time they are ones: states strengthen themselves then, and don't fade."""
    if at.tensors.stored:
        return at.weight(name, shape, fan_in=shape[1])
    return at.weight(name, shape, around=1.0)


def _stacked(at: Builder, names: list[str]) -> str:
    """The tensors of all directions as one, the directions in front."""
    whole = [at.node("Unsqueeze", name, at.ints([0])) for name in names]
    return whole[0] if len(whole) == 1 else at.node("Concat", *whole, axis=0)


def _activations(layer: LSTM | GRU | RNN) -> dict[str, Attribute]:
    """The attributes of activations that are not the operator's usual ones."""
    named = {"lstm": "gate activation activation", "gru": "gate activation", "rnn": "activation"}
    kinds = [getattr(layer, name) for name in named[layer.kind].split()]
    if layer.activation == "tanh" and getattr(layer, "gate", "sigmoid") == "sigmoid":
        return {}
    words = [SPECIAL.get(kind) or _word(kind) for kind in kinds * layer.directions]
    numbers = [numbers for _, numbers in words if numbers]  # of those that have any, in order
    return {
        "activations": [name for name, _ in words],
        "activation_alpha": [alpha for alpha, _ in numbers] or None,
        "activation_beta": [beta for _, beta in numbers] or None,
    }


def _word(kind: str) -> tuple[str, tuple[float, ...]]:
    """An activation as the operators call it, with its two parameters, if it has them."""
    (form,) = forms(BY_KIND[kind].onnx)
    said = form.said(KINDS[kind]()) or {}
    return form.name, tuple(float(value) for value in said.values())


@writes("state")
def state(at: Builder, layer: State, x: str, shape: Shape) -> str:
    """One direction's, of those that a node gives side by side."""
    name, direction = at.states[at.step.inputs[0]][layer.cell][layer.at]
    return at.node("Squeeze", at.node("Gather", name, at.ints([direction]), axis=0), at.ints([0]))
