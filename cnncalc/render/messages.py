"""Errors as rustc draws them: what is wrong, the line with the words underlined, why, what to do.

error[kernel-too-large]: the kernel spans 7 but the height has only 5, padding included
 --> spec:1:7
  |
1 | 3x5x5 conv:16,k7
  |       ^^^^^^^^^^
  = note: it receives 3×5×5 from the input
  = help: a kernel of at most 5, a larger input or more padding
"""

from __future__ import annotations

from cnncalc.errors import MAX_TOLD, CnnCalcError, SpecError
from cnncalc.escaping import visible
from cnncalc.render.widths import MORE, first, last, width_of, wrapped

__all__ = ["draw_error"]

TAB = 4
NARROWEST = 20  # columns for the line of a source
BOLD, RED, BLUE, RESET = "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[0m"


def draw_error(
    error: CnnCalcError, *, width: int = 80, color: bool = False, fold: bool = False
) -> str:
    """The message for people; those on further mistakes of the same text follow it.

    Args:
        error: with its place, if it is a `SpecError` that knows it.
        width: columns for the line of the spec; a longer one is shown around the place.
        color: whether to use a terminal's colours.
        fold: whether sentences keep to the width too, as on a terminal.
    """
    also = error.also if isinstance(error, SpecError) else []
    drawn = "\n".join(_drawn(each, _Page(width, color, fold)) for each in (error, *also))
    more = f"\nthese are the first {MAX_TOLD} mistakes; there may be more\n"
    return drawn + (more if len(also) + 1 == MAX_TOLD else "")


def _drawn(error: CnnCalcError, page: _Page) -> str:
    """The message on one mistake."""
    page.say(f"error[{error.code}]", ": ", error.message, RED)
    gutter = ""
    if isinstance(error, SpecError) and error.line is not None:
        gutter = " " * len(str(error.line))
        page.show(error, gutter)
    for note in error.notes if isinstance(error, SpecError) else ():
        page.remark(gutter or " ", "note", note)
    if error.help:
        page.remark(gutter or " ", "help", error.help)
    return "".join(f"{line.rstrip()}\n" for line in page.lines)


class _Page:
    """The lines of a message, as they are written."""

    def __init__(self, width: int, color: bool, fold: bool) -> None:
        self.width = width
        self.color = color
        self.fold = fold
        self.lines: list[str] = []

    def drawn(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self.color and text else text

    def folded(self, text: str, head: int, indent: int) -> list[str]:
        """The lines of a sentence behind a head of so many columns; the others are indented."""
        text = visible(text)
        if not self.fold:
            return [text]
        return wrapped(text, max(self.width, NARROWEST), " " * indent, head)

    def say(self, title: str, joint: str, text: str, style: str) -> None:
        """A sentence behind a title."""
        lines = self.folded(text, width_of(title + joint), 2)
        bold = [self.drawn(line, BOLD) for line in (joint + lines[0], *lines[1:])]
        self.lines += [self.drawn(title, style) + bold[0], *bold[1:]]

    def remark(self, gutter: str, title: str, text: str) -> None:
        """A note or a help, its lines below one another."""
        head = f"{gutter} = {title}: "
        first_line, *others = self.folded(text, len(head), len(head))
        sign, bold = self.drawn("=", BLUE), self.drawn(title, BOLD)
        self.lines += [f"{gutter} {sign} {bold}: {first_line}", *others]

    def show(self, error: SpecError, gutter: str) -> None:
        """The place, and the line of the source with the words underlined."""
        bar, number = self.drawn("|", BLUE), self.drawn(f"{error.line} |", BLUE)
        shown, marks = _underlined(error, max(self.width, NARROWEST) - len(gutter) - 3)
        place = f"{visible(error.file or 'spec')}:{error.line}:{error.column}"
        room = max(self.width, NARROWEST) - len(gutter) - 4
        if self.fold and width_of(place) > room:
            place = MORE + last(place, room - 1)
        self.lines += [
            f"{gutter}{self.drawn('-->', BLUE)} {place}",
            f"{gutter} {bar}",
            f"{number} {shown}",
            f"{gutter} {bar} {self.drawn(marks, RED)}",
        ]


def _underlined(error: SpecError, width: int) -> tuple[str, str]:
    """The line of the spec and the marks below it, no wider than `width`."""
    assert error.column is not None
    assert error.end_column is not None
    text = error.source_line or ""
    # Tabs are filled up to the next stop, so the parts are expanded as they follow.
    head = _line(text[: error.column - 1])
    both = _line(text[: error.end_column - 1])
    whole = _line(text)
    words = both[len(head) :]
    tail = whole[len(both) :]
    if width_of(whole) > width:
        head, words, tail = _window(head, words, tail, width)
    return head + words + tail, " " * width_of(head) + "^" * max(width_of(words), 1)


def _line(text: str) -> str:
    """A line of a source: its tabs go to the next stop, of the rest only what is to be seen."""
    return "\t".join(map(visible, text.split("\t"))).expandtabs(TAB)


def _window(head: str, words: str, tail: str, width: int) -> tuple[str, str, str]:
    """A part of the line around the words, with … where it goes on."""
    if width_of(words) > width // 2:
        words = first(words, width // 2 - 1) + MORE
    room = width - width_of(words)
    before = min(width_of(head), max(room // 2, room - width_of(tail)))
    if before < width_of(head):
        head = MORE + last(head, before - 1)
    after = room - width_of(head)
    if after < width_of(tail):
        tail = first(tail, after - 1) + MORE
    return head, words, tail
