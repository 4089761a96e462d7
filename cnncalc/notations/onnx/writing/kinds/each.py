"""A layer at every entry of some axes."""

from __future__ import annotations

from cnncalc.layers.base import Shape
from cnncalc.layers.each import Each
from cnncalc.notations.onnx.writing.builder import Builder, unsayable
from cnncalc.notations.onnx.writing.table import WRITERS, writes


@writes("each")
def each(at: Builder, layer: Each, x: str, shape: Shape) -> str:
    """The entries become samples of one larger batch, and are taken apart again."""
    inner, sample, entries = layer.layer, layer.sample(shape), layer.entries(shape)
    if inner.kind not in WRITERS:
        unsayable(f"`{inner.kind}`")
    rank, first = len(shape), layer.trailing
    order = [*range(first, first + layer.axes), *range(first), *range(first + layer.axes, rank)]
    flat = at.node("Reshape", at.permuted(x, order), at.ints([-1, *sample]))
    made = WRITERS[inner.kind](at, inner, [flat], (sample,))
    output = inner.output(sample)
    apart = at.node("Reshape", made, at.ints([-1, *entries, *output]))
    back = [*range(layer.axes, layer.axes + first), *range(layer.axes)]
    return at.permuted(apart, [*back, *range(len(back), layer.axes + len(output))])
