"""What every layer is: a small immutable record of options that knows its arithmetic.

A layer class lists its options as class attributes; the base makes `__init__`, `repr` and
equality from them at run time. (Forty-five frozen dataclasses would cost 50 ms of import,
a quarter of the whole program's start.)
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar, Self, dataclass_transform

from cnncalc.axis.windows import Window
from cnncalc.errors import LayerError
from cnncalc.layers.options import (
    MAX_VALUE,
    NO_PADS,
    ONES,
    REQUIRED,
    Option,
    Pads,
    empty,
    option,
    order,
)
from cnncalc.layers.route import OWN, Parts, Route
from cnncalc.layers.shapes import (
    BATCH,
    Shape,
    axis_name,
    check_map,
    checked_lengths,
    place,
    show,
    spread_out,
    too_short,
)

# With what a layer's file needs of options and shapes, so that it imports from one place.
__all__ = [
    "BATCH",
    "MAX_VALUE",
    "NO_PADS",
    "ONES",
    "OWN",
    "REQUIRED",
    "Layer",
    "Option",
    "Pads",
    "Parts",
    "Route",
    "Shape",
    "Weight",
    "axis_name",
    "check_map",
    "checked_lengths",
    "empty",
    "option",
    "order",
    "place",
    "show",
    "spread_out",
    "too_short",
]


class Weight:
    """One tensor that a layer holds.

    Attributes:
        name: `weight`, `bias`, `running_mean` … (PyTorch's names).
        shape: in PyTorch's order.
        role: `parameter`, or `buffer` for what no optimiser touches.
        trainable: whether training changes it by gradient.
        count: its number of elements.
    """

    __slots__ = ("count", "name", "role", "shape", "trainable")

    def __init__(
        self, name: str, shape: Shape, role: str = "parameter", trainable: bool = True
    ) -> None:
        self.name = name
        self.shape = shape
        self.role = role
        self.trainable = trainable
        self.count = prod(shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Weight):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.name, self.shape))

    def __repr__(self) -> str:
        return f"Weight({self.name!r}, {self.shape}, {self.role!r}, {self.trainable})"


BY_KIND: dict[str, type[Layer]] = {}


@dataclass_transform(frozen_default=True, field_specifiers=(option,))
class Layer:
    """A layer kind: its options, and the arithmetic on the shapes that flow in.

    Shapes are (channels, *spatial), without a batch axis. The four methods that predict
    (`output`, `windows`, `weights`, `macs`) raise LayerError for an input that can't be.
    """

    __slots__ = ("__dict__", "__weakref__", "written")
    written: str  # its word in the compact notation, once somebody asked (see `spelling`)

    kind: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    formula: ClassVar[str] = "output = input"
    source: ClassVar[str] = ""
    arity: ClassVar[str] = "one"  # or `many`, for merges; `either`
    options: ClassVar[dict[str, Option]] = {}
    scalars: ClassVar[bool | None] = None  # whether it works on a single number, of shape ();
    # None: where it does the same to every value
    beside: ClassVar[bool] = False  # whether it is what a layer hands out beside its output
    carries: ClassVar[bool] = False  # whether its values are those that flow in, moved or left out

    def __init_subclass__(cls) -> None:
        cls.options = {
            **cls.options,
            **{key: value for key, value in vars(cls).items() if isinstance(value, Option)},
        }
        for name, declared in cls.options.items():
            declared.name = name
        if cls.kind:
            BY_KIND.setdefault(cls.kind, cls)  # a second one of a name is refused elsewhere

    def __init__(self, *args: object, **kwargs: object) -> None:
        if len(args) > len(self.options):
            raise TypeError(f"{type(self).__name__} takes {len(self.options)} options")
        self._fill(dict(zip(self.options, args, strict=False)) | kwargs)
        self.check()

    @classmethod
    def unchecked(cls, **given: object) -> Self:
        """A layer whose options may still contradict one another, as some are to be replaced."""
        layer = object.__new__(cls)
        layer._fill(given)
        return layer

    def _fill(self, given: dict[str, object]) -> None:
        """Set the options; LayerError for a value that one can't have."""
        fields = self.__dict__
        for name, declared in self.options.items():
            value = given.pop(name, declared.default)
            if value is REQUIRED:
                raise LayerError(
                    f"`{self.kind}` needs {article(name)}",
                    code="missing-option",
                    help=f"write {self.example()}",
                )
            fields[name] = declared.normalise(value)
        if given:
            raise TypeError(f"{type(self).__name__} has no option {', '.join(given)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return type(self) is type(other) and all(
            getattr(self, name) == getattr(other, name) for name in self.options
        )

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.options)))

    def __repr__(self) -> str:
        values = ((name, getattr(self, name), declared) for name, declared in self.options.items())
        changed = [f"{name}={value!r}" for name, value, each in values if value != each.default]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __reduce__(self) -> tuple[object, ...]:
        return restored, (self.kind, self.__dict__)  # many classes are no name of their module

    @property
    def by_value(self) -> bool:
        """Whether it does the same to every value, and holds nothing."""
        return type(self).output is Layer.output and type(self).weights is Layer.weights

    @property
    def core(self) -> Layer:
        """The layer that computes: itself, and of `each` the one that runs at every entry."""
        return self

    @property
    def takes_scalars(self) -> bool:
        """Whether what flows in may be a single number of each sample, of shape ()."""
        return self.by_value if self.scalars is None else self.scalars

    @property
    def looks_up(self) -> int:
        """How many entries it has, of which whole numbers that flow in name some; 0: none."""
        return 0

    @property
    def mixes_samples(self) -> bool:
        """Whether what comes out of one sample depends on the others of its batch."""
        return False

    def replaced(self, **options: object) -> Self:
        """The same layer with other values for some of its options."""
        return type(self)(**{name: getattr(self, name) for name in self.options} | options)

    @classmethod
    def example(cls) -> str:
        """The shortest right use, for messages."""
        needed = [o for o in cls.options.values() if o.default is REQUIRED]
        samples = {
            "count": "16",
            "axes": "3",
            "sizes": "7",
            "integers": "0x1",
            "interval": "0..8",
            "factors": "2",
            "numbers": "0.5",
            "pads": "1",
            "number": "0.5",
            "choice": "",
            "flag": "",
        }
        values = [samples[option.kind] for option in needed]
        return f"`{cls.kind}:{','.join(values)}`" if values else f"`{cls.kind}`"

    def check(self) -> None:
        """Raise LayerError where the options contradict one another, whatever the input."""

    def check_maker(self, maker: Layer) -> None:
        """LayerError where the layer that it reads hands out no such thing beside its output."""

    def output(self, *shapes: Shape) -> Shape:
        """The shape that comes out."""
        return shapes[0]

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        """The window on each spatial axis of the input; empty: each unit reads its own place."""
        return ()

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        """The tensors that the layer holds, the only source of parameter counts."""
        return ()

    def macs(self, *shapes: Shape) -> int:
        """Multiply-accumulates of convolutions and linear layers for one sample, no bias."""
        return 0

    def at_each(self, axes: int, order: str) -> Layer | None:
        """What does the same at every entry of some axes (see `each`), if that is of its kind."""
        kind = type(self)
        moves = kind.route is not Layer.route or kind.windows is not Layer.windows
        plain = self.by_value and self.takes_scalars and self.arity == "one" and not moves
        return self if plain and not self.mixes_samples else None

    def route(self, shape: Shape) -> Route | None:
        """How the axes of the one map that it receives move; None: each unit reads its own place.

        What the layer itself would refuse is not asked.
        """
        windows = self.windows(shape)
        return Route(shape, windows) if windows else None


def restored(kind: str, fields: Mapping[str, object]) -> Layer:
    """A layer from what pickle keeps of it."""
    layer: Layer = object.__new__(BY_KIND[kind])
    layer.__dict__.update(fields)
    return layer


def article(name: str) -> str:
    words = {
        "out_channels": "its number of output channels",
        "kernel": "a kernel size",
        "out_features": "its number of output features",
    }
    return words.get(name, f"`{name}`")
