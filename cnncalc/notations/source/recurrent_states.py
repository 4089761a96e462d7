"""What a recurrent layer of a source gives: its output, and states that are steps once used."""

from __future__ import annotations

from cnncalc.layers.recurrent import Recurrent, State
from cnncalc.notations.source.layer_steps import emit
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor

__all__ = ["States", "check_batch", "check_start", "output_and_states", "state_of_layer"]


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


def check_start(states: Value) -> None:
    """Refuse states to start from that flow from elsewhere; fixed ones change no size."""
    states = content_of(states)
    if isinstance(states, list | tuple):
        for each in states:
            check_start(each)
    elif isinstance(states, Tensor | Pile):
        raise Refusal(
            "a recurrent layer that starts from states of another one can't be followed yet",
            help="its sizes and weights are the same without them: leave them out",
        )
    elif states is not None and not isinstance(states, Static):
        raise Refusal(f"a recurrent layer starts from states, not from {describe(states)}")
