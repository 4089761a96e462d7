"""The graph of a Keras model: its nodes in order, and calls on symbolic tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from re import DOTALL, search

from cnncalc.live.objects import Keras
from cnncalc.live.program import first_line, refusal

__all__ = ["QUIET", "flat", "has_graph", "nodes_between", "symbolic_call"]

QUIET = ("training", "mask")  # arguments of a call that change no shape


def flat(keras: Keras, nested: Keras) -> list[Keras]:
    """The tensors in a nest of tuples, lists and dictionaries."""
    return [each for each in keras.tree.flatten(nested) if each is not None]


def has_graph(layer: Keras) -> bool:
    """Whether a model is a graph of layers, or a row of them, and runs as that."""
    homes: dict[str, Keras] = {cls.__name__: cls for cls in type(layer).__mro__ if _of_keras(cls)}
    home = homes.get("Functional") or homes.get("Sequential")
    return home is not None and type(layer).call is home.call


def _of_keras(cls: type) -> bool:
    return cls.__module__.startswith("keras.")


def nodes_between(outputs: Sequence[Keras], inputs: Sequence[Keras]) -> list[Keras]:
    """The nodes that lead from some tensors to others, as they were made."""
    stop = {id(tensor) for tensor in inputs}
    found: dict[int, Keras] = {}
    waiting = list(outputs)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in stop:
            continue
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) not in found:
            found[id(node)] = node
            waiting += node.input_tensors
    return _sorted(found)


def _sorted(nodes: dict[int, Keras]) -> list[Keras]:
    """Nodes in the order in which they were made, each behind those that it reads."""
    makers = {id(tensor): node for node in nodes.values() for tensor in node.output_tensors}
    done: dict[int, Keras] = {}
    for first in sorted(nodes.values(), key=_age):
        waiting = [first]
        while waiting:
            node = waiting[-1]
            needed = [makers[id(t)] for t in node.input_tensors if id(t) in makers]
            needed = [each for each in needed if id(each) not in done and each is not node]
            if needed:
                waiting += needed[:1]
            else:
                done[id(waiting.pop())] = node
    return list(done.values())


def _age(node: Keras) -> int:
    """A number that grows with each tensor that Keras makes; it is in the tensors' names."""
    _, _, number = node.output_tensors[0].name.rpartition("_")
    return int(number) if number.isdigit() else 0


@contextmanager
def symbolic_call(
    keras: Keras, layer: Keras, args: Sequence[object], kwargs: Mapping[str, object]
) -> Iterator[tuple[list[Keras], Keras]]:
    """What a layer's `call` gives for symbolic tensors of its own: (inputs, outputs).

    Nothing is computed, and what Keras notes of the call in the layers inside is taken away.
    """
    tensors: list[Keras] = []

    def fresh(value: Keras) -> Keras:
        if not hasattr(value, "_keras_history"):
            return value
        name = f"{layer.name}_input_{len(tensors)}"
        tensors.append(keras.Input(batch_shape=value.shape, dtype=value.dtype, name=name))
        return tensors[-1]

    # Tensors of its own, lest the call be noted as a further use of the model's.
    given, options = keras.tree.map_structure(fresh, (args, kwargs))
    inside = [each for each in layer._flatten_layers() if each is not layer]
    notes = [(each, len(each._inbound_nodes), len(each._outbound_nodes)) for each in inside]
    nodes: list[Keras] = []
    try:
        with _unbuilt(layer, inside) as missing:
            outputs = _called(layer, given, options, missing)
        nodes = nodes_between(flat(keras, outputs), tensors)
        yield tensors, outputs
    finally:
        for each, inbound, outbound in notes:
            del each._inbound_nodes[inbound:]
            del each._outbound_nodes[outbound:]
        for node in nodes:  # of layers that are no part of this one
            noted = node.operation._inbound_nodes
            noted[:] = [each for each in noted if each is not node]


@contextmanager
def _unbuilt(layer: Keras, inside: Sequence[Keras]) -> Iterator[list[str]]:
    """Keep layers from being built, which would change the model; gives those that would."""
    missing: list[str] = []
    # Keras puts each object's `build` into its dictionary, around that of the class.
    builds = [(each, each.__dict__["build"]) for each in inside if not each.built]

    def stopping(each: Keras) -> Callable[..., None]:
        def stop(*args: object, **kwargs: object) -> None:
            missing.append(each.name)
            raise ValueError

        return stop

    for each, _ in builds:
        each.__dict__["build"] = stopping(each)
    try:
        yield missing
    finally:
        for each, build in builds:
            each.__dict__["build"] = build


def _called(
    layer: Keras, args: Sequence[object], kwargs: Mapping[str, object], missing: list[str]
) -> Keras:
    """The outputs of a layer's own `call`, as it runs after training."""
    known = inspect.signature(layer.call).parameters
    options = {key: value for key, value in kwargs.items() if key not in QUIET}
    if "training" in known and len(args) <= list(known).index("training"):
        options["training"] = False
    try:
        return layer.call(*args, **options)
    except Exception as error:  # it is the model's own code
        if missing:
            raise refusal(
                f"`{missing[0]}` in `{layer.name}` isn't built",
                "call the model once on data, and its layers are built",
            ) from None
        raise refusal(
            f"the `call` of `{layer.name}`, a `{type(layer).__name__}`, can't be followed: "
            f"{_said(error)}"
        ) from None


def _said(error: Exception) -> str:
    """What Keras says, without the frame that it puts around it."""
    marked = search("\x1b\\[1m(.+?)\x1b\\[0m", str(error), DOTALL)
    return marked[1].splitlines()[0] if marked else first_line(error)
