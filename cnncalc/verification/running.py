"""Runs for a report: whether there is room for them, one executor's, and everyone's together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter
from typing import TypeVar

from cnncalc.errors import CnnCalcError
from cnncalc.executors import ALL, EXECUTORS, find
from cnncalc.executors.base import Executor, Progress, Run
from cnncalc.executors.memory import OVER_BUDGET, check_budget, check_room, need
from cnncalc.executors.probing.search import measure
from cnncalc.executors.shortage import MemoryErrors
from cnncalc.findings import Findings
from cnncalc.receptive.middles import Middle, middles_of
from cnncalc.rows import JsonObject
from cnncalc.verification.comparing import compare

__all__ = ["verify_report"]

Found = TypeVar("Found", bound=Findings)

TRAINING = "torch"  # the executor that has a backward pass


def verify_report(
    report: Found,
    *,
    executor: str = "bundled",
    device: str = "cpu",
    backward: bool = False,
    max_memory: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """Run the network of a report and fill in `report.verify`.

    Args:
        report: what is to be verified.
        executor: the name of one, or `all`: every one that is installed, one after another.
        device: where it runs.
        backward: run backwards too, in the executor that can.
        max_memory: bytes that the run may take: it isn't begun where it would take more.
        progress: called with the steps done, all steps and the name of the next one.

    Raises:
        CnnCalcError: an executor or device that isn't there, or too little memory; of `all`
            only where not one of them runs.
    """
    report.check_numbers()
    verification = Verification(report, device, backward, max_memory, progress)
    report.verify = verification.of_all() if executor == ALL else verification.of(executor)
    return report


@dataclass
class Verification:
    """How the runs of a report are to be made."""

    report: Findings
    device: str
    backward: bool
    max_memory: int | None
    progress: Progress | None

    def of(self, executor: str) -> JsonObject:
        """What one executor found, as the contract's `verify` has it."""
        runner = find(executor)
        if self.backward and not runner.trains:
            raise CnnCalcError(
                f"the executor `{executor}` has no backward pass",
                code="backward",
                help=f"`--backward` goes with `--executor {TRAINING}`",
            )
        return self._run(runner, self.backward, self.progress)

    def of_all(self) -> JsonObject:
        """What every executor found, and why some didn't run."""
        runs = [self._attempt(name, place) for place, name in enumerate(EXECUTORS)]
        trained = [run for run in runs if "gradients" in run.get("checked", {})]
        if self.backward and not trained:
            (untrained,) = [run for run in runs if run["executor"] == TRAINING]
            raise CnnCalcError(
                f"no executor has a backward pass here: {untrained['reason']}",
                code="backward",
                help=untrained["help"],
            )
        if not any(run["ok"] is not None for run in runs):
            raise _none_ran(runs, self.device)
        return _together(runs, self.device)

    def _attempt(self, executor: str, place: int) -> JsonObject:
        """What one of several found, or why it doesn't run."""
        try:
            runner = find(executor)
            backward = self.backward and runner.trains
            return self._run(runner, backward, self._progress(executor, place))
        except CnnCalcError as error:
            return {
                "executor": executor,
                "device": self.device,
                "ok": None,
                "code": error.code,
                "reason": error.message,
                "help": error.help,
            }

    def _progress(self, executor: str, place: int) -> Progress | None:
        """The progress of one executor as part of all of them."""
        if self.progress is None:
            return None
        tell = self.progress

        def part(done: int, total: int, name: str) -> None:
            tell(place * total + done, len(EXECUTORS) * total, f"{executor} {name}")

        return part

    def _run(self, runner: Executor, backward: bool, progress: Progress | None) -> JsonObject:
        report, device, keeps = self.report, self.device, runner.keeps
        if device != "meta":
            needed = need(report, backward=backward, keeps=keeps)
            if self.max_memory is not None:
                check_budget(needed, self.max_memory)
            check_room(needed, device, runner.free_memory(device))
        run = runner.run(
            report.network,
            report.input,
            device=device,
            dtype=report.dtype,
            batch=report.batch,
            backward=backward,
            progress=progress,
        )
        self._look(run, runner, progress)
        needed = need(report, dtype=run.dtype, backward=backward, keeps=keeps)
        return compare(report, run, needed, self.middles)

    @cached_property
    def middles(self) -> list[Middle]:
        """The units that are looked at, whoever runs."""
        return middles_of(self.report)

    def _look(self, run: Run, runner: Executor, progress: Progress | None) -> None:
        """Let an executor measure what units see; without values there is nothing to see."""
        if self.device == "meta":
            return
        if progress:
            progress(len(run.steps), len(run.steps), "receptive fields")
        begin = perf_counter()
        with MemoryErrors():
            prepare = partial(runner.prepare, device=self.device)
            measure(self.report, run, prepare, runner.most_values, self.middles)
        run.seconds += perf_counter() - begin


def _none_ran(runs: Sequence[JsonObject], device: str) -> CnnCalcError:
    """Why not one executor runs: there is too little memory, or each has a reason of its own."""
    for run in runs:
        if run["code"] in ("memory", OVER_BUDGET):
            return CnnCalcError(run["reason"], code=run["code"], help=run["help"])
    reasons = "; ".join(f"{run['executor']}: {run['reason']}" for run in runs)
    return CnnCalcError(
        f"no executor runs this on `{device}`: {reasons}",
        code="executor",
        help="`cnncalc executors` says what each of them needs",
    )


def _together(runs: list[JsonObject], device: str) -> JsonObject:
    """One document of several: counts added up, and each mismatch with who found it."""
    ran = [run for run in runs if run["ok"] is not None]
    subjects = dict.fromkeys(key for run in ran for key in run["checked"])
    unchecked = set.intersection(*(set(run["unchecked"]) for run in ran))
    return {
        "executor": ALL,
        "device": device,
        "ok": any(run["ok"] for run in ran) and not any(run["mismatches"] for run in ran),
        "checked": {key: sum(run["checked"].get(key, 0) for run in ran) for key in subjects},
        "unchecked": sorted(unchecked),
        "mismatches": [
            {"executor": run["executor"], **each} for run in ran for each in run["mismatches"]
        ],
        "seconds": round(sum(run["seconds"] for run in ran), 6),
        "runs": runs,
    }
