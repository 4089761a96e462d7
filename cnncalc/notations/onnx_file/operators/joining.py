"""Data put together along an axis, also with tensors that don't depend on it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.layers.padding import pad_along
from cnncalc.notations.onnx_file.call import Call, plain
from cnncalc.notations.onnx_file.folding import joined
from cnncalc.notations.onnx_file.model import Constant
from cnncalc.notations.onnx_file.operators.elementwise import is_weight
from cnncalc.notations.onnx_file.records import Flow, Value

__all__ = ["JOINING"]


def concat(call: Call) -> Flow:
    """Data joined along an axis; tensors without elements are left out."""
    parts: list[Flow | Constant] = []
    for place, each in enumerate(call.inputs):
        if isinstance(each, Constant):
            parts += [each] if each.count else []
        else:
            parts.append(call.flow(place))
    first = next(each for each in parts if isinstance(each, Flow))
    axis = call.axis(call.integer("axis", 1), first, "joins along")
    flows = _absorbed(call, parts, axis)
    if len(flows) == 1:
        return flows[0] if len(parts) > 1 else call.add(KINDS["identity"](), flows)
    return call.add(KINDS["cat"](axis), flows)


def _absorbed(call: Call, parts: list[Flow | Constant], axis: int) -> list[Flow]:
    """The data, each with the tensors behind it, and the first with those before it."""
    found: list[Flow] = []
    before: list[Constant] = []
    for are_flows, run in groupby(parts, lambda part: isinstance(part, Flow)):
        if are_flows:
            found += [part for part in run if isinstance(part, Flow)]
            continue
        constants = [part for part in run if isinstance(part, Constant)]
        constant = constants[0] if len(constants) == 1 else joined(call, constants, axis + 1)
        if found:
            found[-1] = _extended(call, found[-1], constant, axis, before=False)
        else:
            before = [constant]
    for constant in before:
        found[0] = _extended(call, found[0], constant, axis, before=True)
    return found


def _extended(call: Call, flow: Flow, constant: Constant, axis: int, before: bool) -> Flow:
    """Data that is longer along an axis by a tensor: padded, and the tensor's numbers added."""
    sizes = call.without_batch(constant.shape)
    rest = flow.shape[:axis], flow.shape[axis + 1 :]
    if len(sizes) != len(flow.shape) or (sizes[:axis], sizes[axis + 1 :]) != rest:
        call.refuse(f"{show(flow.shape)} and {show(sizes)} can't be joined", code="branches")
    weight = is_weight(constant)
    fill = None if weight else _fill(constant)
    pair = (sizes[axis], 0) if before else (0, sizes[axis])
    layer = pad_along(axis, len(flow.shape), pair, fill or 0)
    padded = call.add(layer, [flow], "" if fill is not None else "/pad")
    if fill is not None:
        return padded
    if not weight:
        return call.add(KINDS["shift"](padded.shape, "constant"), [padded])
    whole = Constant(padded.shape, None, constant.sources, constant.computed)
    return call.add(KINDS["shift"](padded.shape), [padded], weight=whole)


def _fill(constant: Constant) -> float | None:
    """The one number that a tensor holds everywhere."""
    values = constant.values
    if values is None or not (values == values.flat[0]).all():
        return None
    return plain(values.flat[0])


JOINING: dict[str, Callable[[Call], Value | list[Value]]] = {"Concat": concat}
