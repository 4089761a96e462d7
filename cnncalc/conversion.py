"""The same network in another notation."""

from __future__ import annotations

from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.findings import Findings
from cnncalc.notations import find, meant, writable
from cnncalc.notations.reserved import PYTHON

__all__ = ["check", "convert"]


def convert(report: Findings, to: str, name: str | None = None) -> str | bytes:
    """Write the network of a report, at the report's input.

    Args:
        report: what analysis made of the network.
        to: one of the notations that are `writable`.
        name: what the class, the model or the graph is called.

    Returns:
        The text; for a binary notation the bytes of a file.

    Raises:
        SpecError: a layer that the other notation can't say, or a size that has a name.
        CnnCalcError: no such notation, or a name that can't be one.
    """
    check(to, name)
    notation = find(to)
    if not notation.symbolic:
        report.check_numbers()
    if not notation.weightless:
        _check_stored(report)
    assert notation.write, "the table says that it is written"
    return notation.write(report, name)


def check(to: str, name: str | None = None) -> None:
    """CnnCalcError where there is no such notation to write, or nothing there is called so."""
    known = writable()
    if to not in known:
        near = meant(to, known)
        raise CnnCalcError(
            f"there is no notation `{to}` to write",
            code="notation",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(known)}",
        )
    if name is None:
        return
    notation = find(to)
    if not name.isidentifier() or name in PYTHON or name in notation.reserved:
        raise CnnCalcError(
            f"`{name}` can't be the name of a class", code="bad-name", help="such as `Net`"
        )
    if not notation.named:
        named = ", ".join(each for each in known if find(each).named)
        raise CnnCalcError(
            f"`{to}` text has no place for the name `{name}`",
            code="bad-name",
            help=f"a name is written with {named}",
        )


def _check_stored(report: Findings) -> None:
    """SpecError where a layer written anew would hold other tensors than its source has."""
    step = next((step for step in report.network.steps if not step.own), None)
    if step is not None:
        raise SpecError(
            f"`{step.name}` works with tensors that a layer of its own would not have: tied "
            "weights, parts of them, buffers or constants",
            step.spans[0] if step.spans else None,
            code="unsayable",
        )
