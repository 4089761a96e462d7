"""Limits that a script or CI sets: what a network may cost, and what it must see and give."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.cli.options import CostSettings, Settings
from cnncalc.errors import CnnCalcError
from cnncalc.layers.base import show
from cnncalc.notations.sizes import given
from cnncalc.report import Check, Report
from cnncalc.tables.table import human_bytes

__all__ = ["amount", "check", "read"]

# What it comes to, and the sentence that says by how much it is missed; None: it isn't.
Limit = Callable[[Report], tuple[Check, str | None]]

AMOUNT = r"((?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d+)?)(?:e(\d{1,2}))?\s*([kKmMgGtTpP]?)(i?)([bB]?)"
BEYOND = 10**30  # more than any network here has of anything
POWERS = {letter: power for power, letter in enumerate(" kmgtp")}


def read(settings: Settings) -> list[Limit]:
    """The limits that the options set; CnnCalcError where one can't be read."""
    limits: list[Limit] = []
    if settings.max_params is not None:
        limits.append(_most("--max-params", settings.max_params, "parameters"))
    if settings.max_macs is not None:
        limits.append(_most("--max-macs", settings.max_macs, "MACs"))
    if settings.max_memory is not None:
        limits.append(_memory(settings.max_memory))
    if isinstance(settings, CostSettings) and settings.fits is not None:
        limits.append(_fits(settings.fits))
    if settings.min_rf is not None:
        limits.append(_field(settings.min_rf))
    if settings.expect is not None:
        limits.append(_shape(settings.expect))
    return limits


def check(report: Report, limits: list[Limit]) -> list[str]:
    """Hold a report against limits, which it then tells of; sentences on those that are missed."""
    found = [limit(report) for limit in limits]
    report.checks = [each for each, _ in found]
    return [missed for _, missed in found if missed]


def amount(text: str, option: str, *, in_bytes: bool = False) -> int:
    """A number such as 25M, 4.1G, 1_000_000 or, of bytes, 512MB and 2GiB."""
    match = re.fullmatch(AMOUNT, text.strip())
    if match:
        digits, exponent, letter, binary, b = match.groups()
        power = POWERS[letter.lower() or " "]
        if b and not in_bytes and not letter:  # 7B is seven billion
            power, b = 3, ""
        if in_bytes or not (b or binary):
            number = float(digits.replace("_", "").replace(",", "") + f"e{exponent or 0}")
            size = number * float(1024 if binary else 1000) ** power
            return round(min(size, BEYOND))
    form = "512MB, 2GiB or 100000" if in_bytes else "25M, 4.1G or 100000"
    raise CnnCalcError(
        f"`{option} {text}` is no amount", code="budget", help=f"a number such as {form}"
    )


def _most(option: str, text: str, what: str) -> Limit:
    most = amount(text, option)

    def limit(report: Report) -> tuple[Check, str | None]:
        count = report.total.params if what == "parameters" else report.total.macs
        found = Check(option.removeprefix("--max-"), most, count, count <= most)
        missed = f"{count:,} {what} are {count - most:,} more than {option} {text}"
        return found, None if found.ok else missed

    return limit


def _memory(text: str) -> Limit:
    most = amount(text, "--max-memory", in_bytes=True)

    def limit(report: Report) -> tuple[Check, str | None]:
        size = report.total.param_bytes + report.total.activation_bytes
        found = Check("memory", most, size, size <= most)
        missed = (
            f"parameters and activations take {human_bytes(size)}, {human_bytes(size - most)} "
            f"more than --max-memory {text}"
        )
        return found, None if found.ok else missed

    return limit


def _fits(text: str) -> Limit:
    size = amount(text, "--fits", in_bytes=True)

    def limit(report: Report) -> tuple[Check, str | None]:
        memory = report.memory[-1]
        most = memory.room(size).most
        taken = memory.at(report.batch).total
        found = Check("fits", most, taken, taken <= most)
        missed = (
            f"{memory.what} takes {human_bytes(taken)} at batch {report.batch}, "
            f"{human_bytes(taken - most)} more than the {human_bytes(most)} that "
            f"--fits {text} leaves beside its reserve"
        )
        return found, None if found.ok else missed

    return limit


def _field(text: str) -> Limit:
    least = given(text, "--min-rf").sizes

    def limit(report: Report) -> tuple[Check, str | None]:
        end = report.fields[report.outputs[0]]
        told = end.to_dict(report.frame)
        if told is None:
            nothing = f"the output sees nothing of the first input, for --min-rf {text}"
            return Check("rf", list(least), [], False), nothing
        sizes = told["size"]
        assert isinstance(sizes, list)
        wanted = least * len(sizes) if len(least) == 1 and sizes else least
        missed = None
        if not sizes:
            missed = f"the input has no spatial axes for --min-rf {text}"
        elif len(wanted) != len(sizes):
            missed = f"the input has {len(sizes)} spatial axes, and --min-rf {text} {len(wanted)}"
        elif (short := max(a - b for a, b in zip(wanted, sizes, strict=True))) > 0:
            seen = ("at most " if end.status == "hull" else "") + show(tuple(sizes))
            missed = f"the output sees {seen}, {short} less than --min-rf {text}"
        return Check("rf", list(wanted), sizes, missed is None), missed

    return limit


def _shape(text: str) -> Limit:
    wanted = given(text, "--expect").sizes

    def limit(report: Report) -> tuple[Check, str | None]:
        shape = tuple(report.shape(report.rows[report.outputs[0]].output_shape))
        found = Check("output", list(wanted), list(shape), shape == wanted)
        missed = f"the output is {show(shape)}, not {show(wanted)}"
        if len(shape) == len(wanted):
            apart = (f"{size - want:+d}" for size, want in zip(shape, wanted, strict=True))
            missed += f": {', '.join(apart)}"
        return found, None if found.ok else missed

    return limit
