"""`check`: every network that a project's pyproject.toml names, held against its limits."""

import os
from collections.abc import Sequence
from contextlib import chdir
from typing import Annotated, Any, NamedTuple

import typer

from cnncalc.cli import output, project
from cnncalc.cli.options import Output, Text, taking
from cnncalc.cli.stages import checked, holds
from cnncalc.errors import CnnCalcError
from cnncalc.layers.base import show
from cnncalc.layers.options import SCALAR
from cnncalc.report import Report
from cnncalc.suggestions import suggest
from cnncalc.tables.steps import joined
from cnncalc.tables.table import Column, Table
from cnncalc.tables.verification import verdict

__all__ = ["check"]


class CheckSettings(Output):
    """The options of `check`."""

    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Only these of the file's networks.", show_default=False
        ),
    ] = None
    config: Annotated[
        Text,
        typer.Option(
            "--config",
            metavar="FILE",
            show_default=False,
            help="Another file than the pyproject.toml of this folder or of one above.",
        ),
    ] = None


class Result(NamedTuple):
    """What became of one network: its report and what it misses, or the error."""

    name: str
    report: Report | None
    missed: list[str]
    error: CnnCalcError | None = None

    @property
    def status(self) -> int:
        """What the command would end with, were there no other network."""
        return 2 if self.error else int(bool(self.missed))

    def figure(self, name: str) -> Any:
        """A total of the report."""
        return None if self.report is None else getattr(self.report.total, name)

    @property
    def output_shape(self) -> list[int] | None:
        report = self.report
        return None if report is None else report.shape(report.rows[report.outputs[0]].output_shape)

    def to_dict(self) -> dict[str, object]:
        """The network's entry in `cnncalc.check/1`."""
        totals = ("params", "macs", "param_bytes", "activation_bytes")
        return {
            "name": self.name,
            "ok": not self.status,
            "output_shape": self.output_shape,
            **{name: self.figure(name) for name in totals},
            "checks": self.report.checks if self.report else [],
            "missed": self.missed,
            "verify": self.report.verify if self.report else None,
            "error": self.error.to_dict()["error"] if self.error else None,
        }


@taking(CheckSettings)
def check(settings: CheckSettings) -> int:
    """The networks of pyproject.toml, each held against the limits that stand there.

    cnncalc check

    cnncalc check classifier --json
    """
    output.check(settings.out)
    drawn = output.form_of(settings) not in ("json", "jsonl")  # which have errors in them
    path = project.find() if settings.config is None else settings.config
    asked = _asked(project.entries(path), settings.names or [], path)
    with chdir(os.path.dirname(path) or "."):  # paths in a file are from where that lies
        results = [_result(entry, path if drawn else None) for entry in asked]
    status = max(result.status for result in results)
    table = Table(CHECKS, None, results, dear=("params", "macs", "output"))
    networks = [result.to_dict() for result in results]
    document = {"schema": "cnncalc.check/1", "file": path, "ok": not status, "networks": networks}
    output.show(settings, table, lambda: document)
    return status


def _asked(
    entries: Sequence[project.Entry], names: Sequence[str], path: str
) -> list[project.Entry]:
    """The networks that the words name; without any, all."""
    known = [entry.name for entry in entries]
    for name in names:
        if name not in known:
            near = suggest(name, known)
            raise CnnCalcError(
                f"`{path}` names no network `{name}`",
                code="project",
                help=f"did you mean `{near}`?"
                if near
                else f"it names {', '.join(known)}; of any other network `cnncalc shape {name} "
                "--verify` and `--max-params` are checks",
            )
    return [entry for entry in entries if entry.name in names or not names]


def _result(entry: project.Entry, path: str | None) -> Result:
    """One network, checked; the message on a wrong one is drawn, where there is a path to tell."""
    try:
        report, missed = checked(entry.settings)
    except CnnCalcError as error:
        if path is not None:
            output.say(f"{path}:{entry.line}: the network `{entry.name}`")
            output.complain(error)
        return Result(entry.name, None, [], error)
    if not holds(report, []):
        missed += [line for line in verdict(report) if line.startswith("not verified")]
    return Result(entry.name, report, missed)


def _why(result: Result) -> str:
    if result.error is not None:
        return result.error.message
    return "; ".join(result.missed)


def _done(result: Result) -> str:
    """How many of the checks hold."""
    if result.report is None:
        return ""
    found = [bool(each["ok"]) for each in result.report.checks]
    found += [bool(result.report.verify["ok"])] if result.report.verify else []
    return f"{sum(found)} of {len(found)}" if found else ""


VERDICTS = ("ok", "missed", "error")

CHECKS = (
    Column("name", "network", "its name in the file", lambda _, each: each.name),
    Column(
        "ok", "verdict", "", lambda _, each: not each.status, lambda _, each: VERDICTS[each.status]
    ),
    Column("checks", "checks", "how many hold", lambda _, each: _done(each)),
    Column("params", "params", "", lambda _, each: each.figure("params"), right=True),
    Column("macs", "MACs", "", lambda _, each: each.figure("macs"), right=True),
    Column(
        "output",
        "output",
        "",
        lambda _, each: None if each.report is None else joined(each.output_shape) or SCALAR,
        lambda _, each: "" if each.report is None else show(tuple(each.output_shape)),
        field="output_shape",
    ),
    Column(
        "missed",
        "missed",
        "by how much, or what is wrong",
        lambda _, each: _why(each),
        narrow="fold",
    ),
)
