"""Tensors and sizes: what flows, what is fixed, and the batch that nobody knows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.layers.base import Weight
from cnncalc.python.guests import Guest
from cnncalc.python.limits import check_count, check_int
from cnncalc.python.open_numbers import how_often
from cnncalc.python.refusals import Refusal
from cnncalc.python.run_values import RunValue
from cnncalc.python.values import MISSING, Arguments, Class, Instance, Keywords, Value
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.arrays import MAX_NUMBERS, Sizes, is_small, stretched
from cnncalc.tracing.batch_axis import FIRST, BatchAxis

if TYPE_CHECKING:  # a reader of files that hold no Python has tensors, but no machine
    from cnncalc.python.machine import Machine

__all__ = [
    "CONTENT",
    "TENSOR",
    "WEIGHT",
    "Batch",
    "Operations",
    "Parameter",
    "Pile",
    "Static",
    "Tensor",
    "compared",
    "one_number",
    "static_rows",
]

CONTENT = "what is in a tensor isn't known here, only its shape"


class Operations:
    """What a framework does with tensors; the machine keeps those of the one that is read.

    Attributes:
        written: whether `x += y` writes into the tensor, so that its other names have it too.
    """

    written = False

    def attribute(self, machine: Machine, tensor: Value, name: str) -> Value:
        """`tensor.name`; MISSING: there is none."""
        raise NotImplementedError

    def near_attribute(self, name: str) -> str | None:
        """The attribute that may have been meant by one that there is not."""
        return None

    def item(self, machine: Machine, tensor: Value, index: Value) -> Value:
        """`tensor[index]`."""
        raise NotImplementedError

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        """`left sign right`, of which one at least is a tensor."""
        raise NotImplementedError

    def with_item(self, machine: Machine, tensor: Value, index: Value, value: Value) -> Tensor:
        """A tensor after `tensor[index] = value`, where one of them flows at least."""
        raise no_assignment()

    def last_axis(self, machine: Machine) -> int:
        """Which axis of a sample is the source's last one."""
        return -1

    def inner_sizes(self, machine: Machine, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Sizes in the framework's own order, without the batch, as they are inside."""
        return sizes

    def tensor(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        """A call of the class of tensors."""
        raise NotImplementedError

    def parameter(self, machine: Machine, args: Arguments, kwargs: Keywords) -> Value:
        """A call of the class of parameters."""
        raise NotImplementedError


TENSOR = Class(
    "Tensor",
    make=lambda machine, args, kwargs: machine.part(Operations).tensor(machine, args, kwargs),
)
WEIGHT = Class(
    "Parameter",
    (TENSOR,),
    make=lambda machine, args, kwargs: machine.part(Operations).parameter(machine, args, kwargs),
)


class Shaped(Guest):
    """A tensor of any kind, or the size of the batch.

    What two of them do together is the same whichever stands first: a tensor decides before the
    batch does.
    """

    __slots__ = ()
    operations: type[Operations] = Operations

    def attribute(self, machine: Machine, name: str) -> Value:
        return machine.part(self.operations).attribute(machine, self, name)

    def item(self, machine: Machine, index: Value) -> Value:
        return machine.part(self.operations).item(machine, self, index)

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        if isinstance(left, Tensor | Static) or isinstance(right, Tensor | Static):
            return machine.part(Operations).binary(machine, sign, left, right)
        if isinstance(left, Batch) or isinstance(right, Batch):
            return batch_arithmetic(sign, left, right)
        return MISSING

    def equal(self, machine: Machine, other: Value) -> bool:
        if isinstance(self, Tensor | Static) or isinstance(other, Tensor | Static):
            # `x == None` is known without looking into it, as whether `x` is there.
            if other is None:
                return False
            raise Refusal(CONTENT)
        if isinstance(self, Batch) != isinstance(other, Batch):
            raise batch_unknown()
        return self == other if isinstance(self, Batch) else self is other

    def order(self, left: Value, right: Value) -> bool:
        if isinstance(left, Batch) or isinstance(right, Batch):
            raise batch_unknown()
        if isinstance(left, Tensor | Static) or isinstance(right, Tensor | Static):
            raise Refusal(CONTENT)
        return super().order(left, right)


class Storage:
    """What a tensor and its views have in common.

    Attributes:
        version: how often something was written to it.
    """

    __slots__ = ("version",)

    def __init__(self) -> None:
        self.version = 0


class Batch(Shaped):
    """The unknown size of the batch axis, times a factor."""

    __slots__ = ("factor",)
    described = "the batch size, which isn't known"

    def __init__(self, factor: int = 1) -> None:
        self.factor = factor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Batch) and other.factor == self.factor

    def __hash__(self) -> int:
        return hash(("batch", self.factor))

    def attribute(self, machine: Machine, name: str) -> Value:
        return MISSING

    def item(self, machine: Machine, index: Value) -> Value:
        return Guest.item(self, machine, index)

    def truth(self, machine: Machine) -> bool:
        return True

    def text(self) -> str:
        return "batch"

    def to_int(self) -> Value:
        return self

    def to_bound(self) -> int:
        raise Refusal("a loop over the batch can't be followed", code="batch")


class Tensor(Shaped):
    """What flows: the output of a step, with its shape.

    Attributes:
        number: the record that made it.
        shape: in the network's inner order (channels first in Keras too), without batch.
        batch: where the batch stands among its axes.
        storage: what it has in common with its views.
        version: how often that had been written to when this was made of it.
        turned: whether its values lie in another order than its axes say.
    """

    __slots__ = ("batch", "number", "shape", "storage", "turned", "version")
    described = "a tensor"
    cls = TENSOR

    def __init__(self, number: int, shape: tuple[int, ...], batch: BatchAxis = FIRST) -> None:
        self.number = number
        self.shape = shape
        self.batch = batch
        self.storage: Storage | None = None
        self.version = 0
        self.turned = False

    def seen_from(self, other: Tensor, turned: bool = False) -> None:
        """Note that this shows the values of another; one that is turned is copied by a view."""
        self.turned = turned
        if other.turned and not turned:
            return
        if other.storage is None:
            other.storage = Storage()
        self.storage, self.version = other.storage, other.version

    def copy(self) -> Tensor:
        """The same values in a tensor of their own."""
        return type(self)(self.number, self.shape, self.batch)

    def become(self, made: Tensor, seen: bool = True) -> None:
        """Take what was made of it in its place, as `x += y` does.

        Args:
            made: the new values.
            seen: whether its views show other values from now on, which can't be followed.
        """
        self.number, self.shape, self.batch = made.number, made.shape, made.batch
        if seen and self.storage is not None:
            self.storage.version += 1
            self.version = self.storage.version

    @property
    def overwritten(self) -> bool:
        """Whether it shows values that were written through another view since it was made."""
        return self.storage is not None and self.storage.version != self.version

    def near_attribute(self, machine: Machine, name: str) -> str | None:
        return machine.part(self.operations).near_attribute(name)

    def set_attribute(self, machine: Machine, name: str, value: Value) -> None:
        """What is set on a tensor changes no shape."""

    def set_item(self, machine: Machine, index: Value, value: Value) -> Value:
        made = machine.part(self.operations).with_item(machine, self, index, value)
        self.become(made)
        return None

    def in_place(self, machine: Machine, sign: str, value: Value) -> Value:
        if not machine.part(self.operations).written:
            return MISSING
        made = machine.part(self.operations).binary(machine, sign, self, value)
        if isinstance(made, Tensor) and made.sizes == self.sizes:
            self.become(made, isinstance(value, Tensor))
            return self
        return made

    def unary(self, machine: Machine, sign: str) -> Value:
        return signed(machine, sign, self)

    def truth(self, machine: Machine) -> bool:
        raise no_branch()

    @property
    def sizes(self) -> tuple[int | Batch, ...]:
        """Its sizes as the source sees them, with that of the batch."""
        groups = self.batch.groups(len(self.shape))
        sizes: list[int | Batch] = [prod(self.shape[axis] for axis in group) for group in groups]
        sizes[self.batch.place] = Batch(prod(self.shape[axis] for axis in self.batch.merged))
        return tuple(sizes)

    def length(self, machine: Machine) -> Value:
        return self.sizes[0]

    def iterate(self, machine: Machine) -> Iterable[Value]:
        # A loop over samples has as many rounds as the batch; over another axis it has the axis's
        # size.
        if self.batch.place == 0:
            raise no_loop()
        return [self.item(machine, place) for place in range(how_often(self.shape[0]))]

    def rounded(self, machine: Machine) -> Value:
        return machine.call(self.attribute(machine, "round"), [], {})


class Pile(Shaped):
    """Tensors stacked in front of the batch, until something is taken of them or over them."""

    __slots__ = ("parts", "shape")
    described = "tensors stacked in front of the batch"
    separate = False  # whether each part is an output of its own where the pile is returned

    def __init__(self, parts: list[Tensor], shape: Sizes) -> None:
        self.parts = parts
        self.shape = shape

    def truth(self, machine: Machine) -> bool:
        return True

    def length(self, machine: Machine) -> Value:
        return self.shape[0] if self.shape else 0

    def iterate(self, machine: Machine) -> Iterable[Value]:
        return self.parts


class Static(Shaped):
    """A tensor that doesn't depend on the input: weights, and numbers made from them.

    Attributes:
        shape: all of it (a Batch may stand in front).
        sources: the parameters it is made from.
        values: its numbers where they are known (a few, row by row), else None.
        whole: whether `values` are integers.
        fill: the number that all of it is, as zeros are; None: several, or not known.
        like: the tensor whose shape it was given.
        computed: whether its sizes or numbers follow from the size of what flows.
        mask: whether its numbers are truths, as comparisons give them.
        part_of: the tensor whose numbers these are, as those of a view or a part.
        ends: numbers between which they all lie, both among them, where no more is known.
    """

    __slots__ = (
        "computed", "ends", "fill", "like", "mask", "part_of", "shape", "sources", "values", "whole"
    )  # fmt: skip
    described = "a tensor of weights or constants"
    cls = TENSOR
    returned = True

    def __init__(
        self,
        shape: Sizes,
        sources: tuple[Parameter, ...] = (),
        values: list[float] | None = None,
        whole: bool = False,
        fill: float | None = None,
        computed: bool = False,
    ) -> None:
        self.shape = shape
        self.sources = sources
        self.values = values
        self.whole = whole
        self.fill = fill
        self.like: Tensor | None = None
        self.computed = computed
        self.mask = False
        self.part_of: Static | None = None
        self.ends: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """Its number of elements."""
        return prod(self.shape)

    @property
    def uniform(self) -> float | None:
        """The one number that it holds everywhere; None: several, or not known."""
        if self.fill is not None or not self.values:
            return self.fill
        first = self.values[0]
        return first if all(each == first for each in self.values) else None

    def shaped(self, shape: Sizes) -> Static:
        """The same numbers in another shape, perhaps repeated."""
        return Static(shape, self.sources, fill=self.fill)

    def hold(self, made: Static | None) -> None:
        """Take the numbers of another tensor in place of its own; None: they aren't known."""
        self.values = made.values if made else None
        self.ends = made.ends if made else None
        self.whole = bool(made and made.whole)
        self.fill = made.fill if made else None
        self.changed()

    def changed(self) -> None:
        """What these numbers are a part of isn't known any more."""
        outer = self.part_of
        while outer is not None:
            outer.values = outer.fill = outer.ends = None
            outer = outer.part_of

    def set_attribute(self, machine: Machine, name: str, value: Value) -> None:
        """What is set on a tensor changes no shape."""

    def set_item(self, machine: Machine, index: Value, value: Value) -> Value:
        if isinstance(value, Tensor):
            if self.sources or self.part_of is not None:
                raise no_assignment()
            return machine.part(Operations).with_item(machine, self, index, value)
        set_numbers(machine, self, index, value)
        self.changed()
        return None

    def set_in_part(self) -> None:
        raise Refusal("an assignment into a part of a tensor's part can't be followed")

    def unary(self, machine: Machine, sign: str) -> Value:
        return self.negated() if sign == "~" else signed(machine, sign, self)

    def negated(self) -> Static:
        """The other truths of a mask; of other numbers nobody asks that."""
        made = Static(self.shape, self.sources)
        made.mask = True
        if self.mask and self.values is not None:
            made.values, made.whole = [int(not each) for each in self.values], True
        return made

    def compare(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        return compared(machine, sign, left, right)

    def truth(self, machine: Machine) -> bool:
        if self.values is not None and len(self.values) == 1:
            return bool(self.values[0])
        raise no_branch()

    def length(self, machine: Machine) -> Value:
        return self.shape[0] if self.shape else 0

    def iterate(self, machine: Machine) -> Iterable[Value]:
        if self.values is not None:
            return static_rows(machine, self)
        if not self.shape or not isinstance(self.shape[0], int):
            raise no_loop()
        check_count(self.shape[0])
        machine.budget.spend(self.shape[0])
        return [self.item(machine, place) for place in range(self.shape[0])]

    def plain(self) -> Value:
        return one_number(self)

    def as_number(self) -> Value:
        """The only one there is, where only a run knows it."""
        if self.values is None and self.fill is None and all(size == 1 for size in self.shape):
            return RunValue(self.described, None)
        return MISSING

    def times(self) -> Value:
        return self.values[0] if self.shape == () and self.whole and self.values else None

    def rounded(self, machine: Machine) -> Value:
        return machine.call(self.attribute(machine, "round"), [], {})

    def each(self, machine: Machine, function: Callable[..., Value], args: Arguments) -> Value:
        return number_by_number(machine, function, args)

    def copied(self, deep: bool, inner: Callable[[Value], Value], known: dict[int, Value]) -> Value:
        if not deep or not self.sources:
            return self
        made = Static(self.shape, inner(self.sources), self.values, self.whole)
        made.ends = self.ends
        return made


def one_number(value: Value) -> Value:
    """The number of an array that has just one, where it is known; any other value as it is."""
    if isinstance(value, Static) and value.values is not None and len(value.values) == 1:
        return value.values[0]
    return value


class Parameter(Static):
    """A weight of its own: `nn.Parameter`, a buffer, or a layer's weight.

    Attributes:
        holder: the module that it belongs to, once it does.
        name: its name there.
        role: `parameter` or `buffer`.
        merged: whether it may stand for several tensors that were found to be alike.
    """

    __slots__ = ("holder", "merged", "name", "role", "trainable")
    described = "a parameter"
    cls = WEIGHT
    registered = True

    def __init__(self, shape: tuple[int, ...], role: str = "parameter") -> None:
        super().__init__(shape)
        self.sources = (self,)
        self.role = role
        self.holder: Instance | None = None
        self.name = ""
        self.trainable = role == "parameter"
        self.merged = False

    def says_nothing_more(self, weight: Weight) -> bool:
        """Whether a layer that makes this weight itself would have the same, at any size."""
        same = not is_open(weight.count) and self.count == weight.count
        return same and self.role == weight.role

    def as_weight(self, weight: Weight, alone: bool) -> Weight:
        """The tensor as one behind a layer's weight; `alone`: it is the only one."""
        return Weight(weight.name if alone else self.name, self.shape, self.role, self.trainable)

    def set_attribute(self, machine: Machine, name: str, value: Value) -> None:
        if name == "requires_grad":
            self.trainable = bool(value)

    def set_on(self, holder: Instance, name: str) -> None:
        if self.holder is None:
            self.holder, self.name = holder, name

    def copied(self, deep: bool, inner: Callable[[Value], Value], known: dict[int, Value]) -> Value:
        if not deep:
            return self
        known[id(self)] = twin = Parameter(self.shape, self.role)
        twin.name, twin.trainable = self.name, self.trainable
        twin.holder = self.holder and known.get(id(self.holder))
        return twin


def no_branch() -> Refusal:
    return Refusal(
        "a branch on what is in a tensor can't be followed: only its shape is known",
        help="branches on shapes and on the model's settings can",
    )


def no_loop() -> Refusal:
    return Refusal("a loop over a tensor runs along the batch and can't be followed")


def no_assignment() -> Refusal:
    return Refusal("an assignment into a part of a tensor can't be followed")


def signed(machine: Machine, sign: str, tensor: Value) -> Value:
    """`-x` and `+x`, and `~x` of a fixed mask."""
    if sign == "~" and isinstance(tensor, Static):
        return Static(tensor.shape, tensor.sources)
    if sign == "+":
        return tensor
    return machine.part(Operations).binary(machine, "*", tensor, -1) if sign == "-" else MISSING


def batch_arithmetic(sign: str, left: Value, right: Value) -> Value:
    """`batch * 4` and the like; anything else needs the batch size itself."""
    if sign == "*":
        number = right if isinstance(left, Batch) else left
        batch = left if isinstance(left, Batch) else right
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            return Batch(check_int(batch.factor * number))
    if isinstance(left, Batch) and isinstance(right, Batch):
        whole, rest = divmod(left.factor, right.factor)
        if sign == "//" and not rest:
            return whole
        if sign == "/":
            return left.factor / right.factor
    divides = sign in ("//", "/") and isinstance(left, Batch) and isinstance(right, int | float)
    if divides and right > 0 and left.factor % right == 0:
        return Batch(int(left.factor // right))
    raise Refusal(
        f"`{sign}` needs the size of the batch, which isn't known",
        help="sizes are worked out for any batch; only products with it can be followed",
        code="batch",
    )


def batch_unknown() -> Refusal:
    return Refusal(
        "this asks for the size of the batch, which isn't known",
        help="sizes are worked out for any batch",
        code="batch",
    )


COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def compared(machine: Machine, sign: str, left: Value, right: Value) -> Value:
    """Ones and zeros for the numbers of an array that are known; MISSING for anything else."""
    left, right = (Static(()) if isinstance(each, RunValue) else each for each in (left, right))
    arrays = [each for each in (left, right) if isinstance(each, Static)]
    plain = all(isinstance(each, Static | int | float) for each in (left, right))
    if not plain:
        return MISSING
    shape = _stretched_together([each.shape for each in arrays])
    truths = Static(shape)
    truths.mask = True
    if all(each.values is not None for each in arrays):
        machine.budget.spend(4 * min(prod(s for s in shape if type(s) is int), MAX_NUMBERS))
    sides = []
    for each in (left, right):
        values: list[Any] | None = each.values if isinstance(each, Static) else [each]
        size = each.shape if isinstance(each, Static) else ()
        known = values is not None and size in ((), shape)
        few = size == shape or is_small(shape)
        sides.append(stretched(values or [], size, shape) if known and few else None)
    one, two = sides
    if one is None or two is None or any(isinstance(each, Batch) for each in (*one, *two)):
        return truths
    truths.whole = True
    truths.values = [int(COMPARED[sign](a, b)) for a, b in zip(one, two, strict=True)]
    return truths


def _stretched_together(shapes: Sequence[Sizes]) -> Sizes:
    """The shape in which arrays are compared, axes of size 1 stretched."""
    rank = max(map(len, shapes))
    rows = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(
        next((size for size in sizes if size != 1), 1) for sizes in zip(*rows, strict=True)
    )


def set_numbers(machine: Machine, holder: Static, index: Value, value: Value) -> None:
    """`numbers[index] = value`: known ones stay known where they can, the shape stays."""
    holder.fill = holder.ends = None
    numbers = holder.values
    bounds = (index.start, index.stop, index.step) if isinstance(index, slice) else (index,)
    if numbers is None or len(holder.shape) != 1 or any(map(is_open, bounds)):
        holder.values = None
        return
    machine.budget.spend(len(numbers))
    places = range(len(numbers))
    fresh = value.values if isinstance(value, Static) else [value]
    if not isinstance(index, int | slice) or fresh is None:
        holder.values = None
        return
    chosen = places[index] if isinstance(index, slice) else [places[index]]
    if len(fresh) not in (1, len(chosen)) or not all(isinstance(n, int | float) for n in fresh):
        raise Refusal("this assignment into a part of a tensor can't be followed")
    holder.whole = holder.whole and all(isinstance(n, int) for n in fresh)
    for number, place in enumerate(chosen):
        numbers[place] = fresh[number % len(fresh)]


def static_rows(machine: Machine, value: Static) -> list[Value]:
    """The numbers of a small array, or its rows."""
    numbers = value.values or []
    machine.budget.spend(len(numbers) >> 2)
    if not value.shape or len(value.shape) == 1:
        return [Static((), value.sources, [each], value.whole) for each in numbers]
    rest = value.shape[1:]
    size = len(numbers) // max(value.shape[0], 1)
    rows = [numbers[start : start + size] for start in range(0, len(numbers), max(size, 1))]
    return [Static(rest, value.sources, row, value.whole) for row in rows]


def number_by_number(machine: Machine, call: Callable[..., Value], args: list[Value]) -> Static:
    """A function of numbers on the numbers of arrays of one shape."""
    arrays = [each for each in args if isinstance(each, Static)]
    shape = arrays[0].shape
    if any(each.shape != shape or each.values is None for each in arrays):
        raise Refusal("arrays of unknown or of different sizes can't be worked out")
    count = len(arrays[0].values or ())
    machine.budget.spend(2 * count)
    columns = [each.values or [] if isinstance(each, Static) else [each] * count for each in args]
    found = [call(machine, *row) for row in zip(*columns, strict=True)]
    return Static(shape, (), found, all(isinstance(each, int) for each in found))
