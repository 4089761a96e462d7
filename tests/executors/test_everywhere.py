"""What verifies where: every kind of layer, every example and drawn networks, on each executor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import cnncalc
from cnncalc.analysis import analyze
from cnncalc.executors import EXECUTORS, find
from cnncalc.executors.base import Run
from cnncalc.network import Network
from cnncalc.report import Report
from cnncalc.verification import compare, verify_report
from tests.executors.test_arrays import LEARNING, alone, sample, takes, variants
from tests.library import EXAMPLES, NAMES
from tests.strategies import specs
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
QUICK = ["lenet5", "small-cnn", "inception", "dcgan", "m5", "mobilenet-blocks", *SOURCES]


def network_of(name: str) -> tuple[Network, Any]:
    """A shipped example, and the size to run it at: None for its own."""
    if name in SOURCES:
        notation, size = SOURCES[name]
        text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        return cnncalc.parse(text, notation=notation), size
    return cnncalc.parse((EXAMPLES / f"{name}.cnn").read_text(encoding="utf-8")), None


def mismatches(outcome: dict[str, Any]) -> list[Any]:
    """Without the single values that PyTorch refuses to normalise by their own mean."""
    return [m for m in outcome["mismatches"] if "Expected more than 1 " not in str(m["actual"])]


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
    assert [mismatches(outcome) for outcome in outcomes if outcome] == [[]] * len(outcomes)
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
    assert report.verify["checked"]["receptive_field"] > 0


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


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", [*NAMES, *SOURCES])
def test_all_examples(executor: str, name: str) -> None:
    check_example(executor, name)


def ran(executor: str, report: Report) -> Run:
    run = find(executor)(report.network, report.input)
    assert mismatches(compare(report, run)) == [], executor
    return run


def check_drawn(spec: str) -> None:
    """Assert that all executors agree with the report and with one another, tensor by tensor."""
    report = cnncalc.analyze(spec)
    first = ran("bundled", report)
    for executor in FRAMEWORKS:
        run = ran(executor, report)
        for ours, theirs in zip(first.steps, run.steps, strict=True):
            if theirs.error or not theirs.built:
                assert executor == "torch"  # which normalises no single value
                continue
            held = [each for each in ours.tensors if each.name not in run.lacking]
            assert theirs.shape == ours.shape
            assert [(each.name, each.elements) for each in theirs.tensors] == [
                (each.name, each.elements) for each in held
            ]


drawn = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@drawn
@given(specs(max_layers=6))
def test_drawn_networks(spec: str) -> None:
    for executor in FRAMEWORKS:
        installed_or_skip(executor)
    check_drawn(spec)


@pytest.mark.slow
@settings(drawn, max_examples=500)
@given(specs(max_layers=8))
def test_many_drawn_networks(spec: str) -> None:
    for executor in FRAMEWORKS:
        installed_or_skip(executor)
    check_drawn(spec)
