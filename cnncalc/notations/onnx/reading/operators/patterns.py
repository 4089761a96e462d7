"""Layers that exporters write out in small operators, put together again.

Each pattern looks at the steps just made. It is taken only where nothing else reads what lies
inside it, and then those steps give way to the one layer that they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.values import Mask, Value
from cnncalc.tracing.tensors import Static, Tensor
from cnncalc.tracing.trace import Record

__all__ = ["affine", "decomposed", "regrouped", "softplus"]

ROOT = 2**0.5


def tail(call: Call, readers: Sequence[int]) -> list[Record] | None:
    """The last steps, if each but the last has as many readers, which are all among them."""
    records = call.records[-len(readers) - 1 :]
    if len(records) <= len(readers):
        return None
    counts = [each.readers for each in records[:-1]]
    return records if counts == list(readers) else None


def replaced(call: Call, count: int, layer: Layer, source: int) -> Tensor:
    """One layer in the place of the last steps, reading what they read.

    It has the name of the node whose output it gives, as every step has.
    """
    records = call.records
    shape = records[source].shape
    del records[-count:]
    return call.add(layer, [Tensor(source, shape)])


def kinds(records: Sequence[Record]) -> list[str]:
    return [each.layer.kind for each in records]


def regrouped(call: Call, flow: Tensor, target: Shape) -> Tensor | None:
    """Reshape to (groups, values), instance norm, Reshape back: PyTorch's GroupNorm."""
    records = tail(call, (1,))
    if records is None or flow.number != len(call.records) - 1:
        return None
    before, norm = records
    if norm.layer.kind != "in" or norm.inputs != (flow.number - 1,) or norm.readers > 1:
        return None
    if len(before.inputs) != 1 or before.layer.kind not in ("reshape", "unflatten", "flatten"):
        return None
    source = before.inputs[0]
    groups, shape = before.shape[0], call.records[source].shape
    if shape != target or len(before.shape) != 2 or shape[0] % groups or not _is_idle(norm):
        return None
    return replaced(call, 2, KINDS["gn"](groups, affine=False), source)


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
    if record.layer.kind not in ("gn", "ln") or not call.only_reader(flow):
        return None
    layer: Any = record.layer
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


def _affine_sizes(layer: Any, shape: Shape) -> Shape:
    places = (0,) if layer.kind == "gn" else layer.places(shape)
    return tuple(size if axis in places else 1 for axis, size in enumerate(shape))


def decomposed(call: Call, flow: Tensor) -> Tensor:
    """What the last steps are together, or the last of them as it is."""
    if call.node.op == "Mul":
        return _gelu(call) or flow
    if call.node.op == "Div":
        return _layer_norm(call) or flow
    return flow


# Where the parts of a written-out GELU stand: x/√2, its erf, one more, ½, the product.
GELUS: dict[tuple[str, ...], tuple[int, ...]] = {
    ("rescale", "erf", "rescale", "mul", "rescale"): (0, 1, 2, 4, 3),
    ("rescale", "erf", "rescale", "rescale", "mul"): (0, 1, 2, 3, 4),
    ("rescale", "rescale", "erf", "rescale", "mul"): (1, 2, 3, 0, 4),
}


def _gelu(call: Call) -> Tensor | None:
    """½ x (1 + erf(x/√2)), halved first, in the middle or last."""
    records = tail(call, (1,) * 4)
    order = GELUS.get(tuple(kinds(records))) if records else None
    if records is None or order is None:
        return None
    base = len(call.records) - 5
    divided, error, raised, half, product = (records[place] for place in order)
    at = dict(zip(("divided", "error", "raised", "half", "product"), order, strict=True))
    source = divided.inputs[0]
    halved_last = at["half"] > at["product"]
    wiring = (
        error.inputs == (base + at["divided"],),
        raised.inputs == (base + at["error"],),
        half.inputs == ((base + at["product"]) if halved_last else source,),
        set(product.inputs) == {base + at["raised"], source if halved_last else base + at["half"]},
    )
    fits = _is_rescale(divided, 1 / ROOT, 0) and _is_rescale(raised, 1, 1)
    if all(wiring) and fits and _is_rescale(half, 0.5, 0):
        return replaced(call, 5, KINDS["gelu"](), source)
    return None


def _is_rescale(record: Record, factor: float, offset: float) -> bool:
    layer: Any = record.layer
    given = (*layer.factor, *layer.offset)
    return len(given) == 2 and all(
        abs(a - b) < 1e-3 for a, b in zip(given, (factor, offset), strict=True)
    )


def _layer_norm(call: Call) -> Tensor | None:
    """mean, x − mean, square, mean, + ε, √, and the quotient of two of them: layer norm."""
    # The difference is read by the quotient, and once or twice to square it.
    records = tail(call, (1, 2, 1, 1, 1, 1)) or tail(call, (1, 3, 1, 1, 1, 1))
    if records is None:
        return None
    words = kinds(records)
    if words not in (
        ["reduce", "sub", "power", "reduce", "rescale", "sqrt", "div"],
        ["reduce", "sub", "mul", "reduce", "rescale", "sqrt", "div"],
    ):
        return None
    base = len(call.records) - 7
    mean, less, square, variance, raised, root, quotient = records
    source = mean.inputs[0]
    wiring = [
        (less.inputs, (source, base)),
        (square.inputs, (base + 1,) * len(square.inputs)),
        (variance.inputs, (base + 2,)),
        (raised.inputs, (base + 3,)),
        (root.inputs, (base + 4,)),
        (quotient.inputs, (base + 1, base + 5)),
    ]
    layer: Any = mean.layer
    same = layer == variance.layer and layer.by == "mean" and layer.keep
    squared = words[2] == "mul" or getattr(square.layer, "exponent", 0) == 2
    if not same or not squared or any(found != wanted for found, wanted in wiring):
        return None
    return replaced(call, 7, KINDS["ln"](layer.axes, affine=False), source)


def softplus(call: Call, mask: Value, kept: Value, soft: Value) -> Tensor | None:
    """Where(x > 20, x, Softplus(x)): PyTorch's Softplus."""
    if not (isinstance(mask, Mask) and isinstance(kept, Tensor) and isinstance(soft, Tensor)):
        return None
    record = call.record(soft)
    fits = record.layer.kind == "softplus" and record.inputs == (kept.number,)
    return soft if fits and mask.is_of(kept) and call.only_reader(soft) else None
