"""Keras's recurrent layers at work: their output, and behind it their states where asked for."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers.recurrent import Recurrent
from cnncalc.network import Declared
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.recurrent_states import check_start, state_of_layer
from cnncalc.python.machine import Machine
from cnncalc.python.values import Instance, Value

__all__ = ["is_recurrent", "run_recurrent"]


def is_recurrent(layer: Instance) -> bool:
    """Whether a layer of the vocabulary is recurrent, or two such put together."""
    return bool(layer.layers) and isinstance(layer.layers[0].layer, Recurrent)


def run_recurrent(
    machine: Machine, layer: Instance, tensor: Value, options: Mapping[str, Value]
) -> Value:
    """The steps of a layer, or of both directions and what merges them."""
    check_start(options.get("initial_state"))
    directions = [each for each in layer.layers if isinstance(each.layer, Recurrent)]
    outputs = [_run(machine, layer, each, [tensor], part) for part, each in enumerate(directions)]
    merges = layer.layers[len(directions) :]
    states = _states(machine, layer, directions, outputs)
    for part, merge in enumerate(merges, start=len(directions)):
        outputs = [_run(machine, layer, merge, outputs, part)]
    given = [*outputs, *states]
    return given[0] if len(given) == 1 else given


def _run(
    machine: Machine, layer: Instance, declared: Declared, inputs: list[Value], part: int
) -> Value:
    name, kind = layer.fields["name"], declared.layer.kind
    named = f"{name}/{kind}" if part else name
    return emit(machine, declared, inputs, op=kind, owner=layer, part=part, name=named)


def _states(
    machine: Machine, layer: Instance, directions: list[Declared], outputs: list[Value]
) -> list[Value]:
    """The states that `return_state` asks for, of the first direction, then of the second."""
    inner = layer.fields.get("wrapped", layer)
    if not inner.fields.get("return_state"):
        return []
    return [
        state_of_layer(machine, declared.layer, output, cell, at)
        for declared, output in zip(directions, outputs, strict=True)
        if isinstance(declared.layer, Recurrent)
        for at in range(declared.layer.directions)
        for cell in ((False, True) if declared.layer.kind == "lstm" else (False,))
    ]
