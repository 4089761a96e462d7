"""A network as the lines of a program: what each value is made of, and what it is called.

A layer may take several lines (a pad, then a convolution). Every line makes one value from
earlier ones, with a module that it holds or by an expression. This is the same for PyTorch's
`forward` and Keras's functional style; the text of each line is the framework's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from cnncalc.errors import LayerError, SpecError
from cnncalc.findings import Findings
from cnncalc.frameworks.calls import CALL, Piece
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Network, Step
from cnncalc.notations.names import Names
from cnncalc.notations.reserved import Language, identifier

__all__ = [
    "FRESH",
    "Line",
    "Program",
    "input_comment",
    "labels",
    "lower",
    "named_inputs",
    "variables",
]

NUMBERED = re.compile(r"x[1-9][0-9]{0,8}")
FRESH = ("x", "y", "z", "a", "b", "c", "d", "e", "f", "g", "h")


def input_comment(shapes: Iterable[Shape]) -> str:
    """The comment that tells the sizes of the inputs to whoever reads the program again."""
    return f"# cnncalc: input {'; '.join('x'.join(map(str, each)) or '()' for each in shapes)}"


class Line(NamedTuple):
    """One value of the program.

    Attributes:
        inputs: the values that it reads, by number.
        kind, call, form: as in `Piece`.
        name: what its module is called; empty if it has none.
        again: whether an earlier line made the module.
        step: the number of the step that it belongs to.
        frozen: whether its weights are kept from training.
        holds: whether it has weights.
    """

    inputs: tuple[int, ...]
    kind: str
    call: str | None
    form: str
    name: str
    again: bool
    step: int
    frozen: bool
    holds: bool = True

    @property
    def plain(self) -> bool:
        """Whether it is nothing but a module called on one value."""
        return self.call is not None and self.form == CALL and not self.again and not self.frozen


class Program(NamedTuple):
    """The lines of a network.

    Attributes:
        inputs: the numbers of the values that are given, as (value, step).
        lines: by the number of the value that each makes.
        outputs: the values that come out.
        steps: the network's.
        modular: whether the steps' names tell the modules that they lie in.
        named: whether people gave the steps' names (Keras numbers its own).
    """

    inputs: tuple[tuple[int, int], ...]
    lines: dict[int, Line]
    outputs: tuple[int, ...]
    steps: list[Step]
    modular: bool = False
    named: bool = True

    @property
    def stack(self) -> bool:
        """Whether it is one module after another."""
        ends = self.outputs == (max(self.lines, default=0),) and len(self.inputs) == 1
        return ends and all(
            line.plain and line.inputs == (number - 1,) for number, line in self.lines.items()
        )


# Of a layer, what it receives, the layer that it is a state of, and whether states of its are read.
Split = Callable[[Layer, tuple[Shape, ...], Layer | None, bool], Sequence[Piece]]


def lower(report: Findings, pieces: Split, language: Language) -> Program:
    """The program of a report's network.

    Args:
        report: with the sizes that decide what a layer is in the framework.
        pieces: a layer's lines, for the shapes that it receives.
        language: what names of modules mean something else.

    Raises:
        SpecError: what the framework can't say, with its place.
    """
    lowering = _Lowering(report.network, pieces, language)
    for number, row in enumerate(report.rows):
        lowering.take(number, row.input_shapes)
    outputs = tuple(lowering.values[number] for number in report.outputs)
    modular = report.network.notation in ("torch", "onnx")
    return Program(tuple(lowering.inputs), lowering.lines, outputs, report.network.steps, modular)


class _Lowering:
    def __init__(self, network: Network, pieces: Split, language: Language) -> None:
        self.steps = network.steps
        self.pieces = pieces
        self.reserved = language.modules
        self.names = Names(language.modules)
        self.inputs: list[tuple[int, int]] = []
        self.lines: dict[int, Line] = {}
        self.values: dict[int, int] = {}  # of each step
        self.given: dict[int, int] = {}  # what a step's module with its weights gives
        self.modules: dict[int, list[str]] = {}
        self.made = 0
        beside = [step for step in self.steps if step.layer.beside]
        self.handing = {step.inputs[0] for step in beside}  # of which more than the output is read
        self.read = {each for step in self.steps if not step.layer.beside for each in step.inputs}
        self.read.update(network.outputs)

    def take(self, number: int, shapes: tuple[Shape, ...]) -> None:
        step = self.steps[number]
        if step.layer.kind == "input":
            self.values[number] = self.made
            self.inputs.append((self.made, number))
            self.made += 1
            return
        try:
            maker = self.steps[step.inputs[0]].layer if step.layer.beside else None
            pieces = self.pieces(step.layer, shapes, maker, number in self.handing)
        except LayerError as error:
            raise placed(error, step) from None
        if number in self.handing and number not in self.read:
            held = [at for at, piece in enumerate(pieces) if piece.holds]
            pieces = pieces[: held[-1] + 1]
        self.values[number] = self.add(number, pieces)

    def add(self, number: int, pieces: Sequence[Piece]) -> int:
        """A line for each piece of a step; the number of the last one's value."""
        step = self.steps[number]
        values = self.given if step.layer.beside else self.values
        inputs = tuple(values[each] for each in step.inputs)
        origin = inputs[:1]
        for piece, name in zip(pieces, self.named(number, pieces), strict=True):
            inputs += origin if "{origin}" in piece.form else ()
            again = step.shares is not None and bool(name)
            frozen = piece.holds and not step.trainable
            self.lines[self.made] = Line(
                inputs, piece.kind, piece.call, piece.form, name, again, number, frozen, piece.holds
            )
            inputs = (self.made,)
            if piece.holds:
                self.given[number] = self.made
            self.made += 1
        return inputs[0]

    def named(self, number: int, pieces: Sequence[Piece]) -> list[str]:
        """The modules' names: the step's own for the one with the weights, or the first."""
        step = self.steps[number]
        if step.shares is not None and step.shares in self.modules:
            shared = self.modules[step.shares]
            if len(shared) == len(pieces):
                return shared
        made = [at for at, piece in enumerate(pieces) if piece.call]
        held = [at for at in made if pieces[at].holds]
        own = [at for at in made if pieces[at].kind != "pad"]
        main = held[-1] if held else (own or made or [0])[0]
        names = []
        for at, piece in enumerate(pieces):
            module = step.name.strip("/").rpartition("/")[0] or step.name  # without an operator
            wanted = module if at == main else f"{module}_{piece.kind}"
            word = identifier(wanted, self.reserved)
            names.append(self.names.unique(word) if piece.call else "")
        self.modules[number] = names
        return names


def placed(error: LayerError, step: Step) -> SpecError:
    """A layer's objection with its step's name and place."""
    span = step.spans[0] if step.spans else None
    return SpecError(f"`{step.name}`: {error.message}", span, code=error.code, help=error.help)


def named_inputs(
    program: Program, first: str, language: Language, taken: Iterable[str] = ()
) -> dict[int, str]:
    """What the values that are given are called: as their source calls them, where it does."""
    names = Names([*language.values, first, *taken])
    given: dict[int, str] = {}
    for value, step in program.inputs:
        own = identifier(program.steps[step].name, language.values)
        usual = not given and (len(program.inputs) == 1 or own == "input")
        given[value] = first if usual else names.unique(own)
    return given


def labels(program: Program, language: Language) -> dict[int, str]:
    """The values that were given names: a spec's labels, and the modules that made them."""
    named = {}
    for number, line in program.lines.items():
        step = program.steps[line.step]
        word = step.name if not step.is_counted else ""
        if program.modular:
            word = line.name.removesuffix("_") if not re.search(r"\W", line.name) else ""
        if word and program.named:
            named[number] = identifier(word.lower(), language.values)
    return named


def variables(
    inputs: dict[int, str],
    lines: dict[int, Line],
    outputs: Sequence[int],
    labels: dict[int, str],
    taken: Iterable[str] = (),
) -> dict[int, str]:
    """A variable for every value; one is used again as soon as nothing reads it any more.

    Args:
        inputs: the values that are given, with their names.
        lines: those that make the others.
        outputs: the values that must last.
        labels: what the user called some values; used where they last beyond the next line.
        taken: names that no variable may have.
    """
    last = {each: number for number, line in lines.items() for each in line.inputs}
    last |= dict.fromkeys(outputs, max(lines, default=0) + 1)
    names = dict(inputs)
    free = _Free(inputs.values(), taken)
    for number, line in lines.items():
        dying = [names[each] for each in line.inputs if last[each] == number]
        free.give_back(dying)
        lasts = last.get(number, number) > number + 1
        label = labels.get(number, "") if lasts else ""
        kept = [name for name in dying if name in FRESH and name not in free.forbidden]
        if label and free.has(label):
            names[number] = label
        else:
            names[number] = min(kept, key=FRESH.index) if kept else free.first()
        free.live.add(names[number])
    return names


class _Free:
    """Names for variables that hold nothing yet: x, y, z and so on, then x1, x2 and so on.

    Attributes:
        live: those that hold something.
    """

    def __init__(self, live: Iterable[str], forbidden: Iterable[str]) -> None:
        self.live = set(live)
        self.forbidden = frozenset(forbidden)
        self.returned: list[int] = []  # a heap of numbers
        self.next = 1  # larger than every number that was given out

    def has(self, name: str) -> bool:
        return name not in self.live and name not in self.forbidden

    def give_back(self, names: Iterable[str]) -> None:
        for name in names:
            self.live.discard(name)
            if NUMBERED.fullmatch(name):
                heappush(self.returned, int(name[1:]))

    def first(self) -> str:
        """The first of them."""
        for name in FRESH:
            if self.has(name):
                return name
        while True:
            if self.returned and self.returned[0] < self.next:
                name = f"x{heappop(self.returned)}"
            else:
                name = f"x{self.next}"
                self.next += 1
            if self.has(name):
                return name
