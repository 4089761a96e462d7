"""Parts of tensors: indexing, chunk, split."""

from __future__ import annotations

from cnncalc.notations.source.axes import axis_of, inner_axis, outer_shape
from cnncalc.notations.source.entries import entries, places_of
from cnncalc.notations.source.layer_steps import emit_view
from cnncalc.notations.source.longer import in_order
from cnncalc.notations.source.slices import check_bounds, cut, taken
from cnncalc.notations.source.torch.functions.shapes import unsqueeze
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method
from cnncalc.python.items import get_item
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.open_numbers import how_often
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import picked
from cnncalc.tracing.slices import Piece, piece_of, runs
from cnncalc.tracing.tensors import Pile, Static, Tensor, one_number

__all__ = ["SLICING", "chosen", "tensor_item"]


def tensor_item(machine: Machine, tensor: Value, index: Value) -> Value:
    """`tensor[index]`: slices, numbers, `...` and None."""
    if isinstance(tensor, Pile):
        return get_item(machine, tensor.parts, index)
    parts = list(index) if isinstance(index, tuple) else [index]
    rank = len(outer_shape(tensor))
    named = sum(part is not None and part is not ... for part in parts)
    if named > rank:
        raise raised("IndexError", f"too many indices for a tensor of {rank} axes")
    if ... in [part for part in parts if part is ...]:
        place = next(i for i, part in enumerate(parts) if part is ...)
        parts[place : place + 1] = [slice(None)] * (rank - named)
    if isinstance(tensor, Static):
        return static_item(machine, tensor, parts)
    return flowing_item(machine, tensor, parts)


def is_whole(part: Value) -> bool:
    return (
        isinstance(part, slice)
        and part.start in (None, 0)
        and part.stop is None
        and (part.step in (None, 1))
    )


def flowing_item(machine: Machine, tensor: Tensor, parts: list[Value]) -> Value:
    """Parts of the axes; a number also takes its axis away, None adds one."""
    if sum(isinstance(part, list | tuple | Static) for part in parts) > 1:
        raise Refusal("several lists of positions are taken in pairs, which can't be followed")
    result: Value = tensor
    kept: dict[int, Piece] = {}  # of the sample's axes looked at since the last step
    dropped: list[int] = []
    for axis, part in enumerate(parts):
        if part is None or isinstance(part, list | tuple | Static):
            result = cut(machine, result, kept)
            kept = {}
        if part is None:
            result = unsqueeze(machine, result, axis)
            continue
        inner = result.batch.inner(axis)
        if inner is None:
            check_whole(part)
        elif isinstance(part, list | tuple | Static):
            result = chosen(machine, result, axis, places_of(machine, part, result.shape[inner]))
        else:
            kept[inner] = taken(part, result.shape[inner])
            dropped += [inner] if isinstance(part, int) else []
    result = cut(machine, result, kept)
    if not dropped:
        return result
    shape = tuple(size for place, size in enumerate(result.shape) if place not in dropped)
    return emit_view(machine, result, shape, "getitem", result.batch.without(dropped))


def check_whole(part: Value) -> None:
    """Refuse a part of the batch."""
    if not is_whole(part):
        raise Refusal(
            "this takes a part of the batch, which can't be followed",
            help="a part of the channels is `x[:, :8]`",
            code="batch-axis",
        )


def chosen(machine: Machine, tensor: Tensor, axis: int, places: list[int]) -> Value:
    """Places along an axis in an order of their own."""
    return in_order(machine, tensor, inner_axis(tensor, axis, "index_select"), axis, runs(places))


def static_item(machine: Machine, tensor: Static, parts: list[Value]) -> Static:
    """The same for weights and constants."""
    first = parts[0] if len(parts) == 1 else None
    if isinstance(first, list) or (isinstance(first, Static) and not first.mask):
        return entries(machine, tensor, first)
    sizes: list[Value] = []
    rest = list(tensor.shape)
    looked_up: Static | None = None
    for part in parts:
        if part is None:
            sizes.append(1)
        elif isinstance(part, slice) and isinstance(rest[0], int):
            sizes.append(count_of(part, rest.pop(0)))
        elif isinstance(part, slice):
            sizes.append(rest.pop(0))
        elif isinstance(part, Static) and not part.mask and looked_up is None:
            looked_up = part
            sizes += in_bounds(part, rest.pop(0)).shape
        elif isinstance(part, int):
            size = rest.pop(0)
            if isinstance(size, int) and not -size <= part < size:
                raise raised("IndexError", f"index {part} is out of an axis of {size}")
        else:
            raise Refusal(f"an index of {describe(part)} can't be followed")
    values = tensor.values if looked_up is None and all(map(is_same, parts)) else None
    if values is not None:
        machine.budget.spend(2 * len(values))
        values = picked(values, tensor.shape, parts)
    part = Static((*sizes, *rest), tensor.sources, values, tensor.whole, tensor.fill)
    part.part_of, part.ends = tensor, tensor.ends
    return part


def count_of(part: slice, size: int) -> int:
    """How many places of an axis a slice leaves, backwards as well; perhaps none."""
    check_bounds(part)
    if is_same(part) and not is_open(size):
        first, stop, step = part.indices(size)
        return len(range(first, stop, step))
    if part.step is None or part.step > 0:
        return piece_of(part, size).size
    if part.start is None and part.stop is None:
        backwards: int = -(-size // -part.step)
        return backwards
    raise Refusal("a slice that goes backwards between sizes can't be followed")


def is_same(part: Value) -> bool:
    """Whether a part of an axis is the same at each size of the input."""
    parts = (part.start, part.stop, part.step) if isinstance(part, slice) else (part,)
    return not any(map(is_open, parts))


def in_bounds(places: Static, size: Value) -> Static:
    """The places that are looked up along an axis, where they are known held against its size."""
    wrong = [
        each
        for each in places.values or places.ends or ()
        if isinstance(each, float) or (isinstance(size, int) and not -size <= each < size)
    ]
    if wrong:
        raise raised("IndexError", f"index {wrong[0]} is out of an axis of {size}")
    return places


def chunk(machine: Machine, tensor: Value, chunks: Value, dim: Value = 0) -> Value:
    """Equal parts along an axis; the last may be smaller, as torch has it."""
    size = part_size(tensor, dim, "chunk")
    if not isinstance(chunks, int) or chunks < 1:
        raise Refusal("`chunk` takes a number of parts")
    part = -(-size // chunks)
    if is_open(part):
        return split(machine, tensor, equal_parts(size, part, how_often(chunks)), dim)
    return split(machine, tensor, part, dim)


def equal_parts(total: int, part: int, most: int) -> list[int]:
    """The sizes of parts, at most so many, of which the last may be smaller."""
    sizes: list[int] = []
    while len(sizes) < most and total > part:
        sizes.append(part)
        total -= part
    return [*sizes, total]


def part_size(tensor: Value, dim: Value, what: str) -> int:
    if isinstance(tensor, Tensor):
        return tensor.shape[inner_axis(tensor, dim, what)]
    size = outer_shape(tensor)[axis_of(tensor, dim)]
    if not isinstance(size, int):
        raise Refusal("the size of the batch isn't known", code="batch")
    return size


def split(
    machine: Machine, tensor: Value, split_size: Value = None, dim: Value = 0, **options: Value
) -> Value:
    """Parts of one size, or of the sizes given."""
    total = part_size(tensor, dim, "split")
    sizes = options.get("split_size_or_sections", split_size)
    if isinstance(sizes, int) and sizes > 0:
        count = how_often(-(-total // sizes))
        check_count(count)
        sizes = equal_parts(total, sizes, count)
    sizes = listed(machine, sizes)
    if not all(isinstance(size, int) for size in sizes) or sum(sizes) != total:
        raise Refusal(
            f"parts of {', '.join(map(str, sizes))} don't add up to {total}", code="slice"
        )
    parts, start = [], 0
    for size in sizes:
        parts.append(narrow(machine, tensor, dim, start, size))
        start += size
    return tuple(parts)


def tensor_split(
    machine: Machine,
    tensor: Value,
    indices_or_sections: Value = None,
    dim: Value = 0,
    **options: Value,
) -> Value:
    """Parts between the places given, or so many that are as equal as may be."""
    total = part_size(tensor, dim, "tensor_split")
    cuts = options.get("indices", options.get("sections", indices_or_sections))
    if isinstance(cuts, int) and cuts > 0:
        check_count(cuts)
        cuts = how_often(cuts)
        large = total % cuts
        places = [n * (total // cuts) + min(n, large) for n in range(1, cuts)]
    else:
        places = [one_number(each) for each in listed(machine, cuts)]
        if not all(isinstance(each, int) for each in places):
            raise Refusal("`tensor_split` takes places, or a number of parts")
    ends = [piece_of(slice(0, place), total).size for place in places]
    pairs = zip([0, *ends], [*ends, total], strict=True)
    return tuple(narrow(machine, tensor, dim, start, stop - start) for start, stop in pairs)


def narrow(machine: Machine, tensor: Value, dim: Value, start: Value, length: Value) -> Value:
    axis = axis_of(tensor, dim)
    part = slice(start, start + length)
    return tensor_item(machine, tensor, (*[slice(None)] * axis, part))


def select(machine: Machine, tensor: Value, dim: Value, index: Value) -> Value:
    axis = axis_of(tensor, dim)
    if isinstance(tensor, Pile) and axis == 0:
        return tensor.item(machine, index)
    return tensor_item(machine, tensor, (*[slice(None)] * axis, index))


def unbind(machine: Machine, tensor: Value, dim: Value = 0) -> Value:
    if isinstance(tensor, Pile) and dim == 0:
        return tuple(tensor.parts)
    size = part_size(tensor, dim, "unbind")
    check_count(size)
    return tuple(select(machine, tensor, dim, place) for place in range(how_often(size)))


SLICING: dict[str, Method] = {
    "chunk": chunk,
    "split": split,
    "tensor_split": tensor_split,
    "narrow": narrow,
    "narrow_copy": narrow,
    "select": select,
    "index_select": select,
    "unbind": unbind,
}
