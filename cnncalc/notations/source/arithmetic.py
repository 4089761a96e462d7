"""Arithmetic with tensors: `+ - * / ** @`, between what flows, weights and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_steps import batch_of, emit, emit_view
from cnncalc.notations.source.products import product
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import Value, describe
from cnncalc.tracing.arithmetic import with_kept, with_number
from cnncalc.tracing.arrays import MAX_NUMBERS, is_small
from cnncalc.tracing.constants import combined
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor, one_number
from cnncalc.tracing.weights import Held

__all__ = ["owner_of", "size_text", "sizes_without_batch", "tensor_operator"]

WORDS = {"+": "add", "*": "mul", "-": "sub", "/": "div", "**": "pow", "@": "matmul"}
WORDS |= {"//": "floordiv", "%": "mod"}
MERGES = ("+", "*", "-", "/")


def tensor_operator(machine: Machine, sign: str, left: Value, right: Value) -> Value:
    """`left sign right` where at least one is a tensor."""
    left, right = (Static(()) if isinstance(each, RunValue) else each for each in (left, right))
    flowing = [each for each in (left, right) if isinstance(each, Tensor)]
    if not flowing and sign in WORDS:
        return static_operator(machine, sign, left, right)
    if sign not in (*MERGES, "**", "@"):
        raise Refusal(f"`{sign}` between tensors can't be followed")
    if sign == "@":
        return product(machine, left, right)
    if len(flowing) == 2:
        return merged(machine, sign, [left, right])
    other = right if flowing[0] is left else left
    if isinstance(other, Static) and not (other.values and len(other.values) == 1):
        return learned(machine, sign, flowing[0], other, other is left)
    number = one_number(other)
    if not isinstance(number, int | float):
        raise Refusal(f"`{sign}` can't be worked out between a tensor and {describe(other)}")
    return scaled(machine, sign, flowing[0], float(number), other is left)


def merged(machine: Machine, sign: str, tensors: list[Value]) -> Value:
    """Flowing tensors joined element-wise."""
    if sign not in MERGES:
        raise Refusal(f"`{sign}` between two tensors can't be followed")
    lined_up = [in_line(machine, each, tensors) for each in tensors]
    if None in lined_up:
        shapes = " and ".join("×".join(map(size_text, outer_shape(each))) for each in tensors)
        raise Refusal(
            f"`{sign}` between {shapes}: PyTorch lines up last axes, so the batch of one would "
            "meet another axis of the other",
            help="give both as many axes, as in `y[:, :, None, None]`",
            code="branches",
        )
    return emit(machine, KINDS[WORDS[sign]](), lined_up, op=WORDS[sign], batch=batch_of(lined_up))


def in_line(machine: Machine, tensor: Tensor, tensors: Sequence[Tensor]) -> Tensor | None:
    """A tensor with as many axes as others have, in front; None: its batch meets no batch."""
    longest = max(tensors, key=lambda each: len(each.sizes))
    missing = len(longest.sizes) - len(tensor.sizes)
    if tensor.batch.place + missing != longest.batch.place:
        return None
    if not missing:
        return tensor
    batch = tensor.batch._replace(front=tensor.batch.front + missing)
    shape = (1,) * missing + tensor.shape
    stretched: Tensor = emit_view(machine, tensor, shape, "unsqueeze", batch)
    return stretched


def scaled(machine: Machine, sign: str, tensor: Tensor, number: float, reverse: bool) -> Value:
    """A tensor and a number."""
    try:
        parts = with_number(WORDS[sign], number, reverse)
    except LayerError as error:
        raise Refusal(error.message, code=error.code) from None
    for part in parts:
        tensor = emit(machine, part.layer, [tensor], op=part.word)
    return tensor


def learned(machine: Machine, sign: str, tensor: Tensor, static: Static, reverse: bool) -> Value:
    """A tensor and weights of its own: a step that holds them."""
    if sign not in MERGES:
        raise Refusal(f"`{sign}` between a tensor and weights can't be followed")
    sizes = sizes_without_batch(tensor, static)
    sizes = machine.part(tensor.operations).inner_sizes(machine, sizes)
    owner, role = owner_of(static)
    held: Held = {"weight": static}
    batch = tensor.batch
    for part in with_kept(WORDS[sign], tensor.shape, sizes, role, reverse):
        whose, what = (owner, held) if part.holds else (None, None)
        tensor = emit(
            machine, part.layer, [tensor], op=part.word, owner=whose, held=what, batch=batch
        )
    return tensor


def owner_of(static: Static) -> tuple[Parameter | None, str]:
    """The tensor that a step which holds this is named after, and its role."""
    learned_ones = [each for each in static.sources if each.role == "parameter"]
    owner = next(iter(learned_ones or static.sources), None)
    return owner, owner.role if owner is not None else "constant"


def sizes_without_batch(tensor: Tensor, static: Static) -> tuple[int, ...]:
    """The sizes of a weight beside a flowing tensor, without what stands on the batch."""
    rank, place = len(tensor.sizes), tensor.batch.place
    sizes = (1,) * (rank - len(static.shape)) + tuple(static.shape)
    if len(sizes) > rank or sizes[place] not in (1, tensor.sizes[place]):
        raise Refusal(
            f"weights of {'×'.join(map(size_text, static.shape))} don't fit a batch of "
            f"{show(tensor.shape)}",
            code="branches",
        )
    return (*sizes[:place], *(1 for _ in tensor.batch.merged), *sizes[place + 1 :])


def size_text(size: Value) -> str:
    return "batch" if isinstance(size, Batch) else str(size)


def broadcast(one: tuple[Value, ...], two: tuple[Value, ...]) -> tuple[Value, ...]:
    """The common shape of two, axes of size 1 stretched."""
    rank = max(len(one), len(two))
    sizes = []
    for a, b in zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(two)) + two, strict=True):
        if a != b and 1 not in (a, b):
            raise Refusal(f"tensors with axes of {size_text(a)} and {size_text(b)} don't fit")
        sizes.append(b if a == 1 else a)
    return tuple(sizes)


def static_operator(machine: Machine, sign: str, left: Value, right: Value) -> Value:
    """Tensors that don't depend on the input, with their numbers where they are known."""
    for each in (left, right):
        if not isinstance(each, Static | int | float):
            raise Refusal(f"`{sign}` can't be worked out between a tensor and {describe(each)}")
    shapes = [outer_shape(each) if isinstance(each, Static) else () for each in (left, right)]
    sources = tuple(s for each in (left, right) if isinstance(each, Static) for s in each.sources)
    machine.budget.spend(len(sources))
    if sign == "@":
        return Static((*shapes[0][:-1], *shapes[1][1:]), sources)
    shape = broadcast(*shapes)
    values, whole = None, False
    known = all(each.values is not None for each in (left, right) if isinstance(each, Static))
    if known and (shape in shapes or is_small(shape)):
        machine.budget.spend(4 * min(prod(s for s in shape if type(s) is int), MAX_NUMBERS))
        try:
            values, whole = combined(WORDS[sign], [left, right], shape)
        except ArithmeticError:
            raise Refusal("these numbers have no result") from None
        except TypeError:  # the batch is among them
            pass
    return Static(shape, tuple(dict.fromkeys(sources)), values, whole and values is not None)
