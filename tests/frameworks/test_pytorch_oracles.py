"""Every recorded run of a module of torch.nn: output, parameters, or that it was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from cnncalc.errors import LayerError, SpecError
from tests.frameworks.pytorch_reading import layer_of, row_of, tuples
from tests.library import oracle

RECORDS = oracle("layers_torch.jsonl")
REFUSED = "refused"
# Records where we knowingly differ.
BATCH = "it flattens the batch into the axes of a sample, and shapes here are those of one sample"
DIFFERENT = {
    ("Flatten", (2, 2, 3)): BATCH,
    ("Flatten", (2, 2)): BATCH,
}


def known(record: Mapping[str, Any]) -> str | None:
    """Why we differ on a record, or None."""
    if record["args"].get("start_dim", 0) != -len(record["input"]):
        return None
    return DIFFERENT.get((record["layer"], tuple(record["input"])))


def sample(record: Mapping[str, Any], shape: list[int]) -> list[int]:
    """A shape without the batch; some records have none."""
    return shape if record.get("unbatched") or len(record["input"]) == 1 else shape[1:]


def expected(record: Mapping[str, Any]) -> object:
    if "error" in record:
        return REFUSED
    counts = record["params"], record["trainable"], record.get("buffers", 0)
    return sample(record, record["output"]), counts


def outcome(record: Mapping[str, Any]) -> object:
    """What we say to a record: the output and (params, trainable, buffers), or refused."""
    args = {name: tuples(value) for name, value in record["args"].items()}
    try:
        row = row_of(layer_of(record["layer"], args), tuple(sample(record, record["input"])))
    except (LayerError, SpecError):
        return REFUSED
    return list(row.output_shape), (row.params, row.trainable, row.buffers)


def others(record: Mapping[str, Any]) -> list[object]:
    """What other execution paths of PyTorch gave: a shape or an error."""
    return [
        REFUSED if isinstance(other, str) else sample(record, other)
        for other in record.get("varies", {}).values()
    ]


@pytest.mark.parametrize(
    "record", [pytest.param(each, id=f"{each['layer']}-{n}") for n, each in enumerate(RECORDS)]
)
def test_agrees_with_pytorch(record: Mapping[str, Any]) -> None:
    """Shape, parameters, trainable ones and buffers are PyTorch's; what it refused is refused."""
    actual = outcome(record)

    if known(record):
        assert actual == REFUSED, "it agrees now: take it off the list"
    elif actual != expected(record):
        said = actual if actual == REFUSED else actual[0]  # type: ignore[index]
        assert said in others(record), f"expected {expected(record)}, got {actual}"


def test_records_are_all_there() -> None:
    """The recorded runs have not been thinned out, and hold refusals too."""
    kinds = Counter("error" in record for record in RECORDS)

    assert (kinds[False], kinds[True]) == (1780, 352)
    assert sum(known(record) is not None for record in RECORDS) == len(DIFFERENT)


def test_paths_that_vary_are_mostly_followed() -> None:
    """Where PyTorch's paths differ we are with the recorded one, but for maps of no places."""
    varying = [record for record in RECORDS if "varies" in record]
    apart = [record for record in varying if outcome(record) != expected(record)]

    assert len(varying) == 37
    assert len(apart) == 3
    assert all(0 in record["output"] for record in apart)


def test_the_comparison_can_fail() -> None:
    """A record with another size, count or outcome is told apart."""
    record = next(each for each in RECORDS if each.get("buffers"))
    (channels, *rest), (params, trainable, buffers) = expected(record)  # type: ignore[misc]

    assert outcome(record) == ([channels, *rest], (params, trainable, buffers))
    for wrong in (
        ([channels, *(n + 1 for n in rest)], (params, trainable, buffers)),
        ([channels, *rest], (params + 1, trainable, buffers)),
        ([channels, *rest], (params, trainable, buffers + 1)),
        REFUSED,
    ):
        assert outcome(record) != wrong
