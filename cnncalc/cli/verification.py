"""`--verify`: the network of a report is run, with a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cnncalc.cli import budgets, output, process
from cnncalc.cli.options import Settings
from cnncalc.errors import CnnCalcError
from cnncalc.executors.memory import OVER_BUDGET
from cnncalc.packages import OnUse
from cnncalc.report import Report
from cnncalc.verification import verify_report

if TYPE_CHECKING:
    from cnncalc.render import table as drawing
else:  # only a terminal needs it
    drawing = OnUse("cnncalc.render.table")

__all__ = ["verify"]


def verify(settings: Settings, report: Report) -> list[str]:
    """Run the network of a report; what would take more memory than it may isn't begun."""
    most = settings.max_memory
    run = partial(
        verify_report,
        report,
        executor="bundled" if settings.executor is None else settings.executor,
        device="cpu" if settings.device is None else settings.device,
        backward=settings.backward,
        max_memory=most if most is None else budgets.amount(most, "--max-memory", in_bytes=True),
    )
    try:
        _run(run)
    except CnnCalcError as error:
        if error.code != OVER_BUDGET:
            raise
        return [error.message]
    runs = (report.verify or {}).get("runs", [])
    return [f"{run['executor']}: {run['reason']}" for run in runs if run.get("code") == OVER_BUDGET]


def _run(verify: Callable[..., Report]) -> None:
    if not output.is_terminal(sys.stderr):
        verify()
        return
    with process.put_back(), drawing.Bar() as bar:
        verify(progress=bar)
