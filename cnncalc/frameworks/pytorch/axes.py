"""Axis numbers: PyTorch counts the batch as axis 0, shapes here have none."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.pytorch.arguments import integer
from cnncalc.layers.base import BATCH, Layer, Shape
from cnncalc.network import Declared, Expects

__all__ = ["along", "batch_axis", "from_front"]


def along(kind: type[Layer], call: str, dim: object) -> Declared:
    """A layer with an `axis`, from PyTorch's `dim`; some may run across the batch."""
    across = BATCH in kind.options["axis"].words
    place = integer(call, "dim", dim)
    if place == 0:
        if not across:
            raise batch_axis(call, "dim", 0)
        return Declared(kind(axis=BATCH))
    layer = kind(axis=place - 1 if place > 0 else place)
    return Declared(layer, Expects(call, rule=partial(_counted, call, place, across)))


def _counted(call: str, dim: int, across: bool, layer: Layer, shape: Shape) -> Layer:
    place = from_front(call, "dim", dim, shape, across)
    return layer if place else layer.replaced(axis=BATCH)


def from_front(call: str, name: str, dim: int, shape: Shape, batch: bool = False) -> int:
    """A `dim` counted from the front, the batch being 0; LayerError where there is none.

    `batch`: whether it may be that.
    """
    axes = len(shape) + 1
    if not -axes <= dim < axes:
        raise LayerError(
            f"{name}={dim} of {call} is no axis of an input of {axes} axes, batch included",
            code="wrong-axes",
            help=f"{name} from {-axes} to {axes - 1}"
            + ("" if batch else f", without the batch (0 and {-axes})"),
        )
    if dim % axes == 0 and not batch:
        raise batch_axis(call, name, dim)
    return dim % axes


def batch_axis(call: str, name: str, dim: int) -> LayerError:
    return LayerError(
        f"{name}={dim} of {call} is the batch axis",
        code="batch-axis",
        help="sizes here are those of one sample: axis 1 is the channels",
    )
