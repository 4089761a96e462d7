"""`compare`: networks side by side.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Output, Spec, Text, network, taking
from cnncalc.cli.stages import batch_of, bindings, size_of
from cnncalc.errors import CnnCalcError
from cnncalc.notations import texts
from cnncalc.tables.comparison import table_of

__all__ = ["compare"]

MOST_NAME = 28  # characters of a spec that is its own name


class CompareSettings(Output, Spec):
    """The options of `compare`."""

    baseline: Annotated[
        Text,
        network(
            "--baseline",
            metavar="FILE",
            help="A saved report (`cnncalc shape … --json -o report.json`) to compare with.",
        ),
    ] = None


@taking(CompareSettings)
def compare(settings: CompareSettings) -> int:
    """Networks side by side: totals with ratios, and the layers that differ. Each word is a spec.

    cnncalc compare vgg11 vgg16

    cnncalc compare model.py:Net --baseline report.json -f markdown
    """
    output.check(settings.out)
    output.form_of(settings)
    words = settings.words or []
    if len(words) + (settings.baseline is not None) < 2:
        raise CnnCalcError(
            "there is nothing to compare with",
            code="usage",
            help="two specs, each one word: `cnncalc compare vgg11 '3x8x8 conv:4,k3'`, or "
            "`--baseline report.json`",
        )
    found = api.compare(
        *[texts.of_words([word]) for word in words],
        names=[_name(word, number) for number, word in enumerate(words)],
        baseline=settings.baseline,
        input=size_of(settings),
        batch=batch_of(settings),
        dtype=settings.dtype,
        notation=settings.notation,
        let=bindings(settings.let or []),
    )
    output.show(settings, table_of(found), found.to_dict)
    return 0


def _name(word: str, number: int) -> str:
    """What a network is called: as it was typed where that is short."""
    return word if len(word) <= MOST_NAME else chr(ord("A") + number % 26)
