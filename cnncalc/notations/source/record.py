"""One step of a model's run, as it was made."""

from __future__ import annotations

from cnncalc.errors import Span
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from cnncalc.notations.source.flowing import Static
from cnncalc.python.values import Value

__all__ = ["Held", "Record"]

Held = dict[str, Static | None]  # by the layer's own names for them


class Record:
    """One step as it was made.

    Attributes:
        declared: what it is, as the source has it.
        inputs: the records it reads.
        shape: what comes out, without batch.
        owner: the module or parameter whose weights it uses, or None; `part` tells several
            layers of one owner apart.
        held: the tensors that stand for the layer's weights; None: the owner's own.
        name: as `named_modules` gives it, or made from the operation; not yet unique.
        spans: where it was used, then where it was made.
    """

    __slots__ = ("declared", "held", "inputs", "name", "owner", "part", "shape", "spans")

    def __init__(
        self,
        declared: Declared,
        inputs: tuple[int, ...],
        shape: Shape,
        name: str,
        owner: Value,
        part: int,
        spans: tuple[Span, ...],
        held: Held | None = None,
    ) -> None:
        self.declared = declared
        self.inputs = inputs
        self.shape = shape
        self.name = name
        self.owner = owner
        self.part = part
        self.spans = spans
        self.held = held

    @property
    def layer(self) -> Layer:
        return self.declared.layer
