"""A live model written as a small program, which the reader of source then reads.

So a live model and its source are read by one set of rules, and have one vocabulary each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from re import sub
from typing import NamedTuple

from cnncalc.analysis import analyze
from cnncalc.errors import CnnCalcError, Piece, Source
from cnncalc.findings import Findings
from cnncalc.input_size import give
from cnncalc.inputs import Inputs, InputSize, feed, sizes_given
from cnncalc.layers.base import Shape, show
from cnncalc.network import UNFED, Fed, Network, Step, Tracer, Typed
from cnncalc.network import Named as NamedSize
from cnncalc.notations import source
from cnncalc.notations.names import Names
from cnncalc.notations.reserved import KEYWORDS, identifier
from cnncalc.rows import as_layout
from cnncalc.tracing.trace import Within, nested

__all__ = [
    "Followed",
    "ModelNames",
    "Origin",
    "Program",
    "Unfollowed",
    "checked_sizes",
    "compare",
    "fed_with",
    "first_line",
    "refusal",
    "sized",
]

ModelNames = Mapping[str, str]
NO_NAMES: ModelNames = {}
MAX_SAID = 240  # characters of what a framework says


class Unfollowed(CnnCalcError):  # noqa: N818, what it is, not that it is one
    """A function that one way of tracing leaves, and another may take apart."""


def refusal(message: str, help: str | None = None) -> CnnCalcError:
    """What a live model can't be read for."""
    return CnnCalcError(message, code="live", help=help)


def first_line(error: Exception) -> str:
    """What a framework says, in one line; of a long one its first sentence."""
    if isinstance(error, CnnCalcError):
        return error.message
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return said if len(said) <= MAX_SAID else said.partition(". ")[0][:MAX_SAID]


def checked_sizes(function: str, input: Inputs | None, example: str) -> list[InputSize]:
    """Sizes of inputs as they were given; refused where one is none."""
    try:
        sizes = sizes_given(input)
    except CnnCalcError:
        sizes = [InputSize(None, Typed((0,)))]
    for _, size in sizes:
        if isinstance(size, NamedSize) or min(size.sizes, default=1) < 1:
            raise refusal(
                f"`{function}` can't take the input {input!r:.40}",
                f"its sizes without the batch, as in {example}",
            )
    return sizes


def fed_with(network: Network, sizes: Sequence[InputSize]) -> Network:
    """The network at the sizes that somebody gave its inputs."""
    network, size = feed(network, sizes)
    if isinstance(size, Typed):
        give(network, size)
    return network


class Origin(NamedTuple):
    """Where in the model a line of the program was run.

    Attributes:
        path: the module or model that ran it, as the model names it.
        call: which call of that; the line's steps get its whole name if they are one alone.
        names: the model's name of each module and tensor that the line reads, by its name in
            the program.
        named: whether the line's steps have their names already.
        alone: whether a call of one step gives that step the path for a name.
        joint: what stands between a path and the name of a step.
        shape: what comes out, without batch, where the framework says it.
        params: how many weights the framework counts in the line.
        within: names and classes of what it stands in, outermost first, if names don't tell.
    """

    path: str = ""
    call: str = ""
    names: ModelNames = NO_NAMES
    named: bool = False
    alone: bool = False
    joint: str = "."
    shape: Shape | None = None
    params: int | None = None
    within: Within = ()


def compare(program: Program, network: Network, shape: Shape, who: str) -> None:
    """Hold sizes and weights, as they are read, against those that the framework has.

    Raises:
        CnnCalcError: they differ, so the model is not what its layers' options say.
    """
    report = Findings(analyze(network, as_layout(shape, network.layout)))
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
    """The lines of a program, and where in the model each was run.

    Attributes:
        packages: where the modules lie that it imports functions from.
        classes: the class of each module of the model, by its path.
    """

    def __init__(self, name: str, notation: str, target: str = "") -> None:
        self.name = name
        self.notation = notation
        self.target = target
        self.lines: list[str] = []
        self.starts = [0]
        self.origins: dict[int, Origin] = {}
        self.taken: set[str] = set()
        self.packages: dict[str, Path] = {}
        self.classes: Mapping[str, str] = {}
        self.source: Source | None = None  # once it is whole

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
        """The line that a step comes from, also through functions of other files; else None."""
        places = (span.start for span in step.spans if span.source is self.source)
        place = next(places, None)
        return None if place is None else bisect_right(self.starts, place) - 1

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
        self.source = Source("\n".join(self.lines) + "\n", (Piece(0, self.name),))
        network = source.parse(
            self.source, notation=self.notation, entry=self.target, packages=self.packages
        )
        return sized(network, Named(network, self))


class Named:
    """The steps of a program's network at an input, named as in the model."""

    def __init__(self, network: Network, program: Program) -> None:
        self.network = network
        self.program = program

    def __call__(self, shape: Shape, fed: Fed) -> Network:
        named = _renamed(self.network.feeding(fed).at(shape), self.program)
        named.modules = self.program.classes
        return named


class Followed:
    """The steps of a model that is followed anew at each input, once for each.

    The model itself is not copied: a copy in another process has the sizes that were asked for.
    """

    def __init__(self, name: str, follow: Tracer) -> None:
        self.name = name
        self.follow: Tracer | None = follow
        self.known: dict[tuple[Shape, tuple[tuple[str, Shape], ...]], Network] = {}

    def __call__(self, shape: Shape, fed: Fed = UNFED) -> Network:
        key = shape, tuple(sorted(fed.items()))
        if key not in self.known:
            if self.follow is None:
                sizes = ", ".join(show(known) for known, _ in self.known)
                raise refusal(
                    f"this copy of `{self.name}` knows its steps at {sizes}, not at {show(shape)}",
                    "the model itself is not copied: read it here, or at this size before",
                )
            self.known[key] = self.follow(shape, fed)
        return self.known[key]

    def knows(self, shape: Shape, fed: Fed) -> bool:
        """Whether it has been followed at these sizes."""
        return (shape, tuple(sorted(fed.items()))) in self.known

    def __getstate__(self) -> dict[str, object]:
        # It holds the model, which may be of any size, and can't always be pickled.
        return {**self.__dict__, "follow": None}

    def __deepcopy__(self, memo: dict[int, object]) -> Followed:
        return self  # nothing of it changes but what it has followed


def sized(network: Network, at: Tracer) -> Network:
    """The network, whose steps at an input are to be had in another way."""
    return Network(
        (),
        network.input,
        notation=network.notation,
        layout=network.layout,
        tracer=at,
        declared=network.declared,
        inputs=network.inputs,
        unsized_inputs=network.unsized_inputs,
    )


def _renamed(network: Network, program: Program) -> Network:
    """The same network, its steps named as the live model names its parts."""
    origins = [program.origin(step) for step in network.steps]
    # What a line reads may be used by a later one, as a token that was expanded.
    known = {name: path for each in program.origins.values() for name, path in each.names.items()}
    calls = Counter(each.call for each in origins if each)
    names, block_of = Names(), cache(nested)
    steps = []
    for step, origin in zip(network.steps, origins, strict=True):
        again = step.shares is not None or "#" in step.name
        given = step.name.partition("#")[0]
        named = origin is None or origin.named or given not in known
        name = names.of_step(_name(given, origin, calls) if named else known[given], again)
        block = block_of(origin.within) if origin else None
        steps.append(step.replaced(name=name, block=block))
    return network.with_steps(steps)


def _name(given: str, origin: Origin | None, calls: Counter[str]) -> str:
    if origin is None or origin.named:
        return given
    holder, _, what = given.partition(".")
    if holder in origin.names:  # a function with the weights of a module
        path = origin.names[holder]
        return path if not what or path == origin.path else f"{path}{origin.joint}{what}"
    if origin.alone and calls[origin.call] == 1:
        return origin.path
    word = sub(r"_\d+$", "", given)  # made unique in the program; it shall be so in the model
    return f"{origin.path}{origin.joint}{word}" if origin.path else word
