"""torch.nn's recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TypedDict

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import MADE, chosen, flag, integer, number, refused
from cnncalc.layers.base import Layer, Shape, Weight, show
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


class _Options(TypedDict):
    """The options that all three kinds have."""

    hidden: int
    layers: int
    bias: bool
    bidirectional: bool
    axis: int


@idle("proj_size", MADE)
def lstm(
    input_size: object,
    hidden_size: object,
    num_layers: object = 1,
    bias: object = True,
    batch_first: object = False,
    dropout: object = 0.0,
    bidirectional: object = False,
    proj_size: object = 0,
) -> Declared:
    call = "nn.LSTM"
    given = (hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
    options = _options(call, *given)
    projected = integer(call, "proj_size", proj_size, 0)
    if projected >= options["hidden"]:
        raise refused(
            f"{call} can't take proj_size={projected}: it has hidden_size={hidden_size}",
            "proj_size is below hidden_size, or 0 for none",
            "proj_size",
        )
    layer = LSTM(**options, proj=projected or None)
    return _declared(call, layer, input_size)


@idle("bidirectional", MADE)
def gru(
    input_size: object,
    hidden_size: object,
    num_layers: object = 1,
    bias: object = True,
    batch_first: object = False,
    dropout: object = 0.0,
    bidirectional: object = False,
) -> Declared:
    given = (hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
    return _declared("nn.GRU", GRU(**_options("nn.GRU", *given)), input_size)


@idle("bidirectional", MADE)
def rnn(
    input_size: object,
    hidden_size: object,
    num_layers: object = 1,
    nonlinearity: object = "tanh",
    bias: object = True,
    batch_first: object = False,
    dropout: object = 0.0,
    bidirectional: object = False,
) -> Declared:
    given = (hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
    activation = chosen("nn.RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
    layer = RNN(**_options("nn.RNN", *given), activation=activation)
    return _declared("nn.RNN", layer, input_size)


@idle("bias", MADE)
def cell(
    kind: type[GRU] | type[LSTM],
    call: str,
    input_size: object,
    hidden_size: object,
    bias: object = True,
) -> Declared:
    return _cell(call, kind, input_size, hidden_size, bias)


@idle("nonlinearity", MADE)
def rnn_cell(
    input_size: object,
    hidden_size: object,
    bias: object = True,
    nonlinearity: object = "tanh",
) -> Declared:
    kind = partial(
        RNN, activation=chosen("nn.RNNCell", "nonlinearity", nonlinearity, ("tanh", "relu"))
    )
    return _cell("nn.RNNCell", kind, input_size, hidden_size, bias)


def _cell(
    call: str, kind: Callable[..., Recurrent], input_size: object, hidden_size: object, bias: object
) -> Declared:
    """A layer that reads one step and gives its state; its tensors have names of their own."""
    hidden = integer(call, "hidden_size", hidden_size, 1)
    layer = kind(hidden=hidden, bias=bool(bias), axis=-1, last=True)
    features = integer(call, "input_size", input_size, 1)
    declared = _declared(call, layer, features)
    stored = {
        each.name: (each.count, (Weight(each.name.removesuffix("_l0"), each.shape),))
        for each in layer.weights((1, features))
    }
    return declared.replaced(stored=stored)


def _options(
    call: str,
    hidden_size: object,
    num_layers: object,
    bias: object,
    batch_first: object,
    dropout: object,
    bidirectional: object,
) -> _Options:
    """What the three have in common."""
    flag(call, "batch_first", batch_first)
    if not 0 <= number(call, "dropout", dropout) <= 1:
        raise refused(f"{call} can't take dropout={dropout}", "a number from 0 to 1", "dropout")
    return {
        "hidden": integer(call, "hidden_size", hidden_size, 1),
        "layers": integer(call, "num_layers", num_layers, 1),
        "bias": bool(bias),
        "bidirectional": bool(bidirectional),
        "axis": -1,
    }


def _declared(call: str, layer: Recurrent, input_size: object) -> Declared:
    features = integer(call, "input_size", input_size, 1)
    return Declared(layer, Expects(call, rule=partial(_taken, call, features)))


def _taken(call: str, features: int, layer: Recurrent, shape: Shape, *starts: Shape) -> Layer:
    """The layer, where such a sequence flows in, without the batch."""
    if len(shape) != 2:
        raise LayerError(
            f"{call} takes sequences (steps, features) but receives {show(shape)}",
            code="not-a-sequence",
            help="`x.unsqueeze(1)` makes a sequence of one step"
            if len(shape) < 2
            else f"`x.flatten(2).transpose(1, 2)` makes {prod(shape[1:])} steps of {shape[0]}, "
            f"`x.flatten(1, -2).transpose(1, 2)` {shape[-1]} steps of {prod(shape[:-1])}",
        )
    if shape[1] != features:
        raise LayerError(
            f"{call} declares input_size={features} but receives {shape[1]} features at each step",
            code="input-size",
            option="input_size",
            help=f"write input_size={shape[1]}"
            + (", or turn the two axes" if shape[0] == features else ""),
        )
    for place, start in enumerate(starts):
        _check_start(call, layer, start, place >= layer.states)
    return layer


def _check_start(call: str, layer: Recurrent, start: Shape, cell: bool) -> None:
    """LayerError for a state to start from of other sizes than the layer keeps."""
    size, name = layer.features, "hidden_size"
    if cell:
        size = layer.hidden
    elif size != layer.hidden:
        name = "proj_size"
    if start == (size,):
        return
    raise LayerError(
        f"{call} keeps {size} features in its {'cell' if cell else 'state'} ({name}={size}) but "
        f"is to start from {show(start)}",
        code="state",
        option=name,
        help=f"`nn.Linear({start[0]}, {size})` before it, or {name}={start[0]}"
        if len(start) == 1
        else f"a vector of {size} for each sample",
    )


READERS: dict[str, Reader] = {
    "GRU": gru,
    "GRUCell": partial(cell, GRU, "nn.GRUCell"),
    "LSTM": lstm,
    "LSTMCell": partial(cell, LSTM, "nn.LSTMCell"),
    "RNN": rnn,
    "RNNCell": rnn_cell,
}
