"""What a command over a network does: read, compute, show, check."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from cnncalc import api
from cnncalc.cli import budgets, output
from cnncalc.cli.options import Network as Named
from cnncalc.cli.options import Settings, Spec, TreeSettings
from cnncalc.errors import CnnCalcError, Piece, Source, SpecError
from cnncalc.network import Network
from cnncalc.notations import Text, reading, texts
from cnncalc.packages import OnUse
from cnncalc.render.text import plain
from cnncalc.report import Report
from cnncalc.tables.table import Table
from cnncalc.tables.verification import verdict
from cnncalc.tables.views import check_columns, notes, view

if TYPE_CHECKING:
    from cnncalc.cli import each, verification
else:  # only `--each` and `--verify` need them
    each = OnUse("cnncalc.cli.each")
    verification = OnUse("cnncalc.cli.verification")

__all__ = [
    "answer",
    "batch_of",
    "bindings",
    "checked",
    "depth_of",
    "holds",
    "network_of",
    "one_size",
    "report_of",
    "size_of",
    "text_of",
    "whole",
]

SIZES = re.compile(r"([x×,()=\s]+)")  # what stands between the sizes of `-i`
FOR_PROGRAMS = ("csv", "jsonl")  # plain values


def answer(
    name: str,
    settings: Settings,
    complete: Callable[[Report], None] | None = None,
    depth: int | None = None,
) -> int:
    """Show one view of the report on a network; the exit status is what the checks say."""
    output.check(settings.out)  # wrong options are told before any work
    form = output.form_of(settings)
    check_columns(name, settings.columns, depth)
    if settings.each:
        return _answer_each(name, settings, form, complete, depth)
    try:
        report, missed = checked(settings, complete)
    except SpecError as error:
        api.add_report(error, batch_of(settings), settings.dtype, settings.layout)
        if error.report is not None:
            if complete:
                with suppress(SpecError):  # what is asked about may lie behind
                    complete(error.report)
            plainly = form in FOR_PROGRAMS
            table = view(name, error.report, settings.columns, plain=plainly, depth=depth)
            output.show(settings, table, error.report.document)
        raise
    table = view(name, report, settings.columns, plain=form in FOR_PROGRAMS, depth=depth)
    output.show(settings, table, report.document)
    away = output.path_of(settings.out) is not None
    hidden = verdict(report) if away or form in FOR_PROGRAMS else []
    fields = name != "params"  # nobody else asks for them there
    apart = notes(report, fields=fields) if away or form in (*FOR_PROGRAMS, "json") else []
    told = [*apart, *hidden, *_agreement(table.below, form)]
    for message in [*told, *(f"missed: {each}" for each in missed)]:
        output.say(message)
    return int(not holds(report, missed))


def checked(
    settings: Settings, complete: Callable[[Report], None] | None = None
) -> tuple[Report, list[str]]:
    """The report on a network, with what else is asked of it, and which limits it misses.

    Raises:
        CnnCalcError: a limit that can't be read, before any work; else as `report_of`.
    """
    limits = budgets.read(settings)
    report = report_of(settings)
    if limits:
        report.check_numbers()
    over = verification.verify(settings, report) if settings.verify else []
    if complete:
        complete(report)
    found = [limit(report) for limit in limits]
    report.checks = [each.to_dict() for each in found]
    return report, [each.missed for each in found if each.missed] + over


def holds(report: Report, missed: list[str]) -> bool:
    """Whether all checks say yes: limits, and the run if there was one."""
    return not missed and (report.verify is None or bool(report.verify["ok"]))


def _answer_each(
    name: str,
    settings: Settings,
    form: str,
    complete: Callable[[Report], None] | None,
    depth: int | None,
) -> int:
    """The same for many networks, each by itself."""
    if form == "table":
        return each.tables(settings, lambda one: answer(name, one, complete, depth))
    if form != "jsonl":
        raise CnnCalcError(
            f"`--each` prints tables or JSON lines, not {form}", code="usage", help="`-f jsonl`"
        )

    def examine(one: Settings) -> tuple[Report, int]:
        try:
            report, missed = checked(one, complete)
        except SpecError as error:
            api.add_report(error, batch_of(one), one.dtype, one.layout)
            raise
        for message in missed:
            output.say(f"missed by `{' '.join(one.words or [])}`: {message}")
        return report, int(not holds(report, missed))

    return each.documents(settings, examine)


def _agreement(table: Table | None, form: str) -> list[str]:
    """What a format has no place for of who agrees on what."""
    if table is None or form not in FOR_PROGRAMS:
        return []
    return plain(table).rstrip().split("\n")


def report_of(settings: Settings) -> Report:
    """The report on the network that the words stand for."""
    if not settings.verify:
        _refuse_ways_to_verify(settings)
    batch = batch_of(settings)
    network = network_of(settings)
    output.check(settings.out)
    size = size_of(settings)
    return api.analyze(network, size, batch=batch, dtype=settings.dtype, layout=settings.layout)


def _refuse_ways_to_verify(settings: Settings) -> None:
    how = [] if settings.executor is None else [f"--executor {settings.executor}"]
    how += [] if settings.device is None else [f"--device {settings.device}"]
    how += ["--backward --executor torch"] if settings.backward else []
    if how:
        raise CnnCalcError(
            f"`{how[0].split()[0]}` says how to verify, and `--verify` is missing",
            code="usage",
            help=f"`--verify {how[0]}`",
        )


def batch_of(settings: Spec) -> int | None:
    """How many samples `--batch` says; None where it doesn't stand."""
    return whole("--batch", settings.batch, "32")


def depth_of(settings: TreeSettings) -> int | None:
    """How many blocks deep the rows go; None: one for each step."""
    depth = whole("--depth", settings.depth, "1")
    if settings.summary and depth:
        raise CnnCalcError(
            f"`--summary` is `--depth 0`, which contradicts `--depth {depth}`",
            code="usage",
            help="one of them",
        )
    if depth is not None and depth < 0:
        raise CnnCalcError(
            f"`--depth {depth}` is less than none", code="usage", help="as in `--depth 1`"
        )
    return 0 if settings.summary else depth


def whole(option: str, text: str | None, example: str, least: int | None = None) -> int | None:
    """The whole number that an option says, at least so many; None where it doesn't stand."""
    if text is None:
        return None
    if not re.fullmatch(r"-?\d{1,9}", text.strip(), re.ASCII):
        beyond = re.fullmatch(r"\d+", text.strip(), re.ASCII)
        what = "is beyond any machine" if beyond else "is no whole number"
        raise CnnCalcError(
            f"`{option} {text}` {what}", code="usage", help=f"as in `{option} {example}`"
        )
    if least is not None and int(text) < least:
        raise CnnCalcError(
            f"`{option} {text}` is less than {least}", code="usage", help=f"`{option} {example}`"
        )
    return int(text)


def network_of(settings: Named) -> Network:
    """The network that the words stand for."""
    let = bindings(settings.let or [])
    text = text_of(settings)
    try:
        return reading.read(text, settings.notation, let)
    except SpecError as error:
        beside = {name for size in settings.input or [] for name in SIZES.split(size)}
        left = {name: value for name, value in let.items() if name not in beside}
        if error.code != "let" or left == let:
            raise
    return reading.read(text, settings.notation, left)


def text_of(settings: Named) -> Text:
    """What the words stand for."""
    paths = settings.path or []
    for path in paths:
        if not os.path.isdir(path):
            raise CnnCalcError(
                f"`--path {path}` is no folder",
                code="usage",
                help="the folder that holds a package's own: its `site-packages`",
            )
    return texts.of_words(settings.words or [], paths)


def bindings(given: list[str]) -> dict[str, int]:
    """The values that `--let NAME=VALUE` gives to symbols and to open names."""
    values = {}
    for word in given:
        match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*=\s*(\d{1,10})\s*", word, re.ASCII)
        if not match:
            raise CnnCalcError(
                f"`--let {word}` binds nothing",
                code="let",
                help="choices are for `cnncalc sweep`, which goes through all values"
                if "/" in word
                else "a symbol of the spec, or an open name of the source, and a whole number, "
                "as in `--let H=224`",
            )
        values[match[1]] = int(match[2])
    return values


def one_size(command: str, settings: Named) -> Source | None:
    """The text of `-i` for a command whose networks have the sizes of further inputs themselves."""
    sizes = settings.input or []
    if len(sizes) < 2 and not any("=" in size for size in sizes):
        return _size(sizes[0], settings) if sizes else None
    raise CnnCalcError(
        f"`{command}` takes a size of the first input alone, not `-i {sizes[-1]}`",
        code="usage",
        help="further inputs have their sizes in the text, as in `z@input:100`",
    )


def size_of(settings: Named) -> list[Source] | None:
    """The texts of the sizes, one for each input, with the option as their place."""
    let = bindings(settings.let or [])
    texts = [_bound(text, let) for text in settings.input or []]
    return [_size(text, settings) for text in texts] or None


def _size(text: str, settings: Named) -> Source:
    return Source(text, (Piece(0, None if settings.beside else "-i"),))


def _bound(size: str, let: dict[str, int]) -> str:
    """The text of a size with numbers in the place of its symbols; `z=` may stand in front."""
    name, equals, sizes = size.rpartition("=")
    return name + equals + "".join(str(let.get(part, part)) for part in SIZES.split(sizes))
