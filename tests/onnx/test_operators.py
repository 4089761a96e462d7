"""An operator is one function: its inputs and attributes are its arguments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cnncalc import SpecError
from cnncalc.layers import KINDS
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import OPERATORS, Either, operator
from cnncalc.tracing.constants import worked_out
from cnncalc.tracing.tensors import Tensor
from tests.onnx.builders import node, numbers, report, words


@pytest.fixture
def halved() -> Iterator[None]:
    """An operator that there is not."""

    @operator("Halve")
    def halve(call: Call, data: Either, *, times: int = 1) -> Either:
        if isinstance(data, Tensor):
            return call.add(KINDS["rescale"]((0.5**times,)), [data])
        return worked_out(lambda value: value // 2**times, data)

    yield
    del OPERATORS["Halve"]


def test_a_new_operator(halved: None) -> None:
    """On data it is a step; of numbers that a shape is made of its result is worked out."""
    nodes = [
        node("Halve", "x", "h", times=2), node("Halve", "sizes", "half"),
        node("Reshape", "h half"),
    ]  # fmt: skip
    found = report(nodes, {"sizes": numbers(2, 384)}, x=(1, 3, 8, 8))

    assert words(found) == ["rescale:0.25", "flatten"]


def test_an_attribute_of_another_type_is_refused(halved: None) -> None:
    with pytest.raises(SpecError, match="its `times` is no whole number"):
        report([node("Halve", "x", times="often")])


def test_two_functions_for_one_operator_are_refused() -> None:
    with pytest.raises(AssertionError, match="two functions for Relu"):
        operator("Relu")(lambda call: None)
