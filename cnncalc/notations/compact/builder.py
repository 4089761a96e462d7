"""The tree of a spec becomes steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.errors import LayerError, Mistakes, Span, SpecError
from cnncalc.layers import LAYERS, Layer
from cnncalc.layers.each import each
from cnncalc.layers.merge import Input
from cnncalc.layers.spelling import word
from cnncalc.network import Block, Step, Typed
from cnncalc.notations.compact.layer_reader import LayerReader
from cnncalc.notations.compact.option_reader import At
from cnncalc.notations.compact.tree import (
    Argument,
    Call,
    Definition,
    Either,
    Entries,
    Group,
    Item,
    Jump,
    Merge,
    Repeat,
    Tree,
)
from cnncalc.notations.compact.values import fill_in
from cnncalc.notations.names import Names
from cnncalc.notations.sizes import SEVERAL, choice_error, integer
from cnncalc.notations.unknowns import Unknowns, placed
from cnncalc.suggestions import suggest

__all__ = ["MAX_STEPS", "MAX_WORK", "Builder", "Scope", "too_long"]

MAX_STEPS = 250_000
MAX_WORK = 4 * MAX_STEPS  # items that are gone through, those that make no step among them
MAX_LISTED = 6  # labels, in a message
Made = TypeVar("Made")


class Scope(NamedTuple):
    """Where an item stands: the parameters' values, labels, and the uses that led here."""

    values: Mapping[str, str]
    labels: dict[str, tuple[int, int]]  # its step, and where in the text it was given
    outer: Scope | None
    calls: tuple[str, ...]
    uses: tuple[Span, ...]
    block: Block | None

    def find(self, label: str) -> int | None:
        """The step of a label, here or where the definition was used."""
        scope: Scope | None = self
        while scope is not None:
            if label in scope.labels:
                return scope.labels[label][0]
            scope = scope.outer
        return None

    def inside(self, block: Block) -> Scope:
        """The same within a block."""
        return Scope(self.values, self.labels, self.outer, self.calls, self.uses, block)

    def known(self) -> list[str]:
        return [*self.labels, *(self.outer.known() if self.outer else [])]


def too_long(span: Span) -> SpecError:
    """What is wrong with a spec that repeats too much."""
    return SpecError(
        f"the spec unfolds to more than {MAX_STEPS:,} layers",
        span,
        code="too-large",
        help="fewer repeats",
    )


class Builder:
    """Steps as they are added; `flow` is the step that the next layer reads.

    A layer that is wrong is left out and remembered, so that other mistakes are told with it.
    """

    def __init__(self, let: Mapping[str, int], mistakes: Mistakes) -> None:
        self.let = let
        self.mistakes = mistakes
        self.wrong: set[Span] = set()  # what need not be told again
        self.steps = [Step(Input(), name="input")]
        self.flow = 0
        self.sized = False  # whether a size stands in front, which is the first input's
        self.typed: Typed | None = None  # that of a first input without one
        self.work = 0
        self.counts: dict[str, int] = {}
        self.blocks: dict[str, int] = {}
        self.names = Names(["input"])
        self.definitions: dict[str, Definition] = {}
        self.layers = LayerReader(let, self.definitions)
        self.around: tuple[dict[str, Any], ...] = ()  # the options of each `each` around the flow
        self.inside: dict[tuple[object, ...], Layer] = {}

    def read(self, tree: Tree) -> None:
        """Build all that a spec has; SpecError with all that is wrong in it."""
        try:
            for definition in tree.definitions:
                self.define(definition)
            self.build_all(tree.items)
        except SpecError as error:
            self.mistakes.add(error)
        if self.mistakes.found:
            raise self.mistakes.error()

    def tried(self, span: Span, work: Callable[[], Made]) -> Made | None:
        """What some work gives for the words at a place; None where they are wrong."""
        if span in self.wrong:
            return None
        try:
            return work()
        except SpecError as error:
            self.note(error, span)
            return None

    def note(self, error: SpecError, span: Span) -> None:
        """Remember what is wrong at a place; raise it where there is much."""
        self.wrong.add(span)
        if not self.mistakes.add(error):
            raise error

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
        scope = Scope({}, {"input": (0, -1)}, None, (), (), None)
        for item in items:
            self.build(item, scope)
        self.check_inputs()
        self.name_the_rest()

    def outputs(self) -> tuple[int, ...]:
        """The end of the flow first, then every other step that nothing reads."""
        read = {number for step in self.steps for number in step.inputs}
        loose = [n for n in range(1, len(self.steps)) if n not in read and n != self.flow]
        return self.flow, *loose

    def inputs(self) -> list[str]:
        """The names of the inputs, where there are several."""
        names = [step.name for step in self.steps if not step.inputs]
        return names if len(names) > 1 else []

    def check_inputs(self) -> None:
        """Refuse a further input that nothing reads."""
        read = {number for step in self.steps for number in step.inputs}
        for number, step in enumerate(self.steps):
            if number and not step.inputs and number not in read:
                name = step.name or "input"
                error = SpecError(
                    f"nothing reads the input `{name}`",
                    step.spans[0],
                    code="unread-input",
                    help=f"layers behind it, and a branch with it: `cat[ @input | @{name} ]`",
                )
                self.note(error, step.spans[0])

    def build(self, item: Item, scope: Scope) -> None:
        self.work += 1
        if self.work > MAX_WORK:
            raise too_long(item.span)
        if isinstance(item, Jump):
            step = self.tried(item.span, lambda: self.labelled(item, scope))
            self.flow = self.flow if step is None else step
        elif isinstance(item, Repeat):
            self.repeat(item, scope)
        elif isinstance(item, Either):
            self.either(item, scope)
        elif isinstance(item, Group):
            self.build_group(item, scope.inside(self.block("group", "[…]", scope)))
        elif isinstance(item, Merge):
            self.build_merge(item, scope)
        elif isinstance(item, Entries):
            self.build_entries(item, scope)
        else:
            self.build_call(item, scope)

    def build_group(self, item: Group, scope: Scope) -> None:
        for inner in item.items:
            self.build(inner, scope)
        self.name_flow(item.label, scope, item.span)

    def block(self, kind: str, text: str, scope: Scope) -> Block:
        """One more block, inside that of a scope."""
        count = self.blocks[kind] = self.blocks.get(kind, 0) + 1
        return Block(kind, text, scope.block, f"{kind}{'_' if kind[-1].isdigit() else ''}{count}")

    def labelled(self, jump: Jump, scope: Scope) -> int:
        with At(jump.span):
            label = fill_in(jump.label, scope.values, self.let)
        number = scope.find(label)
        if number is None:
            known = scope.known()
            near = suggest(label, known)
            labels = ", ".join(f"`@{each}`" for each in known[:MAX_LISTED] if each != "input")
            raise SpecError(
                f"no step before this is named `{label}`",
                jump.span,
                code="label",
                help=f"did you mean `@{near}`?"
                if near
                else f"steps with a name: {labels}"
                if labels
                else f"name one with `{label}@conv:16,k3`",
            )
        return number

    def either(self, item: Either, scope: Scope) -> None:
        """A choice of layers, which is for many networks."""
        first = " ".join(item.groups[0].span.text.split())
        raise SpecError(
            "this is a choice of layers, and one network needs one of them",
            item.span,
            code="choice",
            help=f"{SEVERAL}; write `{first}`, say, for one network"
            if len(first) <= 40
            else SEVERAL,
        )

    def repeat(self, item: Repeat, scope: Scope) -> None:
        count = self.tried(item.span, lambda: self.repeats(item, scope))
        for _ in range(1 if count is None else count):
            self.build(item.item, scope)

    def repeats(self, item: Repeat, scope: Scope) -> int:
        with At(item.span):
            times = item.times
            if isinstance(self.let, Unknowns):
                start = item.span.source.text.find(f"{times}*", item.span.start)
                times = self.let.repeated(times, start)
            if ".." in times:
                raise choice_error(times)
            count = integer(fill_in(times, scope.values, self.let), self.let)
            if count is None or count < 0:
                raise self.no_number(item)
        if count > MAX_WORK:
            raise too_long(item.span)
        return count

    def no_number(self, item: Repeat) -> LayerError:
        """The error on what is no number of repeats."""
        return LayerError(
            f"`{item.times}` is no number of repeats",
            code="bad-value",
            help="a whole number from 0 on",
        )

    def build_merge(self, item: Merge, scope: Scope) -> None:
        layer = self.layer(item, scope)
        text = word(layer) if layer is not None and item.arguments else item.name
        scope = scope.inside(self.block(item.name, f"{text}[…]", scope))
        fork, ends = self.flow, []
        for branch in item.branches:
            self.flow = fork
            self.build_group(branch, scope)
            ends.append(self.flow)
        self.add(layer, tuple(ends), item.span, item.label, scope)

    def build_entries(self, item: Entries, scope: Scope) -> None:
        """The layers of a body, each at every entry by itself."""
        over = self.tried(
            item.span, lambda: self.layers.entries(item.arguments, item.span, scope.values)
        )
        around = self.around
        if over is not None:
            self.around = (*around, over)
        self.build(item.body, scope)
        self.around = around
        if isinstance(self.let, Unknowns):  # a layer inside of another is made anew for each value
            self.let.compute_within(item.span.start, item.span.end)
        self.name_flow(item.label, scope, item.span)

    def wrapped(self, layer: Layer) -> Layer:
        """A layer with all `each` that are around it: the same for the same one."""
        for over in reversed(self.around):
            key = id(layer), tuple(over.values())
            if key not in self.inside:
                self.inside[key] = each(layer, **over)
            layer = self.inside[key]
        return layer

    def layer(self, item: Call | Merge, scope: Scope) -> Layer | None:
        """The layer at a place; None where it is wrong: as `tried`, for thousands of layers."""
        if self.wrong and item.span in self.wrong:
            return None
        try:
            layer = self.layers.layer(item.name, item.arguments, item.span, scope.values)
            with At(item.span):
                return self.wrapped(layer) if self.around else layer
        except SpecError as error:
            self.note(error, item.span)
            return None

    def build_call(self, item: Call, scope: Scope) -> None:
        definition = self.definitions.get(item.name)
        if definition is None and item.name == "input":
            self.add_input(item, scope)
            return
        if definition is None:
            self.add(self.layer(item, scope), (self.flow,), item.span, item.label, scope)
            return
        if item.name in scope.calls:
            chain = " → ".join((*scope.calls, item.name))
            raise SpecError(
                f"`{item.name}` is defined by itself: {chain}",
                item.span,
                code="recursion",
                help="a repeat, as in `3*[conv:16,k3 relu]`",
            )
        values = self.tried(item.span, lambda: self.bind(definition, item, scope))
        if values is None:
            return
        calls, uses = (*scope.calls, item.name), (item.span, *scope.uses)
        text = item.name
        if item.arguments:
            text += f":{self.shown(item.arguments, scope)}"
        block = self.block(item.name, text, scope)
        self.build_group(definition.body, Scope(values, {}, scope, calls, uses, block))
        self.name_flow(item.label, scope, item.span)

    def add_input(self, item: Call, scope: Scope) -> None:
        """A further input, or the first one where nothing stands before it."""
        layer = self.layer(item, scope)
        if isinstance(layer, Input) and layer.shape is None:
            error = SpecError(
                "the input has no size",
                item.span,
                code="no-input",
                help="`input:100`, or `input:scalar` for one number a sample",
            )
            self.note(error, item.span)
            return
        if self.sized or len(self.steps) > 1 or self.typed is not None:
            self.add(layer, (), item.span, item.label, scope)
            return
        if isinstance(layer, Input) and layer.shape is not None:
            self.typed = Typed(layer.shape, item.span)
            self.steps[0].name = ""
            self.name_flow(item.label, scope, item.span)
            self.steps[0].name = self.steps[0].name or "input"

    def shown(self, arguments: Sequence[Argument], scope: Scope) -> str:
        """The arguments of a definition as people read them."""
        texts = [placed(each.text, each.span.start, self.let) for each in arguments]
        return fill_in(",".join(texts), scope.values, self.let)

    def bind(self, definition: Definition, item: Call, scope: Scope) -> dict[str, str]:
        """The parameters' values for one use of a definition."""
        self.work += len(definition.parameters) // 8  # a usual definition's cost next to nothing
        parameters = [name for name, _ in definition.parameters]
        takes = f"`{definition.name}` takes {', '.join(parameters) or 'nothing'}"
        values: dict[str, str] = {}
        for place, argument in enumerate(item.arguments):
            with At(argument.span):
                text = self.given(argument, scope)
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
                    values[name] = self.default(default or "", values)
        return values

    def given(self, argument: Argument, scope: Scope) -> str:
        """The text of an argument of a definition, with the parameters around it put in."""
        text = placed(argument.text, argument.span.start, self.let)
        return fill_in(text, scope.values, self.let)

    def default(self, text: str, values: Mapping[str, str]) -> str:
        """The value of a parameter that isn't given."""
        return fill_in(text, values, self.let)

    def add(
        self,
        layer: Layer | None,
        inputs: tuple[int, ...],
        span: Span,
        label: str | None,
        scope: Scope,
    ) -> None:
        if len(self.steps) > MAX_STEPS:
            raise too_long(span)
        if layer is not None:
            self.flow = len(self.steps)
            self.steps.append(Step(layer, inputs, "", (span, *scope.uses), block=scope.block))
        self.name_flow(label, scope, span)

    def name_flow(self, label: str | None, scope: Scope, span: Span) -> None:
        """Put a label on the step that the flow is at."""
        if label is None:
            return
        with At(span):
            label = fill_in(label, scope.values, self.let)
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
        self.counts["input"] = 1  # the first is called `input` alone
        for step in self.steps:
            kind = step.layer.core.kind
            while not step.name:
                self.counts[kind] = self.counts.get(kind, 0) + 1
                name = f"{kind}{self.counts[kind]}"
                step.name = "" if name in self.names.taken else name
