"""What every layer is: a small immutable record of options that knows its arithmetic.

A layer class lists its options as class attributes; the base makes `__init__`, `repr` and
equality from them at run time. (Forty-five frozen dataclasses would cost 50 ms of import,
a quarter of the whole program's start.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, dataclass_transform

from cnncalc.errors import LayerError

if TYPE_CHECKING:
    from cnncalc.windows import Window

__all__ = [
    "MAX_VALUE",
    "NO_PADS",
    "ONES",
    "REQUIRED",
    "Expects",
    "Layer",
    "Option",
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
]

Shape = tuple[int, ...]  # channels, then the spatial axes; no batch axis

REQUIRED: Any = object()
ONES = (1,)  # the default of a per-axis option: one value for all axes
NO_PADS = ((0, 0),)

# Far beyond any network, and small enough that no product of a few of them hurts.
MAX_VALUE = 2**31 - 1


class Option:
    """One option of a layer: how it is written, its bounds and what it means.

    Attributes:
        kind: the value's form: count, number, numbers, axes, pads, sizes, factors,
            integers, interval, choice or flag.
        key: short name in the compact notation (`k`), empty if there is only the long one.
        word: for a flag, the word that turns it (`nobias`).
        positional: whether it may be given by position.
        minimum: the least value allowed, for each number in it.
        words: the words allowed beside (or instead of) numbers.
    """

    __slots__ = ("default", "doc", "key", "kind", "minimum", "name", "positional", "word", "words")

    def __init__(
        self,
        kind: str,
        doc: str,
        *,
        key: str = "",
        default: Any = REQUIRED,
        positional: bool = False,
        minimum: int | None = None,
        words: tuple[str, ...] = (),
        word: str = "",
    ) -> None:
        self.kind = kind
        self.doc = doc
        self.key = key
        self.default = default
        self.positional = positional
        self.minimum = minimum
        self.words = words
        self.word = word
        self.name = ""

    def normalise(self, value: Any) -> Any:
        """The value in the form that formulas see; LayerError if it can't be one."""
        if value is self.default and value is not REQUIRED:
            return value
        if isinstance(value, str):
            if value not in self.words:
                raise self.wrong(value)
            return (value,) if self.kind == "sizes" else value
        return NORMALISERS[self.kind](self, value)

    def wrong(self, value: object) -> LayerError:
        return LayerError(
            f"`{self.name}` can't be {show_value(value)}",
            code="bad-value",
            help=f"{self.name} is {self.describe()}",
        )

    def describe(self) -> str:
        """What a right value looks like, for messages and for the vocabulary page."""
        form = FORMS[self.kind]
        if self.words:
            words = ", ".join(f"`{word}`" for word in self.words)
            form = f"{form} or one of {words}" if form else f"one of {words}"
        if self.minimum is not None:
            form += f", at least {self.minimum}"
        return form


FORMS = {
    "count": "a whole number",
    "number": "a number",
    "axes": "a whole number, or one for each axis as in `3x5`",
    "numbers": "a number, or one for each channel as in `0.5x0.25`",
    "pads": "a whole number, one for each axis as in `1x2`, or `before:after` as in `0:1x2:2`",
    "sizes": "a size such as `7` or `7x7`",
    "factors": "a factor such as `2` or `1.5`, or one for each axis as in `2x1`",
    "integers": "whole numbers such as `0x2x1`",
    "interval": "an interval such as `0..32`",
    "choice": "",
    "flag": "on or off",
}


def _integer(option: Option, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise option.wrong(value)
    if option.minimum is not None and value < option.minimum:
        raise option.wrong(value)
    if abs(value) > MAX_VALUE:
        raise LayerError(
            f"`{option.name}` is {show_value(value)}, beyond the limit of {MAX_VALUE}",
            code="too-large",
            help=f"{option.name} is {option.describe()}",
        )
    return value


def _number(option: Option, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise option.wrong(value)
    # A factor makes sizes; any other number is only computed with, as -inf is by a max pool's pad.
    bounded = abs(value) <= MAX_VALUE if option.kind == "factors" else value == value
    if not bounded or (option.minimum is not None and value < option.minimum):
        raise option.wrong(value)
    return value


def _flag(option: Option, value: Any) -> bool:
    if not isinstance(value, bool):
        raise option.wrong(value)
    return value


def _axes(option: Option, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_integer(option, each) for each in values)


def _pads(option: Option, value: Any) -> tuple[tuple[int, int], ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_pair(option, each) for each in values)


def _pair(option: Option, value: Any) -> tuple[int, int]:
    if not isinstance(value, tuple | list):
        value = (value, value)
    if len(value) != 2:
        raise option.wrong(value)
    return _integer(option, value[0]), _integer(option, value[1])


def _sizes(option: Option, value: Any) -> tuple[int | str, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(each if each in option.words else _integer(option, each) for each in values)


def _factors(option: Option, value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values or not all(isinstance(each, int | float) and each > 0 for each in values):
        raise option.wrong(value)
    return tuple(_number(option, each) for each in values)


def _numbers(option: Option, value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, tuple | list) else (value,)
    if not values:
        raise option.wrong(value)
    return tuple(_number(option, each) for each in values)


def _interval(option: Option, value: Any) -> tuple[int | None, int | None]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise option.wrong(value)
    start, stop = (None if each is None else _integer(option, each) for each in value)
    return start, stop


NORMALISERS: dict[str, Callable[[Option, Any], Any]] = {
    "count": _integer,
    "number": _number,
    "axes": _axes,
    "pads": _pads,
    "sizes": _sizes,
    "factors": _factors,
    "numbers": _numbers,
    "integers": _axes,
    "interval": _interval,
    "choice": lambda option, value: _refuse(option, value),
    "flag": _flag,
}


def _refuse(option: Option, value: Any) -> Any:
    raise option.wrong(value)


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


class Expects(NamedTuple):
    """What a source declared about a layer's input, to be checked against what flows in.

    Attributes:
        call: the words of the source, such as `nn.Conv2d`.
        ranks: the numbers of spatial axes it takes; empty: any.
        sizes: (name of the declaration, axis, declared size), such as ("in_channels", 0, 64).
        rule: what the source's framework decides only at an input: LayerError for what it
            refuses there, else the layer as it is there.
    """

    call: str
    ranks: tuple[int, ...] = ()
    sizes: tuple[tuple[str, int, int], ...] = ()
    rule: Callable[..., Layer] | None = None


def option(kind: str, doc: str, *, default: Any = REQUIRED, **form: Any) -> Any:
    """An option of a layer, declared as a class attribute; see `Option` for its form."""
    return Option(kind, doc, default=default, **form)


@dataclass_transform(frozen_default=True, field_specifiers=(option,))
class Layer:
    """A layer kind: its options, and the arithmetic on the shapes that flow in.

    Shapes are (channels, *spatial), without a batch axis. The four methods that predict
    (`output`, `windows`, `weights`, `macs`) raise LayerError for an input that can't be.
    """

    kind: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    formula: ClassVar[str] = "output = input"
    source: ClassVar[str] = ""
    arity: ClassVar[str] = "one"  # or `many`, for merges
    options: ClassVar[dict[str, Option]] = {}
    expects: ClassVar[Expects | None] = None  # set on instances by `expecting`
    trainable: ClassVar[bool] = True  # turned on instances by `frozen`

    def __init_subclass__(cls) -> None:
        cls.options = {
            **cls.options,
            **{key: value for key, value in vars(cls).items() if isinstance(value, Option)},
        }
        for name, option in cls.options.items():
            option.name = name

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(self.options):
            raise TypeError(f"{type(self).__name__} takes {len(self.options)} options")
        given = dict(zip(self.options, args, strict=False)) | kwargs
        fields = self.__dict__
        for name, option in self.options.items():
            value = given.pop(name, option.default)
            if value is REQUIRED:
                raise LayerError(
                    f"`{self.kind}` needs {article(name)}",
                    code="missing-option",
                    help=f"write {self.example()}",
                )
            fields[name] = option.normalise(value)
        if given:
            raise TypeError(f"{type(self).__name__} has no option {', '.join(given)}")
        self.check()

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
        changed = ", ".join(f"{name}={value!r}" for name, value in self.changed())
        return f"{type(self).__name__}({changed})"

    def changed(self) -> Iterator[tuple[str, Any]]:
        """The options that differ from their defaults."""
        for name, option in self.options.items():
            if getattr(self, name) != option.default:
                yield name, getattr(self, name)

    def expecting(self, expects: Expects | None) -> Self:
        """The same layer, with what its source declared about the input."""
        return self._twin("expects", expects)

    def frozen(self) -> Self:
        """The same layer, whose weights its source keeps from training."""
        return self._twin("trainable", False)

    def replaced(self, **options: Any) -> Self:
        """The same layer with other values for some of its options."""
        twin = type(self)(**{name: getattr(self, name) for name in self.options} | options)
        twin.__dict__.update({**self.__dict__, **twin.__dict__})
        return twin

    def _twin(self, name: str, value: object) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.__dict__[name] = value
        return twin

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

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        """The axes of the input of which every unit reads the whole."""
        return ()

    def moves(self, *shapes: Shape) -> tuple[int | None, ...]:
        """For each axis of the input, where it is in the output; None: it is merged or gone."""
        return tuple(range(len(shapes[0])))


def spread_out(name: str, values: tuple[Any, ...], shape: Shape) -> tuple[Any, ...]:
    """One value per spatial axis from one for all, or the given ones if they are as many."""
    axes = len(shape) - 1
    if len(values) == axes:
        return values
    if len(values) == 1:
        return values * axes
    raise LayerError(
        f"`{name}` has {count_of(len(values), 'value')} "
        f"but the input {show(shape)} has {count_of(axes, 'spatial axis', 'spatial axes')}",
        code="wrong-axes",
        help=f"give one value for all axes, or {axes}" if axes else None,
    )


def order() -> Any:
    """The option that says how a layer's axis numbers are counted."""
    return option(
        "choice",
        "how axes are counted: `first` with the channels first, `last` with them last",
        default="first",
        words=("first", "last"),
    )


def place(axis: int, shape: Shape, order: str = "first") -> int:
    """The axis of a channels-first shape that a number means; LayerError if there is none."""
    if not -len(shape) <= axis < len(shape):
        raise LayerError(
            f"the input {show(shape)} has no axis {axis}",
            code="wrong-axes",
            help=f"axes run from 0 to {len(shape) - 1}",
        )
    return (axis + (order == "last")) % len(shape)


def empty() -> Any:
    """The option of layers that a framework lets make a map of no places."""
    return option(
        "flag",
        "whether an output of no places is let pass, as frameworks do in places",
        default=False,
        word="empty",
    )


def check_map(layer: Layer, shape: Shape) -> None:
    """LayerError where a layer that works on a map is handed a vector, or a map of no places."""
    if 0 in shape[1:]:
        raise LayerError(
            f"`{layer.kind}` can't work on {show(shape)}, which has no places", code="empty-input"
        )
    if len(shape) < 2:
        raise LayerError(
            f"`{layer.kind}` works on a map but receives a vector of {show(shape)} features",
            code="not-a-map",
            help="put it before the flatten, or use `unflatten:CxHxW` to make a map again",
        )


def checked_lengths(windows: tuple[Window, ...], shape: Shape, least: int = 1) -> Shape:
    """The spatial axes after their windows; LayerError where one is shorter than the least."""
    lengths = tuple(window.length(n) for window, n in zip(windows, shape[1:], strict=True))
    for axis, length in enumerate(lengths):
        if length < least:
            raise LayerError(
                f"the output would have size {length} on {axis_name(axis, len(lengths))}",
                code="empty-output",
                help="a larger input, a smaller kernel or more padding",
            )
    return lengths


def axis_name(axis: int, axes: int) -> str:
    """What people call a spatial axis: the width, the height, the depth."""
    names = ("the depth", "the height", "the width")[-axes:] if 1 < axes <= 3 else ()
    return names[axis] if names else "its length" if axes == 1 else f"spatial axis {axis}"


def show(shape: Shape) -> str:
    """A shape as people write it: 16×32×32."""
    return "×".join(map(str, shape))


def show_value(value: object) -> str:
    """A value as the user may have written it, cut to a readable length."""
    text = "x".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text if len(text) <= 24 else text[:20] + "…"


def count_of(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def article(name: str) -> str:
    words = {
        "out_channels": "its number of output channels",
        "kernel": "a kernel size",
        "out_features": "its number of output features",
    }
    return words.get(name, f"`{name}`")
