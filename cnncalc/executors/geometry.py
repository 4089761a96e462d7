"""What a layer's options mean on real axes: which axes, what sizes, and how windows walk.

Padding words and ceil mode are settled by walking the axis; no formula of sizes is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

from cnncalc.layers.activation import ParametricReLU
from cnncalc.layers.adaptive import AdaptivePool, FractionalMaxPool
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.attention import MultiHeadAttention, SqueezeExcitation
from cnncalc.layers.base import Layer
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv
from cnncalc.layers.each import Each
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.folding import Fold, Unfold
from cnncalc.layers.learned import Scale, Shift
from cnncalc.layers.merge import Elementwise
from cnncalc.layers.norm import AxesNorm
from cnncalc.layers.pool import SlidingPool
from cnncalc.layers.recurrent import Recurrent
from cnncalc.layers.reshape import Flatten, Reshape, Slice, Unflatten
from cnncalc.layers.resize import Upsample
from cnncalc.layers.transposed import ConvTransposed, MaxUnpool

__all__ = [
    "Axis",
    "Pads",
    "Spreading",
    "adaptive_sizes",
    "aligned_shapes",
    "attended",
    "axes_looked_up",
    "axis_of",
    "bins",
    "chosen_axes",
    "convolution_axes",
    "entry_axes",
    "even_starts",
    "flattened_axes",
    "fractional_axes",
    "given_pads",
    "heads_of",
    "learned_sizes",
    "learned_starts",
    "map_sizes",
    "one_each",
    "pads_of",
    "pool_axes",
    "reshaped_sizes",
    "resized_axes",
    "shared_axes",
    "sliced_axes",
    "spread_axes",
    "squeezed_channels",
    "unbiased",
    "unpool_axes",
]


One = TypeVar("One")
Pads: TypeAlias = Sequence[tuple[int, int]]  # (before, after) for each spatial axis


@dataclass(frozen=True)
class Axis:
    """How windows walk along one spatial axis.  Negative pads crop."""

    size: int
    kernel: int = 1
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Positions from the first tap of a window to its last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def starts(self) -> range:
        """Where each window starts, counted from the first position of the data."""
        return range(-self.before, self.size + self.after - self.reach + 1, self.stride)

    @property
    def windows(self) -> int:
        return len(self.starts)

    def positions(self, block: slice) -> range:
        """All from the first to the last that windows of the block touch, padding included."""
        first = block.start * self.stride - self.before
        last = (block.stop - 1) * self.stride - self.before + self.reach - 1
        return range(first, last + 1)

    def reads_only_data(self, block: slice) -> bool:
        """Whether no window of the block touches the padding."""
        touched = self.positions(block)
        return touched.start >= 0 and touched.stop <= self.size

    def hits(self, tap: int, block: slice) -> tuple[slice, slice]:
        """The windows of the block whose tap lies on data, and the positions it lies on.

        Windows are counted from the start of the block.
        """
        offset = tap * self.dilation - self.before
        first = max(block.start, -(offset // self.stride))
        stop = max(first, min(block.stop, -((offset - self.size) // self.stride)))
        begin = first * self.stride + offset
        end = begin + (stop - first - 1) * self.stride + 1
        windows = slice(first - block.start, stop - block.start)
        return windows, slice(begin, max(begin, end), self.stride)


def map_sizes(shape: Sequence[int]) -> tuple[int, ...]:
    """The spatial sizes of a sample (C, *spatial) that must have some."""
    if len(shape) < 2:
        raise ValueError(f"a map is needed, not a vector of {shape[0]}")
    return tuple(shape[1:])


def entry_axes(layer: Each, dimensions: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions of an array (N, C, *spatial) that an `each` runs over, and those behind N."""
    first = 2 if layer.order == "last" else 1
    if dimensions <= 1 + layer.axes:
        raise ValueError(f"{dimensions} dimensions leave nothing beside {layer.axes}")
    return tuple(range(first, first + layer.axes)), tuple(range(1, 1 + layer.axes))


def axis_of(layer: Layer, axis: int | str, rank: int) -> int:
    """The axis of a sample (C, *spatial), of `rank` axes, that an axis number means.

    Numbers count the channels first, or last with a layer's order `last`. The batch stands
    before them all: it is -1.
    """
    if axis == "batch":
        return -1
    counted = list(range(rank))
    if getattr(layer, "order", "first") == "last":
        counted = counted[1:] + counted[:1]
    return counted[int(axis)]


def axes_looked_up(layer: Embedding, rank: int) -> tuple[int, ...]:
    """The axes of an embedding's numbers in the order in which they stand in what it gives."""
    axes = tuple(range(rank))
    return (*axes[1:], *axes[:1]) if layer.order == "last" else axes


def chosen_axes(layer: AxesNorm | Reduce, rank: int) -> tuple[int, ...]:
    """The axes of a sample that a norm or a reduction names, in its order; the batch is -1."""
    if layer.axes == ("all",):
        return tuple(range(rank))
    return tuple(axis_of(layer, axis, rank) for axis in layer.axes if axis != "none")


def shared_axes(layer: ParametricReLU, rank: int) -> set[int]:
    """The axes along which the slopes of a PReLU are one and the same."""
    return {axis_of(layer, axis, rank) for axis in layer.shared or () if axis != "none"}


def flattened_axes(layer: Flatten, rank: int) -> tuple[int, int]:
    """The first and the last of the axes of a sample that become one."""
    first, last = range(rank)[layer.start], range(rank)[layer.end]
    if first > last:
        raise ValueError(f"axis {first} lies after axis {last}")
    return first, last


def sliced_axes(layer: Slice, rank: int) -> list[slice]:
    """The part of each axis of a sample that a slice takes."""
    start, stop = layer.interval
    parts = [slice(None)] * rank
    parts[range(rank)[layer.axis]] = slice(start, stop, layer.step)
    return parts


def aligned_shapes(layer: Elementwise, shapes: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Samples that meet with as many axes: those missing are put first or after the channels."""
    if layer.kind in ("sub", "div") and len(shapes) != 2:
        raise ValueError(f"{len(shapes)} branches, not two, to {layer.kind}")
    rank = max(map(len, shapes))
    if layer.align == "equal" and min(map(len, shapes)) < rank:
        raise ValueError("branches of unlike numbers of axes")
    kept = 0 if layer.align == "first" else 1
    return [(*shape[:kept], *(1,) * (rank - len(shape)), *shape[kept:]) for shape in shapes]


def learned_sizes(layer: Scale | Shift, shape: Sequence[int]) -> tuple[int, ...]:
    """The sizes of factors or offsets for a sample: as given, or one for each channel."""
    return layer.shape or (*shape[:1], *(1,) * (len(shape) - 1))


def squeezed_channels(layer: SqueezeExcitation, channels: int) -> int:
    """To how many channels a squeeze and excitation goes down."""
    return int(layer.channels or max(1, channels // layer.reduction))


def adaptive_sizes(layer: AdaptivePool, sizes: Sequence[int]) -> list[int]:
    """How many bins there are on each axis."""
    wanted = one_each(layer.size, sizes)
    return [n if isinstance(size, str) else size for n, size in zip(sizes, wanted, strict=True)]


def one_each(values: Sequence[One], sizes: Sequence[int]) -> tuple[One, ...]:
    """One value for each axis, from one for all or from as many."""
    if len(values) not in (1, len(sizes)):
        raise ValueError(f"{len(values)} values for {len(sizes)} axes")
    return tuple(values) * (len(sizes) if len(values) == 1 else 1)


def convolution_axes(
    layer: Conv | DepthwiseConv | SeparableConv | Fold | Unfold, sizes: Sequence[int]
) -> tuple[Axis, ...]:
    """How the windows of a convolution or an unfold walk along the spatial axes."""
    return _sliding(layer, layer.stride, sizes)


def pool_axes(layer: SlidingPool, sizes: Sequence[int]) -> tuple[Axis, ...]:
    """The same for a pool, whose stride is the kernel unless given and which has ceil mode."""
    axes = _sliding(layer, layer.kernel if layer.stride is None else layer.stride, sizes)
    if not layer.ceil or layer.padding in ("same", "same-lower"):
        return axes
    return tuple(map(_hanging_over, axes))


def _sliding(
    layer: Conv | DepthwiseConv | SeparableConv | Fold | Unfold | SlidingPool,
    stride: Sequence[int],
    sizes: Sequence[int],
) -> tuple[Axis, ...]:
    """Windows of a layer's kernel, dilation and padding, a stride apart."""
    described = zip(
        sizes,
        one_each(layer.kernel, sizes),
        one_each(stride, sizes),
        one_each(layer.dilation, sizes),
        strict=True,
    )
    if layer.padding in ("same", "same-lower"):
        return tuple(_same(*each, lower=layer.padding == "same-lower") for each in described)
    pads = given_pads(layer.padding, sizes)
    return tuple(
        Axis(n, k, s, before, after, d)
        for (n, k, s, d), (before, after) in zip(described, pads, strict=True)
    )


def given_pads(padding: Pads | str, sizes: Sequence[int]) -> Pads:
    """Padding in numbers; `valid` is none."""
    return one_each(((0, 0),) if isinstance(padding, str) else padding, sizes)


def _same(n: int, kernel: int, stride: int, dilation: int, lower: bool) -> Axis:
    """A window for each stride of the data, padded evenly until the last one fits."""
    span = (kernel - 1) * dilation + 1
    last = range(0, n, stride)[-1]
    missing = max(0, last + span - n)
    small, large = missing // 2, missing - missing // 2
    before, after = (large, small) if lower else (small, large)
    return Axis(n, kernel, stride, before, after, dilation)


def _hanging_over(axis: Axis) -> Axis:
    """With ceil mode: the last window may hang over the end by less than a stride.

    It must start on the data or on the padding before it (torch.nn.MaxPool2d).
    """
    end = axis.size + axis.after + axis.stride - axis.reach
    starts = range(-axis.before, min(axis.size, end), axis.stride)
    if not starts:
        return axis
    after = starts[-1] + axis.reach - axis.size
    return Axis(axis.size, axis.kernel, axis.stride, axis.before, after, axis.dilation)


class Spreading(NamedTuple):
    """How a transposed convolution spreads each place of an axis over a longer one.

    Attributes:
        before, after: how much of the whole spread is cut.
        extra: how much is added after it.
    """

    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    extra: int

    @property
    def reach(self) -> int:
        """Places from the first tap to the last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    def places(self, n: int) -> range:
        """Where the outputs lie that `n` places are spread over; 0 is the first one's first tap."""
        last = (n - 1) * self.stride + self.reach - 1
        return range(self.before, last - self.after + self.extra + 1)


def spread_axes(layer: ConvTransposed, sizes: Sequence[int]) -> tuple[Spreading, ...]:
    """How a transposed convolution spreads the spatial axes."""
    described = zip(
        one_each(layer.kernel, sizes),
        one_each(layer.stride, sizes),
        one_each(layer.dilation, sizes),
        strict=True,
    )
    if layer.padding == "same":
        return tuple(_spread_same(*each) for each in described)
    pads = given_pads(layer.padding, sizes)
    extras = one_each(layer.output_padding, sizes)
    return tuple(
        Spreading(k, s, before, after, d, extra)
        for (k, s, d), (before, after), extra in zip(described, pads, extras, strict=True)
    )


def _spread_same(kernel: int, stride: int, dilation: int) -> Spreading:
    """`stride` outputs for each place: what the taps of the last one add to that is cut."""
    surplus = (kernel - 1) * dilation + 1 - stride
    before = max(surplus, 0) // 2
    return Spreading(kernel, stride, before, max(surplus, 0) - before, dilation, max(-surplus, 0))


def unpool_axes(layer: MaxUnpool, sizes: Sequence[int]) -> tuple[Spreading, ...]:
    """How an unpooling spreads the spatial axes, to the size asked for if there is one."""
    kernel = one_each(layer.kernel, sizes)
    stride = one_each(layer.kernel if layer.stride is None else layer.stride, sizes)
    pads = one_each(layer.padding, sizes)
    wanted = one_each((None,) if layer.size is None else layer.size, sizes)
    axes = []
    for n, k, s, (before, after), size in zip(sizes, kernel, stride, pads, wanted, strict=True):
        whole = (n - 1) * s + k - before - after
        axes.append(Spreading(k, s, before, after, 1, 0 if size is None else size - whole))
    return tuple(axes)


def resized_axes(layer: Upsample, sizes: Sequence[int]) -> list[tuple[int, float | None]]:
    """The size asked for on each axis and, where it was asked for by a factor, that factor."""
    if layer.mode == "cubic" and len(sizes) != 2:
        raise ValueError("cubic interpolation takes maps of two axes")
    if layer.size is not None:
        return [(size, None) for size in one_each(layer.size, sizes)]
    factors = one_each(layer.factor or (), sizes)
    wanted = [int(n * factor) for n, factor in zip(sizes, factors, strict=True)]
    if min(wanted) < 1:
        raise ValueError(f"nothing is left of {sizes} times {factors}")
    return list(zip(wanted, factors, strict=True))


def fractional_axes(layer: FractionalMaxPool, sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """The size of each axis, its windows and how many there are, by a size or by a ratio."""
    if layer.size is not None:
        counts = one_each(layer.size, sizes)
    else:
        ratios = one_each(layer.ratio or (), sizes)
        counts = tuple(int(n * ratio) for n, ratio in zip(sizes, ratios, strict=True))
    return list(zip(sizes, one_each(layer.kernel, sizes), counts, strict=True))


def even_starts(size: int, kernel: int, count: int) -> list[int]:
    """Where `count` windows start, the first at the beginning and the last at the end."""
    room = size - kernel
    if room < 0 or count < 1 or count > room + 1:
        raise ValueError(f"{count} windows of {kernel} don't fit on {size}")
    return [index * room // max(1, count - 1) for index in range(count)]


def reshaped_sizes(layer: Unflatten | Reshape) -> list[int]:
    """The sizes asked for; -1 for the one that follows from the others."""
    return [-1 if isinstance(size, str) else size for size in layer.sizes]


def pads_of(axes: Sequence[Axis]) -> Pads:
    return [(axis.before, axis.after) for axis in axes]


def bins(size: int, count: int) -> list[slice]:
    """Bins that cover an axis, overlapping where its size is not a multiple."""
    return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def unbiased(layer: Reduce, count: int) -> float:
    """What a variance over so many values, or its root, is multiplied by; no number for one."""
    if layer.by not in ("var", "std") or layer.biased:
        return 1.0
    factor = count / (count - 1) if count > 1 else math.nan
    return factor if layer.by == "var" else math.sqrt(factor)


def learned_starts(layer: Recurrent) -> dict[str, tuple[int, int]]:
    """The sizes of the states that a recurrent layer learns to start from, by their names."""
    features = (layer.features, layer.hidden)[: layer.kinds if layer.learned else 0]
    return {
        name: (layer.states, size) for name, size in zip(("h_0", "c_0"), features, strict=False)
    }


def attended(layer: MultiHeadAttention, shape: Sequence[int]) -> int:
    """The axis of the features of what attends, or is attended to: 0 or 1."""
    if len(shape) != 2:
        raise ValueError(f"attention takes features at positions, not {tuple(shape)}")
    return int(range(2)[layer.axis])


def heads_of(layer: MultiHeadAttention, features: int) -> tuple[int, int, int]:
    """Features that ask, those of all heads' keys together, and of all heads' values."""
    if layer.key is not None:
        return features, layer.heads * layer.key, layer.heads * (layer.value or layer.key)
    if features % layer.heads:
        raise ValueError(f"{features} features for {layer.heads} heads")
    return features, features, features
