"""The executor `torch`: real modules agree with predictions, and planted faults are caught."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings

import cnncalc
from cnncalc import analyze
from cnncalc.axis.field import Field
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.executors import find
from cnncalc.layers import KINDS
from cnncalc.receptive.maps import Seen
from cnncalc.verification import compare, verify_report
from tests.executors import common
from tests.executors.common import check_broken_output, drawn, looked_at
from tests.executors.test_arrays import LEARNING, alone, sample
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import NAMES, report
from tests.strategies import specs

# Kinds that are Keras's own.
WITHOUT = {"sparsemax", "sparseplus", "sparsesigmoid", "standardize", "unitnorm"}
SMALL = 64  # at most so many places along an axis


@pytest.fixture(autouse=True)
def installed() -> None:
    torch_or_skip()


verified = partial(common.verified, "torch")


def shrunk(name: str) -> cnncalc.Report:
    """An example at a size that runs in a moment, if it can be had; else at its own."""
    network, shape = report(name).network, report(name).input
    for most in (SMALL, 2 * SMALL):
        small = (shape[0], *(min(n, most) for n in shape[1:]))
        try:
            return analyze(network, small)
        except SpecError:
            continue
    return report(name)


@pytest.mark.parametrize("name", NAMES)
def test_examples_agree(name: str) -> None:
    """Every step of every example, sizes and tensors, without memory for values."""
    outcome = verified(report(name).network, report(name).input, device="meta")

    assert outcome["mismatches"] == []
    assert outcome["unchecked"] == []
    assert outcome["checked"]["shapes"] == len(report(name).layers)


@pytest.mark.parametrize(
    "name", ["lenet5", "resnet18", "googlenet", "densenet121", "dcgan", "wavenet"]
)
def test_examples_agree_on_values_and_fields(name: str) -> None:
    """The same on real arrays, with fields measured by probes."""
    small = shrunk(name)
    outcome = verified(small.network, small.input)

    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] > 3


@settings(drawn, max_examples=40)
@given(specs(max_layers=6))
def test_drawn_networks_agree(spec: str) -> None:
    """Whatever fits together comes out as predicted, here and in the bundled executor."""
    try:
        outcome = verified(spec)
    except SpecError:
        return

    assert outcome["mismatches"] == []
    bundled = cnncalc.verify(spec)
    run = find("torch").run(bundled.network, bundled.input)
    again = find("bundled").run(bundled.network, bundled.input)
    for one, two in zip(run.steps, again.steps, strict=True):
        if one.built:
            assert (one.shape, one.tensors) == (two.shape, two.tensors)


@pytest.mark.parametrize("kind", sorted(set(LEARNING) - WITHOUT))
def test_every_kind_is_built(kind: str) -> None:
    """Each kind runs at one of the sample shapes that it takes."""
    layer, shapes = sample(kind)
    outcomes = []
    for shape in shapes:
        try:
            outcomes.append(verified(alone(layer), shape))
        except SpecError:
            continue

    assert [outcome["mismatches"] for outcome in outcomes] == [[]] * len(outcomes)
    assert any(not outcome["unchecked"] for outcome in outcomes)


@pytest.mark.parametrize("kind", ["conv", "maxpool", "linear", "convt", "gap", "flatten", "se"])
def test_a_broken_output_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One channel too many."""
    check_broken_output("torch", kind, monkeypatch)


@pytest.mark.parametrize("kind", ["conv", "bn", "linear", "convt", "ln", "se", "prelu"])
def test_a_forgotten_weight_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last tensor left out."""
    layer, shapes = sample(kind)
    right = KINDS[kind].weights
    monkeypatch.setattr(KINDS[kind], "macs", lambda *_: 0)
    monkeypatch.setattr(KINDS[kind], "weights", lambda self, *s: right(self, *s)[:-1])
    for shape in shapes:
        try:
            outcome = verified(alone(layer), shape)
        except SpecError:
            continue

        assert outcome["ok"] is False
        assert any(each["what"].startswith("weight ") for each in outcome["mismatches"])


@pytest.mark.parametrize("spec", ["conv:2,k3,p1", "maxpool:2", "convt:2,k4,s2,p1", "upsample:2"])
@pytest.mark.parametrize("off", [-1, 1])
def test_a_wrong_field_is_caught(spec: str, off: int) -> None:
    """A field that starts one place too early or too late."""
    right = analyze(cnncalc.parse(f"2x40x40 conv:3,k3,p1 {spec}"))
    run = looked_at(right, "torch")
    assert compare(right, run)["ok"]
    seen = right.fields[2]
    along = seen.axes[0]
    phases = tuple((start + off, size) for start, size in along.field.phases)
    moved = along._replace(field=Field(along.field.step, phases))
    right.fields[2] = Seen((moved, *seen.axes[1:]))

    found = compare(right, run)["mismatches"]

    assert [(each["index"], each["what"]) for each in found] == [(2, "receptive_field")]


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int8"])
def test_dtypes(dtype: str) -> None:
    """Each runs; whole numbers are computed in float32."""
    outcome = verified("3x16x16 conv:4,k3 bn relu gap linear:2", dtype=dtype, batch=2)

    assert outcome["ok"]
    assert outcome["dtype"] == ("float32" if dtype == "int8" else dtype)


def test_what_cannot_be_built_is_not_counted() -> None:
    """The step is listed, and those after it."""
    outcome = verified("3x8x8 conv:4,k3 sparsemax relu")

    assert outcome["unchecked"] == [2, 3]
    assert outcome["checked"]["shapes"] == 1
    assert outcome["ok"]


def test_a_step_that_fails_says_why() -> None:
    """What PyTorch refuses is evidence, not a crash."""
    wrong = analyze(cnncalc.parse("3x8x8 conv:4,k3"))
    wrong.network.steps[1].layer.__dict__["groups"] = 2
    outcome = verify_report(wrong, executor="torch").verify

    assert outcome is not None
    assert outcome["ok"] is False
    assert "divisible by groups" in outcome["mismatches"][0]["actual"]


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(CnnCalcError, match="`tpu` is no device of the executor `torch`"):
        verified("3x8x8 relu", device="tpu")


def test_memory_that_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, before the run where that can be known, and during it."""
    from cnncalc.executors import base

    monkeypatch.setattr(base, "free_memory", lambda: 2**20)
    with pytest.raises(CnnCalcError, match="this run would take"):
        verified("3x512x512 conv:64,k3")

    with pytest.raises(CnnCalcError, match="ran out of memory") as caught:
        find("torch").run(cnncalc.parse("1x4 relu"), (2**24, 2**24))
    assert caught.value.code == "memory"
