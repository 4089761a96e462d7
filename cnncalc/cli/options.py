"""The options that commands share, each declared once: a field here is an option there.

Annotations are evaluated in this file (there is no `from __future__ import annotations`),
since a class of options may be extended in another.
"""

import inspect
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, dataclass_transform

import typer

from cnncalc.notations import readable, texts
from cnncalc.packages import OnUse
from cnncalc.render.text import FORMATS

if TYPE_CHECKING:
    from cnncalc.cli import completion
else:  # only a shell that completes a word needs it
    completion = OnUse("cnncalc.cli.completion")

__all__ = [
    "CostSettings",
    "FieldSettings",
    "Laid",
    "Network",
    "Options",
    "Output",
    "Settings",
    "Spec",
    "Text",
    "TreeSettings",
    "formats",
    "one_of",
    "shown",
    "taking",
]


def one_of(known: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """What the shell offers for a word of which only so many are known."""

    def offered(incomplete: str) -> list[str]:
        return [word for word in known() if word.startswith(incomplete)]

    return offered


def _either(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}"


network = partial(typer.Option, show_default=False, rich_help_panel="The network")
shown = partial(typer.Option, show_default=False, rich_help_panel="What is shown")
check = partial(
    typer.Option, show_default=False, rich_help_panel="Checks: exit status 1 when one says no"
)

Text = str | None


def formats(known: Collection[str]) -> Any:
    """The option that chooses one of a command's formats."""
    return shown(
        "-f",
        "--format",
        metavar="FORMAT",
        help=f"{', '.join(known)}; with -o the file's name tells, too.",
        autocompletion=one_of(lambda: list(known)),
    )


@dataclass_transform()
class Options:
    """Options as attributes, each declared with its annotation and its default.

    This is what a dataclass would give, whose methods Python writes and compiles at every start.
    """

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    @classmethod
    def declared(cls) -> dict[str, Any]:
        """The annotation of each option, those of the last base first."""
        hints: dict[str, Any] = {}
        for kind in reversed(cls.__mro__):
            hints |= vars(kind).get("__annotations__", {})
        return hints


class Output(Options):
    """The options of every command that prints a table."""

    format: Annotated[Text, formats(FORMATS)] = None
    json: Annotated[bool, shown("--json", help="The same as -f json; errors, too.")] = False
    out: Annotated[
        Text,
        shown(
            "-o",
            "--out",
            metavar="FILE",
            help="Write into a file, which is replaced once it is whole.",
        ),
    ] = None


class Network(Options):
    """The network that a command is about, and its input's size.

    A size beside a file or a network's name is what `-i` would give.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.words, beside = texts.sizes_apart(self.words or [], self.path or [])
        self.beside = bool(beside) and not self.input
        self.input = self.input or beside

    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Layers such as `3x32x32 conv:16,k3,p1 relu`, a file, a shipped example's name, "
            "or - for standard input.",
            show_default=False,
            autocompletion=lambda ctx, incomplete: completion.words(
                list(ctx.params.get("words") or ()), incomplete
            ),
        ),
    ] = None
    input: Annotated[
        list[str] | None,
        network(
            "-i",
            "--input",
            metavar="CxHxW",
            help="The input's size; wins over the spec's own. Of several inputs again for each, "
            "in their order or by name, as z=100.",
        ),
    ] = None
    notation: Annotated[
        Text,
        network(
            "--from",
            metavar="NOTATION",
            help=f"{_either(readable())}; detected otherwise.",
            autocompletion=one_of(readable),
        ),
    ] = None
    path: Annotated[
        list[str] | None,
        network(
            "--path",
            metavar="DIR",
            help="A folder in which a source's imports may lie, too; may stand more than once.",
        ),
    ] = None
    let: Annotated[
        list[str] | None,
        network(
            "--let",
            metavar="NAME=VALUE",
            help="A value for a symbol of the spec, or for a name that a source leaves open, as "
            "H=224; may stand more than once.",
        ),
    ] = None


class Spec(Network):
    """A network at work: how many samples at a time, and of what numbers."""

    batch: Annotated[
        Text,
        network(
            "-b", "--batch", metavar="N", help="Samples at a time, for the memory; 1 otherwise."
        ),
    ] = None
    dtype: Annotated[
        str,
        network(
            "--dtype",
            metavar="TYPE",
            help="What numbers are kept in: float64, float32, float16 (half, fp16), bfloat16 "
            "(bf16), int8 or uint8; float32 otherwise.",
            autocompletion=one_of(lambda: completion.dtypes()),
        ),
    ] = "float32"


class Laid(Output):
    """How shapes are ordered where they are shown."""

    layout: Annotated[
        Text,
        shown(
            "--layout",
            metavar="ORDER",
            help="channels-first or channels-last for the shapes shown; the notation's own "
            "otherwise.",
            autocompletion=one_of(lambda: ["channels-first", "channels-last"]),
        ),
    ] = None


class Shown(Laid):
    """How its report is shown."""

    columns: Annotated[
        Text,
        shown(
            "--columns",
            metavar="KEY,KEY",
            help="Which columns to show; after a + beside the usual ones, after a - without; or "
            "`all`.",
            autocompletion=one_of(lambda: completion.columns()),
        ),
    ] = None


class Checks(Options):
    """What it must live up to."""

    verify: Annotated[
        bool,
        check(
            "--verify",
            help="Run the network on real arrays and compare every shape and weight tensor.",
        ),
    ] = False
    executor: Annotated[
        Text,
        check(
            "--executor",
            metavar="NAME",
            help="What --verify runs it with, or `all`; `cnncalc executors` lists them.",
            autocompletion=one_of(lambda: completion.executors()),
        ),
    ] = None
    device: Annotated[
        Text,
        check(
            "--device",
            metavar="cpu|cuda",
            help="Where --verify runs it; cpu otherwise.",
            autocompletion=one_of(lambda: ["cpu", "cuda"]),
        ),
    ] = None
    backward: Annotated[
        bool,
        check(
            "--backward",
            help="With --executor torch or all: also run backwards, for a gradient of every "
            "weight.",
        ),
    ] = False
    max_params: Annotated[
        Text, check("--max-params", metavar="N", help="At most so many parameters, as 25M.")
    ] = None
    max_macs: Annotated[
        Text, check("--max-macs", metavar="N", help="At most so many MACs, as 4.1G.")
    ] = None
    max_memory: Annotated[
        Text,
        check(
            "--max-memory",
            metavar="BYTES",
            help="At most so much for parameters and activations together, as 512MB. With "
            "--verify the run, too: one that would take more isn't begun.",
        ),
    ] = None
    min_rf: Annotated[
        Text,
        check(
            "--min-rf",
            metavar="N",
            help="The output's receptive field is at least so many input pixels, as 224 or 9x31.",
        ),
    ] = None
    expect: Annotated[
        Text, check("--expect", metavar="CxHxW", help="The output has this shape.")
    ] = None


class Settings(Checks, Shown, Spec):
    """The options of the commands that report on a network, in the order of the last base first."""

    each: Annotated[
        bool,
        network(
            "--each",
            help="Every word, or every line of -, is a network of its own; with -f jsonl one "
            "document a line.",
        ),
    ] = False


class TreeSettings(Settings):
    """What `shape` and `params` take beside that."""

    depth: Annotated[
        Text,
        shown(
            "--depth",
            metavar="N",
            help="Rows of modules, definitions and blocks, N deep, with what stands in them "
            "summed up; equal neighbours are one row.",
        ),
    ] = None
    summary: Annotated[bool, shown("--summary", help="One row for all: --depth 0.")] = False


class CostSettings(TreeSettings):
    """What `shape` and `params` take beside that."""

    flops: Annotated[
        bool, shown("--flops", help="FLOPs in the place of MACs: 2 × MACs, as some tools count.")
    ] = False
    count: Annotated[
        list[str] | None,
        shown(
            "--count",
            metavar="TOOL",
            help="What another tool prints for this network, such as fvcore, thop, torchinfo or "
            "ptflops; may stand more than once.",
            autocompletion=one_of(lambda: completion.tools()),
        ),
    ] = None
    optimizer: Annotated[
        Text,
        shown(
            "--optimizer",
            metavar="NAME",
            help="What training takes with sgd, momentum, adam or adamw: weights, gradients, its "
            "states, and what is kept for the way back.",
            autocompletion=one_of(lambda: completion.optimizers()),
        ),
    ] = None
    fits: Annotated[
        Text,
        check(
            "--fits",
            metavar="BYTES",
            help="The largest batch that fits a memory of this size, as 24GB: of inference, or "
            "with --optimizer of training. The batch of -b is to fit.",
        ),
    ] = None


class FieldSettings(Settings):
    """What `rf` takes beside that."""

    at: Annotated[
        list[str] | None,
        shown(
            "--at",
            metavar="LAYER[:INDEX]",
            help="The receptive field of one unit, before and after clipping, as conv2:5x5 or 4:5; "
            "without an index the centre unit; may stand more than once. With --law, whose law "
            "is shown.",
        ),
    ] = None
    center: Annotated[
        bool,
        shown("--center", "--centre", help="The receptive field of the last map's centre unit."),
    ] = False
    law: Annotated[
        bool,
        shown(
            "--law",
            help="All between the input and each layer as one window: kernel, cumulative stride, "
            "padding, and the size for every input.",
        ),
    ] = False


Kind = TypeVar("Kind", bound=Options)


def taking(kind: type[Kind]) -> Callable[[Callable[[Kind], int]], Callable[..., int]]:
    """A command whose parameters are the fields of a class of options."""

    def decorate(function: Callable[[Kind], int]) -> Callable[..., int]:
        def command(**given: Any) -> int:
            return function(kind(**given))

        hints = kind.declared()
        command.__name__ = function.__name__
        command.__doc__ = function.__doc__
        command.__annotations__ = hints
        command.__dict__["__signature__"] = inspect.Signature(
            [
                inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=getattr(kind, name),
                    annotation=hint,
                )
                for name, hint in hints.items()
            ]
        )
        return command

    return decorate
