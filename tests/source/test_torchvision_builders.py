"""Every builder of torchvision's wheel, beside the figures that its own weights are published with.

`num_params` and `_ops` stand in the wheel's source next to each builder; they are read as text.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from cnncalc import SpecError
from tests.source.reading import all_params, report_of_file, unpacked_wheel, wheel_or_skip

SEGMENTED, DETECTED = (3, 520, 520), (3, 320, 320)
# Published with arguments that are no defaults: those of the weights.
WITH = {
    **dict.fromkeys(
        (
            "deeplabv3_resnet50",
            "deeplabv3_resnet101",
            "deeplabv3_mobilenet_v3_large",
            "fcn_resnet50",
            "fcn_resnet101",
        ),
        "aux_loss=True",
    ),
    "ssdlite320_mobilenet_v3_large": "weights_backbone=None",
    "vit_h_14": "image_size=518",
}
CLIP = (3, 16, 224, 224)
SIZES = {
    "inception_v3": (3, 299, 299),
    **dict.fromkeys(("s3d", "swin3d_t", "swin3d_s", "swin3d_b", "mvit_v1_b", "mvit_v2_s"), CLIP),
}
# MACs on fixed tensors are not counted here; two images.
NOT_HERE = ("swin_v2", "raft")


class Builder(NamedTuple):
    """A function of the wheel that builds a network, and its published figures."""

    file: str
    name: str
    params: int
    gmacs: float
    crop: int | None


def builders(folder: str) -> list[Builder]:
    """Those of a folder of `torchvision.models`, as their files have them."""
    try:
        with zipfile.ZipFile(wheel_or_skip("torchvision")) as wheel:
            prefix = f"torchvision/models/{folder}"
            files = [name for name in wheel.namelist()
                     if re.fullmatch(re.escape(prefix) + r"[a-z]\w*\.py", name)]  # fmt: skip
            texts = {name.removeprefix("torchvision/models/"): wheel.read(name).decode()
                     for name in files}  # fmt: skip
    except pytest.skip.Exception:
        return []
    return [each for file, text in texts.items() for each in in_file(file, text)]


def in_file(file: str, text: str) -> list[Builder]:
    found = []
    signature = r"^def (\w+)\(\s*\*,[^)]*?weights: Optional\[(\w+)\]"
    for name, weights in re.findall(signature, text, re.MULTILINE):
        body = re.search(rf"^class {weights}\(.*?(?=^\S)", text, re.MULTILINE | re.DOTALL)
        if body is None or name.startswith(NOT_HERE):
            continue
        params = re.search(r'"num_params": ([\d_]+)', body[0])
        gmacs = re.search(r'"_ops": ([\d.]+)', body[0])
        crop = re.search(r"crop_size=\(?(\d+)", body[0])
        if params and gmacs:
            size = int(crop[1]) if crop else None
            found.append(Builder(file, name, int(params[1]), float(gmacs[1]), size))
    return found


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel("torchvision", tmp_path_factory.mktemp("wheel")) / "models"


def entry(builder: Builder) -> str:
    return f"{builder.name}({WITH.get(builder.name, '')})"


def check(builder: Builder, input: tuple[int, ...], models: Path) -> None:
    report = report_of_file(models / builder.file, input, entry(builder))

    # googlenet's are published without its auxiliary heads, which never run
    params = report.total.params if builder.name == "googlenet" else all_params(report)
    assert params == builder.params
    assert round(report.total.macs / 1e9, 3) == pytest.approx(builder.gmacs, abs=1.1e-3)


def named(each: Builder) -> str:
    return each.name


@pytest.mark.slow
@pytest.mark.parametrize("builder", builders(""), ids=named)
def test_classification(builder: Builder, models: Path) -> None:
    side = builder.crop or 224
    check(builder, SIZES.get(builder.name, (3, side, side)), models)


@pytest.mark.parametrize("builder", builders("segmentation/"), ids=named)
def test_segmentation(builder: Builder, models: Path) -> None:
    check(builder, SEGMENTED, models)


@pytest.mark.parametrize("builder", builders("video/"), ids=named)
def test_video(builder: Builder, models: Path) -> None:
    check(builder, SIZES.get(builder.name, (3, 16, 112, 112)), models)


@pytest.mark.parametrize("builder", builders("detection/"), ids=named)
def test_detection_ends_with_what_it_holds(builder: Builder, models: Path) -> None:
    """What depends on values ends the flow; all weights of the model are told all the same."""
    with pytest.raises(SpecError) as caught:
        report_of_file(models / builder.file, DETECTED, entry(builder))
    report = caught.value.report

    assert report is not None
    assert not report.complete
    assert all_params(report) == builder.params


# Head and proposals by hand, from the published whole: 3x3 convolutions of 256 channels, anchors.
CONV = 256 * 256 * 9 + 256
RETINA = 8 * CONV + 9 * 91 * (256 * 9 + 1) + 9 * 4 * (256 * 9 + 1)
RPN = CONV + 3 * 257 + 3 * 4 * 257
BOXES = (256 * 49 + 1) * 1024 + 1025 * 1024 + 1025 * 91 + 1025 * 91 * 4


@pytest.mark.parametrize(
    ("file", "name", "rest"),
    [
        ("retinanet", "retinanet_resnet50_fpn", RETINA),
        ("faster_rcnn", "fasterrcnn_resnet50_fpn", RPN + BOXES),
    ],
)
def test_detection_backbones(file: str, name: str, rest: int, models: Path) -> None:
    whole = {each.name: each.params for each in builders("detection/")}
    report = report_of_file(models / f"detection/{file}.py", DETECTED, f"{name}().backbone")

    assert all_params(report) == whole[name] - rest


def test_the_builders_are_found(models: Path) -> None:
    """A change of the wheel's form would leave nothing to compare."""
    counts = [len(builders(folder)) for folder in ("", "segmentation/", "video/", "detection/")]

    assert counts == [76, 6, 9, 12]
