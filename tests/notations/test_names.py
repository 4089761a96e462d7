"""Names made unique."""

from __future__ import annotations

from cnncalc import parse
from cnncalc.notations.names import Names


def test_names_are_counted() -> None:
    """The first keeps its name, the others get the next number that is free."""
    names = Names(["y_2"])

    assert [names.unique(name) for name in ("x", "x", "x", "y", "y")] == [
        "x", "x_2", "x_3", "y", "y_3"
    ]  # fmt: skip
    assert [names.unique("x", "#"), names.unique("z", "#"), names.unique("z", "#")] == [
        "x#2", "z", "z#2"
    ]  # fmt: skip


def test_names_of_steps() -> None:
    """A module used again is told from another operation of the name."""
    names = Names()

    assert [names.of_step("relu", again) for again in (False, True, False, True)] == [
        "relu", "relu#2", "relu_1", "relu#3"
    ]  # fmt: skip


def test_one_label_for_many_steps() -> None:
    """Time grows as the steps do: counting each from the start would take minutes here."""
    steps = parse("3x8x8 100000*[x@relu]").steps

    assert steps[-1].name == "x_100000"
    assert len({step.name for step in steps}) == len(steps)
