"""Errors, and the place in the text that each one points at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cnncalc.message import Message

__all__ = [
    "MAX_TOLD",
    "CnnCalcError",
    "LayerError",
    "Mistakes",
    "Piece",
    "Source",
    "Span",
    "SpecError",
    "first_of",
    "shortened",
]

MAX_TOLD = 8  # mistakes of one text; whoever makes more has to see few at a time
MAX_SEEN = 100  # of which most are the same, before no more are looked for


MAX_MESSAGE = 1_500  # characters: input that isn't trusted has names and lists of any length


def shortened(text: str, most: int = 60) -> str:
    """The first line of a piece of source, cut to a readable length."""
    line, *more = text.strip().splitlines() or [""]
    return line[:most].rstrip() + "…" if more or len(line) > most else line


def first_of(texts: Sequence[str], most: int) -> str:
    """The first of some texts, and how many there are beside them."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def brief(text: str) -> str:
    """A text without its middle, if it is longer than anyone reads."""
    if len(text) <= MAX_MESSAGE:
        return text
    kept = MAX_MESSAGE // 2 - 1
    return f"{text[:kept]} … {text[-kept:]}"


class CnnCalcError(Exception):
    """Something cnncalc can say no to, with what would be right in `help`.

    Attributes:
        message: one sentence, without a full stop.
        code: a stable word for programs, such as `kernel-too-large`.
        help: what would be right, or None.
    """

    def __init__(self, message: str, *, code: str = "error", help: str | None = None) -> None:
        message = brief(message)
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help and brief(help)

    def __str__(self) -> str:
        """The whole message, with its place, as the command line draws it without colour."""
        return self.draw().rstrip("\n")

    def draw(self, *, width: int = 80, color: bool = False, fold: bool = False) -> str:
        """The whole message for people.

        Args:
            width: columns for the line of the source; a longer one is shown around the place.
            color: whether to use a terminal's colours.
            fold: whether sentences keep to the width too, as on a terminal.
        """
        from cnncalc.message import Message  # only an error that is shown needs it

        message = Message(width, color, fold)
        message.say(self.code, self.message)
        self._explain(message)
        if self.help:
            message.remark("help", self.help)
        return message.text()

    def _explain(self, message: Message) -> None:
        """What stands between what is wrong and what would be right."""

    def to_dict(self) -> dict[str, object]:
        """The document `cnncalc.error/1` of the contract."""
        return {
            "schema": "cnncalc.error/1",
            "error": {
                "code": self.code,
                "message": self.message,
                "file": None,
                "line": None,
                "column": None,
                "end_column": None,
                "help": self.help,
            },
        }


class LayerError(ValueError):
    """A layer's own objection to its input: a bare sentence, raised by `layers/`.

    Analysis turns it into a `SpecError` that adds the place, the incoming
    shapes and the step that made them. Where one option is to blame, `option` names it, so
    that the place is that option's.
    """

    def __init__(
        self, message: str, *, code: str = "layer", help: str | None = None, option: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help
        self.option = option


class Piece(NamedTuple):
    """A stretch of a source that came from one file (or from the command line: None)."""

    start: int
    file: str | None


class Source:
    """A text to read a network from, which remembers the files it was put together from."""

    __slots__ = ("pieces", "text")

    def __init__(self, text: str, pieces: Iterable[Piece] = ()) -> None:
        self.text = text
        self.pieces = tuple(pieces) or (Piece(0, None),)

    def piece(self, offset: int) -> tuple[Piece, int]:
        """The piece that holds an offset, and where that piece ends."""
        index = bisect_right([piece.start for piece in self.pieces], offset) - 1
        following = self.pieces[index + 1 : index + 2]
        return self.pieces[index], following[0].start if following else len(self.text)


class Span:
    """From `start` to before `end` in a source's text."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def place(self) -> tuple[str | None, int, int, int, str]:
        """File, line, column, end column (both from 1) and the line's text.

        A span that runs over several lines ends with its first one.
        """
        piece, piece_end = self.source.piece(self.start)
        text = self.source.text
        line_start = max(text.rfind("\n", 0, self.start) + 1, piece.start)
        newline = text.find("\n", self.start)
        line_end = min(newline if newline >= 0 else len(text), piece_end)
        line = text.count("\n", piece.start, self.start) + 1
        column = self.start - line_start + 1
        end_column = max(min(self.end, line_end) - line_start + 1, column + 1)
        return piece.file, line, column, end_column, text[line_start:line_end].rstrip()


class SpecError(CnnCalcError, ValueError):
    """A network or an input size that can't be; the span says where.

    Attributes:
        file, line, column, end_column: the place (lines and columns from 1), or None.
        notes: what else helps to see why, such as the shapes that flow in.
        find_out: gives further notes that take a while, for whoever reads them; None: there are
            none.
        wants: what the source was found to want of its input until here (`input_size.Wants`).
        also: further mistakes in the same text that don't follow from this one, at most
            `MAX_TOLD` with it.
        so_far: the network until where this stopped the reading (`network.Network`), where
            nothing is known to be wrong; None: there is no part of an answer.
        batch: samples at a time, where the input's size was read with a batch in front.
        report: the `Report` on that, once it was asked for a report.
    """

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        *,
        code: str = "spec",
        help: str | None = None,
    ) -> None:
        super().__init__(message, code=code, help=help)
        self.span = span
        self.find_out: Callable[[], list[str]] | None = None
        self._notes: list[str] = []
        self.wants: Any = None
        self.also: list[SpecError] = []
        self.so_far: Any = None
        self.batch: int | None = None
        self.report: Any = None
        self.file: str | None = None
        self.line: int | None = None
        self.column: int | None = None
        self.end_column: int | None = None
        self.source_line: str | None = None
        if span is not None:
            self.file, self.line, self.column, self.end_column, self.source_line = span.place()

    @property
    def notes(self) -> list[str]:
        if self.find_out is not None:
            find_out, self.find_out = self.find_out, None
            self._notes += find_out()
        return self._notes

    @notes.setter
    def notes(self, notes: list[str]) -> None:
        self._notes = notes

    def draw(self, *, width: int = 80, color: bool = False, fold: bool = False) -> str:
        """The whole message for people; those on further mistakes of the same text follow it."""
        drawn = "\n".join(
            super(SpecError, each).draw(width=width, color=color, fold=fold)
            for each in (self, *self.also)
        )
        more = f"\nthese are the first {MAX_TOLD} mistakes; there may be more\n"
        return drawn + (more if len(self.also) + 1 == MAX_TOLD else "")

    def _explain(self, message: Message) -> None:
        if self.span is not None:
            message.show(*self.span.place())
        for note in self.notes:
            message.remark("note", note)

    def __reduce__(self) -> Any:
        _ = self.notes  # what finds them out stays behind
        return super().__reduce__()

    def to_dict(self) -> dict[str, object]:
        document = super().to_dict()
        error = document["error"]
        assert isinstance(error, dict)
        error.update(file=self.file, line=self.line, column=self.column, end_column=self.end_column)
        if self.also:
            document["also"] = [each.to_dict()["error"] for each in self.also]
        return document


class Mistakes:
    """The mistakes of one text that don't follow from one another, as they are found.

    Attributes:
        found: at most `MAX_TOLD`, each sort of mistake once.
    """

    def __init__(self) -> None:
        self.found: list[SpecError] = []
        self.again: dict[tuple[str, str | None], list[SpecError]] = {}
        self.seen: list[SpecError] = []

    def add(self, error: SpecError) -> bool:
        """Remember a mistake; False where there are so many that no more are looked for."""
        if error in self.seen[-1:]:  # the last one, on its way out
            return False
        self.seen.append(error)
        told = error.message, error.help
        if told in self.again:
            self.again[told].append(error)
        elif len(self.found) < MAX_TOLD:
            self.again[told] = []
            self.found.append(error)
        return len(self.found) < MAX_TOLD and len(self.seen) < MAX_SEEN

    def error(self) -> SpecError:
        """The first mistake in the text, with the others in `also`."""
        told = []
        for found, again in zip(self.found, self.again.values(), strict=True):
            error, *others = sorted([found, *again], key=_place)
            places = [f"{each.line}:{each.column}" for each in others]
            if places:
                error.notes.append(f"the same at {first_of(places, 3)}")
            told.append(error)
        first, *first.also = sorted(told, key=_place)
        return first


def _place(error: SpecError) -> int:
    return error.span.start if error.span else -1
