"""Values in another order along an axis: what is read gives what torch gives."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.notations.source.torch.functions.order import ORDER
from cnncalc.notations.source.torch.functions.table import METHODS, TORCH
from tests.source.reading import net

CALLS = (
    "torch.flip(x, (2, 3))",
    "x.flip(1)",
    "x.flip(dims=[1, -1])",
    "torch.roll(x, 1, 2)",
    "torch.roll(x, shifts=(1, -2), dims=(2, 3))",
    "x.roll(5, 1)",
)


@pytest.mark.parametrize("call", CALLS)
def test_the_values_are_torchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(60.0).reshape(1, 3, 4, 5)
    names: dict[str, Any] = {"torch": torch, "x": x}
    written = cnncalc.convert(net("", f"return {call}"), "torch", (3, 4, 5), name="Net")
    assert isinstance(written, str)
    exec(written, names)

    assert torch.equal(names["Net"]()(x), eval(call, names))


@pytest.mark.parametrize("call", CALLS)
def test_the_fields_are_measured(call: str) -> None:
    report = cnncalc.verify(net("", f"return {call}"), (3, 4, 5))

    assert report.verify is not None
    assert report.verify["ok"]


def test_constants_too() -> None:
    plain, moved = (
        cnncalc.analyze(net("", f"return x + {call}"), (3, 4, 5)).layers[0].text
        for call in ("torch.ones(4, 5)", "torch.roll(torch.ones(4, 5).flip(0), 1, 1)")
    )

    assert plain == moved


def test_nothing_to_move_is_no_step() -> None:
    assert len(cnncalc.analyze(net("", "return torch.roll(x, 4, 2)"), (3, 4, 5)).layers) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("x.flip(0)", "`flip` along axis 0 mixes the samples of a batch"),
        ("torch.roll(x, 1)", "this `roll` runs through all values"),
        ("torch.roll(x, (1, 2), 1)", "`roll` has 2 shifts for 1 axes"),
        ("torch.roll(x, 1.5, 1)", "is no whole number to roll by"),
        ("x.flip(4)", "a tensor of 4 axes has no axis 4"),
    ],
)
def test_what_is_refused(call: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        cnncalc.analyze(net("", f"return {call}"), (3, 4, 5))


def test_a_new_function_is_an_entry() -> None:
    """What stands in the table of its file is a function of torch, and a method of tensors."""
    for name, function in ORDER.items():
        assert TORCH[name] is METHODS[name] is function
