"""What verifies where: every kind of layer, every example and drawn networks, on each executor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

import cnncalc
from cnncalc import analyze
from cnncalc.executors import EXECUTORS, find
from cnncalc.executors.base import Run
from cnncalc.network import Network
from cnncalc.report import Report
from cnncalc.verification import compare, verify_report
from tests.executors.common import drawn, verified
from tests.executors.test_arrays import LEARNING, alone, sample, takes, variants
from tests.library import EXAMPLES, NAMES
from tests.strategies import odd_specs, specs
from tests.verification.standing_in import installed_or_skip

# What a framework has nothing to build of: these are listed as not checked.
UNBUILT: dict[str, set[str]] = {
    "bundled": set(),
    "torch": {"sparsemax"},
    "keras": set(),
    "onnxruntime": {"fracmaxpool", "maxunpool", "sparsemax"},
}
FRAMEWORKS = [name for name in EXECUTORS if name != "bundled"]
SOURCES = {"tutorial_net": ("torch", (3, 32, 32)), "keras_cnn": ("keras", None)}
QUICK = ["lenet5", "small-cnn", "inception", "dcgan", "cgan", "m5", "mobilenet-blocks", *SOURCES]


def network_of(name: str) -> tuple[Network, Any]:
    """A shipped example, and the size to run it at: None for its own."""
    if name in SOURCES:
        notation, size = SOURCES[name]
        text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        return cnncalc.parse(text, notation=notation), size
    return cnncalc.parse((EXAMPLES / f"{name}.cnn").read_text(encoding="utf-8")), None


def check_kind(executor: str, kind: str, every: bool) -> None:
    """Assert that a kind agrees, and is built if it is to be; with all its options or as it is."""
    installed_or_skip(executor)
    layer, shapes = sample(kind)
    outcomes = [
        verify_report(analyze(alone(variant), shape), executor=executor).verify
        for variant in (variants(layer) if every else [layer])
        for shape in (shapes if every else shapes[:3])
        if takes(variant, shape)
    ]

    assert outcomes
    assert [outcome["mismatches"] for outcome in outcomes if outcome] == [[]] * len(outcomes)
    built = [outcome for outcome in outcomes if outcome and not outcome["unchecked"]]
    assert bool(built) == (kind not in UNBUILT[executor])


@pytest.mark.parametrize("executor", FRAMEWORKS)
@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind(executor: str, kind: str) -> None:
    check_kind(executor, kind, every=False)


@pytest.mark.slow
@pytest.mark.parametrize("executor", FRAMEWORKS)
@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind_with_every_option(executor: str, kind: str) -> None:
    check_kind(executor, kind, every=True)


def check_example(executor: str, name: str) -> None:
    """Assert that all of an example agrees, at its own size."""
    installed_or_skip(executor)
    network, size = network_of(name)
    report = cnncalc.verify(network, size, executor=executor)

    assert report.verify is not None
    assert report.verify["mismatches"] == report.verify["unchecked"] == []
    assert report.verify["checked"]["shapes"] == len(report.layers)
    assert report.verify["checked"]["receptive_field"] > 0 or len(report.frame) == 1


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", QUICK)
def test_examples(executor: str, name: str) -> None:
    check_example(executor, name)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("spec", ["4x9x8 convt:6,k2,s3,p=same", "2x9 convt:6,k2,s3 relu"])
def test_units_in_gaps_see_nothing(executor: str, spec: str) -> None:
    """So that no run can tell what they would see of the other axis."""
    installed_or_skip(executor)
    outcome = cnncalc.verify(spec, executor=executor).verify

    assert outcome is not None
    assert outcome["mismatches"] == []
    assert outcome["checked"]["receptive_field"] > 0


# Each with those that have nothing to build one of its steps of.
ODD = {
    "1x2x1 maxpool:2,p=same-lower,d=3x2": (),
    "1x2x2 maxpool:2,s2,p=1,d=3,ceil": (),
    "4x6x6 conv:4,k1 expand:4x6x6 relu": (),
    "6x9x9 conv:3,k4,p=-1:3x0,mode=reflect": (),
    "4x8x8 dwconv:3,p=-1:1,mode=replicate,m2": (),
    "4x8x8 sepconv:3,k3,p=-1,mode=circular": (),
    "6x5x2 conv:2,k3,p=1:3x2:-1,mode=replicate": (),
    "1x1x3 pad:4:-1x3:0,mode=replicate": (),
    "4x4 pad:-2:2,mode=circular": (),
    "4x8 maxpool:3,s2,p=valid,ceil": (),
    "4x7x9 lppool:2,s4x2,p=valid,ceil": (),
    "4x8x8 maxpool:2,s3x4,p=-1x0,ceil": ("onnxruntime",),
    "4x8x8x8 maxpool:2,p=0:1,ceil": (),
    "1x9x10 lppool:2,p=1:-1": (),
    "1x9x10 avgpool:3,p=1:-1x-2:0,nopadcount": (),
    "1x9x9 avgpool:3,p=-1,ceil": ("torch", "onnxruntime"),
    "1x11 avgpool:5,p=same-lower,d3": ("torch",),
    "2x3x3x3 avgpool:5,p2": ("torch",),
    "2x3x3x3 avgpool:5,p2,nopadcount": ("torch",),
    "2x3x7x8 avgpool:5,ceil": ("torch",),
    "9x5x4x6 avgpool:5,s1,p2,divisor=3,nopadcount": ("torch",),
    "4x2x3x8 fracmaxpool:1,size=2": ("torch", "onnxruntime"),
    "6x1x3 convt:12,k2x4,s3,p=3:0x3:1,op2,g6": (),
    "4x1x1x1 convt:1,k2x3x2,s2x4x1,op1x2x1,d2x1x3": (),
    "8x2x10 upsample:2.3": (),
    "3x3 upsample:1.2": (),
    "3x7x3 upsample:1.3,mode=linear": (),
    "4x8x8 upsample:size=5,mode=lanczos3": ("torch", "onnxruntime"),
    "3x2x5 ln:axes=2x0": (),
    "3x2x5 rms:axes=1x0": (),
    "3x4 threshold:0.1,0.2": (),
    "9x7x4 conv:3,k3,s1x2": (),
    "6x1x6 add[ | conv:6,k4x5,p=same,d2x1 ]": (),
    "6x2x2x1 conv:1,k4,p=same-lower,d2 flatten:start=1": (),
    "3x4x7x5 unflatten:1xinfer,axis=-4 se:2": ("torch", "keras"),
    "1x4x4x3x6 maxpool:2": ("torch", "keras", "onnxruntime"),
    "4x1x3x1x2 upsample:2,mode=linear,corners": ("torch", "onnxruntime"),
    "7x8x7x9 permute:3x1x2x0 lrn": (),
    "3x1x7x7 avgpool:3,s2,p1": ("torch",),
    "2x3x7x7 lppool:5,s2,p1": (),
    "2x3x7x7 lppool:5,s2,p1,ceil": ("torch",),
    "4x4x4x4 fracmaxpool:3,size=2": ("torch", "onnxruntime"),
    "3x1x1 in": ("torch",),
    "3x6x6 pad:2 maxpool:2": (),
    "3x6x6 pad:2 avgpool:2": (),
    "4x8x8x4 unflatten:2x4,axis=1 gap:keep": ("torch", "keras"),
    "4x8x8x4 unflatten:2x4,axis=1 upsample:2": ("torch", "keras"),
    "4x8x8x4 unflatten:2x4,axis=1 adaptiveavg:2": ("torch",),
    "2x10x10 upsample:1.3x3": (),
}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("spec", ODD)
def test_odd_networks(executor: str, spec: str) -> None:
    """What few networks have, and executors once disagreed on."""
    installed_or_skip(executor)
    outcome = verified(executor, spec)

    assert outcome["mismatches"] == []
    assert bool(outcome["unchecked"]) == (executor in ODD[spec])


@pytest.mark.thorough
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", [*NAMES, *SOURCES])
def test_all_examples(executor: str, name: str) -> None:
    check_example(executor, name)


def ran(executor: str, report: Report) -> Run:
    run = find(executor).run(report.network, report.input)
    assert compare(report, run)["mismatches"] == [], executor
    return run


def all_installed_or_skip() -> None:
    for executor in FRAMEWORKS:
        installed_or_skip(executor)


def check_drawn(spec: str) -> None:
    """Assert that all executors agree with the report and with one another, tensor by tensor."""
    all_installed_or_skip()
    report = cnncalc.analyze(spec)
    first = ran("bundled", report)
    for executor in FRAMEWORKS:
        run = ran(executor, report)
        for ours, theirs in zip(first.steps, run.steps, strict=True):
            if not theirs.built:
                assert executor == "torch"  # which has some layers for two axes alone
                continue
            held = [each for each in ours.tensors if each.name not in run.lacking]
            assert theirs.shape == ours.shape
            assert [(each.name, each.elements) for each in theirs.tensors] == [
                (each.name, each.elements) for each in held
            ]


@drawn
@given(specs(max_layers=6))
def test_drawn_networks(spec: str) -> None:
    check_drawn(spec)


@pytest.mark.thorough
@settings(drawn, max_examples=500)
@given(specs(max_layers=8))
def test_many_drawn_networks(spec: str) -> None:
    check_drawn(spec)


def check_odd(spec: str) -> None:
    """Assert that nobody disagrees, though not everyone has everything."""
    all_installed_or_skip()
    for number, executor in enumerate(EXECUTORS):
        dtype = ("float32", "float64", "float16")[(len(spec) + number) % 3]
        outcome = verified(executor, spec, batch=1 + len(spec) % 3, dtype=dtype)
        assert outcome["mismatches"] == [], executor


@settings(drawn, max_examples=60)
@given(odd_specs())
def test_odd_drawn_networks(spec: str) -> None:
    check_odd(spec)


@pytest.mark.thorough
@settings(drawn, max_examples=1500)
@given(odd_specs(max_layers=5))
def test_many_odd_drawn_networks(spec: str) -> None:
    check_odd(spec)
