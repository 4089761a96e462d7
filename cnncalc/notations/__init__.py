"""The notations that networks are read from and written to.

Each is a line of `NOTATIONS` here, and a module whose `NOTATION` says how a text in it is
recognised, read and written. That module is imported on use, and nothing else knows of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import NamedTuple

from cnncalc.errors import Source
from cnncalc.findings import Findings
from cnncalc.network import Network
from cnncalc.suggestions import suggest

__all__ = [
    "DOCUMENTS",
    "NOTATIONS",
    "Entry",
    "Notation",
    "Text",
    "detect",
    "endings",
    "find",
    "meant",
    "readable",
    "writable",
]


class Entry(NamedTuple):
    """What is known of a notation before its module is imported.

    Attributes:
        module: whose `NOTATION` says the rest.
        suffixes: how the names of its files end. Notations that share one are told by looks.
        aliases: what else people call it, in plain letters.
        reads, writes: whether networks are read from it, and written to it.
        binary: whether it is no text. Its reader opens the file, and terminals don't show it.
    """

    module: str
    suffixes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    reads: bool = True
    writes: bool = True
    binary: bool = False


class Text(NamedTuple):
    """What a notation's reader is given.

    Attributes:
        source: the text, with the files that it came from.
        files: the paths of those files. A binary one adds no text: its reader opens it.
        target: what follows `model.py:`, such as `Net(n_classes=10)`; empty if nothing does.
        package: the package that stands in the place of a file, as in `torchvision:resnet18`.
        paths: further folders that are searched for what a source imports.
    """

    source: Source
    files: tuple[str, ...] = ()
    target: str = ""
    package: str = ""
    paths: tuple[str, ...] = ()


Reader = Callable[[Text, Mapping[str, int]], Network]
Writer = Callable[[Findings, str | None], str | bytes]


class Notation(NamedTuple):
    """How texts in one notation are recognised, read and written.

    Attributes:
        title: what messages call it.
        looks: whether a text is in it that no file's name tells. Asked in the table's order.
        read: a text and the values of its symbols to a network; SpecError with the place of
            what is wrong. None: it isn't read.
        write: a report and a name to a text, or to the bytes of a file; SpecError for a layer
            that it can't say. None: it isn't written.
        symbols: whether sizes may have names in it, as in `3xHxW`.
        open: whether names in it may be left open, which get their values from outside.
        named: whether what is written has a name.
        reserved: further names, beside Python's own, that what is written can't have.
        weightless: whether what is written holds no weights, as a picture does.
        symbolic: whether it is written of sizes that have names, too.
    """

    title: str
    looks: Callable[[str], bool] = lambda text: False
    read: Reader | None = None
    write: Writer | None = None
    symbols: bool = False
    open: bool = False
    named: bool = False
    reserved: Collection[str] = ()
    weightless: bool = False
    symbolic: bool = False


NOTATIONS = {
    "compact": Entry("cnncalc.notations.compact", (".cnn",), ("cnn", "cnncalc")),
    "torch": Entry("cnncalc.notations.pytorch_source", (".py",), ("nn", "pytorch", "torchnn")),
    "keras": Entry("cnncalc.notations.keras_source", (".py",), ("tensorflow", "tf", "tfkeras")),
    "onnx": Entry("cnncalc.notations.onnx", (".onnx",), ("onnxruntime",), binary=True),
    "mermaid": Entry("cnncalc.notations.mermaid", (".mmd", ".mermaid"), reads=False),
    "python": Entry("cnncalc.notations.size_function", (".py",), ("py",), reads=False),
}

PLAIN = ".txt"  # which says of no notation that a text is in it
DOCUMENTS = (".ipynb", ".md")  # which have Python among other things
SOURCE = ".py"


def find(name: str) -> Notation:
    """The notation of one of the table's names."""
    notation: Notation = import_module(NOTATIONS[name].module).NOTATION
    return notation


def readable() -> list[str]:
    """The names of the notations that networks are read from."""
    return [name for name, entry in NOTATIONS.items() if entry.reads]


def writable() -> list[str]:
    """The names of the notations that networks are written to."""
    return [name for name, entry in NOTATIONS.items() if entry.writes]


def meant(name: str, known: Collection[str]) -> str | None:
    """Which of the known notations somebody meant by another name."""
    aliases = {alias: each for each, entry in NOTATIONS.items() for alias in entry.aliases}
    return suggest(name, known, aliases)


def endings() -> list[str]:
    """How the names of files end that are read."""
    first, *others = dict.fromkeys(
        suffix for name in readable() for suffix in NOTATIONS[name].suffixes
    )
    return [first, PLAIN, *others, *DOCUMENTS]


def detect(text: str, files: Collection[str] = ()) -> str:
    """The notation that a text is in, by how its files end, or else by its looks.

    What is no text comes first, so that nothing is read in place of it.
    """
    ends = {os.path.splitext(file)[1].lower() for file in files}
    ends = {SOURCE if end in DOCUMENTS else end for end in ends}
    surest = sorted(readable(), key=lambda name: not NOTATIONS[name].binary)
    suffixes = (suffix for name in surest for suffix in NOTATIONS[name].suffixes)
    told = next((suffix for suffix in suffixes if suffix in ends), None)
    if told is None:
        known = [name for name in readable() if not NOTATIONS[name].binary]
    else:
        known = [name for name in readable() if told in NOTATIONS[name].suffixes]
    if len(known) == 1:
        return known[0]
    return next((name for name in known if find(name).looks(text)), known[-1])
