"""Every layer kind with its options as PyTorch and Keras: run, read back, and formatted."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cnncalc import SpecError, analyze, convert
from cnncalc.layers import LAYERS
from cnncalc.notations import program
from tests.convert.emitted import assert_formatted, assert_named, read_again, totals
from tests.convert.test_keras import assert_reads_back
from tests.convert.test_keras import assert_runs as assert_keras_runs
from tests.convert.test_torch import assert_runs as assert_torch_runs

pytest.importorskip("onnx")  # the table is that of the ONNX tests

from tests.onnx.test_kinds import CASES

DEFAULTS = ("celu", "hardshrink", "hardtanh", "logsoftmax", "softshrink")
# Without its channels a map's first axis is the channels' place, which is Keras's last.
TURNED = {"4x9x8 reduce:max conv:3,k3", "4x9x8 reduce:sum,axes=0x1 linear:5"}
SPECS = sorted({case.spec for case in CASES} | {f"4x9x8 {kind}" for kind in DEFAULTS} | TURNED)
# Kinds that the frameworks have no words for, whatever their options.
WITHOUT = {
    "torch": {"glp", "noise", "sparseplus", "sparsesigmoid", "squareplus", "standardize",
              "unitnorm"},
    "keras": {"expand", "fold", "glp", "lppool", "lrn", "pixelshuffle", "pixelunshuffle", "rrelu",
              "softmin", "threshold", "unfold"},
}  # fmt: skip


def kind_of(spec: str) -> str:
    return re.split(r"[:\[]", spec.split()[1])[0]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("to", ["torch", "keras"])
def test_what_is_written_runs(spec: str, to: str) -> None:
    expected = analyze(spec)
    try:
        text = str(convert(spec, to))
    except SpecError as error:
        assert_named(error)
        return
    assert kind_of(spec) not in WITHOUT[to]
    if to == "torch":
        assert_torch_runs(text, expected)
        assert totals(read_again(text, to, expected)) == totals(expected)
    else:
        assert_keras_runs(text, expected)
        assert_reads_back(text, expected)


@pytest.mark.parametrize("to", ["torch", "keras"])
def test_few_kinds_are_refused(to: str) -> None:
    """Every other kind is written, at least with some of its options."""
    said = set()
    for spec in SPECS:
        try:
            convert(spec, to)
        except SpecError:
            continue
        said.add(kind_of(spec))

    assert {kind_of(spec) for spec in SPECS} - said == WITHOUT[to]


def test_is_formatted(tmp_path: Path) -> None:
    texts = []
    for spec in SPECS:
        for to in ("torch", "keras"):
            try:
                texts.append(str(convert(spec, to)))
            except SpecError:
                continue
    assert_formatted(texts, tmp_path)


def test_programs_only_arrange() -> None:
    """What a layer is in a framework is said in `frameworks/` alone."""
    kinds = {*LAYERS} - {"input", "pad"}  # what isn't written, and what is named after another
    for path in Path(program.__file__).parent.glob("*.py"):
        texts = {
            node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }  # fmt: skip
        assert not texts & kinds, path
