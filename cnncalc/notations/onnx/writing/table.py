"""The table that the writers of layer kinds enter themselves in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.base import Shape
from cnncalc.notations.onnx.writing.builder import Builder

__all__ = ["WRITERS", "Writer", "writes"]

# Of the builder, the layer, the names of the tensors that flow in, and their shapes.
Writer = Callable[[Builder, Any, list[str], tuple[Shape, ...]], str]

WRITERS: dict[str, Writer] = {}


def writes(*kinds: str) -> Callable[[Writer], Writer]:
    """Enter a function as the writer of these layer kinds."""

    def enter(writer: Writer) -> Writer:
        for kind in kinds:
            if kind in WRITERS:
                raise TypeError(f"two writers for {kind}")
            WRITERS[kind] = writer
        return writer

    return enter
