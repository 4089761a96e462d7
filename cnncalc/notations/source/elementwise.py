"""Arithmetic with tensors: `+ - * / ** @`, between what flows, weights and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.source.figures import MAX_FIGURES, stretched
from cnncalc.notations.source.flowing import Batch, Static, Tensor, one_number
from cnncalc.notations.source.keras_state import keras_of
from cnncalc.notations.source.record import Held
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.tensors import outer_shape
from cnncalc.notations.source.trace import emit
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe

__all__ = ["learned", "product", "single", "size_text", "tensor_operator"]

MERGES = {"+": "add", "*": "mul", "-": "sub", "/": "div"}
WORDS = {"+": "add", "*": "mul", "-": "sub", "/": "div", "**": "pow", "@": "matmul"}


def tensor_operator(machine: Machine, sign: str, left: Value, right: Value) -> Value:
    """`left sign right` where at least one is a tensor."""
    flowing = [each for each in (left, right) if isinstance(each, Tensor)]
    if not flowing and sign in (*WORDS, "//", "%"):
        return static_operator(machine, sign, left, right)
    if sign not in WORDS:
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
    """Flowing tensors joined value by value."""
    if sign not in MERGES:
        raise Refusal(f"`{sign}` between two tensors can't be followed")
    ranks = {len(each.shape) for each in tensors}
    if len(ranks) > 1:
        shapes = " and ".join("×".join(map(size_text, outer_shape(each))) for each in tensors)
        raise Refusal(
            f"`{sign}` between {shapes}: PyTorch lines up last axes, so the batch of one would "
            "meet another axis of the other",
            help="give both as many axes, as in `y[:, :, None, None]`",
            code="branches",
        )
    return emit(machine, KINDS[MERGES[sign]](), tensors, op=MERGES[sign])


def scaled(machine: Machine, sign: str, tensor: Tensor, number: float, reverse: bool) -> Value:
    """A tensor and a number."""
    op = WORDS[sign]
    if sign == "**" and not reverse:
        return emit(machine, KINDS["power"](number), [tensor], op=op)
    if sign == "/" and reverse:
        tensor = emit(machine, KINDS["reciprocal"](), [tensor], op="reciprocal")
        return emit(machine, KINDS["rescale"](number), [tensor], op=op)
    factor, offset = 1.0, 0.0
    if sign == "*":
        factor = number
    elif sign == "/":
        if number == 0:
            raise Refusal("this divides a tensor by zero")
        factor = 1 / number
    elif sign == "+":
        offset = number
    elif sign == "-":
        factor, offset = (-1.0, number) if reverse else (1.0, -number)
    else:
        raise Refusal("a number to the power of a tensor can't be followed")
    return emit(machine, KINDS["rescale"]((factor,), (offset,)), [tensor], op=op)


def learned(machine: Machine, sign: str, tensor: Tensor, static: Static, reverse: bool) -> Value:
    """A tensor and weights of its own: a step that holds them."""
    if sign not in MERGES:
        raise Refusal(f"`{sign}` between a tensor and weights can't be followed")
    sizes = sizes_without_batch(tensor, static)
    if state_of(machine).notation == "keras":
        sizes = keras_of(machine).frame.sizes(sizes)
    sources = {id(each): each for each in static.sources}
    learned_ones = [each for each in sources.values() if each.role == "parameter"]
    owner = next(iter(learned_ones or sources.values()), None)
    role = owner.role if owner is not None else "constant"
    shape: tuple[int, ...] | None = trimmed(sizes) or None
    if sign == "*" and sizes[:1] == tensor.shape[:1] == (prod(sizes),):
        shape = None  # one value for each channel
    if reverse and sign in "-/":
        how = KINDS["rescale"](-1.0) if sign == "-" else KINDS["reciprocal"]()
        tensor = emit(machine, how, [tensor], op="neg" if sign == "-" else "reciprocal")
    layer = KINDS["shift" if sign in "+-" else "scale"](shape, role)
    held: Held = {"weight": static}
    return emit(machine, layer, [tensor], op=WORDS[sign], owner=owner, held=held)


def trimmed(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Sizes without the ones in front, which say nothing."""
    place = next((place for place, size in enumerate(sizes) if size != 1), len(sizes) - 1)
    return sizes[place:]


def sizes_without_batch(tensor: Tensor, static: Static) -> tuple[int, ...]:
    """The sizes of a weight beside a flowing tensor, without what stands on the batch."""
    rank = len(tensor.shape) + 1
    sizes = tuple(static.shape)
    if len(sizes) > rank or (len(sizes) == rank and sizes[0] not in (1, Batch())):
        raise Refusal(
            f"weights of {'×'.join(map(size_text, sizes))} don't fit a batch of "
            f"{show(tensor.shape)}",
            code="branches",
        )
    sizes = (1,) * (rank - len(sizes)) + sizes
    return tuple(sizes[1:])


def size_text(size: Value) -> str:
    return "batch" if isinstance(size, Batch) else str(size)


def product(machine: Machine, left: Value, right: Value) -> Value:
    """`x @ W`: a linear layer without bias; two flowing tensors are refused."""
    if isinstance(left, Tensor) and isinstance(right, Static) and len(right.shape) == 2:
        if left.shape[-1:] != right.shape[:1]:
            raise Refusal(
                f"a product of {show(left.shape)} with weights of {show(right.shape)}: "
                f"{left.shape[-1]} is not {right.shape[0]}",
                code="branches",
            )
        layer = KINDS["linear"](right.shape[1], False, -1)
        owner = right.sources[0] if right.sources else None
        return emit(machine, layer, [left], op="matmul", owner=owner, held={"weight": right})
    raise Refusal(
        "a matrix product of two tensors, as attention has it, can't be followed",
        help="networks of convolutions, pools, linear and elementwise layers are read",
        code="attention",
    )


def broadcast(one: tuple[Value, ...], two: tuple[Value, ...]) -> tuple[Value, ...]:
    """The common shape of two, axes of size 1 stretched."""
    rank = max(len(one), len(two))
    sizes = []
    for a, b in zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(two)) + two, strict=True):
        if a != b and 1 not in (a, b):
            raise Refusal(f"tensors with axes of {size_text(a)} and {size_text(b)} don't fit")
        sizes.append(b if a == 1 else a)
    return tuple(sizes)


NUMERIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b if abs(b) < 100 and abs(a) < 1e6 else math.inf,
}


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
    values = static_values(machine, sign, [left, right], shape)
    whole = (
        values is not None
        and sign in ("+", "-", "*", "//", "%")
        and all(
            isinstance(each, int) or (isinstance(each, Static) and each.whole)
            for each in (left, right)
        )
    )
    return Static(shape, tuple(dict.fromkeys(sources)), values, whole)


def static_values(
    machine: Machine, sign: str, sides: list[Value], shape: tuple[Value, ...]
) -> list[float] | None:
    """The numbers of a result, as float32 has them."""
    machine.budget.spend(4 * min(prod(s for s in shape if isinstance(s, int)), MAX_FIGURES))
    lists = []
    for each in sides:
        known = each.values if isinstance(each, Static) else [each]
        size = each.shape if isinstance(each, Static) else ()
        lists.append(None if known is None else stretched(known, size, shape))
    one, two = lists
    if one is None or two is None or sign not in NUMERIC:
        return None
    try:
        return [single(NUMERIC[sign](a, b)) for a, b in zip(one, two, strict=True)]
    except (ZeroDivisionError, OverflowError):
        raise Refusal("these numbers have no result") from None
    except TypeError:  # the batch is among them
        return None


def single(value: float) -> float:
    """A number as float32 keeps it, as torch computes with it."""
    import struct

    if isinstance(value, int) and abs(value) < 2**24:
        return value
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.inf if value > 0 else -math.inf
