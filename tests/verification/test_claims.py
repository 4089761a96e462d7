"""What a report may claim: nothing without evidence, and `global` only where all is seen."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.axis.field import Field
from cnncalc.cli.main import main
from cnncalc.executors import EXECUTORS
from cnncalc.executors.base import Run
from cnncalc.layers.merge import Input
from cnncalc.network import Network, Step
from cnncalc.receptive.maps import Seen
from cnncalc.report import Report
from cnncalc.tables.verification import verdict
from cnncalc.verification import compare, verify_report
from tests.conftest import Command
from tests.executors.common import looked_at
from tests.verification.standing_in import Change, executor, installed_or_skip, use

SPEC = "3x8x8 conv:4,k3 relu"

# Of 9 pixels the pool drops the last one, and the borders of the maps cut what convolutions see
# on both sides: the last step of each sees 0 to 7, or less.
DROPPED = "3x9x9 maxpool:2 conv:4,k3,p1 conv:4,k3,p1 "
NOT_GLOBAL = ("gap", "gmp:keep", "flatten linear:3", "se:2", "maxpool:4", "gap:keep upsample:3")


def differences(report: Report, run: Run) -> list[tuple[Any, ...]]:
    return [
        (each["index"], each["what"], each["actual"]) for each in compare(report, run)["mismatches"]
    ]


# --- global -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize("layers", NOT_GLOBAL)
def test_a_wrong_global_is_caught_by_each_executor(layers: str, name: str) -> None:
    """Borders excuse no end of it: it speaks of the input as it is."""
    installed_or_skip(name)
    report = cnncalc.analyze(DROPPED + layers)
    assert verify_report(report, executor=name).verify["ok"]  # type: ignore[index]
    last = report.rows[-1]
    assert not report.fields[-1].whole
    report.fields[-1] = Seen(report.fields[-1].axes, whole=True)

    found = verify_report(report, executor=name).verify

    assert found is not None
    assert [(each["index"], each["what"], each["actual"]) for each in found["mismatches"]] == [
        (last.index, "receptive_field", [[0, 7], [0, 7]])
    ]


@pytest.mark.parametrize("layers", ["gap:keep pad:3:0", "gap:keep convt:4,k2,s3 convt:4,k1,s2"])
def test_a_wrong_global_is_caught_where_the_middle_sees_nothing(layers: str) -> None:
    """Another unit beside it does."""
    report = cnncalc.analyze(DROPPED + layers)
    last = report.rows[-1]
    report.fields[-1] = Seen(report.fields[-1].axes, whole=True)

    assert differences(report, looked_at(report)) == [
        (last.index, "receptive_field", [[0, 7], [0, 7]])
    ]


def test_a_right_global_is_counted() -> None:
    """Where the middle lies in padding it is another unit that shows it."""
    for layers in ("gap", "gap:keep pad:3:0", "flatten linear:3"):
        report = cnncalc.analyze("3x8x8 conv:4,k3,p1 " + layers)
        found = compare(report, looked_at(report))

        assert report.fields[-1].whole
        assert found["mismatches"] == []
        assert found["checked"]["receptive_field"] == len(report.layers)


def test_an_exact_field_beyond_what_all_units_see_is_caught() -> None:
    """Though it isn't known of each of them by itself what it reads."""
    report = cnncalc.analyze("2x9x8 crop:1 flatten:start=1 slice:..,axis=1,step=2")
    (sight,) = looked_at(report).steps[3].sights
    assert sight.unit == (None, None)
    assert sight.ends == ((1, 7), (1, 5))
    axes = tuple(
        along._replace(field=Field(0, ((0, 8),)), merged=False) for along in report.fields[3].axes
    )
    report.fields[3] = Seen(axes)

    assert differences(report, looked_at(report)) == [(3, "receptive_field", [[1, 7], [1, 5]])]


# --- nothing ----------------------------------------------------------------------------


def nothing(run: Run) -> None:
    """Not one step could be built."""
    for step in run.steps[1:]:
        step.built, step.shape, step.tensors, step.sights = False, None, [], []


def failing(run: Run) -> None:
    """The first step fails, and what follows isn't reached."""
    nothing(run)
    run.steps[1].built, run.steps[1].error = True, "nothing doing"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ([nothing], 1, "not verified by a on cpu: nothing could be checked (0.2 s)"),
        ([nothing, nothing], 1, "not verified on cpu: nothing could be checked (0.5 s)"),
        ([nothing, None], 0, "verified on cpu: only b has run (0.5 s)"),
        ([None, None], 0, "verified on cpu: a and b agree (0.5 s)"),
        ([failing, None], 1, "not verified on cpu: a differs, b agrees (0.5 s)"),
        ([failing, nothing], 1, "not verified on cpu: a differs (0.5 s)"),
    ],
)
def test_who_has_checked_nothing_has_not_verified(
    changes: list[Change | None],
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
) -> None:
    """In words, in the document and as the exit status."""
    stand_ins = {
        name: executor(name, change or (lambda run: None))
        for name, change in zip("ab", changes, strict=False)
    }
    use(monkeypatch, **stand_ins)
    chosen = "all" if len(changes) > 1 else "a"
    report = cnncalc.verify(SPEC, executor=chosen)

    assert report.verify is not None
    assert said in verdict(report)
    assert report.verify["ok"] == (not status)
    assert command("shape", *SPEC.split(), "--verify", "--executor", chosen).code == status


@pytest.mark.parametrize("name", EXECUTORS)
def test_what_an_executor_leaves_out_is_in_no_count(name: str) -> None:
    """Of any subject, nor as agreeing: three of four steps here, or as many as it has to."""
    installed_or_skip(name)
    report = cnncalc.verify("3x8x8 relu fracmaxpool:2,size=4 conv:4,k3 bn", executor=name)
    found = report.verify
    assert found is not None
    left_out = {"onnxruntime": [2, 3, 4]}.get(name, [])

    assert found["unchecked"] == left_out
    assert found["checked"]["shapes"] == 4 - len(left_out)
    assert found["checked"]["params"] == (0 if left_out else 7 - (name == "keras"))
    assert found["checked"]["receptive_field"] <= 4 - len(left_out)


@pytest.mark.parametrize("chosen", ["a", "all"])
def test_an_input_alone_is_nothing_to_check(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, a=executor("a"), b=executor("b"))
    report = verify_report(cnncalc.analyze(Network([Step(Input())]), (3, 8, 8)), executor=chosen)

    assert report.verify is not None
    assert report.verify["ok"]
    assert ["there is nothing to check" in line for line in verdict(report)][-1:] == [True]


def test_weights_of_a_step_that_was_not_built_are_not_missed() -> None:
    """Where a later step, which was, shares them."""
    steps = cnncalc.parse("3x8x8 conv:3,k3,p1 relu").steps
    again = Step(steps[1].layer, (0,), "again", shares=1)
    report = cnncalc.analyze(Network([*steps[:2], again], outputs=[1, 2]), (3, 8, 8))
    done = looked_at(report)
    assert compare(report, done)["checked"]["params"] == 4
    done.steps[1].built, done.steps[1].tensors = False, []

    found = compare(report, done)

    assert (found["mismatches"], found["unchecked"]) == ([], [1])
    assert found["checked"]["params"] == 0


def test_the_exit_status_of_a_real_executor_that_can_say_nothing() -> None:
    """ONNX has no operator for it."""
    installed_or_skip("onnxruntime")

    assert main(["shape", "8", "sparsemax", "--verify", "--executor", "onnxruntime"]) == 1
