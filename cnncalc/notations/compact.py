"""The compact notation: a spec becomes a network, and a network a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cnncalc.errors import LayerError, Source, Span, SpecError, suggest
from cnncalc.layers import LAYERS, Layer, Option
from cnncalc.layers.base import Shape
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.notations.grammar import (
    Argument,
    Call,
    Definition,
    Group,
    Item,
    Jump,
    Merge,
    Repeat,
    parse_tree,
)
from cnncalc.notations.values import evaluate, fill_in, integer, read_value

__all__ = ["MAX_STEPS", "parse", "parse_size"]

MAX_STEPS = 250_000

# What people type who come from elsewhere.
SYNONYMS = {
    "avg": "avgpool",
    "batchnorm": "bn",
    "concat": "cat",
    "concatenate": "cat",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "convtranspose": "convt",
    "conv2dtranspose": "convt",
    "convtranspose2d": "convt",
    "depthwise": "dwconv",
    "depthwiseconv2d": "dwconv",
    "dropout2d": "dropout",
    "globalavgpool": "gap",
    "globalaveragepooling2d": "gap",
    "groupnorm": "gn",
    "instancenorm": "in",
    "layernorm": "ln",
    "max": "maxpool",
    "maxpooling2d": "maxpool",
    "multiply": "mul",
    "batchnorm2d": "bn",
    "pointwise": "pwconv",
    "pool": "maxpool",
    "rmsnorm": "rms",
    "separable": "sepconv",
    "separableconv2d": "sepconv",
    "sum": "add",
    "swish": "silu",
    "transposed": "convt",
    "upsampling": "upsample",
    "upsampling2d": "upsample",
    "zeropad": "pad",
}


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
    if not tree.items and not tree.size:
        raise SpecError(
            "the spec is empty",
            code="empty",
            help="an input size and layers, such as `3x32x32 conv:16,k3,p1 relu`",
        )
    builder = _Builder(let, tree.definitions)
    shape = _placed(lambda: parse_size(tree.size.text, let), tree.size.span) if tree.size else None
    builder.build_all(tree.items)
    if len(builder.steps) == 1:
        raise SpecError(
            "the spec has no layers",
            tree.span,
            code="empty",
            help="layers after the input size, such as `conv:16,k3,p1 relu`",
        )
    return Network(builder.steps, shape, builder.outputs())


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
                f"the input can't be {text[:40]}",
                code="bad-input",
                help="sizes of at least 1, such as 3x224x224",
            )
        sizes.append(size)
    return tuple(sizes)


class _Scope(NamedTuple):
    """Where an item stands: the parameters' values, labels, and the uses that led here."""

    values: Mapping[str, str]
    labels: dict[str, int]
    outer: _Scope | None
    calls: tuple[str, ...]
    uses: tuple[Span, ...]

    def find(self, label: str) -> int | None:
        """The step of a label, here or where the definition was used."""
        scope: _Scope | None = self
        while scope is not None:
            if label in scope.labels:
                return scope.labels[label]
            scope = scope.outer
        return None

    def known(self) -> list[str]:
        return [*self.labels, *(self.outer.known() if self.outer else [])]


class _Builder:
    """Steps as they are added; `flow` is the step that the next layer reads."""

    def __init__(self, let: Mapping[str, int], definitions: Iterable[Definition]) -> None:
        self.let = let
        self.steps = [Step(Input(), name="input")]
        self.flow = 0
        self.work = 0
        self.counts: dict[str, int] = {}
        self.names = {"input"}
        self.definitions: dict[str, Definition] = {}
        self.made: dict[tuple[object, ...], Layer] = {}
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
        scope = _Scope({}, {}, None, (), ())
        for item in items:
            self.build(item, scope)

    def outputs(self) -> tuple[int, ...]:
        """The end of the flow first, then every other step that nothing reads."""
        read = {number for step in self.steps for number in step.inputs}
        loose = [n for n in range(1, len(self.steps)) if n not in read and n != self.flow]
        return self.flow, *loose

    def build(self, item: Item, scope: _Scope) -> None:
        self.work += 1
        if self.work > 4 * MAX_STEPS:
            raise SpecError(
                f"the spec unfolds to more than {MAX_STEPS:,} layers", item.span, code="too-large"
            )
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

    def labelled(self, jump: Jump, scope: _Scope) -> int:
        label = _placed(lambda: fill_in(jump.label, scope.values), jump.span)
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

    def repeats(self, item: Repeat, scope: _Scope) -> int:
        def count() -> int:
            value = integer(fill_in(item.count, scope.values), self.let)
            if value is None or value < 0:
                raise LayerError(
                    f"`{item.count}` is no number of repeats",
                    code="bad-value",
                    help="a whole number from 0 on",
                )
            return value

        return _placed(count, item.span)

    def build_merge(self, item: Merge, scope: _Scope) -> None:
        layer = self.layer(item.name, item.arguments, item.span, scope)
        fork, ends = self.flow, []
        for branch in item.branches:
            self.flow = fork
            self.build(branch, scope)
            ends.append(self.flow)
        self.add(layer, tuple(ends), item.span, item.label, scope)

    def build_call(self, item: Call, scope: _Scope) -> None:
        definition = self.definitions.get(item.name)
        if definition is None:
            layer = self.layer(item.name, item.arguments, item.span, scope)
            self.add(layer, (self.flow,), item.span, item.label, scope)
            return
        if item.name in scope.calls:
            chain = " → ".join((*scope.calls, item.name))
            raise SpecError(
                f"`{item.name}` is defined by itself: {chain}", item.span, code="recursion"
            )
        values = self.bind(definition, item, scope)
        calls, uses = (*scope.calls, item.name), (item.span, *scope.uses)
        self.build(definition.body, _Scope(values, {}, scope, calls, uses))
        self.name_flow(item.label, scope, item.span)

    def bind(self, definition: Definition, item: Call, scope: _Scope) -> dict[str, str]:
        """The parameters' values for one use of a definition."""
        parameters = [name for name, _ in definition.parameters]
        takes = f"`{definition.name}` takes {', '.join(parameters) or 'nothing'}"
        values: dict[str, str] = {}
        for place, argument in enumerate(item.arguments):
            text = _placed(lambda a=argument: fill_in(a.text, scope.values), argument.span)
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
                values[name] = _placed(lambda d=default: fill_in(d, values), definition.span)
        return {name: self.calculated(value, item.span) for name, value in values.items()}

    def calculated(self, value: str, span: Span) -> str:
        """A value without braces."""
        return _placed(lambda: fill_in(value, {}), span) if "{" in value else value

    def add(
        self, layer: Layer, inputs: tuple[int, ...], span: Span, label: str | None, scope: _Scope
    ) -> None:
        if len(self.steps) > MAX_STEPS:
            raise SpecError(
                f"the spec unfolds to more than {MAX_STEPS:,} layers", span, code="too-large"
            )
        self.flow = len(self.steps)
        self.steps.append(Step(layer, inputs, "", (span, *scope.uses)))
        self.name_flow(label, scope, span)
        if not self.steps[-1].name:
            self.steps[-1].name = self.fresh(layer.kind)

    def name_flow(self, label: str | None, scope: _Scope, span: Span) -> None:
        """Put a label on the step that the flow is at."""
        if label is None:
            return
        label = _placed(lambda: fill_in(label, scope.values), span)
        scope.labels[label] = self.flow
        if label not in self.names:
            self.names.add(label)
            self.steps[self.flow].name = label

    def fresh(self, kind: str) -> str:
        """conv1, conv2, … skipping what a label has taken."""
        while True:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            name = f"{kind}{self.counts[kind]}"
            if name not in self.names:
                self.names.add(name)
                return name

    def layer(self, name: str, arguments: tuple[Argument, ...], span: Span, scope: _Scope) -> Layer:
        texts = tuple(
            _placed(lambda a=argument: fill_in(a.text, scope.values), argument.span)
            for argument in arguments
        )
        key = (name, *texts)
        if key not in self.made:
            kind = LAYERS.get(name)
            if kind is None or kind is Input:
                raise self.unknown(name, span)
            values = _Arguments(kind, self.let)
            for argument, text in zip(arguments, texts, strict=True):
                _placed(lambda t=text: values.take(t), argument.span)
            self.made[key] = _placed(values.layer, span)
        return self.made[key]

    def unknown(self, name: str, span: Span) -> SpecError:
        near = SYNONYMS.get(name.lower().replace("_", "")) or suggest(
            name.lower(), [*LAYERS, *self.definitions]
        )
        place = Span(span.source, span.start, span.start + len(span.text.split(":")[0]))
        if name in span.text:
            start = span.source.text.index(name, span.start)
            place = Span(span.source, start, start + len(name))
        return SpecError(
            f"there is no layer `{name}`",
            place,
            code="unknown-layer",
            help=f"did you mean `{near}`?" if near else "`cnncalc layers` lists them all",
        )


class _Arguments:
    """The options of one layer, as its words are taken one after another."""

    def __init__(self, kind: type[Layer], let: Mapping[str, int]) -> None:
        self.kind = kind
        self.let = let
        self.values: dict[str, object] = {}
        self.places = [option for option in kind.options.values() if option.positional]

    def take(self, text: str) -> None:
        """One argument: a flag word, key=value, a short key with its value, or positional."""
        option, value = (
            self.flag(text) or self.keyed(text) or self.short(text) or (self.positional(text))
        )
        if option.name in self.values:
            raise LayerError(f"`{option.name}` is given twice", code="option-twice")
        self.values[option.name] = value

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
            if option.kind != "flag" and key in (option.key, option.name):
                return option, read_value(option, value, self.let)
        raise self.no_such(key)

    def short(self, text: str) -> tuple[Option, object] | None:
        match = re.match(r"([a-z]+)(?=[-\d_?A-WYZ])(.*)", text)
        if not match or any(text in option.words for option in self.kind.options.values()):
            return None
        for option in self.kind.options.values():
            if option.key and option.key == match[1]:
                return option, read_value(option, match[2], self.let)
        raise self.no_such(match[1])

    def positional(self, text: str) -> tuple[Option, object]:
        for option in self.places:
            if option.name not in self.values or option.kind == "integers":
                if (
                    text.isidentifier()
                    and text not in option.words
                    and len(text) > 1
                    and (not text[0].isupper())
                ):
                    raise self.no_such(text)
                value = read_value(option, text, self.let)
                if option.kind == "integers":  # permute:1,2,0 as well as permute:1x2x0
                    before = self.values.pop(option.name, ())
                    return option, (*before, *value)  # type: ignore[misc]
                return option, value
        if text.isidentifier():
            raise self.no_such(text)
        raise LayerError(
            f"there is no place for `{text}` in `{self.kind.kind}`",
            code="too-many-values",
            help=self.takes(),
        )

    def no_such(self, word: str) -> LayerError:
        options = self.kind.options.values()
        known = [o.word or o.name for o in options] + [o.key for o in options if o.key]
        near = suggest(word, known)
        return LayerError(
            f"`{self.kind.kind}` has no option `{word}`",
            code="unknown-option",
            help=f"did you mean `{near}`? {self.takes()}" if near else self.takes(),
        )

    def takes(self) -> str:
        options = self.kind.options.values()
        words = [o.word or (f"{o.key} ({o.name})" if o.key else o.name) for o in options]
        return f"`{self.kind.kind}` takes {', '.join(words) or 'no options'}"

    def layer(self) -> Layer:
        return self.kind(**self.values)


def _placed(read, span: Span):  # type: ignore[no-untyped-def]
    """What `read` gives; a layer's bare sentence becomes an error at this place."""
    try:
        return read()
    except LayerError as error:
        raise SpecError(error.message, span, code=error.code, help=error.help) from None
