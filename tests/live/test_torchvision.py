"""torchvision's networks as live modules: the same as their source says, and never exported."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from benchmarks.vision import torchvision
from cnncalc.layers.base import Shape
from cnncalc.live import from_torch, torch_live
from tests.frameworks.live_pytorch import torch_or_skip
from tests.live.telling import told
from tests.source.reading import report_of_file, wheel_or_skip

# In each family one, and those whose residuals go through stochastic depth.
SOME = (
    "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet",
    "mnasnet0_5", "mobilenet_v3_small", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1",
)  # fmt: skip
ATTENTION = ("maxvit", "mvit", "swin", "vit")
MAP = (8, 9, 9)


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package torchvision, of its Python part."""
    torch_or_skip()
    return torchvision(wheel_or_skip("torchvision"), tmp_path_factory.mktemp("vision"))


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules that torch.export was asked about."""
    asked: list[str] = []
    export = torch_live.export_at

    def note(torch: Any, bare: Any, name: str, shape: Shape, fed: Any) -> Any:
        asked.append(name)
        return export(torch, bare, name, shape, fed)

    monkeypatch.setattr(torch_live, "export_at", note)
    return asked


def compare(vision: Any, name: str, exports: list[str]) -> None:
    """A live network is what its source says it is, and holds what the module holds."""
    build = vision.models.get_model_builder(name)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    options |= {"weights_backbone": None} if "segmentation" in build.__module__ else {}
    device = "cpu" if name.startswith("regnet") else "meta"  # which computes with small tensors
    with torch_or_skip().device(device):
        module = build(weights=None, **options)
    size = (3, 8, 112, 112) if "video" in build.__module__ else (3, 224, 224)
    size = (3, 16, 224, 224) if name == "s3d" else size

    report = cnncalc.analyze(from_torch(module, size))

    assert exports == []
    total = report.total
    assert total.params + total.unused_params == sum(p.numel() for p in module.parameters())
    assert total.buffers == sum(b.numel() for b in module.buffers())
    file = Path(inspect.getsourcefile(inspect.unwrap(build)) or "")
    assert told(report) == told(report_of_file(file, size, name))


@pytest.mark.parametrize("name", SOME)
def test_a_network_is_what_its_source_says(name: str, vision: Any, exports: list[str]) -> None:
    compare(vision, name, exports)


@pytest.mark.slow
def test_every_network_without_attention(vision: Any, exports: list[str]) -> None:
    models = vision.models
    places = (models, models.segmentation, models.video)
    names = [name for place in places for name in models.list_models(module=place)]
    for name in names:
        if not name.startswith(ATTENTION):
            compare(vision, name, exports)
    assert len(names) > 80


def operations(ops: Any) -> dict[str, tuple[Any, str]]:
    """Modules of torchvision.ops, and the rows that each makes of a map."""
    return {
        "StochasticDepth": (ops.StochasticDepth(0.2, "row"), "identity"),
        "DropBlock2d": (ops.DropBlock2d(0.1, 3), "identity"),
        "DropBlock2d in place": (ops.DropBlock2d(0.1, 3, inplace=True), "identity"),
        "FrozenBatchNorm2d": (ops.FrozenBatchNorm2d(8), "scale shift"),
        "SqueezeExcitation": (
            ops.SqueezeExcitation(8, 2), "adaptiveavg conv relu conv sigmoid mul",
        ),
        "Permute": (ops.Permute([0, 3, 1, 2]), "permute"),
        "MLP": (ops.MLP(9, [5, 4]), "linear relu dropout linear dropout"),
        "Conv2dNormActivation": (ops.Conv2dNormActivation(8, 6), "conv bn relu"),
    }  # fmt: skip


OPERATIONS = (
    "StochasticDepth", "DropBlock2d", "DropBlock2d in place", "FrozenBatchNorm2d",
    "SqueezeExcitation", "Permute", "MLP", "Conv2dNormActivation",
)  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_of_torchvision(name: str, vision: Any, exports: list[str]) -> None:
    """Each stands in a network, where its module has a name."""
    nn = torch_or_skip().nn
    module, kinds = operations(vision.ops)[name]
    network = nn.Sequential(nn.ReLU(), module)

    report = cnncalc.analyze(from_torch(network, MAP))

    assert exports == []
    assert [row.kind for row in report.layers[1:]] == kinds.split()
    assert {row.name.partition(".")[0] for row in report.layers[1:]} == {"1"}
    assert report.rows[-1].output_shape == tuple(network.eval()(_ones(MAP)).shape[1:])


def _ones(shape: Shape) -> Any:
    return torch_or_skip().ones(2, *shape)


WRAPPED = '''"""Functions that torch.fx leaves whole."""

from operator import methodcaller

import torch
from torch import nn

FACTOR = 3


def half(x):
    return x.shape[1] // 2


@torch.fx.wrap
def gate(x, *, sharp=False):
    """Reads a size, a name of its file and a function beside it, none of which tracing can."""
    if x.shape[1] % 2:
        raise ValueError(f"an even number of channels, not {x.shape[1]}")
    one, other = x.split(half(x), dim=1)
    other = other * FACTOR if sharp else other
    return one * torch.sigmoid(other)


@torch.fx.wrap
def summed(x):
    return x if x.sum() > 0 else -x


@torch.fx.wrap
def called(x):
    return methodcaller("relu")(x)


class Gated(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(8, channels, 3)

    def forward(self, x):
        return gate(gate(self.conv(x)), sharp=True)


@torch.fx.wrap
def scaled(x, weight):
    if x.dim() != 4:
        raise ValueError(f"a map, not {x.dim()} axes")
    return x * weight.view(1, -1, 1, 1)


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8))
        self.register_buffer("unused", torch.ones(5))

    def forward(self, x):
        return scaled(x, self.weight)


class Same(nn.Module):
    def forward(self, x):
        return x


class Net(nn.Module):
    """A module that is called twice, one that does nothing, and one of functions alone."""

    def __init__(self):
        super().__init__()
        self.scale, self.same, self.gated = Scaled(), Same(), Gated(8)

    def forward(self, x):
        return self.gated(self.same(self.scale(self.scale(x))))


class Summed(nn.Module):
    def forward(self, x):
        return summed(x)


class Called(nn.Module):
    def forward(self, x):
        return called(x)
'''


@pytest.fixture
def wrapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of a package of somebody's own."""
    torch_or_skip()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("")
    (tmp_path / "own" / "gates.py").write_text(WRAPPED)
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("own.gates")
    for name in ("own", "own.gates"):
        del sys.modules[name]


def test_functions_of_ones_own(wrapped: Any, exports: list[str]) -> None:
    report = cnncalc.analyze(from_torch(wrapped.Gated(8), MAP))

    assert exports == []
    assert report.rows[-1].output_shape == (2, 7, 7)
    assert [row.kind for row in report.layers].count("sigmoid") == 2
    assert "rescale:3" in [row.text for row in report.layers]


def test_names_and_weights_around_them(wrapped: Any, exports: list[str]) -> None:
    """The same as the source has, which doesn't know what torch.fx leaves whole."""
    report = cnncalc.analyze(from_torch(wrapped.Net(), MAP))

    assert exports == []
    assert told(report) == told(report_of_file(Path(wrapped.__file__), MAP, "Net"))
    assert "same" in [row.name for row in report.layers]
    assert report.total.buffers == 5


def test_their_errors_show_their_file(wrapped: Any) -> None:
    with pytest.raises(cnncalc.SpecError, match="an even number of channels, not 7") as caught:
        cnncalc.analyze(from_torch(wrapped.Gated(7)), MAP)
    assert caught.value.file == wrapped.__file__
    assert caught.value.source_line is not None
    assert caught.value.source_line.strip().startswith("raise ValueError(")


def test_what_the_reader_cant_follow_is_exported(wrapped: Any, exports: list[str]) -> None:
    """And where torch.export can't either, the reader's reason is told."""
    report = cnncalc.analyze(from_torch(wrapped.Called()), MAP)
    assert [row.kind for row in report.layers] == ["relu"]
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.analyze(from_torch(wrapped.Summed()), MAP)
    assert caught.value.file == wrapped.__file__
    assert exports == ["Called", "Summed"]


@pytest.mark.parametrize(
    "change",
    [
        lambda module: setattr(module, "gate", lambda x: x),
        lambda module: delattr(module, "__file__"),
        lambda module: setattr(module, "__file__", "elsewhere.pyc"),
        lambda module: setattr(module.gate, "__module__", "nowhere"),
        lambda module: setattr(module.gate, "__module__", "torch.nn"),
    ],
)
def test_functions_whose_file_isnt_known(change: Callable[[Any], None], wrapped: Any) -> None:
    from cnncalc.live.python_module import module_of

    gate = wrapped.gate
    assert module_of(gate) == ("own.gates", "own", Path(wrapped.__file__).parent)
    change(wrapped)
    assert module_of(gate) is None
