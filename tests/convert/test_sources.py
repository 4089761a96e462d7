"""Real sources written anew: the samples of the tests, torchvision's models, keras.applications."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, SpecError, convert
from cnncalc.layers.base import Shape
from tests.convert.emitted import assert_formatted, read_again, run, totals
from tests.convert.test_torch import module_of
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip
from tests.source.reading import SAMPLES, report_of_file, unpacked_wheel
from tests.source.test_keras_applications import FILES
from tests.source.test_samples import CASES
from tests.source.test_torchvision import file_of

TORCHVISION = (
    "convnext_small", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "mnasnet1_0",
    "mobilenet_v2", "mobilenet_v3_large", "regnet_x_400mf", "regnet_y_400mf", "resnet18",
    "resnet50", "resnext50_32x4d", "shufflenet_v2_x1_0", "squeezenet1_1", "vgg11_bn",
)  # fmt: skip
# What isn't said in another notation, and the word that the refusal says it with.
UNSAID = {
    ("autoencoder.py", "compact"): "its outputs come in another order",
    ("autoencoder.py", "keras"): "maxunpool",
    ("autoencoder.py", "torch"): "it wants the indices of a pool",
    ("gates.py", "keras"): "expand",
    ("lists.py", "compact"): "its outputs come in another order",
    ("unet_package/unet_model.py", "keras"): "no such interpolation",  # with aligned corners
    ("weights.py", "compact"): "uses the weights of `shared` again",
    ("looking.py", "compact"): "uses the weights of",
    ("weights.py", "keras"): "only learned values are written",
    ("googlenet", "compact"): "parameters are never used",
    ("inception_v3", "compact"): "parameters are never used",
    ("EfficientNetB0", "torch"): "standardize",
}
SAMPLE_CASES = [case[:3] for case in CASES]


@pytest.fixture(scope="module")
def torchvision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel("torchvision", tmp_path_factory.mktemp("wheel")) / "models"


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel("keras", tmp_path_factory.mktemp("wheel")) / "src" / "applications"


def of_torchvision(name: str, folder: Path) -> Report:
    sizes = {"inception_v3": (3, 299, 299)}
    return report_of_file(folder / file_of(name), sizes.get(name, (3, 224, 224)), name)


def of_keras(name: str, folder: Path) -> Report:
    return report_of_file(folder / f"{FILES[name]}.py", None, name, "keras")


def counted(report: Report) -> tuple[Any, ...]:
    """The totals that no notation changes: Keras counts statistics, PyTorch what is never used."""
    sizes, _, trainable, macs = totals(report)
    return sizes, trainable, macs


def assert_same(name: str, report: Report, folder: Path) -> dict[str, str]:
    """Every text reads back with the same totals, and is formatted; the texts by notation."""
    texts: dict[str, str] = {}
    for to in ("torch", "keras", "compact"):
        try:
            texts[to] = str(convert(report.network, to, tuple(report.shape(report.input))))
        except SpecError as error:
            assert_unsaid(name, to, error)
            continue
        again = read_again(texts[to], to, report)
        assert counted(again) == counted(report), to
    assert_formatted([text for to, text in texts.items() if to != "compact"], folder)
    return texts


def assert_unsaid(name: str, to: str, error: SpecError) -> None:
    assert UNSAID.get((name, to), "?") in error.message


def assert_torch_runs(text: str, report: Report) -> None:
    """The module has as many parameters, and makes the sizes, without numbers."""
    torch = torch_or_skip()
    with torch.device("meta"), torch.no_grad():
        module = module_of(text).eval()
        made = module(torch.zeros(1, *report.input))
    made = made if isinstance(made, tuple) else (made,)

    sizes = [report.rows[number].output_shape for number in report.outputs]
    assert [tuple(each.shape[1:]) for each in made] == sizes
    assert sum(each.numel() for each in module.parameters()) == report.total.trainable


def assert_keras_runs(text: str, report: Report) -> None:
    keras_or_skip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = run(text)["model"]

    sizes = [report.rows[number].output_shape for number in report.outputs]
    assert [(each.shape[-1], *each.shape[1:-1]) for each in model.outputs] == sizes
    count = sum(weight.value.numel() for weight in model.trainable_weights)
    assert count == report.total.trainable


@pytest.mark.parametrize(("file", "entry", "input"), SAMPLE_CASES)
def test_samples(file: str, entry: str | None, input: Shape, tmp_path: Path) -> None:
    report = report_of_file(SAMPLES / file, input, entry)
    texts = assert_same(file, report, tmp_path)

    if "torch" in texts:
        assert_torch_runs(texts["torch"], report)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(name: str, torchvision: Path, tmp_path: Path) -> None:
    report = of_torchvision(name, torchvision)
    texts = assert_same(name, report, tmp_path)

    assert_torch_runs(texts["torch"], report)
    assert len(texts["keras"].splitlines()) < 400  # blocks are written once


@pytest.mark.parametrize("name", FILES)
def test_keras_applications(name: str, applications: Path, tmp_path: Path) -> None:
    report = of_keras(name, applications)
    texts = assert_same(name, report, tmp_path)

    if "torch" in texts:
        assert_torch_runs(texts["torch"], report)
    if report.total.params < 10_000_000:
        assert_keras_runs(texts["keras"], report)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "squeezenet1_1"])
def test_torchvision_as_keras(name: str, torchvision: Path) -> None:
    report = of_torchvision(name, torchvision)

    assert_keras_runs(str(convert(report.network, "keras", report.input)), report)


RESNET = """\
class Block(nn.Module):
    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(
            channels, channels, 3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * channels)
        self.downsample = Downsample(in_channels, 4 * channels, stride=stride)
"""
LAYERS = """\
        self.layer1 = Layer(64, 64, 2)
        self.layer2 = Layer(256, 128, 3, stride=2)
        self.layer3 = Layer(512, 256, 5, stride=2)
        self.layer4 = Layer(1024, 512, 2, stride=2)
"""


def test_modules_become_classes_again(torchvision: Path) -> None:
    """The modules of a source are the blocks, with its names for what they hold."""
    text = str(convert(of_torchvision("resnet50", torchvision).network, "torch", (3, 224, 224)))

    assert RESNET in text
    assert LAYERS in text
