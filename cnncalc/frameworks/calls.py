"""What the vocabularies share on the way back: a layer as a call, or as lines of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from cnncalc.analysis import settle
from cnncalc.errors import LayerError
from cnncalc.frameworks.base import form_of
from cnncalc.layers.base import Layer, Shape, show

__all__ = [
    "CALL",
    "LINES",
    "Calls",
    "Form",
    "Join",
    "Piece",
    "Split",
    "Writer",
    "function_form",
    "one",
    "pieces_of",
]

CALL = "{self}({0})"
LINES = "\f"  # behind a bracket: what follows stands on lines of its own; white space to Python


class Piece(NamedTuple):
    """One line's worth of a layer in a program.

    Attributes:
        kind: what to call it where a layer has several.
        call: what makes its module, such as `nn.Conv2d(3, 16, 3)`; None: an expression alone.
        form: the expression, with `{self}` for the module and `{0}`, `{1}` … for its inputs;
            `{origin}` is what the layer's first line read.
        holds: whether it has the layer's weights.
    """

    kind: str
    call: str | None
    form: str = CALL
    holds: bool = False


One = TypeVar("One")
# Entries of tables by kind: each takes a layer of the kind that it stands under, which no type of
# the whole table can say.
Writer = Callable[[Any, Shape], str]
Form = Callable[[Any, Shape], Sequence[Piece] | None]
Join = Callable[[Any, tuple[Shape, ...]], Sequence[Piece]]
Split = Callable[[Any, Shape], tuple[Layer, ...]]


def pieces_of(
    layer: Layer, shape: Shape, forms: Mapping[str, Form], parts: Split, write: Writer
) -> list[Piece]:
    """The lines of a layer: an expression, a module, or those of the layers that make it up.

    Args:
        layer: with one input.
        shape: of that input, channels first and without the batch.
        forms: by their kinds the layers that are expressions; None: this one is not.
        parts: what a layer is made up of; itself where it is one class. A part of the layer's
            own kind is not taken apart again.
        write: the call of a layer's class.

    Raises:
        LayerError: the framework can't say it.
    """
    form = forms.get(layer.kind)
    written = form(layer, shape) if form else None
    if written is not None:
        return [*written]
    made = parts(layer, shape)
    if len(made) == 1 and made[0].kind == layer.kind:
        return [Piece(layer.kind, write(made[0], shape), holds=bool(made[0].weights(shape)))]
    lines = []
    for part in made:
        whole = part.kind == layer.kind
        lines += pieces_of(part, shape, forms, _itself if whole else parts, write)
        shape = part.output(shape)
    return lines


def function_form(name: str) -> Form:
    """A function, element-wise; what it takes besides is the kind's options."""

    def form(layer: Layer, shape: Shape) -> Sequence[Piece]:
        options = "".join(f", {getattr(layer, option)!r}" for option in layer.options)
        return [Piece(layer.kind, None, f"{name}({{0}}{options})")]

    return form


def _itself(layer: Layer, shape: Shape) -> tuple[Layer, ...]:
    return (layer,)


class Calls:
    """How calls of one framework's classes are written.

    Attributes:
        framework: its name in messages.
        home: what its classes' names follow in the text, such as `nn`.
        readers: its classes as functions with the classes' own signatures.
    """

    def __init__(
        self, framework: str, home: str, readers: Mapping[str, Callable[..., object]]
    ) -> None:
        self.framework = framework
        self.home = home
        self.readers = readers

    def call(self, name: str, **values: object) -> str:
        """A call: what its class needs by position, and what differs from a default by name."""
        written = []
        for parameter in form_of(self.readers[name]).parameters.values():
            if parameter.name not in values:
                continue
            value = values[parameter.name]
            if parameter.default is Parameter.empty:
                written.append(_literal(value))
            elif value != parameter.default:
                written.append(f"{parameter.name}={_literal(value)}")
        return f"{self.home}.{name}({', '.join(written)})"

    def taken(self, text: str, *shapes: Shape) -> str:
        """A call that was written here, if its class takes such inputs.

        It is read as a source's would be: what its framework refuses at these inputs is refused
        before anybody runs it.

        Raises:
            LayerError: the class refuses the inputs.
        """
        names = {"__builtins__": {}, self.home: SimpleNamespace(**self.readers), "float": float}
        try:
            made = eval(text, names)
            for declared in made if isinstance(made, tuple) else (made,):
                shapes = (settle(declared, shapes).output(*shapes),)
        except LayerError as error:
            raise LayerError(error.message, code="no-class", help=error.help) from None
        return text

    def same(self, words: str) -> Writer:
        """The writer of a kind whose options are its class's arguments: the class, then these."""
        name, *arguments = words.split()

        def write(layer: Layer, shape: Shape) -> str:
            values = [getattr(layer, option) for option in layer.options]
            return self.call(name, **dict(zip(arguments, values, strict=True)))

        return write

    def writer(self, writers: Mapping[str, Writer]) -> Writer:
        """The writer of any kind as a call of one class, from those of each kind."""

        def write(layer: Layer, shape: Shape) -> str:
            own = writers.get(layer.kind)
            if own is None:
                raise self.no_class(layer, "there is none of its kind")
            return own(layer, shape)

        return write

    def no_class(self, layer: Layer, why: str) -> LayerError:
        message = f"{self.framework} has no class for this `{layer.kind}`: {why}"
        return LayerError(message, code="no-class")

    def axes_of(self, layer: Layer, shape: Shape, axes: tuple[int, ...] = (1, 2, 3)) -> int:
        """The spatial axes, which the framework has a class for."""
        if len(shape) - 1 not in axes:
            listed = ", ".join(map(str, axes))
            why = f"it is for maps of {listed} spatial axes, and {show(shape)} comes"
            raise self.no_class(layer, why)
        return len(shape) - 1


def _literal(value: object) -> str:
    if isinstance(value, float) and abs(value) == float("inf"):
        return f'float("{value}")'
    return f'"{value}"' if isinstance(value, str) else repr(value)


def one(values: tuple[One, ...]) -> One | tuple[One, ...]:
    """A per-axis value: the number itself where one stands for all axes."""
    return values[0] if len(set(values)) == 1 else values
