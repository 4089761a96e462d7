"""Layers from the words of a spec, and where in the text their options stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.layers import LAYERS, Layer
from cnncalc.layers.each import Each
from cnncalc.notations.compact.option_reader import At, OptionReader, UnknownOptionError
from cnncalc.notations.compact.tree import Argument, Definition
from cnncalc.notations.compact.values import fill_in, is_plain
from cnncalc.notations.unknowns import Unknowns, placed
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.compact import advice
else:  # only a wrong spec needs it
    advice = OnUse("cnncalc.notations.compact.advice")

__all__ = ["LayerReader"]


class _Made(NamedTuple):
    """A layer, and which option each of its words gave."""

    layer: Layer
    options: tuple[str, ...]


class LayerReader:
    """Makes layers of words, those of equal words once."""

    def __init__(self, let: Mapping[str, int], definitions: Mapping[str, Definition]) -> None:
        self.let = let
        self.unknown = isinstance(let, Unknowns)
        self.definitions = definitions
        self.made: dict[tuple[str, ...], _Made] = {}
        self.places: dict[Span, tuple[tuple[str, ...], tuple[Argument, ...]]] = {}

    def layer(
        self, name: str, arguments: tuple[Argument, ...], span: Span, values: Mapping[str, str]
    ) -> Layer:
        """The layer that stands at a place, with a definition's parameters put in."""
        texts = self._texts(arguments, values)
        key = (name, *texts)
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = self._new(name, arguments, texts, span, values)
        self.places[span] = made.options, arguments
        return made.layer

    def _texts(self, arguments: tuple[Argument, ...], values: Mapping[str, str]) -> list[str]:
        """The words of arguments, with a definition's parameters put in."""
        texts = []
        for argument in arguments:
            text = argument.text
            if self.unknown or not is_plain(text):
                with At(argument.span):
                    text = placed(text, argument.span.start, self.let)
                    text = fill_in(text, values, self.let)
            texts.append(text)
        return texts

    def _new(
        self,
        name: str,
        arguments: tuple[Argument, ...],
        texts: list[str],
        span: Span,
        values: Mapping[str, str],
    ) -> _Made:
        options = self._read(self.kind(name, span), arguments, texts, span, values)
        try:
            return _Made(options.layer(), tuple(options.taken))
        except LayerError as error:
            with At(self.locate(span, error.option)):
                raise

    def _read(
        self,
        kind: type[Layer],
        arguments: tuple[Argument, ...],
        texts: list[str],
        span: Span,
        values: Mapping[str, str],
    ) -> OptionReader:
        """The options that some words give a layer of a kind."""
        options = OptionReader(kind, self.let)
        try:
            for argument, text in zip(arguments, texts, strict=True):
                with At(argument.span):
                    _take(options, text)
        except SpecError as error:
            raise advice.advised(error, span, self.definitions, values) from None
        self.places[span] = tuple(options.taken), arguments
        return options

    def entries(
        self, arguments: tuple[Argument, ...], span: Span, values: Mapping[str, str]
    ) -> dict[str, Any]:
        """The options of an `each`: over which axes its layers run."""
        texts = self._texts(arguments, values)
        options = self._read(Each, arguments, texts, span, values)
        return options.values

    def kind(self, name: str, span: Span) -> type[Layer]:
        """The layer kind of a name; SpecError with what may have been meant if there is none."""
        kind = LAYERS.get(name)
        if kind is not None:
            return kind
        start = span.source.text.find(name, span.start)
        place = Span(span.source, start, start + len(name)) if start >= 0 else span
        meant = advice.instead_of_layer(span.text, name, self.definitions)
        raise SpecError(
            f"there is no layer `{name}`",
            place,
            code="unknown-layer",
            help=meant or "`cnncalc layers` lists them all",
        )

    def locate(self, span: Span, option: str) -> Span:
        """The word that gave an option of the layer at a place; the whole layer if none did."""
        options, arguments = self.places.get(span, ((), ()))
        words = zip(options, arguments, strict=True)
        return next((argument.span for name, argument in words if name == option), span)


def _take(options: OptionReader, text: str) -> None:
    """One argument more; an option that there is not is answered with the one that was meant."""
    try:
        options.take(text)
    except UnknownOptionError as error:
        error.help = advice.option_meant(error.known, error.word, error.value) or error.help
        raise
