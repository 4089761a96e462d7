"""Products with stored matrices, which are linear layers, and of two data."""

from __future__ import annotations

from math import prod

import cnncalc.notations.onnx.reading.shapes as shapes
from cnncalc.layers.base import Layer, show
from cnncalc.layers.linear import Linear
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.arithmetic import tensors_among
from cnncalc.notations.onnx.reading.operators.base import Either, Value, operator
from cnncalc.tracing.arithmetic import product
from cnncalc.tracing.products import einsum as by_letters
from cnncalc.tracing.products import letters, rearranged
from cnncalc.tracing.products import multiplied as of_two
from cnncalc.tracing.tensors import Static, Tensor


@operator("Gemm", batch="any")
def gemm(
    call: Call,
    a: Either,
    b: Static,
    c: Static | None = None,
    *,
    transA: int = 0,  # noqa: N803, ONNX's own name
    transB: int = 0,  # noqa: N803
) -> Either:
    """Data times a stored matrix, plus a bias."""
    if isinstance(a, Static):
        return fixed_gemm(call, a, b, c, (bool(transA), bool(transB)))
    if transA or len(a.sizes) != 2 or a.batch.place:
        call.refuse(f"it multiplies {show(a.shape)}, where a vector for each sample is read")
    outputs, inputs = matrix(call, b, bool(transB))
    if a.shape[-1] != inputs:
        mismatch(call, a.shape[-1], inputs)
    if c is not None and c.count != outputs:
        call.refuse(f"its bias has {c.count} values for {outputs} outputs", code="declared")
    layer = Linear(outputs, c is not None, -1 if len(a.shape) > 1 else None)
    return call.add(layer, [a], weight=b, bias=c)


def fixed_gemm(
    call: Call, a: Static, b: Static, c: Static | None, turned: tuple[bool, bool]
) -> Static:
    """The same of stored tensors: its sizes, and what it is made of."""
    (rows, inner), (other, columns) = (
        each.shape[::-1] if turns else each.shape
        for each, turns in zip((a, b), turned, strict=True)
    )
    if inner != other:
        mismatch(call, inner, other)
    inputs = [a, b] if c is None else [a, b, c]
    return call.made((rows, columns), inputs, sources=tensors_among(inputs))


def matrix(call: Call, weight: Static, turned: bool) -> tuple[int, int]:
    """Outputs and inputs of a stored matrix, which has the inputs first unless it is turned."""
    if len(weight.shape) < 2 or weight.count != prod(weight.shape[-2:]):
        call.refuse(f"its weight is {show(weight.shape)}, where a matrix is read")
    rows, columns = weight.shape[-2:]
    return (rows, columns) if turned else (columns, rows)


def mismatch(call: Call, features: int, inputs: int) -> None:
    call.refuse(
        f"its weight takes {inputs} features but {features} come in",
        "another input size, such as the one that the model was exported at",
        code="declared",
    )


@operator("MatMul", batch="any")
def matmul(call: Call, a: Value, b: Value) -> Either:
    """Data times a stored matrix along the last axis, or a matrix times data along the one before.

    Of two data it is a product of the matrices of each sample, as attention has it.
    """
    if isinstance(a, Static) and isinstance(b, Static):
        return multiplied(call, a, b)
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return of_matrices(call, a, b)
    first = isinstance(a, Static)
    flow, weight = (call.flow(1), call.stored(0)) if first else (call.flow(0), call.stored(1))
    outputs, inputs = matrix(call, weight, turned=first)
    axis = call.axis(-2 if first else -1, flow, "multiplies along")
    if flow.shape[axis] != inputs:
        mismatch(call, flow.shape[axis], inputs)
    layer = product(flow.shape, outputs, axis - len(flow.shape))
    return call.add(layer, [flow], weight=weight)


def of_matrices(call: Call, a: Tensor, b: Tensor) -> Tensor:
    """The product of the matrices of each sample, in front of which the batch stands."""
    batch = call.batch_axis()
    if batch and batch.place > len(a.sizes) - 3:
        call.refuse("it multiplies along the batch axis", code="batch")
    return call.add(of_two(a.shape, b.shape), [a, b])


@operator("Einsum", constants=False)
def einsum(call: Call, a: Tensor, b: Tensor | None = None, *, equation: str = "") -> Tensor:
    """A product of two data by the letters of their axes, the batch in front of each; or of one
    its axes in another order, summed over or not.
    """
    data = [a] if b is None else [a, b]
    parts, result = letters(equation, [len(each.shape) + 1 for each in data])
    if any(part[:1] != result[:1] or result[0] in part[1:] for part in parts):
        call.refuse(f"`{equation}` has not the batch in front of each", code="batch")
    if b is None:
        layers = rearranged(parts[0][1:], result[1:])
        return through(call, a, layers) if layers else call.same(a)
    one, two = parts
    plan = by_letters(one[1:], two[1:], result[1:], (a.shape, b.shape))
    sides = [
        through(call, each, layers, f"/{word}")
        for each, layers, word in zip((a, b), plan.sides, "ab", strict=True)
    ]
    joined = call.add(plan.join, sides, "/product" if plan.after else "")
    return through(call, joined, plan.after)


def through(call: Call, data: Tensor, layers: list[Layer], suffix: str = "") -> Tensor:
    """Data through layers that hold nothing; without a suffix the last has the node's name."""
    for place, layer in enumerate(layers, 1):
        last = place == len(layers) and not suffix
        data = call.add(layer, [data], "" if last else f"{suffix}/{place}")
    return data


def multiplied(call: Call, a: Static, b: Static) -> Static:
    """The product of stored matrices; numbers where that is little work."""
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[-1] != b.shape[-2]:
        call.refuse("the product of these stored tensors can't be worked out")
    if len(a.shape) + len(b.shape) > 4:
        many = shapes.broadcast([a.shape[:-2], b.shape[:-2]])
        sizes = (*many, a.shape[-2], b.shape[-1])
        return call.made(sizes, [a, b], sources=tensors_among([a, b]))
    (rows, inner), columns = a.shape, b.shape[1]

    def compute(x: list[float], y: list[float]) -> list[float]:
        return [
            sum(x[row * inner + k] * y[k * columns + column] for k in range(inner))
            for row in range(rows)
            for column in range(columns)
        ]

    few, sources = rows * inner * columns <= FEW, tensors_among([a, b])
    return call.made((rows, columns), [a, b], compute if few else None, sources)


FEW = 65_536  # products of two numbers
