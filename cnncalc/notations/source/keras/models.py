"""Keras models: sequential, functional and the source's own classes; and their networks."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.keras import declared_input, open_sizes
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import Input
from cnncalc.notations.source.keras.kinds import Unsized
from cnncalc.notations.source.keras.layers import (
    LAYER,
    auto_name,
    init_base,
    is_layer,
    keras_layer,
    set_trainable,
    tensors,
)
from cnncalc.notations.source.keras.replaying import between, once_more
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import keras_readers
from cnncalc.notations.source.layer_arguments import plain, refusable
from cnncalc.notations.source.model_trace import ModelTrace
from cnncalc.notations.source.state import state_of
from cnncalc.python.attributes import set_field
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, class_of_methods, simple
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Class, Instance, Property, Silent, Value, describe
from cnncalc.tracing.tensors import Tensor

__all__ = [
    "MODEL",
    "SEQUENTIAL",
    "declared_shape",
    "keras_input",
    "records_of",
    "replayed",
    "sequential_of",
]


def keras_input(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Tensor:
    """`keras.Input(shape)`: a tensor of the declared shape, or of the one wanted from outside."""
    name = kwargs.get("name")
    values = [plain(each) for each in args]
    named = {key: plain(value) for key, value in kwargs.items() if key not in ("name", "dtype")}
    (step,) = refusable(keras_readers(machine)["Input"], *values, **named)
    sizes = open_sizes(named | dict(zip(("shape",), values, strict=False)))
    assert isinstance(step.layer, Input)
    return new_input(machine, step.layer.shape, name if isinstance(name, str) else None, sizes)


def new_input(
    machine: Machine,
    declared: Shape | None,
    name: str | None,
    sizes: tuple[int | None, ...] | None = None,
) -> Tensor:
    """One more input, counted in the order in which they are made."""
    place = keras_of(machine).inputs_made
    keras_of(machine).inputs_made += 1
    shape = state_of(machine).inputs.get(place, declared)
    if shape is None:
        shape = state_of(machine).open_input
    if shape is None:
        raise Unsized(sizes)
    owner = Instance(keras_layer("InputLayer"), machine.spans())
    owner.fields["name"] = name or auto_name(machine, "InputLayer")
    owner.fields["place"] = place
    owner.fields["declared"] = declared
    tensor: Tensor = state_of(machine).steps.input(shape, owner.fields["name"], own=True)
    state_of(machine).steps.records[tensor.number].owner = owner
    return tensor


def init_model(machine: Machine, model: Instance, *args: Value, **options: Value) -> None:
    """`keras.Model(inputs, outputs)`, or the base of a model class of the source."""
    init_base(machine, model, name=options.get("name"))
    given = dict(zip(("inputs", "outputs", "name"), args, strict=False)) | options
    inputs = given.get("inputs", given.get("input"))
    outputs = given.get("outputs", given.get("output"))
    if inputs is None or outputs is None:
        return
    model.fields["inputs"] = tensors(machine, inputs)
    model.fields["outputs"] = tensors(machine, outputs)
    model.fields["single"] = isinstance(outputs, Tensor)


def init_sequential(
    machine: Machine, model: Instance, layers: Value = None, *others: Value, **options: Value
) -> None:
    if is_layer(layers) and others:
        raise raised(
            "TypeError", "`keras.Sequential` takes its layers in a list: `keras.Sequential([…])`"
        )
    init_base(machine, model, name=options.get("name"))
    model.fields["stack"] = []
    for layer in listed(machine, layers) if layers is not None else []:
        add(machine, model, layer)


def add(machine: Machine, model: Instance, layer: Value) -> None:
    """`model.add(layer)`; an `Input` declares the shape."""
    if isinstance(layer, Tensor):
        owner = state_of(machine).steps.records[layer.number].owner
        layer = owner
    if not is_layer(layer):
        made = " (it is the class; call it, with parentheses)" if isinstance(layer, Class) else ""
        raise raised("TypeError", f"a Sequential holds layers, not {describe(layer)}{made}")
    model.fields["stack"].append(layer)


def pop(machine: Machine, model: Instance) -> Value:
    return model.fields["stack"].pop()


def declared_shape(machine: Machine, model: Instance) -> Shape | None:
    """The input shape that a Sequential's first layer declares."""
    stack = model.fields.get("stack") or [None]
    first = stack[0]
    if not isinstance(first, Instance):
        return None
    if "declared" in first.fields:
        shape: Shape | None = first.fields["declared"]
        return shape
    if first.cls.name == "InputLayer" and first.layers:
        declared: Shape | None = first.layers[0].layer.shape
        return declared
    if "stack" in first.fields:
        return declared_shape(machine, first)
    if "inputs" in first.fields:
        found: Shape = first.fields["inputs"][0].shape
        return found
    return refusable(declared_input, first.fields, keras_of(machine).frame)


def call_model(machine: Machine, model: Instance, inputs: Value, **options: Value) -> Value:
    """A model as a layer of another."""
    trace = state_of(machine).steps
    begun, value = len(trace.records), inputs
    if "stack" in model.fields:
        for layer in model.fields["stack"]:
            if layer.cls.name != "InputLayer":
                value = machine.call(layer, [value], {})
    elif "inputs" in model.fields:
        value = replayed(machine, model, tensors(machine, inputs), f"{model.fields['name']}/")
    else:
        raise Refusal(f"`{model.cls.name}` has no `call`")
    trace.stand_in(begun, model)
    return value


def replayed(machine: Machine, model: Instance, inputs: list[Tensor], prefix: str) -> Value:
    """The steps of a functional model once more, on other tensors."""
    trace = state_of(machine).steps
    first = model.fields["inputs"]
    if len(first) != len(inputs):
        raise Refusal(f"`{model.fields['name']}` takes {len(first)} inputs, not {len(inputs)}")
    places: dict[int, Value] = {old.number: new for old, new in zip(first, inputs, strict=True)}
    for number in records_of(trace, model):
        record = trace.records[number]
        if number not in places:
            name = f"{prefix}{record.name}"
            made = once_more(machine, record, record.declared, places, name)
            trace.records[made.number].within = record.within
            places[number] = made
    results = [places[each.number] for each in model.fields["outputs"]]
    return results[0] if model.fields["single"] else results


def records_of(trace: ModelTrace, model: Instance) -> list[int]:
    """The records from a model's inputs to its outputs."""

    def stray(number: int) -> Refusal:
        return Refusal(
            f"the outputs of `{model.fields['name']}` also need the input "
            f"`{trace.records[number].name}`",
            help="give all inputs: `Model(inputs=[a, b], outputs=…)`",
        )

    starts, ends = ({each.number for each in model.fields[side]} for side in ("inputs", "outputs"))
    return between(lambda number: trace.records[number].inputs, starts, ends, stray)


def ends(name: str) -> Callable[..., Value]:
    """`model.input`, `model.output` and their lists."""

    def get(machine: Machine, model: Instance) -> Value:
        if "stack" in model.fields and "inputs" not in model.fields:
            shape = declared_shape(machine, model)
            x = new_input(machine, shape, None)
            model.fields["inputs"] = [x]
            model.fields["outputs"] = [call_model(machine, model, x)]
            model.fields["single"] = True
        if f"{name}s" not in model.fields:
            raise Refusal(f"`{model.cls.name}` has no `{name}` before it is called")
        values = model.fields[f"{name}s"]
        return values[0] if len(values) == 1 else values

    return get


def layers_of(machine: Machine, model: Instance) -> list[Value]:
    """`model.layers`."""
    if "stack" in model.fields:
        return list(model.fields["stack"])
    if "inputs" in model.fields:
        trace = state_of(machine).steps
        owners = [trace.records[number].owner for number in records_of(trace, model)]
        return list({id(owner): owner for owner in owners if owner is not None}.values())
    return [value for value in model.fields.values() if is_layer(value)]


def get_layer(machine: Machine, model: Instance, name: Value = None, index: Value = None) -> Value:
    layers = layers_of(machine, model)
    if isinstance(index, int):
        return layers[index]
    for layer in layers:
        if layer.fields.get("name") == name:
            return layer
    raise raised("ValueError", f"there is no layer `{name}`")


def set_model_attribute(machine: Machine, layer: Instance, name: Value, value: Value) -> None:
    """`trainable` reaches every layer inside; all else is an attribute."""
    if name == "trainable":
        set_trainable(layer, bool(value))
        if MODEL in layer.cls.order:
            for each in layers_of(machine, layer):
                set_trainable(each, bool(value))
    else:
        set_field(layer, name, value)


QUIET = "compile fit summary load_weights save evaluate predict build save_weights reset_states"
METHODS: dict[str, Method] = {
    "__init__": init_model,
    "get_layer": get_layer,
    **dict.fromkeys(QUIET.split(), lambda machine, model, *args, **kwargs: Silent("model")),
}
MODEL = class_of_methods("Model", METHODS, LAYER)
LAYER.model = MODEL.model = True
MODEL.names["__keras_model__"] = True
LAYER.names["__keras_layer__"] = True
MODEL.names["call"] = simple("call", call_model)
MODEL.names["layers"] = Property(simple("layers", layers_of))
for _name in ("input", "output"):
    MODEL.names[_name] = Property(simple(_name, ends(_name)))
LAYER.names["__setattr__"] = simple("__setattr__", set_model_attribute)
SEQUENTIAL = class_of_methods(
    "Sequential", {"__init__": init_sequential, "add": add, "pop": pop}, MODEL
)


def sequential_of(machine: Machine, layers: list[Value]) -> Value:
    return machine.call(SEQUENTIAL, [layers], {})
