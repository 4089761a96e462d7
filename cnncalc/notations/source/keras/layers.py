"""Keras's layers as classes: made by the vocabulary's readers, run as one step or a few."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.frameworks.base import form_of
from cnncalc.frameworks.keras import ALIASES, READERS
from cnncalc.network import Declared
from cnncalc.notations.source.entries import entries
from cnncalc.notations.source.keras.recurrent import is_recurrent, run_recurrent
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import inner_axis, keras_readers, outer, run_class
from cnncalc.notations.source.layer_arguments import LAYER_COST, layers_of, made, or_unknown
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.longer import one_after_the_other
from cnncalc.notations.source.state import state_of
from cnncalc.python.attributes import set_field
from cnncalc.python.functions import Method, class_of_methods, simple
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.machine import Function, Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Foreign,
    Instance,
    Opaque,
    Property,
    Value,
    describe,
)
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = [
    "LAYER",
    "activation",
    "argument",
    "auto_name",
    "init_base",
    "is_layer",
    "joined_along",
    "keras_layer",
    "set_trainable",
    "tensors",
]


def auto_name(machine: Machine, cls: str) -> str:
    """The name that Keras gives: conv2d, conv2d_1 and so on."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", cls)
    name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    count = keras_of(machine).counts.get(name, 0)
    keras_of(machine).counts[name] = count + 1
    return f"{name}_{count}" if count else name


def is_layer(value: Value) -> bool:
    return isinstance(value, Instance) and LAYER in value.cls.order


def tensors(machine: Machine, value: Value) -> list[Tensor]:
    """One tensor, or a list of them, as a list."""
    value = content_of(value)
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple) and value and all(isinstance(v, Tensor) for v in value):
        return list(value)
    raise Refusal(
        f"a layer works on tensors, not on {describe(value)}",
        help="a layer is called on a tensor before: `layer(x)`" if is_layer(value) else None,
    )


def init_base(machine: Machine, layer: Instance, *args: Value, **options: Value) -> None:
    """`keras.layers.Layer.__init__`: a name, and whether its weights are trained."""
    layer.ready = True
    name = options.get("name")
    layer.fields["name"] = name if isinstance(name, str) else auto_name(machine, layer.cls.name)
    layer.fields.setdefault("trainable", options.get("trainable", True) is not False)
    layer.fields.setdefault("built", False)


def init(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> None:
    """A layer of the vocabulary: its arguments make the neutral layers."""
    layer, *values = args
    cls = next(each for each in layer.cls.order if each.reader is not None)
    machine.budget.spend(LAYER_COST)
    kwargs = dict(kwargs)
    reader = keras_readers(machine)[cls.name]
    then = taken_function(reader, values, kwargs)
    if then is not None:
        layer.fields["then"] = then
    wrapped = next((each for each in (*values, *kwargs.values()) if is_layer(each)), None)
    if wrapped is not None:
        layer.fields["wrapped"] = wrapped
    given = {key: argument(value) for key, value in kwargs.items()}
    if layer.cls is not cls and layer.cls.library is False:
        given.pop("name", None)
    init_base(machine, layer, name=kwargs.get("name"), trainable=kwargs.get("trainable", True))
    values = [argument(value) for value in values]
    layer.layers, arguments = made(reader, f"layers.{cls.name}", values, given)
    if then is not None and cls.name == "Activation":
        layer.layers = ()  # the function is all that it does
    for key, value in {**arguments, **arguments.get("keywords", {})}.items():
        layer.fields.setdefault(key, value)


def taken_function(
    reader: Callable[..., Value], values: list[Value], kwargs: dict[str, Value]
) -> Value:
    """An activation that the source defines, to run behind the layer; None takes its place."""
    names = list(form_of(reader).parameters)
    place = names.index("activation") if "activation" in names else len(values)
    positional = place < len(values)
    found = values[place] if positional else kwargs.get("activation")
    if not isinstance(found, Instance | Function | Bound):
        return None
    if positional:
        values[place] = None
    elif names[:1] == ["activation"]:  # of a layer that needs one
        kwargs["activation"] = None
    else:
        del kwargs["activation"]
    return found


def argument(value: Value) -> Value:
    """An argument as the readers take it; functions of activations go by their names."""
    if isinstance(value, Builtin):
        return value.name
    if is_layer(value) and isinstance(value, Instance) and value.layers is not None:
        return value.layers
    if isinstance(value, Instance | Function | Class | dict | Foreign):
        return Opaque(describe(value))  # an initialiser, a constraint …
    return or_unknown(value)


def call_layer(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`layer(x)`."""
    layer, *inputs = args
    if not inputs:
        inputs = [kwargs.pop(next(iter(kwargs)))] if kwargs else [None]
    machine.budget.enter()
    try:
        own = layer.cls.find("call")
        if isinstance(own, Function):
            return call_own(machine, layer, own, inputs, kwargs)
        if not isinstance(own, type(MISSING)):
            return machine.call(Bound(own, layer), inputs, kwargs)
    finally:
        machine.budget.leave()
    raise Refusal(f"`{layer.cls.name}` has no `call`")


def call_own(
    machine: Machine, layer: Instance, own: Function, inputs: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A layer or model that the source defines: built once, then its `call`."""
    build = layer.cls.find("build")
    if isinstance(build, Function) and not layer.fields.get("built"):
        shapes = [outer(machine, each) for each in tensors(machine, inputs[0])]
        machine.call(Bound(build, layer), [shapes[0] if len(shapes) == 1 else shapes], {})
        layer.fields["built"] = True
    names = own.parameters.keywords
    kwargs = {key: value for key, value in kwargs.items() if key != "training" or key in names}
    if "training" in names and "training" not in kwargs and len(inputs) < 2:
        kwargs["training"] = False
    state_of(machine).running.append(layer)
    begun = len(state_of(machine).steps.records)
    try:
        result = machine.call(Bound(own, layer), inputs, kwargs)
    finally:
        state_of(machine).running.pop()
    trace = state_of(machine).steps
    made = trace.records[begun:]
    trace.stand_in(begun, layer)
    if len(made) == 1 and isinstance(made[0].owner, Parameter | None):
        made[0].name = layer.fields.get("name", made[0].name)
    return result


def run(machine: Machine, layer: Instance, inputs: Value, **options: Value) -> Value:
    """The steps of a layer of the vocabulary."""
    steps: tuple[Declared, ...] = layers_of(layer)
    if isinstance(inputs, Static) and [each.layer.kind for each in steps] == ["embedding"]:
        return entries_of(machine, layer, inputs)
    if layer.cls.name == "Concatenate" and (parts := with_fixed(inputs)):
        axis = layer.fields.get("axis", -1)
        return joined_along(machine, parts, axis, "layers.Concatenate")
    flow: list[Value] = list(tensors(machine, inputs))
    if is_recurrent(layer) and len(flow) == 1:
        return run_recurrent(machine, layer, flow[0], options)
    name = layer.fields["name"]
    for part, each in enumerate(steps):
        if len(flow) > 1 and each.layer.arity != "many":
            raise Refusal(
                f"`layers.{layer.cls.name}` takes one tensor, not {len(flow)}",
                help="`initial_state=` gives it the others" if is_recurrent(layer) else None,
            )
        kind = each.layer.kind
        named = name if part == 0 else f"{name}/{kind}"
        flow = [emit(machine, each, flow, op=kind, owner=layer, part=part, name=named)]
    result = flow[0]
    if "then" in layer.fields:
        result = machine.call(layer.fields["then"], [result], {})
    return result


def entries_of(machine: Machine, layer: Instance, index: Static) -> Static:
    """What an Embedding gives of numbers that don't depend on the input, as of positions."""
    if "embeddings" not in layer.fields:
        (weight,) = layer.layers[0].layer.weights(())
        table = Parameter(weight.shape, holder=layer, name="embeddings")
        table.trainable = layer.fields.get("trainable") is not False
        layer.fields["embeddings"] = table
    return entries(machine, layer.fields["embeddings"], index)


def with_fixed(inputs: Value) -> list[Tensor | Static]:
    """Tensors of which some are fixed and some flow; nothing of any other inputs."""
    parts = content_of(inputs)
    parts = parts if isinstance(parts, list | tuple) else []
    known = all(isinstance(each, Tensor | Static) for each in parts)
    kinds = {isinstance(each, Static) for each in parts}
    return list(parts) if known and len(kinds) == 2 else []


def joined_along(machine: Machine, parts: list[Tensor | Static], axis: Value, word: str) -> Value:
    """What flows, and perhaps what is fixed, one after the other along an axis of Keras's."""
    first = next(each for each in parts if isinstance(each, Tensor))
    inside = inner_axis(machine, first, axis)
    place: int = axis % (len(first.shape) + 1)
    return one_after_the_other(machine, parts, inside, place, word)


def add_weight(machine: Machine, layer: Instance, *args: Value, **options: Value) -> Parameter:
    """`self.add_weight(shape=…, name=…)`."""
    shape = options.get("shape")
    name = options.get("name", "weight")
    for value in args:
        if isinstance(value, tuple | list):
            shape = value
        elif isinstance(value, str):
            name = value
    sizes = listed(machine, shape if shape is not None else ())
    if not all(isinstance(each, int) for each in sizes):
        raise Refusal("the size of this weight isn't known")
    named = name if isinstance(name, str) else "weight"
    weight = Parameter(tuple(sizes), holder=layer, name=named)
    weight.trainable = options.get("trainable", True) is not False
    return weight


def output_of(machine: Machine, layer: Instance) -> Value:
    """`layer.output`: the tensor that its last call gave."""
    trace = state_of(machine).steps
    for number in reversed(range(len(trace.records))):
        if trace.records[number].owner is layer:
            return trace.tensor(number, trace.records[number].shape)
    raise not_called(layer, "output")


def input_of(machine: Machine, layer: Instance) -> Value:
    """`layer.input`: the one of its first call."""
    trace = state_of(machine).steps
    for record in trace.records:
        if record.owner is layer and record.inputs:
            number = record.inputs[0]
            return trace.tensor(number, trace.records[number].shape)
    raise not_called(layer, "input")


def not_called(layer: Instance, wanted: str) -> Refusal:
    name = layer.fields.get("name")
    return Refusal(f"`{name}` has not been called yet, so it has no {wanted}")


def lambda_init(
    machine: Machine, layer: Instance, function: Value, *args: Value, **o: Value
) -> None:
    init_base(machine, layer, name=o.get("name"))
    layer.fields["function"] = function


def lambda_call(machine: Machine, layer: Instance, inputs: Value, **options: Value) -> Value:
    return machine.call(layer.fields["function"], [inputs], {})


METHODS: dict[str, Method] = {
    "__init__": init_base,
    "add_weight": add_weight,
    "build": lambda machine, layer, *args, **kwargs: None,
    "get_config": lambda machine, layer: {},
    "get_weights": lambda machine, layer: [],
    "set_weights": lambda machine, layer, *args: None,
    "count_params": lambda machine, layer: 0,
}
LAYER = class_of_methods("Layer", METHODS)
LAYER.names["__call__"] = Builtin("__call__", call_layer)
LAYER.names["output"] = Property(simple("output", output_of))
LAYER.names["input"] = Property(simple("input", input_of))
LAMBDA = class_of_methods("Lambda", {"__init__": lambda_init, "call": lambda_call}, LAYER)
classes: dict[str, Class] = {}


def keras_layer(name: str) -> Value:
    """The class of a Keras layer, or MISSING."""
    name = ALIASES.get(name, name)
    if name == "Lambda":
        return LAMBDA
    if name not in READERS or name == "Input":
        return MISSING
    if name not in classes:
        table: dict[str, Value] = {"__init__": Builtin("__init__", init)}
        table["call"] = simple("call", run)
        classes[name] = Class(name, (LAYER,), table, reader=READERS[name])
    return classes[name]


def activation(machine: Machine, name: str, tensor: Value) -> Value:
    """An activation by its name, as a function of a tensor."""
    if isinstance(tensor, Static):
        return tensor
    return run_class(machine, "Activation", [tensor], name)


def set_trainable(layer: Instance, wanted: bool) -> None:
    """`layer.trainable = …`, for all the layers inside too."""
    set_field(layer, "trainable", wanted)
    for value in list(layer.fields.values()):
        for each in value if isinstance(value, list) else [value]:
            if is_layer(each) and each is not layer:
                set_trainable(each, wanted)
