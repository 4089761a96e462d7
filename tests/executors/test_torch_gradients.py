"""What PyTorch's units see, by gradient: of every step, and by the modules' own reading."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Run
from cnncalc.layers import KINDS
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.report import Report
from cnncalc.verification import compare
from tests.executors.common import verified
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import report


@pytest.fixture(autouse=True)
def torch() -> Any:
    return torch_or_skip()


def came_out(right: Report) -> Run:
    """A run without values, whose fields can be measured."""
    from cnncalc.executors.torch.executor import Stack

    stack = Stack(right.network.at(right.input), right.input, "meta", "float32", 1)
    done = stack.forward()
    done.device = "cpu"
    return done


def measured(right: Report) -> Run:
    from cnncalc.executors.torch.gradients import measure

    done = came_out(right)
    measure(right.network.at(right.input), done)
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


def test_nothing_underflows_in_a_deep_network() -> None:
    """The ends of a field would have weights of 31^-215, which is 0 in double precision."""
    right = cnncalc.analyze("1x6600 " + "conv:1,k31,p15 " * 215)
    done = measured(right)

    reaches = done.steps[-1].reach
    assert reaches is not None
    assert reaches[0].of(3300) == (3300 - 215 * 15, 3300 + 215 * 15)
    assert compare(right, done)["mismatches"] == []


def test_a_budget_spreads_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many steps as there may be gradients for, the last one among them."""
    from cnncalc.executors.torch import gradients as torch_gradients

    right = cnncalc.analyze("3x40x40 " + "conv:4,k3 relu " * 8)
    monkeypatch.setattr(torch_gradients, "MOST_VALUES", 30_000)
    done = measured(right)

    seen = [step.reach is not None for step in done.steps[1:]]
    assert seen == [place % 4 == 3 for place in range(16)]
    assert compare(right, done)["mismatches"] == []


def test_small_batches_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many units one backward pass goes for changes nothing."""
    from cnncalc.executors.torch import gradients as torch_gradients

    right = cnncalc.analyze("3x20x20 a@conv:4,k3,p1 maxpool:2 convt:4,k2,s2 cat[ | @a ] gap")
    found = []
    for at_once in (1, 4000, 2**23):
        monkeypatch.setattr(torch_gradients, "AT_ONCE", at_once)
        steps = measured(right).steps[1:]
        found.append([[r.rows.tolist() for r in step.reach or ()] for step in steps])

    assert found[0] == found[1] == found[2]
    assert all(found[0])


def test_a_further_input_is_not_seen() -> None:
    """What stands beside the network's input moves units too, but not from there."""
    add, conv = KINDS["add"](), KINDS["conv"](4, 3, padding=((1, 1),))
    steps = [Step(Input(), (), "input"), Step(Input((3, 8, 8)), (), "noise")]
    steps += [Step(conv, (1,), "one"), Step(conv, (0,), "two"), Step(add, (2, 3), "both")]
    done = measured(cnncalc.analyze(Network(steps, (3, 8, 8))))

    seen = [[reach.of(4) for reach in step.reach or ()] for step in done.steps]
    assert seen[2:] == [[None, None], [(3, 5), (3, 5)], [(3, 5), (3, 5)]]


def test_vectors_have_no_fields() -> None:
    assert [step.reach for step in measured(cnncalc.analyze("8 linear:4 relu")).steps] == [None] * 3


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


def test_a_map_of_another_size_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients through modules that don't do what ran say nothing of it."""
    from cnncalc.executors.torch import gradients as torch_gradients

    build = torch_gradients.sums_of

    def cropped(layer: Any, *more: Any) -> Any:
        run = build(layer, *more)
        return (lambda x: run(x)[..., 1:]) if layer.kind == "conv" else run

    monkeypatch.setattr(torch_gradients, "sums_of", cropped)
    done = measured(cnncalc.analyze("3x20x20 maxpool:2 conv:4,k3 relu adaptiveavg:4"))

    assert [step.reach is None for step in done.steps[1:]] == [False, True, True, True]


def test_memory_that_runs_out_is_told(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for a layer that can't be followed."""
    from cnncalc.executors.torch import gradients as torch_gradients

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(torch_gradients, "sums_of", full)
    with pytest.raises(
        CnnCalcError, match="the run ran out of memory: CUDA out of memory"
    ) as error:
        verified("torch", "3x8x8 conv:4,k3")
    assert error.value.code == "memory"
