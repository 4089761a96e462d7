"""`convert`: the same network as other text.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

import os
import sys
from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Spec, Text, network, one_of, shown, taking
from cnncalc.cli.stages import batch_of, network_of, size_of
from cnncalc.conversion import check
from cnncalc.conversion import convert as write
from cnncalc.errors import CnnCalcError
from cnncalc.notations import NOTATIONS, find, writable
from cnncalc.tables.views import notes

__all__ = ["convert"]


class Conversion(Spec):
    """The options of `convert`."""

    to: Annotated[
        Text,
        network(
            "--to",
            metavar="NOTATION",
            help=f"What to write: {', '.join(writable())}; otherwise what the name after -o tells.",
            autocompletion=one_of(writable),
        ),
    ] = None
    name: Annotated[
        Text,
        network(
            "--name",
            metavar="NAME",
            help="What the class, model, graph or function is called, as `Net`.",
        ),
    ] = None
    out: Annotated[
        Text,
        shown(
            "-o", "--out", metavar="FILE", help="Write into a file; ONNX is no text and needs it."
        ),
    ] = None


@taking(Conversion)
def convert(settings: Conversion) -> int:
    """The same network as compact, PyTorch, Keras, ONNX or Mermaid text, or its sizes in Python.

    cnncalc convert 3x32x32 conv:16,k3,p1 relu maxpool:2 --to torch

    cnncalc convert unet --to python

    cnncalc convert model.py:Net -i 3x224x224 -o net.onnx
    """
    to = notation_of(settings)
    check(to, settings.name)
    network = network_of(settings)
    output.check(settings.out)
    report = api.analyze(network, size_of(settings), batch=batch_of(settings))
    output.emit(write(report, to, settings.name), settings.out)
    for note in notes(report, fields=False):
        output.say(note)
    if report.total.unused_params:
        output.say(f"left out: {report.total.unused_params:,} parameters that nothing uses")
    return 0


def notation_of(settings: Conversion) -> str:
    """What to write; CnnCalcError where that isn't said, or where it can't go."""
    path = output.path_of(settings.out)
    suffix = os.path.splitext(path or "")[1].lower()
    told = [name for name in writable() if suffix in NOTATIONS[name].suffixes]
    to = settings.to or (told[0] if len(told) == 1 else None)
    if to is None:
        raise CnnCalcError(
            "`--to` is missing: in which notation?",
            code="usage",
            help=f"`--to {'|'.join(told or writable())}`",
        )
    entry = NOTATIONS.get(to)
    if entry and entry.binary and path is None and output.is_terminal(sys.stdout):
        raise CnnCalcError(
            f"{find(to).title} is no text for a terminal",
            code="usage",
            help=f"a file to write it to: `-o net{entry.suffixes[0]}`",
        )
    return to
