"""The same network in another notation."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.frameworks import counterparts
from cnncalc.notations.reserved import PYTHON, TORCH
from cnncalc.report import Report
from cnncalc.suggestions import suggest

__all__ = ["NOTATIONS", "check", "convert"]

WIDTH = 88
NAMED = ("torch", "keras", "onnx")  # what is written there has a name


def convert(report: Report, to: str, name: str | None = None) -> str | bytes:
    """Write the network of a report, at the report's input.

    Args:
        report: what analysis made of the network.
        to: one of `NOTATIONS`.
        name: what the class, the model or the graph is called.

    Returns:
        The text; for `onnx` the bytes of a file.

    Raises:
        SpecError: a layer that the other notation can't say.
        CnnCalcError: no such notation, or a name that can't be one.
    """
    check(to, name)
    if to != "mermaid":
        _check_stored(report)
    return NOTATIONS[to](report, name)


def check(to: str, name: str | None = None) -> None:
    """CnnCalcError where there is no such notation to write, or nothing there is called so."""
    if to not in NOTATIONS:
        near = suggest(to, NOTATIONS, counterparts.NOTATIONS)
        raise CnnCalcError(
            f"there is no notation `{to}` to write",
            code="notation",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(NOTATIONS)}",
        )
    if name is None:
        return
    if not name.isidentifier() or name in (TORCH.values if to == "torch" else PYTHON):
        raise CnnCalcError(
            f"`{name}` can't be the name of a class", code="bad-name", help="such as `Net`"
        )
    if to not in NAMED:
        raise CnnCalcError(
            f"`{to}` text has no place for the name `{name}`",
            code="bad-name",
            help=f"a name is written with {', '.join(NAMED)}",
        )


def _check_stored(report: Report) -> None:
    """SpecError where a layer written anew would hold other tensors than its source has."""
    step = next((step for step in report.network.steps if not step.own), None)
    if step is not None:
        raise SpecError(
            f"`{step.name}` works with tensors that a layer of its own would not have: tied "
            "weights, parts of them, buffers or constants",
            step.spans[0] if step.spans else None,
            code="unsayable",
        )


def _compact(report: Report, name: str | None) -> str:
    from cnncalc.notations.writing import write

    text = write(report.network, report.input)
    if text is None:
        raise _unsayable(report)
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*lines, ""])


def _unsayable(report: Report) -> SpecError:
    """What in a network the compact notation has no words for, with its place."""
    network = report.network
    steps = network.steps
    held = [row.index for row in report.rows if row.shares is not None and row.weights]
    again = steps[held[0]] if held else None
    further = next((step for step in steps[1:] if not step.inputs), None)
    step = again or further
    if again:
        first = steps[again.shares or 0].name
        why = f"`{again.name}` uses the weights of `{first}` again"
    elif further:
        why = f"`{further.name}` is a further input"
    elif len(steps) == 1:
        why = "it has no layers"
    elif network.unused_params:
        why = f"{network.unused_params:,} parameters are never used"
    elif network.unused_buffers:
        why = f"buffers of {network.unused_buffers:,} elements are never used"
    else:
        why = "its outputs come in another order than a spec's"
    return SpecError(
        f"the compact notation can't say this network: {why}",
        step.spans[0] if step and step.spans else None,
        code="unsayable",
        help="`--to torch` can" if again or further or len(steps) == 1 else None,
    )


def _torch(report: Report, name: str | None) -> str:
    from cnncalc.notations import pytorch_source

    return pytorch_source.write(report, name)


def _keras(report: Report, name: str | None) -> str:
    from cnncalc.notations import keras_source

    return keras_source.write(report, name)


def _onnx(report: Report, name: str | None) -> bytes:
    from cnncalc.notations import onnx_write

    data: bytes = onnx_write.write_report(report, name=name).model.SerializeToString()
    return data


def _mermaid(report: Report, name: str | None) -> str:
    from cnncalc.notations import mermaid

    return mermaid.write(report)


NOTATIONS: dict[str, Callable[[Report, str | None], str | bytes]] = {
    "compact": _compact,
    "torch": _torch,
    "keras": _keras,
    "onnx": _onnx,
    "mermaid": _mermaid,
}
