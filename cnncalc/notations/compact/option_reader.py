"""The options of one layer, from the words after its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.layers import Layer, Option
from cnncalc.notations.compact.values import read_value
from cnncalc.notations.unknowns import Unknowns

__all__ = ["At", "OptionReader", "UnknownOptionError"]


class UnknownOptionError(LayerError):
    """A word for an option that the layer doesn't have.

    Attributes:
        word: the option as it was typed.
        value: what it was given; empty if nothing.
        known: the options that the layer has.
    """

    def __init__(self, kind: type[Layer], word: str, value: str, takes: str) -> None:
        message = f"`{kind.kind}` has no option `{word}`"
        super().__init__(message, code="unknown-option", help=takes)
        self.word = word
        self.value = value
        self.known = [option for option in kind.options.values() if option.kind != "layer"]


class At:
    """A place in the text: a layer's bare sentence raised inside becomes an error there."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LayerError):
            raise SpecError(error.message, self.span, code=error.code, help=error.help) from None


def _has_word(text: str, option: Option) -> bool:
    """Whether a value holds a word that the option knows, as `keepx7` does."""
    return not set(option.words).isdisjoint((text, *text.split("x")))


class OptionReader:
    """The options of one layer, as its words are taken one after another."""

    def __init__(self, kind: type[Layer], let: Mapping[str, int]) -> None:
        self.kind = kind
        self.let = let
        self.values: dict[str, object] = {}
        self.taken: list[str] = []  # which option each word gave
        self.places = [option for option in kind.options.values() if option.positional]

    def take(self, text: str) -> None:
        """One argument: a flag word, key=value, a short key with its value, or positional."""
        option, value = (
            self.flag(text) or self.keyed(text) or self.short(text) or (self.positional(text))
        )
        if option.name in self.values:
            raise LayerError(
                f"`{option.name}` is given twice", code="option-twice", help="leave one of them out"
            )
        self.values[option.name] = option.normalise(value)  # now, while the place is known
        self.taken.append(option.name)

    def flag(self, text: str) -> tuple[Option, object] | None:
        for option in self.kind.options.values():
            if option.kind == "flag" and option.word == text:
                return option, not option.default
            if option.kind == "choice" and text in option.words:
                return option, text
        return None

    def keyed(self, text: str) -> tuple[Option, object] | None:
        key, given, value = (part.strip() for part in text.partition("="))
        if not given:
            return None
        for option in self.kind.options.values():
            if option.kind not in ("flag", "layer") and key in (option.key, option.name):
                return option, read_value(option, value, self.let)
            if option.kind == "flag" and key in (option.word, option.name):
                raise LayerError(
                    f"`{option.word}` is a word by itself and takes no value",
                    code="unknown-option",
                    help=f"write `{option.word}`, or leave it out",
                )
        raise self.no_such(key, value)

    def short(self, text: str) -> tuple[Option, object] | None:
        match = re.match(r"([a-z]+)(?=[-\d_?A-WYZ])(.*)", text)
        if not match or any(_has_word(text, option) for option in self.kind.options.values()):
            return None
        for option in self.kind.options.values():
            if option.key and option.key == match[1]:
                return option, read_value(option, match[2], self.let)
            if option.name == match[1] and option.kind != "flag":
                raise LayerError(
                    f"`{option.name}` takes its value after `=`",
                    code="unknown-option",
                    help=f"write `{option.name}={match[2]}`",
                )
        if re.match("_.", match[2]):  # `no_bias`
            raise self.no_such(text)
        raise self.no_such(match[1], match[2])

    def positional(self, text: str) -> tuple[Option, object]:
        for option in self.places:
            several = option.kind in ("integers", "sizes")
            if option.name not in self.values or several:
                self.check_value(text, option)
                value = read_value(option, text, self.let)
                if several and option.name in self.values:  # permute:1,2,0 as permute:1x2x0
                    before = self.values.pop(option.name)
                    more = value if isinstance(value, tuple) else (value,)
                    return option, (*before, *more)  # type: ignore[misc]
                return option, value
        if text.isidentifier():
            raise self.no_such(text)
        raise LayerError(
            f"there is no place for `{text}` in `{self.kind.kind}`",
            code="too-many-values",
            help=self.with_key(text) + self.takes(),
        )

    def with_key(self, text: str) -> str:
        """How the first option that isn't given yet would have this value."""
        free = (each for each in self.kind.options.values() if each.name not in self.values)
        key = next((each.key for each in free if each.key), None)
        return f"options have keys here, as in `{key}{text}`; " if key and text.isdecimal() else ""

    def check_value(self, text: str, option: Option) -> None:
        """LayerError for a word that is no value but was meant as an option."""
        if text in self.let:
            return
        if re.fullmatch(r"[A-Z]+\d+", text) and text not in self.let:
            known = [each.key for each in self.kind.options.values() if each.key]
            if text.rstrip("0123456789").lower() in known:
                raise self.no_such(text)
        if any(text == each.key for each in self.kind.options.values() if each.key):
            raise LayerError(
                f"`{text}` has no value", code="bad-value", help=f"write `{text}3`, say"
            )
        named = text.isidentifier() and len(text) > 1 and not text[0].isupper()
        if named and not _has_word(text, option):
            raise self.no_such(text)

    def no_such(self, word: str, value: str = "") -> UnknownOptionError:
        """The error on an option that the layer doesn't have; `value` is what it was given."""
        return UnknownOptionError(self.kind, word, value, self.takes())

    def takes(self) -> str:
        options = self.kind.options.values()
        words = [
            o.word or (f"{o.key} ({o.name})" if o.key else o.name)
            for o in options
            if o.kind != "layer"  # which stands in brackets
        ]
        return f"`{self.kind.kind}` takes {', '.join(words) or 'no options'}"

    def layer(self) -> Layer:
        if isinstance(self.let, Unknowns) and self.let.found:
            return self.kind.unchecked(**self.values)
        return self.kind(**self.values)
