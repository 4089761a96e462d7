"""ONNX's convolutions, whose channels and kernel are their weight's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.axis.windows import Spread
from cnncalc.errors import LayerError
from cnncalc.frameworks.onnx.node import Ints, Node, Pads, Text, plain
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.conv import Conv
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.network import Declared, Expects

__all__ = ["CONVOLUTIONS"]


def conv(
    weight: Shape | None,
    bias: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Declared:
    """Weight (M, C/group, *kernel), bias (M,)."""
    node, shape = _node("Conv", weight, kernel_shape, strides, dilations, pads, auto_pad)
    return _conv(node, shape, group, bias is not None)


def _conv(node: Node, weight: Shape, group: int, bias: bool) -> Declared:
    auto = node.auto_pad
    dilations = node.dilations
    if auto.startswith("SAME") and max(dilations) > 1:
        raise node.error(f"can't have dilations={list(dilations)} beside {auto}", "pads instead")
    words = {"SAME_UPPER": "same", "SAME_LOWER": "same-lower"}
    layer = Conv(
        weight[0],
        plain(node.kernel),
        plain(node.strides),
        words.get(auto, plain(node.pads)),
        plain(dilations),
        group,
        bias=bias,
    )
    return Declared(layer, _takes(node, weight[1] * group))


def conv_integer(
    weight: Shape | None,
    zero_point: Shape | None = None,
    weight_zero_point: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Declared:
    """Weight (M, C/group, *kernel) of integers; there is no bias."""
    node, shape = _node("ConvInteger", weight, kernel_shape, strides, dilations, pads, auto_pad)
    return _conv(node, shape, group, bias=False)


def conv_transpose(
    weight: Shape | None,
    bias: Shape | None = None,
    *,
    auto_pad: Text = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Declared:
    """Weight (C, M/group, *kernel), bias (M,). SAME cuts what is more than n*s, and never adds."""
    node, shape = _node("ConvTranspose", weight, kernel_shape, strides, dilations, pads, auto_pad)
    extra = _extra(node, output_padding)
    layer = ConvTransposed(
        shape[1] * group,
        plain(node.kernel),
        plain(node.strides),
        plain(_cuts(node, extra)),
        plain(extra),
        plain(node.dilations),
        group,
        bias is not None,
    )
    expects = _takes(node, shape[0])
    if output_shape is not None:
        sizes = node.per_axis("output_shape", output_shape, 1)
        expects = expects._replace(rule=partial(_to_output_shape, node, sizes))
    return Declared(layer, expects)


def _node(
    op: str,
    weight: Shape | None,
    kernel: Ints | None,
    strides: Ints | None,
    dilations: Ints | None,
    pads: Ints | None,
    auto_pad: Text,
) -> tuple[Node, Shape]:
    """The node, whose kernel its weight has, and the weight's shape."""
    if weight is None or len(weight) < 3:
        raise LayerError(
            f"{op} needs a weight of a known shape, such as 16×3×3×3",
            code="attribute",
            help="a weight that is stored in the model, as an initializer",
        )
    node = Node.of(op, weight[2:], strides, dilations, pads, auto_pad)
    if kernel is not None and tuple(kernel) != weight[2:]:
        raise node.error(
            f"has kernel_shape={list(kernel)} but a weight of {show(weight)}",
            f"kernel_shape={list(weight[2:])}",
        )
    if pads is not None and node.auto_pad != "NOTSET":
        raise node.error(f"can't have pads beside auto_pad={node.auto_pad}", "one of the two")
    return node, weight


def _extra(node: Node, output_padding: Ints | None) -> tuple[int, ...]:
    extra = node.per_axis("output_padding", output_padding, 0, 0)
    if any(op >= s for op, s in zip(extra, node.strides, strict=True)):
        raise node.error(
            f"can't have output_padding={list(extra)} with strides={list(node.strides)}",
            "output_padding below the strides",
        )
    return extra


def _cuts(node: Node, extra: tuple[int, ...]) -> Pads:
    """What a transposed convolution cuts off its output without `output_shape`."""
    if not node.auto_pad.startswith("SAME"):
        return node.pads
    sliding = zip(node.kernel, node.strides, node.dilations, extra, strict=True)
    return tuple(_cut(node.auto_pad, d * (k - 1) + 1 + op - s) for k, s, d, op in sliding)


def _takes(node: Node, channels: int) -> Expects:
    return Expects(node.op, (len(node.kernel),), (("in_channels", 0, channels),))


def _cut(auto: str, total: int) -> tuple[int, int]:
    """What is cut before and after, of a total that is never less than 0.

    The odd pixel goes after under SAME_UPPER, before otherwise.
    """
    total = max(total, 0)
    before = total // 2 if auto == "SAME_UPPER" else total - total // 2
    return before, total - before


def _to_output_shape(node: Node, sizes: tuple[int, ...], layer: Layer, shape: Shape) -> Layer:
    """A transposed convolution with the pads that make its `output_shape` at an input."""
    assert isinstance(layer, ConvTransposed)
    windows = layer.replaced(padding=0).windows(shape)
    pads, extra = [], []
    for n, size, w in zip(shape[1:], sizes, windows, strict=True):
        assert isinstance(w, Spread)
        full = w.length(n)
        after = w.output_padding + max(size - full, 0)
        if after >= w.stride:
            raise node.error(
                f"can't give an output_shape of {size} from {n}",
                f"at most {full - w.output_padding + w.stride - 1}",
            )
        pads.append(_cut(node.auto_pad, full - size))
        extra.append(after)
    return layer.replaced(padding=plain(tuple(pads)), output_padding=plain(tuple(extra)))


CONVOLUTIONS: dict[str, Callable[..., Layer | Declared]] = {
    "Conv": conv,
    "ConvInteger": conv_integer,
    "ConvTranspose": conv_transpose,
}
