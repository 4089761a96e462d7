"""ONNX's operators with windows against ONNX Runtime, on drawn nodes, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc.analysis import settle
from cnncalc.errors import LayerError, SpecError
from cnncalc.frameworks.onnx import READERS
from tests.frameworks.live_onnx import onnxruntime_or_skip, run
from tests.frameworks.test_onnx_oracles import output_of

Case = tuple[dict[str, Any], tuple[int, ...] | None, tuple[int, ...]]

POOLS = ("MaxPool", "AveragePool", "LpPool")
OPS = ("Conv", "ConvTranspose", *POOLS, "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")


def each(draw: st.DrawFn, rank: int, least: int, most: int) -> list[int]:
    """One number for each axis; now and then one too many, or one too small."""
    wrong = draw(st.sampled_from([0] * 30 + [1, 2]))
    numbers = [draw(st.integers(least, most)) for _ in range(rank + (wrong == 1))]
    return [least - 1, *numbers[1:]] if wrong == 2 else numbers


@st.composite
def cases(draw: st.DrawFn, op: str) -> Case:
    """Attributes, the weight's shape or None, and the input's without batch."""
    rank = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 12 if rank < 3 else 7)) for _ in range(rank))
    if op.startswith("Global"):
        return {}, None, (draw(st.integers(1, 3)), *shape)
    attributes: dict[str, Any] = {}
    optional = {"strides": (1, 4), "dilations": (1, 3)}
    for name, (least, most) in optional.items():
        if draw(st.booleans()):
            attributes[name] = each(draw, rank, least, most)
    padding = draw(st.sampled_from(["none", "pads", "pads", "auto", "auto", "both"]))
    if padding in ("pads", "both"):
        attributes["pads"] = each(draw, 2 * rank, 0, 3)
    if padding in ("auto", "both"):
        words = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]
        attributes["auto_pad"] = draw(st.sampled_from(words))
    kernel = [draw(st.integers(1, 5)) for _ in range(rank)]
    if op in POOLS:
        attributes["kernel_shape"] = kernel
        attributes |= draw(st.sampled_from([{}, {"ceil_mode": 1}]))
        return attributes, None, (draw(st.integers(1, 2)), *shape)
    weight, channels = draw(weights(op, kernel))
    attributes["group"] = channels.pop()
    if op == "ConvTranspose":
        attributes |= draw(targets(rank))
    return attributes, weight, (*channels, *shape)


@st.composite
def weights(draw: st.DrawFn, op: str, kernel: list[int]) -> tuple[tuple[int, ...], list[int]]:
    """A weight's shape, and the input's channels and groups for it; seldom wrong ones."""
    group, inside, outside = (draw(st.integers(1, 2)) for _ in range(3))
    channels = group * inside + draw(st.sampled_from([0] * 20 + [1]))
    if op == "Conv":
        return (group * outside, inside, *kernel), [channels, group]
    return (group * inside, outside, *kernel), [channels, group]


@st.composite
def targets(draw: st.DrawFn, rank: int) -> dict[str, Any]:
    """Some of a transposed convolution's own attributes."""
    drawn: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        drawn["output_padding"] = each(draw, rank, 0, 2)
    if draw(st.integers(0, 2)) == 0:
        drawn["output_shape"] = each(draw, rank, 1, 24)
    return drawn


def ours(op: str, case: Case) -> object:
    attributes, weight, shape = case
    try:
        return output_of(READERS[op](attributes, [weight] if weight else []), shape)
    except (LayerError, SpecError):
        return "refused"


def theirs(op: str, case: Case) -> object:
    import numpy as np

    attributes, weight, shape = case
    output = run(op, attributes, weight, np.ones((1, *shape), "float32"))
    return "refused" if output is None else list(output.shape[1:])


def windows(op: str, case: Case) -> list[list[int]]:
    """The inputs that each output of one axis reads, as we have them."""
    attributes, weight, shape = case
    layer = settle(READERS[op](attributes, [weight] if weight else []), (shape,))
    (window,) = layer.windows(shape)
    return [
        [i for i in window.reads(o) if 0 <= i < shape[1]] for o in range(layer.output(shape)[1])
    ]


def probed(op: str, case: Case) -> list[list[int]]:
    """The same, measured: one sample for each input that is 1 while all others are 0."""
    import numpy as np

    attributes, weight, (channels, length) = case  # type: ignore[misc]
    samples = np.zeros((length, channels, length), "float32")
    samples[np.arange(length), :, np.arange(length)] = 1
    seen = run(op, attributes, weight, samples)[:, 0] > 0
    return [list(np.flatnonzero(seen[:, o])) for o in range(seen.shape[1])]


def compare(op: str, case: Case) -> None:
    said = ours(op, case)

    assert said == theirs(op, case)
    if said != "refused" and len(case[2]) == 2 and not op.startswith("Global"):
        assert windows(op, case) == probed(op, case)


RELAXED = settings(suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("op", OPS)
@settings(RELAXED, max_examples=60)
@given(data=st.data())
def test_is_as_onnxruntime_has_it(op: str, data: st.DataObject) -> None:
    """Sizes, refusals and, on one axis, every window are ONNX Runtime's."""
    onnxruntime_or_skip()
    compare(op, data.draw(cases(op)))


@pytest.mark.thorough
@pytest.mark.parametrize("op", OPS)
@settings(RELAXED, max_examples=2000)
@given(data=st.data())
def test_is_as_onnxruntime_has_it_at_length(op: str, data: st.DataObject) -> None:
    """The same, on many more."""
    onnxruntime_or_skip()
    compare(op, data.draw(cases(op)))
