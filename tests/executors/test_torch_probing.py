"""What PyTorch's units see, by probes: of every step, and by the modules' own reading."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Run
from cnncalc.executors.probing.search import measure
from cnncalc.receptive.middles import middles_of
from cnncalc.report import Report
from cnncalc.verification import compare
from tests.executors.common import verified
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import report


@pytest.fixture(autouse=True)
def torch() -> Any:
    return torch_or_skip()


def measured(right: Report) -> Run:
    """A run without values, whose fields are measured."""
    from cnncalc.executors.torch.executor import Stack, TorchExecutor

    torch = TorchExecutor()
    done = Stack(right.network.at(right.input), right.input, "meta", "float32", 1).forward()
    measure(right, done, torch.prepare, torch.most_values, middles_of(right))
    return done


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "inception_v3", "mobilenet_v2"])
def test_every_step_of_a_large_network_is_measured(name: str) -> None:
    """At the size that it is used at."""
    right = report(name)
    outcome = compare(right, measured(right))

    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] == len(right.layers)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["unet", "resnet152", "efficientnet_b0"])
def test_every_step_of_the_largest_is_measured(name: str) -> None:
    test_every_step_of_a_large_network_is_measured(name)


# Classes of torch.nn that read elsewhere, and the step that is theirs.
MOVED = {
    "Conv2d": "conv:4,k3,p1",
    "ConvTranspose2d": "convt:4,k3,p1",
    "MaxPool2d": "maxpool:3,s1,p1",
    "AvgPool2d": "avgpool:3,s1,p1",
    "LPPool2d": "lppool:3,s1",
    "AdaptiveMaxPool2d": "adaptivemax:13",
    "AdaptiveAvgPool2d": "adaptiveavg:13",
    "Upsample": "upsample:2",
    "PixelUnshuffle": "pixelunshuffle:2",
    "ZeroPad2d": "pad:1",
}


@pytest.mark.parametrize("name", MOVED)
def test_a_module_that_reads_elsewhere_is_found(
    name: str, torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes out has the right size, of the places one further on."""
    spec = f"2x26x26 relu {MOVED[name]}"
    assert verified("torch", spec)["mismatches"] == []
    right = getattr(torch.nn, name).forward
    monkeypatch.setattr(
        getattr(torch.nn, name), "forward", lambda self, x: right(self, x.roll(1, -1))
    )
    found = verified("torch", spec)["mismatches"]

    assert [(each["index"], each["what"]) for each in found] == [(2, "receptive_field")]


@pytest.mark.parametrize(
    "spec", ["6x5 cat:axis=-1[] dwconv:3,s3,d5,p=same", "3x8x8 div[|]", "3x8x8 conv:4,k3 div[|]"]
)
def test_what_gradients_took_for_a_difference(spec: str) -> None:
    """Equal branches, of which one cancels the other's gradient, and windows in padding."""
    outcome = verified("torch", spec)

    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] == len(spec.split()) - 1


def test_memory_that_runs_out_is_told(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for a layer that can't be followed."""
    from cnncalc.executors.torch import probing

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(probing, "build", full)
    with pytest.raises(
        CnnCalcError, match="the run ran out of memory: CUDA out of memory"
    ) as error:
        verified("torch", "3x8x8 conv:4,k3")
    assert error.value.code == "memory"
