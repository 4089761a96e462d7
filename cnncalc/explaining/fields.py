"""How what the units see comes about: by the field's own way through windows that slide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.axis.field import Field
from cnncalc.axis.windows import Slide, Window
from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Along, Seen
from cnncalc.symbols.derived import named

__all__ = ["FIELDS", "sizes_of", "slid", "why"]

FIELDS = "Araujo, Norris & Sim 2019, doi:10.23915/distill.00021"


def sizes_of(seen: Seen, frame: Shape) -> list[int]:
    """How much is seen of each axis of the input."""
    return list(frame[1:]) if seen.whole else [along.field.size for along in seen.axes]


def why(before: Sequence[Seen], after: Seen) -> str:
    """In words, how much the units see where that is no formula of one window."""
    if after.whole:
        return "all of the input"
    if len(before) > 1:
        return "the union of the branches' fields"
    return "the union of the fields that are read"


def slid(
    before: Seen, after: Seen, windows: Sequence[Window]
) -> list[tuple[str, str, list[int]]] | None:
    """The figures that windows which slide change, of each axis of the input; None: others do.

    The field before them goes through them with names, R for its size and J for its jump, and
    must come out as it is known to be.
    """
    pairs: list[tuple[Field, Any]] = []
    for here, there in zip(before.axes, after.axes, strict=True):
        past = _past(here, windows)
        if past is None or (past.size, past.step) != (there.field.size, there.field.step):
            return None
        pairs.append((here.field, past))
    found = []
    if any(there.size != here.size for here, there in pairs):
        found.append(("receptive field", "R'", [past.size for _, past in pairs]))
    if any(there.step != here.step for here, there in pairs):
        found.append(("jump", "J'", [past.step for _, past in pairs]))
    return found


def _past(along: Along, windows: Sequence[Window]) -> Field | None:
    """The field past the window on its axis, in names; None: no window just slides there."""
    place, field = along.place, along.field
    if place is None or not 0 < place <= len(windows) or len(field.phases) > 1:
        return None
    window = windows[place - 1]
    if not isinstance(window, Slide) or not isinstance(field.step, int):
        return None
    ((start, size),) = field.phases
    return Field(named("J", field.step), ((start, named("R", size)),)).through(window)
