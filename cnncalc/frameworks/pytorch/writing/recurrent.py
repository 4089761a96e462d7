"""Recurrent layers as calls, and what is taken of the pair that they give."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.frameworks.calls import Form, Join, Piece
from cnncalc.frameworks.pytorch.writing.calls import Writer, call, no_class, taken
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.recurrent import GRU, LSTM, RNN, State

__all__ = ["CLASSES", "FORMS", "JOINS", "WRITERS", "handed"]

NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


_LEARNED = """\
class LearnedStart(nn.Module):
    def __init__(self, layer, *sizes):
        super().__init__()
        self.layer = layer
        self.starts = nn.ParameterList([nn.Parameter(torch.zeros(n, 1, m)) for n, m in sizes])

    def forward(self, x, given=None):
        starts = [start.expand(-1, x.shape[0], -1).contiguous() for start in self.starts]
        learned = tuple(starts) if len(starts) > 1 else starts[0]
        return self.layer(x, learned if given is None else given)

"""
# Layers that torch.nn lacks, as classes of the file's own.
CLASSES = {"LearnedStart": _LEARNED}


def _write(layer: LSTM | GRU | RNN, shape: Shape) -> str:
    name = NAMES[layer.kind]
    if layer.place(shape) != 1:
        raise no_class(layer, f"nn.{name} has the features last")
    if layer.bias and layer.biases != 2:
        raise no_class(layer, f"nn.{name} has a bias for the input and one for the state")
    usual = ("tanh", "relu") if isinstance(layer, RNN) else ("tanh",)
    gated = isinstance(layer, RNN) or layer.gate == "sigmoid"
    if layer.activation not in usual or not gated:
        raise no_class(layer, f"nn.{name} has no such activation")
    if isinstance(layer, GRU) and not layer.after:
        raise no_class(layer, "nn.GRU resets the state after its product")
    if layer.learned:
        raise no_class(layer, f"nn.{name} learns no states to start from")
    if layer.backwards or layer.last:
        raise no_class(layer, f"nn.{name} gives all steps, from the first")
    more: dict[str, object] = {"proj_size": layer.proj or 0} if isinstance(layer, LSTM) else {}
    more |= {"nonlinearity": layer.activation} if isinstance(layer, RNN) else {}
    return call(
        name,
        input_size=shape[1],
        hidden_size=layer.hidden,
        num_layers=layer.layers,
        bias=layer.bias,
        batch_first=True,
        bidirectional=layer.bidirectional,
        **more,
    )


def _pieces(layer: LSTM | GRU | RNN, shape: Shape) -> Sequence[Piece]:
    """The module, and of the output and states that it gives the one or the others."""
    first = layer.place(shape) == 0
    turn = Piece("permute", None, "{0}.permute(0, 2, 1)")
    inside = shape[::-1] if first else shape
    made = Piece(layer.kind, _module(layer, inside), holds=True)
    return [*([turn] if first else []), made, *_ending(layer, first)]


def _started(layer: LSTM | GRU | RNN, shapes: tuple[Shape, ...]) -> Sequence[Piece]:
    """The same with states to start from, stacked as the module takes them."""
    first = layer.place(shapes[0]) == 0
    given = [f"{{{number}}}" for number in range(1, len(shapes))]
    kinds = []
    for begin, size in zip((0, layer.states), (layer.features, layer.hidden), strict=True):
        each = given[begin : begin + layer.states]
        zeros = f"{{0}}.new_zeros({layer.states}, {{0}}.shape[0], {size})"
        kinds.append(f"torch.stack(({', '.join(each)},))" if each else zeros)
    starts = f"({', '.join(kinds)})" if layer.kinds > 1 else kinds[0]
    sequence = "{0}.permute(0, 2, 1)" if first else "{0}"
    written = _module(layer, shapes[0][::-1] if first else shapes[0])
    made = Piece(layer.kind, written, f"{{self}}({sequence}, {starts})", holds=True)
    return [made, *_ending(layer, first)]


def _module(layer: LSTM | GRU | RNN, inside: Shape) -> str:
    """What makes the module, of steps by features."""
    plain = layer.replaced(axis=-1, last=False, learned=False)
    written = taken(_write(plain, inside), inside)
    if not layer.learned:
        return written
    sizes = ((layer.states, layer.features), (layer.states, layer.hidden))[: layer.kinds]
    return f"LearnedStart({written}, {', '.join(map(str, sizes))})"


def _ending(layer: LSTM | GRU | RNN, first: bool) -> Sequence[Piece]:
    """What is taken of the pair that the module gives."""
    turn = Piece("permute", None, "{0}.permute(0, 2, 1)")
    ending = [Piece("output", None, "{0}[0]"), *([turn] if first else [])]
    if layer.last:
        ends = [_state(layer, at - layer.directions) for at in range(layer.directions)]
        text = ends[0] if len(ends) == 1 else f"torch.cat(({', '.join(ends)}), dim=1)"
        ending = [Piece("last", None, text)]
    return ending


def _state(maker: Layer, at: int, cell: bool = False) -> str:
    """A state out of the pair that a module gives, of which an LSTM's second is a pair too."""
    return f"{{0}}[1]{f'[{int(cell)}]' if maker.kind == 'lstm' else ''}[{at}]"


def handed(layer: State, maker: Layer) -> Sequence[Piece]:
    """A state, out of what its maker's module gives."""
    return [Piece("state", None, _state(maker, layer.at, layer.cell))]


WRITERS: dict[str, Writer] = dict.fromkeys(NAMES, _write)
FORMS: dict[str, Form] = dict.fromkeys(NAMES, _pieces)
JOINS: dict[str, Join] = dict.fromkeys(NAMES, _started)
