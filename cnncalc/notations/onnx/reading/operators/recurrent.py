"""Recurrent nodes, and what other nodes make of the outputs and states that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import trunc
from typing import Any, NoReturn

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.frameworks.ops import names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.layers.recurrent import ACTIVATIONS, GRU, LSTM, RNN, STARTS, Recurrent, State
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.model import clean
from cnncalc.notations.onnx.reading.operators.base import OPERATORS, Value, operator
from cnncalc.notations.onnx.reading.operators.dense import mismatch
from cnncalc.notations.onnx.reading.values import End, Ends, Ways
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["around"]

CLASSES: dict[str, Callable[..., Recurrent]] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
# What the activations of a direction are, in the order of the operator.
NAMED = {
    "LSTM": ("gate", "activation", "activation"),
    "GRU": ("gate", "activation"),
    "RNN": ("activation",),
}
KIND_OF = {"relu": "relu", "affine": "identity"} | {
    form.name.lower(): op.kind for op, form in names_in("onnx") if op.kind in ACTIVATIONS
}
# Parameters that an activation has if none are given, and those that its kind here has.
USUAL = {"hardsigmoid": (0.2, 0.5), "affine": (1.0, 0.0)}
OURS = {"hardsigmoid": (1 / 6, 0.5), "affine": (1.0, 0.0)}
DIRECTIONS: dict[str, dict[str, Any]] = {
    "forward": {},
    "reverse": {"backwards": True},
    "bidirectional": {"bidirectional": True},
}
MAX_STATES = 1024  # that are one tensor
STEPS, WAYS, BATCH, FEATURES = range(4)  # the axes of what comes out at all steps


@operator("LSTM", "GRU", "RNN", constants=False, batch="looked up")
def recurrent(
    call: Call,
    x: Tensor,
    w: Static,
    r: Static,
    b: Static | None = None,
    sequence_lens: Static | None = None,
    initial_h: Value = None,
    initial_c: Value = None,
    p: Static | None = None,
    *,
    activations: Any = None,
    activation_alpha: Any = None,
    activation_beta: Any = None,
    clip: Any = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> list[Value]:
    """One layer of steps × batch × features; Y, Y_h and Y_c."""
    if p is not None or clip is not None or input_forget or layout:
        _unfollowed(
            call, "peepholes, clips, coupled gates and the batch in front can't be followed"
        )
    if direction not in DIRECTIONS:
        call.refuse(f"there is no direction `{direction[:20]}`")
    _check_sequence(call, x, w, r)
    options = DIRECTIONS[direction] | _biases(w, b)
    options |= _activations(call, activations, activation_alpha, activation_beta)
    if call.node.op == "GRU":
        options["after"] = bool(linear_before_reset)
    layer = CLASSES[call.node.op](hidden=hidden_size or r.shape[2], axis=-1, **options)
    starts = (initial_h, initial_c)[: layer.kinds]
    held = _held(layer, w, r, b)
    if all(map(_is_learned, starts)):
        layer = layer.replaced(learned=True)
        held |= _learned(layer, starts)
        starts = ()
    flows = [x, *_starts(call, layer, starts)]
    made = call.placed(call.add(layer, flows, "", **held), x.batch)
    cells = (False, True) if layer.kind == "lstm" else (False,)
    ways = Ways(made, layer.directions, (STEPS, WAYS, BATCH, FEATURES))
    return [ways, *(_ends(layer, made, cell) for cell in cells)]


def _biases(w: Static, b: Static | None) -> dict[str, Any]:
    """Whether there are biases, and one or two for each gate: as many as are stored."""
    learned = sum(each.count for each in b.sources) if b is not None else 0
    return {"bias": b is not None, "biases": 1 if learned == w.shape[0] * w.shape[1] else 2}


def _check_sequence(call: Call, x: Tensor, w: Static, r: Static) -> None:
    """LayerError for data that is no sequence, or that the stored matrices don't fit."""
    if len(x.shape) != 2:
        call.refuse(f"it works on sequences, steps × features, not on {show(x.shape)}")
    if x.batch != BatchAxis(1):
        call.refuse(
            "it takes axis 1 for the batch, which stands elsewhere in its input", code="batch"
        )
    if len(w.shape) != 3 or len(r.shape) != 3:
        call.refuse("its weights are no matrices for each direction")
    if w.shape[2] != x.shape[1]:
        mismatch(call, x.shape[1], w.shape[2])


def _is_learned(start: Value) -> bool:
    """Whether a state to start from is a stored tensor of other numbers than zeros."""
    if not isinstance(start, Static) or not start.sources:
        return False
    return start.values is None or any(start.values)


def _learned(layer: Recurrent, starts: Sequence[Any]) -> dict[str, Static]:
    """The stored tensors of the states to start from, without the samples that they are for."""
    sizes = (layer.states, layer.hidden)
    return {name: Static(sizes, start.sources) for name, start in zip(STARTS, starts, strict=False)}


def _starts(call: Call, layer: Recurrent, starts: Sequence[Value]) -> list[Tensor]:
    """The vectors of each direction that it starts from; none: zeros."""
    found: list[Tensor] = []
    for name, start in zip(("initial_h", "initial_c"), starts, strict=False):
        if start is None or isinstance(start, Static):
            if start is not None and start.values is not None and any(start.values):
                _unfollowed(call, "states that it starts from other than zeros can't be followed")
            continue
        if name == "initial_c" and not found:
            _unfollowed(call, "a cell to start from beside a state of zeros can't be followed")
        found += _vectors(call, layer, name, start)
    return found


def _rows(call: Call, name: str, start: Tensor) -> Value:
    """Vectors stacked along the axis in front of the batch, one by one; else the tensor itself."""
    count, *shape = start.shape
    if start.batch != BatchAxis(1) and not call.batch == count == 1:
        return start
    rows = [start]
    if count > 1:
        cuts = (KINDS["slice"]((at, at + 1)) for at in range(count))
        rows = [call.add(cut, [start], f"/{name}/{at}") for at, cut in enumerate(cuts)]
    return Ends(tuple(End(call.seen(row, tuple(shape)), None) for row in rows))


def _vectors(call: Call, layer: Recurrent, name: str, start: Value) -> list[Tensor]:
    """The states of each direction, out of one tensor."""
    if isinstance(start, Tensor) and len(start.shape) == 2:
        start = _rows(call, name, start)
    if not isinstance(start, Ends) or start.turned:
        call.refuse(
            f"its {name} is no states of directions × batch × features",
            f"{layer.directions} × batch × {layer.hidden}",
        )
    sizes = [end.features for end in start.parts]
    if sizes != [layer.hidden] * layer.directions:
        given = f"{len(sizes)} × batch × {sizes[0]}"
        call.refuse(
            f"its {name} is {given}, and it keeps {layer.directions} × batch × {layer.hidden}",
            f"hidden_size={sizes[0]}, or states of {layer.hidden}",
            code="state",
        )
    return [_state(call, end, f"/{name}/{at}") for at, end in enumerate(start.parts)]


def _unfollowed(call: Call, message: str) -> NoReturn:
    """Refuse what says nothing against the file."""
    call.refuse(message, code="unknown-operator")


def _activations(call: Call, given: Any, alphas: Any, betas: Any) -> dict[str, str]:
    """The layer's activations; both directions have the same."""
    if not given:
        return {}
    names = [str(each).lower() for each in given]
    kinds = [KIND_OF.get(name) for name in names]
    numbers = list(zip(alphas or (), betas or (), strict=False))
    for name in names:
        if name in USUAL:
            pair = numbers.pop(0) if numbers else USUAL[name]
            if any(abs(a - b) > 1e-6 for a, b in zip(pair, OURS[name], strict=True)):
                kinds = [None]
    options = NAMED[call.node.op]
    chosen = dict(zip(options, kinds, strict=False))
    if None in kinds or kinds != [chosen[name] for name in options] * (len(kinds) // len(options)):
        call.refuse(
            f"its activations, {clean(', '.join(names), 60)}, can't be followed",
            code="unknown-operator",
        )
    return {name: kind for name, kind in chosen.items() if kind}


def _held(layer: Recurrent, w: Static, r: Static, b: Static | None) -> dict[str, Static]:
    """The stored tensors behind the layer's weights; a tensor of all directions is in its first."""
    held, ways, biases = {}, layer.directions, layer.biases
    for way, end in enumerate(("", "_reverse")[:ways]):
        held[f"weight_ih_l0{end}"] = _part(w, way, ways, w.shape[1:])
        held[f"weight_hh_l0{end}"] = _part(r, way, ways, r.shape[1:])
        for place, name in enumerate(("bias_ih", "bias_hh")[:biases] if b else ()):
            assert b is not None
            held[f"{name}_l0{end}"] = _part(b, way * biases + place, ways * biases, w.shape[1:2])
    return held


def _part(whole: Static, at: int, count: int, shape: tuple[int, ...]) -> Static:
    """One of the parts of a tensor, of a stored tensor of its own if there is one for each."""
    sources = whole.sources
    return Static(shape, sources[at : at + 1] if len(sources) == count else sources)


def _ends(layer: Recurrent, of: Tensor, cell: bool) -> Ends:
    """The states of each direction."""
    last = layer.directions - 1
    places = (-1 if at == last else at for at in range(last + 1))
    return Ends(tuple(End(of, State(layer.hidden, cell, at)) for at in places))


def around(call: Call) -> list[Value]:
    """What a node makes of the outputs or states of a recurrent one."""
    op, first = call.node.op, call.inputs[0]
    if op in CLASSES:
        given: list[Value] = OPERATORS[op](call)
        return given
    if op == "Identity":
        return [first]
    table = OF_WAYS if isinstance(first, Ways) else OF_ENDS
    if op not in table or not isinstance(first, Ways | Ends):
        call.refuse(
            "the directions of a recurrent node, or its states, can't be followed into this",
            "they are where they are squeezed, picked, joined, or reshaped into one axis",
            code="unknown-operator",
        )
    return [table[op](call, first)]


def _turned(call: Call, ways: Ways) -> Ways:
    order = shapes.transposed((1,) * 4, call.whole("perm"))
    return ways._replace(order=tuple(ways.order[axis] for axis in order))


def _sizes(call: Call, ways: Ways) -> tuple[int, ...]:
    steps, features = ways.of.shape
    sizes = (steps, ways.directions, call.batch, features // ways.directions)
    return tuple(sizes[axis] for axis in ways.order)


def _squeezed(call: Call, ways: Ways) -> Value:
    """The one direction without its axis."""
    sizes = _sizes(call, ways)
    axes = call.whole("axes", 1)
    place = ways.order.index(WAYS)
    if ways.directions > 1 or axes is None or shapes.places(axes, len(sizes)) != [place]:
        _unfollowed(call, "it squeezes other axes than the one of a single direction")
    return _ordered(call, ways)


def _reshaped(call: Call, ways: Ways) -> Value:
    """The directions and the features of each as one axis."""
    sizes, place = _sizes(call, ways), ways.order.index(WAYS)
    target = shapes.reshaped(sizes, call.whole("shape", 1) or [])
    merged = (*sizes[:place], sizes[place] * sizes[(place + 1) % 4], *sizes[place + 2 :])
    if ways.order[place + 1 : place + 2] != (FEATURES,) or target != merged:
        _unfollowed(call, "it puts the directions of a recurrent node together with another axis")
    return _ordered(call, ways)


def _ordered(call: Call, ways: Ways) -> Tensor:
    """Steps, batch and features in their order, as one step where that is not the layer's own."""
    order = [axis for axis in ways.order if axis != WAYS]
    axes, batch = ways.of.batch.moved([(STEPS, BATCH, FEATURES).index(axis) for axis in order], 2)
    record, name = call.record(ways.of), call.node.name
    if axes == (0, 1):
        if record.name.startswith(f"{name}/"):  # the last node of a layer has the layer's name
            record.name = name
        return call.placed(ways.of, batch)
    return call.placed(call.add(KINDS["permute"](axes), [ways.of]), batch)


def _gathered(call: Call, ends: Ends) -> Value:
    """One state, without the axis of directions, or some of them."""
    places = [trunc(each) for each in call.numbers(1) or []]
    count = len(ends.parts)
    missing = not places or min(places) < -count or max(places) >= count
    if call.integer("axis", 0) != 0 or ends.turned or missing:
        call.refuse(f"it picks positions that are not among {count} states", code="slice")
    chosen = tuple(ends.parts[at] for at in places)
    if call.stored(1).shape:
        return _stacked(call, chosen)
    return _state(call, chosen[0])


def _sliced(call: Call, ends: Ends) -> Value:
    """Some of the states."""
    given = (call.whole(name, place) for place, name in enumerate(("starts", "ends", "axes"), 1))
    starts, stops, axes = given
    if (axes or [0]) != [0] or ends.turned or call.has(4):
        _unfollowed(call, "it cuts states")
    kept = shapes.sliced((len(ends.parts), 1, 1), starts or [], stops or [], axes, None)
    return _stacked(call, [ends.parts[at] for at in kept.get(0, range(len(ends.parts)))])


def _state(call: Call, end: End, suffix: str = "") -> Tensor:
    return end.of if end.layer is None else call.add(end.layer, [end.of], suffix)


def _without_axis(call: Call, ends: Ends) -> Value:
    """The only state, as a vector of each sample."""
    axes = call.whole("axes", 1)
    if len(ends.parts) != 1 or axes not in ([1] if ends.turned else [0], None):
        _unfollowed(call, "it squeezes other axes than the one of a single state")
    return _state(call, ends.parts[0])


def _joined(call: Call, first: Ends) -> Value:
    """States of one layer after those of another."""
    parts = [each for each in call.inputs if isinstance(each, Ends) and not each.turned]
    if len(parts) != len(call.inputs) or call.integer("axis", 0) != 0:
        _unfollowed(call, "it joins states along another axis than that of the directions")
    return _stacked(call, [part for each in parts for part in each.parts])


def _stacked(call: Call, parts: Sequence[End]) -> Ends:
    """States as one tensor; LayerError for more than there can be layers."""
    if not 0 < len(parts) <= MAX_STATES:
        call.refuse(f"it puts {len(parts):,} states together", code="too-large")
    call.spend(len(parts))
    return Ends(tuple(parts))


def _ends_turned(call: Call, ends: Ends) -> Value:
    if call.whole("perm") != [1, 0, 2]:
        _unfollowed(call, "it turns states")
    return ends._replace(turned=not ends.turned)


def _side_by_side(call: Call, ends: Ends) -> Value:
    """The states of each sample as one vector."""
    features = sum(end.features for end in ends.parts)
    sizes = (call.batch, len(ends.parts), ends.parts[0].features)
    if not ends.turned:
        sizes = (sizes[1], sizes[0], sizes[2])
    target = shapes.reshaped(sizes, call.whole("shape", 1) or [])
    if target != (call.batch, features) or not (ends.turned or len(ends.parts) == 1):
        _unfollowed(call, "it reshapes states")
    if len(ends.parts) == 1:
        return _state(call, ends.parts[0])
    parts = [_state(call, end, f"/{place}") for place, end in enumerate(ends.parts)]
    return call.add(KINDS["cat"](0), parts)


OF_WAYS: dict[str, Callable[[Call, Any], Value]] = {
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Transpose": _turned,
}
OF_ENDS: dict[str, Callable[[Call, Any], Value]] = {
    "Concat": _joined,
    "Gather": _gathered,
    "Reshape": _side_by_side,
    "Slice": _sliced,
    "Squeeze": _without_axis,
    "Transpose": _ends_turned,
}
