"""What is said of a name of a framework that isn't read here."""

from __future__ import annotations

from cnncalc.python.refusals import Refusal

__all__ = ["LISTED", "unsupported"]

LISTED = "`cnncalc layers` lists the layers that are read"


def unsupported(path: str, near: str | None) -> Refusal:
    """What is said of a name of a framework that isn't read."""
    return Refusal(
        f"`{path}` has no counterpart in this calculator",
        help=f"did you mean `{near}`?" if near else LISTED,
        code="unsupported",
    )
