"""A report as plain data, to compare two readings of one model."""

from __future__ import annotations

from typing import Any

from cnncalc import Report

__all__ = ["told"]


def told(report: Report) -> dict[str, Any]:
    """All that a report says of a model; how a layer was spelled is left out."""
    document: dict[str, Any] = report.to_dict()
    document.pop("spec")
    for layer in document["layers"]:
        layer.pop("text")
    return document
