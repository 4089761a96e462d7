"""Where Keras's axes are inside: the graph is channels first, Keras's tensors are usually not.

A model is kept in one layout. In the usual one, channels last, Keras's last axis is the first
one inside. A model whose layers all say `data_format="channels_first"` is kept as it is. A
layer of the other format than its model's is put between two permutations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, place
from cnncalc.layers.reshape import Permute
from cnncalc.network import Declared, Expects

__all__ = [
    "CHANNELS_FIRST",
    "CHANNELS_LAST",
    "Call",
    "Frame",
    "Reader",
    "Rule",
    "Vocabulary",
    "settled",
]

Each = TypeVar("Each")
Rule = Callable[..., Layer]  # a layer and its inputs' shapes
Reader = Callable[..., tuple[Declared, ...]]
Vocabulary = dict[str, tuple[Reader, int]]  # class: (reader, number of spatial axes)


class Frame(NamedTuple):
    """A model's layout, and what `data_format=None` means in it.

    Attributes:
        order: `last` if Keras's last axis is kept first, `first` if axes are kept as they are.
        image_data_format: Keras's setting of that name.
    """

    order: str = "last"
    image_data_format: str = "channels_last"

    @property
    def layout(self) -> str:
        """The layout as a network and a report name it."""
        return f"channels-{self.order}"

    def sizes(self, values: Sequence[Each]) -> tuple[Each, ...]:
        """One value for each of Keras's axes (without the batch), in the order inside."""
        return (*values[-1:], *values[:-1]) if self.order == "last" else tuple(values)

    def outside(self, shape: Shape) -> Shape:
        """A shape from inside, in Keras's order."""
        return (*shape[1:], *shape[:1]) if self.order == "last" else shape

    def inside(self, axis: int, rank: int) -> int:
        """Where Keras's axis (from 0, without the batch) of so many is inside."""
        return (axis + 1) % rank if self.order == "last" else axis

    def axis(self, axis: int) -> tuple[int, str]:
        """Keras's axis number (0 is the batch) as a layer's `axis` and `order`."""
        (place,), order = self.axes((axis,))
        return place, order

    def axes(self, axes: Sequence[int]) -> tuple[tuple[int, ...], str]:
        """Keras's axis numbers as a layer's `axes` and `order`."""
        if 0 in axes:
            raise LayerError(
                "axis 0 is the batch, which shapes here don't have",
                code="wrong-axes",
                help="axes count from 1, or from -1 for the last",
            )
        if self.order == "last" and all(axis == -1 for axis in axes):
            return (0,) * len(axes), "first"
        return tuple(axis - (axis > 0) for axis in axes), self.order


CHANNELS_LAST = Frame()
CHANNELS_FIRST = Frame("first")


class Call(NamedTuple):
    """A Keras class that is called.

    Attributes:
        name: the class's first name.
        rank: its number of spatial axes; 0 if it takes any.
        frame: the model's.
        reader: the function that reads it.
    """

    name: str
    rank: int = 0
    frame: Frame = CHANNELS_LAST
    reader: Reader | None = None

    @property
    def words(self) -> str:
        return f"layers.{self.name}"

    def error(self, message: str, help: str | None = None, option: str = "") -> LayerError:
        """What Keras refuses; `option` is the argument to blame, if it is one."""
        return LayerError(f"{self.words} {message}", code="bad-value", help=help, option=option)

    def unread(self, message: str, help: str, option: str) -> LayerError:
        """What Keras takes and is not read here."""
        words = f"{self.words} {message}"
        return LayerError(words, code="unsupported-layer", help=help, option=option)

    def ordered(self, layer: Layer) -> Declared:
        """The layer, whose axis numbers become plain once the number of axes is known."""
        if getattr(layer, "order", "first") == "first":
            return Declared(layer)
        return Declared(layer, Expects(self.words, rule=settled))

    def on_map(
        self, layer: Layer, data_format: object, *, back: bool = True, rule: Rule | None = None
    ) -> tuple[Declared, ...]:
        """The layer on a map of `rank` spatial axes in some data format.

        `back` is False for a layer after which no axes are left to be put back; `rule` is what
        Keras decides at an input.
        """
        expects = Expects(self.words, (self.rank,))
        on_map = Declared(_collapsed(layer), expects._replace(rule=rule))
        channels_last = self.data_format(data_format) == "channels_last"
        if channels_last == (self.frame.order == "last"):
            return (on_map,)
        last_first = (self.rank, *range(self.rank))
        first_last = (*range(1, self.rank + 1), 0)
        there, home = (last_first, first_last) if channels_last else (first_last, last_first)
        steps = (Declared(Permute(there), expects), on_map)
        return (*steps, Declared(Permute(home))) if back else steps

    def data_format(self, value: object) -> str:
        """The data format that a value means; LayerError if it is none."""
        if value is None:
            return self.frame.image_data_format
        word = str(value).lower()
        if word not in ("channels_first", "channels_last"):
            raise self.error(f"has no data format `{value}`", '"channels_last" or "channels_first"')
        return word


def settled(layer: Layer, shape: Shape, *others: Shape) -> Layer:
    """The same layer with its axes counted channels first, at an input of this shape."""
    if getattr(layer, "order", "first") == "first":
        return layer
    options: dict[str, Any] = {"order": "first"}
    for name in {"axis", "axes", "shared"} & layer.options.keys():
        axes = getattr(layer, name)
        if isinstance(axes, int):
            options[name] = place(axes, shape, "last")
        elif isinstance(axes, tuple):
            options[name] = tuple(place(axis, shape, "last") for axis in axes)
    return layer.replaced(**options)


def _collapsed(layer: Layer) -> Layer:
    """The layer with one value for all axes where those for each are the same."""
    alike = {
        name: value[:1]
        for name, value in ((name, getattr(layer, name)) for name in layer.options)
        if isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1
    }
    return layer.replaced(**alike) if alike else layer
