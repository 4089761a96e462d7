"""Our readers take what Keras's classes take: a new release of Keras shows up here."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import pytest

from cnncalc.frameworks.base import idle
from cnncalc.frameworks.keras import READERS
from tests.frameworks.live_keras import keras_or_skip

# Layers of Keras that are no part of a convolutional network, by subject.
ELSEWHERE = {
    "attention": {"AdditiveAttention", "Attention", "GroupQueryAttention"},
    "recurrent": {
        "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "StackedRNNCells",
    },
    "text and categories": {
        "CategoryEncoding", "Discretization", "HashedCrossing", "Hashing",
        "IntegerLookup", "ReversibleEmbedding", "StringLookup", "TextVectorization",
    },
    "sound": {"MelSpectrogram", "STFTSpectrogram"},
    "augmentation that resizes, or works on labels and boxes": {
        "AugMix", "AutoContrast", "CenterCrop", "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix", "Equalization", "MaxNumBoundingBoxes", "MixUp", "Pipeline", "RandAugment",
        "RandomColorDegeneration", "RandomColorJitter", "RandomCrop", "RandomElasticTransform",
        "RandomErasing", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
        "RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness",
        "RandomShear", "Solarization",
    },
    "wrappers of other code": {
        "FlaxLayer", "InputSpec", "JaxLayer", "Lambda", "Layer", "SpectralNormalization",
        "TFSMLayer", "TimeDistributed", "TorchModuleWrapper", "Wrapper",
    },
    "products of two inputs": {"Dot", "EinsumDense"},
}  # fmt: skip


def form(function: Any) -> list[tuple[str, Any]]:
    """Names and defaults, in order; one value for all axes is the same as that value for each."""
    return [
        ("**" if each.kind is Parameter.VAR_KEYWORD else each.name, _plain(each.default))
        for each in signature(function).parameters.values()
    ]


def _plain(default: Any) -> Any:
    while isinstance(default, tuple) and default and len(set(default)) == 1:
        default = default[0]
    return default


@pytest.mark.parametrize("name", READERS)
def test_signature_is_the_real_one(name: str) -> None:
    """Same names, same order, same defaults."""
    real = getattr(keras_or_skip().layers, name)

    assert form(READERS[name]) == form(real)


def test_every_layer_is_read_or_listed() -> None:
    """A class that a new release adds belongs in the vocabulary, or on the list above."""
    layers = {name for name in dir(keras_or_skip().layers) if name[0].isupper()}
    elsewhere = set().union(*ELSEWHERE.values())

    assert layers - READERS.keys() == elsewhere
    assert READERS.keys() - layers == set()


def test_an_argument_that_is_never_looked_at() -> None:
    """One row beside the reader: it is taken by name and by place, and moves nothing."""

    @idle("units", {"kernel_quantizer": None})
    def dense(units: int, activation: str | None = None) -> tuple[int, str | None]:
        return units, activation

    assert form(dense) == [
        ("units", Parameter.empty),
        ("kernel_quantizer", None),
        ("activation", None),
    ]
    assert dense(3, "int8", "relu") == (3, "relu")
    assert dense(3, activation="relu", kernel_quantizer="int8") == (3, "relu")
