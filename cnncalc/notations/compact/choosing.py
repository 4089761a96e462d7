"""Building a spec that has choices: every layer that there may be, and what decides it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cnncalc.designs import Varied
from cnncalc.errors import LayerError, Mistakes, Span, SpecError
from cnncalc.layers import LAYERS, Layer
from cnncalc.network import Step
from cnncalc.notations.choices import Choices, Place, values_of
from cnncalc.notations.compact.builder import MAX_WORK, Builder, Scope, too_long
from cnncalc.notations.compact.option_reader import At
from cnncalc.notations.compact.tree import (
    Argument,
    Call,
    Definition,
    Either,
    Entries,
    Group,
    Merge,
    Repeat,
    Tree,
)
from cnncalc.notations.compact.values import fill_in
from cnncalc.notations.compact.varying import VaryingTexts
from cnncalc.notations.sizes import integer, read_size

__all__ = ["ChoosingBuilder"]

SEPARATORS = re.compile(r"[x×,()\s]+")
# The codes of what is wrong with words, whatever the design.
OF_WORDS = (
    "bad-value", "braces", "choice", "missing-option", "option-twice", "too-large",
    "too-many-values", "unbound-symbol", "unknown-layer", "unknown-option", "unknown-parameter",
    "unknown-value",
)  # fmt: skip
When = tuple[tuple[int, frozenset[int]], ...]


class ChoosingBuilder(Builder):
    """A builder whose steps may be one of several layers, or not be there.

    Attributes:
        when: the choices, and their values, at which what is being built is there.
    """

    def __init__(self, let: Choices, mistakes: Mistakes) -> None:
        super().__init__(let, mistakes)
        self.choices = let
        self.texts = VaryingTexts(let)
        self.when: When = ()
        self.options: tuple[tuple[int, ...], object] = ((), ())

    def read(self, tree: Tree) -> None:
        self.texts.ties_in(tree.span, tree.size.span if tree.size else None)
        if tree.size is not None:
            self.read_size(tree.size)
        for definition in tree.definitions:
            self.refuse_names(definition)
        super().read(tree)

    def read_size(self, size: Argument) -> None:
        """The shapes that flow in, where names that choices are tied by stand in the size."""
        parts = SEPARATORS.split(size.text)
        numbers = [n for n, each in enumerate(self.choices.found) if each.name in parts]
        if not numbers:
            return
        shapes: dict[tuple[int, ...], object] = {}
        with At(size.span):
            for each in self.texts.combinations(numbers):
                pairs = [(self.choices.found[n], v) for n, v in zip(numbers, each, strict=True)]
                values = {choice.name: integer(choice.values[v], {}) or 0 for choice, v in pairs}
                shapes[each] = read_size(size.text, {**self.let, **values})
        options = list(shapes.values()) if len(numbers) == 1 else shapes
        self.choices.varied[0] = Varied(tuple(numbers), options)
        for number in numbers:
            self.choices.called.setdefault(number, (0, ""))

    def refuse_names(self, definition: Definition) -> None:
        """SpecError where a parameter has the name of a tied choice."""
        for name, _ in definition.parameters:
            if name in self.choices.ties:
                raise SpecError(
                    f"`{name}` is a parameter here and given by `--let`, too",
                    definition.span,
                    code="let",
                    help="another name for one of them",
                )

    def layer(self, item: Call | Merge, scope: Scope) -> Layer | None:
        if item.span in self.wrong:
            return None
        try:
            return self.varied(item, scope)
        except SpecError as error:
            self.note(error, item.span)
            return None

    def varied(self, item: Call | Merge, scope: Scope) -> Layer | None:
        """The first layer that may stand at a place; what it may be else is kept in `options`."""
        texts = []
        for argument in item.arguments:
            with At(argument.span):
                texts.append(self.texts.placed(argument))
        values = {**self.texts.ties, **scope.values}
        choices = self.texts.used(texts, values)
        with At(item.span):
            combinations = self.texts.combinations(choices)
        options: dict[tuple[int, ...], Layer | LayerError] = {}
        failed: SpecError | None = None
        for combination in combinations:
            picked = dict(zip(choices, combination, strict=True))
            try:
                options[combination] = self.option(item, texts, values, picked)
            except SpecError as error:
                failed = failed or error
                self.refuse_word(error)
                options[combination] = LayerError(error.message, code=error.code, help=error.help)
            else:
                self.name_choices(item, texts, values, choices)
        first = next((each for each in options.values() if isinstance(each, Layer)), None)
        if first is None and failed is not None:
            raise failed
        self.options = choices, list(options.values()) if len(choices) == 1 else options
        return first

    def option(
        self,
        item: Call | Merge,
        texts: Sequence[str],
        values: Mapping[str, str],
        picked: Mapping[int, int],
    ) -> Layer:
        """The layer at a place with some values of the choices."""
        plain, given = self.texts.resolved(texts, values, picked)
        pairs = zip(plain, item.arguments, strict=True)
        arguments = tuple([Argument(text, argument.span) for text, argument in pairs])
        layer = self.layers.layer(item.name, arguments, item.span, given)
        with At(item.span):
            return self.wrapped(layer) if self.around else layer

    def build_entries(self, item: Entries, scope: Scope) -> None:
        for argument in item.arguments:
            text = fill_in(argument.text, {**self.texts.ties, **scope.values}, {})
            if "\x01" in text or "/" in text:
                raise SpecError(
                    "the axes of `each` are no choice",
                    argument.span,
                    code="choice",
                    help="a choice of layers, as in `[each:1[ … ]]/[each:2[ … ]]`",
                )
        super().build_entries(item, scope)

    def refuse_word(self, error: SpecError) -> None:
        """Raise what is wrong with a word whatever the values: only layers that can't be go on."""
        if error.code in OF_WORDS:
            raise error

    def name_choices(
        self,
        item: Call | Merge,
        texts: Sequence[str],
        values: Mapping[str, str],
        choices: Sequence[int],
    ) -> None:
        """Remember the step and option that each choice first stands in."""
        options, _ = self.layers.places[item.span]
        for text, option in zip(texts, options, strict=True):
            for choice in self.texts.used([text], values):
                if choice in choices:
                    self.choices.called.setdefault(choice, (len(self.steps), option))
        for choice in choices:
            self.choices.called.setdefault(choice, (len(self.steps), ""))

    def add(
        self,
        layer: Layer | None,
        inputs: tuple[int, ...],
        span: Span,
        label: str | None,
        scope: Scope,
    ) -> None:
        number = len(self.steps)
        choices, options = self.options
        self.options = ((), ())
        super().add(layer, inputs, span, label, scope)
        if layer is not None and (choices or self.when):
            self.choices.varied[number] = Varied(choices, options, self.when)

    def given(self, argument: Argument, scope: Scope) -> str:
        key, is_given, value = self.texts.placed(argument).partition("=")
        if not is_given:
            return self.texts.filled(key, scope.values)
        return f"{key}={self.texts.filled(value, scope.values)}"

    def shown(self, arguments: Sequence[Argument], scope: Scope) -> str:
        return ",".join([each.text for each in arguments])

    def default(self, text: str, values: Mapping[str, str]) -> str:
        return self.texts.filled(text, values)

    def repeat(self, item: Repeat, scope: Scope) -> None:
        times = self.tried(item.span, lambda: self.varied_times(item, scope))
        if times is None:
            return
        choice, counts = times
        least = min(counts)
        for _ in range(least):
            self.build(item.item, scope)
        for times_more in range(least + 1, max(counts) + 1):
            there = frozenset(at for at, count in enumerate(counts) if count >= times_more)
            before = self.flow
            inner = scope._replace(labels={}, outer=scope)
            self.build_when(choice, there, item, inner)
            passes = [1 if at in there else 0 for at in range(len(counts))]
            self.pick(choice, (before, self.flow), passes, item)

    def varied_times(self, item: Repeat, scope: Scope) -> tuple[int, list[int]]:
        """The choice of how often an item stands there, and how often with each value."""
        with At(item.span):
            text = item.times
            if "/" in text or ".." in text:
                start = item.span.source.text.find(text, item.span.start)
                values = values_of(text)
                place = Place(start, start + len(text))
                number = self.choices.add("repeats", values, place)
                text = self.texts.token((number,), {(n,): v for n, v in enumerate(values)})
            here = {**self.texts.ties, **scope.values}
            choices = self.texts.used([text], here)
            if len(choices) > 1:
                raise LayerError(
                    f"`{item.times}` depends on several choices, and a number of repeats may "
                    "depend on one",
                    code="choice",
                )
            counts = []
            for each in self.texts.combinations(choices):
                picked = dict(zip(choices, each, strict=True))
                counts.append(self.number_of(item, *self.texts.resolved([text], here, picked)))
        if max(counts) > MAX_WORK:
            raise too_long(item.span)
        return (choices[0] if choices else -1), counts

    def number_of(self, item: Repeat, texts: Sequence[str], values: Mapping[str, str]) -> int:
        count = integer(fill_in(texts[0], values, {}), self.let)
        if count is None or count < 0:
            raise self.no_number(item)
        return count

    def either(self, item: Either, scope: Scope) -> None:
        groups = item.groups
        parts = tuple((each.span.start, each.span.end) for each in groups)
        inside = [" ".join(each.span.text[1:-1].split()) for each in groups]
        if len(set(inside)) < len(inside):
            raise SpecError("two of these groups are the same", item.span, code="choice")
        place = Place(parts[0][0], parts[-1][1], parts)
        choice = self.choices.add("layers", inside, place)
        fork, ends = self.flow, []
        for number, group in enumerate(groups):
            self.flow = fork
            inner = scope._replace(labels={}, outer=scope)
            self.build_when(choice, frozenset([number]), group, inner)
            ends.append(self.flow)
        self.pick(choice, tuple(ends), range(len(ends)), item)
        self.name_flow(item.label, scope, item.span)
        if item.label is not None:
            self.choices.called.setdefault(choice, (self.flow, ""))

    def build_when(
        self, choice: int, values: frozenset[int], item: Group | Repeat, scope: Scope
    ) -> None:
        """Build what is there with some values of a choice alone."""
        before, self.when = self.when, (*self.when, (choice, values))
        self.build(item.item if isinstance(item, Repeat) else item, scope)
        self.when = before

    def pick(
        self, choice: int, ends: tuple[int, ...], passes: Sequence[int], item: Repeat | Either
    ) -> None:
        """A step that hands on one of several flows, as a choice has it."""
        number = self.flow = len(self.steps)
        self.steps.append(Step(LAYERS["identity"](), ends, "", (item.span,)))
        if not isinstance(item, Either) or item.label is None:
            self.steps[number].name = self.names.unique(f"choice§{number}")
        self.choices.varied[number] = Varied((choice,), (), self.when, tuple(passes))
