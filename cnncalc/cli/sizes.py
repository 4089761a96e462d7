"""`sizes`: the input sizes at which a network works."""

from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Network, Output, Text, shown, taking
from cnncalc.cli.stages import network_of, size_of
from cnncalc.errors import Piece, Source
from cnncalc.tables.validity import table_of

__all__ = ["sizes"]


class SizeSettings(Output, Network):
    """The options of `sizes`."""

    near: Annotated[
        Text,
        shown(
            "--near",
            metavar="SIZE",
            help="The sizes next to this one that work, as 512 (for each axis) or 512x384.",
        ),
    ] = None


@taking(SizeSettings)
def sizes(settings: SizeSettings) -> int:
    """The input sizes at which a network works, and the layer that breaks where it doesn't.

    cnncalc sizes unet --near 512
    """
    output.check(settings.out)
    near = None if settings.near is None else Source(settings.near, (Piece(0, "--near"),))
    valid = api.sizes(network_of(settings), size_of(settings), near=near)
    output.show(settings, table_of(valid), valid.to_dict)
    return 0
