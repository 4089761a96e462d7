"""What an operator with windows says about them, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.errors import LayerError
from cnncalc.layers.base import Pads, Shape
from cnncalc.network import Declared

__all__ = ["Attributes", "Inputs", "Ints", "Node", "Pads", "Reader", "Text", "plain"]

Each = TypeVar("Each")
Attributes = Mapping[str, Any]
Inputs = Sequence[Shape | None]
Reader = Callable[[Attributes, Inputs], Declared]

Ints = Sequence[int]
Text = str | bytes  # onnx's own helper gives bytes

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


class Node(NamedTuple):
    """A sliding operator, with one value for each axis.

    Attributes:
        pads: (before, after) as written; they hold only where `auto_pad` is NOTSET.
    """

    op: str
    kernel: tuple[int, ...]
    strides: tuple[int, ...] = ()
    dilations: tuple[int, ...] = ()
    pads: Pads = ()
    auto_pad: str = "NOTSET"

    @classmethod
    def of(
        cls,
        op: str,
        kernel: Ints,
        strides: Ints | None,
        dilations: Ints | None,
        pads: Ints | None,
        auto_pad: Text,
    ) -> Node:
        """The node of these attributes; LayerError for what no operator takes."""
        bare = cls(op, tuple(kernel))
        word = auto_pad.decode() if isinstance(auto_pad, bytes) else auto_pad
        if word not in AUTO_PADS:
            raise bare.error(f"has no auto_pad {word!r:.40}", ", ".join(AUTO_PADS))
        if not kernel:
            raise bare.error("needs a kernel_shape", "the window's size on each axis")
        return cls(
            op,
            bare.per_axis("kernel_shape", kernel),
            bare.per_axis("strides", strides),
            bare.per_axis("dilations", dilations),
            bare.paired(pads),
            word,
        )

    def error(self, message: str, help: str | None = None) -> LayerError:
        return LayerError(f"{self.op} {message}", code="attribute", help=help)

    def per_axis(
        self, name: str, values: Ints | None, default: int = 1, least: int = 1
    ) -> tuple[int, ...]:
        """One whole number of at least `least` for each axis; the default if there are none."""
        axes = len(self.kernel)
        if values is None:
            return (default,) * axes
        if len(values) != axes or min(values) < least:
            raise self.error(
                f"can't have {name}={list(values)}", f"{axes} whole numbers of at least {least}"
            )
        return tuple(values)

    def paired(self, pads: Ints | None) -> Pads:
        """Pads as (before, after): they are written as the begins of all axes, then the ends."""
        axes = len(self.kernel)
        if pads is None:
            return ((0, 0),) * axes
        if len(pads) != 2 * axes or min(pads) < 0:
            raise self.error(
                f"can't have pads={list(pads)}",
                f"{2 * axes} whole numbers from 0 on: the begins of all axes, then the ends",
            )
        return tuple(zip(pads[:axes], pads[axes:], strict=True))


def plain(values: tuple[Each, ...]) -> tuple[Each, ...]:
    """One value for all axes where those for each are the same."""
    return values[:1] if len(set(values)) == 1 else values
