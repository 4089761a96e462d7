"""What a recurrent layer of a source gives: its output, and states that are steps once used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.layers.recurrent import STARTS, Recurrent, State
from cnncalc.notations.source.layer_steps import emit, emit_view
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor

__all__ = [
    "Start",
    "States",
    "check_batch",
    "output_and_states",
    "start_of",
    "state_of_layer",
    "zeros_like",
]


def output_and_states(machine: Machine, layer: Recurrent, output: Value) -> Value:
    """`output, h_n`, or of an LSTM `output, (h_n, c_n)`; of a cell its state, of an LSTM's both."""
    if not isinstance(output, Tensor):
        raise Refusal("a recurrent layer works on what comes from the input")
    if layer.last:
        both = layer.kind == "lstm"
        return (output, state_of_layer(machine, layer, output, True, 0)) if both else output
    hidden = States(machine, layer, output, False)
    if layer.kind != "lstm":
        return output, hidden
    return output, (hidden, States(machine, layer, output, True))


def state_of_layer(machine: Machine, layer: Recurrent, output: Value, cell: bool, at: int) -> Value:
    """The state of one layer and direction, as a step that reads the layer.

    The last is called so, as there is often no other.
    """
    features = layer.hidden if cell else layer.features
    last = at == layer.layers * layer.directions - 1
    state = State(features, cell, -1 if last else at)
    return emit(machine, state, [output], op="state", batch=FIRST)


class States(Pile):
    """The states of all layers and directions, in front of the batch: a step each, once taken."""

    __slots__ = ("cell", "layer", "machine", "made", "output")
    described = "states stacked in front of the batch"
    separate = True

    def __init__(self, machine: Machine, layer: Recurrent, output: Tensor, cell: bool) -> None:
        self.machine = machine
        self.layer = layer
        self.output = output
        self.cell = cell
        self.made: dict[int, Tensor] = {}
        features = layer.hidden if cell else layer.features
        self.shape = (layer.layers * layer.directions, Batch(), features)

    def part(self, at: int) -> Tensor:
        """One of them."""
        if at not in self.made:
            self.made[at] = state_of_layer(self.machine, self.layer, self.output, self.cell, at)
        return self.made[at]

    @property
    def parts(self) -> list[Tensor]:  # type: ignore[override]
        return [self.part(at) for at in range(self.shape[0])]

    def item(self, machine: Machine, index: Value) -> Value:
        first, *rest = index if isinstance(index, tuple) else (index,)
        places = range(self.shape[0])
        whole = all(part == slice(None) or part is ... for part in rest)
        if isinstance(first, int) and first in range(-len(places), len(places)) and whole:
            return self.part(places[first])
        if isinstance(first, slice) and not rest:
            chosen = [self.part(at) for at in places[first]]
            return Pile(chosen, (len(chosen), *self.shape[1:]))
        raise Refusal(
            f"this index of {len(places)} states can't be followed",
            help="`h[-1]` is the state of the last layer and direction",
        )


def check_batch(call: str, tensor: Value, batch_first: bool) -> None:
    """Refuse a sequence whose batch stands elsewhere than the layer has it."""
    if not isinstance(tensor, Tensor) or tensor.batch == BatchAxis(0 if batch_first else 1):
        return
    call, place = f"`{call}` with batch_first={batch_first}", tensor.batch.place
    if tensor.batch.merged or place > 1:
        here = "one axis with others" if tensor.batch.merged else f"on axis {place}"
        message = f"{call} takes the batch on axis {int(not batch_first)}, and here it is {here}"
        advice = "`x.view(…)` takes it apart" if tensor.batch.merged else "`x.permute(…)` moves it"
    else:
        message = f"{call} takes axis {place} for its steps, and here that is the batch"
        advice = f"batch_first={not batch_first}, or `x.transpose(0, 1)` before it"
        if len(tensor.shape) == 1 and not batch_first:
            advice = "`x.unsqueeze(0)` makes each sample one step"
    raise Refusal(message, help=advice, code="batch-axis")


class Start(NamedTuple):
    """What a recurrent layer starts from.

    Attributes:
        states: what flows: of each layer and direction a vector, then as many cells.
        learned: the tensors that stand for learned states, by the names of the layer's weights.
    """

    states: Sequence[Tensor] = ()
    learned: Mapping[str, Static] = MappingProxyType({})


def start_of(machine: Machine, call: str, layer: Recurrent, given: Value) -> Start:
    """What it is given to start from: `h`, or `(h, c)` of an LSTM, layers × batch × features.

    Numbers change no size and are no weights: it starts from zeros then.
    """
    given = content_of(given)
    if given is None or (layer.kinds > 1 and isinstance(given, Static)):
        return Start()
    kinds = list(given) if isinstance(given, list | tuple) else [given]
    if len(kinds) != layer.kinds:
        pair = layer.kinds > 1
        raise Refusal(
            f"`{call}` starts from {'two tensors, (h, c)' if pair else 'one tensor'}, but is "
            f"given {len(kinds)}",
            help=f"`{call}(…)(x, {'(h, c)' if pair else 'h'})`",
            code="state",
        )
    for each in kinds:
        if not isinstance(each, Tensor | Pile | Static):
            raise Refusal(f"a recurrent layer starts from states, not from {describe(each)}")
    if any(isinstance(each, Tensor | Pile) for each in kinds):
        return Start(_flowing(machine, call, layer, kinds))
    if not all(each.sources for each in kinds):
        return Start()
    return Start((), dict(zip(STARTS, kinds, strict=False)))


def _flowing(machine: Machine, call: str, layer: Recurrent, kinds: list[Value]) -> list[Tensor]:
    """Vectors of each layer and direction; zeros in the place of states that are numbers."""
    found: list[Tensor] = []
    fixed = [isinstance(each, Static) for each in kinds]
    parts = [
        [] if static else _parts(machine, call, layer, each)
        for static, each in zip(fixed, kinds, strict=True)
    ]
    if fixed[0]:
        parts[0] = [zeros_like(machine, each) for each in parts[1]]
        if layer.features != layer.hidden:
            raise Refusal("a cell that flows beside a projected state of numbers can't be followed")
    for each in parts:
        found += each
    return found


def zeros_like(machine: Machine, tensor: Tensor) -> Tensor:
    """Zeros beside a state that flows."""
    made = emit(machine, KINDS["rescale"]((0.0,)), [tensor], op="zeros_like")
    assert isinstance(made, Tensor)
    return made


def _parts(machine: Machine, call: str, layer: Recurrent, states: Tensor | Pile) -> list[Tensor]:
    """The vectors that are stacked in one tensor."""
    if layer.last:  # a cell, or a layer of Keras's, of which each state is a tensor of its own
        return [states] if isinstance(states, Tensor) else states.parts
    if isinstance(states, Tensor) and (len(states.shape) != 2 or states.batch != BatchAxis(1)):
        turned = len(states.shape) == 2 and states.batch == FIRST
        raise Refusal(
            f"`{call}` starts from states of layers × batch × features, and here they are "
            f"{'batch × ' if states.batch == FIRST else ''}{show(states.shape)}",
            help="`h.transpose(0, 1)`" if turned else "`h.unsqueeze(0)` of a vector of each sample",
            code="state",
        )
    count = states.shape[0]
    if count != layer.states:
        raise Refusal(
            f"`{call}` keeps {layer.states} state{'s' * (layer.states > 1)} "
            f"(num_layers={layer.layers}, bidirectional={layer.bidirectional}) but is to start "
            f"from {count}",
            help=f"states of {layer.states} × batch × {layer.features}",
            code="state",
        )
    if isinstance(states, Pile):
        return states.parts
    rows = [states]
    if count > 1:
        slices = (KINDS["slice"]((at, at + 1)) for at in range(count))
        rows = [emit(machine, each, [states], op="slice", batch=states.batch) for each in slices]
    return [emit_view(machine, row, row.shape[1:], "select", FIRST) for row in rows]
