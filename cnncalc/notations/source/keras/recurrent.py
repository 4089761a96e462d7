"""Keras's recurrent layers at work: their output, and behind it their states where asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.layers import KINDS
from cnncalc.layers.recurrent import Recurrent
from cnncalc.network import Declared
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.recurrent_states import state_of_layer, zeros_like
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value, describe
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["is_recurrent", "run_recurrent"]


def is_recurrent(layer: Instance) -> bool:
    """Whether a layer of the vocabulary is recurrent, or two such put together."""
    return bool(layer.layers) and isinstance(layer.layers[0].layer, Recurrent)


def run_recurrent(
    machine: Machine, layer: Instance, tensor: Value, options: Mapping[str, Value]
) -> Value:
    """The steps of a layer, or of both directions and what merges them."""
    directions = [each for each in layer.layers if isinstance(each.layer, Recurrent)]
    inner = layer if "return_state" in layer.fields else layer.fields["wrapped"]
    starts = _starts(machine, layer, directions, options.get("initial_state"))
    outputs = [
        _run(machine, layer, each, [tensor, *start], part)
        for part, (each, start) in enumerate(zip(directions, starts, strict=True))
    ]
    states = _states(machine, inner, directions, outputs)
    (first, *_) = (each.layer for each in directions)
    if inner.fields.get("go_backwards") and not first.last:
        outputs = [_turned(machine, first, each) for each in outputs]
    merges = layer.layers[len(directions) :]
    for part, merge in enumerate(merges, start=len(directions)):
        outputs = [_run(machine, layer, merge, outputs, part)]
    given = [*outputs, *states]
    return given[0] if len(given) == 1 else given


def _run(
    machine: Machine, layer: Instance, declared: Declared, inputs: Sequence[Value], part: int
) -> Value:
    name, kind = layer.fields["name"], declared.layer.kind
    named = f"{name}/{kind}" if part else name
    return emit(machine, declared, inputs, op=kind, owner=layer, part=part, name=named)


def _turned(machine: Machine, layer: Recurrent, output: Value) -> Value:
    """The steps from the last to the first, as Keras gives them where it goes backwards."""
    axis = 1 - layer.axis % 2
    places = reversed(range(how_often(output.shape[axis])))
    parts = [
        emit(machine, KINDS["slice"]((at, at + 1), axis=axis), [output], op="flip") for at in places
    ]
    return emit(machine, KINDS["cat"](axis=axis), parts, op="flip") if len(parts) > 1 else output


def _starts(
    machine: Machine, layer: Instance, directions: list[Declared], given: Value
) -> list[list[Tensor]]:
    """What each step starts from: Keras has each direction's state, then its cell."""
    given = content_of(given)
    if given is None:
        return [[] for _ in directions]
    states = [*given] if isinstance(given, list | tuple) else [given]
    (first, *_) = (each.layer for each in directions)
    assert isinstance(first, Recurrent)
    kinds, ways = first.kinds, len(directions) * first.directions
    if len(states) != kinds * ways:
        wanted = ("[h]", "[h, c]") if ways == 1 else ("[forward, backward]", "[h, c, h, c]")
        raise Refusal(
            f"`layers.{layer.cls.name}` starts from {kinds * ways} state"
            f"{'s' * (kinds * ways > 1)}, but initial_state has {len(states)}",
            help=f"`initial_state={wanted[kinds - 1]}`",
            code="state",
        )
    for each in states:
        if not isinstance(each, Tensor | Static):
            raise Refusal(f"a recurrent layer starts from states, not from {describe(each)}")
    flowing = [each for each in states if isinstance(each, Tensor)]
    if not flowing:
        return [[] for _ in directions]
    tensors = [
        each if isinstance(each, Tensor) else zeros_like(machine, flowing[0]) for each in states
    ]
    wide = kinds * first.directions
    own = [tensors[begin : begin + wide] for begin in range(0, len(tensors), wide)]
    return [[each for kind in range(kinds) for each in part[kind::kinds]] for part in own]


def _states(
    machine: Machine, inner: Instance, directions: list[Declared], outputs: list[Value]
) -> list[Value]:
    """The states that `return_state` asks for, of the first direction, then of the second."""
    if not inner.fields.get("return_state"):
        return []
    return [
        state_of_layer(machine, declared.layer, output, cell, at)
        for declared, output in zip(directions, outputs, strict=True)
        if isinstance(declared.layer, Recurrent)
        for at in range(declared.layer.directions)
        for cell in ((False, True) if declared.layer.kind == "lstm" else (False,))
    ]
