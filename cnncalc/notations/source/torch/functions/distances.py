"""How far tensors are apart: diff along an axis, the distance and likeness of two."""

from __future__ import annotations

from cnncalc.notations.source.axes import axis_of, outer_shape
from cnncalc.notations.source.torch.functions.indexing import narrow, part_size
from cnncalc.notations.source.torch.functions.joining import cat
from cnncalc.notations.source.torch.functions.reductions import REDUCTIONS
from cnncalc.notations.source.torch.nn.functional import FUNCTIONAL
from cnncalc.python.functions import Method
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.tensors import Operations, Static, Tensor

__all__ = ["BETWEEN", "DIFFERENCES"]


def diff(
    machine: Machine,
    input: Value,
    n: Value = 1,
    dim: Value = -1,
    prepend: Value = None,
    append: Value = None,
) -> Value:
    """`torch.diff`: each value along an axis less the one before it."""
    parts = [each for each in (prepend, input, append) if each is not None]
    if all(isinstance(each, Static) for each in parts):
        return fixed_differences(parts, n)
    check_count(n)
    tensor = cat(machine, parts, dim) if len(parts) > 1 else input
    for _ in range(n):
        size = part_size(tensor, dim, "diff")
        after, before = (narrow(machine, tensor, dim, start, size - 1) for start in (1, 0))
        tensor = machine.part(Operations).binary(machine, "-", after, before)
    return tensor


def fixed_differences(parts: list[Static], times: Value) -> Static:
    """The same of a row of numbers that are known."""
    (tensor, *more) = parts
    if more or times != 1 or tensor.values is None:
        raise Refusal("`torch.diff` of an unknown tensor")
    if len(tensor.shape) != 1:
        raise Refusal("`torch.diff` of more axes than one")
    values = [b - a for a, b in zip(tensor.values, tensor.values[1:], strict=False)]
    return Static((len(values),), (), values, tensor.whole)


def cosine_similarity(
    machine: Machine, x1: Value, x2: Value, dim: Value = 1, eps: Value = 1e-8
) -> Value:
    """`F.cosine_similarity`: the product of two that are brought to length 1 along an axis."""
    longest = max((x1, x2), key=rank_of)
    axis = axis_of(longest, dim) - rank_of(longest)
    sizes = [outer_shape(each)[axis] for each in (x1, x2) if rank_of(each) >= -axis]
    if len(sizes) < 2 or sizes[0] != sizes[1]:
        raise Refusal("`cosine_similarity` along an axis that one of the two has not in full")
    one, two = (FUNCTIONAL["normalize"](machine, each, dim=axis) for each in (x1, x2))
    product = machine.part(Operations).binary(machine, "*", one, two)
    return REDUCTIONS["sum"](machine, product, axis)


def pairwise_distance(
    machine: Machine,
    x1: Value,
    x2: Value,
    p: Value = 2.0,
    eps: Value = 1e-6,
    keepdim: Value = False,
) -> Value:
    """`F.pairwise_distance`: the norm of what two differ by, along the last axis."""
    apart = machine.part(Operations).binary(machine, "-", x1, x2)
    apart = machine.part(Operations).binary(machine, "+", apart, eps)
    return REDUCTIONS["norm"](machine, apart, p, -1, keepdim)


def rank_of(tensor: Value) -> int:
    if not isinstance(tensor, Tensor | Static):
        raise Refusal(f"a tensor is wanted here, not {describe(tensor)}")
    return len(outer_shape(tensor))


DIFFERENCES: dict[str, Method] = {"diff": diff}
BETWEEN: dict[str, Method] = {
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
}
