"""The rows of designs as columns of one kind each, for frames and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.sweeping.template import Value

__all__ = ["column", "columns_of"]


def columns_of(names: Sequence[str], values: Sequence[Sequence[Value]]) -> dict[str, str]:
    """The columns of a list of designs, each with its kind.

    Args:
        names: of the choices.
        values: of each of them.

    Returns:
        By the column's name `int64`, `double`, `string`, or `sizes`: a list of int64.
    """
    figures = dict.fromkeys(("params", "macs"), "int64")
    rest = dict.fromkeys(("rf", "param_bytes", "activation_bytes"), "int64")
    choices = dict(zip(names, map(_kind, values), strict=True))
    return {"spec": "string", **choices, **figures, "output_shape": "sizes", **rest}


def _kind(values: Sequence[Value]) -> str:
    if all(isinstance(each, int) for each in values):
        return "int64"
    return "double" if all(isinstance(each, int | float) for each in values) else "string"


def column(rows: Sequence[Mapping[str, object]], name: str, kind: str) -> list[object]:
    """One column: numbers are texts where other values of the choice are."""
    values = [row[name] for row in rows]
    if kind != "string":
        return values
    return [None if value is None else str(value) for value in values]
