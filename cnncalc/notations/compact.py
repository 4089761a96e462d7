"""The compact notation: a spec becomes a network, and a network a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cnncalc.errors import LayerError, Source, Span, SpecError, suggest
from cnncalc.layers import LAYERS, Layer
from cnncalc.layers.base import MAX_VALUE, Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.notations.arguments import At
from cnncalc.notations.grammar import parse_tree
from cnncalc.notations.making import Maker
from cnncalc.notations.names import Names
from cnncalc.notations.scope import Scope
from cnncalc.notations.tree import Argument, Call, Definition, Group, Item, Jump, Merge, Repeat
from cnncalc.notations.values import beyond_limit, fill_in, integer

__all__ = ["MAX_STEPS", "parse", "parse_size"]

MAX_STEPS = 250_000
MAX_WORK = 4 * MAX_STEPS  # items that are gone through, those that make no step among them


def parse(source: Source, let: Mapping[str, int] | None = None) -> Network:
    """Read a spec.

    Args:
        source: the text.
        let: values for symbols such as `H` in `3xHxW`.

    Raises:
        SpecError: with the place.
    """
    tree = parse_tree(source)
    let = let or {}
    words = set(re.split(r"[^A-Za-z0-9]|x", source.text)) if let else set()
    for symbol in let:
        if symbol not in words:
            raise SpecError(
                f"the spec has no symbol `{symbol}`",
                code="let",
                help="a symbol stands in place of a size, as in `3xHxW`",
            )
    if not tree.items and not tree.size:
        raise SpecError(
            "the spec is empty",
            Span(source, 0, 0) if source.pieces[0].file else None,
            code="empty",
            help="an input size and layers, such as `3x32x32 conv:16,k3,p1 relu`",
        )
    shape, unsized = _size(tree.size, let)
    builder = _Builder(let, tree.definitions)
    builder.build_all(tree.items)
    if len(builder.steps) == 1:
        raise SpecError(
            "the spec has no layers",
            tree.span,
            code="empty",
            help="layers after the input size, such as `conv:16,k3,p1 relu`",
        )
    return Network(
        builder.steps,
        shape,
        builder.outputs(),
        unsized=unsized,
        locate=builder.maker.locate,
    )


def _size(size: Argument | None, let: Mapping[str, int]) -> tuple[Shape | None, SpecError | None]:
    """The input's shape, or why there is none yet: a symbol or an unknown, which `-i` may fill."""
    if size is None:
        return None, None
    try:
        with At(size.span):
            return parse_size(size.text, let), None
    except SpecError as error:
        if error.code not in ("unbound-symbol", "unknown-value"):
            raise
        return None, error


def parse_size(text: str, let: Mapping[str, int] | None = None) -> Shape:
    """An input size such as `3x224x224`; LayerError where it is none."""
    if not text:
        raise LayerError("the input size is empty", code="bad-input", help="such as 3x224x224")
    sizes = []
    for part in text.split("x"):
        size = integer(part, let or {})
        if size is None:
            raise LayerError(
                f"`{text[:40]}` is no input size",
                code="bad-input",
                help="channels and sizes joined by x, such as 3x224x224 or 1x16000",
            )
        if size < 1:
            raise LayerError(
                f"the input can't be {text[:40]}"
                + (f", where `{part}` is {size}" if part in (let or {}) else ""),
                code="bad-input",
                help="sizes of at least 1, such as 3x224x224",
            )
        if size > MAX_VALUE:
            raise beyond_limit(part)
        sizes.append(size)
    return tuple(sizes)


def too_long(span: Span) -> SpecError:
    """What is wrong with a spec that repeats too much."""
    return SpecError(
        f"the spec unfolds to more than {MAX_STEPS:,} layers",
        span,
        code="too-large",
        help="fewer repeats",
    )


class _Builder:
    """Steps as they are added; `flow` is the step that the next layer reads."""

    def __init__(self, let: Mapping[str, int], definitions: Iterable[Definition]) -> None:
        self.let = let
        self.steps = [Step(Input(), name="input")]
        self.flow = 0
        self.work = 0
        self.counts: dict[str, int] = {}
        self.names = Names(["input"])
        self.definitions: dict[str, Definition] = {}
        self.maker = Maker(let, self.definitions)
        for definition in definitions:
            self.define(definition)

    def define(self, definition: Definition) -> None:
        name = definition.name
        if name in LAYERS or name == "def":
            raise SpecError(
                f"`{name}` is a layer and can't be defined again",
                definition.span,
                code="definition",
                help="another name",
            )
        if name in self.definitions:
            raise SpecError(f"`{name}` is defined twice", definition.span, code="definition")
        self.definitions[name] = definition

    def build_all(self, items: Iterable[Item]) -> None:
        scope = Scope({}, {"input": (0, -1)}, None, (), ())
        for item in items:
            self.build(item, scope)
        self.name_the_rest()

    def outputs(self) -> tuple[int, ...]:
        """The end of the flow first, then every other step that nothing reads."""
        read = {number for step in self.steps for number in step.inputs}
        loose = [n for n in range(1, len(self.steps)) if n not in read and n != self.flow]
        return self.flow, *loose

    def build(self, item: Item, scope: Scope) -> None:
        self.work += 1
        if self.work > MAX_WORK:
            raise too_long(item.span)
        if isinstance(item, Jump):
            self.flow = self.labelled(item, scope)
        elif isinstance(item, Repeat):
            for _ in range(self.repeats(item, scope)):
                self.build(item.item, scope)
        elif isinstance(item, Group):
            for each in item.items:
                self.build(each, scope)
            self.name_flow(item.label, scope, item.span)
        elif isinstance(item, Merge):
            self.build_merge(item, scope)
        else:
            self.build_call(item, scope)

    def labelled(self, jump: Jump, scope: Scope) -> int:
        with At(jump.span):
            label = fill_in(jump.label, scope.values)
        number = scope.find(label)
        if number is None:
            near = suggest(label, scope.known())
            raise SpecError(
                f"no step before this is named `{label}`",
                jump.span,
                code="label",
                help=f"did you mean `@{near}`?" if near else f"name one with `{label}@conv:16,k3`",
            )
        return number

    def repeats(self, item: Repeat, scope: Scope) -> int:
        with At(item.span):
            count = integer(fill_in(item.times, scope.values), self.let)
            if count is None or count < 0:
                raise LayerError(
                    f"`{item.times}` is no number of repeats",
                    code="bad-value",
                    help="a whole number from 0 on",
                )
        if count > MAX_WORK:
            raise too_long(item.span)
        return count

    def build_merge(self, item: Merge, scope: Scope) -> None:
        layer = self.maker.layer(item.name, item.arguments, item.span, scope.values)
        fork, ends = self.flow, []
        for branch in item.branches:
            self.flow = fork
            self.build(branch, scope)
            ends.append(self.flow)
        self.add(layer, tuple(ends), item.span, item.label, scope)

    def build_call(self, item: Call, scope: Scope) -> None:
        definition = self.definitions.get(item.name)
        if definition is None:
            layer = self.maker.layer(item.name, item.arguments, item.span, scope.values)
            self.add(layer, (self.flow,), item.span, item.label, scope)
            return
        if item.name in scope.calls:
            chain = " → ".join((*scope.calls, item.name))
            raise SpecError(
                f"`{item.name}` is defined by itself: {chain}",
                item.span,
                code="recursion",
                help="a repeat, as in `3*[conv:16,k3 relu]`",
            )
        values = self.bind(definition, item, scope)
        calls, uses = (*scope.calls, item.name), (item.span, *scope.uses)
        self.build(definition.body, Scope(values, {}, scope, calls, uses))
        self.name_flow(item.label, scope, item.span)

    def bind(self, definition: Definition, item: Call, scope: Scope) -> dict[str, str]:
        """The parameters' values for one use of a definition."""
        self.work += len(definition.parameters) // 8  # a usual definition's cost next to nothing
        parameters = [name for name, _ in definition.parameters]
        takes = f"`{definition.name}` takes {', '.join(parameters) or 'nothing'}"
        values: dict[str, str] = {}
        for place, argument in enumerate(item.arguments):
            with At(argument.span):
                text = fill_in(argument.text, scope.values)
            key, given, value = text.partition("=")
            if not given:
                key, value = (parameters[place] if place < len(parameters) else ""), text
            key, value = key.strip(), value.strip()
            if key not in parameters or key in values:
                wrong = (
                    f"there is no place for `{text}`"
                    if key not in parameters
                    else (f"`{key}` is given twice")
                )
                raise SpecError(wrong, argument.span, code="arguments", help=takes)
            values[key] = value
        for name, default in definition.parameters:
            if name not in values and default is None:
                raise SpecError(
                    f"`{definition.name}` needs `{name}`", item.span, code="arguments", help=takes
                )
            if name not in values:
                with At(definition.span):
                    values[name] = fill_in(default or "", values)
        return values

    def add(
        self, layer: Layer, inputs: tuple[int, ...], span: Span, label: str | None, scope: Scope
    ) -> None:
        if len(self.steps) > MAX_STEPS:
            raise too_long(span)
        self.flow = len(self.steps)
        self.steps.append(Step(layer, inputs, "", (span, *scope.uses)))
        self.name_flow(label, scope, span)

    def name_flow(self, label: str | None, scope: Scope, span: Span) -> None:
        """Put a label on the step that the flow is at."""
        if label is None:
            return
        with At(span):
            label = fill_in(label, scope.values)
        _, before = scope.labels.get(label, (0, span.start))
        if before != span.start:  # in a repeat the same place names the latest step
            raise SpecError(
                f"two steps are named `{label}`", span, code="label", help="a name of its own"
            )
        scope.labels[label] = (self.flow, span.start)
        if not self.steps[self.flow].name:
            self.steps[self.flow].name = self.names.unique(label)

    def name_the_rest(self) -> None:
        """conv1, conv2, … for steps without a label, skipping what a label has taken."""
        for step in self.steps:
            kind = step.layer.kind
            while not step.name:
                self.counts[kind] = self.counts.get(kind, 0) + 1
                name = f"{kind}{self.counts[kind]}"
                step.name = "" if name in self.names.taken else name
