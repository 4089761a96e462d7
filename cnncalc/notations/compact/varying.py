"""Texts of the compact notation that depend on choices, and the layers that they make.

While a spec is built, a text that depends on choices is a token in the place of it, so that it goes
through definitions as any other. Where a layer is made, each combination of the values that it
depends on is put in and read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.notations.choices import MOST_VALUES, Choices, Place, values_of
from cnncalc.notations.compact.tree import Argument
from cnncalc.notations.compact.values import fill_in

__all__ = ["Varying", "VaryingTexts"]

COMMENT = re.compile(r"#[^\n]*")
TOKEN = re.compile("\x01(\\d+)\x02")
NAMED = re.compile(r"\$(\w+)")
KEY = re.compile(r"\s*(?:\w+\s*=\s*|[a-z]+(?=-?\d))?")
PARTS = re.compile(r"[^x×,()\s]+")  # of a size
BESIDE = re.compile(r"[$}]\w*/|/[${]")

Values = Mapping[str, str]


class Varying(NamedTuple):
    """A text that depends on choices: what it is, by their values."""

    choices: tuple[int, ...]
    texts: dict[tuple[int, ...], str]


class VaryingTexts:
    """The texts that depend on choices, each known by a token."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.found: list[Varying] = []
        self.tokens: dict[tuple[tuple[int, ...], tuple[str, ...]], str] = {}
        self.ties = {
            choice.name: self.token((number,), {(at,): v for at, v in enumerate(choice.values)})
            for number, choice in enumerate(choices.found)
        }

    def token(self, choices: tuple[int, ...], texts: dict[tuple[int, ...], str]) -> str:
        """What stands for such a text; the text itself where it is always the same."""
        different = dict.fromkeys(texts.values())
        if len(different) == 1:
            return next(iter(different))
        key = choices, tuple(texts.values())
        if key not in self.tokens:
            self.tokens[key] = f"\x01{len(self.found)}\x02"
            self.found.append(Varying(choices, texts))
        return self.tokens[key]

    def placed(self, argument: Argument) -> str:
        """The text of an argument with a token for the choice that stands there."""
        text = argument.text
        plain = text.replace("//", "")
        if "/" not in plain or BESIDE.search(plain) or "{" in text:
            return text
        found = KEY.match(text)
        at = found.end() if found else 0
        start = argument.span.start + at
        values = values_of(text[at:])
        number = self.choices.add("value", values, Place(start, argument.span.end))
        return text[:at] + self.token((number,), {(n,): v for n, v in enumerate(values)})

    def used(self, texts: Sequence[str], values: Values) -> tuple[int, ...]:
        """The choices that some texts depend on, parameters included."""
        seen = [*texts, *(values[name] for text in texts for name in _names(text, values))]
        numbers = (int(each) for text in seen for each in TOKEN.findall(text))
        return tuple(dict.fromkeys(c for each in numbers for c in self.found[each].choices))

    def at(self, text: str, picked: Mapping[int, int]) -> str:
        """A text with the values of choices put in."""

        def put(token: re.Match[str]) -> str:
            varying = self.found[int(token[1])]
            return varying.texts[tuple([picked[each] for each in varying.choices])]

        return TOKEN.sub(put, text) if "\x01" in text else text

    def combinations(self, choices: Sequence[int]) -> list[tuple[int, ...]]:
        """All values that some choices have together."""
        counts = self.choices.counts
        ranges = [range(counts[choice]) for choice in choices]
        total = 1
        for each in ranges:
            total *= len(each)
        if total > MOST_VALUES:
            raise LayerError(
                f"the choices that meet here have {total:,} values together, more than "
                f"{MOST_VALUES:,}",
                code="too-large",
                help="fewer values",
            )
        return list(product(*ranges))

    def filled(self, text: str, values: Values) -> str:
        """A text with parameters and ties put in, as it depends on choices."""
        return self.vary([text], values, lambda texts, given: fill_in(texts[0], given, {}))

    def vary(
        self, texts: Sequence[str], values: Values, make: Callable[[list[str], Values], str]
    ) -> str:
        """The text that is made of some texts and parameters, by the choices behind them."""
        values = {**self.ties, **values}
        choices = self.used(texts, values)
        found = {}
        for combination in self.combinations(choices):
            picked = dict(zip(choices, combination, strict=True))
            found[combination] = make(*self.resolved(texts, values, picked))
        return self.token(choices, found)

    def resolved(
        self, texts: Sequence[str], values: Values, picked: Mapping[int, int]
    ) -> tuple[list[str], Values]:
        """Texts, and the parameters in them, with the values of choices put in."""
        names = {name for text in texts for name in _names(text, values)}
        given = {name: self.at(value, picked) for name, value in values.items() if name in names}
        rest = {name: "0" for name in values if name not in names}
        return [self.at(text, picked) for text in texts], {**rest, **given}

    def ties_in(self, span: Span, size: Span | None) -> None:
        """Note where names that choices are tied by stand in a text.

        Raises:
            SpecError: nowhere.
        """
        plain = COMMENT.sub(lambda found: " " * len(found[0]), span.text)
        for choice in self.choices.found:
            name = re.escape(choice.name)
            places = [*re.finditer(rf"\${name}\b", plain)]
            if size is not None:
                parts = PARTS.finditer(plain, size.start, size.end)
                places += [each for each in parts if each[0] == choice.name]
            choice.places[:] = [Place(*found.span()) for found in places]
            if not places:
                raise SpecError(
                    f"the spec has no `${choice.name}`",
                    code="let",
                    help=f"a choice tied by a name stands as `${choice.name}` in the spec",
                )


def _names(text: str, values: Values) -> list[str]:
    """The parameters that stand in a text."""
    if "$" not in text:
        return []
    return [name for name in NAMED.findall(text) if name in values]
