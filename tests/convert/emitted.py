"""What `convert` wrote, run by its own framework and formatted by ruff."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, SpecError, analyze, parse
from cnncalc.layers.base import Shape
from tests import processes

# Attention, products and tokens, beside the examples.
PRODUCTS = (
    "8x6 mha:2 mha:3,axis=1",
    "8x6 mha:4,nobias[ | token ]",
    "8x6 mha:2[ | linear:5,axis=0 | linear:3,axis=0 ]",
    "8x6 mha:2,key=3,value=5,out=7",
    "8x6 relu mha:2,key=3,axis=1,nobias relu",
    "8x6 mha:2,key=3[ | linear:5,axis=0 ] relu",
    "3x8x8 2*[conv:3,k3,p1 flatten:start=1 mha:1,key=3 unflatten:8x8,axis=1]",
    "8x6 matmul[ | linear:5,axis=0 permute:1x0 ]",
    "4x5x6 matmul:transpose[ | relu ] token:2,behind",
    "4x6 matmul:transpose[ | relu ] token:3,axis=0",
    "4x9x8 shift:shape=8 scale:shape=9x1",
)


def run(text: str) -> dict[str, Any]:
    """The names that a written file makes. The text is this package's own."""
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text, "emitted.py", "exec"), names)
    return names


def totals(report: Report) -> tuple[Any, ...]:
    """What must be the same after a round trip: sizes that come out, weights and work."""
    sizes = [report.rows[number].output_shape for number in report.outputs]
    return sizes, report.total.params, report.total.trainable, report.total.macs


def inputs(report: Report) -> list[Shape]:
    """The shapes of a network's inputs, in their order."""
    return [row.output_shape for row in report.rows if row.kind == "input"]


def read_again(text: str, notation: str, report: Report) -> Report:
    """The report on what was written, at the same inputs."""
    sizes = inputs(report)
    if notation == "keras":
        sizes = [(*size[1:], *size[:1]) for size in sizes]
    return analyze(parse(text, notation=notation), sizes)


def assert_named(error: SpecError) -> None:
    """A refusal says what the framework lacks, of which layer, and where that stands."""
    assert error.code in ("no-class", "unsayable")
    assert re.search("`.+`", error.message)
    assert error.line is not None


def written_or_refused(text_of: Callable[[str], str], spec: str) -> str | None:
    """What a spec becomes; None where that is refused, by the layer's name."""
    try:
        return text_of(spec)
    except SpecError as error:
        assert_named(error)
        return None


def ruff() -> str:
    """The formatter's path, or the test is skipped."""
    beside = Path(sys.executable).parent / "ruff"
    found = str(beside) if beside.exists() else shutil.which("ruff")
    if not found:
        pytest.skip("ruff is not installed")
    return found


def assert_formatted(texts: list[str], folder: Path) -> None:
    """Ruff, at its defaults, would change nothing."""
    for number, text in enumerate(texts):
        (folder / f"net{number}.py").write_text(text, encoding="utf-8")
    command = [ruff(), "format", "--isolated", "--diff", str(folder)]
    ran = processes.ended(command)

    assert ran.returncode == 0, ran.stdout
    command = [ruff(), "check", "--isolated", "--select", "E,F,I,N,W", str(folder)]
    ran = processes.ended(command)
    assert ran.returncode == 0, ran.stdout
