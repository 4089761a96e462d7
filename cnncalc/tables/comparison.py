"""The tables of `compare`: totals side by side, and the layers that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.comparison import Aligned, Comparison, Document, Figure
from cnncalc.layers.base import show
from cnncalc.tables.table import Column, Table, human_bytes, thousands

__all__ = ["table_of"]

TITLES = {
    "params": "parameters",
    "trainable": "trainable",
    "macs": "MACs",
    "param_bytes": "memory of parameters",
    "activation_bytes": "memory of activations",
}
IN_BYTES = ("param_bytes", "activation_bytes")


class Line(NamedTuple):
    """One line of the totals: what it is, and each network's."""

    what: str
    texts: Sequence[str]
    ratios: Sequence[str]


def table_of(found: Comparison) -> Table:
    """The totals; below them the layers that differ."""
    columns = [Column("what", "", "which total", lambda _, line: line.what)]
    for number, name in enumerate(found.names):
        columns.append(_of_line(name, f"network{number + 1}", "texts", number))
        if number:
            columns.append(_of_line("×", f"ratio{number + 1}", "ratios", number))
    lines = [_total(each) for each in found.figures if _told(found, each)]
    count = range(len(found.names))
    fields = ["×".join(map(str, dict.fromkeys(found.field(n)))) or "–" for n in count]
    outputs = [show(tuple(found.output(n) or ())) for n in count]
    none = [""] * len(found.names)
    lines += [Line("RF", fields, none), Line("output", outputs, none)]
    return Table(columns, found, lines, footer=_footer(found), below=_layers(found))


def _told(found: Comparison, figure: Figure) -> bool:
    """Whether a total says more than the others do."""
    params = next(each for each in found.figures if each.what == "params")
    return figure.what != "trainable" or figure.values != params.values


def _of_line(title: str, key: str, part: str, number: int) -> Column:
    return Column(
        key, title, "a total", lambda _, line: getattr(line, part)[number], right=True, narrow="cut"
    )


def _total(figure: Figure) -> Line:
    shown: Callable[[int], str] = human_bytes if figure.what in IN_BYTES else "{:,}".format
    ratios = ["" if each is None else _ratio(each) for each in figure.ratios]
    return Line(TITLES[figure.what], [shown(value) for value in figure.values], ratios)


def _ratio(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _footer(found: Comparison) -> list[str]:
    """Which network is cheaper in what."""
    best: dict[int, list[str]] = {}
    for each in found.figures:
        if each.least is not None and _told(found, each):
            best.setdefault(each.least, []).append(TITLES[each.what])
    lines = [f"{found.names[n]} has the least of {_listed(what)}" for n, what in best.items()]
    same = sum(not each.differs for each in found.layers)
    return [*lines, f"{same:,} of {len(found.layers):,} layers are the same"]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _layers(found: Comparison) -> Table | None:
    """The layers that differ."""
    if not found.differing:
        return None
    columns = []
    for number, name in enumerate(found.names):
        columns += [
            _of_layer(number, f"layer{number + 1}", name, _text),
            _of_layer(number, f"output{number + 1}", "output", _shape),
            _of_layer(number, f"params{number + 1}", "params", _count("params"), right=True),
            _of_layer(number, f"macs{number + 1}", "MACs", _count("macs"), right=True),
        ]
    count = range(1, len(found.names) + 1)
    spare = [f"{key}{number}" for key in ("output", "params", "macs") for number in reversed(count)]
    return Table(columns, found, found.differing, spare=spare)


def _of_layer(
    number: int, key: str, title: str, text: Callable[[Document], str], *, right: bool = False
) -> Column:
    def of(_: Comparison, line: Aligned) -> str:
        layer = line.layers[number]
        return "–" if layer is None and text is _text else "" if layer is None else text(layer)

    return Column(key, title, "of a layer that differs", of, right=right, narrow="cut")


def _text(layer: Document) -> str:
    return f"{layer['index']} {layer['text']}"


def _shape(layer: Document) -> str:
    return "" if layer["output_shape"] is None else show(tuple(layer["output_shape"]))


def _count(key: str) -> Callable[[Document], str]:
    return lambda layer: thousands(layer[key])
