"""A live model written as a small program, which the reader of source then reads.

So a live model and its source are read by one set of rules, and have one vocabulary each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from re import sub
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError, Piece, Source
from cnncalc.layers.base import Shape, show
from cnncalc.network import Network, Step
from cnncalc.notations import reading
from cnncalc.notations.names import Names
from cnncalc.notations.reserved import KEYWORDS, identifier
from cnncalc.report import as_layout

__all__ = [
    "Fields",
    "Origin",
    "Program",
    "Unfollowed",
    "checked_shape",
    "compare",
    "first_line",
    "refusal",
    "sized",
]

Fields = Mapping[str, str]
MAX_SAID = 240  # characters of what a framework says


class Unfollowed(CnnCalcError):  # noqa: N818, what it is, not that it is one
    """A function that one way of tracing leaves, and another may take apart."""


def refusal(message: str, help: str | None = None) -> CnnCalcError:
    """What a live model can't be read for."""
    return CnnCalcError(message, code="live", help=help)


def first_line(error: Exception) -> str:
    """What a framework says, in one line; of a long one its first sentence."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return said if len(said) <= MAX_SAID else said.partition(". ")[0][:MAX_SAID]


def checked_shape(function: str, input: Any, example: str) -> Shape | None:
    """An input size as it was given; refused where it is no tuple of sizes."""
    if input is None:
        return None
    sizes = tuple(input) if isinstance(input, tuple | list) else ()
    if not sizes or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise refusal(
            f"`{function}` can't take the input {input!r:.40}",
            f"its sizes without the batch, as in {example}",
        )
    return sizes


class Origin(NamedTuple):
    """Where in the model a line of the program was run.

    Attributes:
        path: the module or model that ran it, as the model names it.
        call: which call of that; the line's steps get its whole name if they are one alone.
        fields: the model's name of each module and tensor that the line reads, by its name in
            the program.
        named: whether the line's steps have their names already.
        alone: whether a call of one step gives that step the path for a name.
        joint: what stands between a path and the name of a step.
        shape: what comes out, without batch, where the framework says it.
        params: how many weights the framework counts in the line.
    """

    path: str = ""
    call: str = ""
    fields: Fields = MappingProxyType({})
    named: bool = False
    alone: bool = False
    joint: str = "."
    shape: Shape | None = None
    params: int | None = None


def compare(program: Program, network: Network, shape: Shape, who: str) -> None:
    """Hold sizes and weights, as they are read, against those that the framework has.

    Raises:
        CnnCalcError: they differ, so the model is not what its layers' options say.
    """
    report = analyze(network, as_layout(shape, network.layout))
    for line, numbers in program.steps_of(network).items():
        origin = program.origins.get(line)
        rows = [report.rows[number] for number in numbers]
        if origin is None:
            continue
        size = as_layout(rows[-1].output_shape, network.layout)
        if origin.shape is not None and origin.shape != size:
            raise refusal(
                f"`{rows[-1].name}` gives {show(size)} as it is read, and {show(origin.shape)} "
                f"in {who}"
            )
        count = sum(row.params for row in rows)
        if origin.params not in (None, count) and all(row.shares is None for row in rows):
            raise refusal(
                f"`{rows[0].name}` has {count:,} parameters as it is read, and "
                f"{origin.params:,} in {who}"
            )


class Program:
    """The lines of a program, and where in the model each was run."""

    def __init__(self, name: str, notation: str, target: str = "") -> None:
        self.name = name
        self.notation = notation
        self.target = target
        self.lines: list[str] = []
        self.starts = [0]
        self.origins: dict[int, Origin] = {}
        self.taken: set[str] = set()

    def write(self, line: str, origin: Origin | None = None) -> None:
        """Add one line."""
        if origin is not None:
            self.origins[len(self.lines)] = origin
        self.lines.append(line)
        self.starts.append(self.starts[-1] + len(line) + 1)

    def identifier(self, path: str) -> str:
        """A name for a part of the model, as like the model's own as Python allows."""
        word = identifier(path, KEYWORDS)
        while word in self.taken:
            word += "_"
        self.taken.add(word)
        return word

    def line_of(self, step: Step) -> int | None:
        """The line that a step comes from; None for inputs."""
        return bisect_right(self.starts, step.spans[0].start) - 1 if step.spans else None

    def origin(self, step: Step) -> Origin | None:
        """Where in the model a step was run, if its line says so."""
        line = self.line_of(step)
        return None if line is None else self.origins.get(line)

    def steps_of(self, network: Network) -> dict[int, list[int]]:
        """The numbers of the steps that each line makes."""
        found: dict[int, list[int]] = {}
        for number, step in enumerate(network.steps):
            line = self.line_of(step)
            if line is not None:
                found.setdefault(line, []).append(number)
        return found

    def network(self) -> Network:
        """The network that the program describes, its steps named as in the model."""
        source = Source("\n".join(self.lines) + "\n", (Piece(0, self.name),))
        read = reading.Reading(source, (), self.target)
        network = reading.read(read, self.notation, None)
        return sized(network, lambda shape: _renamed(network.at(shape), self.origin))


def sized(network: Network, at: Callable[[Shape], Network]) -> Network:
    """The network, whose steps at an input are to be had in another way."""
    return Network(
        (),
        network.input,
        notation=network.notation,
        layout=network.layout,
        tracer=at,
    )


def _renamed(network: Network, origin_of: Callable[[Step], Origin | None]) -> Network:
    """The same network, its steps named as the live model names its parts."""
    origins = [origin_of(step) for step in network.steps]
    calls = Counter(each.call for each in origins if each)
    names = Names()
    steps = []
    for step, origin in zip(network.steps, origins, strict=True):
        again = step.shares is not None or "#" in step.name
        name = names.of_step(_name(step.name, origin, calls), again)
        steps.append(Step(step.layer, step.inputs, name, step.spans, step.shares))
    return network.with_steps(steps)


def _name(given: str, origin: Origin | None, calls: Counter[str]) -> str:
    base = given.partition("#")[0]
    if origin is None or origin.named:
        return base
    holder, _, what = base.partition(".")
    if base in origin.fields:
        return origin.fields[base]
    if holder in origin.fields:  # a function with the weights of a module
        path = origin.fields[holder]
        return path if not what or path == origin.path else f"{path}{origin.joint}{what}"
    if origin.alone and calls[origin.call] == 1:
        return origin.path
    word = sub(r"_\d+$", "", base)  # made unique in the program; it shall be so in the model
    return f"{origin.path}{origin.joint}{word}" if origin.path else word
