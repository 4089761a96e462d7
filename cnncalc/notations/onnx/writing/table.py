"""The table that the writers of layer kinds enter themselves in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx.writing.builder import Builder

__all__ = ["WRITERS", "Writer", "writes", "writes_several"]

# Of the builder, the layer, the name of the tensor that flows in, and its shape.
OfOne = Callable[[Builder, Any, str, Shape], str]
# The same of several.
Writer = Callable[[Builder, Any, list[str], tuple[Shape, ...]], str]

WRITERS: dict[str, Writer] = {}


def writes(*kinds: str) -> Callable[[OfOne], OfOne]:
    """Enter a function as the writer of these layer kinds, which have one input."""

    def enter(write: OfOne) -> OfOne:
        writes_several(*kinds)(lambda at, layer, x, shapes: write(at, layer, x[0], shapes[0]))
        return write

    return enter


def writes_several(*kinds: str) -> Callable[[Writer], Writer]:
    """Enter a function as the writer of layer kinds that may have several inputs."""

    def enter(writer: Writer) -> Writer:
        for kind in kinds:
            if kind in WRITERS:
                raise TypeError(f"two writers for {kind}")
            WRITERS[kind] = writer
        return writer

    return enter
