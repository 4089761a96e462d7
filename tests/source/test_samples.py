"""Whole files in the styles that people write: what comes out, and torch's own answer."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from cnncalc.api import verify
from cnncalc.errors import Piece, Source
from cnncalc.layers.base import Shape
from cnncalc.notations import source
from tests.source.reading import SAMPLES, all_params, report_of_file

# file, model, input; outputs, all parameters, those that no step uses, buffers.
# The figures are torch's own; test_torch_agrees runs it where it is installed.
CASES: list[tuple[str, str | None, Shape, list[Shape], int, int, int]] = [
    ("lenet.py", None, (3, 32, 32), [(10,)], 62006, 0, 0),
    ("lenet.py", "Net(n_classes=100)", (3, 32, 32), [(100,)], 69656, 0, 0),
    ("mnist.py", None, (1, 28, 28), [(10,)], 1199882, 0, 0),
    ("cifar_resnet.py", "ResNet18()", (3, 32, 32), [(10,)], 11173962, 0, 9620),
    ("cifar_resnet.py", "ResNet50(100)", (3, 32, 32), [(100,)], 23705252, 0, 53173),
    ("cifar_vgg.py", None, (3, 32, 32), [(10,)], 9231114, 0, 5512),
    ("cifar_vgg.py", "VGG('VGG16')", (3, 32, 32), [(10,)], 14728266, 0, 8461),
    ("unet_package/unet_model.py", "UNet(3, 2)", (3, 67, 93), [(2, 67, 93)], 31037698, 0, 11794),
    ("unet_package/unet_model.py", "UNet(3, 2, 1)", (3, 64, 64), [(2, 64, 64)], 17263042, 0, 8850),
    ("gan.py", "Generator", (100,), [(1, 28, 28)], 581264, 0, 1538),
    ("gan.py", "Discriminator", (1, 28, 28), [(1,)], 98113, 0, 451),
    ("dcgan.py", None, (100, 1, 1), [(3, 16, 16)], 2930176, 0, 1538),
    ("lists.py", None, (3, 32, 32), [(5,), (50,)], 28872, 0, 0),
    ("gates.py", None, (3, 17, 17), [(10,)], 2188, 0, 0),
    ("config.py", None, (3, 32, 32), [(7,)], 9375, 0, 131),
    (
        "config.py",
        "Net(width_mult=2.0, activation=Activation.GELU, dropout=0.1)",
        (3, 32, 32),
        [(7,)],
        36023,
        0,
        259,
    ),
    ("weights.py", None, (3, 8, 8), [(4,)], 2630, 110, 3),
    ("probe.py", "Audio", (1, 4000), [(35,)], 35523, 0, 33),
    ("probe.py", "Video", (3, 8, 32, 32), [(5,)], 3581, 0, 0),
    ("autoencoder.py", None, (1, 28, 28), [(1, 28, 28), (8, 7, 7)], 225, 0, 0),
    ("inverted.py", None, (3, 64, 64), [(100,)], 44340, 0, 3074),
    ("vit.py", "ViT()", (3, 32, 32), [(10,)], 95098, 0, 0),
    ("vit.py", "ViT(32, 4, 64, 2, 8, pool='mean')", (3, 32, 32), [(10,)], 107722, 0, 0),
    ("looking.py", "Net()", (3, 32, 32), [(10,)], 2857, 0, 33),
]  # fmt: skip
IDS = [f"{file}:{entry or ''}" for file, entry, *_ in CASES]


@pytest.mark.parametrize(
    ("file", "entry", "input", "outputs", "params", "unused", "buffers"), CASES, ids=IDS
)
def test_pytorch_sample(
    file: str,
    entry: str | None,
    input: Shape,
    outputs: list[Shape],
    params: int,
    unused: int,
    buffers: int,
) -> None:
    report = report_of_file(SAMPLES / file, input, entry)

    assert [report.rows[number].output_shape for number in report.outputs] == outputs
    assert all_params(report) == params
    assert report.total.unused_params == unused
    assert report.total.buffers == buffers
    names = [row.name for row in report.rows]
    assert len(set(names)) == len(names)


# What `python model.py` would build where the test names nothing.
MODELS = {
    "autoencoder.py": "Autoencoder()",
    "cifar_vgg.py": "VGG()",
    "dcgan.py": "netG",
    "inverted.py": "MobileNet()",
}


def live_module(file: str) -> Any:
    """The sample as Python imports it."""
    path = SAMPLES / file
    name = f"sample_{path.stem}"
    if "/" in file:
        sys.path.insert(0, str(SAMPLES))
        try:
            return __import__(file.removesuffix(".py").replace("/", "."), fromlist=["*"])
        finally:
            sys.path.pop(0)
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("file", "entry", "input", "outputs", "params", "unused", "buffers"), CASES, ids=IDS
)
def test_torch_agrees(
    file: str,
    entry: str | None,
    input: Shape,
    outputs: list[Shape],
    params: int,
    unused: int,
    buffers: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run in torch, the sample gives the same outputs, and layer by layer the same weights."""
    torch = pytest.importorskip("torch")
    model = eval(entry or MODELS.get(file, "Net()"), vars(live_module(file)))
    model = model() if isinstance(model, type) else model
    model.eval()
    ran: dict[str, tuple[Shape, int]] = {}
    for name, module in model.named_modules():
        if name and not list(module.children()):
            module.register_forward_hook(remember(ran, name))
    results = tensors(model(torch.zeros(2, *input)))
    report = report_of_file(SAMPLES / file, input, entry)
    rows = {row.name: row for row in report.rows}

    assert [tuple(result.shape[1:]) for result in results] == outputs
    assert sum(weight.numel() for weight in model.parameters()) == params
    assert sum(weight.numel() for weight in model.buffers()) == buffers
    for name, (shape, count) in ran.items():
        if name in rows and count:
            assert rows[name].params == count, name
            assert rows[name].output_shape == shape, name
    assert sum(name in rows for name in ran) >= len(ran) - 5  # what has several steps has no row


def remember(ran: dict[str, tuple[Shape, int]], name: str) -> Any:
    """A hook that keeps the first output of a module, and what it holds."""

    def hook(module: Any, inputs: Any, output: Any) -> None:
        count = sum(weight.numel() for weight in module.parameters())
        ran.setdefault(name, (tuple(tensors(output)[0].shape[1:]), count))

    return hook


def tensors(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, tuple | list) else [value]


# Multiply-adds of one sample by PyTorch's own counter, in training without oneDNN.
COUNTED = {
    ("vit.py", "ViT()"): 1641216,
    ("vit.py", "ViT(32, 4, 64, 2, 8, pool='mean')"): 7668608,
    ("looking.py", "Net()"): 1930656,
}


@pytest.mark.parametrize(("file", "entry"), COUNTED)
def test_multiply_adds_of_attention(file: str, entry: str) -> None:
    report = report_of_file(SAMPLES / file, (3, 32, 32), entry)

    assert report.total.macs == COUNTED[file, entry]


@pytest.mark.parametrize(("file", "entry"), COUNTED)
@pytest.mark.filterwarnings("ignore")  # PyTorch's own
def test_torch_counts_as_much(file: str, entry: str) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    model = eval(entry, vars(live_module(file)))
    with FlopCounterMode(display=False) as counter, torch.backends.mkldnn.flags(enabled=False):
        model(torch.zeros(2, 3, 32, 32))

    assert counter.get_total_flops() == 2 * 2 * COUNTED[file, entry]


KERAS_CASES: list[tuple[str, str | None, Shape | None, list[Shape], int, int]] = [
    ("keras_sequential.py", None, None, [(10,)], 34826, 34826),
    ("keras_added.py", None, None, [(10,)], 545482, 545290),
    ("keras_added.py", "build(classes=100)", (64, 64, 3), [(100,)], 2129956, 2129764),
    ("keras_functional.py", None, None, [(32, 48, 1), (4,)], 25509, 25349),
    ("keras_functional.py", "model", (64, 64, 3), [(64, 64, 1), (4,)], 25509, 25349),
    ("keras_subclass.py", None, (32, 32, 3), [(5,)], 6637, 6589),
    ("keras_transfer.py", "model", None, [(3,)], 1475, 1219),
    ("keras_transfer.py", "cut", None, [(31, 31, 8)], 256, 0),
]


@pytest.mark.parametrize(
    ("file", "entry", "input", "outputs", "params", "trainable"),
    KERAS_CASES,
    ids=[f"{file}:{entry or ''}" for file, entry, *_ in KERAS_CASES],
)
def test_keras_sample(
    file: str,
    entry: str | None,
    input: Shape | None,
    outputs: list[Shape],
    params: int,
    trainable: int,
) -> None:
    """The figures are Keras's own, of the same file."""
    report = report_of_file(SAMPLES / file, input, entry)

    ends = [tuple(report.shape(report.rows[number].output_shape)) for number in report.outputs]
    assert ends == outputs
    assert (report.total.params, report.total.trainable) == (params, trainable)


def test_every_sample_is_tried() -> None:
    tried = {file for file, *_ in CASES} | {file for file, *_ in KERAS_CASES}
    parts = {"unet_package/__init__.py", "unet_package/unet_parts.py"}
    # Those of several inputs are tried in tests/test_inputs.py.
    parts |= {"conditional_gan.py", "keras_inputs.py", "late_fusion.py", "siamese.py"}

    assert {path.relative_to(SAMPLES).as_posix() for path in Path(SAMPLES).rglob("*.py")} == (
        tried | parts
    )


@pytest.mark.parametrize(
    ("file", "entry", "input"),
    [(file, entry, size) for file, entry, size, _, params, *_ in CASES if params < 3_000_000]
    + [("keras_functional.py", None, None), ("keras_transfer.py", "model", None)],
)
def test_the_bundled_executor_agrees(file: str, entry: str | None, input: Shape | None) -> None:
    """Sizes, weights and receptive fields of a traced network, computed on real arrays."""
    path = SAMPLES / file
    text = Source(path.read_text(encoding="utf-8"), [Piece(0, str(path))])
    found = verify(source.parse(text, entry=entry, path=str(path)), input).verify

    assert found is not None
    assert found["ok"], found["mismatches"]
    assert found["checked"]["shapes"] > 1
