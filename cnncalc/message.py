"""An error's message as rustc draws it: what is wrong, the words underlined, why, what to do.

error[kernel-too-large]: the kernel spans 7 but the height has only 5, padding included
 --> spec:1:7
  |
1 | 3x5x5 conv:16,k7
  |       ^^^^^^^^^^
  = note: it receives 3×5×5 from the input
  = help: a kernel of at most 5, a larger input or more padding
"""

from __future__ import annotations

from cnncalc.escaping import visible
from cnncalc.widths import MORE, first, last, width_of, wrapped

__all__ = ["Message"]

TAB = 4
NARROWEST = 20  # columns for the line of a source
BOLD, RED, BLUE, RESET = "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[0m"


class Message:
    """The lines of a message, as they are written.

    Attributes:
        width: columns for the line of a source; a longer one is shown around the place.
        color: whether to use a terminal's colours.
        fold: whether sentences keep to the width too, as on a terminal.
        gutter: blanks in front of what stands below the place, as wide as its line's number.
    """

    def __init__(self, width: int, color: bool, fold: bool) -> None:
        self.width = max(width, NARROWEST)
        self.color = color
        self.fold = fold
        self.gutter = " "
        self.lines: list[str] = []

    def text(self) -> str:
        return "".join(f"{line.rstrip()}\n" for line in self.lines)

    def drawn(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self.color and text else text

    def folded(self, text: str, head: int, indent: int) -> list[str]:
        """The lines of a sentence behind a head of so many columns; the others are indented."""
        text = visible(text)
        return wrapped(text, self.width, " " * indent, head) if self.fold else [text]

    def say(self, code: str, text: str) -> None:
        """What is wrong, behind the error's code."""
        title, joint = f"error[{code}]", ": "
        lines = self.folded(text, width_of(title + joint), 2)
        bold = [self.drawn(line, BOLD) for line in (joint + lines[0], *lines[1:])]
        self.lines += [self.drawn(title, RED) + bold[0], *bold[1:]]

    def remark(self, title: str, text: str) -> None:
        """A note or a help, its lines below one another."""
        head = f"{self.gutter} = {title}: "
        first_line, *others = self.folded(text, len(head), len(head))
        sign, bold = self.drawn("=", BLUE), self.drawn(title, BOLD)
        self.lines += [f"{self.gutter} {sign} {bold}: {first_line}", *others]

    def show(self, file: str | None, line: int, column: int, end_column: int, text: str) -> None:
        """The place, and the line of the source with its words from column to column underlined."""
        self.gutter = gutter = " " * len(str(line))
        bar, number = self.drawn("|", BLUE), self.drawn(f"{line} |", BLUE)
        shown, marks = _underlined(text, column, end_column, self.width - len(gutter) - 3)
        where = f"{visible(file or 'spec')}:{line}:{column}"
        room = self.width - len(gutter) - 4
        if self.fold and width_of(where) > room:
            where = MORE + last(where, room - 1)
        self.lines += [
            f"{gutter}{self.drawn('-->', BLUE)} {where}",
            f"{gutter} {bar}",
            f"{number} {shown}",
            f"{gutter} {bar} {self.drawn(marks, RED)}",
        ]


def _underlined(text: str, column: int, end_column: int, width: int) -> tuple[str, str]:
    """The line of the source and the marks below it, no wider than `width`."""
    # Tabs are filled up to the next stop, so the parts are expanded as they follow.
    head = _line(text[: column - 1])
    both = _line(text[: end_column - 1])
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
