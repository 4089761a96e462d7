"""Keras's recurrent layers, and Bidirectional around them."""

from __future__ import annotations

from math import prod
from typing import TypedDict

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import idle
from cnncalc.frameworks.keras.arguments import finish, integer, word
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.frameworks.keras.training import begun, held
from cnncalc.frameworks.ops import names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape, Weight, show
from cnncalc.layers.recurrent import ACTIVATIONS as USED
from cnncalc.layers.recurrent import GRU, LSTM, RNN, Recurrent
from cnncalc.network import Declared, Expects, Tensors

__all__ = ["ACTIVATIONS", "CLASSES", "RECURRENT", "names_of"]

CLASSES = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
# Keras's words for the activations of recurrent layers.
ACTIVATIONS = {"relu": "relu", "identity": "linear"} | {
    op.kind: form.name for op, form in names_in("keras") if op.kind in USED
}
KIND_OF: dict[str | None, str] = {word: kind for kind, word in ACTIVATIONS.items()}
KIND_OF |= {None: "identity"}
TENSORS = ("kernel", "recurrent", "bias")
DROPPED = {"dropout": 0.0, "recurrent_dropout": 0.0}
SEEDED = {**DROPPED, "seed": None}
MERGES = {"sum": "add", "mul": "mul", "ave": "mean"}


class _Options(TypedDict):
    """The options that all three kinds have."""

    hidden: int
    activation: str
    bias: bool
    last: bool
    backwards: bool
    axis: int


@idle("use_bias", begun(*TENSORS), {"unit_forget_bias": True}, held(*TENSORS), SEEDED)
def lstm(
    call: Call,
    units: object,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    use_bias: object = True,
    return_sequences: object = False,
    return_state: object = False,
    go_backwards: object = False,
    stateful: object = False,
    unroll: object = False,
    use_cudnn: object = "auto",
    **keywords: object,
) -> tuple[Declared, ...]:
    """LSTM, with one bias for input and state."""
    layer = LSTM(
        **_options(call, units, activation, use_bias, return_sequences, go_backwards),
        gate=_kind(call, "recurrent_activation", recurrent_activation),
        biases=1,
    )
    return finish(call, keywords, _declared(call, layer))


@idle("use_bias", begun(*TENSORS), held(*TENSORS), SEEDED)
def gru(
    call: Call,
    units: object,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    use_bias: object = True,
    return_sequences: object = False,
    return_state: object = False,
    go_backwards: object = False,
    stateful: object = False,
    unroll: object = False,
    reset_after: object = True,
    use_cudnn: object = "auto",
    **keywords: object,
) -> tuple[Declared, ...]:
    """GRU, with two biases where the state is reset after its product."""
    layer = GRU(
        **_options(call, units, activation, use_bias, return_sequences, go_backwards),
        gate=_kind(call, "recurrent_activation", recurrent_activation),
        after=bool(reset_after),
        biases=2 if reset_after else 1,
    )
    return finish(call, keywords, _declared(call, layer))


@idle("use_bias", begun(*TENSORS), held(*TENSORS), DROPPED)
def simple_rnn(
    call: Call,
    units: object,
    activation: object = "tanh",
    use_bias: object = True,
    return_sequences: object = False,
    return_state: object = False,
    go_backwards: object = False,
    stateful: object = False,
    unroll: object = False,
    seed: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """SimpleRNN."""
    options = _options(call, units, activation, use_bias, return_sequences, go_backwards)
    return finish(call, keywords, _declared(call, RNN(**options, biases=1)))


@idle(
    "use_bias",
    begun(*TENSORS),
    {"unit_forget_bias": True},
    held(*TENSORS, output=False),
    SEEDED,
)
def lstm_cell(
    call: Call,
    units: object,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """LSTMCell, which RNN runs over the steps."""
    given = units, activation, recurrent_activation, use_bias
    return finish(call, keywords, *lstm(call, *given))


@idle("use_bias", begun(*TENSORS), held(*TENSORS, output=False), DROPPED)
def gru_cell(
    call: Call,
    units: object,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    use_bias: object = True,
    reset_after: object = True,
    seed: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """GRUCell, which RNN runs over the steps."""
    given = units, activation, recurrent_activation, use_bias
    return finish(call, keywords, *gru(call, *given, reset_after=reset_after))


@idle("use_bias", begun(*TENSORS), held(*TENSORS, output=False), SEEDED)
def simple_rnn_cell(
    call: Call,
    units: object,
    activation: object = "tanh",
    use_bias: object = True,
    **keywords: object,
) -> tuple[Declared, ...]:
    """SimpleRNNCell, which RNN runs over the steps."""
    return finish(call, keywords, *simple_rnn(call, units, activation, use_bias))


def rnn(
    call: Call,
    cell: object,
    return_sequences: object = False,
    return_state: object = False,
    go_backwards: object = False,
    stateful: object = False,
    unroll: object = False,
    zero_output_for_mask: object = False,
    **keywords: object,
) -> tuple[Declared, ...]:
    """RNN, of a cell that was read."""
    inner = cell[0] if isinstance(cell, tuple | list) and len(cell) == 1 else None
    if not isinstance(inner, Declared) or not isinstance(inner.layer, Recurrent):
        raise call.unread(
            "is read around LSTMCell, GRUCell and SimpleRNNCell", "put one of these in it", "cell"
        )
    layer = inner.layer.replaced(last=not return_sequences, backwards=bool(go_backwards))
    return finish(call, keywords, _declared(call, layer))


def bidirectional(
    call: Call,
    layer: object,
    merge_mode: object = "concat",
    weights: object = None,
    backward_layer: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Bidirectional, of a recurrent layer that was read: one step where both are put together.

    Else both directions, and what merges them, if anything does.
    """
    inner = layer[0] if isinstance(layer, tuple | list) and len(layer) == 1 else None
    if not isinstance(inner, Declared) or not isinstance(inner.layer, Recurrent):
        raise call.unread(
            "is read around LSTM, GRU and SimpleRNN", "put one of these in it", "layer"
        )
    if inner.layer.backwards or backward_layer is not None:
        raise call.unread(
            "is read without go_backwards and backward_layer", "leave them out", "backward_layer"
        )
    if merge_mode is None or merge_mode in MERGES:
        back = inner.layer.replaced(backwards=True)
        merge = () if merge_mode is None else (KINDS[MERGES[merge_mode]](),)
        return finish(call, keywords, inner, inner.replaced(layer=back), *merge)
    word(call, "merge_mode", merge_mode, ("concat", *MERGES), lower=False)
    both = inner.layer.replaced(bidirectional=True)
    return finish(call, keywords, _declared(call, both))


def _options(
    call: Call,
    units: object,
    activation: object,
    use_bias: object,
    return_sequences: object,
    go_backwards: object,
) -> _Options:
    """What the three have in common."""
    return {
        "hidden": integer(call, "units", units),
        "activation": _kind(call, "activation", activation),
        "bias": bool(use_bias),
        "last": not return_sequences,
        "backwards": bool(go_backwards),
        "axis": call.frame.axis(-1)[0],
    }


def _kind(call: Call, name: str, value: object) -> str:
    """An activation by Keras's name for it."""
    if isinstance(value, tuple | list) and len(value) == 1 and isinstance(value[0], Declared):
        return value[0].layer.kind if value[0].layer.kind in ACTIVATIONS else _wrong(call, name)
    if value is not None and not isinstance(value, str):
        return _wrong(call, name)
    return KIND_OF[value] if value in KIND_OF else _wrong(call, name)


def _wrong(call: Call, name: str) -> str:
    words = ", ".join(f'"{each}"' for each in ACTIVATIONS.values())
    raise call.error(f"is read with one of a few activations as {name}", words, name)


def _declared(call: Call, layer: Recurrent) -> Declared:
    def taken(layer: Layer, shape: Shape, *starts: Shape) -> Layer:
        if len(shape) != 2:
            raise _no_sequence(call, shape)
        for start in starts:
            _check_start(call, units, start)
        return layer

    units = layer.hidden

    return Declared(layer, Expects(call.words, rule=taken), stored=_stored(layer))


def _check_start(call: Call, units: int, start: Shape) -> None:
    """LayerError for a state to start from of other sizes than the layer keeps."""
    if start != (units,):
        sizes = call.frame.outside(start)
        raise LayerError(
            f"{call.words} keeps {units} features (units={units}) but initial_state has "
            f"{show(sizes)}",
            code="state",
            option="units",
            help=f"`layers.Dense({units})` before it, or units={sizes[0]}"
            if len(sizes) == 1
            else f"a vector of {units} for each sample",
        )


def _no_sequence(call: Call, shape: Shape) -> LayerError:
    sizes = call.frame.outside(shape)
    advice = f"`layers.Reshape((1, {sizes[0]}))` makes a sequence of one step"
    if len(shape) > 2:
        rest = prod(sizes[1:])
        advice = f"`layers.Reshape(({sizes[0]}, {rest}))` makes {sizes[0]} steps of {rest} features"
    return LayerError(
        f"{call.words} takes sequences (steps, features) but receives {show(sizes)}",
        code="not-a-sequence",
        help=advice,
    )


def _stored(layer: Recurrent) -> Tensors:
    """Both biases of a GRU are one tensor of Keras's."""
    if not layer.bias or layer.biases != 2:
        return {}
    rows = layer.gates * layer.hidden
    found: dict[str, tuple[int, tuple[Weight, ...]]] = {}
    for end, path in _ends(layer):
        found[f"bias_ih_l0{end}"] = rows, (Weight(f"{path}bias", (2, rows)),)
        found[f"bias_hh_l0{end}"] = rows, ()
    return found


def _ends(layer: Recurrent) -> tuple[tuple[str, str], ...]:
    """The end of a direction's names, and Keras's path to its layer."""
    both = (("", "forward_layer."), ("_reverse", "backward_layer."))
    return both if layer.bidirectional else (("", ""),)


def names_of(layer: Recurrent) -> dict[str, str]:
    """Keras's names of a layer's weights."""
    return {
        f"{ours}_l0{end}": f"{path}{theirs}"
        for end, path in _ends(layer)
        for ours, theirs in (
            ("weight_ih", "kernel"),
            ("weight_hh", "recurrent_kernel"),
            ("bias_ih", "bias"),
        )
    }


RECURRENT: Vocabulary = {
    "Bidirectional": (bidirectional, 0),
    "GRU": (gru, 0),
    "GRUCell": (gru_cell, 0),
    "LSTM": (lstm, 0),
    "LSTMCell": (lstm_cell, 0),
    "RNN": (rnn, 0),
    "SimpleRNN": (simple_rnn, 0),
    "SimpleRNNCell": (simple_rnn_cell, 0),
}
