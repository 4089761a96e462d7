"""Plain data as a program has it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["literal", "subscript"]


def literal(value: object) -> str:
    """Plain data as a program has it."""
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return f'float("{value}")'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def subscript(index: object, words: Callable[[object], str]) -> str:
    """What stands in the brackets of `x[index]`, slices with colons; `words` has all else."""
    parts = index if isinstance(index, tuple) else (index,)
    inner = ", ".join(
        _sliced(each, words) if isinstance(each, slice) else words(each) for each in parts
    )
    return f"{inner}," if isinstance(index, tuple) and len(parts) == 1 else inner


def _sliced(part: slice, words: Callable[[object], str]) -> str:
    ends = (part.start, part.stop, *([] if part.step is None else [part.step]))
    return ":".join("" if end is None else words(end) for end in ends)
