"""Layers from the words of a spec, and where in the text their options stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.errors import LayerError, Span, SpecError
from cnncalc.layers import Layer
from cnncalc.notations.arguments import Arguments, At, find_kind
from cnncalc.notations.tree import Argument, Definition
from cnncalc.notations.values import fill_in

__all__ = ["Maker"]


class _Made(NamedTuple):
    """A layer, and which option each of its words gave."""

    layer: Layer
    options: tuple[str, ...]


class Maker:
    """Makes layers, those of equal words once."""

    def __init__(self, let: Mapping[str, int], definitions: Mapping[str, Definition]) -> None:
        self.let = let
        self.definitions = definitions
        self.made: dict[tuple[str, ...], _Made] = {}
        self.places: dict[Span, tuple[tuple[str, ...], tuple[Argument, ...]]] = {}

    def layer(
        self, name: str, arguments: tuple[Argument, ...], span: Span, values: Mapping[str, str]
    ) -> Layer:
        """The layer that stands at a place, with a definition's parameters put in."""
        texts = []
        for argument in arguments:
            with At(argument.span):
                texts.append(fill_in(argument.text, values))
        key = (name, *texts)
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = self._new(name, arguments, texts, span, values)
        self.places[span] = made.options, arguments
        return made.layer

    def _new(
        self,
        name: str,
        arguments: tuple[Argument, ...],
        texts: list[str],
        span: Span,
        values: Mapping[str, str],
    ) -> _Made:
        options = Arguments(find_kind(name, span, self.definitions), self.let)
        try:
            for argument, text in zip(arguments, texts, strict=True):
                with At(argument.span):
                    options.take(text)
        except SpecError as error:
            from cnncalc.notations.hints import advised  # only a wrong spec needs it

            raise advised(error, span, self.definitions, values) from None
        self.places[span] = tuple(options.taken), arguments
        try:
            return _Made(options.layer(), tuple(options.taken))
        except LayerError as error:
            with At(self.locate(span, error.option)):
                raise

    def locate(self, span: Span, option: str) -> Span:
        """The word that gave an option of the layer at a place; the whole layer if none did."""
        options, arguments = self.places.get(span, ((), ()))
        words = zip(options, arguments, strict=True)
        return next((argument.span for name, argument in words if name == option), span)
