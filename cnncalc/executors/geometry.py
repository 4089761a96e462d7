"""A layer's options as windows on real axes: padding words and ceil mode by walking the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.executors.bundled.kernels import Axis, Pads

__all__ = [
    "Spreading",
    "axis_of",
    "convolution_axes",
    "fractional_axes",
    "given_pads",
    "keeps_axes",
    "kernels",
    "map_sizes",
    "one_each",
    "pads_of",
    "pointwise_axes",
    "pool_axes",
    "reshaped_sizes",
    "resized_axes",
    "spread_axes",
    "unpool_axes",
]


def map_sizes(x: Any) -> tuple[int, ...]:
    """The spatial sizes of an array (N, C, *spatial) that must have some."""
    if x.ndim < 3:
        raise ValueError(f"a map is needed, not a vector of {x.shape[1]}")
    return tuple(x.shape[2:])


def axis_of(layer: Any, axis: int | str, rank: int) -> int:
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


def one_each(values: Sequence[Any], sizes: Sequence[int]) -> tuple[Any, ...]:
    """One value for each axis, from one for all or from as many."""
    if len(values) not in (1, len(sizes)):
        raise ValueError(f"{len(values)} values for {len(sizes)} axes")
    return tuple(values) * (len(sizes) if len(values) == 1 else 1)


def convolution_axes(layer: Any, sizes: Sequence[int]) -> tuple[Axis, ...]:
    """How the windows of a convolution or an unfold walk along the spatial axes."""
    described = zip(
        sizes,
        one_each(layer.kernel, sizes),
        one_each(layer.stride, sizes),
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


def pointwise_axes(layer: Any, sizes: Sequence[int]) -> tuple[Axis, ...]:
    """Every stride-th place by itself."""
    strides = one_each(layer.stride, sizes)
    return tuple(Axis(n, stride=s) for n, s in zip(sizes, strides, strict=True))


def pool_axes(layer: Any, sizes: Sequence[int]) -> tuple[Axis, ...]:
    """The same for a pool, whose stride is the kernel unless given and which has ceil mode."""
    described = zip(
        sizes,
        one_each(layer.kernel, sizes),
        one_each(layer.kernel if layer.stride is None else layer.stride, sizes),
        one_each(layer.dilation, sizes),
        strict=True,
    )
    if layer.padding in ("same", "same-lower"):
        return tuple(_same(*each, lower=layer.padding == "same-lower") for each in described)
    pads = given_pads(layer.padding, sizes)
    axes = [
        Axis(n, k, s, before, after, d)
        for (n, k, s, d), (before, after) in zip(described, pads, strict=True)
    ]
    return tuple(_hanging_over(axis) if layer.ceil else axis for axis in axes)


def given_pads(padding: Any, sizes: Sequence[int]) -> Pads:
    """Padding in numbers; `valid` is none."""
    return one_each(((0, 0),) if padding == "valid" else padding, sizes)


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


def spread_axes(layer: Any, sizes: Sequence[int]) -> tuple[Spreading, ...]:
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


def unpool_axes(layer: Any, sizes: Sequence[int]) -> tuple[Spreading, ...]:
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


def resized_axes(layer: Any, sizes: Sequence[int]) -> list[tuple[int, float | None]]:
    """The size asked for on each axis and, where it was asked for by a factor, that factor."""
    if layer.mode == "cubic" and len(sizes) != 2:
        raise ValueError("cubic interpolation takes maps of two axes")
    if layer.size is not None:
        return [(size, None) for size in one_each(layer.size, sizes)]
    factors = one_each(layer.factor, sizes)
    wanted = [int(n * factor) for n, factor in zip(sizes, factors, strict=True)]
    if min(wanted) < 1:
        raise ValueError(f"nothing is left of {sizes} times {factors}")
    return list(zip(wanted, factors, strict=True))


def fractional_axes(layer: Any, sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """The size of each axis, its windows and how many there are, by a size or by a ratio."""
    if layer.size is not None:
        counts = one_each(layer.size, sizes)
    else:
        ratios = one_each(layer.ratio, sizes)
        counts = tuple(int(n * ratio) for n, ratio in zip(sizes, ratios, strict=True))
    return list(zip(sizes, one_each(layer.kernel, sizes), counts, strict=True))


def reshaped_sizes(layer: Any) -> list[int]:
    """The sizes asked for; -1 for the one that follows from the others."""
    return [-1 if size == "infer" else size for size in layer.sizes]


def keeps_axes(layer: Any, shape: Sequence[int]) -> bool:
    """Whether a reshape of this shape leaves all axes as they are."""
    sizes = reshaped_sizes(layer)
    return len(sizes) == len(shape) and all(m in (n, -1) for m, n in zip(sizes, shape, strict=True))


def kernels(axes: Sequence[Axis]) -> tuple[list[int], list[int], Pads, list[int]]:
    """Kernel, stride, pads and dilation, each as one value for each axis."""
    return (
        [axis.kernel for axis in axes],
        [axis.stride for axis in axes],
        pads_of(axes),
        [axis.dilation for axis in axes],
    )


def pads_of(axes: Sequence[Axis]) -> Pads:
    return [(axis.before, axis.after) for axis in axes]
