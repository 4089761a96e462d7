"""Products of what flows with what flows: which layers they are, for every front end.

Shapes are those of samples, in the order in which the network keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.tracing.arithmetic import Part
from cnncalc.tracing.views import between

__all__ = [
    "Einsum",
    "einsum",
    "letters",
    "multiplied",
    "rearranged",
    "repeated",
    "scaled_scores",
    "swapped",
    "with_kept_letters",
]

BATCH = "batch"


def multiplied(a: Shape, b: Shape, order: str = "first", transpose: bool = False) -> Layer:
    """`a @ b` of two that flow, both with the batch in front.

    Raises:
        LayerError: they have not as many axes, so that the batch of one meets another axis.
    """
    if len(a) != len(b) or len(a) < 2:
        raise LayerError(
            f"a matrix product of {_with_batch(a)} and {_with_batch(b)} runs along the batch",
            code="batch-axis",
            help="both with as many axes, at least two behind the batch, as in `y[:, None]`",
        )
    return KINDS["matmul"](transpose, order)


def swapped(rank: int, order: str = "first") -> Layer:
    """The last two axes of a sample turned, as the source counts them."""
    axes = [*range(rank - 2), rank - 1, rank - 2]
    if order == "last":  # the last one is kept in front
        axes = [rank - 1, *range(1, rank - 1), 0]
    return KINDS["permute"](tuple(axes))


def _with_batch(shape: Shape) -> str:
    return f"batch×{show(shape)}" if shape else BATCH


def scaled_scores(queries: Shape, keys: Shape, scale: float | None) -> tuple[Layer, Layer]:
    """What scores queries (…, L, E) by keys (…, S, E), and what scales that, by 1 / √E."""
    factor = queries[-1] ** -0.5 if scale is None else scale
    return multiplied(queries, keys, transpose=True), KINDS["rescale"]((factor,))


def repeated(shape: Shape, times: int) -> list[Layer]:
    """The layers that repeat each of the first axis of a sample, as grouped queries have it."""
    heads, *rest = shape
    return [
        KINDS["unflatten"]((heads, 1), 0),
        KINDS["expand"]((heads, times, *rest)),
        KINDS["flatten"](0, 1),
    ]


class Einsum(NamedTuple):
    """An `einsum` of two that flow, as layers.

    Attributes:
        sides: those that each operand goes through first.
        join: where they meet.
        after: those behind.
    """

    sides: tuple[list[Layer], list[Layer]]
    join: Layer
    after: list[Layer]


def letters(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; dots become capital letters.

    Raises:
        LayerError: no such equation, or operands of other numbers of axes.
    """
    given, arrow, result = equation.replace(" ", "").partition("->")
    parts = given.split(",")
    if len(parts) != len(ranks):
        raise LayerError(
            f"`{equation}` is of {len(parts)} operands, and there are {len(ranks)}", code="einsum"
        )
    dots = max((rank - len(p.replace("...", "")) for p, rank in zip(parts, ranks, strict=True)
                if "..." in p), default=0)  # fmt: skip
    names = [chr(0x391 + number) for number in range(max(dots, 0))]  # Α, Β … of no alphabet in use

    def spelt(part: str, count: int) -> str:
        return part.replace("...", "".join(names[len(names) - count :] if count else ()))

    operands = []
    for part, rank in zip(parts, ranks, strict=True):
        count = rank - len(part.replace("...", ""))
        if (count and "..." not in part) or count < 0:
            raise LayerError(
                f"`{part}` of `{equation}` has letters for {len(part)} axes, and its operand "
                f"{rank}, batch included",
                code="einsum",
            )
        operands.append(spelt(part, count))
    if not arrow:
        whole = "".join(operands)
        result = "".join(names) + "".join(
            sorted(c for c in set(whole) - set(names) if whole.count(c) == 1)
        )
    else:
        result = spelt(result, len(names))
    if len(set(result)) != len(result) or set(result) - set("".join(operands)):
        raise LayerError(f"`{equation}` has no such result", code="einsum")
    return operands, result


def rearranged(part: str, result: str) -> list[Layer]:
    """An einsum of one: axes summed over, the others in another order.

    Raises:
        LayerError: a letter stands twice.
    """
    if len(set(part)) < len(part):
        raise LayerError(f"a diagonal (`{part}`) can't be followed", code="source")
    layers, left = _summed(part, set(result))
    return layers + _arranged(left, list(result))


def einsum(one: str, two: str, result: str, shapes: tuple[Shape, Shape]) -> Einsum:
    """A product of two that flow, by the letters of their axes, without the batch's.

    Letters of both and of the result are stretched over, those of both and not of the result
    summed over; without such it is a product element-wise.

    Raises:
        LayerError: sizes that differ, or a letter twice in one operand.
    """
    sizes = _sizes((one, two), shapes)
    sides: list[list[Layer]] = []
    kept = []
    for part, other in ((one, two), (two, one)):
        layers, left = _summed(part, set(other) | set(result))
        sides.append(layers)
        kept.append(left)
    a, b = kept
    both = [c for c in a if c in b]
    along = [c for c in both if c not in result]
    front = [c for c in result if c in both]
    only = [[c for c in result if c in side and c not in both] for side in kept]
    if not along:
        for layers, left in zip(sides, kept, strict=True):
            layers += _arranged(left, [c for c in result if c in left])
            whole = tuple(sizes[c] if c in left else 1 for c in result)
            layers += _reshaped(tuple(sizes[c] for c in result if c in left), whole)
        return Einsum((sides[0], sides[1]), KINDS["mul"](), [])
    groups = ((only[0], along), (along, only[1]))
    for layers, left, (rows, columns) in zip(sides, kept, groups, strict=True):
        layers += _arranged(left, [*front, *rows, *columns])
        flat = _shape(front, sizes), prod(_shape(rows, sizes)), prod(_shape(columns, sizes))
        layers += _reshaped(_shape([*front, *rows, *columns], sizes), (*flat[0], *flat[1:]))
    made = [*front, *only[0], *only[1]]
    product = (*_shape(front, sizes), prod(_shape(only[0], sizes)), prod(_shape(only[1], sizes)))
    after = _reshaped(product, _shape(made, sizes)) + _arranged(made, list(result))
    return Einsum((sides[0], sides[1]), KINDS["matmul"](), after)


def with_kept_letters(part: str, kept: str, result: str, shapes: tuple[Shape, Shape]) -> list[Part]:
    """A product of what flows with a tensor that the model keeps, by the letters of their axes.

    Letters of both and not of the result are summed over: a linear layer, or where further
    letters are in all three, a convolution of kernel 1 with a group for each place along them.

    Args:
        part: the letters of what flows, without the batch's.
        kept: those of the tensor that is kept.
        result: those of the result, without the batch's.
        shapes: the sizes of both.

    Raises:
        LayerError: sizes that differ, a letter twice in one operand, or nothing to sum over.
    """
    sizes = _sizes((part, kept), shapes)
    layers, left = _summed(part, set(kept) | set(result))
    groups = [c for c in kept if c in left and c in result]
    summed = [c for c in kept if c in left and c not in result]
    own = [c for c in kept if c not in left]
    rest = [c for c in left if c not in kept]
    if not summed or any(c not in result for c in own):
        raise LayerError("this has no axis of both to sum over, and no other", code="einsum")
    count, inputs, outputs = (prod(_shape(each, sizes)) for each in (groups, summed, own))
    if groups:
        order, made = [*groups, *summed, *rest], [*groups, *own, *rest]
        flat: Shape = (count * inputs, prod(_shape(rest, sizes)))
        layer = KINDS["conv"](count * outputs, (1,), groups=count, bias=False)
        after: Shape = (count * outputs, flat[1])
    else:
        order, made = [*rest, *summed], [*rest, *own]
        flat = (*_shape(rest, sizes), inputs)
        layer = KINDS["linear"](outputs, False, -1 if rest else None)
        after = (*flat[:-1], outputs)
    layers += _arranged(left, order) + _reshaped(_shape(order, sizes), flat)
    behind = _reshaped(after, _shape(made, sizes)) + _arranged(made, list(result))
    plain = [Part(each.kind, each) for each in (*layers, *behind)]
    plain.insert(len(layers), Part("einsum", layer, holds=True))
    return plain


def _sizes(parts: tuple[str, str], shapes: tuple[Shape, Shape]) -> dict[str, int]:
    """The size of each letter."""
    sizes: dict[str, int] = {}
    for part, shape in zip(parts, shapes, strict=True):
        if len(set(part)) < len(part):
            raise LayerError(f"a diagonal (`{part}`) can't be followed", code="einsum")
        for letter, size in zip(part, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise LayerError(
                    f"`{letter}` is {sizes[letter]} of {show(shapes[0])} and {size} of "
                    f"{show(shapes[1])}",
                    code="branches",
                    help=f"axes of {sizes[letter]} and {sizes[letter]}, or letters of their own",
                )
    return sizes


def _shape(names: Sequence[str], sizes: dict[str, int]) -> Shape:
    return tuple(sizes[name] for name in names)


def _summed(part: str, wanted: set[str]) -> tuple[list[Layer], str]:
    """What sums over the letters that nothing else has, and those that are left."""
    gone = tuple(axis for axis, letter in enumerate(part) if letter not in wanted)
    if not gone:
        return [], part
    left = "".join(letter for letter in part if letter in wanted)
    return [KINDS["reduce"](by="sum", axes=gone, keep=False)], left


def _arranged(letters: Sequence[str], wanted: Sequence[str]) -> list[Layer]:
    """The axes in another order, if it is another."""
    if list(letters) == list(wanted):
        return []
    return [KINDS["permute"](tuple(list(letters).index(each) for each in wanted))]


def _reshaped(shape: Shape, target: Shape) -> list[Layer]:
    layer = between(shape, target)
    return [] if layer is None else [layer]
