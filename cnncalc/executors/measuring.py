"""The receptive field of every unit, measured step by step from what a run really did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

from cnncalc.executors.base import Run
from cnncalc.executors.compute.geometry import axis_of
from cnncalc.executors.reach import Reach
from cnncalc.executors.reach_rules import RULES
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step

__all__ = ["measure"]

Reaches = tuple[Reach, ...]


def measure(network: Network, run: Run) -> None:
    """Fill in what each step of a run sees, going by the sizes that really came out."""
    reaches: list[Reaches | None] = []
    last = {each: number for number, step in enumerate(network.steps) for each in step.inputs}
    for number, step in enumerate(network.steps):
        reaches.append(_of_step(step, number, run, reaches, network))
        here = reaches[number]
        run.steps[number].reach = here and tuple(reach.glimpse() for reach in here)
        for each in {*step.inputs, number}:
            if last.get(each, number) == number:
                reaches[each] = None  # nobody asks for it any more


def _of_step(
    step: Step, number: int, run: Run, reaches: Sequence[Reaches | None], network: Network
) -> Reaches | None:
    """What the units of one step see; None: that isn't known."""
    shape = run.steps[number].shape
    before = [reaches[each] for each in step.inputs]
    if shape is None or any(each is None for each in before):
        return None
    if number == 0:
        return _of_input(shape, network.places(shape))
    if step.layer.kind == "input":
        axes = len((run.steps[0].shape or ())[1:])
        return (Reach(numpy.array([[-numpy.inf]] * 4), None),) * axes
    shapes = [run.steps[each].shape or () for each in step.inputs]
    return _after(step.layer, shapes, [each or () for each in before], shape)


def _of_input(shape: Shape, axes: Sequence[int]) -> Reaches:
    """Each place on the axes that have them sees itself."""
    places = [numpy.arange(shape[axis], dtype=float) for axis in axes]
    uncut = [numpy.zeros((2, shape[axis])) for axis in axes]
    return tuple(
        Reach(numpy.concatenate([[-at, at], no]), axis)
        for axis, at, no in zip(axes, places, uncut, strict=True)
    )


def _after(
    layer: Any, shapes: Sequence[Shape], reaches: Sequence[Reaches], output: Shape
) -> Reaches | None:
    if layer.kind == "fracmaxpool" or 0 in output:  # drawn at random; nothing there
        return None
    if layer.arity == "many":
        met = (_met(layer, shapes, branches) for branches in zip(*reaches, strict=True))
        return tuple(_settled(reach, output) for reach in met)
    rule = RULES.get(layer.kind)
    if rule is None:  # value by value, or place by place
        return reaches[0]
    return tuple(rule(layer, shapes[0], reach) for reach in reaches[0])


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
