"""The receptive field of every unit, measured step by step from what a run really did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

from cnncalc.executors.base import Run
from cnncalc.executors.geometry import axis_of
from cnncalc.executors.probing.reach import Reach
from cnncalc.executors.probing.reach_channels import (
    Reaches,
    Told,
    blurred,
    dealt,
    joined,
    paired,
    split,
)
from cnncalc.executors.probing.reach_rules import RULES
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["measure"]


def measure(network: Network, run: Run) -> None:
    """Fill in what each step of a run sees, going by the sizes that really came out."""
    told: list[Told | None] = []
    last = {each: number for number, step in enumerate(network.steps) for each in step.inputs}
    for number, step in enumerate(network.steps):
        here = _of_step(step, number, run, told, network)
        told.append(here)
        union = here.union if here else None
        run.steps[number].reach = union and tuple(reach.glimpse() for reach in union)
        for each in {*step.inputs, number}:
            if last.get(each, number) == number:
                told[each] = None  # nobody asks for it any more


def _of_step(
    step: Step, number: int, run: Run, told: Sequence[Told | None], network: Network
) -> Told | None:
    """What the units of one step see; None: that isn't known."""
    shape = run.steps[number].shape
    before = [each for number in step.inputs if (each := told[number]) is not None]
    if shape is None or len(before) < len(step.inputs):
        return None
    if number == 0:
        return blurred(shape[0], [_of_input(shape, network.places(shape))])
    if step.layer.kind == "input":
        axes = len((run.steps[0].shape or ())[1:])
        return blurred(shape[0], [(Reach(numpy.array([[-numpy.inf]] * 4), None),) * axes])
    shapes = [run.steps[each].shape or () for each in step.inputs]
    return _after(step.layer, shapes, before, shape)


def _of_input(shape: Shape, axes: Sequence[int]) -> Reaches:
    """Each place on the axes that have them sees itself."""
    places = [numpy.arange(shape[axis], dtype=float) for axis in axes]
    uncut = [numpy.zeros((2, shape[axis])) for axis in axes]
    return tuple(
        Reach(numpy.concatenate([[-at, at], no]), axis)
        for axis, at, no in zip(axes, places, uncut, strict=True)
    )


def _after(
    layer: Any, shapes: Sequence[Shape], before: Sequence[Told], output: Shape
) -> Told | None:
    if layer.kind == "fracmaxpool" or 0 in output:  # drawn at random; nothing there
        return None
    if layer.arity == "many":
        return _where_they_meet(layer, shapes, before, output)
    (shape,), (told,) = shapes, before
    rule = RULES.get(layer.kind)
    if rule is None or layer.mixes_samples:  # value by value, or place by place
        return told
    told = _with_blind_units(layer, shape, told)
    kinds = tuple(tuple(rule(layer, shape, reach) for reach in kind) for kind in told.kinds)
    after = Told(told.labels, kinds)
    return split(layer, shape, told) or dealt(layer, shape, after, _channels(output))


def _with_blind_units(layer: Any, shape: Shape, told: Told) -> Told:
    """Units that read only padding along an axis where all see alike see nothing of any axis.

    Windows along such an axis are followed by places that see themselves.
    """
    places = {reach.place for kind in told.kinds for reach in kind}
    for axis in range(1, len(shape)):
        if axis in places:
            continue
        rows = numpy.zeros((4, shape[axis]))
        blind = numpy.isneginf(RULES[layer.kind](layer, shape, Reach(rows, axis)).rows[1])
        if blind.all():
            nothing = numpy.array([[-numpy.inf], [-numpy.inf], [1], [1]])
            kinds = [
                [replace(each, rows=nothing.repeat(each.rows.shape[1], 1)) for each in kind]
                for kind in told.kinds
            ]
            return Told(told.labels, tuple(map(tuple, kinds)))
        if blind.any():
            kinds = [[replace(each, merged=True) for each in kind] for kind in told.kinds]
            told = Told(told.labels, tuple(map(tuple, kinds)))
    return told


def _where_they_meet(
    layer: Any, shapes: Sequence[Shape], before: Sequence[Told], output: Shape
) -> Told:
    """Where branches meet, channel by channel as far as that can be said."""

    def meet(branches: Sequence[Reaches]) -> Reaches:
        axes = zip(*map(_sighted, branches), strict=True)
        return tuple(_settled(_met(layer, shapes, branches), output) for branches in axes)

    if layer.kind == "cat" and axis_of(layer, layer.axis, len(output)) == 0:
        sighted = [Told(told.labels, tuple(map(_sighted, told.kinds))) for told in before]
        if _in_step([told.union for told in sighted]):
            return joined(sighted)
    elif layer.kind != "cat" and all(len(shape) == len(output) for shape in shapes):
        return paired(before, meet)
    return blurred(_channels(output), [meet([told.union for told in before])])


def _channels(shape: Shape) -> int:
    """A single number is one channel."""
    return shape[0] if shape else 1


def _in_step(branches: Sequence[Reaches]) -> bool:
    """Whether each axis of the input lies along the same axis of all branches, a spatial one."""
    places = [{reach.place for reach in axis} - {None} for axis in zip(*branches, strict=True)]
    return all(len(each) < 2 and 0 not in each for each in places)


def _sighted(branch: Reaches) -> Reaches:
    """A branch whose units see nothing of one axis, as borders have it, sees nothing at all."""
    blind = [bool(numpy.isneginf(reach.rows[1]).all()) for reach in branch]
    if any(blind) == all(blind):
        return branch
    nothing = numpy.array([[-numpy.inf], [-numpy.inf], [1], [1]])
    return tuple(replace(reach, rows=nothing.repeat(reach.rows.shape[1], 1)) for reach in branch)


def _met(layer: Any, shapes: Sequence[Shape], branches: Sequence[Reach]) -> Reach:
    """What any of the branches sees, place by place; axes of size 1 are stretched."""
    rank = max(map(len, shapes))
    joins = axis_of(layer, layer.axis, rank) if layer.kind == "cat" else None
    if layer.kind != "cat":
        pairs = zip(shapes, branches, strict=True)
        branches = [_aligned(layer, branch, rank - len(shape)) for shape, branch in pairs]
    places = {branch.place for branch in branches} - {None}
    if len(places) > 1 or joins in places:
        branches = [replace(branch.gathered(), merged=True) for branch in branches]
        places = set()
    rows = branches[0].rows
    for branch in branches[1:]:
        rows = numpy.maximum(rows, branch.rows)
    return Reach(rows, next(iter(places), None), any(branch.merged for branch in branches))


def _settled(reach: Reach, output: Shape) -> Reach:
    """A reach that is one row for an axis of several units is the same for all of them."""
    stretched = reach.place is not None and reach.rows.shape[1] < output[reach.place]
    return replace(reach, place=None) if stretched else reach


def _aligned(layer: Any, reach: Reach, missing: int) -> Reach:
    """A branch with the axes that the merge gives it: first, or after the channels."""
    if reach.place is None or (reach.place == 0 and layer.align == "second"):
        return reach
    return replace(reach, place=reach.place + missing)
