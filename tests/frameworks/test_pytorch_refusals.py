"""What PyTorch refuses is refused in the words of the source, with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import analyze
from cnncalc.errors import LayerError, SpecError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.pytorch import READERS
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from tests.frameworks.pytorch_reading import layer_of, row_of

MAP = (3, 8, 8)
CONV = {"in_channels": 3, "out_channels": 8, "kernel_size": 3}
REFUSED: list[tuple[str, dict[str, Any], tuple[int, ...], str, str | None]] = [
    # the call, at what input, the message, the help
    ("Conv2d", CONV | {"stride": 2, "padding": "same"}, MAP,
     "nn.Conv2d refuses padding='same' with a stride other than 1", "padding in numbers"),
    ("Conv2d", CONV | {"padding": "full"}, MAP,
     "nn.Conv2d can't take padding='full'", "padding is 'same' or 'valid'"),
    ("Conv2d", CONV | {"kernel_size": (3, 3, 3)}, MAP,
     "nn.Conv2d can't take kernel_size=(3, 3, 3)", "kernel_size is a whole number, or 2 of them"),
    ("Conv2d", CONV | {"padding_mode": "mirror"}, MAP,
     "nn.Conv2d can't take padding_mode='mirror'", "'reflect'"),
    ("Conv2d", CONV | {"in_channels": 0}, MAP,
     "nn.Conv2d can't take in_channels=0", "in_channels is at least 1"),
    ("Conv2d", CONV | {"groups": 2}, MAP,
     "_channels=", "groups that divide in_channels and out_channels"),
    ("Conv2d", CONV | {"kernel_size": 2.0}, MAP,
     "nn.Conv2d can't take kernel_size=2.0", "kernel_size is a whole number"),
    ("Conv2d", CONV | {"in_channels": 4}, MAP,
     "receives 3 channels", "in_channels=3"),
    ("Conv2d", CONV, (3, 8),
     "nn.Conv2d takes maps of 2 spatial axes but receives 3×8", None),
    ("Conv1d", CONV, (3,),
     "nn.Conv1d takes maps of 1 spatial axis but receives 3", None),
    ("ConvTranspose2d", CONV | {"output_padding": 1}, MAP,
     "output_padding 1 is not smaller than the stride (1) or the dilation (1)", "at most 0"),
    ("ConvTranspose2d", CONV | {"padding": "same"}, MAP,
     "nn.ConvTranspose2d can't take padding='same'", "padding is a whole number"),
    ("MaxPool2d", {"kernel_size": 3, "padding": 2}, MAP,
     "padding=2 of nn.MaxPool2d is more than half of its kernel_size 3", "at most 1"),
    ("MaxPool2d", {"kernel_size": 2, "ceil_mode": 1}, MAP,
     "nn.MaxPool2d can't take ceil_mode=1", "ceil_mode is True or False"),
    ("AvgPool2d", {"kernel_size": 2, "divisor_override": 0}, MAP,
     "divisor_override of nn.AvgPool2d can't be 0", None),
    ("AvgPool3d", {"kernel_size": 4, "padding": 1, "ceil_mode": True}, (3, 3, 8, 8),
     "the kernel of nn.AvgPool3d spans 4 but the depth has only 3", "a kernel of at most 3"),
    ("LPPool1d", {"norm_type": 2, "kernel_size": (2,)}, (3, 8),
     "nn.LPPool1d can't take kernel_size=(2,)", "kernel_size is a whole number"),
    ("AdaptiveAvgPool2d", {"output_size": (1, 2, 3)}, MAP,
     "output_size of nn.AdaptiveAvgPool2d has 3 numbers for 2 axes", "None leaves an axis"),
    ("FractionalMaxPool2d", {"kernel_size": 2}, MAP,
     "nn.FractionalMaxPool2d takes either output_size or output_ratio", None),
    ("ZeroPad2d", {"padding": (1, 1, 1)}, MAP,
     "padding of nn.ZeroPad2d has 3 numbers, and they go in pairs", "the last axis first"),
    ("ReflectionPad2d", {"padding": 8}, MAP,
     "reflect padding of 8 is more than the height of 8 can give", "at most 7"),
    ("CircularPad2d", {"padding": 9}, MAP,
     "circular padding of 9 is more than the height of 8 can give", "at most 8"),
    ("CircularPad2d", {"padding": (-3, 6, 0, 0)}, MAP,
     "circular padding of 6 is more than the width of 5 can give", "at most 5"),
    ("BatchNorm2d", {"num_features": 3}, (3, 8),
     "nn.BatchNorm2d takes maps of 2 spatial axes but receives 3×8", None),
    ("BatchNorm1d", {"num_features": 3}, MAP,
     "nn.BatchNorm1d takes vectors or maps of 1 spatial axis but receives 3×8×8", None),
    ("InstanceNorm2d", {"num_features": 3}, (3, 1, 1),
     "nn.InstanceNorm2d takes the statistics of each map but 3×1×1 has one value per channel",
     "a larger map"),
    ("GroupNorm", {"num_groups": 2, "num_channels": 3}, MAP,
     "num_channels=3 of nn.GroupNorm is not divisible by num_groups=2", None),
    ("LayerNorm", {"normalized_shape": (8, 7)}, MAP,
     "nn.LayerNorm declares normalized_shape=[8, 7] but receives 3×8×8",
     "write normalized_shape=[8, 8]"),
    ("Upsample", {"scale_factor": 2, "mode": "linear"}, MAP,
     "nn.Upsample takes maps of 1 spatial axis but receives 3×8×8", None),
    ("Upsample", {"scale_factor": 2, "align_corners": False}, MAP,
     "nn.Upsample can't take align_corners with mode='nearest'", "linear, bilinear"),
    ("Upsample", {"size": 9, "recompute_scale_factor": True}, MAP,
     "recompute_scale_factor of nn.Upsample has no meaning with an explicit size", None),
    ("Upsample", {"scale_factor": 0.1}, MAP,
     "the output would have size 0 on the height", None),
    ("GLU", {"dim": 0}, MAP, "dim=0 of nn.GLU is the batch axis", "axis 1 is the channels"),
    ("GLU", {"dim": -4}, MAP, "dim=-4 of nn.GLU is the batch axis", "axis 1 is the channels"),
    ("LogSoftmax", {"dim": 4}, MAP,
     "dim=4 of nn.LogSoftmax is no axis of an input of 4 axes", "dim from -4 to 3"),
    ("Flatten", {"start_dim": 0}, MAP, "start_dim=0 of nn.Flatten is the batch axis", None),
    ("Dropout", {"p": 1.5}, MAP, "p=1.5 of nn.Dropout is no probability", "a number from 0 to 1"),
    ("Hardtanh", {"min_val": 1.0}, MAP, "nn.Hardtanh has max_val=1.0 not above min_val=1.0", None),
    ("Linear", {"in_features": 7, "out_features": 2}, MAP, "receives 8", "in_features=8"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "shape", "message", "help"),
    REFUSED,
    ids=[f"{name}-{n}" for n, (name, *_) in enumerate(REFUSED)],
)
def test_refusals_in_the_words_of_the_source(
    name: str, args: dict[str, Any], shape: tuple[int, ...], message: str, help: str | None
) -> None:
    with pytest.raises((LayerError, SpecError)) as caught:
        row_of(layer_of(name, args), shape)

    assert message in caught.value.message
    assert (help or "") in (caught.value.help or "")


def test_options_are_named_as_in_the_source() -> None:
    """No refusal of an argument speaks of the records' own names."""
    for name, args, shape, *_ in REFUSED:
        with pytest.raises((LayerError, SpecError)) as caught:
            row_of(layer_of(name, args), shape)
        assert not caught.value.message.startswith("`")


def settled(name: str, *args: Any, shape: tuple[int, ...]) -> str:
    """The spec of a network of one call, at an input."""
    declared = read(READERS[name], f"nn.{name}", args)
    network = Network([Step(Input(), name="input"), Step(declared, (0,), "layer")], shape)
    report = analyze(network)
    assert repr(report.network.steps[1].layer) != repr(declared.layer)
    assert report.rows[1].output_shape == report.network.steps[1].layer.output(shape)
    return report.rows[1].text


def test_what_an_input_decides_is_in_the_report_s_network() -> None:
    """The layer as PyTorch has it at this input stands in the report."""
    assert settled("ZeroPad1d", 1, shape=MAP) == "pad:0x1"
    assert settled("ConstantPad2d", 1, 0.5, shape=MAP) == "pad:1,value=0.5"
    assert settled("ConstantPad3d", (0, 0, 0, 0, 2, 1), 0, shape=MAP) == "pad:0,c=2:1"
    assert settled("LayerNorm", (3, 8, 8), shape=MAP) == "ln:axes=all"
    assert (
        settled("Upsample", None, 1.3, "bilinear", None, True, shape=MAP)
        == "upsample:size=10,mode=linear"
    )
    assert settled("AdaptiveAvgPool2d", 1, shape=(3, 4, 8, 8)) == "adaptiveavg:keepx1x1"
    assert settled("Flatten", 0, 0, shape=MAP) == "identity"
    assert settled("Linear", 3, 4, shape=(3,)) == "linear:4"
