"""Keras's random augmentations: they change images in training and nothing afterwards."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.frameworks.keras.pointwise import identity
from cnncalc.network import Declared

__all__ = ["AUGMENTATIONS"]

COLOURS = (0, 255)


def random_flip(
    call: Call,
    mode: Any = "horizontal_and_vertical",
    seed: Any = None,
    data_format: Any = None,
    **keywords: Any,
) -> tuple[Declared, ...]:
    """RandomFlip."""
    return identity(call, **keywords)


def random_rotation(
    call: Call,
    factor: Any,
    fill_mode: Any = "reflect",
    interpolation: Any = "bilinear",
    seed: Any = None,
    fill_value: Any = 0.0,
    data_format: Any = None,
    **keywords: Any,
) -> tuple[Declared, ...]:
    """RandomRotation."""
    return identity(call, **keywords)


def random_zoom(
    call: Call,
    height_factor: Any,
    width_factor: Any = None,
    fill_mode: Any = "reflect",
    interpolation: Any = "bilinear",
    seed: Any = None,
    fill_value: Any = 0.0,
    data_format: Any = None,
    **keywords: Any,
) -> tuple[Declared, ...]:
    """RandomZoom."""
    return identity(call, **keywords)


def random_translation(
    call: Call,
    height_factor: Any,
    width_factor: Any,
    fill_mode: Any = "reflect",
    interpolation: Any = "bilinear",
    seed: Any = None,
    fill_value: Any = 0.0,
    data_format: Any = None,
    **keywords: Any,
) -> tuple[Declared, ...]:
    """RandomTranslation."""
    return identity(call, **keywords)


def random_colours(
    call: Call, factor: Any, value_range: Any = COLOURS, seed: Any = None, **keywords: Any
) -> tuple[Declared, ...]:
    """RandomBrightness and RandomContrast."""
    return identity(call, **keywords)


AUGMENTATIONS: Vocabulary = {
    "RandomBrightness": (random_colours, 2),
    "RandomContrast": (random_colours, 2),
    "RandomFlip": (random_flip, 2),
    "RandomRotation": (random_rotation, 2),
    "RandomTranslation": (random_translation, 2),
    "RandomZoom": (random_zoom, 2),
}
