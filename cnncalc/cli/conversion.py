"""`convert`: the same network as other text.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

import os
import sys
from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Spec, Text, network, one_of, shown, taking
from cnncalc.cli.steps import batch_of, network_of, size_of
from cnncalc.conversion import NOTATIONS, check
from cnncalc.conversion import convert as write
from cnncalc.errors import CnnCalcError
from cnncalc.tables.views import notes

__all__ = ["convert"]

SUFFIXES = {".cnn": "compact", ".onnx": "onnx", ".mmd": "mermaid", ".mermaid": "mermaid"}


class Conversion(Spec):
    """The options of `convert`."""

    to: Annotated[
        Text,
        network(
            "--to",
            metavar="NOTATION",
            help=f"What to write: {', '.join(NOTATIONS)}; otherwise what the name after -o tells.",
            autocompletion=one_of(lambda: list(NOTATIONS)),
        ),
    ] = None
    name: Annotated[
        Text,
        network(
            "--name", metavar="NAME", help="What the class, model or graph is called, as `Net`."
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
    """The same network as compact, PyTorch, Keras, ONNX or Mermaid text.

    cnncalc convert 3x32x32 conv:16,k3,p1 relu maxpool:2 --to torch

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
    to = settings.to or SUFFIXES.get(suffix)
    if to is None:
        possible = ("torch", "keras") if suffix == ".py" else NOTATIONS
        raise CnnCalcError(
            "`--to` is missing: in which notation?",
            code="usage",
            help=f"`--to {'|'.join(possible)}`",
        )
    if to == "onnx" and path is None and output.is_terminal(sys.stdout):
        raise CnnCalcError(
            "an ONNX model is no text for a terminal",
            code="usage",
            help="a file to write it to: `-o net.onnx`",
        )
    return to
