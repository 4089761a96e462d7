"""The trace of a source's model: which of its modules and parameters were at work."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.input_size import Wants, wants_of
from cnncalc.layers.base import Shape
from cnncalc.network import Declared, Step
from cnncalc.notations.names import Names
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value
from cnncalc.tracing.tensors import Parameter, Static, Tensor
from cnncalc.tracing.trace import Record, Trace
from cnncalc.tracing.weights import Held

__all__ = ["ATTENTION", "WEIGHTS", "ModelTrace", "held_by", "in_layer", "is_trained", "is_weight"]

# The tensors of attention beside those.
ATTENTION = frozenset(
    {"in_proj_weight", "in_proj_bias", "q_proj_weight", "k_proj_weight", "v_proj_weight"}
    | {"bias_k", "bias_v", "out_proj.weight", "out_proj.bias"}
)
MAX_LAYERS = 20_000
WEIGHTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
# Recurrent layers have these with `_l0`, `_l1`, … behind them, their cells without.
OF_LAYERS = ("weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh")


class ModelTrace(Trace):
    """The records of one run.

    Attributes:
        paths: the name of each module of the model, by identity.
        used: the parameters and buffers that some step reads, by identity.
        ran: the modules whose layers made a step, by identity.
        tried: those that worked on something fixed, with what is to be said if nothing uses it,
            and their weights.
        root: the model itself, where names of steps don't tell what they stand in.
        refused: a layer that didn't take its input, with the records and shapes of that.
    """

    def __init__(
        self, paths: dict[int, str], joint: str = ".", tensor: type[Tensor] = Tensor
    ) -> None:
        super().__init__(tensor)
        self.paths = paths
        self.joint = joint
        self.used: dict[int, Parameter] = {}
        self.ran: dict[int, Instance] = {}
        self.tried: dict[int, tuple[Refusal, list[Static]]] = {}
        self.root: Instance | None = None
        self.refused: tuple[Declared, tuple[int, ...], tuple[Shape, ...]] | None = None

    def add(self, record: Record) -> Tensor:
        if len(self.records) > MAX_LAYERS:
            raise Refusal(f"more than {MAX_LAYERS:,} layers", code="too-large", fatal=True)
        return super().add(record)

    def stand_in(self, begun: int, model: Instance) -> None:
        """Note of the records from a number on that they stand in a part of the model."""
        if model is not self.root:
            place = model.fields.get("name", ""), model.cls.name
            for record in self.records[begun:]:
                record.within = (place, *record.within)

    def wants(self) -> Wants | None:
        """What the layers so far declare about the first input."""
        if not self.records:
            return None
        steps = [(n, r.declared, r.inputs, self.shapes(r)) for n, r in enumerate(self.records)]
        steps += [(len(steps), *self.refused)] if self.refused else []
        return wants_of(steps, self.records[0].shape)

    def check_tried(self) -> None:
        """Refuse layers that worked on something fixed alone, of which no step has made use."""
        for number, (refusal, weights) in self.tried.items():
            if number not in self.ran and not any(id(each) in self.used for each in weights):
                raise refusal

    def held(self, record: Record) -> tuple[Held, bool]:
        if record.held is not None:
            return record.held, True
        return {**held_by(record.owner), **record.more}, False

    def is_frozen(self, record: Record) -> bool:
        """Whether a Keras layer's weights are kept from training."""
        owner = record.owner
        return isinstance(owner, Instance) and owner.fields.get("trainable") is False

    def network_steps(
        self, outputs: Sequence[int], prune: bool, roots: Sequence[int] = (0,)
    ) -> tuple[list[Step], list[int]]:
        """The steps in order, and the numbers of the outputs among them."""
        return self.steps(outputs, Names().of_step, prune=prune, roots=roots)


def held_by(owner: Value) -> Held:
    """The tensors of a module's layer that its source has touched."""
    if not isinstance(owner, Instance) or owner.layers is None:
        return {}
    return {
        in_layer(name): value
        for name, value in owner.fields.items()
        if isinstance(value, Static) and is_weight(name)
    }


def in_layer(name: str) -> str:
    """What a layer here calls a tensor that its module calls so."""
    return f"{name}_l0" if name in OF_LAYERS else name


def is_weight(name: Value) -> bool:
    """Whether torch.nn's layers call a tensor of theirs so."""
    if not isinstance(name, str):
        return False
    return name in WEIGHTS or name in ATTENTION or name.startswith(OF_LAYERS)


def is_trained(name: str) -> bool:
    """Whether they call a parameter so, which is no buffer."""
    return name in WEIGHTS[:2] or name in ATTENTION or name.startswith(OF_LAYERS)
