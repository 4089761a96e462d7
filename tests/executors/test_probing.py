"""What units see by probing: found where windows have it, looked for where they don't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.executors.base import Run
from cnncalc.executors.bundled.executor import BundledExecutor, Stack
from cnncalc.executors.probing import search as probing
from cnncalc.executors.probing import units
from cnncalc.executors.probing.probes import probes_of
from cnncalc.network import Network
from cnncalc.verification import compare
from tests.library import NAMES, report

run = BundledExecutor().run

PLENTY = 10**9
SPECS = [
    "3x20x20 conv:4,k3,s2,p1 bn relu maxpool:3,s2,ceil conv:6,k3,g2",
    "2x30 conv:4,k3,d4,p=same avgpool:3,s2,p1 upsample:2 conv:2,k3",
    "2x9x9x8 conv:4,k3 maxpool:2 flatten linear:3 softmax",
    "4x16x16 convt:3,k4,s2,p1 sepconv:4,3,m2 se:2 gn:2",
    "4x16x16 a@conv:4,k3,p1 conv:4,k3,p1 cat[ | @a ] chshuffle:2 slice:0..3 dwconv:3,m2",
    "4x16x16 add[ conv:4,k3,p1 | pwconv:4 ] mul[ | gap:keep ] pixelshuffle:2 conv:2,k3",
    "4x12x12 glu conv:3,k3 glu:axis=1 logsoftmax:axis=2",
    "2x12x12 permute:1x0x2 conv:3,k3,p1 permute:1x0x2",
    "3x12x12 reduce:mean,axes=1,keep expand:3x5x12 linear:4,axis=-1",
    "2x12 unfold:3,s2 conv:3,k3 linear:4,axis=1",
    "4x9x8 convt:6,k2,s3,p=same",
    "2x16x16 pad:2:3,mode=reflect crop:1 conv:2,k3,p1,mode=circular upsample:1.5,mode=linear",
]


def prepare(network: Network, asked: frozenset[int]) -> probing.Forward:
    """The bundled executor as what runs probes, with ones for weights."""

    def forward(x: Any) -> Iterator[tuple[int, Any]]:
        assert network.input is not None
        keeping = Network(network.steps, network.input, sorted(asked))
        stack = Stack(keeping, network.input, batch=len(x))
        stack.forward()
        for tensors in stack.tensors:
            for held in tensors.values():
                held[...] = 1
        stack.input[...] = x
        done = stack.forward()
        assert [step.error for step in done.steps] == [None] * len(done.steps)
        yield from stack.outputs.items()

    return forward


def probed(network: Network, shape: Any, most: int = PLENTY) -> Run:
    done = run(network, shape)
    probing.measure(network.at(shape), done, prepare, most)
    return done


def rows(done: Run) -> list[Any]:
    """What the middle unit of each step sees."""
    return [
        step.reach and [reach.rows[:2, 0].tolist() for reach in step.reach] for step in done.steps
    ]


@pytest.mark.parametrize("spec", SPECS)
def test_probes_agree_with_windows(spec: str) -> None:
    """Unit for unit, and with the report."""
    right = cnncalc.analyze(spec)
    done = probed(right.network, right.input)

    outcome = compare(right, done)
    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] > 0
    assert all(step.reach is not None for step in done.steps[1:])


@pytest.mark.parametrize("name", ["lenet5", "dcgan", "m5", "mobilenet-blocks", "inception"])
def test_examples_agree(name: str) -> None:
    right = report(name)
    outcome = compare(right, probed(right.network, right.input))

    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] == len(right.layers)


@pytest.mark.parametrize("spec", SPECS[:6])
@pytest.mark.parametrize("off", [(-1, 0), (1, 0), (0, -1), (0, 1), (3, -2)])
def test_what_windows_have_wrong_is_found_by_halving(
    spec: str, off: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The windows only say where to look first."""
    right = cnncalc.analyze(spec)
    expected = rows(probed(right.network, right.input))
    follow = units.measure_by_windows

    def astray(network: Network, done: Run) -> None:
        follow(network, done)
        for step, seen in zip(done.steps, right.input[1:2] * len(done.steps), strict=True):
            for reach in step.reach or ():
                reach.rows[0] = np.clip(reach.rows[0] - off[0], 1 - seen, 0)
                reach.rows[1] = np.clip(reach.rows[1] + off[1], 0, seen - 1)

    monkeypatch.setattr(units, "measure_by_windows", astray)

    assert rows(probed(right.network, right.input)) == expected


def test_a_step_without_values_is_not_measured() -> None:
    """Nor is anything looked for without end."""
    right = cnncalc.analyze("3x9x9 conv:4,k3 relu")
    done = run(right.network, right.input)

    probing.measure(right.network, done, lambda network, asked: lambda x: (), PLENTY)

    assert [step.reach for step in done.steps[1:]] == [None, None]


def test_what_cannot_be_probed_is_not_measured() -> None:
    """Places that are drawn, and what comes after them; branches beside them are."""
    right = cnncalc.analyze("3x9x9 a@conv:4,k3 fracmaxpool:2,size=5 relu @a conv:4,k3")
    done = probed(right.network, right.input)

    assert [step.reach is None for step in done.steps[1:]] == [False, True, True, False]


def test_large_networks_are_measured_in_part() -> None:
    """As many steps as there may be values for, the last one among them."""
    right = cnncalc.analyze("3x40x40 " + "conv:4,k3 " * 8)
    done = probed(right.network, right.input, most=200_000)

    measured = [step.reach is not None for step in done.steps[1:]]
    assert measured[-1]
    assert 1 <= sum(measured) < 8
    assert compare(right, done)["mismatches"] == []


def test_vectors_have_no_fields() -> None:
    right = cnncalc.analyze("8 linear:4 relu")

    assert [step.reach for step in probed(right.network, right.input).steps[1:]] == [None, None]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"shufflenet_v2_x1_0"}))
def test_channels_that_are_alike_are_one(name: str) -> None:
    """A probe of an example makes a small part of the values that its network does."""
    right = report(name)
    done = Run("none", "cpu", "float32", 1, [])
    from cnncalc.executors.base import StepRun

    done.steps = [StepRun(row.output_shape) for row in right.rows]
    probes = probes_of(right.network, done)

    assert None not in probes.of
    assert sum(probes.sizes) < right.total.activation_bytes / 4 / 2


def test_a_wrong_field_is_caught() -> None:
    """By what was measured, not by what windows said."""
    right = cnncalc.analyze("2x40x40 conv:3,k3,p1 conv:2,k3,p1")
    wrong = cnncalc.analyze("2x40x40 conv:3,k3,p1 conv:2,k3,d2,p2")
    outcome = compare(wrong, probed(right.network, right.input))

    assert [(each["index"], each["what"]) for each in outcome["mismatches"]] == [
        (2, "receptive_field")
    ]
