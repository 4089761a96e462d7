"""The size law of a network as a function in Python: the lengths of its map for those of its input.

It imports nothing, and raises ValueError for a size at which the network doesn't work, or of which
its expressions don't tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc import symbolic
from cnncalc.errors import SpecError
from cnncalc.findings import Findings
from cnncalc.layers.base import show
from cnncalc.network import Named, Network
from cnncalc.notations import Notation
from cnncalc.rows import Analysis, Row, as_layout
from cnncalc.symbols.size import Size
from cnncalc.validity import symbols_of

__all__ = ["NOTATION", "write"]

PARAMETERS = {"L": "length"}  # a single letter l looks like the number 1


def write(report: Findings, name: str | None = None) -> str:
    """A function of the input's spatial lengths that returns a tuple of the output's.

    Where the output is no map, they are those of the last map before it.

    Args:
        report: what analysis made of the network.
        name: of the function; None: `output_size`.

    Raises:
        SpecError: an input or a network without maps, or sizes that no expression says.
    """
    origin = report.symbols.network if report.symbols else report.network.origin or report.network
    named = [axis for axis, n in enumerate(report.input) if isinstance(n, Size)]
    report = report.at_witness
    places = report.network.places(report.input)
    whole = bool(named) and not {*named} & {*places}  # as the steps of tokens
    places = tuple(named) if whole else places
    row = _map(report)
    if not places or row is None:
        what = "the input" if not places else "no step"
        raise SpecError(
            f"{what} has {'no ' if not places else ''}positions, so there is no size to work out",
            code="unsayable",
        )
    letters = [PARAMETERS.get(each, each.lower()) for each in symbols_of(len(places))]
    analysis = _named(origin, report, dict(zip(places, letters, strict=True)))
    output = analysis.rows[row.index].output_shape
    lengths = output if whole else output[1:]
    lines = [
        f"def {name or 'output_size'}({', '.join(letters)}):",
        *_docstring(report, row, letters, origin.tracer is not None),
        *_checks(analysis, letters),
        f"    return {_tuple([str(n) for n in lengths])}",
    ]
    return "\n".join([*lines, ""])


def _map(report: Findings) -> Row | None:
    """The step whose size is meant: the output, or the last map before it."""
    first = report.rows[report.outputs[0]]
    maps = [row for row in report.rows[: first.index + 1] if len(row.output_shape) > 1]
    return maps[-1] if maps else None


def _named(network: Network, report: Findings, names: dict[int, str]) -> Analysis:
    """The network with names for the places of its input, at which its own size is tried first."""
    shape = tuple(names.get(axis, n) for axis, n in enumerate(report.input))
    sizes: tuple[int | str, ...] = as_layout(shape, report.network.layout)  # type: ignore[arg-type]
    missing = SpecError("a size has a name", code="symbols")
    try:
        return symbolic.analyze_named(network, Named(sizes, missing), first=report.input)
    except SpecError as error:
        error.help = None  # it isn't a size that is missing
        raise


def _docstring(report: Findings, row: Row, letters: Sequence[str], followed: bool) -> list[str]:
    """What the function is about, and what it was made of; `followed`: its source in names."""
    shown = show(as_layout(report.input, report.layout))
    of = "the output" if row.index in report.outputs else f"step {row.index}, the last map"
    size = " x ".join(letters) if len(letters) > 1 else "this length"
    lines = [
        f'    """The spatial lengths of {of}, for an input of {size}.',
        "",
        f"    Written by cnncalc from a network that it read at {shown}.",
    ]
    if report.network.notation != "compact" and not followed:
        lines.append("    What its source itself computes with sizes is as it is there.")
    return [*lines, '    """']


def _checks(analysis: Analysis, letters: Sequence[str]) -> list[str]:
    """The set of sizes that is taken for granted: ValueError for any other."""
    assert analysis.symbols is not None
    lines = []
    for letter in letters:
        some = analysis.symbols.sets[letter]
        told = some.condition(letter) if ~some else f"{letter} >= 1"
        starts = told.startswith(f"{letter} >= ") and " or " not in told
        test = f"not ({told})" if starts else f"{letter} < 1 or not ({told})"
        test = f"{letter} < 1" if told == f"{letter} >= 1" else test
        lines += _refusal(test, f"{letter} is {{{letter}}}, and this is for {told}")
    for tie in analysis.symbols.ties:
        values = ", ".join(f"{letter} is {{{letter}}}" for letter in letters)
        lines += _refusal(
            f"not ({tie.condition()})", f"{values}, and this is for {tie.condition()}"
        )
    return lines


def _refusal(test: str, message: str) -> list[str]:
    return [f"    if {test}:", f'        raise ValueError(f"{message}")']


def _tuple(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else ", ".join(items)


NOTATION = Notation("a function of sizes", write=write, named=True, weightless=True, symbolic=True)
