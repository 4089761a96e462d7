"""`solve`: values for the unknowns of a network.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Network, Output, Text, network, shown, taking
from cnncalc.cli.stages import bindings, one_size, text_of, whole
from cnncalc.tables.solutions import table_of, verdict

__all__ = ["solve"]


class SolveSettings(Output, Network):
    """The options of `solve`."""

    output: Annotated[
        Text,
        network(
            "--output",
            metavar="CxHxW",
            help="What is to come out: 16x56x56, _x16x16 (any channels), same (as flows in), "
            "or /2 (half of it).",
        ),
    ] = None
    rf: Annotated[
        Text,
        network(
            "--rf", metavar="N", help="The receptive field that the output's units are to have."
        ),
    ] = None
    up_to: Annotated[
        Text,
        network(
            "--up-to",
            metavar="N",
            help="Look for numbers up to N; otherwise 64, 1,024 for channels and features, 4,096 "
            "for sizes of the input.",
        ),
    ] = None
    top: Annotated[
        Text, shown("--top", metavar="N", help="How many solutions are shown; 10 otherwise.")
    ] = None


@taking(SolveSettings)
def solve(settings: SolveSettings) -> int:
    """Values for the unknowns, written `_`, that give an output or a receptive field.

    cnncalc solve 3x224x224 conv:16,k7,p_ --output same

    cnncalc solve 3x_nx_n conv:16,k3,s2 conv:8,k5,s2 --output _x1x1
    """
    output.check(settings.out)
    top = whole("--top", settings.top, "20", least=1)
    found = api.solve(
        text_of(settings),
        output=settings.output,
        rf=settings.rf,
        input=one_size("solve", settings),
        up_to=whole("--up-to", settings.up_to, "20", least=1),
        top=10 if top is None else top,
        notation=settings.notation,
        let=bindings(settings.let or []),
    )
    output.show(settings, table_of(found), found.to_dict)
    if message := verdict(found):
        output.say(message)
    return int(not found.count)
