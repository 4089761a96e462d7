"""The fenced Python of a page in Markdown, every line at its own place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FENCE", "Block", "blocks_of"]

FENCE = re.compile(r"([ \t>]*)(`{3,}|~{3,})[ \t]*([^`\n]*)")
LANGUAGE = re.compile(r"[{.\s]*([\w+#-]*)")
PYTHON = ("py", "python", "python3", "pycon", "ipython", "ipython3")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        line: of the page, the first one inside, from 0.
        lines: without the indentation of the fence.
    """

    line: int
    lines: list[str]


def blocks_of(text: str) -> list[Block]:
    """The blocks that say that they are Python; those that say nothing where none does."""
    found = list(_blocks(text.split("\n")))
    told = [block for language, block in found if language in PYTHON]
    return told or [block for language, block in found if not language]


def _blocks(lines: list[str]) -> Iterator[tuple[str, Block]]:
    """Each block with its language, in lower case; one that nothing closes runs to the end."""
    fence = language = head = ""
    first = 0
    inside: list[str] = []
    for number, line in enumerate(lines):
        found = FENCE.fullmatch(line.rstrip())
        if not fence:
            if found:
                head, fence = found[1], found[2]
                word = LANGUAGE.match(found[3])
                language, inside, first = word[1].lower() if word else "", [], number + 1
        elif found and not found[3] and found[2].startswith(fence):
            yield language, Block(first, inside)
            fence = ""
        else:
            inside.append(line[len(head) :] if line.startswith(head) else line.lstrip())
    if fence:
        yield language, Block(first, inside)
