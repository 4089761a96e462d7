"""keras.applications, read from Keras's wheel: never installed, never imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library import Document, oracle
from tests.source.reading import report_of_file, unpacked_wheel

MODELS = {record["name"]: record for record in oracle("models_keras.jsonl")}
FILES = {
    "DenseNet121": "densenet",
    "EfficientNetB0": "efficientnet",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "ResNet50": "resnet",
    "VGG16": "vgg16",
    "Xception": "xception",
}

# Total parameters as Keras's documentation has them (to 0.1 million), and to the unit
# as the models' own summaries print them.
DOCUMENTED = {
    "vgg19:VGG19": 143_667_240,
    "resnet:ResNet101": 44_707_176,
    "resnet:ResNet152": 60_419_944,
    "resnet_v2:ResNet50V2": 25_613_800,
    "resnet_v2:ResNet101V2": 44_675_560,
    "resnet_v2:ResNet152V2": 60_380_648,
    "inception_resnet_v2:InceptionResNetV2": 55_873_736,
    "mobilenet_v3:MobileNetV3Small": 2_554_968,
    "mobilenet_v3:MobileNetV3Large": 5_507_432,
    "densenet:DenseNet169": 14_307_880,
    "densenet:DenseNet201": 20_242_984,
    "nasnet:NASNetMobile": 5_326_716,
    "nasnet:NASNetLarge": 88_949_818,
    "efficientnet:EfficientNetB1": 7_856_239,
    "efficientnet:EfficientNetB7": 66_658_687,
    "efficientnet_v2:EfficientNetV2B0": 7_200_312,
    "efficientnet_v2:EfficientNetV2S": 21_612_360,
    "convnext:ConvNeXtTiny": 28_589_128,
}


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of keras.applications."""
    return unpacked_wheel("keras", tmp_path_factory.mktemp("wheel")) / "src" / "applications"


@pytest.mark.parametrize("name", MODELS)
def test_the_rows_of_a_real_model(name: str, applications: Path) -> None:
    record: Document = MODELS[name]
    report = report_of_file(applications / f"{FILES[name]}.py", None, name, "keras")

    assert report.shape(report.input) == record["input"]
    assert report.total.params == record["params"]
    assert report.total.trainable == record["trainable"]
    rows = {row.name: row for row in report.layers}
    for layer, output, params, trainable in record["rows"]:
        row = rows[layer]
        assert (row.params, row.trainable) == (params, trainable), layer
        assert report.shape(row.output_shape) == output, layer


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_parameters(name: str, applications: Path) -> None:
    file, entry = name.split(":")
    size = (224, 224, 3) if file == "mobilenet_v3" else None  # the source leaves its size open
    report = report_of_file(applications / f"{file}.py", size, entry, "keras")

    assert report.total.params == DOCUMENTED[name]


def test_without_the_top(applications: Path) -> None:
    entry = "VGG16(include_top=False, input_shape=(64, 64, 3), pooling='avg')"
    report = report_of_file(applications / "vgg16.py", None, entry, "keras")

    assert report.shape(report.rows[-1].output_shape) == [512]
    assert report.total.params == 14_714_688
