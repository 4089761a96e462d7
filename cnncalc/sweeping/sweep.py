"""The designs of a spec with choices, filtered and ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc import packages
from cnncalc.analysis import analyze, check_settings
from cnncalc.designs import take
from cnncalc.errors import CnnCalcError, Source
from cnncalc.garbage import keeps_all
from cnncalc.layers.base import Shape
from cnncalc.notations import Text, reading
from cnncalc.receptive import fields_of
from cnncalc.receptive.fields import Sized
from cnncalc.receptive.layer import gathers
from cnncalc.receptive.maps import Seen
from cnncalc.rows import BYTES, as_layout
from cnncalc.sweeping.blocks import ABSENT, Block, Blocks, Whole, block_of
from cnncalc.sweeping.columns import column, columns_of
from cnncalc.sweeping.conditions import Bound, Condition
from cnncalc.sweeping.figures import MOST_STATES, Figures, NoFieldsError
from cnncalc.sweeping.graph import Graph, Refusals
from cnncalc.sweeping.labels import front_of
from cnncalc.sweeping.names import TOTALS, Names
from cnncalc.sweeping.ranking import Best, Front, Key, check_keys
from cnncalc.sweeping.search import PRICES, best_of
from cnncalc.sweeping.template import Template

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["Asked", "Progress", "Sweep"]

MOST_SIGHTED = 20_000  # states, where fields are told apart
MOST_SIMPLY = 20_000  # designs that are listed where they needn't be
MOST_READILY = 2_000_000  # designs that are listed to find the best
MOST_NAMED = 6
MOST_SINGLY = 2_000  # designs whose fields are worked out one by one
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

    def _places(self) -> int:
        """How many places the input has, where tables don't tell of fields."""
        shape = self.template.input
        return 0 if self.no_fields is None or shape is None else len(shape) - 1

    def _graph(self) -> Graph:
        """The graph of the designs, with their fields if tables tell of them."""
        try:
            return self._taken(Figures((1,), MOST_SIGHTED))
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

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.rows()

    def rows(self, progress: Progress | None = None) -> Iterator[dict[str, Any]]:
        """The rows, as they are found.

        Raises:
            CnnCalcError: what is asked for is more than can be listed.
        """
        asked = self.asked
        bounds = self.bounds()
        labelled = asked.pareto and self.is_total(asked.pareto)
        if bounds is None or not (labelled or self.can_search(bounds)):
            self.check_count()
        return self._rows(progress)

    def _rows(self, progress: Progress | None) -> Iterator[dict[str, Any]]:
        asked = self.asked
        if asked.sort or asked.pareto:
            yield from self.rows_at(self.best(progress))
            return
        left = asked.top
        for block, some in self.selected(range(len(self.names)), progress):
            kept = some if left is None else some[:left]
            yield from self.rows_of(block, kept)
            if left is not None:
                left -= len(kept)
                if left <= 0:
                    return

    def best(self, progress: Progress | None = None) -> list[int]:
        """The places of the best designs, in order."""
        asked = self.asked
        self.remarks.clear()
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
            best.add(*self.block_at(places, choices))
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
        """Whether each design is worked out by itself, as its field is wanted."""
        asked = self.asked
        ranked = {key.name for key in [*asked.sort, *asked.pareto]}
        wanted = not ranked or "rf" in {*ranked, *(asked.where.names() if asked.where else ())}
        return self.no_fields is not None and wanted

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
            named = [n for n, name in enumerate(self.names) if name in {k.name for k in asked.sort}]
            best = Best(self.known, asked.sort, asked.top)
            best.add(*self.block_at(found.places, named))
            return best.result()
        return found.places[: asked.top]

    def can_search(self, bounds: Sequence[Bound]) -> bool:
        """Whether the best are found without listing all."""
        asked = self.asked
        fields = "rf" in [*(key.name for key in asked.sort), *(each.name for each in bounds)]
        return (
            not asked.pareto
            and asked.top is not None
            and len(asked.sort) == 1
            and self.is_total(asked.sort)
            and len(bounds) <= max(PRICES)
            and (not fields or self.graph.axes == 1)
            and self.graph.count > MOST_READILY
        )

    def searched(self, bounds: Sequence[Bound]) -> list[int]:
        """The places of the best designs within bounds, the best first."""
        key, top = self.asked.sort[0], self.asked.top
        assert top is not None, "whoever calls has looked"
        found = best_of(self.graph, self.known, key, bounds, top)
        if found.rest is not None:
            least = "at most" if key.sign < 0 else "at least"
            known = (
                f"the first {found.sure:,} are the best" if found.sure else "there may be better"
            )
            self.remarks.append(
                f"the search ended early: {known}, and the {key.name} of the others is {least} "
                f"{found.rest:,.0f}"
            )
        return found.places

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
        more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
        return [f"the same in all designs of the front: {', '.join(words[:MOST_NAMED])}{more}"]

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
            yield self.block_at(places, choices)[0]
            return
        self.check_count()
        if self.singly:
            yield self.block_at(range(self.graph.count), choices)[0]
            return
        for block in Blocks(self.graph, choices):
            if progress:
                progress(block.start, self.graph.count, "designs")
            yield block
        if progress:
            progress(self.graph.count, self.graph.count, "designs")

    def listed(
        self, start: int, end: int, progress: Progress | None = None
    ) -> Iterator[dict[str, Any]]:
        """The rows of a stretch of the list.

        Args:
            start: the place of its first design.
            end: the place behind its last one.
            progress: called with the designs done, all of them, and a word.
        """
        where, choices = self.asked.where, range(len(self.names))
        self.check_count()
        blocks: Iterable[Block] = self.in_rows.since(start)
        if self.no_fields is not None:
            blocks = [self.block_at(range(self.graph.count), choices)[0]]
        for block in blocks:
            if block.start >= end:
                break
            if progress:
                progress(max(start, block.start), self.graph.count, "designs")
            some = some_of(range(block.count) if where is None else where.holds(block, self.known))
            inside = (some >= start - block.start) & (some < end - block.start)
            yield from self.rows_of(block, some[inside])

    @cached_property
    def in_rows(self) -> Blocks:
        """The blocks from which rows are made of all designs."""
        return Blocks(self.graph, range(len(self.names)), ROWS)

    def to_dict(self, rows: Iterable[dict[str, Any]] | None = None) -> dict[str, Any]:
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
        most = MOST_SINGLY if self.singly else MOST_LISTED
        count = self.graph.count
        if count <= most:
            return
        where = self.asked.where
        why = f": {self.no_fields.message}" if self.no_fields and self.singly else ""
        if not why and where is not None and where.bounds(self.known.sizes()) is None:
            why = ", and this condition is more than limits on totals that all hold"
        raise CnnCalcError(
            f"{count:,} designs are too many to be listed{why}",
            code="too-large",
            help="`--top 20` of one `--sort` key, and `--pareto`, are found without listing where "
            "`--where` only limits totals; `--sample 1000` draws some",
        )

    def block_at(self, places: Sequence[int], choices: Sequence[int]) -> tuple[Block, Whole]:
        """A block of the designs at some places, all of which count."""
        import numpy

        designs = [self.graph.design(place) for place in places]
        if self.no_fields is not None:
            designs = [each._replace(field=self.field_of(each.picked)) for each in designs]
        ends = {shape: end for end, shape in self.graph.shapes.items()}
        block = block_of(designs, places, ends, choices)
        return block, numpy.arange(block.count)

    def rows_at(self, places: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The rows of designs at some places."""
        yield from self.rows_of(*self.block_at(places, range(len(self.names))))

    def rows_of(self, block: Block, some: Whole) -> Iterator[dict[str, Any]]:
        """The rows of some designs of a block, of which the values of all choices are known."""
        known = self.known
        totals = [known.of(block, name)[some].tolist() for name in ("params", "macs")]
        sizes = [known.of(block, n)[some].tolist() for n in ("param_bytes", "activation_bytes")]
        fields = known.of(block, "rf")[some].tolist() if block.fields else [None] * len(some)
        ends = block.ends[some].tolist()
        layout = self.template.network.layout
        shapes = {n: list(as_layout(each, layout)) for n, each in self.graph.shapes.items()}
        picks = [block.picked[n][some].tolist() for n in range(len(self.names))]
        values, spec = self.template.values, self.template.spec
        for at in range(len(some)):
            picked = {n: each[at] for n, each in enumerate(picks) if each[at] != ABSENT}
            row: dict[str, Any] = {"spec": spec(picked)}
            for number, name in enumerate(self.names):
                only = 0 if len(values[number]) == 1 else ABSENT
                value = picked.get(number, only)
                row[name] = None if value == ABSENT else values[number][value]
            row["params"], row["macs"] = totals[0][at], totals[1][at]
            row["output_shape"], row["rf"] = shapes[ends[at]], fields[at]
            row["param_bytes"], row["activation_bytes"] = sizes[0][at], sizes[1][at]
            yield row

    def field_of(self, picked: dict[int, int]) -> tuple[int, ...]:
        """How much the units of the last map of one design see."""
        network = reading.read(Text(Source(self.template.spec(picked))), "compact")
        sized = analyze(network)
        return last_field(sized, fields_of(sized).seen)


def some_of(which: range | NDArray[numpy.bool_]) -> Whole:
    """The places of a block that count, of a range or a mask."""
    import numpy

    return numpy.array(which) if isinstance(which, range) else numpy.flatnonzero(which)


def last_field(sized: Sized, seen: Sequence[Seen]) -> tuple[int, ...]:
    """How much the units of the last map see, before anything takes a map as a whole."""
    last: list[Seen] = [seen[0]]
    taken = [not seen[0].axes]
    for row, step in zip(sized.rows[1:], sized.network.steps[1:], strict=True):
        here = seen[row.index]
        reads = [i for i in row.inputs if not seen[i].apart]
        if here.apart or not reads:
            last.append(here)
            taken.append(False)
            continue
        whole = next((i for i in reads if taken[i]), None)
        now = here.whole or all(along.place is None for along in here.axes)
        route = step.layer.route(row.input_shapes[0]) if len(row.inputs) == 1 else None
        now = now or (route is not None and gathers(route, seen[reads[0]].axes, here.axes))
        last.append(last[whole] if whole is not None else last[reads[0]] if now else here)
        taken.append(now or whole is not None)
    return tuple([along.field.size for along in last[sized.network.outputs[0]].axes])
