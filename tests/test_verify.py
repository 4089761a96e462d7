"""Verification: green where predictions hold, red where a formula is broken."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

import cnncalc
from cnncalc import analyze
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.executors.base import Run
from cnncalc.executors.bundled.compute import COMPUTATIONS
from cnncalc.executors.bundled.executor import BundledExecutor
from cnncalc.frameworks.keras import relabel
from cnncalc.layers import KINDS, Layer, Shape, Weight
from cnncalc.network import Network
from cnncalc.receptive import fields_of
from cnncalc.report import Report
from cnncalc.verification import compare, verify_report
from tests.executors.test_arrays import LEARNING, alone, sample
from tests.library import examples, report, text
from tests.strategies import specs
from tests.verification.faults import Moved, tweaked

run = BundledExecutor().run


def verified(spec: str | Network, input: Shape | None = None, **options: Any) -> dict[str, Any]:
    """What verification says of a spec."""
    outcome = cnncalc.verify(spec, input, **options).verify
    assert outcome is not None
    return outcome


def differences(outcome: dict[str, Any]) -> list[tuple[int, str, Any, Any]]:
    assert outcome["ok"] == (not outcome["mismatches"])
    return [
        (each["index"], each["what"], each["predicted"], each["actual"])
        for each in outcome["mismatches"]
    ]


def test_a_spec_agrees() -> None:
    """All is checked, and the document is the contract's."""
    outcome = verified("3x32x32 conv:16,k3,p1 bn relu maxpool:2 flatten linear:10", batch=2)

    assert outcome["ok"] is True
    assert outcome["executor"] == "bundled"
    assert outcome["device"] == "cpu"
    assert outcome["dtype"] == "float32"
    assert outcome["checked"] == {"shapes": 6, "params": 9, "macs": 2, "receptive_field": 6}
    assert outcome["unchecked"] == outcome["mismatches"] == []
    assert outcome["seconds"] > 0
    weights = (448 + 64 + 40970) * 4
    assert outcome["measured"]["peak_bytes"] > weights


def test_the_document_keeps_to_the_schema() -> None:
    """A report that was verified, green or red, validates."""
    schema = json.loads((resources.files("cnncalc") / "report.schema.json").read_text())
    green = cnncalc.verify("3x9x9 conv:4,k3 gap")
    jsonschema.validate(green.to_dict(), schema)

    green.rows[1].output_shape = (4, 1, 1)
    done = run(green.network, green.input)
    green.verify = compare(green, done)

    assert not green.verify["ok"]
    jsonschema.validate(json.loads(json.dumps(green.to_dict())), schema)


@pytest.mark.parametrize("name", examples(quick=150e6, slow=2e9))
def test_examples_agree(name: str) -> None:
    """The shipped examples at their own size."""
    outcome = verified(text(name))

    assert differences(outcome) == []
    assert outcome["unchecked"] == []
    assert outcome["checked"]["shapes"] == len(report(name).layers)
    told = len(report(name).layers) if len(report(name).frame) > 1 else 0
    assert outcome["checked"]["receptive_field"] >= 0.85 * told


@pytest.mark.slow
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=8))
def test_drawn_networks_agree(spec: str) -> None:
    """Whatever fits together comes out as predicted."""
    try:
        outcome = verified(spec)
    except SpecError:
        return

    assert differences(outcome) == []
    assert outcome["unchecked"] == []


@pytest.mark.thorough
@settings(max_examples=3000, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=12))
def test_many_drawn_networks_agree(spec: str) -> None:
    """Many more, and deeper."""
    test_drawn_networks_agree.hypothesis.inner_test(spec)


def test_other_layouts_and_settings_agree() -> None:
    """The layout of the report changes nothing but the order of shapes."""
    outcome = verified("3x9x9 conv:4,k3 gap", layout="channels-last", dtype="float16", batch=3)

    assert outcome["ok"]
    assert outcome["dtype"] == "float16"


# --- broken formulas --------------------------------------------------------------------


def predicted(kind: str, wide: bool = False) -> Report:
    """A report of one layer of this kind, on a map large enough that its middle is not cut."""
    layer, shapes = sample(kind)
    if wide:
        channels = shapes[-1][0] if kind != "fold" else 12
        shapes = ((channels, 40), (channels, 40, 40), (channels, 12, 12, 12))
    for shape in shapes:
        try:
            return analyze(alone(layer), shape)
        except SpecError:
            continue
    raise AssertionError(f"{kind} takes none of {shapes}")


def one_more(shape: Shape) -> Shape:
    """With one channel too many, or with some where there is a single number."""
    return (shape[0] + 1 if shape else 2, *shape[1:])


@pytest.mark.parametrize("kind", LEARNING)
def test_a_broken_output_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One channel too many, for each kind."""
    right = predicted(kind).rows[1].output_shape
    tweaked(monkeypatch, kind, "output", one_more)

    outcome = verify_report(predicted(kind)).verify

    assert outcome is not None
    wrong = list(one_more(right))
    assert (1, "shape", wrong, list(right)) in differences(outcome)


WEIGHTED = [kind for kind in LEARNING if predicted(kind).rows[1].weights]
MULTIPLYING = [kind for kind in LEARNING if predicted(kind).rows[1].macs]


@pytest.mark.parametrize("kind", WEIGHTED)
def test_a_forgotten_weight_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last tensor (a bias, a buffer) left out, for each kind that holds any."""
    right = predicted(kind).rows[1]
    last = right.weights[-1]
    monkeypatch.setattr(KINDS[kind], "macs", lambda *_: right.macs)  # it may ask for the weights
    tweaked(monkeypatch, kind, "weights", lambda weights: weights[:-1])

    outcome = verify_report(predicted(kind)).verify

    assert outcome is not None
    found = differences(outcome)
    assert (1, f"weight {last.name}", None, last.count) in found
    assert found[-1][:2] == (0, "weights in all")


@pytest.mark.parametrize("kind", WEIGHTED)
def test_a_miscounted_weight_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first tensor twice as large, for each kind that holds any."""

    def doubled(weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
        first = weights[0]
        twice = Weight(first.name, (2, *first.shape), first.role, first.trainable)
        return twice, *weights[1:]

    right = predicted(kind).rows[1]
    first = right.weights[0]
    monkeypatch.setattr(KINDS[kind], "macs", lambda *_: right.macs)
    tweaked(monkeypatch, kind, "weights", doubled)

    outcome = verify_report(predicted(kind)).verify

    assert outcome is not None
    assert (1, f"weight {first.name}", 2 * first.count, first.count) in differences(outcome)


@pytest.mark.parametrize("kind", MULTIPLYING)
def test_broken_macs_are_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One multiplication too many, for each kind that makes any."""
    macs = predicted(kind).rows[1].macs
    tweaked(monkeypatch, kind, "macs", lambda macs: macs + 1)

    outcome = verify_report(predicted(kind)).verify

    assert outcome is not None
    assert differences(outcome) == [(1, "macs", macs + 1, macs)]


def slides(kind: str) -> bool:
    """Whether this kind moves over the map, so that a wrong window shows in the middle.

    What `maxunpool` and `fracmaxpool` read probes don't tell; `each` moves as its layer does.
    """
    unmoved = ("each", "fracmaxpool", "maxunpool", "expand", "fold")
    if KINDS[kind].windows is Layer.windows or kind in unmoved:
        return False
    report = predicted(kind, wide=True)
    row = report.rows[1]
    return not report.fields[1].whole and bool(sample(kind)[0].windows(*row.input_shapes))


@pytest.mark.parametrize("kind", [kind for kind in LEARNING if slides(kind)])
def test_a_moved_window_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows that start one place further on, for each kind that slides."""
    right = predicted(kind, wide=True)
    assert verify_report(right).verify["ok"]  # type: ignore[index]
    tweaked(monkeypatch, kind, "windows", lambda windows: tuple(map(Moved, windows)))

    outcome = verify_report(_reseen(right)).verify

    assert outcome is not None
    (difference,) = differences(outcome)
    assert difference[:2] == (1, "receptive_field")
    assert difference[2] == [[low + 1, high + 1] for low, high in difference[3]]


def test_a_moved_window_is_caught_at_every_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Along the axes of an entry, of which the first are its channels."""
    right = analyze("3x2x16x16 each[conv:4,k3,p1]")
    assert verify_report(right).verify["ok"]  # type: ignore[index]
    tweaked(monkeypatch, "conv", "windows", lambda windows: tuple(map(Moved, windows)))

    outcome = verify_report(_reseen(right)).verify

    assert outcome is not None
    ((*where, predicted, actual),) = differences(outcome)
    assert where == [1, "receptive_field"]
    assert predicted[0] == actual[0] == [0, 1]
    assert predicted[1:] == [[low + 1, high + 1] for low, high in actual[1:]]


def _reseen(right: Report) -> Report:
    """The report of the same layer with its field worked out anew, and nothing else."""
    right.fields[:] = fields_of(right).seen
    return right


def test_a_gate_that_forgets_the_map_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Squeeze and excitation sees everything, whatever is said."""
    tweaked(monkeypatch, "se", "route", lambda route: None)

    outcome = verified("8x9x9 se:2")

    assert differences(outcome) == [(1, "receptive_field", [[4, 4], [4, 4]], [[0, 8], [0, 8]])]


# --- what can't be compared -------------------------------------------------------------


def test_steps_that_cannot_be_built_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They and what reads them are listed, and nothing is said of them."""
    monkeypatch.delitem(COMPUTATIONS, "silu")

    outcome = verified("3x8x8 conv:4,k3 silu conv:2,k1 relu")

    assert outcome["ok"]
    assert outcome["unchecked"] == [2, 3, 4]
    assert outcome["checked"] == {"shapes": 1, "params": 2, "macs": 1, "receptive_field": 1}


def test_a_step_that_fails_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the executor says takes the place of the shape."""

    def refusing(*_: object) -> None:
        raise ValueError("a window that spans 9 does not fit in 8")

    monkeypatch.setitem(COMPUTATIONS, "maxpool", refusing)

    outcome = verified("3x8x8 maxpool:2 relu")

    assert differences(outcome) == [
        (1, "shape", [3, 4, 4], "a window that spans 9 does not fit in 8")
    ]
    assert outcome["unchecked"] == [2]


def test_a_run_of_another_network_is_refused() -> None:
    """As many steps as rows."""
    with pytest.raises(CnnCalcError, match="1 steps were run but 2 predicted"):
        compare(cnncalc.analyze("3 relu"), Run("x", "cpu", "float32", 1, [None]))  # type: ignore[list-item]


def test_weights_by_the_names_of_keras() -> None:
    """A network that speaks Keras is compared by its names, order and tensors."""
    network = cnncalc.parse("3x9x9 conv:4,k3 bn dwconv:3,m2 sepconv:6,k3 gap linear:5")
    network.relabel = relabel

    outcome = verified(network)

    assert differences(outcome) == []
    assert outcome["checked"]["params"] == 2 + 4 + 2 + 3 + 2


def test_names_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor that is called something else is a mismatch, whatever its size."""

    def renamed(weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
        return tuple(Weight(f"{weight.name}s", weight.shape) for weight in weights)

    tweaked(monkeypatch, "linear", "weights", renamed)

    assert differences(verified("6 linear:1")) == [
        (1, "weight 1", "weights", "weight"),
        (1, "weight 2", "biass", "bias"),
    ]
