"""`layers`: the vocabulary, with each layer's options, formula and source."""

import inspect
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import output
from cnncalc.cli.options import Output, one_of, taking
from cnncalc.errors import CnnCalcError
from cnncalc.layers import FILES, KINDS, LAYERS, Layer, Option
from cnncalc.layers.base import REQUIRED
from cnncalc.layers.spelling import WRITERS
from cnncalc.packages import OnUse
from cnncalc.tables.table import Column, Table

if TYPE_CHECKING:
    from cnncalc.notations.compact import corrections
else:  # only a name that there is not needs them
    corrections = OnUse("cnncalc.notations.compact.corrections")

__all__ = ["group", "in_order", "layers", "words"]

Kind = type[Layer]


class Vocabulary(Output):
    """The options of `layers`."""

    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="One layer, in full.",
            show_default=False,
            autocompletion=one_of(lambda: list(LAYERS)),
        ),
    ] = None


@taking(Vocabulary)
def layers(settings: Vocabulary) -> int:
    """The layers of the compact notation; of one, its options, formula and source.

    cnncalc layers conv
    """
    if settings.name is None:
        kinds = in_order()
        told = ["`cnncalc layers NAME` tells all about one"]
        table = Table(LIST, None, kinds, footer=told, spare=("options",), group=group)
        output.show(settings, table, lambda: [_document(kind) for kind in kinds])
    else:
        kind = _find(settings.name)
        table = Table(
            OPTIONS,
            kind,
            list(kind.options.values()),
            heading=_heading(kind),
            footer=_footer(kind),
            spare=("value", "default"),
            dear=("written",),
        )
        output.show(settings, table, lambda: _document(kind))
    return 0


def _find(name: str) -> Kind:
    word = name.lower()
    if word in LAYERS:
        return LAYERS[word]
    near = corrections.layer_meant(name)
    raise CnnCalcError(
        f"there is no layer `{name}`",
        code="unknown-layer",
        help=f"did you mean `cnncalc layers {near}`?"
        if near
        else "`cnncalc layers` lists them all",
    )


def in_order() -> list[Kind]:
    """The layers as a newcomer would look for them: file by file, as they stand there."""
    return sorted(KINDS.values(), key=_place)


def _place(kind: Kind) -> tuple[int, int]:
    names = list(vars(sys.modules[kind.__module__]))
    within = names.index(kind.__name__) if kind.__name__ in names else 0
    return FILES.index(kind.__module__.rpartition(".")[2]), within


def group(kind: Kind) -> str:
    """What the layers of a kind's file are: the subject that its docstring begins with."""
    doc = sys.modules[kind.__module__].__doc__ or ""
    return re.split(r"[:.]", doc, maxsplit=1)[0]


def _doc(kind: Kind) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _first_sentence(kind: Kind) -> str:
    return _doc(kind).partition("\n")[0].partition(". ")[0].rstrip(".")


def _names(kind: Kind) -> str:
    return f"{kind.kind} ({', '.join(kind.aliases)})" if kind.aliases else kind.kind


def words(option: Option) -> str:
    """An option's key, and behind it the short one: `kernel k`; of a flag its word: `nobias`."""
    return option.word or f"{option.name} {option.key}".rstrip()


def _written(kind: Kind, option: Option) -> str:
    """How an option is written: by its place, its short key, its word or its name."""
    ways = []
    places = [each for each in kind.options.values() if each.positional]
    if option.positional and len(places) > 1:
        ways.append(("first", "second", "third", "fourth")[places.index(option)])
    elif option.positional:
        ways.append("bare")
    if option.word or option.key:
        ways.append(option.word or option.key)
    return ", ".join(ways) or f"{option.name}="


def _default(option: Option) -> str:
    """The default as it would be written."""
    value = option.default
    if value is REQUIRED:
        return "needed"
    if value is None:
        return ""
    if option.kind == "flag":
        return "on" if value else "off"
    return value if isinstance(value, str) else WRITERS[option.kind](value)


def _document(kind: Kind) -> dict[str, object]:
    """All that there is to know about a layer, for programs."""
    return {
        "name": kind.kind,
        "group": group(kind),
        "aliases": list(kind.aliases),
        "description": _doc(kind),
        "options": [
            {
                "name": option.name,
                "key": option.key or None,
                "word": option.word or None,
                "positional": option.positional,
                "required": option.default is REQUIRED,
                "default": _default(option) if option.default is not REQUIRED else None,
                "value": option.describe(),
                "description": option.doc,
            }
            for option in kind.options.values()
        ],
        "formula": kind.formula,
        "source": kind.source,
        "example": kind.example().strip("`"),
    }


def _heading(kind: Kind) -> list[str]:
    first, _, rest = _doc(kind).partition("\n")
    return [f"{_names(kind)}: {first}", *rest.strip("\n").splitlines()]


def _footer(kind: Kind) -> list[str]:
    found = [("formula", kind.formula), ("source", kind.source), ("example", kind.example())]
    return [f"{name}: {text}" for name, text in found if text]


LIST = (
    Column("name", "layer", "its names", lambda _, kind: kind.kind, lambda _, kind: _names(kind)),
    Column("description", "what it is", "", lambda _, kind: _first_sentence(kind), narrow="fold"),
    Column(
        "options",
        "options",
        "its options",
        lambda _, kind: ", ".join(map(words, kind.options.values())),
        narrow="fold",
    ),
)

OPTIONS = (
    Column("name", "option", "its name", lambda _, option: option.name),
    Column("written", "written", "how it is written", _written),
    Column("default", "default", "its default", lambda _, option: _default(option)),
    Column("description", "what it is", "", lambda _, option: option.doc, narrow="fold"),
    Column("value", "value", "", lambda _, option: option.describe(), narrow="fold"),
)
