"""The shipped networks against figures from outside: published totals, recorded runs, papers.

Every example is in at least one of the tables here; one without figures fails.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from cnncalc import analyze
from cnncalc.layers.base import Shape
from cnncalc.rows import Row
from tests.library import NAMES, oracle, report, text

PUBLISHED: dict[str, dict[str, Any]] = {
    name: figures for name, figures in oracle("published.json").items() if name in NAMES
}
TORCH = {record["name"]: record for record in oracle("rows_torch.jsonl")}
KERAS = {record["name"]: record for record in oracle("rows_keras.jsonl")}


class Figures(NamedTuple):
    """Totals worked out on paper, and the map sizes that the paper (or arithmetic) gives.

    Attributes:
        params: the sum written out; for a convolution out*(in*kernel + 1), 2c for a batch norm.
        macs: weights times positions, likewise.
        shapes: the output shapes in order, each once for a run of equal ones.
        published: figures in print: which total, in what unit, cut to how many of it.
    """

    params: int
    macs: int
    shapes: tuple[Shape, ...]
    published: tuple[tuple[str, int, int], ...] = ()


def conv_bn(i: int, o: int, taps: int) -> int:
    """Parameters of a convolution without bias and its batch norm."""
    return o * i * taps + 2 * o


CONTEXT = 21 * 21  # weights of one tap of the context module
GATE = 2 * 32 * (32 * 2 + 1) + 32 * (32 + 1)  # two causal convolutions, one pointwise
FIGURES = {
    "vit_b_16": Figures(  # torchvision's vit_b_16: 86,567,656 parameters, 17.56 GMACs
        params=768 * (3 * 256 + 1) + 768 + 197 * 768
        + 12 * (4 * 768**2 + 4 * 768 + 2 * 768 * 3072 + 3072 + 768 + 4 * 768) + 2 * 768
        + 1000 * 769,
        macs=768 * 768 * 196
        + 12 * (4 * 197 * 768**2 + 2 * 197**2 * 768 + 2 * 197 * 768 * 3072) + 768_000,
        shapes=((768, 14, 14), (768, 196), (768, 197),
                *12 * ((3072, 197), (768, 197)), (768, 1), (768,), (1000,)),
        published=(("params", 1, 86_567_656), ("macs", 1, 17_563_828_224)),
    ),
    "small-cnn": Figures(
        params=16 * (3 * 9 + 1) + 32 * (16 * 9 + 1) + 64 * (32 * 9 + 1) + 10 * (64 * 4 * 4 + 1),
        macs=16 * 27 * 32**2 + 32 * 144 * 16**2 + 64 * 288 * 8**2 + 10 * 1024,
        shapes=((16, 32, 32), (16, 16, 16), (32, 16, 16), (32, 8, 8), (64, 8, 8), (64, 4, 4),
                (1024,), (10,)),
    ),
    "lenet5": Figures(
        params=6 * 26 + 16 * (6 * 25 + 1) + 120 * 401 + 84 * 121 + 10 * 85,
        macs=6 * 25 * 28**2 + 16 * 150 * 10**2 + 120 * 400 + 84 * 120 + 10 * 84,
        shapes=((6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,)),
    ),
    "inception": Figures(  # GoogLeNet paper, table 1, 3a: 159K parameters, 128M operations
        params=64 * 193 + 96 * 193 + 128 * (96 * 9 + 1) + 16 * 193 + 32 * (16 * 25 + 1) + 32 * 193,
        macs=28**2 * (208 * 192 + 128 * 96 * 9 + 32 * 16 * 25),
        shapes=((64, 28, 28), (96, 28, 28), (128, 28, 28), (16, 28, 28), (32, 28, 28),
                (192, 28, 28), (32, 28, 28), (256, 28, 28)),
        published=(("params", 2**10, 159), ("macs", 10**6, 128)),
    ),
    "mobilenet-blocks": Figures(
        params=conv_bn(1, 32, 9) + conv_bn(32, 64, 1) + conv_bn(1, 64, 9) + conv_bn(64, 128, 1)
        + 2 * conv_bn(1, 128, 9) + conv_bn(128, 128, 1) + conv_bn(128, 256, 1),
        macs=112**2 * (32 * 9 + 32 * 64) + 56**2 * (64 * 9 + 64 * 128)
        + 56**2 * (128 * 9 + 128 * 128) + 28**2 * (128 * 9 + 128 * 256),
        shapes=((32, 112, 112), (64, 112, 112), (64, 56, 56), (128, 56, 56), (128, 28, 28),
                (256, 28, 28)),
    ),
    "dilated-context": Figures(  # Yu & Koltun, section 3: 64 C^2 parameters, without biases
        params=64 * CONTEXT + 8 * 21,
        macs=64 * CONTEXT * 64**2,
        shapes=((21, 64, 64),),
    ),
    "dcgan": Figures(  # the sizes of the paper's figure 1; 3,576,704 as its PyTorch example counts
        params=conv_bn(100, 512, 16) + conv_bn(512, 256, 16) + conv_bn(256, 128, 16)
        + conv_bn(128, 64, 16) + 64 * 3 * 16,
        macs=16 * (100 * 512 + 512 * 256 * 16 + 256 * 128 * 64 + 128 * 64 * 256 + 64 * 3 * 1024),
        shapes=((512, 4, 4), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64)),
        published=(("params", 1, 3576704),),
    ),
    "cgan": Figures(  # the layers one by one: noise to maps, class to a map, then DCGAN's
        params=6272 * 101 + 10 * 50 + 49 * 51 + 128 * (129 * 16 + 1) + 128 * (128 * 16 + 1)
        + 128 * 49 + 1,
        macs=6272 * 100 + 49 * 50 + 7**2 * 129 * 128 * 16 + 14**2 * 128 * 128 * 16
        + 28**2 * 128 * 49,
        shapes=((6272,), (128, 7, 7), (), (50,), (49,), (1, 7, 7), (129, 7, 7), (128, 14, 14),
                (128, 28, 28), (1, 28, 28)),
    ),
    "wavenet": Figures(
        params=32 * 257 + 10 * GATE + 256 * 33 + 256 * 257,
        macs=16000 * (256 * 32 + 10 * (2 * 32 * 32 * 2 + 32 * 32) + 32 * 256 + 256 * 256),
        shapes=((32, 16000), (256, 16000)),
    ),
    "m5": Figures(  # 26,915 as PyTorch's speech command tutorial counts
        params=32 * 81 + 64 + 32 * 97 + 64 + 64 * 97 + 128 + 64 * 193 + 128 + 35 * 65,
        macs=32 * 80 * 496 + 32 * 96 * 122 + 64 * 96 * 28 + 64 * 192 * 5 + 35 * 64,
        shapes=((32, 496), (32, 124), (32, 122), (32, 30), (64, 28), (64, 7), (64, 5), (64, 1),
                (64,), (35,)),
        published=(("params", 1, 26915),),
    ),
    "c3d": Figures(  # 78.4 million and 38.5 GMACs as MMAction2's model zoo has them
        params=64 * (3 * 27 + 1) + 128 * (64 * 27 + 1) + 256 * (128 * 27 + 1)
        + 256 * (256 * 27 + 1) + 512 * (256 * 27 + 1) + 3 * 512 * (512 * 27 + 1)
        + 4096 * (512 * 4 * 4 + 1) + 4096 * 4097 + 101 * 4097,
        macs=27 * (3 * 64 * 16 * 112**2 + 64 * 128 * 16 * 56**2 + 128 * 256 * 8 * 28**2
                   + 256 * 256 * 8 * 28**2 + 256 * 512 * 4 * 14**2 + 512 * 512 * 4 * 14**2
                   + 2 * 512 * 512 * 2 * 7**2) + 4096 * 8192 + 4096 * 4096 + 101 * 4096,
        shapes=((64, 16, 112, 112), (64, 16, 56, 56), (128, 16, 56, 56), (128, 8, 28, 28),
                (256, 8, 28, 28), (256, 4, 14, 14), (512, 4, 14, 14), (512, 2, 7, 7),
                (512, 1, 4, 4), (8192,), (4096,), (101,)),
        published=(("params", 10**5, 784), ("macs", 10**8, 385)),
    ),
    "crnn": Figures(  # section 3.4: 8.3 million parameters
        params=64 * 10 + 128 * (64 * 9 + 1) + 256 * (128 * 9 + 1) + 512 + 256 * (256 * 9 + 1)
        + 512 * (256 * 9 + 1) + 1024 + 512 * (512 * 9 + 1) + 512 * (512 * 4 + 1) + 1024
        + 2 * 4 * 256 * (512 + 256 + 2) + 256 * 513 + 2 * 4 * 256 * (256 + 256 + 2) + 37 * 513,
        macs=64 * 9 * 3200 + 128 * 64 * 9 * 800 + 256 * 128 * 9 * 200 + 256 * 256 * 9 * 200
        + 512 * 256 * 9 * 104 + 512 * 512 * 9 * 104 + 512 * 512 * 4 * 26
        + 26 * (2 * 1024 * (512 + 256) + 256 * 512 + 2 * 1024 * (256 + 256) + 37 * 512),
        shapes=((64, 32, 100), (64, 16, 50), (128, 16, 50), (128, 8, 25), (256, 8, 25),
                (256, 4, 26), (512, 4, 26), (512, 2, 27), (512, 1, 26), (512, 26), (256, 26),
                (512, 26), (37, 26)),
        published=(("params", 10**5, 83),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_example_reads_as_documentation(name: str) -> None:
    """A line that says what it is and by whom, the input size, and little more."""
    lines = text(name).splitlines()

    assert re.fullmatch(r"# [^:]+: .+( \([^()]+, (19|20)\d\d\)|[^.)])", lines[0])
    assert re.fullmatch(r"\d+(x\d+)+|\w+@input:\d+", lines[1])
    assert len(lines) <= 60
    assert max(map(len, lines[1:])) <= 100
    assert text(name).endswith("\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_has_figures_from_outside(name: str) -> None:
    """No example without a recorded run or a sum on paper."""
    assert name in {**TORCH, **KERAS, **FIGURES}


def test_the_library_is_whole() -> None:
    """The networks that people ask for by name."""
    asked = """small-cnn lenet5 alexnet vgg11 vgg13 vgg16 vgg19 resnet18 resnet34 resnet50 resnet101
        resnet152 resnext50_32x4d googlenet inception inception_v3 squeezenet1_0 squeezenet1_1
        densenet121 mobilenet_v1 mobilenet_v2 mobilenet_v3_large mobilenet-blocks
        shufflenet_v2_x1_0 xception efficientnet_b0 convnext_tiny unet aspp dcgan cgan wavenet m5
        c3d crnn r2plus1d_18 dilated-context vit_b_16"""

    assert sorted(asked.split()) == NAMES


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_totals(name: str) -> None:
    """Parameters to the unit and MACs exactly as published."""
    published, ours = PUBLISHED[name], report(name)

    assert ours.total.params == published["params"]
    assert ours.total.macs == published.get("macs", ours.total.macs)
    assert list(ours.input) == published.get("input", list(ours.input))
    assert list(ours.rows[-1].output_shape) == published.get("output", [10])


@pytest.mark.parametrize("name", TORCH)
def test_recorded_torch_runs(name: str) -> None:
    """Every row with parameters, in order: shape, count, MACs; and the totals with buffers."""
    record, ours = TORCH[name], report(name)
    rows = [[list(row.output_shape), row.params, row.macs] for row in ours.layers if row.params]
    recorded = [[first_channels(name, shape), *counts] for _, shape, *counts in record["rows"]]

    assert rows == recorded
    assert list(ours.input) == record["input"]
    assert list(ours.rows[-1].output_shape) == record["output"]
    assert ours.total.params == record["params"]
    assert ours.total.buffers == record["buffers"]
    assert ours.total.macs == record["macs"]


def first_channels(name: str, shape: list[int]) -> list[int]:
    """ConvNeXt in torchvision normalises with the channels last; the count is the same."""
    if name == "convnext_tiny" and len(shape) == 3 and shape[0] == shape[1] != shape[2]:
        return [shape[2], *shape[:2]]
    return shape


@pytest.mark.parametrize("name", KERAS)
def test_recorded_keras_runs(name: str) -> None:
    """The same for Keras, whose counts hold the moving statistics that are buffers here."""
    record, ours = KERAS[name], report(name)
    rows = [
        [as_last(row.output_shape), row.params + statistics(row), row.trainable]
        for row in ours.layers
        if row.params
    ]

    assert rows == [row[2:] for row in record["rows"]]
    assert as_last(ours.input) == record["input"]
    assert ours.total.params == ours.total.trainable == record["trainable"]
    assert ours.total.params + sum(map(statistics, ours.layers)) == record["params"]


def statistics(row: Row) -> int:
    """What Keras counts as parameters that don't train: 2 for each channel, no batch counter."""
    return max(row.buffers - 1, 0)


def as_last(shape: Shape) -> list[int]:
    return [*shape[1:], shape[0]]


@pytest.mark.parametrize("name", FIGURES)
def test_figures_on_paper(name: str) -> None:
    """Sums written out, the sizes of every map, and what is in print."""
    figures, ours = FIGURES[name], report(name)
    shapes = [row.output_shape for row in ours.layers]
    steps = [shape for shape, before in zip(shapes, [(), *shapes], strict=False) if shape != before]

    assert ours.total.params == figures.params
    assert ours.total.macs == figures.macs
    assert tuple(steps) == figures.shapes
    for total, unit, printed in figures.published:
        assert getattr(ours.total, total) // unit == printed


def test_unet_meets_at_the_sizes_of_its_figure() -> None:
    """572 in, the sizes under each block of the paper's figure 1, 388 out."""
    rows = report("unet").layers
    convolutions = [row.output_shape[1] for row in rows if row.kind == "conv"]
    joins = [row.output_shape for row in rows if row.kind == "cat"]

    assert convolutions == [570, 568, 282, 280, 138, 136, 66, 64, 30, 28, 54, 52, 102, 100,
                            198, 196, 390, 388, 388]  # fmt: skip
    assert joins == [(1024, 56, 56), (512, 104, 104), (256, 200, 200), (128, 392, 392)]


def test_a_gate_written_out_is_the_se_layer() -> None:
    """`se` counts as its two convolutions, and sees what they see."""
    short = analyze("16x20x20 conv:8,k3,s2 se:c=2")
    long = analyze("16x20x20 conv:8,k3,s2 mul[ gap:keep pwconv:2 relu pwconv:8 sigmoid | ]")

    assert short.total[:3] == long.total[:3]
    assert short.total.macs == long.total.macs
    assert short.fields[-1].to_dict(short.input) == long.fields[-1].to_dict(long.input)
