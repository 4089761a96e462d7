"""A text becomes a network, in the notation that it is in. Nothing that is read is executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.errors import SpecError
from cnncalc.network import Network
from cnncalc.notations import DOCUMENTS, Text, detect, find, meant, readable
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations import documents, refusals
else:  # only a notebook or a page needs the one, only a wrong text the other
    documents = OnUse("cnncalc.notations.documents")
    refusals = OnUse("cnncalc.notations.refusals")

__all__ = ["read"]

# The codes of errors that a text gives which is no network at all.
OF_THE_TEXT = (
    "bad-input", "bad-value", "brackets", "definition", "label", "not-a-layer", "raised",
    "syntax", "unknown-layer", "unknown-option",
)  # fmt: skip


def read(text: Text, notation: str | None = None, let: Mapping[str, int] | None = None) -> Network:
    """Read a network.

    Args:
        text: with the files that it came from.
        notation: one of those that are `readable`; None: detected.
        let: values for the symbols in the text.

    Raises:
        SpecError: with the place.
    """
    left_out = None
    if _may_be_document(text):
        text, left_out = documents.opened(text)
    try:
        return _read(text, notation, let or {})
    except SpecError as error:
        if left_out:
            error.notes.append(left_out)
        if error.code not in OF_THE_TEXT:
            raise
        found = notation or detect(text.source.text, text.files)
        guessed = notation is None and not text.files and found == "compact"
        raise refusals.instead(text.source, error, guessed, find(found).open) from None


def _may_be_document(text: Text) -> bool:
    """Whether a text is a notebook or a page, or begins as one or has a fence."""
    written = text.source.text
    return (
        written[:200].lstrip().startswith("{")
        or "```" in written
        or any(file.lower().endswith(DOCUMENTS) for file in text.files)
    )


def _read(text: Text, name: str | None, let: Mapping[str, int]) -> Network:
    known = readable()
    if name is not None and name not in known:
        near = meant(name, known)
        raise SpecError(
            f"there is no notation `{name}`",
            code="notation",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(known)}",
        )
    notation = find(name or detect(text.source.text, text.files))
    for symbol in let if not (notation.symbols or notation.open) else ():
        raise SpecError(
            f"{notation.title} has no symbol `{symbol}`",
            code="let",
            help="`-i` gives the input's size; symbols stand in the compact notation",
        )
    assert notation.read, "the table says that it is read"
    return notation.read(text, let)
