"""Live models as networks: the same as their modules have it, and nothing is changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.live import from_torch
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

INPUT = (3, 32, 32)


def blocks() -> Any:
    """A network with a shared module, a parameter of its own, functions and a spare layer."""
    torch = torch_or_skip()
    nn, functional = torch.nn, torch.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.relu = nn.ReLU(inplace=True)
            self.gamma = nn.Parameter(torch.ones(channels, 1, 1))

        def forward(self, x: Any) -> Any:
            return self.relu(self.relu(self.bn1(self.conv1(x))) * self.gamma + x)

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.MaxPool2d(2))
            self.layers = nn.ModuleList([Block(8), Block(8)])
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(16, 10)
            self.spare = nn.Linear(3, 4)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            for layer in self.layers:
                x = layer(x)
            small = functional.interpolate(functional.avg_pool2d(x, 2), scale_factor=2)
            x = self.pool(torch.cat([x, small], 1))
            x = functional.dropout(x.view(x.size(0), -1), 0.2, self.training)
            return functional.log_softmax(self.fc(x), dim=1)

    return Net()


def test_names_sizes_and_weights() -> None:
    """Rows carry the names of `named_modules`, and all weights are counted."""
    torch = torch_or_skip()
    module = blocks()
    report = cnncalc.analyze(from_torch(module, INPUT))

    known = {name for name, _ in module.named_modules()}
    weighted = [row for row in report.layers if row.params]
    assert {row.name for row in weighted} <= known | {"layers.0.gamma", "layers.1.gamma"}
    assert [row.name for row in report.layers[:4]] == [
        "stem.0",
        "stem.1",
        "layers.0.conv1",
        "layers.0.bn1",
    ]
    total = sum(parameter.numel() for parameter in module.parameters())
    assert report.total.params + report.total.unused_params == total
    assert report.total.unused_params == 16
    assert report.rows[report.outputs[0]].output_shape == (10,)
    hooked: dict[str, Any] = {}

    def hook(name: str) -> Any:
        def note(_: Any, __: Any, output: Any) -> None:
            hooked[name] = tuple(output.shape[1:])

        return note

    for name, each in module.named_modules():
        each.register_forward_hook(hook(name))
    module.eval()(torch.rand(2, *INPUT))
    assert {row.name: row.output_shape for row in weighted if row.name in known} == {
        row.name: hooked[row.name] for row in weighted if row.name in known
    }


def test_the_module_stays_as_it_is() -> None:
    """Its flags, hooks and tensors are untouched, and nothing is run."""
    module = blocks()
    module.stem.eval()

    def refuse(*_: Any) -> None:
        raise AssertionError("the module was run")

    module.fc.register_forward_hook(refuse)
    before = {name: (id(p), p.device.type) for name, p in module.named_parameters()}
    flags = [each.training for each in module.modules()]

    from_torch(module, INPUT)

    assert {name: (id(p), p.device.type) for name, p in module.named_parameters()} == before
    assert [each.training for each in module.modules()] == flags
    assert len(module.fc._forward_hooks) == 1


def test_a_single_layer() -> None:
    """A layer by itself is a network of one."""
    nn = torch_or_skip().nn
    report = cnncalc.analyze(from_torch(nn.Conv2d(3, 8, 3, stride=2, padding="valid")), INPUT)

    assert [row.output_shape for row in report.layers] == [(8, 15, 15)]
    assert report.total.params == 224


def test_any_input_size() -> None:
    """A network is had once and worked out at several sizes."""
    network = from_torch(blocks())

    sizes = [cnncalc.analyze(network, (3, n, n)).rows[1].output_shape for n in (16, 48)]
    assert sizes == [(8, 8, 8), (8, 24, 24)]


def test_what_is_refused() -> None:
    """No module, a layer that isn't known, and a forward that asks for values."""
    nn = torch_or_skip().nn

    class Asks(nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return x if x.sum() > 0 else -x

    for module, why in (
        ("conv", "takes a torch.nn.Module, not a str"),
        (nn.Sequential(nn.Bilinear(3, 4, 5)), "`0` is a `Bilinear`, which is not known here"),
        (Asks(), "`Asks` can't be traced"),
    ):
        with pytest.raises(CnnCalcError, match=why) as caught:
            from_torch(module)
        assert caught.value.code == "live"


PAGE = Path(__file__).parent.parent / "docs" / "python.md"


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_the_readmes_example_runs(framework: str) -> None:
    """What stands behind `#` is the value of its line."""
    keras_or_skip() if framework == "keras" else torch_or_skip()
    blocks = re.findall(r"```py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [each for each in blocks if re.search(rf"(?:import|from) {framework}\b", each)]
    names: dict[str, object] = {"cnncalc": cnncalc}
    exec(block, names)
    checked = re.findall(r"^(\S.*?)  # (.+)$", block, re.MULTILINE)

    assert checked
    for expression, value in checked:
        assert eval(expression, names) == eval(value)
