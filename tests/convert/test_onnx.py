"""ONNX models that `convert` writes are what the writer makes of the report."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from cnncalc import CnnCalcError, analyze, convert, parse
from tests.convert.emitted import totals
from tests.library import NAMES, report

SPEC = "3x16x16 conv:8,k3,s2,p=same relu add[conv:8,k3,p1 | ] gap linear:10"


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    with pytest.raises(CnnCalcError, match="`onnx`, which is not installed"):
        convert(SPEC, "onnx")


def onnx_or_skip() -> None:
    if not find_spec("onnx"):
        pytest.skip("onnx is not installed")


def test_reads_back(tmp_path: object) -> None:
    from pathlib import Path

    onnx_or_skip()
    data = convert(SPEC, "onnx")
    path = Path(str(tmp_path)) / "net.onnx"
    assert isinstance(data, bytes)
    path.write_bytes(data)

    assert totals(analyze(parse(str(path), notation="onnx"))) == totals(analyze(SPEC))


@pytest.mark.parametrize("name", [name for name in NAMES if report(name).total.params < 9_000_000])
def test_examples_are_valid(name: str) -> None:
    onnx_or_skip()
    import onnx

    data = convert(name, "onnx")
    assert isinstance(data, bytes)
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.output) == len(report(name).outputs)
