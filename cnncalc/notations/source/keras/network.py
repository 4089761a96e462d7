"""From a Keras model to a network: its steps at an input size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from cnncalc.frameworks.keras import open_sizes, relabel
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.notations.source.axes import tensors_in
from cnncalc.notations.source.keras.kinds import is_keras_model
from cnncalc.notations.source.keras.layers import is_layer
from cnncalc.notations.source.keras.models import between, declared_shape, replayed, sequential_of
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import keras_trace
from cnncalc.notations.source.state import state_of
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.refusals import Refusal, followed
from cnncalc.python.values import Instance, Value
from cnncalc.tracing.trace import input_name

__all__ = ["as_far", "keras_network"]


Build = Callable[..., tuple[Interpreter, Value]]


def keras_network(
    build: Build,
    machine: Interpreter | None,
    model: Value,
    declared: tuple[int | None, ...] | None = None,
) -> Network:
    """A network around a Keras model; without one, its input's size comes from outside.

    `declared` are the sizes, in Keras's order, of an input that leaves some of them open.
    """
    shape: Shape | None = None
    frame = keras_of(machine).frame if machine else None
    if machine is not None:
        with machine.deep():
            if is_layer(model) and not is_keras_model(model):
                model = sequential_of(machine, [model])
            shape = own_shape(machine, model)
        declared = keras_of(machine).frame.outside(shape) if shape else first_sizes(model)

    fresh = [(machine, model)] if machine is not None and shape is not None else []

    def run(wanted: Shape) -> Network:
        if fresh and wanted == shape:
            return traced(*fresh.pop(), wanted)
        made = build(wanted)
        if not is_keras_model(made[1]):
            with made[0].deep():
                made = made[0], sequential_of(made[0], [made[1]])
        place = input_place(*made)
        if place is not None and made[1].fields["inputs"][0].shape != wanted:
            made = build(wanted, {place: wanted})
        return traced(*made, wanted)

    layout = frame.layout if frame else "channels-last"
    return Network((), shape, notation="keras", layout=layout, tracer=run, declared=declared)


def first_sizes(model: Instance) -> tuple[int | None, ...] | None:
    """The sizes that the first layer of a Sequential declares, where some are left open."""
    first = next(iter(model.fields.get("stack", ())), None)
    return open_sizes(first.fields) if isinstance(first, Instance) else None


def own_shape(machine: Interpreter, model: Instance) -> Shape | None:
    """The input's size that the source itself says."""
    if "inputs" in model.fields:
        first = model.fields["inputs"][0]
        owner = state_of(machine).steps.records[first.number].owner
        made = owner is None or "declared" not in owner.fields  # by a layer: no Input of its own
        declared: Shape | None = first.shape if made else owner.fields["declared"]
        return declared
    return declared_shape(machine, model) if "stack" in model.fields else None


def input_place(machine: Interpreter, model: Instance) -> int | None:
    """Which of the inputs made is this model's first."""
    if "inputs" not in model.fields:
        return None
    owner = state_of(machine).steps.records[model.fields["inputs"][0].number].owner
    return owner.fields.get("place") if owner is not None else None


def traced(machine: Interpreter, model: Instance, shape: Shape) -> Network:
    """The steps of a model at an input of this shape (as it is inside)."""
    trace = keras_trace(machine)
    with machine.deep():
        with followed(lambda: as_far(machine)):
            roots, outputs = run_at(machine, model, shape)
            trace.check_tried()
        steps, ends_ = trace.network_steps(outputs, prune=True, roots=roots)
    return in_keras(machine, steps, shape, ends_)


def run_at(machine: Interpreter, model: Instance, shape: Shape) -> tuple[list[int], list[int]]:
    """Run a model at an input's shape: the records of its inputs and outputs."""
    trace = keras_trace(machine)
    trace.root = model
    inputs = model.fields.get("inputs")
    if inputs and inputs[0].shape == shape:
        between(trace, model)
        result = model.fields["outputs"]
    elif inputs:  # it begins at a tensor that a layer made, of another size
        named = input_name(trace.records[inputs[0].number])
        inputs = [trace.input(shape, named), *inputs[1:]]
        result = replayed(machine, model, inputs, "")
    else:
        inputs = [trace.input(shape)]
        result = machine.call(model, inputs, {})
    outputs = [tensor.number for tensor in tensors_in(result)]
    if not outputs:
        raise Refusal("this model gives no tensor")
    return [each.number for each in inputs], outputs


def as_far(machine: Interpreter) -> Network | None:
    """The network as far as it was followed; None: nothing flowed. Layers get weights by a call."""
    trace = keras_trace(machine)
    if not trace.records:
        return None
    steps, ends_ = trace.network_steps(trace.unread(), prune=False)
    return in_keras(machine, steps, trace.records[0].shape, ends_)


def in_keras(
    machine: Interpreter, steps: list[Step], shape: Shape, outputs: Sequence[int]
) -> Network:
    """A network of steps as Keras has them."""
    return Network(
        steps,
        shape,
        outputs,
        notation="keras",
        layout=keras_of(machine).frame.layout,
        relabel=partial(relabel, frame=keras_of(machine).frame),
    )
