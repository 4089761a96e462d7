"""Recurrent layers, one step of the sequence after another."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.activations import ACTIVATIONS
from cnncalc.executors.bundled.compute.dense import multiply
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.geometry import learned_starts
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

# The parameters of the hard sigmoid, as Keras has them.
USUAL = SimpleNamespace(slope=1 / 6, offset=0.5)
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class Weights:
    """The tensors of one layer and direction.

    Attributes:
        bias: of the gates, for the input; 0: there is none.
        state_bias: the same for the state.
        proj: what projects the state; None: nothing does.
    """

    def __init__(self, at: Context, layer: Recurrent, name: str, inputs: int) -> None:
        rows, kept = GATES[layer.kind] * layer.hidden, layer.features
        self.input = at.weight(f"weight_ih_{name}", (rows, inputs))
        self.state = at.weight(f"weight_hh_{name}", (rows, kept))
        self.bias: Array = at.tensor(f"bias_ih_{name}", (rows,)) if layer.bias else 0
        both = layer.bias and layer.biases > 1
        self.state_bias: Array = at.tensor(f"bias_hh_{name}", (rows,)) if both else 0
        self.proj = None
        if getattr(layer, "proj", None) is not None:  # of an LSTM
            self.proj = at.weight(f"weight_hr_{name}", (kept, layer.hidden))

    @property
    def macs(self) -> int:
        held = (self.input, self.state, self.proj)
        return sum(int(each.size) for each in held if each is not None)


@computes("lstm", "gru", "rnn")
def recurrent(at: Context, layer: Recurrent, x: Array, *given: Array) -> Array:
    """Every layer reads what the one below gave at all steps; (N, C, L), or (N, L, C)."""
    if x.ndim != 3:
        raise ValueError(f"a recurrent layer takes sequences, not {x.shape[1:]}")
    starts = iter(_starts(at, layer, len(x), x.dtype, given))
    first = range(2)[layer.axis] == 0
    values = at.xp.ascontiguousarray(x.swapaxes(1, 2)) if first else x
    states: list[tuple[Array, Array]] = []
    ends: list[Array] = []
    for number in range(layer.layers):
        names = [f"l{number}", f"l{number}_reverse"][: layer.directions]
        made, ends = [], []
        for name in names:
            weights = Weights(at, layer, name, values.shape[2])
            at.macs += x.shape[0] * values.shape[1] * weights.macs
            back = layer.backwards or name.endswith("reverse")
            output, cell = _direction(at, layer, weights, values, back, next(starts))
            made.append(output)
            ends.append(output[:, 0 if back else -1])
            states.append((ends[-1].copy(), cell))
        values = at.xp.concatenate(made, axis=2) if len(made) > 1 else made[0]
    at.states = tuple(zip(*states, strict=True))
    if layer.last:
        return at.xp.concatenate(ends, axis=1)
    return values.swapaxes(1, 2) if first else values


def _starts(
    at: Context, layer: Recurrent, samples: int, dtype: DTypeLike, given: tuple[Array, ...]
) -> list[tuple[Array, Array]]:
    """The state and the cell that each layer and direction starts from: given, learned or 0."""
    count, kinds = layer.states, []
    learned = [at.tensor(name, sizes) for name, sizes in learned_starts(layer).items()]
    for kind, size in enumerate((layer.features, layer.hidden)):
        flowing = given[kind * count : (kind + 1) * count]
        if any(each.shape != (samples, size) for each in flowing):
            raise ValueError(f"states of {size} features are to start from others")
        if kind < len(learned):
            flowing = tuple(at.xp.broadcast_to(row, (samples, size)) for row in learned[kind])
        zeros = at.xp.zeros((samples, size), dtype=dtype)
        kinds.append([flowing[number] if flowing else zeros for number in range(count)])
    return list(zip(*kinds, strict=True))


def _direction(
    at: Context,
    layer: Recurrent,
    weights: Weights,
    x: Array,
    back: bool,
    start: tuple[Array, Array],
) -> tuple[Array, Array]:
    """What one direction gives at each step, (N, L, h), and its cell at the end."""
    count, length, inputs = x.shape
    step = STEPS[layer.kind]
    gates = multiply(at, x.reshape(-1, inputs), weights.input) + weights.bias
    gates = gates.reshape(count, length, -1)
    output = at.xp.empty((count, length, layer.features), dtype=x.dtype)
    hidden, cell = start
    for place in range(length)[::-1] if back else range(length):
        hidden, cell = step(at, layer, weights, gates[:, place], hidden, cell)
        if weights.proj is not None:
            hidden = multiply(at, hidden, weights.proj)
        output[:, place] = hidden
    return output, cell


def _bend(at: Context, kind: str, x: Array) -> Array:
    """An activation, new memory for it."""
    if kind == "relu":
        return at.xp.maximum(x, 0)
    if kind == "identity":
        return x
    return ACTIVATIONS[kind](at.xp, x, at.xp.empty_like(x), USUAL)


def _lstm(
    at: Context, layer: LSTM, weights: Weights, x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    kept = multiply(at, h, weights.state) + weights.state_bias
    i, f, g, o = at.xp.split(x + kept, 4, axis=1)
    i, f, o = (_bend(at, layer.gate, each) for each in (i, f, o))
    c = f * c + i * _bend(at, layer.activation, g)
    return o * _bend(at, layer.activation, c), c


def _gru(
    at: Context, layer: GRU, weights: Weights, x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """Reset after its product, the old state is what cuDNN has; before, what the paper has."""
    size, parts = layer.hidden, at.xp.split(x, 3, axis=1)
    kept = multiply(at, h, weights.state[: 2 * size] if not layer.after else weights.state)
    kept = kept + _part(weights.state_bias, slice(0, kept.shape[1]))
    r, z = (
        _bend(at, layer.gate, parts[gate] + kept[:, gate * size : (gate + 1) * size])
        for gate in (0, 1)
    )
    if layer.after:
        old = r * kept[:, 2 * size :]
    else:
        old = multiply(at, r * h, weights.state[2 * size :])
        old = old + _part(weights.state_bias, slice(2 * size, None))
    n = _bend(at, layer.activation, parts[2] + old)
    return (1 - z) * n + z * h, c


def _part(bias: Array, rows: slice) -> Array:
    """Some rows of a bias, which may be none at all."""
    return bias if isinstance(bias, int) else bias[rows]


def _rnn(
    at: Context, layer: RNN, weights: Weights, x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    kept = multiply(at, h, weights.state) + weights.state_bias
    return _bend(at, layer.activation, x + kept), c


STEPS: dict[str, Callable[..., tuple[Array, Array]]] = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}
