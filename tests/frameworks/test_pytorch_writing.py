"""Layers written as calls of torch.nn, and read back."""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from cnncalc import analyze
from cnncalc.analysis import settle
from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.pytorch import READERS
from cnncalc.frameworks.pytorch.writing import parts, pieces, write
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared
from tests.frameworks.live_pytorch import torch_or_skip
from tests.frameworks.pytorch_cases import CASES
from tests.frameworks.pytorch_reading import layer_of

drawn = settings(
    max_examples=8,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


class Namespace:
    """`nn`, whose classes are the vocabulary's readers."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: read(READERS[name], f"nn.{name}", args, kwargs)


def read_back(text: str) -> Declared:
    declared = eval(text, {"nn": Namespace(), "__builtins__": {"float": float}})
    assert isinstance(declared, Declared)
    return declared


def effect(layer: Layer, shape: Shape) -> object:
    """What a layer does at an input: sizes, tensors, and what each output reads."""
    output = layer.output(shape)
    lengths = output[1:] if layer.windows(shape) and layer.kind != "unfold" else ()
    read = [
        list(window.reads(o))
        for window, length in zip(layer.windows(shape), lengths, strict=False)
        for o in range(length)
    ]
    route = layer.route(shape)
    return output, layer.weights(shape), layer.macs(shape), read, route and route.mixes


@pytest.mark.parametrize("name", sorted(CASES))
def test_reads_back_what_it_wrote(name: str) -> None:
    """Every class's layers can be written, and the call does the same."""
    check_writing(name, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_reads_back_what_it_wrote_often(name: str) -> None:
    check_writing(name, settings(drawn, max_examples=25))


def check_writing(name: str, draws: settings) -> None:
    """Assert that what is written of drawn layers of a class reads back."""

    @draws
    @given(CASES[name])
    def check(case: Any) -> None:
        args, shape = case
        try:
            layer = settle(layer_of(name, args), (shape,))
            layer.output(shape)
        except LayerError:
            assume(False)
        # One value per channel: only nn.InstanceNorm3d takes it, to which a batch is channels.
        assume(not name.startswith("InstanceNorm") or prod(shape[1:]) > 1)
        if name.startswith("AdaptiveAvg") and len(shape) > 4:
            with pytest.raises(LayerError, match="no class"):
                write(layer, shape)
            return
        text = write(layer, shape)
        again = settle(read_back(text), (shape,))

        assert effect(again, shape) == effect(layer, shape), text
        assert write(again, shape) == text

    check()


SPECS = [
    ("conv:8,k3,p1", "nn.Conv2d(3, 8, 3, padding=1)"),
    ("conv:6,k3x5,s2x1,p=1:1x2:2,g3,nobias", "nn.Conv2d(3, 6, (3, 5), stride=(2, 1), padding=(1, 2), groups=3, bias=False)"),  # noqa: E501
    ("conv:8,k4,p=same", 'nn.Conv2d(3, 8, 4, padding="same")'),
    ("conv:8,k3,s2,p=same", "nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 8, 3, stride=2)"),
    ("conv:8,k4,p=same-lower,mode=reflect", "nn.ReflectionPad2d((2, 1, 2, 1)), nn.Conv2d(3, 8, 4)"),
    ("conv:8,k3,p1,mode=circular", 'nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular")'),
    ("dwconv:3,m2,p1", "nn.Conv2d(3, 6, 3, padding=1, groups=3)"),
    ("pwconv:5", "nn.Conv2d(3, 5, 1)"),
    ("sepconv:5,k3,p1", "nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False), nn.Conv2d(3, 5, 1)"),
    ("convt:4,k4,s2,p1", "nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1)"),
    ("convt:4,k3,s2,p=same", "nn.ConvTranspose2d(3, 4, 3, stride=2), nn.ZeroPad2d((0, -1, 0, -1))"),
    ("convt:4,k2,s3,p=same", "nn.ConvTranspose2d(3, 4, 2, stride=3, output_padding=1)"),
    ("maxpool:2", "nn.MaxPool2d(2)"),
    ("maxpool:3,s2,p1,ceil", "nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)"),
    ("maxpool:3,s2,p=same", 'nn.ConstantPad2d((0, 1, 0, 1), float("-inf")), nn.MaxPool2d(3, stride=2)'),  # noqa: E501
    ("maxpool:3,s2,p=same,ceil", 'nn.ConstantPad2d((0, 1, 0, 1), float("-inf")), nn.MaxPool2d(3, stride=2)'),  # noqa: E501
    ("maxpool:3,s2,p=valid,ceil", "nn.MaxPool2d(3, stride=2, ceil_mode=True)"),
    ("avgpool:3,p=-1", "nn.ZeroPad2d(-1), nn.AvgPool2d(3)"),
    ("avgpool:2,s1,p=0:1", "nn.ZeroPad2d((0, 1, 0, 1)), nn.AvgPool2d(2, stride=1)"),
    ("avgpool:3,nopadcount,p1", "nn.AvgPool2d(3, padding=1, count_include_pad=False)"),
    ("lppool:2,norm=1", "nn.LPPool2d(1, 2)"),
    ("adaptiveavg:3xkeep", "nn.AdaptiveAvgPool2d((3, None))"),
    ("gap", "nn.AdaptiveAvgPool2d(1), nn.Flatten()"),
    ("gmp:keep", "nn.AdaptiveMaxPool2d(1)"),
    ("bn", "nn.BatchNorm2d(3)"),
    ("bn:nostats,noaffine", "nn.BatchNorm2d(3, affine=False, track_running_stats=False)"),
    ("gn:3", "nn.GroupNorm(3, 3)"),
    ("in:affine", "nn.InstanceNorm2d(3, affine=True)"),
    ("ln:axes=all", "nn.LayerNorm((3, 8, 8))"),
    ("rms:axes=-1", "nn.RMSNorm(8)"),
    ("lrn:5,k=2", "nn.LocalResponseNorm(5, k=2)"),
    ("relu", "nn.ReLU()"),
    ("leakyrelu:0.2", "nn.LeakyReLU(negative_slope=0.2)"),
    ("prelu:3", "nn.PReLU(num_parameters=3)"),
    ("softmax", "nn.Softmax(dim=1)"),
    ("flatten", "nn.Flatten()"),
    ("flatten:start=1", "nn.Flatten(start_dim=2)"),
    ("reshape:12x4x4", "nn.Flatten(), nn.Unflatten(1, (12, 4, 4))"),
    ("dropout:0.2", "nn.Dropout(p=0.2)"),
    ("pad:1", "nn.ZeroPad2d(1)"),
    ("pad:1:2x0:1,mode=reflect", "nn.ReflectionPad2d((0, 1, 1, 2))"),
    ("pad:0,channels=2:1", "nn.ZeroPad3d((0, 0, 0, 0, 2, 1))"),
    ("crop:1", "nn.ZeroPad2d(-1)"),
    ("upsample:2", "nn.Upsample(scale_factor=2)"),
    ("upsample:size=9x5,mode=linear,corners", 'nn.Upsample(size=(9, 5), mode="bilinear", align_corners=True)'),  # noqa: E501
    ("pixelunshuffle:2", "nn.PixelUnshuffle(2)"),
    ("unfold:3,s2", "nn.Unfold(3, stride=2)"),
]  # fmt: skip
SHAPE = (3, 8, 8)


def written(layer: Layer, shape: Shape) -> list[tuple[str, Layer]]:
    """The calls of a layer and of what it takes beside it, each at its own input."""
    calls = []
    for part in parts(layer, shape):
        calls.append((write(part, shape), part))
        shape = part.output(shape)
    return calls


@pytest.mark.parametrize(("word", "expected"), SPECS, ids=[word for word, _ in SPECS])
def test_words_as_calls(word: str, expected: str) -> None:
    """The calls, and together they give the sizes, tensors and fields of the word."""
    row = analyze(f"3x8x8 {word}").rows[-1]
    calls = written(analyze(f"3x8x8 {word}").network.steps[1].layer, SHAPE)

    assert ", ".join(text for text, _ in calls) == expected
    shape, params, macs = SHAPE, 0, 0
    for text, _ in calls:
        layer = settle(read_back(text), (shape,))
        params += sum(weight.count for weight in layer.weights(shape) if weight.role == "parameter")
        macs += layer.macs(shape)
        shape = layer.output(shape)
    assert (shape, params, macs) == (row.output_shape, row.params, row.macs)


@pytest.mark.parametrize(("word", "expected"), SPECS, ids=[word for word, _ in SPECS])
def test_calls_run(word: str, expected: str) -> None:
    """PyTorch takes the text, and makes the word's size of it."""
    torch = torch_or_skip()
    row = analyze(f"3x8x8 {word}").rows[-1]

    modules = eval(f"[{expected}]", {"nn": torch.nn, "float": float})
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        output = torch.nn.Sequential(*modules).eval()(torch.rand(2, *SHAPE))

    assert tuple(output.shape) == (2, *row.output_shape)
    parameters = [parameter for module in modules for parameter in module.parameters()]
    assert sum(parameter.numel() for parameter in parameters) == row.params


def test_a_scale_without_a_shift() -> None:
    """The class can say it, in new versions of PyTorch alone: a program has two lines for it."""
    layer = analyze("3x8x8 bn:nostats,noshift").network.steps[1].layer

    assert write(layer, SHAPE) == "nn.BatchNorm2d(3, track_running_stats=False, bias=False)"
    assert [(piece.kind, piece.form) for piece in pieces(layer, (SHAPE,))] == [
        ("bn", "{self}({0})"), ("scale", "{0} * {self}")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("se:2", "none of its kind"),
        ("scale", "none of its kind"),
        ("slice:0..2", "none of its kind"),
        ("permute:1x2x0", "none of its kind"),
        ("ln", "its axes are not the last ones"),
        ("bn:noscale", "no shift without a scale"),
        ("avgpool:2,d2", "no dilation there"),
        ("maxpool:3,s2,p=0:1,ceil", "differs from side to side"),
        ("maxpool:3,s2,d2,p2", None),
        ("linear:4,axis=0", "nn.Linear works on the last axis"),
        ("prelu:shared=1", "slopes for channels only"),
    ],
)
def test_what_has_no_class(word: str, why: str | None) -> None:
    """Each is refused with the reason; what another layer makes up for is not."""
    layer = analyze(f"3x8x8 {word}").network.steps[1].layer

    if why is None:
        assert written(layer, SHAPE)
        return
    with pytest.raises(LayerError, match=why) as caught:
        write(layer, SHAPE)
    assert caught.value.code == "no-class"
