"""Limits that a script or CI sets: what a network may cost, and what it must see and give."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from cnncalc.cli.options import CostSettings, Settings
from cnncalc.errors import CnnCalcError
from cnncalc.layers.base import show
from cnncalc.notations.sizes import given
from cnncalc.report import Report
from cnncalc.tables.table import human_bytes

__all__ = ["Check", "amount", "read"]


class Check(NamedTuple):
    """A limit held against a report.

    Attributes:
        what: the option without its dashes: `max-params`.
        limit: a number of elements, MACs or bytes, or a list of sizes.
        value: what the network has, in the same form; None: it has none.
        missed: the sentence that says by how much it is missed; None: it holds.
    """

    what: str
    limit: int | list[int]
    value: int | list[int] | None
    missed: str | None

    def to_dict(self) -> dict[str, object]:
        """An entry of the document's `checks`."""
        return {
            "what": self.what,
            "limit": self.limit,
            "value": self.value,
            "ok": self.missed is None,
        }


Limit = Callable[[Report], Check]

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

    def limit(report: Report) -> Check:
        count = report.total.params if what == "parameters" else report.total.macs
        over = f"{count:,} {what} are {count - most:,} more than {option} {text}"
        return Check(option[2:], most, count, over if count > most else None)

    return limit


def _memory(text: str) -> Limit:
    most = amount(text, "--max-memory", in_bytes=True)

    def limit(report: Report) -> Check:
        size = report.total.param_bytes + report.total.activation_bytes
        over = (
            f"parameters and activations take {human_bytes(size)}, {human_bytes(size - most)} "
            f"more than --max-memory {text}"
        )
        return Check("max-memory", most, size, over if size > most else None)

    return limit


def _fits(text: str) -> Limit:
    size = amount(text, "--fits", in_bytes=True)

    def limit(report: Report) -> Check:
        memory = report.memory[-1]
        most = memory.room(size).most
        taken = memory.at(report.batch).total
        over = (
            f"{memory.what} takes {human_bytes(taken)} at batch {report.batch}, "
            f"{human_bytes(taken - most)} more than the {human_bytes(most)} that "
            f"--fits {text} leaves beside its reserve"
        )
        return Check("fits", most, taken, over if taken > most else None)

    return limit


def _field(text: str) -> Limit:
    least = list(given(text, "--min-rf").sizes)

    def limit(report: Report) -> Check:
        end = report.fields[report.outputs[0]]
        told = end.to_dict(report.frame)
        sizes = None if told is None else told["size"]
        assert sizes is None or isinstance(sizes, list)
        missed = _short(sizes, least, text, "at most " if end.status == "hull" else "")
        wanted = least * len(sizes) if sizes and len(least) == 1 else least
        return Check("min-rf", wanted, sizes, missed)

    return limit


def _short(sizes: list[int] | None, least: list[int], text: str, most: str) -> str | None:
    """That a field of those sizes is less than is wanted; `most`: where it is but a bound."""
    if sizes is None:
        return f"the output has no receptive field in the first input, for --min-rf {text}"
    wanted = least * len(sizes) if len(least) == 1 else least
    if len(wanted) != len(sizes):
        return f"the input has {len(sizes)} spatial axes, and --min-rf {text} {len(wanted)}"
    if not sizes:
        return f"the input has no spatial axes for --min-rf {text}"
    short = max(want - size for want, size in zip(wanted, sizes, strict=True))
    if short <= 0:
        return None
    field = f"{most}{show(tuple(sizes))}"
    return f"the output's receptive field is {field}, {short} less than --min-rf {text}"


def _shape(text: str) -> Limit:
    wanted = given(text, "--expect").sizes

    def limit(report: Report) -> Check:
        shape = tuple(report.shape(report.rows[report.outputs[0]].output_shape))
        missed = None if shape == wanted else _apart(shape, wanted)
        return Check("expect", list(wanted), list(shape), missed)

    return limit


def _apart(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """How far a shape is from the one that is wanted."""
    said = f"the output is {show(shape)}, not {show(wanted)}"
    if len(shape) != len(wanted):
        return said
    apart = ", ".join(f"{size - want:+d}" for size, want in zip(shape, wanted, strict=True))
    return f"{said}: {apart}"
