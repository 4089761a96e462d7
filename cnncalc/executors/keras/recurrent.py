"""How recurrent layers are built of keras.layers: one for each layer and direction."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import keras
from keras import ops

from cnncalc.executors.base import Array, Tensor
from cnncalc.executors.geometry import learned_starts
from cnncalc.executors.keras.modules import Bench, Built, Held
from cnncalc.executors.stepping import NotBuilt
from cnncalc.frameworks.keras.recurrent import ACTIVATIONS, CLASSES
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent

__all__ = ["RECURRENT"]


def _recurrent(at: Bench, layer: LSTM | GRU | RNN, x: Array, *starts: Array) -> Built:
    """Steps, then features, as Keras has them where the features are the channels."""
    if len(x.shape) != 3:
        raise ValueError(f"a recurrent layer takes sequences, not {tuple(x.shape[1:])}")
    first = range(2)[layer.axis] == 0
    values = x if first else ops.swapaxes(x, 1, 2)
    held: Held = []
    for name, sizes in learned_starts(layer).items():
        rows = at.variable(sizes)
        held.append(Tensor(name, sizes, prod(sizes)))
        starts += tuple(ops.tile(rows[None, n], (x.shape[0], 1)) for n in range(layer.states))
    begun = iter(_by_direction(layer, starts))
    states: list[list[Array]] = []
    for number in range(layer.layers):
        given = []
        for name in (f"l{number}", f"l{number}_reverse")[: layer.directions]:
            back = layer.backwards or name.endswith("reverse")
            output, *ends = _direction(at, layer, values, name, back, held, next(begun))
            given.append(output)
            states.append(ends)
        values = ops.concatenate(given, axis=-1) if len(given) > 1 else given[0]
    at.states = tuple(zip(*states, strict=True))
    if layer.last:
        return ops.concatenate(at.states[0][-layer.directions :], axis=-1), held
    return values if first else ops.swapaxes(values, 1, 2), held


def _by_direction(layer: Recurrent, starts: tuple[Array, ...]) -> list[list[Array]]:
    """Of each layer and direction what it starts from; nothing: zeros."""
    count = layer.states
    if not starts:
        return [[] for _ in range(count)]
    if len(starts) < layer.kinds * count:
        starts += tuple(ops.zeros_like(start) for start in starts)
    return [[*starts[number::count]] for number in range(count)]


def _direction(
    at: Bench,
    layer: LSTM | GRU | RNN,
    x: Array,
    name: str,
    back: bool,
    held: Held,
    start: list[Array],
) -> list[Array]:
    """What one direction gives at each step, and its states; what it holds is added."""
    made = _made(at, layer, back)
    at.build(made, x)
    cell = made.cell
    held.append(_tensor(f"weight_ih_{name}", cell.kernel))
    held.append(_tensor(f"weight_hh_{name}", cell.recurrent_kernel))
    if layer.bias:
        after = isinstance(layer, GRU) and layer.after
        biases = [*cell.bias] if after else [cell.bias]
        if layer.biases > len(biases):  # Keras adds one, which stands for the sum of both
            biases.append(at.variable(tuple(cell.bias.shape)))
            cell.bias.assign(cell.bias + biases[1])
        for bias, each in zip(("bias_ih", "bias_hh"), biases, strict=False):
            held.append(Tensor(f"{bias}_{name}", (int(each.shape[0]),), int(each.shape[0])))
    output, *states = at.run(made, x, initial_state=start) if start else at.run(made, x)
    return [ops.flip(output, axis=1) if back else output, *states]


def _made(at: Bench, layer: LSTM | GRU | RNN, back: bool) -> keras.Layer:
    """Keras's layer for one direction; NotBuilt where it has none."""
    if getattr(layer, "proj", None) is not None:
        raise NotBuilt("Keras's LSTM projects no state")
    after = isinstance(layer, GRU) and layer.after
    if after and layer.bias and layer.biases == 1:
        raise NotBuilt("Keras's GRU has two biases, where the state is reset after its product")
    gates = (
        {"recurrent_activation": ACTIVATIONS[layer.gate]} if isinstance(layer, LSTM | GRU) else {}
    )
    return at.made(
        CLASSES[layer.kind],
        units=layer.hidden,
        activation=ACTIVATIONS[layer.activation],
        use_bias=layer.bias,
        return_sequences=True,
        return_state=True,
        go_backwards=back,
        **gates,
        **({"reset_after": layer.after} if isinstance(layer, GRU) else {}),
    )


def _tensor(name: str, kernel: Array) -> Tensor:
    inputs, rows = (int(size) for size in kernel.shape)
    return Tensor(name, (rows, inputs), inputs * rows)


RECURRENT: dict[str, Callable[..., Built]] = dict.fromkeys(CLASSES, _recurrent)
