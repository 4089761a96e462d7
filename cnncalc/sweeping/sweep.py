"""The designs of a spec with choices, filtered and ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc import packages
from cnncalc.analysis import check_settings
from cnncalc.designs import take
from cnncalc.errors import CnnCalcError, first_of
from cnncalc.garbage import keeps_all
from cnncalc.layers.base import Shape
from cnncalc.rows import BYTES, JsonObject
from cnncalc.sweeping.blocks import ABSENT, Block, Blocks, Whole
from cnncalc.sweeping.columns import column, columns_of
from cnncalc.sweeping.conditions import Bound, Condition
from cnncalc.sweeping.design_rows import Records
from cnncalc.sweeping.graph import Graph, Refusals
from cnncalc.sweeping.labels import front_of
from cnncalc.sweeping.lookahead import MOST_BOUNDS
from cnncalc.sweeping.names import TOTALS, Names
from cnncalc.sweeping.outcomes import MOST_STATES, Figures, NoFieldsError
from cnncalc.sweeping.ranking import Best, Front, Key, check_keys
from cnncalc.sweeping.search import Found, best_of
from cnncalc.sweeping.template import Template

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["Asked", "Progress", "Sweep"]

MOST_SIGHTED = 20_000  # states, where fields are told apart
MOST_SIMPLY = 20_000  # designs that are listed where they needn't be
MOST_READILY = 2_000_000  # designs that are listed to find the best
MOST_NAMED = 6
MOST_SINGLY = 2_000  # designs that are ranked by fields that are worked out one by one
ROWS = 2**14  # of a block, where rows are made of all designs
MOST_LISTED = 10**12  # designs that anyone would wait for

Progress = Callable[[int, int, str], None]  # designs done, all of them, and a word


class Asked(NamedTuple):
    """What is wanted of the designs.

    Attributes:
        where: the condition that they meet.
        sort: what they are ordered by.
        top: how many at most.
        pareto: what none of them is beaten in; they are then those that no other is better than.
        sample: how many are drawn; None: all are listed.
        seed: of the drawing.
    """

    where: Condition | None = None
    sort: Sequence[Key] = ()
    top: int | None = None
    pareto: Sequence[Key] = ()
    sample: int | None = None
    seed: int = 0


class Sweep:
    """The designs of a spec with choices; iterating gives their rows, the first ones first.

    A row has the `spec`, a key for each choice (None where the design doesn't come to it), and
    `params`, `macs`, `output_shape`, `rf`, `param_bytes`, `activation_bytes`; `rf` is how much the
    units of the last map see before anything takes a map as a whole, along the axis of the input
    where that is least, in pixels; None where the input has no places.

    Attributes:
        total: how many designs there are.
        working: how many of them are networks.
        refused: the others, by step and reason.
        names: of the choices.
        notes: how the input's size is read.
        remarks: what is to be said of the designs that were found.
    """

    def __init__(self, template: Template, asked: Asked, dtype: str = "float32") -> None:
        check_settings(template.batch, dtype, None)
        self.template = template
        self.asked = asked
        self.notes = list(template.notes)
        self.names = list(template.names)
        self.no_fields: CnnCalcError | None = None
        self.remarks: list[str] = []
        self.graph = self._graph()
        self.total, self.working = self.graph.total, self.graph.count
        self.refused: list[Refusals] = self.graph.refused
        self.known = Names(
            template.names,
            template.values,
            self.graph.shapes,
            BYTES[dtype],
            BYTES[dtype] * template.batch,
            self.graph.axes or self._places(),
        )
        if asked.where is not None:
            asked.where.resolve(self.known)
        if asked.where is not None and asked.sample is None:
            ends = asked.where.ends(list(self.graph.shapes), self.known)
            self.graph = (
                self.graph if len(ends) == len(self.graph.shapes) else self.graph.only(ends)
            )
        check_keys([*asked.sort, *asked.pareto], self.known)
        told = self.no_fields is None
        self.records = Records(template, self.graph, self.known, told=told)

    def _places(self) -> int:
        """How many places the input has, where tables don't tell of fields."""
        shape = self.template.input
        if self.no_fields is None or shape is None:
            return 0
        return len(self.template.places(shape))

    def _graph(self) -> Graph:
        """The graph of the designs, with their fields if tables tell of them."""
        try:
            return self._taken(Figures(self.template.places, MOST_SIGHTED))
        except NoFieldsError as error:
            self.no_fields = error
        except CnnCalcError as error:
            if error.code != "too-many-states":
                raise
            self.no_fields = error
        return self._taken(Figures(None, MOST_STATES))

    @keeps_all
    def _taken(self, formulas: Figures) -> Graph:
        template = self.template
        choices = template.choices
        network = template.network
        first: Shape = template.input or ()
        return Graph(
            take(
                network.steps,
                first,
                choices.counts,
                choices.varied,
                network.outputs[:1],
                formulas,
            )
        )

    def __iter__(self) -> Iterator[JsonObject]:
        return self.rows()

    def rows(self, progress: Progress | None = None) -> Iterator[JsonObject]:
        """The rows, as they are found.

        Raises:
            CnnCalcError: what is asked for is more than can be listed.
        """
        asked = self.asked
        bounds = self.bounds()
        labelled = asked.pareto and self.is_total(asked.pareto)
        if bounds is None or not (labelled or self.can_search(bounds)):
            self.check_count()
        return self._told(self._rows(progress))

    def _told(self, rows: Iterator[JsonObject]) -> Iterator[JsonObject]:
        """The rows; a remark if a condition leaves none."""
        none = True
        for row in rows:
            none = False
            yield row
        if none and self.asked.where is not None and self.working and not self.remarks:
            drawn = "" if self.asked.sample is None else " of those drawn"
            self.remarks.append(f"no design{drawn} meets the condition")

    def _rows(self, progress: Progress | None) -> Iterator[JsonObject]:
        asked = self.asked
        self.remarks.clear()
        if asked.sort or asked.pareto:
            yield from self.records.rows_at(self.best(progress))
            return
        left = asked.top
        for block, some in self.selected(range(len(self.names)), progress):
            kept = some if left is None else some[:left]
            yield from self.records.rows_of(block, kept)
            if left is not None:
                left -= len(kept)
                if left <= 0:
                    return

    def best(self, progress: Progress | None = None) -> list[int]:
        """The places of the best designs, in order."""
        asked = self.asked
        bounds = self.bounds()
        if bounds is not None and asked.pareto and self.is_total(asked.pareto):
            return self.labelled(bounds)
        if bounds is not None and self.can_search(bounds):
            return self.searched(bounds)
        keys = [*asked.pareto, *asked.sort]
        named = [*(key.name for key in keys), *(asked.where.names() if asked.where else ())]
        choices = [n for n, name in enumerate(self.names) if name in named]
        if not asked.pareto:
            found: Best | Front = Best(self.known, asked.sort, asked.top)
        else:
            found = Front(self.known, asked.pareto)
        for block, some in self.selected(choices, progress):
            found.add(block, some)
        places = found.result()
        if asked.pareto and asked.sort:
            best = Best(self.known, asked.sort, asked.top)
            best.add(*self.records.block_at(places, choices))
            return best.result()
        return places[: asked.top]

    def bounds(self) -> list[Bound] | None:
        """The condition as limits on totals, where the designs needn't be listed; else None."""
        if self.graph.count <= MOST_SIMPLY or self.asked.sample is not None or self.singly:
            return None
        bounds = [] if self.asked.where is None else self.asked.where.bounds(self.known.sizes())
        return bounds if bounds is not None and self.is_total(bounds) else None

    @property
    def singly(self) -> bool:
        """Whether designs are told apart by fields that are worked out one by one."""
        asked = self.asked
        named = {key.name for key in [*asked.sort, *asked.pareto]}
        named.update(asked.where.names() if asked.where else ())
        return self.no_fields is not None and "rf" in named

    def is_total(self, keys: Sequence[Key] | Sequence[Bound]) -> bool:
        """Whether keys or limits are of totals alone."""
        return all(key[0] in TOTALS and key[0] not in self.names for key in keys)

    def labelled(self, bounds: Sequence[Bound]) -> list[int]:
        """The places of the designs on a front, without listing them all."""
        asked = self.asked
        found = front_of(self.graph, self.known, asked.pareto, bounds)
        if found.factor > 1:
            worse = f"{(found.factor - 1) * 100:.2g} %"
            self.remarks.append(
                f"the front is thinned: for every design there is one here that is at most {worse} "
                "worse in each key"
            )
        self.remarks += self.always(found.places)
        if asked.sort:
            return self.ranked(found.places, asked.sort, asked.top)
        return found.places[: asked.top]

    def can_search(self, bounds: Sequence[Bound]) -> bool:
        """Whether the best are found without listing all."""
        asked = self.asked
        fields = "rf" in [*(key.name for key in asked.sort), *(each.name for each in bounds)]
        return (
            not asked.pareto
            and asked.top is not None
            and bool(asked.sort)
            and self.is_total(asked.sort)
            and len(bounds) <= MOST_BOUNDS
            and (not fields or self.graph.axes == 1)
            and self.graph.count > MOST_READILY
        )

    def searched(self, bounds: Sequence[Bound]) -> list[int]:
        """The places of the best designs within bounds, the best first."""
        keys, top = self.asked.sort, self.asked.top
        assert top is not None, "whoever calls has looked"
        found = best_of(self.graph, self.known, keys, bounds, top)
        if found.rest is not None:
            self.remarks.append(_ended(found, keys, found.rest))
        if found.equal:
            self.remarks.append(
                "the search ended early: of designs that are equal in what comes before "
                f"{found.equal}, there may be others that are better in it"
            )
        return found.places if len(keys) == 1 else self.ranked(found.places, keys, top)

    def ranked(self, places: Sequence[int], keys: Sequence[Key], most: int | None) -> list[int]:
        """The first of the designs at some places, in an order that needs no fields one by one."""
        if not places:
            return []
        named = [n for n, name in enumerate(self.names) if name in {key.name for key in keys}]
        best = Best(self.known, keys, most)
        best.add(*self.records.block_at(places, named, seen=False))
        return best.result()

    def always(self, places: Sequence[int]) -> list[str]:
        """The choices that have the same value in all designs of a front."""
        picked = [self.graph.design(place).picked for place in places]
        words = []
        for number, name in enumerate(self.names):
            values = {each.get(number, ABSENT) for each in picked}
            if len(values) == 1 and ABSENT not in values and len(self.template.values[number]) > 1:
                words.append(f"`{name}` {self.template.values[number][values.pop()]}")
        if not words or len(picked) < 2:
            return []
        return [f"the same in all designs of the front: {first_of(words, MOST_NAMED)}"]

    def selected(
        self, choices: Sequence[int], progress: Progress | None = None
    ) -> Iterator[tuple[Block, Whole]]:
        """Blocks of designs, and which of each meet the condition."""
        import numpy

        where = self.asked.where
        named = where.names() if where else []
        wanted = sorted({*choices, *(n for n, name in enumerate(self.names) if name in named)})
        for block in self.blocks(wanted, progress):
            if where is None:
                yield block, numpy.arange(block.count)
            else:
                yield block, numpy.flatnonzero(where.holds(block, self.known))

    def blocks(self, choices: Sequence[int], progress: Progress | None = None) -> Iterator[Block]:
        """All designs, or those that are drawn."""
        asked = self.asked
        if asked.sample is not None:
            places = self.graph.sample(asked.sample, asked.seed)
            yield self.records.block_at(places, choices)[0]
            return
        self.check_count()
        every = range(self.graph.count)
        for block in (
            self.records.seen(every, choices) if self.singly else Blocks(self.graph, choices)
        ):
            if progress:
                progress(block.place(0), self.graph.count, "designs")
            yield block
        if progress:
            progress(self.graph.count, self.graph.count, "designs")

    def listed(
        self, start: int, end: int, progress: Progress | None = None
    ) -> Iterator[JsonObject]:
        """The rows of a stretch of the list.

        Args:
            start: the place of its first design.
            end: the place behind its last one.
            progress: called with the designs done, all of them, and a word.
        """
        where, choices = self.asked.where, range(len(self.names))
        self.check_count()
        blocks = (
            self.records.seen(range(start, end), choices)
            if self.singly
            else self.in_rows.since(start)
        )
        for block in blocks:
            first = block.place(0)
            if first >= end:
                break
            if progress:
                progress(max(start, first), self.graph.count, "designs")
            some = some_of(range(block.count) if where is None else where.holds(block, self.known))
            inside = (some >= start - first) & (some < end - first)
            yield from self.records.rows_of(block, some[inside])

    @cached_property
    def in_rows(self) -> Blocks:
        """The blocks from which rows are made of all designs."""
        return Blocks(self.graph, range(len(self.names)), ROWS)

    def to_dict(self, rows: Iterable[JsonObject] | None = None) -> JsonObject:
        """The document `cnncalc.sweep/1`; with other rows than all, if they are given."""
        steps = self.template.network.steps
        refused = [
            {"count": each.designs, "name": steps[each.step].name, "message": each.error.message}
            for each in self.refused
        ]
        return {
            "schema": "cnncalc.sweep/1",
            "count": self.total,
            "working": self.working,
            "refused": refused,
            "choices": self.names,
            "rows": list(self if rows is None else rows),
            "remarks": self.remarks,
        }

    def to_pandas(self) -> Any:
        """The rows as a pandas frame."""
        return packages.load("pandas", "a frame", "package").DataFrame(
            list(self), columns=list(self.columns)
        )

    def to_polars(self) -> Any:
        """The rows as a Polars frame; a choice of numbers and words is one of texts."""
        polars = packages.load("polars", "a frame", "package")
        kinds = {"int64": polars.Int64, "double": polars.Float64, "string": polars.String}
        kinds["sizes"] = polars.List(polars.Int64)
        rows = list(self)
        columns = {name: column(rows, name, kind) for name, kind in self.columns.items()}
        schema = {name: kinds[kind] for name, kind in self.columns.items()}
        return polars.DataFrame(columns, schema=schema)

    @property
    def columns(self) -> dict[str, str]:
        """The keys of a row, each with the kind of its values (see `columns_of`)."""
        return columns_of(self.names, self.template.values)

    def check_count(self) -> None:
        """CnnCalcError where there are more designs than can be listed."""
        if self.asked.sample is not None:
            return
        ranked = self.singly and (self.asked.sort or self.asked.pareto)
        most = MOST_SINGLY if ranked else MOST_LISTED
        count = self.graph.count
        if count <= most:
            return
        where = self.asked.where
        why = f" by field: {self.no_fields.message}" if self.no_fields and ranked else ""
        if not why and where is not None and where.bounds(self.known.sizes()) is None:
            why = ", and this condition is more than limits on totals that all hold"
        named = where is not None and any(name in self.names for name in where.names())
        raise CnnCalcError(
            f"{count:,} designs are too many to be listed{why}",
            code="too-large",
            help="`--sort macs --top 20`, and `--pareto`, are found without listing where "
            "`--where` only limits totals; `--sample 1000` draws some"
            + ("; fewer values of a choice are written in the spec itself" if named else ""),
        )


def _ended(found: Found, keys: Sequence[Key], rest: float) -> str:
    """What is known where a search by the first key ended early."""
    key = keys[0]
    known = "there may be better"
    if found.sure:
        known = f"the first {found.sure:,} are the best"
        known += f" by {key.name} alone" if len(keys) > 1 else ""
    elif not found.places:
        known = "it found none within the bounds, though there may be some"
    least = "at most" if key.sign < 0 else "at least"
    others = "the others" if found.places else "any"
    return f"the search ended early: {known}, and the {key.name} of {others} is {least} {rest:,.0f}"


def some_of(which: range | NDArray[numpy.bool_]) -> Whole:
    """The places of a block that count, of a range or a mask."""
    import numpy

    return numpy.array(which) if isinstance(which, range) else numpy.flatnonzero(which)
