"""`shape`, `params` and `rf`: three views of the same report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnncalc.cli.budgets import amount
from cnncalc.cli.options import CostSettings, FieldSettings, taking
from cnncalc.cli.stages import answer, depth_of
from cnncalc.packages import OnUse
from cnncalc.receptive.units import centre_of_last_map, find, number_of
from cnncalc.report import Report

if TYPE_CHECKING:
    from cnncalc import counts, law
    from cnncalc.executors import training
else:  # only `--law`, `--count`, `--optimizer` and `--fits` need them
    counts = OnUse("cnncalc.counts")
    law = OnUse("cnncalc.law")
    training = OnUse("cnncalc.executors.training")

__all__ = ["params", "rf", "shape"]


@taking(CostSettings)
def shape(settings: CostSettings) -> int:
    """The size after every layer, with its receptive field, parameters and MACs.

    cnncalc shape 3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10

    cnncalc shape resnet50 --depth 1

    cnncalc shape vgg16 --optimizer adam --fits 24GB
    """
    return answer("shape", settings, _costs(settings), depth=depth_of(settings))


@taking(CostSettings)
def params(settings: CostSettings) -> int:
    """The weight tensors with their shapes, counts, memory and share of the whole.

    cnncalc params resnet18 -f csv
    """
    return answer("params", settings, _costs(settings), depth=depth_of(settings))


def _costs(settings: CostSettings) -> Callable[[Report], None]:
    """What a report is to tell of costs; CnnCalcError for a tool or optimizer that isn't known."""
    tools = list(dict.fromkeys(settings.count or []))
    for name in tools:
        counts.tool(name)
    optimizer = settings.optimizer
    if optimizer is not None:
        training.check_optimizer(optimizer)

    def with_costs(report: Report) -> None:
        report.flops = settings.flops
        if tools:
            report.show_counts(tools)
        if settings.fits is not None:
            report.fits = amount(settings.fits, "--fits", in_bytes=True)
        if optimizer is not None or settings.fits is not None:
            report.memory = [training.inference(report)]
        if optimizer is not None:
            report.memory.append(training.training(report, optimizer))

    return with_costs


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
