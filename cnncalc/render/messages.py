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
from cnncalc.render.text import width_of

__all__ = ["clean", "draw_error"]

TAB = 4
MORE = "…"
BOLD, RED, BLUE, RESET = "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[0m"


def draw_error(error: CnnCalcError, *, width: int = 80, color: bool = False) -> str:
    """The message for people; those on further mistakes of the same text follow it.

    Args:
        error: with its place, if it is a `SpecError` that knows it.
        width: columns for the line of the spec; a longer one is shown around the place.
        color: whether to use a terminal's colours.
    """
    also = error.also if isinstance(error, SpecError) else []
    drawn = "\n".join(_drawn(each, width, color) for each in (error, *also))
    more = f"\nthese are the first {MAX_TOLD} mistakes; there may be more\n"
    return drawn + (more if len(also) + 1 == MAX_TOLD else "")


def _drawn(error: CnnCalcError, width: int, color: bool) -> str:
    """The message on one mistake."""
    red, blue, bold, reset = (RED, BLUE, BOLD, RESET) if color else ("",) * 4
    lines = [f"{red}error[{error.code}]{reset}{bold}: {clean(error.message)}{reset}"]
    gutter = " "
    notes: list[str] = []
    if isinstance(error, SpecError):
        notes = error.notes
        if error.line is not None:
            gutter = " " * len(str(error.line))
            shown, marks = _underlined(error, width - len(gutter) - 3)
            place = f"{clean(error.file or 'spec')}:{error.line}:{error.column}"
            lines += [
                f"{gutter}{blue}-->{reset} {place}",
                f"{gutter} {blue}|{reset}",
                f"{blue}{error.line} |{reset} {shown}",
                f"{gutter} {blue}|{reset} {red}{marks}{reset}",
            ]
    lines += [f"{gutter} {blue}={reset} {bold}note{reset}: {clean(note)}" for note in notes]
    if error.help:
        lines.append(f"{gutter} {blue}={reset} {bold}help{reset}: {clean(error.help)}")
    return "".join(line.rstrip() + "\n" for line in lines)


def _underlined(error: SpecError, width: int) -> tuple[str, str]:
    """The line of the spec and the marks below it, no wider than `width`."""
    assert error.column is not None
    assert error.end_column is not None
    text = error.source_line or ""
    # Tabs are filled up to the next stop, so the parts are expanded as they follow.
    head = clean(text[: error.column - 1]).expandtabs(TAB)
    both = clean(text[: error.end_column - 1]).expandtabs(TAB)
    whole = clean(text).expandtabs(TAB)
    words = both[len(head) :]
    tail = whole[len(both) :]
    if width_of(whole) > width:
        head, words, tail = _window(head, words, tail, width)
    return head + words + tail, " " * width_of(head) + "^" * max(width_of(words), 1)


def _window(head: str, words: str, tail: str, width: int) -> tuple[str, str, str]:
    """A part of the line around the words, with … where it goes on."""
    if width_of(words) > width // 2:
        words = _first(words, width // 2 - 1) + MORE
    room = width - width_of(words)
    before = min(width_of(head), max(room // 2, room - width_of(tail)))
    if before < width_of(head):
        head = MORE + _first(head[::-1], before - 1)[::-1]
    after = room - width_of(head)
    if after < width_of(tail):
        tail = _first(tail, after - 1) + MORE
    return head, words, tail


def _first(text: str, width: int) -> str:
    """As much of the front of a text as fits into a width."""
    end = len(text) if width > 0 else 0
    text = text[: max(width, 0)]
    while end and width_of(text) > width:
        text = text[:-1]
    return text


def clean(text: str) -> str:
    """The text without what could move the cursor, hide words or not be encoded at all."""
    if text.isprintable():
        return text
    return "".join(c if c == "\t" or c.isprintable() else " " if c.isspace() else "�" for c in text)
