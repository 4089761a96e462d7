"""`view` and `reshape`: the same values in other sizes, the batch in front."""

from __future__ import annotations

from math import prod

from cnncalc.layers.base import Shape, show
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_steps import emit
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.constants import seen_as
from cnncalc.tracing.tensors import Batch, Static, Tensor, one_number
from cnncalc.tracing.views import between

__all__ = ["emit_view", "sizes_given", "view"]


def sizes_given(machine: Machine, sizes: tuple[Value, ...]) -> list[Value]:
    """Sizes as separate arguments or as one sequence."""
    if len(sizes) == 1 and isinstance(content_of(sizes[0]), list | tuple):
        sizes = tuple(listed(machine, sizes[0]))
    return [one_number(size) for size in sizes]


def view(machine: Machine, tensor: Value, *sizes: Value, **options: Value) -> Value:
    """`view` and `reshape`: the batch must stay in front."""
    wanted = sizes_given(machine, (*sizes, *options.values()))
    if len(wanted) == 1 and isinstance(wanted[0], Static | Tensor):
        wanted = list(outer_shape(wanted[0]))
    for size in wanted:
        if not isinstance(size, int | Batch) or isinstance(size, bool):
            raise Refusal(f"{describe(size)} is no size of a `view`")
    if isinstance(tensor, Static):
        return static_view(tensor, wanted)
    shape = viewed(tensor.shape, wanted)
    return emit_view(machine, tensor, shape)


def viewed(shape: Shape, wanted: list[Value]) -> Shape:
    """The sizes after the batch that a view asks for; Refusal where the batch doesn't stay."""
    total = prod(shape)
    if not wanted or wanted.count(-1) > 1:
        raise Refusal("a `view` has one -1 at most", code="view")
    first, *rest = wanted
    if any(isinstance(size, Batch) for size in rest) or any(
        isinstance(size, int) and size < -1 for size in wanted
    ):
        raise batch_first(shape, wanted)
    known = prod(size for size in rest if size != -1)
    one_batch = isinstance(first, Batch) and first.factor == 1
    if one_batch and -1 in rest:
        if known == 0 or total % known:
            raise not_divisible(shape, known)
        return tuple(total // known if size == -1 else size for size in rest)
    if one_batch or first == -1:
        if known != total:
            raise wrong_total(shape, known, rest)
        return tuple(rest)
    raise batch_first(shape, wanted)


def wrong_total(shape: Shape, known: int, rest: list[Value]) -> Refusal:
    """A view whose sizes hold another number of values than a sample has."""
    total = prod(shape)
    if len(rest) == 1:
        advice = f"the number that keeps it is {total}"
    else:
        advice = f"sizes after the batch whose product is {total}"
    text = show(shape) if len(shape) > 1 else ""
    return Refusal(
        f"this view doesn't keep the batch: a sample has {f'{text} = ' if text else ''}{total} "
        f"values, not {show(tuple(rest)) + ' = ' if len(rest) > 1 else ''}{known}",
        help=advice,
        code="view",
    )


def not_divisible(shape: Shape, known: int) -> Refusal:
    return Refusal(
        f"a sample has {show(shape)} = {prod(shape)} values, which {known} doesn't divide",
        code="view",
    )


def batch_first(shape: Shape, wanted: list[Value]) -> Refusal:
    return Refusal(
        "this view doesn't keep the batch in front"
        + (f": its first size is the number {wanted[0]}" if isinstance(wanted[0], int) else ""),
        help="the first size is `x.size(0)` or -1, and the others hold the "
        f"{prod(shape)} values of a sample, as in `x.view(x.size(0), -1)`",
        code="view",
    )


def emit_view(machine: Machine, tensor: Tensor, shape: Shape, op: str = "view") -> Value:
    """The same values in another shape, as one step; none where the shape is the same."""
    layer = between(tensor.shape, shape)
    if layer is None:
        return type(tensor)(tensor.number, shape)
    return emit(machine, layer, [tensor], op=op)


def static_view(tensor: Static, wanted: list[Value]) -> Static:
    """The same for a tensor that doesn't depend on the input."""
    factor = prod(size.factor for size in tensor.shape if isinstance(size, Batch))
    total = prod(size for size in tensor.shape if isinstance(size, int)) * factor
    known = prod(size if isinstance(size, int) else size.factor for size in wanted if size != -1)
    sizes = tuple(total // max(known, 1) if size == -1 else size for size in wanted)
    if -1 not in wanted and known != total:
        raise Refusal(f"{total} values can't be seen as {known}", code="view")
    return seen_as(tensor, sizes)
