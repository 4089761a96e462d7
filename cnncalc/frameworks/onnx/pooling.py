"""ONNX's pools, with the pads and sizes that ONNX Runtime works out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.axis.windows import Slide
from cnncalc.errors import LayerError
from cnncalc.frameworks.onnx.node import Ints, Node, Text, plain
from cnncalc.layers.adaptive import GlobalAverage, GlobalLp, GlobalMax
from cnncalc.layers.base import Layer, Shape, axis_name, show
from cnncalc.layers.pool import AveragePool, LpPool, MaxPool
from cnncalc.network import Declared, Expects

__all__ = ["POOLS"]


def max_pool(
    *,
    kernel_shape: Ints,
    auto_pad: Text = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
) -> Declared:
    """The maximum over each window."""
    node = Node.of("MaxPool", kernel_shape, strides, dilations, pads, auto_pad)
    return _pool(node, MaxPool, ceil_mode)


def average_pool(
    *,
    kernel_shape: Ints,
    auto_pad: Text = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Declared:
    """The mean over each window; padding counts only if asked for."""
    node = Node.of("AveragePool", kernel_shape, strides, dilations, pads, auto_pad)
    return _pool(node, AveragePool, ceil_mode, count_padding=bool(count_include_pad))


def lp_pool(
    *,
    kernel_shape: Ints,
    auto_pad: Text = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    p: float = 2,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Declared:
    """The p-norm over each window."""
    node = Node.of("LpPool", kernel_shape, strides, dilations, pads, auto_pad)
    return _pool(node, LpPool, ceil_mode, norm=p)


def _pool(node: Node, kind: type[Layer], ceil_mode: int, **options: object) -> Declared:
    pads, kernel = node.pads, node.kernel
    if any(max(pad) >= k for pad, k in zip(pads, kernel, strict=True)):
        raise node.error(
            f"can't have pads of {max(map(max, pads))} with a window of {show(kernel)}",
            "pads smaller than the window, whatever its dilation",
        )
    words = {"SAME_UPPER": "same", "SAME_LOWER": "same-lower", "VALID": "valid"}
    layer = kind(
        kernel=plain(kernel),
        stride=plain(node.strides),
        padding=words.get(node.auto_pad, plain(pads)),
        dilation=plain(node.dilations),
        ceil=ceil_mode == 1,
        **options,
    )
    return Declared(layer, Expects(node.op, (len(kernel),), rule=partial(_as_run, node)))


def _as_run(node: Node, layer: Layer, shape: Shape) -> Layer:
    """The pool with the pads that ONNX Runtime gives it, where those aren't the usual ones."""
    ceil: bool = layer.ceil  # type: ignore[attr-defined]
    runs = [_slide(node, ceil, axis, n) for axis, n in enumerate(shape[1:])]
    ours = [(w.hull, w.length(n)) for w, n in zip(runs, shape[1:], strict=True)]
    empty = any(length == 0 for _, length in ours)
    try:
        usual = layer.windows(shape)
    except LayerError:  # a window larger than the input
        usual = ()
    if (
        ours == [(w.hull, w.length(n)) for w, n in zip(usual, shape[1:], strict=False)]
        and not empty
    ):
        return layer
    pads = plain(tuple((w.before, w.after) for w in runs))
    return layer.replaced(padding=pads, ceil=False, empty=empty)


def _slide(node: Node, ceil: bool, axis: int, n: int) -> Slide:
    """One axis as ONNX Runtime's PoolAttributes has it, the pads fitted to the length."""
    kernel, stride, dilation = node.kernel[axis], node.strides[axis], node.dilations[axis]
    before, after = _pads(node, axis, n, kernel, stride)
    if node.op == "MaxPool" and min(before, after) < 0 and max(node.dilations) == 1:
        raise node.error(
            f"has windows of {kernel} at a stride of {stride}, for which auto_pad would crop",
            "auto_pad=VALID, or pads",
        )
    room = n + before + after - dilation * (kernel - 1) - 1
    length = _toward_zero(room, stride) + 1
    if ceil:
        length = -(-room // stride) + 1
        length -= (length - 1) * stride >= n + before
    if length < 0:
        raise LayerError(
            f"the windows span {dilation * (kernel - 1) + 1} but "
            f"{axis_name(axis, len(node.kernel))} has only {n + before + after}, padding included",
            code="kernel-too-large",
            help="a smaller window, a larger input or pads",
        )
    slide = Slide(kernel, stride, before, after, dilation)
    lacking = (length - 1) * stride - room
    return (
        slide
        if slide.length(n) == length
        else Slide(kernel, stride, before, after + lacking, dilation)
    )


def _pads(node: Node, axis: int, n: int, kernel: int, stride: int) -> tuple[int, int]:
    """Pads at an input; SAME leaves dilation out, and is negative where windows don't touch."""
    if node.auto_pad in ("NOTSET", "VALID"):
        return node.pads[axis] if node.auto_pad == "NOTSET" else (0, 0)
    total = ((n + stride - 1) // stride - 1) * stride + kernel - n
    before = _toward_zero(total + (node.auto_pad == "SAME_LOWER"), 2)
    return before, total - before


def _toward_zero(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)


def global_average() -> Layer:
    """The mean over the whole map, which leaves axes of size 1."""
    return GlobalAverage(keep=True)


def global_max() -> Layer:
    """The maximum over the whole map, which leaves axes of size 1."""
    return GlobalMax(keep=True)


def global_lp(*, p: float = 2) -> Layer:
    """The p-norm over the whole map, which leaves axes of size 1."""
    return GlobalLp(keep=True, norm=p)


POOLS: dict[str, Callable[..., Layer | Declared]] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average,
    "GlobalLpPool": global_lp,
    "GlobalMaxPool": global_max,
    "LpPool": lp_pool,
    "MaxPool": max_pool,
}
