"""Recurrent layers as calls, and what is taken of the list that they give with their states."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import LayerError
from cnncalc.frameworks.calls import Join, Piece, Split
from cnncalc.frameworks.keras.recurrent import ACTIVATIONS, CLASSES
from cnncalc.frameworks.keras.writing import moving
from cnncalc.frameworks.keras.writing.calls import Writer, call, no_class, taken
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent, State
from cnncalc.layers.reshape import Permute

__all__ = ["JOINS", "SPLITS", "WRITERS", "handed", "handing"]


def _write(layer: LSTM | GRU | RNN, shape: Shape, states: bool = False) -> str:
    name = CLASSES[layer.kind]
    _check(layer, shape, f"layers.{name}")
    gates = {"recurrent_activation": ACTIVATIONS[layer.gate]} if not isinstance(layer, RNN) else {}
    text = call(
        name,
        units=layer.hidden,
        activation=ACTIVATIONS[layer.activation],
        use_bias=layer.bias,
        return_sequences=not layer.last,
        return_state=states,
        go_backwards=layer.backwards,
        **gates,
        **({"reset_after": layer.after} if isinstance(layer, GRU) else {}),
    )
    return f"layers.Bidirectional({text})" if layer.bidirectional else text


def _check(layer: LSTM | GRU | RNN, shape: Shape, name: str) -> None:
    """LayerError for what Keras's class can't be."""
    if layer.place(shape) != 0 or layer.layers > 1:
        raise no_class(layer, f"{name} is one layer, with the features last")
    if layer.learned:
        raise no_class(layer, f"{name} learns no states to start from")
    if getattr(layer, "proj", None) is not None:
        raise no_class(layer, f"{name} projects no state")
    if layer.backwards and not layer.last:
        raise no_class(layer, f"{name} turns the steps that it gives when it goes backwards")
    biases = 2 if isinstance(layer, GRU) and layer.after else 1
    if layer.bias and layer.biases != biases:
        error = no_class(layer, f"{name} has {biases} bias{'es' if biases > 1 else ''} for a gate")
        error.help = f"`biases={biases}`, with which it computes the same"
        raise error


def _split(layer: LSTM | GRU | RNN, shape: Shape) -> tuple[Layer, ...]:
    """One layer after another, with the features where Keras has them."""
    turn = Permute((1, 0))
    if layer.place(shape) == 1:
        inner = layer.replaced(axis=0)
        return (turn, *_stack(inner), *(() if layer.last else (turn,)))
    return _stack(layer.replaced(axis=0))


def _stack(layer: LSTM | GRU | RNN) -> tuple[Layer, ...]:
    below = layer.replaced(layers=1, last=False)
    return (*[below] * (layer.layers - 1), layer.replaced(layers=1))


def started(
    layer: LSTM | GRU | RNN, shapes: tuple[Shape, ...], states: bool = False
) -> Sequence[Piece]:
    """A layer with states to start from; `states`: it gives its own behind its output."""
    if layer.layers > 1:
        raise no_class(layer, f"layers.{CLASSES[layer.kind]} is one layer")
    turned = layer.place(shapes[0]) == 1
    inside = shapes[0][::-1] if turned else shapes[0]
    plain = layer.replaced(axis=0)
    count = layer.states
    given = [f"{{{number}}}" for number in range(1, len(shapes))]
    if len(given) < layer.kinds * count:
        given += [f"0 * {each}" for each in given]
    # Of each direction its state, then its cell.
    starts = ", ".join(each for number in range(count) for each in given[number::count])
    sequence = "keras.ops.transpose({0}, (0, 2, 1))" if turned else "{0}"
    form = f"{{self}}({sequence}, initial_state=[{starts}])"
    made = [Piece(layer.kind, taken(_write(plain, inside, states), inside), form, holds=True)]
    made += [Piece("output", None, "{0}[0]")] if states else []
    turn = turned and not layer.last
    return [*made, *([Piece("permute", "layers.Permute(dims=(2, 1))")] if turn else [])]


def handing(layer: LSTM | GRU | RNN, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """A layer whose states are read: it gives them behind its output, in a list."""
    if len(shapes) > 1:
        return started(layer, shapes, True)
    (shape,) = shapes
    made: list[Piece] = []
    parts = _split(layer, shape)
    main = max(at for at, part in enumerate(parts) if isinstance(part, type(layer)))
    for at, part in enumerate(parts):
        if isinstance(part, LSTM | GRU | RNN):
            written = taken(_write(part, shape, at == main), shape)
            made.append(Piece(layer.kind, written, holds=True))
        else:
            made.append(Piece(part.kind, moving.WRITERS[part.kind](part, shape)))
        made += [Piece("output", None, "{0}[0]")] if at == main else []
        shape = part.output(shape)
    return made


def handed(layer: State, maker: Recurrent) -> Sequence[Piece]:
    """A state, out of the list that its maker gives."""
    place = range(maker.layers * maker.directions)[layer.at] - (maker.layers - 1) * maker.directions
    if place < 0:
        raise LayerError(
            "Keras has no class for this `state`: it is that of a layer below the last",
            code="no-class",
        )
    each = 2 if maker.kind == "lstm" else 1
    return [Piece("state", None, f"{{0}}[{1 + each * place + int(layer.cell)}]")]


JOINS: dict[str, Join] = dict.fromkeys(CLASSES, started)
WRITERS: dict[str, Writer] = dict.fromkeys(CLASSES, _write)
SPLITS: dict[str, Split] = dict.fromkeys(CLASSES, _split)
