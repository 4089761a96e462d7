"""Keras calls as steps, where the oracles and the live comparison have no say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cnncalc import SpecError
from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.keras import (
    ALIASES,
    CHANNELS_FIRST,
    CHANNELS_LAST,
    READERS,
    Frame,
    declared_input,
    readers,
)
from cnncalc.layers.spelling import word
from tests.frameworks.keras_reading import analysed, layers_of, output_of

STEPS = [
    ("Conv2D", {"filters": 8, "kernel_size": (3, 3), "activation": "relu"}, "conv:8,k3 relu"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "linear"}, "conv:8,k3"),
    ("Conv2D", {"filters": 8, "kernel_size": (3, 5), "padding": "same"}, "conv:8,k3x5,p=same"),
    (
        "Conv1D",
        {"filters": 8, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
        "conv:8,k3,p=4:0,d2",
    ),
    (
        "Conv2DTranspose",
        {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same"},
        "convt:8,k4,s2,p=same",
    ),
    (
        "Conv2DTranspose",
        {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1},
        "convt:8,k4,s2,p=1:2",
    ),
    (
        "Conv2DTranspose",
        {"filters": 8, "kernel_size": 2, "strides": 3},
        "convt:8,k2,s3,op1",
    ),
    ("MaxPooling2D", {"pool_size": (2, 2), "strides": (2, 2)}, "maxpool:2,s2"),
    ("AveragePooling1D", {"pool_size": 3, "padding": "same"}, "avgpool:3,p=same,nopadcount"),
    ("GlobalAveragePooling2D", {"keepdims": True}, "gap:keep"),
    ("ZeroPadding2D", {"padding": ((0, 1), (0, 1))}, "pad:0:1"),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, "upsample:2x3,mode=linear"),
    ("Dense", {"units": 10, "activation": "softmax"}, "linear:10,axis=0 softmax"),
    ("Flatten", {}, "flatten:order=last"),
    ("Reshape", {"target_shape": (7, -1, 64)}, "reshape:64x7xinfer,order=last"),
    ("Permute", {"dims": (2, 1, 3)}, "permute:0x2x1"),
    ("RepeatVector", {"n": 3}, "reshape:inferx1 upsample:3"),
    ("GroupNormalization", {"groups": -1}, "gn:each"),
    ("ReLU", {"max_value": 6}, "relu6"),
    ("ReLU", {"negative_slope": 0.1}, "leakyrelu:0.1"),
    ("Activation", {"activation": "swish"}, "silu"),
    ("Activation", {"activation": "linear"}, "identity"),
    ("PReLU", {}, "prelu:shared=none"),
    ("Rescaling", {"scale": 1 / 127.5, "offset": -1}, f"rescale:{1 / 127.5!r},offset=-1"),
    ("Concatenate", {}, "cat"),
    ("Add", {}, "add:align=second"),
    ("InputLayer", {"shape": (224, 128, 3)}, "input:3x224x128"),
    ("Input", {"shape": (None, None, 3)}, "input"),
    ("RandomFlip", {"mode": "horizontal"}, "identity"),
]


@pytest.mark.parametrize(("name", "arguments", "words"), STEPS)
def test_call_as_steps(name: str, arguments: Mapping[str, Any], words: str) -> None:
    """A call is these compact words: activations are steps, channels come first."""
    assert " ".join(word(step.layer) for step in layers_of(name, arguments)) == words


SETTLED = [
    ("Concatenate", {"axis": 3}, [(4, 5, 3), (4, 5, 2)], "cat"),
    ("Concatenate", {"axis": 1}, [(4, 5, 3), (2, 5, 3)], "cat:axis=1"),
    ("BatchNormalization", {"axis": 3}, [(4, 5, 3)], "bn"),
    ("Softmax", {"axis": 1}, [(4, 5, 3)], "softmax:axis=1"),
    ("LayerNormalization", {"axis": (1, 2, 3)}, [(4, 5, 3)], "ln:axes=1x2x0"),
    ("PReLU", {"shared_axes": [1, 2]}, [(4, 5, 3)], "prelu:shared=1x2"),
    ("Dense", {"units": 10}, [(3,)], "linear:10"),
    ("Add", {}, [(4, 5, 3), (1, 5, 3)], "add"),
    ("Multiply", {}, [(4, 5, 3), (3,)], "mul:align=second"),
]


@pytest.mark.parametrize(("name", "arguments", "shapes", "words"), SETTLED)
def test_axes_are_plain_once_the_rank_is_known(
    name: str, arguments: Mapping[str, Any], shapes: list[tuple[int, ...]], words: str
) -> None:
    """`axis=3` is the channels of a map of two axes, and then it is written like any."""
    assert analysed(name, arguments, shapes).rows[-1].text == words


FORMATS = [
    ("Conv2D", {"filters": 8, "kernel_size": (3, 2)}, (3, 9, 8), (8, 7, 7)),
    ("MaxPooling1D", {"pool_size": 2}, (3, 9), (3, 4)),
    ("GlobalAveragePooling2D", {}, (3, 9, 8), (3,)),
    ("GlobalAveragePooling2D", {"keepdims": True}, (3, 9, 8), (3, 1, 1)),
    ("ZeroPadding3D", {"padding": (1, 0, 2)}, (3, 4, 5, 6), (3, 6, 5, 10)),
    ("UpSampling2D", {"size": (2, 1)}, (3, 4, 5), (3, 8, 5)),
]


@pytest.mark.parametrize("frame", [CHANNELS_LAST, CHANNELS_FIRST], ids=["last", "first"])
@pytest.mark.parametrize(("name", "arguments", "shape", "output"), FORMATS)
def test_channels_first_layer_in_any_model(
    name: str,
    arguments: Mapping[str, Any],
    shape: tuple[int, ...],
    output: tuple[int, ...],
    frame: Frame,
) -> None:
    """A layer of the other format than its model's is put between two permutations."""
    report = analysed(name, {**arguments, "data_format": "channels_first"}, [shape], frame)
    steps = layers_of(name, {**arguments, "data_format": "channels_first"}, frame)

    assert output_of(report) == list(output)
    assert ("permute" in {step.layer.kind for step in steps}) == (frame is CHANNELS_LAST)
    padded = name == "ZeroPadding3D" and frame is CHANNELS_LAST  # places of padding see nothing
    assert {seen.status for seen in report.fields} <= {"exact", "hull" if padded else "global"}


def test_a_model_kept_channels_first() -> None:
    """Dense works on the last axis there, Flatten has an order of its own, and axis 1 is first."""
    kept = readers(CHANNELS_FIRST)
    words = [
        kept["Dense"](8),
        kept["Flatten"](),
        kept["Flatten"](data_format="channels_first"),
        kept["BatchNormalization"](axis=1),
        kept["Reshape"]((3, 4)),
        kept["Permute"]((2, 1)),
    ]

    assert [word(step.layer) for (step,) in words] == [
        "linear:8,axis=-1",
        "flatten",
        "flatten:order=last",
        "bn",
        "reshape:3x4",
        "permute:1x0",
    ]


def test_image_data_format_is_a_setting() -> None:
    """Keras's own setting decides for layers that say nothing."""
    (step,) = readers(Frame("first", "channels_first"))["Conv2D"](8, 3)

    assert word(step.layer) == "conv:8,k3"


def test_frozen_layer_trains_nothing() -> None:
    """`trainable=False` is the layer's: its parameters stay parameters."""
    arguments = {"filters": 8, "kernel_size": 3, "activation": "relu", "trainable": False}
    total = analysed("Conv2D", arguments, [(9, 9, 3)]).total

    assert (total.params, total.trainable, total.buffers) == (224, 0, 0)


def test_statistics_are_parameters() -> None:
    """Keras counts them, without training them; there is no counter of batches."""
    row = analysed("BatchNormalization", {}, [(9, 9, 3)]).rows[-1]

    assert (row.params, row.trainable, row.buffers) == (12, 6, 0)
    assert [weight.name for weight in row.weights] == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]


KERNELS = [
    ("Conv2D", {"filters": 8, "kernel_size": (3, 2), "groups": 2}, (9, 9, 4), (3, 2, 2, 8)),
    ("Conv2DTranspose", {"filters": 8, "kernel_size": (3, 2)}, (9, 9, 4), (3, 2, 8, 4)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 5}, (9, 9, 4), (3, 3, 4, 5)),
    ("SeparableConv1D", {"filters": 8, "kernel_size": 3}, (9, 4), (3, 4, 1)),
    ("Dense", {"units": 8}, (9, 9, 4), (4, 8)),
    ("PReLU", {"shared_axes": 1}, (9, 7, 4), (1, 7, 4)),
    ("LayerNormalization", {"axis": (1, 3)}, (9, 7, 4), (9, 4)),
]


@pytest.mark.parametrize(("name", "arguments", "shape", "kernel"), KERNELS)
def test_weights_in_keras_order(
    name: str, arguments: Mapping[str, Any], shape: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    """Kernels are (*kernel, in, out), and everything else has the channels last."""
    assert analysed(name, arguments, [shape]).rows[-1].weights[0].shape == kernel


REFUSED = [
    ("Conv2D", {"filters": 8}, "needs `kernel_size`"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "pading": 1}, "no argument `pading`"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "stride": 2}, "no argument `stride`"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "rellu"}, "activation 'rellu'"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "lora_rank": 4}, "low-rank"),
    ("Conv2D", {"filters": 8, "kernel_size": (3, 3, 3)}, "kernel_size=(3, 3, 3)"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "data_format": "NCHW"}, "data format"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "trainable": 0}, "trainable=0"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "together"),
    ("SpatialDropout2D", {"rate": 0.5, "trainable": True}, "no argument `trainable`"),
    ("BatchNormalization", {"axis": 0}, "batch"),
    ("Flatten", {"data_format": "channels_first"}, "channels last"),
    ("Resizing", {"height": 8, "width": 8, "antialias": True}, "antialias"),
    ("Input", {}, "takes a shape"),
    ("Softmax", {"axis": (1, 2)}, "one axis"),
]


@pytest.mark.parametrize(("name", "arguments", "words"), REFUSED)
def test_refusals_name_the_argument(name: str, arguments: Mapping[str, Any], words: str) -> None:
    """What can't be read is refused with the words of the source."""
    with pytest.raises((LayerError, SpecError)) as caught:
        layers_of(name, arguments)

    assert words in str(caught.value)
    assert f"layers.{name}" in str(caught.value) or "axis" in words or name == "BatchNormalization"


def test_unknown_argument_suggests_the_nearest() -> None:
    with pytest.raises(LayerError) as caught:
        read(READERS["Conv2D"], "layers.Conv2D", (8, 3), {"pading": "same"})

    assert caught.value.help == "did you mean `padding`?"


def test_aliases_are_the_same_readers() -> None:
    assert all(READERS[alias] is READERS[name] for alias, name in ALIASES.items())
    assert {"MaxPool2D", "Convolution2D", "GlobalAvgPool1D"} <= ALIASES.keys()


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"input_shape": (32, 16, 3)}, (3, 32, 16)),
        ({"input_dim": 7}, (7,)),
        ({"input_shape": (None, None, 3)}, None),
        ({}, None),
    ],
)
def test_declared_input(arguments: Mapping[str, Any], shape: tuple[int, ...] | None) -> None:
    """The shape that a first layer declares, channels first."""
    assert declared_input(arguments) == shape
    assert declared_input({"input_shape": (3, 32, 16)}, CHANNELS_FIRST) == (3, 32, 16)
