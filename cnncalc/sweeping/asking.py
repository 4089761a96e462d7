"""What callers of `sweep` want, as they give it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.errors import CnnCalcError, LayerError
from cnncalc.notations import Text
from cnncalc.notations.choices import values_of
from cnncalc.notations.sizes import Given
from cnncalc.sweeping.conditions import Condition
from cnncalc.sweeping.ranking import keys_of
from cnncalc.sweeping.sweep import Asked, Sweep
from cnncalc.sweeping.template import Template

__all__ = ["Wanted", "sweep"]

NAME = re.compile(r"[A-Za-z]\w*\Z")
SYMBOL = re.compile(r"[A-WYZ][A-WYZa-z0-9]*\Z")


class Wanted(NamedTuple):
    """What is wanted of the designs: see `api.sweep`."""

    where: str | None = None
    sort: str | None = None
    top: int | None = None
    pareto: str | None = None
    sample: int | None = None
    seed: int = 0


def sweep(
    text: Text,
    wanted: Wanted,
    size: Given | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    notation: str | None = None,
    let: Mapping[str, object] | None = None,
) -> Sweep:
    """The designs of a text.

    Raises:
        SpecError: no choices, a text or a condition that is none.
        CnnCalcError: what there is not to order by, or a value that binds nothing.
    """
    for name, number in (("top", wanted.top), ("sample", wanted.sample)):
        if number is not None and number < 1:
            raise CnnCalcError(
                f"`{name}={number}` is less than 1", code="argument", help=f"such as `{name}=20`"
            )
    asked = Asked(
        None if wanted.where is None else Condition(wanted.where),
        [] if wanted.sort is None else keys_of(wanted.sort, "--sort"),
        wanted.top,
        [] if wanted.pareto is None else keys_of(wanted.pareto, "--pareto"),
        wanted.sample,
        wanted.seed,
    )
    symbols, ties = bound(let or {})
    return Sweep(Template(text, size, notation, symbols, ties, batch), asked, dtype)


def bound(let: Mapping[str, object]) -> tuple[dict[str, int], dict[str, Sequence[str]]]:
    """Values of symbols, and choices that are tied by a name."""
    symbols: dict[str, int] = {}
    ties: dict[str, Sequence[str]] = {}
    for name, value in let.items():
        if isinstance(value, int) and not isinstance(value, bool) and SYMBOL.match(name):
            symbols[name] = value
            continue
        texts = _texts(name, value)
        if texts is None or not NAME.match(name):
            raise CnnCalcError(
                f"`{name}={value}` binds nothing",
                code="let",
                help="a symbol and a number, as `H=224`, or a name and a choice, as `w=16/32/64`",
            )
        ties[name] = texts
    return symbols, ties


def _texts(name: str, value: object) -> Sequence[str] | None:
    """The values of a choice; None for what is none."""
    if isinstance(value, str):
        try:
            return values_of(value) if value.strip() else None
        except LayerError as error:
            raise CnnCalcError(error.message, code="let", help=error.help) from None
    if isinstance(value, Sequence | range) and value:
        return list(dict.fromkeys(str(each) for each in value))
    return [str(value)] if isinstance(value, int) and not isinstance(value, bool) else None
