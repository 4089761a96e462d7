"""What is found of a network at an input size: its rows, fields when read, what a run found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from cnncalc.analysis import analyze
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape, show
from cnncalc.packages import OnUse
from cnncalc.rows import BYTES, Analysis, BuiltRow, JsonObject, Note, Row, Totals, as_layout

if TYPE_CHECKING:
    from cnncalc import counts, receptive
    from cnncalc.moments import Memory
    from cnncalc.receptive import Fields
    from cnncalc.receptive.maps import Seen
else:  # only who compares with other tools, or reads fields, needs them
    counts = OnUse("cnncalc.counts")
    receptive = OnUse("cnncalc.receptive")

__all__ = ["Findings"]


class Findings:
    """A network at an input size: a row for the input and each step, and their totals.

    Attributes:
        network: the steps that the rows describe.
        input: the input's shape, channels first.
        rows: row 0 is the input.
        outputs: the numbers of the rows that the network ends in.
        layout: how `to_dict` and the tables order shapes.
        sizing_notes: remarks that need no fields.
        symbols: what sizes with names take for granted; None: all are numbers.
        error: what the rows end at, where they are but as much as could be followed; None: they are
            the whole network.
        units: what single units see, where somebody asked (see `receptive.units`).
        laws: the one window between the input and each row, where somebody asked (see `law`).
        flops: whether FLOPs, 2 × MACs, are told of too.
        counts: what other tools count for each row, by their names, where somebody asked.
        memory: what inference and training take, where somebody asked.
        fits: bytes of a device that the largest batch is asked for; None: nobody asked.
        checks: each limit that was set, held against this: `what`, `limit`, `value` and `ok`.
        verify: what an executor found, as the contract has it, or None.
    """

    def __init__(self, analysis: Analysis, error: SpecError | None = None) -> None:
        self.error = error
        self.network = analysis.network
        self.input = analysis.input
        self.rows = list(analysis.rows)
        self.batch = analysis.batch
        self.dtype = analysis.dtype
        self.layout = analysis.layout
        self.sizing_notes = list(analysis.notes)
        self.symbols = analysis.symbols
        self.outputs = analysis.network.outputs
        self.verify: JsonObject | None = None
        self.units: list[JsonObject] = []
        self.checks: list[JsonObject] = []
        self.laws: dict[int, Any] = {}  # of `law.Law`, which looks up at this
        self.flops = False
        self.counts: dict[str, list[int]] = {}
        self.memory: list[Memory] = []
        self.fits: int | None = None
        self.total = self._totals()
        self._fields: Fields | None = None
        self._at_witness: Self | None = None

    @property
    def fields(self) -> list[Seen]:
        """What the units of each row's output see of the input; worked out when first read."""
        return self.at_witness._second_pass.seen

    @property
    def notes(self) -> list[Note]:
        """All remarks, with those on branches that are out of step."""
        notes = [*self.sizing_notes, *self.at_witness._second_pass.notes]
        if self.symbols and len(self.frame) > 1:
            shown = self.show(self.symbols.witness)
            notes.append(Note(None, f"the receptive fields are those at {shown}"))
        return notes

    @property
    def at_witness(self) -> Self:
        """The same in numbers: itself, or what sizes with names are at their witness."""
        if self.symbols is None:
            return self
        if self._at_witness is None:
            shape = as_layout(self.symbols.witness, self.network.layout)
            how = {"dtype": self.dtype, "layout": self.layout}
            self._at_witness = type(self)(
                analyze(self.symbols.network, shape, batch=self.batch, **how)
            )
        return self._at_witness

    @property
    def assumes(self) -> list[str]:
        """What sizes with names take for granted, in Python's syntax: `H >= 32`."""
        return [python for python, _ in self.assumptions]

    @property
    def assumptions(self) -> list[tuple[str, str]]:
        """The same, each in Python's syntax and as people write it."""
        return [] if self.symbols is None else self.symbols.assumptions()

    def count(self, tool: str) -> int:
        """What another tool prints for this network and one sample, such as `thop`.

        It follows the tool's own rule over these rows; `cnncalc.counts.TOOLS` has them all.

        Raises:
            CnnCalcError: there is no such tool, or sizes have names.
        """
        return sum(self._counted(tool))

    def show_counts(self, tools: Sequence[str]) -> None:
        """Tell of what these tools print, in tables and in the document."""
        self.counts = {tool: self._counted(tool) for tool in tools}

    def _counted(self, tool: str) -> list[int]:
        """What a tool counts for each row, the input's first."""
        counts.tool(tool)
        self.check_numbers()
        return [0, *(counts.count(tool, self.network, row) for row in self.layers)]

    def check_numbers(self) -> None:
        """SpecError where a size of the input has a name."""
        if self.symbols is not None:
            raise self.symbols.missing

    @property
    def _second_pass(self) -> Fields:
        if self._fields is None:
            self._fields = receptive.fields_of(self)
        return self._fields

    def _totals(self) -> Totals:
        layers = self.layers
        holders = self.built
        params = sum(row.params for row in holders)
        return Totals(
            params=params,
            trainable=sum(row.trainable for row in holders),
            buffers=sum(row.buffers for row in holders) + self.network.unused_buffers,
            unused_params=self.network.unused_params,
            macs=sum(row.macs for row in layers),
            param_bytes=params * BYTES[self.dtype],
            activation_bytes=sum(row.activation_bytes for row in layers if not row.is_input),
        )

    @property
    def frame(self) -> Shape:
        """The input's shape with its channels first, whatever axis they are in its source.

        It is what fields lie in, and so always in numbers.
        """
        return self.network.frame(self.symbols.witness if self.symbols else self.input)

    @property
    def complete(self) -> bool:
        """Whether the rows are the whole network, and not only as much as could be followed."""
        return self.error is None

    @property
    def unreached(self) -> list[BuiltRow]:
        """A row without shapes for each module that the flow never came to."""
        first = len(self.rows)
        return [BuiltRow(first + n, each) for n, each in enumerate(self.network.unreached)]

    @property
    def built(self) -> list[Row | BuiltRow]:
        """All that holds weights: the layers, behind them the modules that were never reached."""
        return [*self.layers, *self.unreached]

    @property
    def layers(self) -> list[Row]:
        """The rows without the input."""
        return self.rows[1:]

    def shape(self, shape: Shape) -> list[int]:
        """A shape of this report in its layout."""
        return list(as_layout(shape, self.layout))

    def show(self, shape: Shape) -> str:
        """The same as people write it: 16×32×32."""
        return show(as_layout(shape, self.layout))
