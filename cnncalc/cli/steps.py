"""What a command over a network does: read, compute, show, check."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial

from cnncalc import api
from cnncalc.cli import budgets, output
from cnncalc.cli.options import Settings, Spec
from cnncalc.errors import CnnCalcError, LayerError, Piece, Source, Span, SpecError
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations import reading
from cnncalc.notations.compact import parse_size
from cnncalc.report import Report
from cnncalc.tables import Table
from cnncalc.verdicts import verdict
from cnncalc.views import check_columns, view

__all__ = ["answer", "bindings", "network_of", "report_of", "size_of"]

FOR_PROGRAMS = ("csv", "jsonl")  # plain values
WITHOUT_REMARKS = (*FOR_PROGRAMS, "latex", "html")


def answer(name: str, settings: Settings, complete: Callable[[Report], None] | None = None) -> int:
    """Show one view of the report on a network; the exit status is what the checks say."""
    form = output.form_of(settings)  # wrong options are told before any work
    check_columns(name, settings.columns)
    limits = budgets.read(settings)
    report = report_of(settings)
    if complete:
        complete(report)
    table = view(name, report, settings.columns, plain=form in FOR_PROGRAMS)
    output.show(settings, table, report.document)
    missed = [f"missed: {message}" for limit in limits if (message := limit(report))]
    hidden = verdict(report) if settings.out or form in WITHOUT_REMARKS else []
    for message in [*hidden, *_agreement(table.below, form), *missed]:
        output.say(message)
    return int(bool(missed) or (report.verify is not None and not report.verify["ok"]))


def _agreement(table: Table | None, form: str) -> list[str]:
    """What a format has no place for of who agrees on what."""
    if table is None or form not in WITHOUT_REMARKS:
        return []
    if form not in FOR_PROGRAMS:
        return table.footer
    from cnncalc.render.text import plain

    return plain(table).rstrip().split("\n")


def report_of(settings: Settings) -> Report:
    """The report on the network that the words stand for, verified if that was asked for."""
    batch = _batch(settings.batch)
    network = network_of(settings)
    size = size_of(settings.input, "-i") if settings.input is not None else None
    if settings.verify:
        return _verified(settings, network, size, batch)
    how = [] if settings.executor is None else [f"--executor {settings.executor}"]
    how += [] if settings.device is None else [f"--device {settings.device}"]
    how += ["--backward --executor torch"] if settings.backward else []
    if how:
        raise CnnCalcError(
            f"`{how[0].split()[0]}` says how to verify, and `--verify` is missing",
            code="usage",
            help=f"`--verify {how[0]}`",
        )
    return api.analyze(network, size, batch=batch, dtype=settings.dtype, layout=settings.layout)


def _batch(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,9}", text.strip(), re.ASCII):
        beyond = re.fullmatch(r"\d+", text.strip(), re.ASCII)
        what = "is beyond any machine" if beyond else "is no whole number"
        raise CnnCalcError(f"`--batch {text}` {what}", code="usage", help="as in `--batch 32`")
    return int(text)


def _verified(settings: Settings, network: Network, size: Shape | None, batch: int) -> Report:
    most = settings.max_memory
    verify = partial(
        api.verify,
        network,
        size,
        executor="bundled" if settings.executor is None else settings.executor,
        device="cpu" if settings.device is None else settings.device,
        batch=batch,
        dtype=settings.dtype,
        layout=settings.layout,
        backward=settings.backward,
        max_memory=most if most is None else budgets.amount(most, "--max-memory", in_bytes=True),
    )
    if not output.is_terminal(sys.stderr):
        return verify()
    from cnncalc.render.table import Bar

    with Bar() as bar:
        return verify(progress=bar)


def network_of(settings: Spec) -> Network:
    """The network that the words stand for."""
    let = bindings(settings.let or [])
    return reading.read(reading.gather(settings.words or []), settings.notation, let)


def bindings(given: list[str]) -> dict[str, int]:
    """The values that `--let NAME=VALUE` gives to symbols."""
    values = {}
    for word in given:
        match = re.fullmatch(r"\s*([A-WYZ][A-WYZa-z0-9]*)\s*=\s*(\d{1,10})\s*", word, re.ASCII)
        if not match:
            raise CnnCalcError(
                f"`--let {word}` binds nothing",
                code="let",
                help="a symbol of the spec and a whole number, as in `--let H=224`",
            )
        values[match[1]] = int(match[2])
    return values


def size_of(text: str, option: str) -> Shape:
    """The size that an option such as `-i` gives; SpecError with the option as its place."""
    try:
        return parse_size(text.strip().replace("×", "x").replace(",", "x"))
    except LayerError as error:
        span = Span(Source(text, (Piece(0, option),)), 0, len(text))
        symbolic = error.code in ("unbound-symbol", "unknown-value")
        advice = "numbers, such as 3x224x224" if symbolic else error.help
        raise SpecError(error.message, span, code=error.code, help=advice) from None
