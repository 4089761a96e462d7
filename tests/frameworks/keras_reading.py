"""Keras calls read and analysed, as the Keras tests ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from cnncalc import Network, Report, Step, analyze
from cnncalc.frameworks.base import read
from cnncalc.frameworks.keras import CHANNELS_LAST, Frame, readers, relabel
from cnncalc.layers.merge import Input
from cnncalc.network import Declared


def tuples(value: Any) -> Any:
    """Lists as tuples, all the way down: JSON has no tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def layers_of(
    name: str, arguments: Mapping[str, Any], frame: Frame = CHANNELS_LAST
) -> tuple[Declared, ...]:
    """The steps of one call."""
    given = {key: tuples(value) for key, value in arguments.items()}
    return read(readers(frame)[name], f"layers.{name}", (), given)


def analysed(
    name: str,
    arguments: Mapping[str, Any],
    shapes: Sequence[Sequence[int]],
    frame: Frame = CHANNELS_LAST,
) -> Report:
    """One call at one or more inputs, whose shapes are Keras's without the batch."""
    inside = [frame.sizes(shape) for shape in shapes]
    steps = [Step(Input(), name="input")]
    steps += [Step(Input(shape), name=f"in{number}") for number, shape in enumerate(inside[1:])]
    sources = tuple(range(len(steps)))
    for number, layer in enumerate(layers_of(name, arguments, frame)):
        steps.append(Step(layer, sources, f"step{number}"))
        sources = (len(steps) - 1,)
    network = Network(
        steps, notation="keras", layout=frame.layout, relabel=partial(relabel, frame=frame)
    )
    return analyze(network, tuple(shapes[0]))


def output_of(report: Report) -> list[int]:
    """The shape that came out, in Keras's order without the batch."""
    return report.shape(report.rows[-1].output_shape)
