"""What the table of `rf --law` can show: the one window between the input and each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from cnncalc.findings import Findings
from cnncalc.rows import Row
from cnncalc.symbols.writing import MINUS
from cnncalc.tables.steps import COLUMNS
from cnncalc.tables.table import Column

if TYPE_CHECKING:
    from cnncalc.law import Law

__all__ = ["LAWS"]


def _kernels(law: Law) -> list[int]:
    return [slide.kernel for slide in law.slides]


def _jumps(law: Law) -> list[int]:
    return [slide.stride for slide in law.slides]


def _pads(law: Law) -> list[tuple[int, int]]:
    return [(slide.before, slide.after) for slide in law.slides]


def _lengths(law: Law) -> Sequence[tuple[int, int, int]]:
    return law.lengths


def _alike(texts: Sequence[str]) -> str:
    """One text where all axes agree, else one for each."""
    return "".join(texts[:1]) if len(set(texts)) < 2 else " × ".join(texts)


def _padding(pair: Sequence[int]) -> str:
    before, after = pair
    return str(before) if before == after else f"{before}:{after}"


Figure = TypeVar("Figure")


def _length(terms: Sequence[int]) -> str:
    """As people write it: ⌊(n+31)/32⌋−1."""
    add, divisor, plus = terms
    inner = f"n{add:+}" if add else "n"
    text = inner if divisor == 1 else f"⌊{f'({inner})' if add else inner}/{divisor}⌋"
    return f"{text}{plus:+}".replace("-", MINUS) if plus else text.replace("-", MINUS)


def _numbers(terms: Sequence[int]) -> str:
    """A, B and C for programs, as padding has its two: 31:32:0."""
    return ":".join(map(str, terms))


def _column(
    key: str,
    title: str,
    doc: str,
    figures: Callable[[Law], Sequence[Figure]],
    plain: Callable[[Figure], str] = str,
    shown: Callable[[Figure], str] = str,
) -> Column:
    """A column of a figure that each axis has."""
    return Column(
        key,
        title,
        doc,
        lambda report, row: "x".join(map(plain, figures(report.laws[row.index]))) or None,
        lambda report, row: _alike([shown(each) for each in figures(report.laws[row.index])]),
        right=plain is str,
        field=f"law.{key}",
    )


def _marked(report: Findings, row: Row) -> str:
    law = report.laws[row.index]
    text = _alike([_padding(pair) for pair in _pads(law)])
    return f"{text} *" if law.depends else text


LAWS: tuple[Column, ...] = (
    *(column for column in COLUMNS if column.key in ("index", "name", "kind", "layer", "output")),
    _column("kernel", "R", "the kernel: the receptive field, before clipping", _kernels),
    _column("jump", "J", "the jump: how far the next unit's field lies", _jumps),
    _column("padding", "P", "padding before and after", _pads, _padding)._replace(show=_marked),
    _column("length", "size of n", "the size that an axis of n gets", _lengths, _numbers, _length),
    Column(
        "why",
        "why not",
        "why no window says it",
        lambda report, row: report.laws[row.index].why or None,
        narrow="fold",
        field="law.why",
    ),
)
