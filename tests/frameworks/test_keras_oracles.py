"""Every recorded run of a Keras layer: its output, its parameters, or that it was refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from cnncalc import SpecError, analyze
from cnncalc.errors import LayerError
from tests.frameworks.keras_reading import analysed, output_of
from tests.library import oracle

RECORDS = oracle("layers_keras.jsonl")


def outcome(record: Mapping[str, Any]) -> object:
    """What we say to a record: (output, params, trainable), or "refused"."""
    try:
        report = analysed(record["layer"], record["args"], [record["input"][1:]])
    except (LayerError, SpecError):
        return "refused"
    return output_of(report), report.total.params, report.total.trainable


def expected(record: Mapping[str, Any]) -> object:
    if "error" in record:
        return "refused"
    return record["output"][1:], record["params"], record["trainable"]


@pytest.mark.parametrize(
    "number", range(len(RECORDS)), ids=lambda number: f"{number}-{RECORDS[number]['layer']}"
)
def test_agrees_with_every_record(number: int) -> None:
    """Shape, parameters and trainable ones are Keras's; what Keras refused is refused."""
    record = RECORDS[number]

    assert outcome(record) == expected(record), json.dumps(record)


def test_records_are_all_there() -> None:
    """The recorded runs have not been thinned out, and hold refusals too."""
    kinds = Counter("error" in record for record in RECORDS)

    assert (kinds[False], kinds[True]) == (766, 95)


def test_what_is_settled_stays_settled() -> None:
    """Analysis gives a network that it analyses to the same."""
    for record in RECORDS:
        if "error" not in record:
            report = analysed(record["layer"], record["args"], [record["input"][1:]])
            again = analyze(report.network, tuple(record["input"][1:]))
            assert again.to_dict() == report.to_dict()


def test_the_comparison_can_fail() -> None:
    """A record with another size, count or outcome is told apart."""
    record = next(each for each in RECORDS if each.get("trainable"))
    (first, *rest), params, trainable = expected(record)  # type: ignore[misc]

    for wrong in (([first + 1, *rest], params, trainable), ([first, *rest], params + 1, trainable)):
        assert outcome(record) != wrong
    assert outcome(record) != "refused"
