"""The steps of one trace, as the nodes of a file add them, and what they may cost."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from cnncalc.analysis import MAX_ELEMENTS, settle
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from cnncalc.notations.onnx.reading.listing import Listing
from cnncalc.notations.onnx.reading.model import MAX_RANK, Model, Node
from cnncalc.tracing.entries import at_entries
from cnncalc.tracing.tensors import Tensor
from cnncalc.tracing.trace import Record, Trace
from cnncalc.tracing.weights import Held, misfit

__all__ = ["Steps"]

MAX_NUMBERS = 12_000_000  # numbers worked out in all


class Steps:
    """What the nodes of a model are read into.

    Attributes:
        batch: the size of the batch axis, in shapes that the model itself asks for.
        opset: the version of ONNX's own operators.
        frames: over how many axes the steps run that are added, for data with frames in its batch.
        stores_weights: whether the file keeps weights as tensors, not as numbers in its nodes.
    """

    def __init__(self, model: Model, listing: Listing, batch: int) -> None:
        self.listing = listing
        self.batch = batch
        self.opset = model.opset
        self.frames = 0
        self.trace = Trace()
        self.numbers_left = MAX_NUMBERS
        self.stores_weights = any(
            each.shape and each.learned for each in model.graph.constants.values()
        )

    def add(
        self,
        node: Node,
        layer: Layer | Declared,
        flows: Iterable[Tensor],
        suffix: str,
        held: Held,
    ) -> Tensor:
        """A step; LayerError where its layer can't take what flows in."""
        inputs = tuple(flow.number for flow in flows)
        shapes = tuple(self.trace.records[number].shape for number in inputs)
        settled = _settled(Declared.of(layer), shapes, self.frames)
        shape = settled.output(*shapes)
        if prod(shape) > MAX_ELEMENTS or len(shape) > MAX_RANK:
            raise LayerError("the output is beyond any machine", code="too-large")
        wrong = misfit(settled.weights(*shapes), held) if held else None
        if wrong:
            weight, static = wrong
            wanted = f"where {weight.count:,} are needed"
            raise LayerError(
                f"its {weight.name} holds {static.count:,} values {wanted}", code="declared"
            )
        name, spans = f"{node.name}{suffix}", (self.listing.span(node),)
        record = Record(Declared(settled), inputs, shape, name, spans, node, held=held)
        record.readers = 1  # until a name is given to it
        made = self.trace.add(record)
        return Tensor(made.number, shape[self.frames :]) if self.frames else made

    def spend(self, numbers: int) -> None:
        """Count numbers that are worked out."""
        self.numbers_left -= int(numbers)
        if self.numbers_left < 0:
            raise LayerError("its shapes take too much working out", code="too-large")


def _settled(declared: Declared, shapes: tuple[Shape, ...], frames: int) -> Layer:
    """The layer as ONNX has it at these inputs, and at every entry of so many axes of them."""
    try:
        if frames:
            return at_entries(declared, shapes, frames).layer
        return settle(declared, shapes)
    except LayerError as error:
        if error.code == "declared":
            error.help = "an input of the size that the model was made for"
        raise
