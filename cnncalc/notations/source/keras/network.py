"""From a Keras model to a network: its steps at an input size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from cnncalc.frameworks.keras import open_sizes, relabel
from cnncalc.layers.base import Shape, show
from cnncalc.layers.merge import Input
from cnncalc.network import Fed, Network, Step
from cnncalc.notations.source.axes import tensors_in
from cnncalc.notations.source.keras.kinds import is_keras_model
from cnncalc.notations.source.keras.layers import is_layer
from cnncalc.notations.source.keras.models import (
    declared_shape,
    records_of,
    replayed,
    sequential_of,
)
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import keras_trace
from cnncalc.notations.source.state import state_of
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.refusals import Refusal, followed
from cnncalc.python.stack import with_room
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

    def run(wanted: Shape, fed: Fed) -> Network:
        if fresh and wanted == shape and not fed:
            return traced(*fresh.pop(), wanted)
        made = build(wanted)
        if not is_keras_model(made[1]):
            with made[0].deep():
                made = made[0], sequential_of(made[0], [made[1]])
        places = input_places(*made, wanted, fed)
        if places:
            made = build(wanted, places)
        return traced(*made, wanted)

    layout = frame.layout if frame else "channels-last"
    inputs = input_names(machine, model) if machine else []
    return Network(
        (), shape, notation="keras", layout=layout, tracer=run, declared=declared, inputs=inputs
    )


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


def input_places(
    machine: Interpreter, model: Instance, wanted: Shape, fed: Fed
) -> dict[int, Shape]:
    """The shapes that a model's inputs are to have, by the order in which they were made.

    Empty where they have them already.
    """
    names = input_names(machine, model)
    places: dict[int, Shape] = {}
    other = False
    for number, tensor in enumerate(model.fields.get("inputs", ())):
        owner = state_of(machine).steps.records[tensor.number].owner
        if owner is None or "place" not in owner.fields:
            continue
        shape = fed.get(names[number]) if number else wanted
        if shape is None and owner.fields["declared"] is None and fed:
            raise missing(names[number], names, fed)
        if shape is not None:
            places[owner.fields["place"]] = shape
            other = other or shape != tensor.shape
    return places if other else {}


def missing(name: str, names: list[str], fed: Fed) -> Refusal:
    """An input that has no size, beside others that are given one."""
    said = ", ".join(f"`{each}` is {show(size)}" for each, size in fed.items())
    return Refusal(
        f"the size of the input `{name}` is missing, and {said}",
        help=f"`-i {name}=SIZE` beside it, of the inputs {', '.join(f'`{n}`' for n in names)}",
        code="no-input",
    )


def input_names(machine: Interpreter, model: Instance) -> list[str]:
    """What the inputs of a model are called, in the order in which it takes them."""
    inputs = model.fields.get("inputs", ())
    records = state_of(machine).steps.records if inputs else []
    return [input_name(records[each.number]) for each in inputs]


@with_room
def traced(machine: Interpreter, model: Instance, shape: Shape) -> Network:
    """The steps of a model at an input of this shape (as it is inside)."""
    trace = keras_trace(machine)
    with machine.deep():
        with followed(lambda: as_far(machine)):
            roots, outputs = run_at(machine, model, shape)
            trace.check_tried()
        steps, ends_ = trace.network_steps(outputs, prune=True, roots=roots)
    return in_keras(machine, steps, shape, ends_, roots)


def run_at(machine: Interpreter, model: Instance, shape: Shape) -> tuple[list[int], list[int]]:
    """Run a model at an input's shape: the records of its inputs and outputs."""
    trace = keras_trace(machine)
    trace.root = model
    inputs = model.fields.get("inputs")
    if inputs and inputs[0].shape == shape:
        records_of(trace, model)
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
    roots = [n for n, each in enumerate(trace.records) if isinstance(each.layer, Input)]
    steps, ends_ = trace.network_steps(trace.unread(), prune=False, roots=roots)
    return in_keras(machine, steps, trace.records[0].shape, ends_, roots)


def in_keras(
    machine: Interpreter,
    steps: list[Step],
    shape: Shape,
    outputs: Sequence[int],
    roots: Sequence[int],
) -> Network:
    """A network of steps as Keras has them; `roots` are the records of its inputs."""
    records = keras_trace(machine).records
    return Network(
        steps,
        shape,
        outputs,
        notation="keras",
        inputs=[input_name(records[number]) for number in roots],
        layout=keras_of(machine).frame.layout,
        relabel=partial(relabel, frame=keras_of(machine).frame),
    )
