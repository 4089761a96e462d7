"""The Python API: parse, analyze, verify."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.analysis import analyze as analyze_network
from cnncalc.errors import Source, SpecError
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.report import Report

__all__ = ["analyze", "parse", "verify"]


def parse(
    text: str | Source, *, notation: str | None = None, let: Mapping[str, int] | None = None
) -> Network:
    """Read a network from text.

    Args:
        text: a spec in the compact notation, or the name of a shipped example.
        notation: `compact`; None: detected.
        let: values for the symbols in the text, such as {"H": 224}.

    Raises:
        SpecError: with `code`, `line`, `column`, `end_column` and `help`.
    """
    from cnncalc.notations import compact

    if notation not in (None, "compact"):
        raise SpecError(f"`{notation}` is no notation read here", code="notation", help="compact")
    return compact.parse(text if isinstance(text, Source) else Source(text), let)


def analyze(
    net: Network | str,
    input: Shape | None = None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
) -> Report:
    """Work out a network: the size after every layer, weights, MACs, receptive fields.

    Args:
        net: a network or its text.
        input: shape without batch, in the network's layout; wins over the network's own.
        batch: samples at a time.
        dtype: float64, float32, float16, bfloat16, int8 or uint8.
        layout: the report's: `channels-first` or `channels-last`; None: the network's own.

    Raises:
        SpecError: what can't be, with its place.
    """
    network = parse(net) if isinstance(net, str) else net
    report = analyze_network(network, input, batch=batch, dtype=dtype, layout=layout)
    report.writer = _write
    return report


def _write(network: Network, shape: Shape) -> str | None:
    from cnncalc.notations.writing import write  # only a report that is printed as JSON needs it

    return write(network, shape)
