"""`layers.TimeDistributed`: a layer, or a whole model, at every step of the first axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnncalc.errors import LayerError
from cnncalc.frameworks.keras.arguments import finish
from cnncalc.frameworks.keras.frame import Call
from cnncalc.layers.base import Shape, show
from cnncalc.layers.each import sample
from cnncalc.layers.merge import Input
from cnncalc.notations.source.keras.layers import (
    LAYER,
    argument,
    init_base,
    is_layer,
    tensors,
)
from cnncalc.notations.source.keras.replaying import between, once_more
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import keras_trace, outer
from cnncalc.notations.source.layer_arguments import refusable
from cnncalc.notations.source.model_trace import ModelTrace
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import class_of_methods
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Class, Instance, Value, describe
from cnncalc.tracing.entries import at_entries
from cnncalc.tracing.tensors import Tensor
from cnncalc.tracing.trace import Record

__all__ = ["TIME_DISTRIBUTED"]

WORDS = Call("TimeDistributed")


def init(machine: Machine, wrapper: Instance, layer: Value = None, **options: Value) -> None:
    if not is_layer(layer):
        given = describe(layer)
        if isinstance(layer, Class):
            given = f"the class `{layer.name}`: call it, with parentheses"
        raise raised("ValueError", f"`{WORDS.words}` takes a layer of Keras, not {given}")
    keywords = {key: argument(value) for key, value in options.items()}
    refusable(finish, WORDS, keywords)
    init_base(machine, wrapper, **options)
    wrapper.fields = {**keywords, **wrapper.fields, "layer": layer}


def run(machine: Machine, wrapper: Instance, inputs: Value, *args: Value, **o: Value) -> Value:
    """The steps of the layer for one step in time, each of them at all steps."""
    (x, *others) = tensors(machine, inputs)
    if others:
        raise Refusal(f"`{WORDS.words}` on several tensors can't be followed")
    order = keras_of(machine).frame.order
    try:
        shape = sample(x.shape, 1, order)
    except LayerError:
        raise Refusal(
            f"`{WORDS.words}` runs along the first axis of two or more, and receives "
            f"{show(outer(machine, x)[1:])}",
            help="the steps first, then what each of them is: `keras.Input((10, 64))`",
            code="wrong-axes",
        ) from None
    begin = len(keras_trace(machine).records)
    records, end = followed_alone(machine, wrapper.fields["layer"], shape)
    places = {begin: x}
    for number in between(inputs_among(records), [begin], [end], elsewhere)[1:]:
        record = records[number]
        shapes = [places[each].shape for each in record.inputs]
        declared = refusable(at_entries, record.declared, shapes, 1, order)
        name = named(record.name, wrapper)
        places[number] = once_more(machine, record, declared, places, name)
    return places[end]


def followed_alone(
    machine: Machine, layer: Instance, shape: Shape
) -> tuple[Mapping[int, Record], int]:
    """The records that a layer makes of one sample, by their numbers, and that of its output.

    They are no steps of the model, and are taken out of its trace.
    """
    trace = keras_trace(machine)
    begin = len(trace.records)
    try:
        result = machine.call(layer, [trace.input(shape)], {})
        if not isinstance(result, Tensor):
            raise Refusal(
                f"`{WORDS.words}` takes a layer that gives one tensor, not {describe(result)}"
            )
        return dict(enumerate(trace.records[begin:], begin)), result.number
    except Refusal:
        trace.refused = None  # it was told of one sample
        raise
    finally:
        take_out(trace, begin)


def take_out(trace: ModelTrace, begin: int) -> None:
    """Take records from one on out of a trace, unless a model was built on the way, which stays."""
    if not any(isinstance(record.layer, Input) for record in trace.records[begin + 1 :]):
        del trace.records[begin:]


def inputs_among(records: Mapping[int, Record]) -> Callable[[int], Sequence[int]]:
    """What each record reads; nothing of those that aren't among these."""
    return lambda number: records[number].inputs if number in records else ()


def elsewhere(number: int) -> Refusal:
    """What is said of a record that reads nothing of the sample."""
    return Refusal(
        f"the layer of `{WORDS.words}` reads a tensor that is none of its input",
        help="give all that it reads as its one input",
    )


def named(name: str, wrapper: Instance) -> str:
    """A step's name: the wrapper's stands for that of its layer."""
    inner, own = wrapper.fields["layer"].fields["name"], wrapper.fields["name"]
    if name == inner:
        return str(own)
    return f"{own}/{name.removeprefix(f'{inner}/')}"


TIME_DISTRIBUTED = class_of_methods("TimeDistributed", {"__init__": init, "call": run}, LAYER)
