"""Keras's random augmentations: they change images in training and nothing afterwards."""

from __future__ import annotations

from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.frameworks.keras.pointwise import identity
from cnncalc.network import Declared

__all__ = ["AUGMENTATIONS"]

COLOURS = (0, 255)


def random_flip(
    call: Call,
    mode: object = "horizontal_and_vertical",
    seed: object = None,
    data_format: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """RandomFlip."""
    return identity(call, **keywords)


def random_rotation(
    call: Call,
    factor: object,
    fill_mode: object = "reflect",
    interpolation: object = "bilinear",
    seed: object = None,
    fill_value: object = 0.0,
    data_format: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """RandomRotation."""
    return identity(call, **keywords)


def random_zoom(
    call: Call,
    height_factor: object,
    width_factor: object = None,
    fill_mode: object = "reflect",
    interpolation: object = "bilinear",
    seed: object = None,
    fill_value: object = 0.0,
    data_format: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """RandomZoom."""
    return identity(call, **keywords)


def random_translation(
    call: Call,
    height_factor: object,
    width_factor: object,
    fill_mode: object = "reflect",
    interpolation: object = "bilinear",
    seed: object = None,
    fill_value: object = 0.0,
    data_format: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """RandomTranslation."""
    return identity(call, **keywords)


def random_colours(
    call: Call,
    factor: object,
    value_range: object = COLOURS,
    seed: object = None,
    **keywords: object,
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
