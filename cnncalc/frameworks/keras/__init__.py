"""Keras's vocabulary: what it calls each layer, and how its layers differ.

Reading is an ordinary function with the class's own signature, found by the class's name:
`READERS["Conv2D"](32, 3, padding="same", activation="relu")` gives the steps in order, here a
convolution and an activation. LayerError (a bare sentence) is what Keras refuses, TypeError
an argument that it doesn't have. Nothing here imports Keras.

A model whose layers say `data_format="channels_first"` is kept in that layout: its readers are
`readers(CHANNELS_FIRST)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from cnncalc.frameworks.keras.attention import ATTENTION
from cnncalc.frameworks.keras.augmentation import AUGMENTATIONS
from cnncalc.frameworks.keras.convolution import CONVOLUTIONS
from cnncalc.frameworks.keras.frame import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    Call,
    Frame,
    Reader,
    Vocabulary,
)
from cnncalc.frameworks.keras.merging import MERGES, declared_shape
from cnncalc.frameworks.keras.normalization import NORMS
from cnncalc.frameworks.keras.pointwise import POINTWISE
from cnncalc.frameworks.keras.pooling import POOLS
from cnncalc.frameworks.keras.recurrent import RECURRENT
from cnncalc.frameworks.keras.reshaping import RESHAPING
from cnncalc.frameworks.keras.weights import relabel
from cnncalc.layers.base import Shape

__all__ = [
    "ALIASES",
    "CHANNELS_FIRST",
    "CHANNELS_LAST",
    "READERS",
    "Frame",
    "Reader",
    "declared_input",
    "open_sizes",
    "readers",
    "relabel",
]

VOCABULARY: Vocabulary = {
    **CONVOLUTIONS,
    **POOLS,
    **RESHAPING,
    **NORMS,
    **POINTWISE,
    **RECURRENT,
    **MERGES,
    **AUGMENTATIONS,
    **ATTENTION,
}

# Second names that Keras exports.
ALIASES = {
    **{
        f"{short}{rank}D": f"{name}{rank}D"
        for rank in (1, 2, 3)
        for short, name in {
            "AvgPool": "AveragePooling",
            "GlobalAvgPool": "GlobalAveragePooling",
            "GlobalMaxPool": "GlobalMaxPooling",
            "MaxPool": "MaxPooling",
        }.items()
    },
    **{
        name.replace("Conv", "Convolution", 1): name
        for name in CONVOLUTIONS
        if name.startswith(("Conv", "Separable"))
    },
}


@cache
def readers(frame: Frame = CHANNELS_LAST) -> Mapping[str, Reader]:
    """The reader of each class, by the class's name, for models of one layout."""
    named: dict[str, Reader] = {
        name: partial(reader, Call(name, rank, frame, reader))
        for name, (reader, rank) in VOCABULARY.items()
    }
    return named | {alias: named[name] for alias, name in ALIASES.items()}


READERS = readers()


def open_sizes(arguments: Mapping[str, object]) -> tuple[int | None, ...] | None:
    """The sizes in Keras's order that an input declares, None for each that it leaves open."""
    whole = arguments.get("batch_shape", arguments.get("batch_input_shape"))
    sizes = arguments.get("shape", arguments.get("input_shape"))
    if sizes is None and isinstance(whole, tuple | list):
        sizes = whole[1:]
    if not isinstance(sizes, tuple | list) or not sizes:
        return None
    return tuple(sizes) if all(n is None or isinstance(n, int) for n in sizes) else None


def declared_input(
    arguments: Mapping[str, object], frame: Frame = CHANNELS_LAST, name: str = "Layer"
) -> Shape | None:
    """The shape (channels first) that a first layer's `input_shape` or `input_dim` declares."""
    sizes = arguments.get("input_shape", arguments.get("input_dim"))
    return None if sizes is None else declared_shape(Call(name, 0, frame), sizes)
