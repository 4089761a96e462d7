"""Which axis of the input the channels are on: the one that its first layer takes together."""

from __future__ import annotations

from cnncalc.layers.base import Layer
from cnncalc.tracing.trace import Record, Trace

__all__ = ["channel_axis"]

# Layers that treat axis 0 as channels, and tell by it which axis of the input they are on.
TELLING = ("conv", "convt", "maxpool", "avgpool", "lppool", "gap", "gmp", "bn", "upsample", "gn")


def channel_axis(trace: Trace) -> int:
    """The input's axis that stands first where the first such layer reads it; else 0.

    tf2onnx keeps TensorFlow's input (channels last) and turns it before the first layer.
    """
    first_input, *records = trace.records
    rank = len(first_input.shape)
    origins: list[tuple[int | None, ...] | None] = [tuple(range(rank))]
    for record in records:
        before = origins[record.inputs[0]] if record.inputs else None
        if before is None:
            origins.append(None)
            continue
        if record.layer.kind in TELLING:
            first = before[0]
            # Only the last axis is known for it: others are mixed up, or a batch of frames.
            return rank - 1 if first == rank - 1 else 0
        origins.append(_after(trace, record, before))
    return 0


def _after(
    trace: Trace, record: Record, before: tuple[int | None, ...]
) -> tuple[int | None, ...] | None:
    """For each axis of a step's output, the input's axis that it descends from."""
    shapes = trace.shapes(record)
    layer: Layer = record.layer
    if len(shapes) > 1:
        return None
    route = layer.route(*shapes)
    if route is None:
        return before
    if route.mixes:
        return None
    after: list[int | None] = [None] * len(record.shape)
    for axis, place in enumerate(route.moves):
        if place is not None:
            after[place] = before[axis]
    return tuple(after)
