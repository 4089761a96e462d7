"""Arithmetic between what flows, single numbers, and tensors that the model keeps."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape

__all__ = ["Part", "product", "with_kept", "with_number"]


class Part(NamedTuple):
    """One of the layers, one after another, that an operation is.

    Attributes:
        word: what its step is called where nothing names it.
        holds: whether the kept tensor stands for its weight.
    """

    word: str
    layer: Layer
    holds: bool = False


def with_number(op: str, number: float, reverse: bool = False) -> list[Part]:
    """`x op number`, or in reverse `number op x`.

    Args:
        op: `add`, `sub`, `mul`, `div` or `pow`.
        number: the other side.
        reverse: whether the number stands first.

    Raises:
        LayerError: a division by zero, or a number to the power of a tensor.
    """
    if op == "pow":
        if reverse:
            raise LayerError("a number to the power of a tensor can't be followed", code="source")
        return [Part(op, KINDS["power"](number))]
    if op == "div" and reverse:
        parts = [Part("reciprocal", KINDS["reciprocal"]())]
        return parts if number == 1 else [*parts, Part(op, KINDS["rescale"]((number,)))]
    if op == "div" and number == 0:
        raise LayerError("this divides a tensor by zero", code="source")
    factor, offset = {
        "add": (1.0, number),
        "sub": (-1.0, number) if reverse else (1.0, -number),
        "mul": (number, 0.0),
        "div": (1 / (number or 1), 0.0),
    }[op]
    return [Part(op, KINDS["rescale"]((factor,), (offset,)))]


def with_kept(
    op: str, shape: Shape, sizes: Shape, role: str = "parameter", reverse: bool = False
) -> list[Part]:
    """`x op w`, or in reverse `w op x`, with a tensor that the model keeps: a scale or a shift.

    Where the tensor has larger sizes than what flows, that is stretched first. One value for
    each channel is the plain `scale` or `shift`; else the layer tells the sizes, without those
    of 1 in front, which say nothing.

    Args:
        op: `add`, `sub`, `mul` or `div`.
        shape: what flows, without the batch.
        sizes: the kept tensor's without the batch, of at most as many axes.
        role: `parameter`, `buffer` or `constant`.
        reverse: whether the kept tensor stands first.

    Raises:
        LayerError: the sizes don't meet.
    """
    kind = "shift" if op in ("add", "sub") else "scale"
    parts = []
    if reverse and op == "sub":
        parts.append(Part("neg", KINDS["rescale"]((-1.0,))))
    elif reverse and op == "div":
        parts.append(Part("reciprocal", KINDS["reciprocal"]()))
    full = (1,) * (len(shape) - len(sizes)) + tuple(sizes)
    stretched = tuple(b if a == 1 else a for a, b in zip(shape, full, strict=True))
    if stretched != tuple(shape):
        parts.append(Part("expand", KINDS["expand"](stretched)))
    layer = KINDS[kind](None if is_by_channel(full, stretched) else trimmed(full), role)
    return [*parts, Part(op, layer, holds=True)]


def product(shape: Shape, outputs: int, axis: int = -1) -> Layer:
    """A matrix that the model keeps times what flows, along an axis: a linear layer, no bias.

    Args:
        shape: what flows, without the batch; the only axis of features needs no name.
        outputs: how many features come out.
        axis: which one is multiplied; below 0 counted from the last.
    """
    return KINDS["linear"](outputs, False, None if len(shape) == 1 else axis)


def is_by_channel(sizes: Shape, shape: Shape) -> bool:
    """Whether a tensor has one value for each channel, and nothing else."""
    return sizes[:1] == shape[:1] == (prod(sizes),)


def trimmed(sizes: Shape) -> Shape | None:
    """Sizes without the ones in front; None for a tensor without axes."""
    place = next((place for place, size in enumerate(sizes) if size != 1), len(sizes) - 1)
    return sizes[place:] or None
