"""What would be right where tensors don't join, or a layer is for another number of axes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.layers.base import Layer, Shape
from cnncalc.python.machine import Machine
from cnncalc.python.values import Class

__all__ = ["for_another_rank", "joining"]

AXES = re.compile(r"[123]d$")
MAX_PAD = 8


def joining(layer: Layer, shapes: Sequence[Shape], keras: bool) -> str:
    """What makes two maps fit to be joined along their channels, or element-wise."""
    if layer.kind == "cat":
        return (padding(shapes) if not keras else "") or "maps that differ only in their channels"
    return (projection(shapes) if not keras else "") or (
        "equal shapes, or axes of size 1, which are stretched"
    )


def padding(shapes: Sequence[Shape]) -> str:
    """`F.pad` for the smaller of two maps, as the joins of a U-Net need it."""
    if len(shapes) != 2 or len(shapes[0]) != len(shapes[1]) or len(shapes[0]) < 2:
        return ""
    gaps = [one - two for one, two in zip(shapes[0][1:], shapes[1][1:], strict=True)]
    smaller = "second" if min(gaps) >= 0 else "first" if max(gaps) <= 0 else ""
    if not smaller or max(map(abs, gaps)) > MAX_PAD:
        return ""
    pads = [part for gap in reversed(gaps) for part in (abs(gap) // 2, abs(gap) - abs(gap) // 2)]
    return f"`F.pad(y, ({', '.join(map(str, pads))}))` makes the {smaller} as large as the other"


def projection(shapes: Sequence[Shape]) -> str:
    """The 1×1 convolution that a residual block has on its short way."""
    if len(shapes) != 2 or len(shapes[0]) != len(shapes[1]) or len(shapes[0]) < 2:
        return ""
    for number, (large, small) in enumerate((tuple(shapes), tuple(reversed(shapes)))):
        strides = [-(-a // b) for a, b in zip(large[1:], small[1:], strict=True)]
        fits = all(-(-a // s) == b for a, b, s in zip(large[1:], small[1:], strides, strict=True))
        if fits and len(set(strides)) == 1:
            stride = f", stride={strides[0]}" if strides[0] > 1 else ""
            call = f"nn.Conv{len(large) - 1}d({large[0]}, {small[0]}, 1{stride})"
            return f"`{call}` on the {('first', 'second')[number]} gives it the other's shape"
    return ""


def for_another_rank(machine: Machine, call: str, shape: Shape) -> str | None:
    """The class for as many axes as there are, such as `nn.BatchNorm2d` for a map."""
    rank = len(shape) - 1
    if not call.startswith("nn.") or not AXES.search(call):
        return None
    if rank == 0 and "Norm" not in call:
        return "it works on maps: run it before they are flattened"
    other = AXES.sub(f"{max(rank, 1)}d", call)
    known = machine.library(f"torch.{other}")
    return f"write `{other}`" if isinstance(known, Class) else None
