"""Arguments of Keras's classes that change no size and no count, in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature

from cnncalc.frameworks.keras.frame import Reader
from cnncalc.layers.base import REQUIRED
from cnncalc.network import Declared

__all__ = ["begun", "held", "idle"]

# How tensors begin, where nobody says it.
BEGINNINGS = {
    "bias": "zeros",
    "recurrent": "orthogonal",
    "beta": "zeros",
    "gamma": "ones",
    "moving_mean": "zeros",
    "moving_variance": "ones",
}


def begun(*weights: str) -> dict[str, object]:
    """The arguments that say how tensors begin, such as `kernel_initializer`."""
    return {f"{each}_initializer": BEGINNINGS.get(each, "glorot_uniform") for each in weights}


def held(*weights: str, output: bool = True) -> dict[str, object]:
    """Those that hold tensors back in training, and the layer's output between them."""
    names = [f"{each}_regularizer" for each in weights]
    names += ["activity_regularizer"] * output
    return dict.fromkeys([*names, *(f"{each}_constraint" for each in weights)])


def idle(behind: str, *arguments: Mapping[str, object]) -> Callable[[Reader], Reader]:
    """A reader that takes these arguments too, with their defaults, and looks at none of them.

    Args:
        behind: the reader's own argument in front of them.
        arguments: their defaults by name, `REQUIRED` of one that has none.
    """
    added = {name: value for each in arguments for name, value in each.items()}
    return lambda reader: _WithIdle(reader, behind, added)


class _WithIdle:
    """A reader with further arguments, whose signature has them."""

    def __init__(self, reader: Reader, behind: str, added: Mapping[str, object]) -> None:
        own = list(signature(reader).parameters.values())
        place = [each.name for each in own].index(behind) + 1
        kind = Parameter.POSITIONAL_OR_KEYWORD
        more = [
            Parameter(name, kind, default=Parameter.empty if value is REQUIRED else value)
            for name, value in added.items()
        ]
        self.reader = reader
        self.added = added
        self.__signature__ = Signature([*own[:place], *more, *own[place:]])

    def __call__(self, *args: object, **kwargs: object) -> tuple[Declared, ...]:
        given = self.__signature__.bind(*args, **kwargs).arguments
        keywords = given.pop("keywords", {})
        own = {name: value for name, value in given.items() if name not in self.added}
        return self.reader(**own, **keywords)
