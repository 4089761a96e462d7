"""Networks side by side: their totals, and layer by layer what differs.

It goes by the documents of reports, so that one that was saved is as good as one made now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from cnncalc.errors import CnnCalcError

__all__ = ["FIGURES", "Aligned", "Comparison", "Figure", "read_baseline"]

SCHEMA = "cnncalc.compare/1"
FIGURES = ("params", "trainable", "macs", "param_bytes", "activation_bytes")
OF_LAYERS = ("text", "output_shape", "params", "macs")
AUTOMATIC = re.compile(r"[a-z]+\d*(?:#\d+)?")

Document = Mapping[str, Any]


class Figure(NamedTuple):
    """One total of each network, and how many times the first one's each is (None: of nothing)."""

    what: str
    values: tuple[int, ...]
    ratios: tuple[float | None, ...]

    @property
    def least(self) -> int | None:
        """The network that has least of it; None where several do."""
        best = min(self.values)
        return self.values.index(best) if self.values.count(best) == 1 else None


class Aligned(NamedTuple):
    """Layers that stand for one another: one of each network, or None where it has none.

    Attributes:
        layers: as the reports have them.
        differs: what isn't the same in all of them; `layer` where one is missing.
    """

    layers: tuple[Document | None, ...]
    differs: tuple[str, ...]


class Comparison:
    """Networks side by side, the first one being what the others are held against.

    Attributes:
        names: what each is called.
        documents: of their reports.
        figures: their totals.
        layers: aligned with the first network's.
    """

    def __init__(self, names: Sequence[str], documents: Sequence[Document]) -> None:
        self.names = list(names)
        self.documents = list(documents)
        self.figures = [self._figure(what) for what in FIGURES]
        self.layers = list(self._aligned())

    def _figure(self, what: str) -> Figure:
        values = tuple([each["total"][what] for each in self.documents])
        first = values[0]
        ratios = tuple([each / first if first else None for each in values])
        return Figure(what, values, ratios)

    def output(self, number: int) -> list[int] | None:
        """The shape that comes out of a network."""
        shape: list[int] | None = self.documents[number]["output"]["shape"]
        return shape

    def field(self, number: int) -> list[int]:
        """What the units of a network's last layer see that doesn't see the whole input."""
        last: list[int] = []
        for layer in self.documents[number]["layers"]:
            field = layer["receptive_field"]
            if field is None or field["status"] == "global":
                break
            last = field["size"]
        return last

    def _aligned(self) -> Iterator[Aligned]:
        """The first network's layers, each with those of the others that stand for it."""
        first, *others = [list(each["layers"]) for each in self.documents]
        paired = [_paired(first, other) for other in others]
        for place in range(len(first) + 1):
            added = [more.get(place, []) for _, more in paired]
            for turn in range(max(map(len, added), default=0)):
                some = [each[turn] if turn < len(each) else None for each in added]
                yield _row([None, *some])
            if place < len(first):
                yield _row([first[place], *(pairs.get(place) for pairs, _ in paired)])

    @property
    def differing(self) -> list[Aligned]:
        """The layers that aren't the same in all networks."""
        return [each for each in self.layers if each.differs]

    def to_dict(self) -> dict[str, Any]:
        """The document `cnncalc.compare/1`."""
        networks = [
            {
                "name": name,
                "spec": document["spec"],
                "input": document["input"],
                "output_shape": document["output"]["shape"],
                "rf": self.field(number),
                "total": document["total"],
            }
            for number, (name, document) in enumerate(zip(self.names, self.documents, strict=True))
        ]
        totals = [
            {
                "what": each.what,
                "values": list(each.values),
                "ratios": list(each.ratios),
                "least": each.least,
            }
            for each in self.figures
        ]
        layers = [
            {"layers": list(map(_brief, each.layers)), "differs": list(each.differs)}
            for each in self.layers
        ]
        return {"schema": SCHEMA, "networks": networks, "totals": totals, "layers": layers}


def _row(layers: Sequence[Document | None]) -> Aligned:
    there = [each for each in layers if each is not None]
    if len(there) < len(layers):
        return Aligned(tuple(layers), ("layer",))
    differs = [key for key in OF_LAYERS if any(each[key] != there[0][key] for each in there)]
    return Aligned(tuple(layers), tuple(differs))


def _brief(layer: Document | None) -> dict[str, object] | None:
    """A layer as the comparison has it."""
    if layer is None:
        return None
    return {key: layer[key] for key in ("index", "name", "text", "output_shape", "params", "macs")}


def _paired(
    one: Sequence[Document], two: Sequence[Document]
) -> tuple[dict[int, Document], dict[int, list[Document]]]:
    """The layers that stand for those of another network, and those that come before a place."""
    key = "name" if _have_names(one) and _have_names(two) else "text"
    texts = [str(layer[key]) for layer in one]
    others = [str(layer[key]) for layer in two]
    pairs: dict[int, Document] = {}
    more: dict[int, list[Document]] = {}
    matcher = SequenceMatcher(None, texts, others, autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        both = min(end - start, last - first)
        pairs |= {start + n: two[first + n] for n in range(both)}
        if last - first > both:
            more.setdefault(end, []).extend(two[first + both : last])
    return pairs, more


def _have_names(layers: Sequence[Document]) -> bool:
    """Whether most layers have names of their own, by which they can be told."""
    own = sum(not AUTOMATIC.fullmatch(layer["name"]) for layer in layers)
    return own * 2 > len(layers)


def read_baseline(text: str, name: str) -> Document:
    """A report that was saved.

    Raises:
        CnnCalcError: the text is none.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema") != "cnncalc.report/1":
        raise CnnCalcError(
            f"`{name}` is no report",
            code="baseline",
            help="`cnncalc shape … --json -o report.json` writes one",
        )
    return document
