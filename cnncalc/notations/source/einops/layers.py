"""einops's layers: its functions in a module, as source that is read like any other."""

from __future__ import annotations

from functools import cache

from cnncalc.errors import Piece, Source
from cnncalc.python.machine import Machine
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Value

__all__ = ["layer"]

TEXT = """
from einops import rearrange, reduce
from einops.einops import prepared
{start}

class Rearrange({base}):
    def __init__(self, pattern, **axes_lengths):
        super().__init__()
        self.pattern = prepared(pattern, "rearrange", axes_lengths)
        self.axes_lengths = axes_lengths

    def {forward}(self, x):
        return rearrange(x, self.pattern, **self.axes_lengths)

class Reduce({base}):
    def __init__(self, pattern, reduction, **axes_lengths):
        super().__init__()
        self.pattern = prepared(pattern, reduction, axes_lengths)
        self.reduction = reduction
        self.axes_lengths = axes_lengths

    def {forward}(self, x):
        return reduce(x, self.pattern, self.reduction, **self.axes_lengths)
"""
WORDS = {
    "torch": ("from torch import nn", "nn.Module", "forward"),
    "keras": ("from keras import layers", "layers.Layer", "call"),
}


def layer(machine: Machine, framework: str, name: str) -> Value:
    """One of the classes, read once for each reading."""
    return machine.module(source(framework)).find(name)


@cache
def source(framework: str) -> SourceFile:
    start, base, forward = WORDS[framework]
    name = f"einops.layers.{framework}"
    text = TEXT.format(start=start, base=base, forward=forward)
    return SourceFile(Source(text, [Piece(0, name)]), name, shown=False)
