"""Layers that exporters write out in small operators, put together again.

Each pattern looks at the steps just made. It is taken only where nothing else reads what lies
inside it, and then those steps give way to the one layer that they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

from cnncalc.layers import KINDS
from cnncalc.layers.activation import Rescale
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.norm import GroupNorm, LayerNorm
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.values import Mask, Value
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor
from cnncalc.tracing.trace import Record

__all__ = ["affine", "decomposed", "regrouped", "softplus"]


@cache
def read_pattern(pattern: str) -> tuple[list[str], list[list[str]], Counter[str]]:
    """The kinds of a pattern's steps, what each reads, and how often each is read.

    Steps are told as `erf:0`: a kind and the numbers of those that it reads; `x` is what they
    are all made of.
    """
    steps = [word.partition(":") for word in pattern.split()]
    inputs = [given.split(",") for _, _, given in steps]
    return [kind for kind, _, _ in steps], inputs, Counter(each for row in inputs for each in row)


def written_out(call: Call, *patterns: str) -> list[Record] | None:
    """The last steps, if they are a pattern's and nothing else reads what all but the last give."""
    return next((found for each in patterns if (found := _written_as(call, each))), None)


def _written_as(call: Call, pattern: str) -> list[Record] | None:
    kinds, inputs, read = read_pattern(pattern)
    records = call.records[-len(kinds) :]
    if [each.layer.kind for each in records] != kinds:
        return None
    base, last = len(call.records) - len(kinds), len(kinds) - 1
    for place, (record, given) in enumerate(zip(records, inputs, strict=True)):
        wanted = [records[0].inputs[0] if each == "x" else base + int(each) for each in given]
        found = list(record.inputs)
        if record.layer.kind == "mul":  # of which either may stand first
            found, wanted = sorted(found), sorted(wanted)
        if found != wanted or (place < last and record.readers != read[str(place)]):
            return None
    return records


def replaced(call: Call, records: Sequence[Record], layer: Layer, batch: BatchAxis) -> Tensor:
    """One layer in the place of the last steps, reading what they read.

    It has the name of the node whose output it gives, as every step has.
    """
    source = records[0].inputs[0]
    del call.records[-len(records) :]
    return call.add(layer, [Tensor(source, call.records[source].shape, batch)])


# PyTorch's GroupNorm: a Reshape to (groups, values), instance norm, and a Reshape back.
GROUPED = ("reshape:x in:0", "unflatten:x in:0", "flatten:x in:0")


def regrouped(call: Call, flow: Tensor, target: Shape) -> Tensor | None:
    """The group norm that the last steps are, once their values have the shape of its input."""
    records = written_out(call, *GROUPED)
    if records is None or flow.number != len(call.records) - 1:
        return None
    before, norm = records
    groups, shape = before.shape[0], call.records[before.inputs[0]].shape
    if norm.readers > 1 or shape != target or len(before.shape) != 2:
        return None
    if shape[0] % groups or not _is_idle(norm):
        return None
    return replaced(call, records, KINDS["gn"](groups, affine=False), flow.batch)


def _is_idle(norm: Record) -> bool:
    """Whether a norm's scale is 1 everywhere and its shift 0."""
    if not getattr(norm.layer, "affine", False):
        return True
    expected = {"weight": 1, "bias": 0}
    held = norm.held or {}
    return all(
        (static := held.get(name)) is not None and static.uniform == number
        for name, number in expected.items()
    )


def affine(call: Call, flow: Tensor, constant: Static, sizes: Shape) -> Tensor | None:
    """The scale and the shift after a norm that has none of its own."""
    record = call.record(flow)
    layer = record.layer
    if not isinstance(layer, GroupNorm | LayerNorm) or not call.only_reader(flow):
        return None
    full = (1,) * (len(flow.shape) - len(sizes)) + sizes
    if full != _affine_sizes(layer, flow.shape):
        return None
    if call.node.op == "Mul" and not layer.affine:
        record.become(layer.replaced(affine=True, shift=False), call.node.name, weight=constant)
        return flow
    if call.node.op == "Add" and layer.affine and not layer.shift:
        record.become(layer.replaced(shift=True), call.node.name, bias=constant)
        return flow
    return None


def _affine_sizes(layer: GroupNorm | LayerNorm, shape: Shape) -> Shape:
    places = (0,) if isinstance(layer, GroupNorm) else layer.places(shape)
    return tuple(size if axis in places else 1 for axis, size in enumerate(shape))


def decomposed(call: Call, flow: Tensor) -> Tensor:
    """What the last steps are together, or the last of them as it is."""
    found = {"Mul": _gelu, "Div": _layer_norm}.get(call.node.op)
    layer = found(call) if found else None
    return flow if layer is None else replaced(call, *layer, flow.batch)


# ½ x (1 + erf(x/√2)), halved last, in the middle or first: with the places of what is multiplied
# by ½, divided by √2, and raised by 1.
GELUS = {
    "rescale:x erf:0 rescale:1 mul:x,2 rescale:3": (4, 0, 2),
    "rescale:x erf:0 rescale:1 rescale:x mul:2,3": (3, 0, 2),
    "rescale:x rescale:x erf:1 rescale:2 mul:0,3": (0, 1, 3),
}
NUMBERS = ((0.5, 0.0), (0.5**0.5, 0.0), (1.0, 1.0))  # the factor and the offset of each


def _gelu(call: Call) -> tuple[list[Record], Layer] | None:
    for pattern, places in GELUS.items():
        records = written_out(call, pattern)
        if records and all(
            _is_rescale(records[place], *numbers)
            for place, numbers in zip(places, NUMBERS, strict=True)
        ):
            return records, KINDS["gelu"]()
    return None


def _is_rescale(record: Record, factor: float, offset: float) -> bool:
    layer = record.layer
    assert isinstance(layer, Rescale)
    given = (*layer.factor, *layer.offset)
    return len(given) == 2 and all(
        abs(a - b) < 1e-3 for a, b in zip(given, (factor, offset), strict=True)
    )


# The mean, x less that, its square, the mean of those, + ε, √, and the quotient of two of them.
LAYER_NORMS = (
    "reduce:x sub:x,0 power:1 reduce:2 rescale:3 sqrt:4 div:1,5",
    "reduce:x sub:x,0 mul:1,1 reduce:2 rescale:3 sqrt:4 div:1,5",
)


def _layer_norm(call: Call) -> tuple[list[Record], Layer] | None:
    records = written_out(call, *LAYER_NORMS)
    if records is None:
        return None
    mean, square, variance = (records[place].layer for place in (0, 2, 3))
    assert isinstance(mean, Reduce)
    squared = getattr(square, "exponent", 2) == 2
    if mean != variance or mean.by != "mean" or not mean.keep or not squared:
        return None
    return records, KINDS["ln"](mean.axes, affine=False)


def softplus(call: Call, mask: Value, kept: Value, soft: Value) -> Tensor | None:
    """Where(x > 20, x, Softplus(x)): PyTorch's Softplus."""
    if not (isinstance(mask, Mask) and isinstance(kept, Tensor) and isinstance(soft, Tensor)):
        return None
    record = call.record(soft)
    fits = record.layer.kind == "softplus" and record.inputs == (kept.number,)
    return soft if fits and mask.is_of(kept) and call.only_reader(soft) else None
