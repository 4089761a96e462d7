"""A live Keras model as a network, read from the graph that Keras keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc import packages
from cnncalc.input_size import meant
from cnncalc.inputs import Inputs, InputSize
from cnncalc.layers.base import Shape
from cnncalc.live.keras_graph import flat, has_graph, symbolic_call
from cnncalc.live.keras_program import keras_program
from cnncalc.live.objects import Keras
from cnncalc.live.program import Followed, Program, checked_sizes, compare, fed_with, refusal, sized
from cnncalc.network import Fed, Network, Typed
from cnncalc.rows import as_layout, from_layout

__all__ = ["from_keras"]

BUILD = "build it, or call it once, or let its first layer be an Input"


def from_keras(model: Keras, input: Inputs | None = None) -> Network:
    """A live keras.Model as a network, with the names of its layers and Keras's counting.

    Its graph is read, or its `call` on symbolic tensors: nothing is run on data, and the model
    stays as it is.

    Args:
        model: a built model: Sequential, functional, or with a `call` of its own.
        input: size of its first input, in the model's own layout, where the model leaves sizes
            open: a tuple or a text; a batch in front is known by the model's own input. Of
            several inputs a list in the model's order, or a mapping of their names.

    Returns:
        The network, whose shapes are given and told in the model's own layout, (*spatial, C), and
        without the batch. Its weights are those that the model holds, as they are there: what
        isn't trainable, as BatchNormalization's statistics, is counted as Keras counts it. A size
        that it can't take is refused by `analyze`.

    Raises:
        CnnCalcError: a model that isn't built, or whose layers aren't known; what is no model;
            Keras is missing.
    """
    keras = _keras()
    sizes = checked_sizes("from_keras", input, "from_keras(model, (224, 224, 3))")
    if not isinstance(model, keras.Model):
        raise refusal(f"`from_keras` takes a keras.Model, not a {type(model).__name__}")
    if not model.built:
        raise refusal(f"the model `{model.name}` isn't built: its sizes aren't known", BUILD)
    if has_graph(model) and getattr(model, "inputs", None):
        return _of_graph(keras, model, sizes)
    return _of_call(keras, model, sizes)


def _keras() -> Keras:
    return packages.load("keras", "`from_keras`", "live")


def _of_graph(keras: Keras, model: Keras, sizes: Sequence[InputSize]) -> Network:
    """The network of a graph of layers, which is written once."""
    program, variables = keras_program(keras, model, model.inputs, model.outputs)
    read = program.network()
    own = tuple(model.inputs[0].shape)[1:]
    network = sized(read, Graph(model.name, program, read, _unused(model, variables), own))
    return fed_with(network, sizes)


class Graph:
    """The steps of a graph of layers at an input that it takes."""

    def __init__(
        self,
        name: str,
        program: Program,
        network: Network,
        unused: int,
        own: Sequence[int | None],
    ) -> None:
        self.name = name
        self.program = program
        self.network = network
        self.unused = unused
        self.own = own

    def __call__(self, wanted: Shape, fed: Fed) -> Network:
        network = self.network.feeding(fed).at(wanted)
        network.unused_params = self.unused
        _fits(wanted, self.own, network.layout, self.name)
        compare(self.program, network, wanted, "Keras")
        return network


def _of_call(keras: Keras, model: Keras, given: Sequence[InputSize]) -> Network:
    """The network of a model with a `call` of its own, which is followed at each input."""
    shapes = _build_shapes(keras, model)
    size = given[0].size if given and isinstance(given[0].size, Typed) else None
    declared = shapes[0][1:] if shapes else None
    if size is not None and (declared is None or None in declared):
        batch = declared is not None and len(size.sizes) == len(declared) + 1
        shapes[:1] = [(None, *size.sizes[batch:])]
    if not shapes or None in shapes[0][1:]:
        raise refusal(
            f"the size of the input of `{model.name}` isn't known",
            "give it, as in from_keras(model, (224, 224, 3))",
        )

    def at_outside(sizes: Sequence[int | None]) -> tuple[Network, Shape]:
        inputs = [keras.Input(batch_shape=each) for each in [tuple(sizes), *shapes[1:]]]
        nested = inputs if len(inputs) > 1 else inputs[0]
        with symbolic_call(keras, model, (nested,), {}) as (fresh, outputs):
            program, variables = keras_program(keras, model, fresh, flat(keras, outputs))
        read = program.network()
        inner = from_layout(inputs[0].shape[1:], read.layout)
        network = read.at(inner)
        network.unused_params = _unused(model, variables)
        compare(program, network, inner, "Keras")
        return network, inner

    network, own = at_outside((None, *shapes[0][1:]))

    def follow(wanted: Shape, fed: Fed) -> Network:
        return at_outside((None, *as_layout(wanted, network.layout)))[0].feeding(fed)

    followed = Followed(model.name, follow)
    followed.known[own, ()] = network
    called = Network(
        (),
        own,
        notation="keras",
        layout=network.layout,
        tracer=followed,
        declared=declared,
        inputs=network.inputs,
    )
    if size is not None:
        called = fed_with(called, given)
        meant(called)  # what can't be read is said now
    return called


def _build_shapes(keras: Keras, model: Keras) -> list[tuple[int | None, ...]]:
    """The shapes of the inputs that a model was built with, with a batch that is open."""
    config = model.get_build_config() or {}
    found: list[Keras] = []

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for each in value.values():
                collect(each)
        elif isinstance(value, tuple | list):
            if value and all(n is None or isinstance(n, int) for n in value):
                found.append((None, *value[1:]))
            else:
                for each in value:
                    collect(each)

    collect(config)
    return found


def _unused(model: Keras, variables: Sequence[Keras]) -> int:
    """Elements of the model's weights that no step has."""
    used = {id(each) for each in variables}
    foreign = used - {id(each) for each in model.weights}
    for each in variables:
        if id(each) in foreign:
            raise refusal(f"`{each.path}` is used by `{model.name}` and is no weight of it")
    return sum(prod(each.shape) for each in model.weights if id(each) not in used)


def _fits(wanted: Shape, own: Sequence[int | None], layout: str, name: str) -> None:
    """Refuse an input that the model wasn't built for."""
    given = as_layout(wanted, layout)
    if len(given) != len(own) or any(n not in (None, m) for m, n in zip(given, own, strict=True)):
        show = "×".join("?" if n is None else str(n) for n in own)
        raise refusal(
            f"`{name}` was built for an input of {show}, not of {'×'.join(map(str, given))}",
            "build it with keras.Input((None, None, 3)), and any size will do",
        )
