"""Products of tensors that flow: `@`, matmul, bmm, einsum, and attention made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, show
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_arguments import plain, refusable
from cnncalc.notations.source.layer_steps import batch_of, emit, emit_parts, owner_of
from cnncalc.notations.source.state import state_of
from cnncalc.python.guests import Guest
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Value, describe
from cnncalc.tracing.arithmetic import product as with_weights
from cnncalc.tracing.arrays import Sizes
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.constants import permuted, seen_as, sources_of
from cnncalc.tracing.products import einsum as by_letters
from cnncalc.tracing.products import (
    letters,
    multiplied,
    rearranged,
    repeated,
    scaled_scores,
    swapped,
    with_kept_letters,
)
from cnncalc.tracing.tensors import Operations, Static, Tensor

__all__ = ["PRODUCTS", "planned", "product", "scaled_dot_product_attention", "through"]


MAX_LETTERS = 8


def product(
    machine: Machine, left: Value, right: Value, turned: bool = False, left_turned: bool = False
) -> Value:
    """`left @ right`: of two that flow, or of one with weights; `turned`: the last two axes."""
    order = order_of(machine)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        layer = refusable(multiplied, left.shape, right.shape, order, turned)
        batch = batch_in_front(left, right)
        if left_turned:
            swap = swapped(len(left.shape), order)
            left = emit(machine, swap, [left], op="permute", batch=batch)
        return emit(machine, layer, [left, right], op="matmul", batch=batch)
    if isinstance(left, Tensor) and isinstance(right, Static) and len(right.shape) == 2:
        return through(machine, left, right, right.shape, -1)
    matrix = isinstance(left, Static) and len(left.shape) == 2
    if matrix and isinstance(right, Tensor) and len(right.shape) > 1:
        return through(machine, right, left, left.shape[::-1], -2)
    if isinstance(left, Static) and isinstance(right, Static):
        return machine.part(Operations).binary(machine, "@", left, right)
    if isinstance(left, Tensor) and isinstance(right, Static) and len(right.shape) == 1:
        return through_vector(machine, left, right)
    found = broadcast_product(machine, left, right)
    if found is not MISSING:
        return found
    raise Refusal(
        f"a matrix product of {_words(left)} and {_words(right)} can't be followed",
        help="of two tensors that flow, or of one with a matrix of weights",
        code="attention",
    )


def broadcast_product(machine: Machine, left: Value, right: Value) -> Value:
    """`left @ right` of one that flows with weights of three axes or more; MISSING: of others."""
    both = [each for each in (left, right) if isinstance(each, Tensor | Static)]
    ranks = [len(outer_shape(each)) for each in both]
    if len(both) < 2 or not 3 <= max(ranks) <= MAX_LETTERS or min(ranks) < 2:
        return MISSING
    front = "".join(map(chr, range(ord("a"), ord("a") + max(ranks) - 2)))
    parts, operands = [], []
    for each, matrix in zip(both, ("xy", "yz"), strict=True):
        sizes = outer_shape(each)
        part = front[len(front) + 2 - len(sizes) :] + matrix
        if isinstance(each, Static):  # an axis of size 1 is the same for each
            kept = [p for p, size in enumerate(sizes) if size != 1 or p >= len(sizes) - 2]
            part = "".join(part[place] for place in kept)
            each = seen_as(each, tuple(sizes[place] for place in kept))
        parts.append(part)
        operands.append(each)
    flows = operands[0] if isinstance(left, Tensor) else operands[1]
    if len(outer_shape(flows)) < max(ranks):
        return MISSING
    return einsum(machine, f"{parts[0]},{parts[1]}->{front}xz", *operands)


def batch_in_front(left: Tensor, right: Tensor) -> BatchAxis:
    """Where the batch stands in two tensors, if that is before the matrices."""
    batch = batch_of([left, right])
    if batch.place > len(left.sizes) - 3:
        raise Refusal(
            f"a matrix product along the batch, which stands on axis {batch.place}",
            code="batch-axis",
        )
    return batch


def order_of(machine: Machine) -> str:
    """Where the source's last axis is among those that flow: `first`, at the end as there."""
    return "last" if state_of(machine).layout == "channels-last" else "first"


def _words(value: Value) -> str:
    if not isinstance(value, Tensor | Static):
        return describe(value)
    sizes = "×".join("batch" if isinstance(n, Guest) else str(n) for n in outer_shape(value))
    return f"{'weights of ' if isinstance(value, Static) else ''}{sizes}"


def through(machine: Machine, tensor: Tensor, weights: Static, sizes: Sizes, axis: int) -> Value:
    """A tensor through a matrix of weights (inputs, outputs), along one of its axes."""
    rank = len(tensor.shape)
    if order_of(machine) == "last":
        axis = (axis + 1) % rank - rank
    if tensor.shape[axis] != sizes[0]:
        raise unlike(tensor, weights, tensor.shape[axis], sizes[0])
    owner, _ = owner_of(weights)
    layer = with_weights(tensor.shape, sizes[1], axis)
    return emit(machine, layer, [tensor], op="matmul", owner=owner, held={"weight": weights})


def unlike(tensor: Tensor, weights: Static, one: int, other: int) -> Refusal:
    """Of a product along two axes that are to have one size."""
    return Refusal(
        f"a product of {show(tensor.shape)} with weights of {show(weights.shape)}: "
        f"{one} is not {other}",
        code="branches",
    )


def through_vector(machine: Machine, tensor: Tensor, weights: Static) -> Value:
    """`x @ v` of weights: a sum along the last axis, which is gone then."""
    if outer_shape(tensor)[-1] != weights.shape[0]:
        raise unlike(tensor, weights, outer_shape(tensor)[-1], weights.shape[0])
    letters = "".join(chr(ord("a") + axis) for axis in range(len(outer_shape(tensor))))
    return einsum(machine, f"{letters},{letters[-1]}->{letters[:-1]}", tensor, weights)


def matmul(machine: Machine, input: Value, other: Value) -> Value:
    return product(machine, input, other)


def mm(machine: Machine, input: Value, mat2: Value) -> Value:
    """`torch.mm`, of two matrices."""
    check_axes("torch.mm", "two", 2, input, mat2)
    return product(machine, input, mat2)


def bmm(machine: Machine, input: Value, mat2: Value) -> Value:
    """`torch.bmm`, which takes one matrix of each sample."""
    check_axes("torch.bmm", "three", 3, input, mat2)
    return product(machine, input, mat2)


def check_axes(name: str, word: str, axes: int, *tensors: Value) -> None:
    for each in tensors:
        if isinstance(each, Tensor | Static) and len(outer_shape(each)) != axes:
            raise Refusal(
                f"`{name}` takes tensors of {word} axes, not {_words(each)}", code="branches"
            )


def baddbmm(
    machine: Machine, input: Value, batch1: Value, batch2: Value, *, beta: Value = 1,
    alpha: Value = 1,
) -> Value:  # fmt: skip
    """`beta * input + alpha * (batch1 @ batch2)`."""
    return _added(machine, input, bmm(machine, batch1, batch2), beta, alpha)


def addmm(
    machine: Machine, input: Value, mat1: Value, mat2: Value, *, beta: Value = 1, alpha: Value = 1
) -> Value:
    """`beta * input + alpha * (mat1 @ mat2)`."""
    return _added(machine, input, mm(machine, mat1, mat2), beta, alpha)


def _added(machine: Machine, input: Value, product: Value, beta: Value, alpha: Value) -> Value:
    made = _times(machine, product, alpha)
    if plain(beta) == 0:
        return made
    return machine.part(Operations).binary(machine, "+", _times(machine, input, beta), made)


def _times(machine: Machine, tensor: Value, factor: Value) -> Value:
    if plain(factor) == 1:
        return tensor
    return machine.part(Operations).binary(machine, "*", tensor, factor)


def einsum(machine: Machine, equation: Value, *operands: Value) -> Value:
    """`torch.einsum`, of one operand or two, of which one at least flows."""
    if len(operands) == 1 and isinstance(content_of(operands[0]), list | tuple):
        operands = tuple(content_of(operands[0]))
    if not isinstance(equation, str) or not 1 <= len(operands) <= 2:
        raise Refusal("an einsum of an equation and one or two tensors can be followed")
    parts, result = refusable(letters, equation, [len(outer_shape(each)) for each in operands])
    if all(isinstance(each, Static) for each in operands):
        return _of_fixed(parts, result, operands)
    if isinstance(operands[0], Static):
        parts, operands = parts[::-1], operands[::-1]
    tensors = [each for each in operands if isinstance(each, Tensor)]
    batch = batch_of(tensors)
    letter = parts[0][batch.place]
    if any(part[batch.place] != letter for part in parts[: len(tensors)]) or letter not in result:
        raise Refusal(
            f"`{equation}` has not the batch in front of each", code="batch-axis",
            help="the same first letter for each tensor and for the result",
        )  # fmt: skip
    if len(operands) > len(tensors):
        parts[1:], operands = _for_a_sample(parts[1], letter, batch, operands)
    if any(part.count(letter) > 1 for part in parts) or letter in "".join(parts[len(tensors) :]):
        raise Refusal(f"`{equation}` mixes the samples of a batch", code="batch-axis")
    after = batch._replace(front=result.index(letter) + batch.before)
    # What is one axis with the batch has letters of its own, which no operand sums over.
    within = "".join(chr(0x3B1 + number) for number in batch.merged)
    inner = [each.replace(letter, within) for each in (*parts, result)]
    plain = [type(each)(each.number, each.shape) for each in tensors]
    if len(operands) == 1:
        made = _rearranged(machine, plain[0], inner[0], inner[1])
    elif len(tensors) == 1:
        made = _with_kept(machine, equation, inner, plain[0], operands)
    else:
        made = planned(machine, (inner[0], inner[1], inner[2]), plain)
    return type(made)(made.number, made.shape, after)


def _for_a_sample(
    part: str, letter: str, batch: BatchAxis, operands: tuple[Value, ...]
) -> tuple[list[str], tuple[Value, ...]]:
    """What is fixed without its axis of the batch: `w.expand(len(x), -1, -1)` is w for each."""
    flows, fixed = operands
    place = part.find(letter)
    if place < 0 or fixed.shape[place] != outer_shape(flows)[batch.place]:
        return [part], operands
    sizes = tuple(fixed.shape[:place]) + tuple(fixed.shape[place + 1 :])
    return [part[:place] + part[place + 1 :]], (flows, seen_as(fixed, sizes))


def _of_fixed(parts: list[str], result: str, operands: Sequence[Static]) -> Static:
    """An einsum of what doesn't depend on the input: its sizes."""
    sizes = {letter: size for part, each in zip(parts, operands, strict=True)
             for letter, size in zip(part, each.shape, strict=True)}  # fmt: skip
    return Static(tuple(sizes[letter] for letter in result), sources_of(operands))


def planned(
    machine: Machine,
    parts: tuple[str, str, str],
    operands: Sequence[Tensor],
    name: str | None = None,
) -> Value:
    """A product by the letters of the axes that are kept: of each operand, of the result."""
    one, two = operands
    plan = refusable(by_letters, *parts, (one.shape, two.shape))
    sides = [_run(machine, each, layers) for each, layers in zip(operands, plan.sides, strict=True)]
    joined = emit(machine, plan.join, sides, op="einsum", name=name)
    return _run(machine, joined, plan.after)


def _run(machine: Machine, tensor: Value, layers: list[Layer]) -> Value:
    for layer in layers:
        tensor = emit(machine, layer, [tensor], op=layer.kind)
    return tensor


def _rearranged(machine: Machine, tensor: Value, part: str, result: str) -> Value:
    """An einsum of one."""
    return _run(machine, tensor, refusable(rearranged, part, result))


def _with_kept(
    machine: Machine,
    equation: str,
    parts: list[str],
    tensor: Tensor,
    operands: Sequence[Value],
) -> Value:
    """An einsum of one that flows with weights, or with other fixed numbers."""
    part, kept, result = parts
    weights = operands[1]
    if not all(isinstance(size, int) for size in weights.shape):
        raise Refusal(
            f"`{equation}` of {_words(operands[0])} and {_words(weights)} can't be followed",
            help="of two tensors that flow, or of one with a tensor of weights",
            code="attention",
        )
    shared = [letter for letter in kept if letter in part]
    matrix = len(kept) == 2 and len(shared) == 1 and shared[0] not in result
    if matrix and kept[1 - kept.index(shared[0])] in result:
        inputs = kept.index(shared[0])
        sizes = (weights.shape[inputs], weights.shape[1 - inputs])
        axis = part.index(shared[0]) - len(part)
        made = through(machine, tensor, weights, sizes, axis)
        return _rearranged(machine, made, part.replace(shared[0], kept[1 - inputs]), result)
    if set(kept) <= set(part) & set(result):  # nothing is summed over: each value times one
        tensor = _rearranged(machine, tensor, part, result)
        return machine.part(Operations).binary(machine, "*", tensor, _along(kept, result, weights))
    shapes = tensor.shape, weights.shape
    layers = refusable(with_kept_letters, part, kept, result, shapes)
    return emit_parts(machine, layers, tensor, weights)


def _along(kept: str, result: str, weights: Static) -> Static:
    """Weights with their axes in the order of the result, of size 1 where they have none."""
    order = sorted(range(len(kept)), key=lambda axis: result.index(kept[axis]))
    turned = permuted(weights, order)
    sizes = iter(turned.shape)
    return seen_as(turned, tuple(next(sizes) if letter in kept else 1 for letter in result))


def scaled_dot_product_attention(
    machine: Machine,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value = None,
    dropout_p: Value = 0.0,
    is_causal: Value = False,
    scale: Value = None,
    enable_gqa: Value = False,
) -> Value:
    """`F.scaled_dot_product_attention`: its products, scale, mask and softmax."""
    for each in (query, key, value):
        if not isinstance(each, Tensor):
            raise Refusal(f"attention works on tensors that flow, not on {_words(each)}")
    if plain(enable_gqa):
        key, value = (_for_all(machine, query, each) for each in (key, value))
    score, scaled = refusable(scaled_scores, query.shape, key.shape, plain(scale))
    batch = batch_in_front(query, key)
    scores = emit(machine, score, [query, key], op="matmul", batch=batch)
    scores = emit(machine, scaled, [scores], op="scale")
    if isinstance(attn_mask, Tensor) or (isinstance(attn_mask, Static) and attn_mask.sources):
        scores = machine.part(Operations).binary(machine, "+", scores, attn_mask)
    weights = emit(machine, KINDS["softmax"](axis=-1), [scores], op="softmax")
    weighed = refusable(multiplied, weights.shape, value.shape)
    return emit(machine, weighed, [weights, value], op="matmul", batch=batch)


def _for_all(machine: Machine, query: Tensor, each: Tensor) -> Value:
    """Keys or values of fewer heads, each for several heads of queries."""
    heads, own = query.shape[0], each.shape[0]
    if heads == own:
        return each
    if len(each.shape) != 3 or heads % own:
        raise Refusal(f"{heads} heads of queries can't share {own} of keys", code="heads")
    return _run(machine, each, repeated(each.shape, heads // own))


PRODUCTS: dict[str, Callable[..., Value]] = {
    "matmul": matmul,
    "mm": mm,
    "bmm": bmm,
    "baddbmm": baddbmm,
    "addmm": addmm,
    "einsum": einsum,
}
