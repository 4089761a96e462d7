"""What conditions and orders may name: totals, sizes of the output, choices; as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from cnncalc.errors import CnnCalcError
from cnncalc.layers.base import Shape
from cnncalc.suggestions import suggest
from cnncalc.sweeping.blocks import ABSENT, Block, Whole
from cnncalc.sweeping.template import Value

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["TOTALS", "Names"]

TOTALS = ("params", "macs", "rf", "memory", "param_bytes", "activation_bytes")
MEANT = {"flops": "macs", "parameters": "params", "receptivefield": "rf", "bytes": "memory"}
SIZES = {1: "c", 2: "cl", 3: "chw", 4: "cdhw"}  # of an output, by its axes


# What something is in each design; texts are objects.
Column: TypeAlias = "Whole | NDArray[numpy.float64] | NDArray[numpy.object_]"


class Names:
    """The names, and what each is in a block of designs.

    Attributes:
        choices: their names.
        values: of each, what they are compared as.
        shapes: of the ends, by node.
        number_bytes: what a parameter takes.
        sample_bytes: what an element of an output takes for the whole batch.
        axes: of the field.
    """

    def __init__(
        self,
        choices: Sequence[str],
        values: Sequence[Sequence[Value]],
        shapes: dict[int, Shape],
        number_bytes: int,
        sample_bytes: int,
        axes: int,
    ) -> None:
        self.choices = list(choices)
        self.values = list(values)
        self.shapes = shapes
        self.number_bytes = number_bytes
        self.sample_bytes = sample_bytes
        self.axes = axes

    def known(self) -> list[str]:
        """All names, those of sizes where an output has them."""
        plain = [name for name in self.sizes() if "." not in name]
        return [*TOTALS, *plain, *self.choices]

    def sizes(self) -> list[str]:
        """The names of sizes of the output; where a choice has the name, only behind `output.`."""
        found = dict.fromkeys(
            size for shape in self.shapes.values() for size in SIZES.get(len(shape), "c")
        )
        plain = [name for name in found if name not in self.choices]
        return [*plain, *(f"output.{name}" for name in found)]

    def check(self, name: str) -> None:
        """CnnCalcError where there is no such name."""
        if name == "rf" and not self.axes:
            raise CnnCalcError(
                "the input has no places, so that nothing has a receptive field", code="name"
            )
        if name in self.known() or name in self.sizes():
            return
        near = suggest(name, self.known(), MEANT)
        raise CnnCalcError(
            f"there is nothing called `{name}` here",
            code="name",
            help=(f"did you mean `{near}`? " if near else "") + f"names: {', '.join(self.known())}",
        )

    def choice(self, name: str) -> int | None:
        """The number of the choice that a name means."""
        return self.choices.index(name) if name in self.choices else None

    def is_text(self, name: str) -> bool:
        """Whether what a name means is compared as a text."""
        choice = self.choice(name)
        return choice is not None and any(isinstance(each, str) for each in self.values[choice])

    def of(self, block: Block, name: str) -> Column:
        """What a name is in each design of a block; NaN, or an empty text, where it is nothing."""
        sums = block.sums
        if (choice := self.choice(name)) is not None:
            return self._of_choice(block, choice)
        if name == "params":
            return sums[0]
        if name == "macs":
            return sums[1]
        if name == "rf":
            return _least(block.fields)
        if name == "param_bytes":
            return sums[0] * self.number_bytes
        if name == "activation_bytes":
            return sums[2] * self.sample_bytes
        if name == "memory":
            return sums[0] * self.number_bytes + sums[2] * self.sample_bytes
        return self._of_output(block, name.removeprefix("output."))

    def _of_choice(self, block: Block, choice: int) -> Column:
        import numpy

        values, picked = self.values[choice], block.picked[choice]
        if any(isinstance(each, str) for each in values):
            return numpy.array([*map(str, values), ""], object)[picked]
        if all(isinstance(each, int) for each in values) and not (picked == ABSENT).any():
            return numpy.array(values, numpy.int64)[picked]
        return numpy.array([*values, float("nan")])[picked]

    def _of_output(self, block: Block, name: str) -> NDArray[numpy.float64]:
        import numpy

        table = numpy.full(max(self.shapes) + 1, numpy.nan)
        for end, shape in self.shapes.items():
            sizes = SIZES.get(len(shape), "c")
            if name in sizes:
                table[end] = shape[sizes.index(name)]
        return table[block.ends]


def _least(fields: Sequence[Whole]) -> Whole:
    import numpy

    least = fields[0]
    for number in range(1, len(fields)):
        least = numpy.minimum(least, fields[number])
    return least
