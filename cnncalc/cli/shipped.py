"""`schema`, `examples` and `executors`: what comes with this installation."""

import os
from typing import Annotated

import typer

import cnncalc
from cnncalc.cli import output
from cnncalc.cli.options import Options, Output, taking
from cnncalc.errors import CnnCalcError
from cnncalc.executors import EXECUTORS, find
from cnncalc.notations.examples import example_names, example_path
from cnncalc.tables.table import Column, Table

__all__ = ["examples", "executors", "schema"]


class File(Options):
    """The options of `schema`."""

    out: Annotated[
        str | None, typer.Option("-o", "--out", metavar="FILE", help="Write into a file.")
    ] = None


@taking(File)
def schema(settings: File) -> int:
    """The JSON Schema of the report that --json prints."""
    path = os.path.join(os.path.dirname(cnncalc.__file__), "report.schema.json")
    with open(path, encoding="utf-8") as file:
        output.emit(file.read(), settings.out)
    return 0


@taking(Output)
def examples(settings: Output) -> int:
    """The networks that are shipped; their names stand for them in every command.

    cnncalc shape lenet5
    """
    found = [(name, _about(name)) for name in example_names()]
    table = Table(EXAMPLES, None, found)
    output.show(settings, table, table.records)
    return 0


def _about(name: str) -> str:
    """The text of the first comment in an example's file."""
    path = example_path(name)
    assert path is not None
    with open(path, encoding="utf-8") as file:
        return file.readline().lstrip("# ").rstrip()


@taking(Output)
def executors(settings: Output) -> int:
    """What --verify can run a network with on this machine."""
    found = [line for name in EXECUTORS for line in _devices(name)]
    table = Table(RUNNERS, None, found)
    output.show(settings, table, table.records)
    return 0


def _devices(name: str) -> list[tuple[str, str, bool, str]]:
    """An executor's devices, each with whether it can be used and with what or why not."""
    try:
        runner = find(name)
    except CnnCalcError as error:
        why = f"{error.message}: {error.help}" if error.help else error.message
        return [(name, "cpu", False, why)]
    return [(name, device, *runner.ready(device)) for device in runner.devices]


EXAMPLES = (
    Column("name", "example", "its name", lambda _, line: line[0]),
    Column("description", "what it is", "", lambda _, line: line[1], narrow="fold"),
)

RUNNERS = (
    Column("executor", "executor", "its name", lambda _, line: line[0]),
    Column("device", "device", "where it runs", lambda _, line: line[1]),
    Column(
        "ready",
        "ready",
        "whether it can run here",
        lambda _, line: line[2],
        lambda _, line: "yes" if line[2] else "no",
    ),
    Column("detail", "with", "what it uses or lacks", lambda _, line: line[3], narrow="fold"),
)
