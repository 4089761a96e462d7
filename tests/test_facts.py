"""Facts that anyone can look up or work out in their head: one line each."""

from __future__ import annotations

import pytest

from cnncalc import analyze
from tests.library import text

SIZES = [
    ("3x130x130 conv:10,k3 maxpool:4 conv:20,k5,p2 maxpool:2", (20, 16, 16)),
    ("3x130x130 conv:10,k3 maxpool:4 conv:20,k5,p2 maxpool:2 flatten", (5120,)),
    ("1x7x7 conv:1,k3", (1, 5, 5)),
    ("1x7x7 conv:1,k3,s2", (1, 3, 3)),
    ("3x32x32 conv:12,k6,s2", (12, 14, 14)),
    ("1x200x200 conv:16,k2,s2", (16, 100, 100)),
    ("1x200x200 conv:16,k2,s2 conv:32,k3,p1", (32, 100, 100)),
    (
        "3x32x32 conv:16,k3,p1 maxpool:2 conv:32,k3,p1 maxpool:2 conv:64,k3,p1 maxpool:2 flatten",
        (1024,),
    ),
]
COUNTS = [
    ("16x8x8 conv:32,k3,nobias", "params", 4608),
    ("16x8x8 dwconv:3,nobias pwconv:32,nobias", "params", 656),
    ("16x8x8 sepconv:32,k3,nobias", "params", 656),
    ("3x8x8 conv:64,k7", "params", 64 * (3 * 7**2 + 1)),
    ("64x8x8 bn", "params", 128),
    ("64x8x8 bn", "buffers", 129),
    ("8x9x9 dwconv:3,d2,nobias", "params", 9 * 8),  # 9 weights for each channel
    ("1x9x9 conv:1,k3,d2,nobias", "params", 9),
    ("16x32x32 convt:8,k4,s2,p1", "macs", 2_097_152),
    (text("alexnet"), "params", 61_100_840),
    (text("vgg16"), "params", 138_357_544),
    (text("vgg16"), "macs", 15_470_264_320),
    (text("resnet18"), "params", 11_689_512),
]
FIELDS = [
    ("1x9x9 conv:1,k3 conv:1,k3", [5, 5]),
    ("1x9x9 conv:1,k3,d2", [5, 5]),
    ("1x9x9 conv:1,k1", [1, 1]),
]


def first_line(spec: str) -> str:
    return spec.partition("\n")[0][:40]


@pytest.mark.parametrize(("spec", "shape"), SIZES)
def test_sizes(spec: str, shape: tuple[int, ...]) -> None:
    """What comes out at the end."""
    assert analyze(spec).rows[-1].output_shape == shape


@pytest.mark.parametrize(
    ("spec", "total", "expected"),
    COUNTS,
    ids=[f"{first_line(spec)} {total}" for spec, total, _ in COUNTS],
)
def test_counts(spec: str, total: str, expected: int) -> None:
    """Weights, buffers and multiply-accumulates in all."""
    assert getattr(analyze(spec).total, total) == expected


@pytest.mark.parametrize(("spec", "size"), FIELDS)
def test_fields(spec: str, size: list[int]) -> None:
    """How far the last layer sees."""
    report = analyze(spec)

    assert report.fields[-1].to_dict(report.input)["size"] == size
