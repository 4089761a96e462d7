"""torchvision's own model files, read from its wheel: never installed, never imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library import Document, oracle
from tests.source.reading import all_params, report_of_file, unpacked_wheel

FILES = {
    "alexnet": "alexnet",
    "convnext": "convnext",
    "densenet": "densenet",
    "efficientnet": "efficientnet",
    "googlenet": "googlenet",
    "inception": "inception",
    "mnasnet": "mnasnet",
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3": "mobilenetv3",
    "regnet": "regnet",
    "resn": "resnet",
    "shufflenet": "shufflenetv2",
    "squeezenet": "squeezenet",
    "vgg": "vgg",
    "wide": "resnet",
}
MODELS = {record["name"]: record for record in oracle("models_torch.jsonl")}
PUBLISHED = {
    name: figures
    for name, figures in oracle("published.json").items()
    if name.startswith(tuple(FILES)) and "Keras" not in name and figures.get("params")
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of torchvision's models."""
    return unpacked_wheel("torchvision", tmp_path_factory.mktemp("wheel")) / "models"


def file_of(name: str) -> str:
    return next(file for start, file in FILES.items() if name.startswith(start)) + ".py"


@pytest.mark.parametrize("name", MODELS)
def test_the_rows_of_a_real_run(name: str, models: Path) -> None:
    """Parameters, MACs, buffers and every module's name, in the order of execution."""
    record: Document = MODELS[name]
    base = name.removesuffix("_noaux")
    entry = f"{base}(aux_logits=False)" if base != name else base
    report = report_of_file(models / file_of(name), tuple(record["input"]), entry)

    assert all_params(report) == record["params"]
    assert report.total.unused_params == record["unused"]
    assert report.total.macs == record["macs"]
    assert list(report.rows[report.outputs[0]].output_shape) == record["output"]
    known = {path for path, *_ in record["rows"]}
    ran = [row for row in report.layers if row.name.split("#")[0] in known]
    assert [row.name.split("#")[0] for row in ran] == [path for path, *_ in record["rows"]]
    for row, (path, output, params, macs) in zip(ran, record["rows"], strict=True):
        assert (list(row.output_shape), row.macs) == (output, macs) or several_steps(row.kind), path
        assert row.params == (params if row.shares is None else 0), path


def several_steps(kind: str) -> bool:
    """A module of several steps (LayerNorm2d permutes, norms, permutes) has inner shapes."""
    return kind == "ln"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(name: str, models: Path) -> None:
    figures: Document = PUBLISHED[name]
    report = report_of_file(models / file_of(name), tuple(figures["input"]), name)

    assert report.total.params == figures["params"]
    assert report.total.macs == figures["macs"]
    assert round(report.total.macs / 1e9, 3) == pytest.approx(figures["gmacs"], abs=1e-3)


def test_googlenet_declares_what_never_runs(models: Path) -> None:
    report = report_of_file(models / "googlenet.py", (3, 224, 224), "googlenet")

    assert report.total.params == 6_624_904
    assert report.total.params + report.total.unused_params == 13_004_888


def test_a_vision_transformer(models: Path) -> None:
    """Parameters and MACs are those of torchvision's table."""
    report = report_of_file(models / "vision_transformer.py", (3, 224, 224), "vit_b_16")

    assert report.total.params == 86_567_656
    assert report.total.macs == 17_563_828_224


@pytest.mark.parametrize(
    ("file", "entry", "params", "buffers", "macs"),
    [
        ("swin_transformer.py", "swin_t", 28_288_354, 28_812, 4_490_566_656),
        ("maxvit.py", "maxvit_t", 30_919_624, 100_472, 5_558_046_720),
        # The counter has 4,938,464,256 with the network of positions, whose input is fixed.
        ("swin_transformer.py", "swin_v2_t", 28_351_570, 54_552, 4_938_464_256 - 18_662_400),
    ],
)
def test_attention_in_windows(
    file: str, entry: str, params: int, buffers: int, macs: int, models: Path
) -> None:
    """The figures of a run under PyTorch's own counter."""
    report = report_of_file(models / file, (3, 224, 224), entry)

    assert report.total.params == params
    assert report.total.buffers == buffers
    assert report.total.macs == macs


def test_other_sizes_and_classes(models: Path) -> None:
    report = report_of_file(models / "resnet.py", (3, 64, 64), "resnet18(num_classes=10)")

    assert report.rows[-1].output_shape == (10,)
    assert report.total.params == 11_689_512 - 990 * 513


def test_a_part_of_a_model(models: Path) -> None:
    report = report_of_file(models / "resnet.py", (64, 56, 56), "resnet50().layer1")

    assert report.rows[-1].output_shape == (256, 56, 56)
    assert report.rows[1].name == "0.conv1"
