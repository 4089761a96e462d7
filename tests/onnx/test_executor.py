"""ONNX Runtime as an executor: it agrees where we are right, and sees where we are wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from cnncalc import CnnCalcError, analyze, verify
from cnncalc.executors import find
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape, Weight
from tests import library
from tests.onnx.builders import runs
from tests.strategies import specs

pytestmark = runs

SPEC = "3x16x16 conv:8,k3,s2,p1 bn relu maxpool:2 flatten linear:10"


def verified(spec: str, **options: Any) -> dict[str, Any]:
    found = verify(spec, executor="onnxruntime", **options).verify
    assert found is not None
    return found


@pytest.mark.parametrize("name", library.examples(quick=1e10))
def test_every_example_agrees(name: str) -> None:
    """At its own input size, every step and every weight."""
    report = library.report(name)
    found = verified(library.text(name))

    assert (found["mismatches"], found["unchecked"]) == ([], [])
    assert found["checked"]["shapes"] == len(report.layers)


@settings(max_examples=40)
@given(specs())
def test_drawn_networks_agree(spec: str) -> None:
    found = verified(spec, batch=2)

    assert (found["mismatches"], found["unchecked"]) == ([], [])


@pytest.mark.thorough
@settings(max_examples=2000)
@given(specs(max_layers=8))
def test_many_drawn_networks_agree(spec: str) -> None:
    found = verified(spec, batch=2)

    assert (found["mismatches"], found["unchecked"]) == ([], [])


def test_says_what_was_done() -> None:
    found = verified(SPEC, batch=3, dtype="float16")
    report = analyze(SPEC)

    assert (found["executor"], found["device"], found["dtype"]) == ("onnxruntime", "cpu", "float32")
    # six tensors: the counter of batches has no place in ONNX and is not compared
    assert found["checked"] == {"shapes": 6, "params": 8, "macs": 0, "receptive_field": 6}
    assert found["measured"]["peak_bytes"] is None
    # every step's output is kept to the end
    assert found["predicted"]["activation_bytes"] > 3 * report.total.activation_bytes


def off_by_one(method: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(self: Any, *shapes: Shape) -> Any:
        value = method(self, *shapes)
        if isinstance(value[0], Weight):
            first = value[0]
            return (Weight(first.name, (first.shape[0] + 1, *first.shape[1:])), *value[1:])
        return *value[:-1], value[-1] + 1

    return wrong


@pytest.mark.parametrize(("kind", "method", "index"), [
    ("conv", "output", 1), ("conv", "weights", 1), ("maxpool", "output", 4),
    ("flatten", "output", 5), ("linear", "output", 6), ("linear", "weights", 6),
    ("bn", "weights", 2),
])  # fmt: skip
def test_a_planted_fault_is_found(
    kind: str, method: str, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the runtime is given comes from the options, not from the formula that is wrong."""
    monkeypatch.setattr(KINDS[kind], method, off_by_one(getattr(KINDS[kind], method)))
    found = verified(SPEC)

    assert not found["ok"]
    first = found["mismatches"][0]
    assert first["index"] == index
    assert first["predicted"] != first["actual"]


def test_the_formulas_are_not_asked_for_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """`same` and ceil mode are worked out anew, or by the runtime."""

    def refuse(*_: Any) -> None:
        raise AssertionError("asked for its windows")

    spec = "3x17x16 conv:8,k3,s2,p=same maxpool:3,s2,ceil convt:8,k3,s2,p=same adaptiveavg:3"
    report = analyze(spec)
    run = find("onnxruntime").run
    sizes = [row.output_shape for row in report.rows]
    monkeypatch.setattr("cnncalc.executors.onnxruntime.analyze", lambda *_args, **_options: None)
    monkeypatch.setattr("cnncalc.executors.onnxruntime.Findings", lambda _: report)
    for kind in ("conv", "maxpool", "convt", "adaptiveavg"):
        for method in ("windows", "output", "weights", "macs", "route"):
            monkeypatch.setattr(KINDS[kind], method, refuse)
    done = run(report.network, report.input)

    assert [step.shape for step in done.steps] == sizes


def test_what_cannot_be_written_is_not_checked() -> None:
    """Nor is what comes after it; the rest is."""
    found = verified("3x16x16 conv:8,k3 fracmaxpool:2,size=5 relu")

    assert found["unchecked"] == [2, 3]
    assert (found["ok"], found["checked"]["shapes"]) == (True, 1)


@pytest.mark.parametrize("spec", ["8 sparsemax", "3x8x8 upsample:2,mode=lanczos3 relu"])
def test_where_nothing_can_be_written_nothing_is_checked(spec: str) -> None:
    """Which is no agreement."""
    found = verified(spec)

    assert (found["ok"], found["checked"]["shapes"], found["mismatches"]) == (False, 0, [])


def test_a_runtime_that_goes_on_refusing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the same step again, though that was left out."""
    from cnncalc.executors.onnxruntime import _Trial

    def refuse(*_: object) -> None:
        raise RuntimeError("nothing doing")

    monkeypatch.setattr(_Trial, "_values", refuse)
    with pytest.raises(CnnCalcError, match="ONNX Runtime refuses the model: nothing doing"):
        verified("3x4x4 relu")


def test_a_step_that_fails_is_a_mismatch_with_the_runtimes_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The step is found by the node that the runtime names; what follows isn't reached."""
    from cnncalc.notations.onnx.writing.kinds import WRITERS

    def wrong(at: Any, layer: Any, x: list[str], shapes: tuple[Shape, ...]) -> str:
        return str(at.node("Reshape", x[0], at.ints([0, 7, 7])))

    monkeypatch.setitem(WRITERS, "flatten", wrong)
    found = verified("3x4x4 relu flatten linear:5")

    assert [each["index"] for each in found["mismatches"]] == [2]
    assert "Reshape" in found["mismatches"][0]["actual"]
    assert found["unchecked"] == [3]


def test_a_step_that_the_runtime_does_not_name_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cnncalc.executors.onnxruntime import _Trial

    real = _Trial._values

    def values(self: Any, written: Any) -> Any:
        if "tanh1" in written.owners:
            raise RuntimeError("something is wrong")
        return real(self, written)

    monkeypatch.setattr(_Trial, "_values", values)
    found = verified("3x4x4 relu sigmoid relu tanh relu softplus")

    assert found["mismatches"] == [
        {"index": 4, "what": "shape", "predicted": [3, 4, 4], "actual": "something is wrong"}
    ]
    assert found["unchecked"] == [5, 6]


def test_devices() -> None:
    with pytest.raises(CnnCalcError, match="`tpu` is no device of ONNX Runtime"):
        verify(SPEC, executor="onnxruntime", device="tpu")
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(CnnCalcError, match="built without the device `cuda`") as caught:
            verify(SPEC, executor="onnxruntime", device="cuda")
        assert "onnxruntime-gpu" in (caught.value.help or "")


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(CnnCalcError, match="ONNX Runtime, which isn't installed") as caught:
        verify(SPEC, executor="onnxruntime")
    assert caught.value.help == "pip install 'cnncalc[onnxruntime]'"
