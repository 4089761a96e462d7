"""A place in a spec's text that moves on: over blanks, words, and the options behind a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Source, Span, SpecError
from cnncalc.notations.compact.tree import Argument
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.compact import advice
else:  # only a wrong spec needs it
    advice = OnUse("cnncalc.notations.compact.advice")

__all__ = ["WORD", "Scanner"]

BLANK = re.compile(r"\s*")
COMMENT = re.compile(r"#[^\n]*")
# An argument word: no blanks, brackets or branches, but braces may hold blanks.
WORD = re.compile(r"(?:\{[^{}\n]*\}|[^\s\[\]|(){}#])+")
CLOSERS = {"[": "]", "(": ")", "{": "}"}


class Scanner:
    """A reader at a place in the text: `parse_*` returns a construct, `expect` insists."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # Of equal length, so that places stay what they are.
        self.text = COMMENT.sub(lambda found: " " * len(found[0]), source.text).replace("×", "x")
        self.at = 0

    @property
    def ahead(self) -> str:
        """The character that comes next; empty at the end."""
        return self.text[self.at : self.at + 1]

    def parse_arguments(self, start: int) -> tuple[Argument, ...]:
        opener = self.ahead
        if opener == "(":
            return self.arguments_in_parentheses()
        if opener != ":":
            self.expect_end_of_word(start)
            return ()
        self.at += 1
        word = WORD.match(self.text, self.at)
        end = word.end() if word else self.at
        if self.text[end - 1 : end + 1] == "=[":
            raise self.error(
                "a value in brackets",
                end,
                code="syntax",
                help="per-axis values are joined by x, as in `k=3x5`",
            )
        arguments = self.split(self.at, end, start)
        self.at = end
        if self.ahead == "(":
            whole = self.text[start : self.text.find(")", self.at) + 1]
            raise self.error(
                "options stand after `:` or in parentheses, not both",
                start,
                self.at + 1,
                code="syntax",
                help=advice.joined(whole) or "per-axis values are joined by x, as in `k3x5`",
            )
        return arguments

    def expect_end_of_word(self, start: int) -> None:
        rest = self.ahead
        if rest and not rest.isspace() and rest not in "[]|#":
            word = WORD.match(self.text, self.at)
            end = word.end() if word else self.at + 1
            name = self.text[start : self.at]
            raise self.error(
                f"`{self.text[self.at : end]}` can't follow `{name}`",
                self.at,
                end,
                code="syntax",
                help=advice.after_name(self.text[start:end], name)
                or f"options follow a colon: `{name}:…`",
            )

    def arguments_in_parentheses(self) -> tuple[Argument, ...]:
        opened = self.at
        end = self.text.find(")", opened)
        inner = self.text.find("(", opened + 1, end if end >= 0 else len(self.text))
        if inner >= 0 and "{" in self.text[opened:inner]:  # parentheses of arithmetic in braces
            end = self.matching(opened)
        elif inner >= 0:
            raise self.error(
                "parentheses in parentheses",
                inner,
                code="brackets",
                help="per-axis values are joined by x, as in `k=3x5`",
            )
        if end < 0:
            raise self.unclosed("(", opened)
        arguments = self.split(opened + 1, end)
        self.at = end + 1
        return arguments

    def matching(self, opened: int) -> int:
        """Where the parenthesis at `opened` is closed; -1 if nowhere."""
        depth = 0
        for at in range(opened, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            if depth == 0:
                return at
        return -1

    def split(self, start: int, end: int, layer: int = -1) -> tuple[Argument, ...]:
        """Arguments between commas; blanks around them don't count.

        `layer` is where the layer begins that has them behind a colon.
        """
        if not self.text[start:end].strip():
            return ()
        arguments = []
        at = start
        for part in self.text[start:end].split(","):
            text = part.strip()
            begin = at + len(part) - len(part.lstrip())
            if not text:
                place = min(max(at - 1, start), end)
                raise self.error(
                    "an option is empty beside this comma",
                    place,
                    code="syntax",
                    help=self.joined(layer, end) if layer >= 0 else None,
                )
            arguments.append(Argument(text, Span(self.source, begin, begin + len(text))))
            at += len(part) + 1
        return tuple(arguments)

    def joined(self, start: int, end: int) -> str:
        """What is right for a layer whose options stand apart from it, behind a comma."""
        whole = self.text[start : advice.loose_end(self.text, end)]
        return advice.joined(whole) or (
            "no blank after a comma and no comma at the end, or put the options in parentheses: "
            "`conv(16, k=3)`"
        )

    def blank(self) -> None:
        match = BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def close(self, closer: str, opened: int) -> None:
        if self.ahead != closer:
            if self.at < len(self.text):
                raise self.error(
                    f"`{self.text[self.at]}` closes nothing here",
                    self.at,
                    code="brackets",
                )
            raise self.unclosed(self.text[opened], opened)
        self.at += 1

    def unclosed(self, opener: str, opened: int) -> SpecError:
        return self.error(
            f"`{opener}` is never closed",
            opened,
            code="brackets",
            help=f"a `{CLOSERS[opener]}` where it ends",
        )

    def span(self, start: int) -> Span:
        return Span(self.source, start, self.at)

    def error(
        self,
        message: str,
        start: int,
        end: int | None = None,
        *,
        code: str,
        help: str | None = None,
    ) -> SpecError:
        """The error on a stretch of the text, or on one character."""
        end = start + 1 if end is None else end
        return SpecError(message, Span(self.source, start, end), code=code, help=help)
