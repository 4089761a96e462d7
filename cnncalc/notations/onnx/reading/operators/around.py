"""What other nodes make of the outputs and states that recurrent ones give."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers import KINDS
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.model import Node, followed
from cnncalc.notations.onnx.reading.operators.base import (
    OPERATORS,
    Made,
    Operator,
    Value,
    Whole,
    operator,
)
from cnncalc.notations.onnx.reading.operators.recurrent import (
    BATCH,
    CLASSES,
    FEATURES,
    STEPS,
    WAYS,
    state_of,
    unfollowed,
)
from cnncalc.notations.onnx.reading.values import End, Ends, Ways
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["around", "as_data", "goes_around"]

MAX_STATES = 1024  # that are one tensor


# By operator, what it makes of the outputs at all steps, or of states: functions that are told as
# those of `operator` are.
OF_WAYS: dict[str, Operator] = {}
OF_ENDS: dict[str, Operator] = {}
_of_ways = partial(operator, constants=False, batch="any", known=OF_WAYS)
_of_ends = partial(operator, constants=False, batch="any", known=OF_ENDS)


def around(call: Call) -> Made:
    """What a node makes of the outputs or states of a recurrent one."""
    op, first = call.node.op, call.inputs[0]
    if op in CLASSES:
        return OPERATORS[op](call)
    if op == "Identity":
        return first
    return (OF_WAYS if isinstance(first, Ways) else OF_ENDS)[op](call)


def goes_around(node: Node, inputs: Sequence[Value]) -> bool:
    """Whether a node takes what a recurrent one gives as it is, and not as data like other data."""
    first = next(iter(inputs), None)
    if node.op in CLASSES or node.op == "Identity":
        return any(isinstance(each, Ways | Ends) for each in inputs)
    return node.op in (
        OF_WAYS if isinstance(first, Ways) else OF_ENDS if isinstance(first, Ends) else ()
    )


def as_data(call: Call, value: Value) -> Value:
    """What a recurrent node gives as data, the axis of its directions among the others."""
    if isinstance(value, Ends):
        parts = [state_of(call, end, f"/state{at}") for at, end in enumerate(value.parts)]
        rows = [call.with_axes(part, [1, *call.axes(part)], "/axes") for part in parts]
        whole = call.add(KINDS["cat"](0), rows, "/states") if len(rows) > 1 else rows[0]
        order = (1, 0, 2) if value.turned else (0, 1, 2)
        return call.turned(call.placed(whole, BatchAxis(1)), order, "/turned")
    if isinstance(value, Ways):
        features = value.of.shape[1]
        split = KINDS["unflatten"]((value.directions, features // value.directions), 1)
        apart = call.placed(call.add(split, [value.of], "/directions"), BatchAxis(2))
        return call.turned(apart, value.order, "/turned")
    return value


@_of_ways("Shape")
def _shape(call: Call, ways: Ways, *, start: int = 0, end: int | None = None) -> Value:
    """Its sizes, as numbers."""
    found = _sizes(call, ways)[start:end]
    return followed(Static((len(found),), (), [*found], True))


@_of_ways("Transpose")
def _turned(call: Call, ways: Ways, *, perm: Whole = None) -> Ways:
    order = shapes.transposed((1,) * 4, perm)
    return ways._replace(order=tuple(ways.order[axis] for axis in order))


def _sizes(call: Call, ways: Ways) -> tuple[int, ...]:
    steps, features = ways.of.shape
    sizes = (steps, ways.directions, call.batch, features // ways.directions)
    return tuple(sizes[axis] for axis in ways.order)


@_of_ways("Squeeze")
def _squeezed(call: Call, ways: Ways, axes: Whole = None) -> Value:
    """The one direction without its axis."""
    sizes = _sizes(call, ways)
    place = ways.order.index(WAYS)
    if ways.directions > 1 or axes is None or shapes.places(axes, len(sizes)) != [place]:
        unfollowed(call, "it squeezes other axes than the one of a single direction")
    return _ordered(call, ways)


@_of_ways("Reshape")
def _reshaped(call: Call, ways: Ways, shape: Whole = None) -> Made:
    """The directions and the features of each as one axis."""
    sizes, place = _sizes(call, ways), ways.order.index(WAYS)
    target = shapes.reshaped(sizes, shape or [])
    merged = (*sizes[:place], sizes[place] * sizes[(place + 1) % 4], *sizes[place + 2 :])
    if ways.order[place + 1 : place + 2] == (FEATURES,) and target == merged:
        return _ordered(call, ways)
    call.inputs = [as_data(call, ways), *call.inputs[1:]]
    return OPERATORS[call.node.op](call)


def _ordered(call: Call, ways: Ways) -> Tensor:
    """Steps, batch and features in their order, as one step where that is not the layer's own."""
    order = [(STEPS, BATCH, FEATURES).index(axis) for axis in ways.order if axis != WAYS]
    return call.finished(call.turned(ways.of, order))


@_of_ends("Gather")
def _gathered(call: Call, ends: Ends, indices: Static, *, axis: int = 0) -> Value:
    """One state, without the axis of directions, or some of them."""
    places = [int(each) for each in call.numbers(1) or []]
    count = len(ends.parts)
    missing = not places or min(places) < -count or max(places) >= count
    if axis or ends.turned or missing:
        call.refuse(f"it picks positions that are not among {count} states", code="slice")
    chosen = tuple(ends.parts[at] for at in places)
    if indices.shape:
        return _stacked(call, chosen)
    return state_of(call, chosen[0])


@_of_ends("Slice")
def _sliced(
    call: Call,
    states: Ends,
    starts: Whole = None,
    ends: Whole = None,
    axes: Whole = None,
    steps: Whole = None,
) -> Value:
    """Some of the states."""
    if (axes or [0]) != [0] or states.turned or steps is not None:
        unfollowed(call, "it cuts states")
    kept = shapes.sliced((len(states.parts), 1, 1), starts or [], ends or [], axes, None)
    places = kept[0].places() if 0 in kept else range(len(states.parts))
    return _stacked(call, [states.parts[at] for at in places])


@_of_ends("Squeeze")
def _without_axis(call: Call, ends: Ends, axes: Whole = None) -> Value:
    """The only state, as a vector of each sample."""
    if len(ends.parts) != 1 or axes not in ([1] if ends.turned else [0], None):
        unfollowed(call, "it squeezes other axes than the one of a single state")
    return state_of(call, ends.parts[0])


@_of_ends("Concat")
def _joined(call: Call, first: Ends, *, axis: int = 0) -> Value:
    """States of one layer after those of another."""
    parts = [each for each in call.inputs if isinstance(each, Ends) and not each.turned]
    if len(parts) != len(call.inputs) or axis:
        unfollowed(call, "it joins states along another axis than that of the directions")
    return _stacked(call, [part for each in parts for part in each.parts])


def _stacked(call: Call, parts: Sequence[End]) -> Ends:
    """States as one tensor; LayerError for more than there can be layers."""
    if not 0 < len(parts) <= MAX_STATES:
        call.refuse(f"it puts {len(parts):,} states together", code="too-large")
    call.spend(len(parts))
    return Ends(tuple(parts))


@_of_ends("Transpose")
def _ends_turned(call: Call, ends: Ends, *, perm: Whole = None) -> Value:
    if perm != [1, 0, 2]:
        unfollowed(call, "it turns states")
    return ends._replace(turned=not ends.turned)


@_of_ends("Reshape")
def _side_by_side(call: Call, ends: Ends, shape: Whole = None) -> Value:
    """The states of each sample as one vector."""
    features = sum(end.features for end in ends.parts)
    sizes = (call.batch, len(ends.parts), ends.parts[0].features)
    if not ends.turned:
        sizes = (sizes[1], sizes[0], sizes[2])
    target = shapes.reshaped(sizes, shape or [])
    if target != (call.batch, features) or not (ends.turned or len(ends.parts) == 1):
        unfollowed(call, "it reshapes states")
    if len(ends.parts) == 1:
        return state_of(call, ends.parts[0])
    parts = [state_of(call, end, f"/{place}") for place, end in enumerate(ends.parts)]
    return call.add(KINDS["cat"](0), parts)
