"""How reading stops: at something that can't be followed, or at the model's own refusal."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import Span, SpecError

__all__ = ["Raised", "Refusal"]

MAX_NOTES = 4


class Refusal(Exception):  # noqa: N818, it becomes a SpecError at its place
    """Something in the source that can't be followed, or that can't be.

    Raised without a place where the rule lives; the evaluation of the innermost node
    that saw it adds the place, each call around it a note.

    Attributes:
        message: one sentence, without a full stop.
        help: what would be right, or None.
        fatal: a bound was reached, so nothing more is tried.
    """

    def __init__(
        self, message: str, *, help: str | None = None, code: str = "source", fatal: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.fatal = fatal
        self.span: Span | None = None
        self.notes: list[str] = []

    def called_from(self, span: Span) -> None:
        """Remember one call on the way to here."""
        if self.span is None:
            self.span = span
        else:
            add_use(self.notes, self.span, span)

    def error(self) -> SpecError:
        """What the user sees."""
        error = SpecError(self.message, self.span, code=self.code, help=self.help)
        error.notes += self.notes
        return error


class Raised(Exception):  # noqa: N818, the source may catch it
    """An exception of the source itself, on its way to an `except` or to the user.

    Attributes:
        value: the interpreted exception, an instance of an exception class.
    """

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value
        self.span: Span | None = None
        self.notes: list[str] = []

    def called_from(self, span: Span) -> None:
        """Remember one call on the way to here."""
        if self.span is None:
            self.span = span
        else:
            add_use(self.notes, self.span, span)

    def refusal(self) -> Refusal:
        """The same as a refusal: the model's own objection, in its own words."""
        name, text = self.value.cls.name, self.value.text()
        refusal = Refusal(
            f"the model refuses with {name}: {text}" if text else f"the model raises {name}",
            code="raised",
        )
        refusal.span, refusal.notes = self.span, self.notes
        return refusal


def add_use(notes: list[str], place: Span, use: Span) -> None:
    """A note on one call on the way; the words after `model.py:` are no place in a file."""
    if len(notes) >= MAX_NOTES or (use.source is place.source and use.start == place.start):
        return
    file, line, *_ = use.place()
    if file is None and place.place()[0] is not None:
        return
    where = f"line {line}" if file == place.place()[0] else f"{file}, line {line}"
    note = f"used at {where}: `{shortened(use.text)}`"
    if note not in notes:
        notes.append(note)


def shortened(text: str, most: int = 60) -> str:
    """The first line of a piece of source, cut to a readable length."""
    line, *more = text.strip().splitlines() or [""]
    return line[:most].rstrip() + "…" if more or len(line) > most else line
