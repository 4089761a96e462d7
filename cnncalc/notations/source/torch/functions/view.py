"""`view` and `reshape`: the same values in other sizes."""

from __future__ import annotations

from math import prod

from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, show
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.layer_steps import emit, emit_view
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import Value, describe
from cnncalc.symbols.products import same_product
from cnncalc.tracing.batch_axis import BatchAxis, viewed
from cnncalc.tracing.constants import seen_as
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor, one_number

__all__ = ["sizes_given", "unpiled", "view"]


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
        if isinstance(size, RunValue):
            raise size.needed("a size of this `view`")
        if not isinstance(size, int | Batch) or isinstance(size, bool):
            raise Refusal(f"{describe(size)} is no size of a `view`")
    if isinstance(tensor, Static):
        return static_view(tensor, wanted)
    if isinstance(tensor, Pile):
        tensor = unpiled(machine, tensor)
    shape, batch = seen(tensor, wanted)
    return emit_view(machine, tensor, shape, batch=batch)


def unpiled(machine: Machine, pile: Pile) -> Tensor:
    """Tensors stacked in front of the batch as one, which has the batch on axis 1."""
    front = [emit_view(machine, part, (1, *part.shape), "unsqueeze") for part in pile.parts]
    whole = emit(machine, KINDS["cat"](0), front, op="stack") if len(front) > 1 else front[0]
    return type(pile.parts[0])(whole.number, whole.shape, BatchAxis(1))


def seen(tensor: Tensor, wanted: list[Value]) -> tuple[Shape, BatchAxis]:
    """The sample's sizes that a view asks for, and where the batch is then.

    The batch may become one axis with whole axes beside it, as in `x.view(b * t, c, h, w)`.
    """
    shape, total = tensor.shape, prod(tensor.shape)
    if not wanted or wanted.count(-1) > 1:
        raise Refusal("a `view` has one -1 at most", code="view")
    batches = [place for place, size in enumerate(wanted) if isinstance(size, Batch)]
    if len(batches) > 1 or any(isinstance(size, int) and size < -1 for size in wanted):
        raise batch_first(shape, wanted)
    place = batches[0] if batches else wanted.index(-1) if -1 in wanted else None
    if place is None:
        raise batch_first(shape, wanted)
    sizes = [size for each, size in enumerate(wanted) if each != place]
    known = prod(size for size in sizes if size != -1)
    factor = wanted[place].factor if batches else total // known if known else 0
    if -1 in sizes:
        if known == 0 or total % (known * factor):
            raise not_divisible(shape, known)
        sizes[sizes.index(-1)] = total // (known * factor)
    keeps = same_product([*sizes, factor], shape)
    if not keeps or not (batches or joins_whole(tensor, sizes[place:])):
        raise wrong_total(shape, known, sizes) if place == 0 else batch_first(shape, wanted)
    found = viewed(shape, tensor.batch, sizes, place, factor)
    if found is None:
        raise batch_first(shape, wanted)
    return found


def joins_whole(tensor: Tensor, behind: list[int]) -> bool:
    """Whether a batch of unknown size (-1) in front of these is joined with whole axes.

    What cuts an axis in two, as `x.view(-1, 100)` of 16 maps of 5 by 5 does, is a mistake.
    """
    count, sizes = prod(behind), tensor.shape
    return any(prod(sizes[axis:]) == count for axis in range(len(sizes) + bool(behind)))


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


def static_view(tensor: Static, wanted: list[Value]) -> Static:
    """The same for a tensor that doesn't depend on the input."""
    factor = prod(size.factor for size in tensor.shape if isinstance(size, Batch))
    total = prod(size for size in tensor.shape if isinstance(size, int)) * factor
    known = prod(size if isinstance(size, int) else size.factor for size in wanted if size != -1)
    sizes = tuple(total // max(known, 1) if size == -1 else size for size in wanted)
    if -1 not in wanted and known != total:
        raise Refusal(f"{total} values can't be seen as {known}", code="view")
    return seen_as(tensor, sizes)
