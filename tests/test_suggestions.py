"""Which word somebody meant: the nearest that fits the place, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.frameworks import counterparts
from cnncalc.frameworks.keras import READERS as KERAS
from cnncalc.frameworks.pytorch import READERS as TORCH
from cnncalc.layers import LAYERS
from cnncalc.suggestions import plain, suggest

CONV2D = [
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "padding_mode",
]
PLACES: dict[str, tuple[list[str], dict[str, str]]] = {
    "compact": (list(LAYERS), counterparts.layer_names("compact")),
    "torch": (list(TORCH), counterparts.layer_names("torch")),
    "keras": (list(KERAS), counterparts.layer_names("keras")),
    "nn.Conv2d": (CONV2D, counterparts.option_names({each: each for each in CONV2D})),
    "examples": (["lenet5", "mobilenet_v1", "mobilenet_v2", "resnet18", "vgg11", "vgg16"], {}),
}

WORDS = {
    "compact": {
        # Typos
        "cnov": "conv", "reul": "relu", "flaten": "flatten", "softmx": "softmax",
        "maxpol": "maxpool", "lnear": "linear", "drpout": "dropout", "upsmaple": "upsample",
        # The beginning of a name, or more than it
        "avg": "avgpool", "dens": "dense", "conv2d": "conv", "conv3x3": "conv", "tanhh": "tanh",
        # Case and underscores
        "Conv": "conv", "ReLU": "relu", "max_pool": "maxpool", "MAX-POOL": "maxpool",
        # Names from elsewhere, and typos of these
        "Dense": "dense", "BatchNorm2d": "bn", "batch_norm": "bn", "batchnrom": "bn",
        "GlobalAveragePooling2D": "gap", "global_avg_pool": "gap", "MaxPooling2D": "maxpool",
        "Conv2DTranspose": "convt", "zero_padding": "pad", "concat": "cat", "swish": "silu",
        "pool": "maxpool", "residual": "add", "interpolate": "upsample", "layer_norm": "ln",
        # Nothing is near
        "qwertz": None, "foo": None, "help": None, "model": None, "params": None, "bert": None,
        "transformer": None, "attention": None, "bottleneck": None, "qz": None,
        "7": None, "": None,
    },
    "torch": {
        "Maxpool2d": "MaxPool2d", "Conv2D": "Conv2d", "Dense": "Linear", "Relu": "ReLU",
        "BatchNorm": "BatchNorm2d", "BatchNorm2D": "BatchNorm2d", "Flaten": "Flatten",
        "BatchNormalization": "BatchNorm2d", "MaxPooling2D": "MaxPool2d",
        "AveragePooling3D": "AvgPool3d", "GlobalAveragePooling1D": "AdaptiveAvgPool1d(1)",
        "Dropout2D": "Dropout2d", "Upsampling": "Upsample", "LayerNormalization": "LayerNorm",
        "AdaptiveAvgPooling2d": "AdaptiveAvgPool2d", "Conv2DTranspose": "ConvTranspose2d",
        "ConvTransposed2d": "ConvTranspose2d", "Concatenate": "torch.cat", "Add": "x + y",
        "Liner": "Linear", "LeakyRelu": "LeakyReLU", "Rellu": "ReLU", "Swish": "SiLU",
        "SeparableConv2d": None, "MyConv2d": None, "Foo": None, "Encoder": None, "Block": None,
    },
    "keras": {
        "Conv2d": "Conv2D", "Linear": "Dense", "MaxPool2d": "MaxPool2D", "ReLu": "ReLU",
        "BatchNorm2d": "BatchNormalization", "BatchNorm": "BatchNormalization",
        "AdaptiveAvgPool2d": "AdaptiveAveragePooling2D", "ConvTranspose2d": "Conv2DTranspose",
        "Dens": "Dense", "Droput": "Dropout", "GELU": 'Activation("gelu")', "Sequence": None,
    },
    "nn.Conv2d": {
        "kernal_size": "kernel_size", "kernel": "kernel_size", "kernal": "kernel_size",
        "ksize": "kernel_size", "stides": "stride", "strides": "stride", "use_bias": "bias",
        "in_channel": "in_channels", "in_chanels": "in_channels", "filters": "out_channels",
        "pad": "padding",
        "dilation_rate": "dilation", "output_channels": "out_channels", "Stride": "stride",
        "activation": None, "channels": None, "units": None, "x": None,
    },
    "examples": {
        "resnet": "resnet18", "ResNet-18": "resnet18", "resnet_18": "resnet18", "lenet": "lenet5",
        "vgg61": "vgg16", "mobilenet": "mobilenet_v1", "lent5": "lenet5", "a": None, "yolo": None,
    },
}  # fmt: skip
CASES = [(place, word, near) for place, words in WORDS.items() for word, near in words.items()]


@pytest.mark.parametrize(("place", "word", "near"), CASES)
def test_what_was_meant(place: str, word: str, near: str | None) -> None:
    known, meant = PLACES[place]

    assert suggest(word, known, meant) == near


FORMATS = ["table", "json", "jsonl", "csv", "markdown", "latex", "html"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("jason", "json"),
        ("JSON", "json"),
        ("jsonlines", None),
        ("mark", "markdown"),
        ("yaml", None),
        ("xml", None),
        ("text", None),
    ],
)
def test_without_other_words(word: str, near: str | None) -> None:
    assert suggest(word, FORMATS) == near


def test_of_two_ends_alike_neither_is_meant() -> None:
    assert suggest("use_bias", ["bias", "size"]) == "bias"
    assert suggest("size", ["kernel_size", "groups"]) == "kernel_size"
    assert suggest("size", ["kernel_size", "output_size"]) is None


def test_a_number_of_more_digits_is_another() -> None:
    assert suggest("float8", ["float16", "float32"]) is None
    assert suggest("flaot16", ["float16", "float32"]) == "float16"


def test_images_come_first() -> None:
    assert suggest("AvgPool", ["AvgPool1d", "AvgPool3d", "AvgPool2d"]) == "AvgPool2d"
    assert suggest("AvgPool1D", ["AvgPool3d", "AvgPool2d", "AvgPool1d"]) == "AvgPool1d"


names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="_-"))


@given(st.sampled_from(sorted(LAYERS)), st.booleans(), st.integers(0, 9))
def test_case_and_underscores_count_nothing(word: str, upper: bool, place: int) -> None:
    written = f"{word[:place]}_{word[place:]}"

    assert plain(suggest(written.upper() if upper else written, LAYERS) or "") == plain(word)


@given(names, st.lists(names, max_size=8))
def test_what_is_proposed_is_known(word: str, known: list[str]) -> None:
    assert suggest(word, known) in (None, *known)


@given(st.sampled_from([name for name in LAYERS if len(name) > 5]), st.data())
def test_one_slip_leads_back_or_to_a_nearer_word(word: str, data: st.DataObject) -> None:
    """A letter left out, doubled, or swapped with the next, behind the first one."""
    place = data.draw(st.integers(1, len(word) - 2))
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    )
    for slip in slips:
        near = suggest(slip, LAYERS)
        assert near is not None
        assert near == word or abs(len(near) - len(slip)) <= 1 or slip.startswith(near)
