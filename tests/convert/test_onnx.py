"""ONNX models that `convert` writes are what the writer makes of the report."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cnncalc import CnnCalcError, SpecError, analyze, convert, parse
from tests.convert.emitted import assert_formatted, assert_named, read_again, totals
from tests.convert.test_torch import assert_runs
from tests.library import NAMES, report

SPEC = "3x16x16 conv:8,k3,s2,p=same relu add[conv:8,k3,p1 | ] gap linear:10"


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    with pytest.raises(CnnCalcError, match="`onnx`, which isn't installed") as caught:
        convert(SPEC, "onnx")
    assert caught.value.code == "no-onnx"


def onnx_or_skip() -> None:
    if not find_spec("onnx"):
        pytest.skip("onnx is not installed")


def test_reads_back(tmp_path: Path) -> None:
    onnx_or_skip()
    data = convert(SPEC, "onnx")
    path = tmp_path / "net.onnx"
    assert isinstance(data, bytes)
    path.write_bytes(data)

    assert totals(analyze(parse(str(path), notation="onnx"))) == totals(analyze(SPEC))


def test_an_empty_network_reads_back(tmp_path: Path) -> None:
    onnx_or_skip()
    path = tmp_path / "net.onnx"
    path.write_bytes(convert(parse("nn.Sequential()"), "onnx", (3, 8, 4)))  # type: ignore[arg-type]

    assert [row.output_shape for row in analyze(parse(str(path), notation="onnx")).rows] == [
        (3, 8, 4)
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if report(name).total.params < 9_000_000])
def test_examples_are_valid(name: str) -> None:
    onnx_or_skip()
    import onnx

    data = convert(name, "onnx")
    assert isinstance(data, bytes)
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.output) == len(report(name).outputs)


EXPORTED = Path(__file__).parents[1] / "onnx" / "exported"
SIZES = {"torch_unet_dynamic": (3, 37, 51)}


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPORTED.glob("*.onnx")))
def test_models_of_exporters_as_sources(name: str, tmp_path: Path) -> None:
    """What torch.onnx and tf2onnx wrote becomes source again, or is refused by a node's name."""
    onnx_or_skip()
    report = analyze(parse(str(EXPORTED / f"{name}.onnx"), notation="onnx"), SIZES.get(name))
    texts = []
    for to in ("torch", "compact"):
        try:
            text = str(convert(report.network, to, report.input))
        except SpecError as error:
            assert_named(error)
            continue
        assert totals(read_again(text, to, report)) == totals(report)
        if to == "torch":
            assert_runs(text, report)
            texts.append(text)
    assert_formatted(texts, tmp_path)


def test_modules_of_an_export_are_classes() -> None:
    """Names such as /layer1/layer1.0/conv1/Conv tell the modules."""
    onnx_or_skip()
    network = parse("3x8x8 conv:4,k1 conv:4,k3,p1 relu add[|conv:4,k1] conv:4,k3,p1 relu")
    for step, name in zip(
        network.steps[1:],
        ("/a/Conv", "/b/b.0/c/Conv", "/b/b.0/Relu", "/d/Conv", "/e/Add", "/b/b.1/c/Conv",
         "/b/b.1/Relu"), strict=True,
    ):  # fmt: skip
        step.name = name
    network.notation = "onnx"
    text = str(convert(network, "torch"))

    assert "class Block(nn.Sequential):" in text
    assert "self.a = nn.Conv2d(3, 4, 1)" in text
    assert_runs(text, analyze(network))


def test_tensors_that_no_layer_would_have() -> None:
    """A tensor stretched before it is used counts as the file has it: no layer says that."""
    onnx_or_skip()
    from tests.onnx.builders import node, numbers, report

    found = report(
        [node("Expand", "w s", "e"), node("Mul", "x e", name="gate")],
        {"w": (1, 1, 8, 8), "s": numbers(1, 3, 8, 8)},
    )
    assert found.total.params == 64
    for to in ("torch", "keras", "compact", "onnx"):
        with pytest.raises(SpecError, match="`gate` works with tensors") as caught:
            convert(found.network, to)
        assert caught.value.code == "unsayable"
