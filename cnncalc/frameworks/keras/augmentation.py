"""Keras's random augmentations: they change images in training and nothing afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.frameworks.base import idle
from cnncalc.frameworks.keras.frame import Reader, Vocabulary
from cnncalc.frameworks.keras.pointwise import identity
from cnncalc.layers.base import REQUIRED

__all__ = ["AUGMENTATIONS"]

COLOURS = {"factor": REQUIRED, "value_range": (0, 255), "seed": None}
FILLED = {
    "fill_mode": "reflect",
    "interpolation": "bilinear",
    "seed": None,
    "fill_value": 0.0,
    "data_format": None,
}


def _of_images(arguments: Mapping[str, object]) -> tuple[Reader, int]:
    return idle("call", arguments)(identity), 2


AUGMENTATIONS: Vocabulary = {
    "RandomBrightness": _of_images(COLOURS),
    "RandomContrast": _of_images(COLOURS),
    "RandomFlip": _of_images(
        {"mode": "horizontal_and_vertical", "seed": None, "data_format": None}
    ),
    "RandomRotation": _of_images({"factor": REQUIRED, **FILLED}),
    "RandomTranslation": _of_images(
        {"height_factor": REQUIRED, "width_factor": REQUIRED, **FILLED}
    ),
    "RandomZoom": _of_images({"height_factor": REQUIRED, "width_factor": None, **FILLED}),
}
