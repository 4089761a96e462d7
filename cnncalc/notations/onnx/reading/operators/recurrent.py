"""Recurrent nodes: one layer each, that gives its output at all steps and its states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from cnncalc.frameworks.ops import names_in
from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.layers.recurrent import ACTIVATIONS, GRU, LSTM, RNN, STARTS, Recurrent, State
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.model import clean
from cnncalc.notations.onnx.reading.operators.base import Numbers, Value, Words, operator
from cnncalc.notations.onnx.reading.operators.dense import mismatch
from cnncalc.notations.onnx.reading.values import End, Ends, Ways
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["BATCH", "CLASSES", "FEATURES", "STEPS", "WAYS", "state_of", "unfollowed"]

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
DIRECTIONS: dict[str, dict[str, object]] = {
    "forward": {},
    "reverse": {"backwards": True},
    "bidirectional": {"bidirectional": True},
}
STEPS, WAYS, BATCH, FEATURES = range(4)  # the axes of what comes out at all steps


@operator("LSTM", "GRU", "RNN", constants=False, batch="any")
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
    activations: Words = None,
    activation_alpha: Numbers = None,
    activation_beta: Numbers = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> list[Value]:
    """One layer of steps × batch × features; Y, Y_h and Y_c."""
    if p is not None or clip is not None or input_forget or layout:
        unfollowed(call, "peepholes, clips, coupled gates and the batch in front can't be followed")
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
    made = call.add(layer, flows, "", **held)
    cells = (False, True) if layer.kind == "lstm" else (False,)
    ways = Ways(made, layer.directions, (STEPS, WAYS, BATCH, FEATURES))
    return [ways, *(_ends(layer, made, cell) for cell in cells)]


def _biases(w: Static, b: Static | None) -> dict[str, object]:
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
                unfollowed(call, "states that it starts from other than zeros can't be followed")
            continue
        if name == "initial_c" and not found:
            unfollowed(call, "a cell to start from beside a state of zeros can't be followed")
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
    return [state_of(call, end, f"/{name}/{at}") for at, end in enumerate(start.parts)]


def unfollowed(call: Call, message: str) -> NoReturn:
    """Refuse what says nothing against the file."""
    call.refuse(message, code="unknown-operator")


def _activations(call: Call, given: Words, alphas: Numbers, betas: Numbers) -> dict[str, str]:
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


def state_of(call: Call, end: End, suffix: str = "") -> Tensor:
    """The vector of each sample that a state is."""
    if end.layer is None:
        return end.of
    return call.placed(call.add(end.layer, [end.of], suffix), FIRST)
