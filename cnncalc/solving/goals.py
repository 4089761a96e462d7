"""What `solve` is asked for, as people type it: `16x56x56`, `_x16x16`, `same`, `/2`; 31 or 9x31."""

from __future__ import annotations

import re

from cnncalc.errors import CnnCalcError, LayerError, Source
from cnncalc.layers.base import Shape
from cnncalc.notations.sizes import Given, given, read_size
from cnncalc.rows import from_layout
from cnncalc.solutions import Goal

__all__ = ["goal_of"]

HELP = "such as 16x56x56, _x16x16 (any channels), same, or /2 (half the size, rounded down)"


def goal_of(output: Given | None, field: Given | None, layout: str) -> Goal:
    """What is asked for.

    Args:
        output: the output's shape in a notation's layout, `_` for what may be anything; `same`,
            or `/2`.
        field: how much of the input its units see, for all axes or each.
        layout: of the notation.

    Raises:
        CnnCalcError: neither or both are given, or what is none.
    """
    if (output is None) == (field is None):
        raise CnnCalcError(
            "what is to come out?" if output is None else "`--output` and `--rf` are two questions",
            code="usage",
            help="`--output 16x56x56`, `--output same` or `--rf 31`",
        )
    if field is not None:
        sizes = _numbers(field, "--rf", "such as 31, or 9x31 for each axis")
        return Goal(f"a receptive field of {'×'.join(map(str, sizes))}", field=sizes)
    output = output.text if isinstance(output, Source) else output
    if output == "same":
        return Goal("the size that flows in", divisor=1)
    if isinstance(output, str) and (part := re.fullmatch(r"\s*/\s*(\d{1,9})\s*", output)):
        if not int(part[1]):
            raise _no_output(output)
        return Goal(f"the size that flows in, divided by {int(part[1])}", divisor=int(part[1]))
    if isinstance(output, str):
        return _sizes(output, layout)
    return _sizes(
        "x".join(map(str, output if isinstance(output, tuple | list) else (output,))), layout
    )


def _sizes(text: str, layout: str) -> Goal:
    """The output of some sizes."""
    words = [word for word in re.split(r"[x×,\s()]+", text) if word]
    if not words or not all(re.fullmatch(r"[_?]|\d{1,10}", word) for word in words):
        raise _no_output(text)
    sizes = tuple([None if word in ("_", "?") else int(word) for word in words])
    return Goal("×".join(words).replace("?", "_"), sizes=from_layout(sizes, layout))  # type: ignore[arg-type]


def _numbers(field: Given, option: str, right: str) -> Shape:
    text = field.text if isinstance(field, Source) else field
    if not isinstance(text, str):
        return given(text, option).sizes
    try:
        return read_size(text)
    except LayerError:
        raise CnnCalcError(f"`{option} {text}` is no size", code="usage", help=right) from None


def _no_output(text: str) -> CnnCalcError:
    return CnnCalcError(f"`--output {text}` is no output", code="usage", help=HELP)
