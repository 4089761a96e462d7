"""einops's functions: patterns of named axes as the framework's own moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.products import refusable
from cnncalc.notations.source.state import state_of
from cnncalc.python.functions import simple
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value, describe
from cnncalc.tracing.arrays import Sizes
from cnncalc.tracing.axis_names import as_letters, check, named_sizes, planned, sides
from cnncalc.tracing.tensors import Batch, Pile, Static, Tensor, one_number

__all__ = ["EINOPS"]

# What does the work in each framework.
MOVES = {
    "keras": {
        "reshape": "keras.ops.reshape",
        "permute": "keras.ops.transpose",
        "expand": "keras.ops.broadcast_to",
        "stack": "keras.ops.stack",
        "cat": "keras.ops.concatenate",
        "einsum": "keras.ops.einsum",
        **{how: f"keras.ops.{how}" for how in ("max", "min", "sum", "mean", "prod")},
    },
    "pytorch": {
        "reshape": "torch.reshape",
        "permute": "torch.permute",
        "expand": "torch.broadcast_to",
        "stack": "torch.stack",
        "cat": "torch.cat",
        "einsum": "torch.einsum",
        **{how: f"torch.{how}" for how in ("sum", "mean", "prod")},
        "max": "torch.amax",
        "min": "torch.amin",
    },
}
REDUCTIONS = ("min", "max", "sum", "mean", "prod", "any", "all")


def move(machine: Machine, name: str, *args: Value) -> Value:
    """One of the framework's own functions on tensors."""
    framework = "keras" if state_of(machine).notation == "keras" else "pytorch"
    return machine.call(machine.library(MOVES[framework][name]), list(args), {})


def sizes_of(machine: Machine, tensor: Value) -> Sizes:
    """A tensor's sizes, with that of the batch."""
    if not isinstance(tensor, Tensor | Static | Pile):
        raise Refusal(f"einops works on tensors, not on {describe(tensor)}")
    if not isinstance(tensor, Tensor):
        return outer_shape(tensor)
    sizes = tensor.attribute(machine, "shape")
    return tuple(Batch() if size is None else size for size in sizes)


def transformed(operation: str, machine: Machine, tensor: Value, pattern: Value,
                lengths: dict[str, Value], reduction: Value = None) -> Value:  # fmt: skip
    """A tensor, or a list of them as one, by a pattern: split, reduced, moved, repeated, joined."""
    given = content_of(tensor)
    if isinstance(given, list):
        tensor = move(machine, "stack", listed(machine, tensor), 0)
    if not isinstance(pattern, str):
        raise Refusal(f"a pattern is a text, not {describe(pattern)}")
    sizes = {name: one_number(size) for name, size in lengths.items()}
    for name, size in sizes.items():
        if not isinstance(size, int | Batch) or isinstance(size, bool):
            raise Refusal(f"{describe(size)} is no size of `{name}`")
        if isinstance(size, int):
            check_count(size)
    shape = sizes_of(machine, tensor)
    machine.budget.spend(len(pattern))
    plan = refusable(planned, pattern, operation, shape, sizes)
    if plan.split != shape:
        tensor = move(machine, "reshape", tensor, plan.split)
    if plan.gone:
        tensor = reduced(machine, tensor, reduction, plan.gone)
    if plan.order != tuple(range(len(plan.order))):
        tensor = move(machine, "permute", tensor, plan.order)
    if plan.added:
        tensor = longer(machine, tensor, plan.added)
    return (
        tensor
        if plan.joined == sizes_of(machine, tensor)
        else move(machine, "reshape", tensor, plan.joined)
    )


def longer(machine: Machine, tensor: Value, added: Sequence[tuple[int, Value]]) -> Value:
    """A tensor with new axes, along which it is the same everywhere."""
    ones, whole = list(sizes_of(machine, tensor)), list(sizes_of(machine, tensor))
    for place, size in added:
        ones.insert(place, 1)
        whole.insert(place, size)
    tensor = move(machine, "reshape", tensor, tuple(ones))
    return tensor if ones == whole else move(machine, "expand", tensor, tuple(whole))


def reduced(machine: Machine, tensor: Value, reduction: Value, axes: tuple[int, ...]) -> Value:
    """A reduction by name, or by a function of a tensor and axes."""
    if not isinstance(reduction, str):
        return machine.call(reduction, [tensor, axes], {})
    if reduction in ("any", "all"):
        raise Refusal(f"a reduction by `{reduction}` can't be followed")
    return move(machine, reduction, tensor, axes)


def rearrange(machine: Machine, tensor: Value, pattern: Value, **axes_lengths: Value) -> Value:
    return transformed("rearrange", machine, tensor, pattern, axes_lengths)


def reduce(
    machine: Machine, tensor: Value, pattern: Value, reduction: Value, **axes_lengths: Value
) -> Value:
    check_reduction(reduction)
    return transformed("reduce", machine, tensor, pattern, axes_lengths, reduction)


def check_reduction(reduction: Value) -> None:
    if isinstance(reduction, str) and reduction not in REDUCTIONS:
        words = ", ".join(f"'{each}'" for each in REDUCTIONS)
        raise Refusal(f"there is no reduction '{reduction}'", help=f"one of {words}", code="einops")


def prepared(machine: Machine, pattern: Value, operation: Value, lengths: Value) -> Value:
    """A layer's pattern, checked as far as that goes without a tensor."""
    if not isinstance(pattern, str):
        raise Refusal(f"a pattern is a text, not {describe(pattern)}")
    if operation != "rearrange":
        check_reduction(operation)
        operation = "reduce"
    refusable(check, operation, *refusable(sides, pattern), lengths)
    return pattern


def repeat(machine: Machine, tensor: Value, pattern: Value, **axes_lengths: Value) -> Value:
    return transformed("repeat", machine, tensor, pattern, axes_lengths)


def einsum(machine: Machine, *tensors_and_pattern: Value) -> Value:
    """`einops.einsum(x, y, 'b i d, b j d -> b i j')`."""
    *tensors, pattern = tensors_and_pattern
    if not isinstance(pattern, str):
        raise Refusal("`einops.einsum` takes the pattern last")
    return move(machine, "einsum", refusable(as_letters, pattern), *tensors)


def parse_shape(machine: Machine, x: Value, pattern: Value) -> dict[str, Value]:
    """The sizes of a tensor by the names of its axes."""
    found: dict[str, Value] = refusable(named_sizes, pattern, sizes_of(machine, x))
    return found


def around(pattern: Value) -> tuple[int, int]:
    """How many axes stand before and after the `*` of `pack` and `unpack`."""
    names = pattern.split() if isinstance(pattern, str) else []
    if names.count("*") != 1 or not all(name == "*" or name.isidentifier() for name in names):
        raise Refusal(
            f"{describe(pattern)} is no pattern of names and one `*`",
            help="as in `b * d`",
            code="einops",
        )
    return names.index("*"), len(names) - 1 - names.index("*")


def pack(machine: Machine, tensors: Value, pattern: Value) -> Value:
    """Tensors one after another along the axis `*`, which is made of several; and those."""
    before, after = around(pattern)
    parts, shapes = [], []
    for tensor in listed(machine, tensors):
        sizes = sizes_of(machine, tensor)
        if len(sizes) < before + after:
            raise Refusal(
                f"`{pattern}` is of {before + after} axes or more, and a tensor has {len(sizes)}, "
                "batch included",
                code="axes",
            )
        inner = sizes[before : len(sizes) - after]
        shapes.append(inner)
        whole = (*sizes[:before], whole_of(inner), *sizes[len(sizes) - after :])
        parts.append(tensor if whole == sizes else move(machine, "reshape", tensor, whole))
    return move(machine, "cat", parts, before) if len(parts) > 1 else parts[0], shapes


def unpack(machine: Machine, tensor: Value, packed_shapes: Value, pattern: Value) -> Value:
    """The parts of what `pack` made."""
    before, after = around(pattern)
    sizes = sizes_of(machine, tensor)
    shapes = [tuple(listed(machine, each)) for each in listed(machine, packed_shapes)]
    if len(sizes) != before + 1 + after:
        raise Refusal(
            f"`{pattern}` is of {before + 1 + after} axes, and the tensor has {len(sizes)}, "
            "batch included",
            code="axes",
        )
    lengths = [whole_of(shape) for shape in shapes]
    total = sizes[before]
    if isinstance(total, Batch) or any(isinstance(each, Batch) for each in lengths):
        raise Refusal("the batch can't be taken apart", code="batch-axis")
    free = [place for place, shape in enumerate(shapes) if -1 in shape]
    for place in free:
        lengths[place] = total - sum(each for n, each in enumerate(lengths) if n not in free)
    if len(free) > 1 or sum(lengths) != total:
        raise Refusal(f"an axis of {total} is not {' + '.join(map(str, lengths))}", code="einops")
    made = []
    for end, length, shape in zip(accumulate(lengths), lengths, shapes, strict=True):
        part: Value = (*[slice(None)] * before, slice(end - length, end))
        piece = tensor.item(machine, part)
        known = whole_of([size for size in shape if size != -1])
        inner = [length // max(known, 1) if size == -1 else size for size in shape]
        whole = (*sizes[:before], *inner, *sizes[before + 1 :])
        made.append(move(machine, "reshape", piece, whole))
    return made


def whole_of(sizes: Sequence[Value]) -> Value:
    """The size of several axes as one."""
    total: Value = 1
    for size in sizes:
        total = (
            size * total
            if isinstance(size, int) and isinstance(total, int)
            else Batch(factor(size) * factor(total))
        )
    return total


def factor(size: Value) -> int:
    return size.factor if isinstance(size, Batch) else int(size)


EINOPS: dict[str, Value] = {
    name: simple(name, function)
    for name, function in (
        ("rearrange", rearrange),
        ("reduce", reduce),
        ("repeat", repeat),
        ("einsum", einsum),
        ("parse_shape", parse_shape),
        ("pack", pack),
        ("unpack", unpack),
        ("prepared", prepared),
        ("asnumpy", lambda machine, tensor: tensor),
    )
}
