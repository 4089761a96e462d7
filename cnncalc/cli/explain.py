"""`explain`: how each figure comes about.

Annotations are evaluated in this file (there is no `from __future__ import annotations`).
"""

import sys
from contextlib import suppress
from typing import Annotated

from cnncalc import api
from cnncalc.cli import output
from cnncalc.cli.options import Laid, Spec, Text, formats, shown, taking
from cnncalc.cli.stages import batch_of, network_of, size_of
from cnncalc.errors import SpecError
from cnncalc.explanation import Explanation
from cnncalc.render.formulas import FORMATS, text
from cnncalc.report import Report

__all__ = ["explain"]


class ExplainSettings(Laid, Spec):
    """The options of `explain`."""

    format: Annotated[Text, formats(FORMATS)] = None
    at: Annotated[
        Text, shown("--at", metavar="LAYER", help="One layer alone, by its name or number.")
    ] = None


@taking(ExplainSettings)
def explain(settings: ExplainSettings) -> int:
    """How each figure comes about: the formula, its numbers put in, the result.

    cnncalc explain 3x224x224 conv:64,k7,s2,p3 maxpool:3,s2,p1 --at conv1
    """
    output.check(settings.out)  # wrong options are told before any work
    form = output.form_of(settings, FORMATS)
    batch, dtype, layout = batch_of(settings), settings.dtype, settings.layout
    try:
        network = network_of(settings)
        output.check(settings.out)
        size = size_of(settings)
        report = api.analyze(network, size, batch=batch, dtype=dtype, layout=layout)
    except SpecError as error:
        api.add_report(error, batch, dtype, layout)
        if error.report is not None:
            with suppress(SpecError):  # the layer asked for may lie behind
                _show(settings, form, error.report)
        raise
    _show(settings, form, report)
    return 0


def _show(settings: ExplainSettings, form: str, report: Report) -> None:
    explanation = Explanation(report, settings.at)
    columns = output.width(sys.stdout)
    if form == "text" and columns and output.path_of(settings.out) is None:
        output.emit(text(explanation, columns))
    else:
        output.emit(FORMATS[form](explanation, explanation.document), settings.out)
