"""Every layer that is read, against the real one on drawn arguments and inputs, right and wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cnncalc import SpecError
from cnncalc.errors import LayerError
from cnncalc.frameworks.keras import ALIASES, CHANNELS_FIRST, CHANNELS_LAST, READERS, Frame
from tests.frameworks.keras_reading import analysed, output_of
from tests.frameworks.keras_strategies import CASES, Arguments
from tests.frameworks.live_keras import keras_or_skip, run

# Augmentation does nothing outside training, the input is no layer that runs, and what is around
# another layer is held by recorded runs (tests/test_recurrent.py).
UNDRAWN = {name for name in READERS if name.startswith("Random")}
UNDRAWN |= {"Input", "InputLayer", "Bidirectional"}
UNDRAWN |= {"RNN", "GRUCell", "LSTMCell", "SimpleRNNCell"}


def ours(
    name: str, arguments: Arguments, shapes: Sequence[tuple[int, ...]], frame: Frame
) -> object:
    """Output, parameters and weights as we have them, or "refused"."""
    try:
        report = analysed(name, arguments, shapes, frame)
    except (LayerError, SpecError):
        return "refused"
    weights = [
        (each.name, each.shape, each.trainable) for row in report.rows for each in row.weights
    ]
    return output_of(report), report.total.params, report.total.trainable, weights


def theirs(name: str, arguments: Arguments, shapes: Sequence[tuple[int, ...]]) -> object:
    ran = run(name, arguments, shapes)
    return (ran.output, ran.params, ran.trainable, ran.weights) if ran else "refused"


def is_over_batch(arguments: Arguments, rank: int) -> bool:
    """Whether an axis is the batch: shapes here have none, so it is always refused."""
    axes = arguments.get("axis") or 1
    return -rank - 1 in (axes if isinstance(axes, tuple) else (axes,))


def compare(name: str, data: st.DataObject) -> None:
    arguments, shapes = data.draw(CASES[name])
    frame = data.draw(st.sampled_from([CHANNELS_LAST, CHANNELS_FIRST]))
    assume(not is_over_batch(arguments, len(shapes[0])))

    assert ours(name, arguments, shapes, frame) == theirs(name, arguments, shapes)


RELAXED = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.mark.parametrize("name", CASES)
@settings(RELAXED, max_examples=25)
@given(data=st.data())
def test_is_as_keras_has_it(name: str, data: st.DataObject) -> None:
    """Output, weights by name and shape, and refusals are Keras's, in either layout inside."""
    keras_or_skip()
    compare(name, data)


@pytest.mark.thorough
@pytest.mark.parametrize("name", CASES)
@settings(RELAXED, max_examples=2000)
@given(data=st.data())
def test_is_as_keras_has_it_at_length(name: str, data: st.DataObject) -> None:
    """The same, on many more."""
    keras_or_skip()
    compare(name, data)


def test_every_reader_is_drawn() -> None:
    """A class that is read is compared with the real one."""
    assert CASES.keys() == READERS.keys() - ALIASES.keys() - UNDRAWN
