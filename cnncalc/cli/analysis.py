"""`shape`, `params` and `rf`: three views of the same report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.cli.options import FieldSettings, TreeSettings, taking
from cnncalc.cli.steps import answer, depth_of
from cnncalc.packages import OnUse
from cnncalc.receptive.units import centre_of_last_map, find, number_of
from cnncalc.report import Report

if TYPE_CHECKING:
    from cnncalc import law
else:  # only `--law` needs it
    law = OnUse("cnncalc.law")

__all__ = ["params", "rf", "shape"]


@taking(TreeSettings)
def shape(settings: TreeSettings) -> int:
    """The size after every layer, with its receptive field, parameters and MACs.

    cnncalc shape 3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10

    cnncalc shape resnet50 --depth 1
    """
    return answer("shape", settings, depth=depth_of(settings))


@taking(TreeSettings)
def params(settings: TreeSettings) -> int:
    """The weight tensors with their shapes, counts, memory and share of the whole.

    cnncalc params resnet18 -f csv
    """
    return answer("params", settings, depth=depth_of(settings))


@taking(FieldSettings)
def rf(settings: FieldSettings) -> int:
    """The receptive field after every layer: size, jump (the cumulative stride), start and centre.

    cnncalc rf vgg16 -i 3x256x256

    cnncalc rf resnet18 --at 20:3x3

    cnncalc rf resnet18 --law
    """

    def with_units(report: Report) -> None:
        units = [] if settings.law else settings.at or []
        if units or settings.center:
            report.check_numbers()
        seen = [find(report, text) for text in units]
        seen += [centre_of_last_map(report)] if settings.center else []
        report.units = [unit.to_dict() for unit in seen]

    def with_laws(report: Report) -> None:
        with_units(report)
        asked = {number_of(report.rows, text.strip()) for text in settings.at or []}
        for row, found in zip(report.rows, law.laws(report), strict=True):
            if row.index in asked or not asked:
                report.laws[row.index] = found

    if settings.law:
        return answer("law", settings, with_laws)
    return answer("rf", settings, with_units)
