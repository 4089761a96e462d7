"""What `print(model)` shows: weights always count, sizes follow where modules stand in sequence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, analyze
from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape
from tests.conftest import Command

STACK = """Sequential(
  (0): Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)
  (bn): BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (2): LeakyReLU(negative_slope=0.1)
  (3): Sequential(
    (0-1): 2 x Conv2d(16, 16, kernel_size=(3, 3), stride=(1, 1), padding_mode=reflect)
  )
  (4): Upsample(scale_factor=2.0, mode='nearest')
  (5): Sequential()
  (6): AdaptiveAvgPool2d(output_size=(1, 1))
  (7): Flatten(start_dim=1, end_dim=-1)
  (8): Linear(in_features=16, out_features=10, bias=True)
)
"""
NET = """Net(
  (features): Sequential(
    (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    (1): ReLU(inplace)
  )
  (blocks): ModuleList(
    (0-4): 5 x Block(
      (conv): Conv2d(8, 8, kernel_size=(3, 3), stride=(1, 1), bias=False)
      (act): Swish()
    )
  )
  (scale): ParameterList(  (0): Parameter containing: [torch.float32 of size 3x4])
  (scales): ParameterDict(
      (a): Parameter containing: [torch.FloatTensor of size 5]
      (b): Parameter containing: [torch.cuda.FloatTensor of size 5 (GPU 0)]
  )
  (fc): NonDynamicallyQuantizableLinear(in_features=8, out_features=10, bias=True)
)"""
WEIGHTS = 224 + 5 * 576 + 12 + 10 + 90


def failed(text: str, input: Shape | None = None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        analyze(text, input)
    return caught.value


def partial(text: str, input: Shape | None = None) -> Report:
    report: Report = failed(text, input).report
    assert not report.complete
    return report


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_stack(indent: str) -> None:
    report = analyze("".join(f"{indent}{n}\n" for n in STACK.splitlines()), (3, 20, 20))

    assert report.complete
    assert [row.name for row in report.layers][:4] == ["0", "bn", "2", "3.0"]
    assert report.rows[report.outputs[0]].output_shape == (10,)
    assert report.total.params == 432 + 32 + 2 * 2320 + 170


def test_a_stack_that_does_not_fit() -> None:
    error = failed(STACK, (4, 20, 20))

    assert (error.code, error.line, error.column) == ("declared", 2, 15)
    assert error.span is not None
    assert error.span.text == "3"


@pytest.mark.parametrize("input", [None, (3, 20, 20)])
def test_the_weights_of_any_model(input: Shape | None) -> None:
    error = failed(NET, input)
    report = error.report

    assert report.total.params == WEIGHTS
    assert {row.output_shape for row in report.rows[1:]} <= {None}
    assert (error.code, error.line) == ("printed", 1)
    assert "doesn't tell how it is wired" in error.message
    assert error.notes == []


def test_the_command(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.txt").write_text(NET)
    code, out, err = command("params", str(tmp_path / "net.txt"))

    assert code == 2
    assert f"{WEIGHTS:,}" in out
    assert "error[printed]" in err
    part = command("shape", f"{tmp_path / 'net.txt'}:features", "-i", "3x8x8")
    assert (part.code, "8×6×6" in part.out) == (0, True)
    part = command("shape", f"{tmp_path / 'net.txt'}:Net.blocks.0.conv", "-i", "8x8x8")
    assert (part.code, "8×6×6" in part.out) == (0, True)
    wrong = command("shape", f"{tmp_path / 'net.txt'}:head", "-i", "8x8x8")
    assert "there is no part `head` in this printed model" in wrong.err


def test_until_the_first_module_of_its_own() -> None:
    text = STACK.replace("(2): LeakyReLU(negative_slope=0.1)", "(2): Act(slope=0.1)")
    error = failed(text, (3, 20, 20))

    assert [row.output_shape for row in error.report.rows] == [(3, 20, 20), *[(16, 20, 20)] * 2]
    assert error.report.total.params == 432 + 32 + 2 * 2320 + 170
    assert (error.line, error.column) == (4, 8)
    assert error.notes == ["weights of `Act` aren't printed, nor counted"]


def test_lines_of_a_model() -> None:
    report = partial("(conv1): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))\n(relu): ReLU()\n")

    assert report.total.params == 456


def test_what_a_module_says_of_itself_beside_its_parts() -> None:
    text = "Norm(\n  64, eps=1e-05\n  (a): Linear(in_features=2, out_features=3)\n)"

    assert partial(text).total.params == 9
    assert failed(text).notes == ["weights of `Norm` aren't printed, nor counted"]


def test_attention_prints_only_a_part_of_its_weights() -> None:
    text = (
        "Net(\n  (a): MultiheadAttention(\n    (out_proj): NonDynamicallyQuantizableLinear("
        "in_features=8, out_features=8, bias=True)\n  )\n)"
    )

    assert partial(text).total.params == 72
    assert failed(text).notes == ["weights of `MultiheadAttention` aren't printed, nor counted"]


MANY = "(0-999): 1000 x Net(\n  (a): ReLU()\n"
# name: (text, code, line)
WRONG: dict[str, tuple[str, str, int]] = {
    "a range that isn't": ("Sequential(\n  (0-3): 3 x ReLU()\n)", "syntax", 2),
    "an argument": ("Sequential(\n  (0): Conv2d(3, 6, kernal_size=3)\n)", "unknown-option", 2),
    "no arguments": ("Sequential(\n  (0): Conv2d()\n)", "missing-option", 2),
    "code": ("Sequential(\n  (0): ReLU(__import__('os').system('id'))\n)", "forbidden", 2),
    "a call": ("Sequential(\n  (0): Conv2d(3, 6, open('/etc/passwd').read())\n)", "forbidden", 2),
    "no Python": ("Sequential(\n  (0): ReLU(<lambda> at 0x7f)\n)", "syntax", 2),
    "deep": ("".join(f"{' ' * n}({n}): Net(\n" for n in range(100)), "too-deep", 61),
    "wide": ("Sequential(\n" + "  (0-99998): 99999 x ReLU()\n" * 40 + ")", "too-long", 2),
    "many of many": ("Net(\n" + MANY * 9, "too-long", 19),
    "a huge weight": ("N(\n (0): Parameter containing: [a of size " + "9x" * 3000 + "9]\n)", "", 2),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong(text: str, code: str, line: int) -> None:
    error = failed(text, (3, 8, 8))

    assert not code or (error.code, error.report) == (code, None)
    assert error.line in (line, None) or not code


def test_nothing_is_imported_or_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **options: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("os.system", never)
    for text, _, _ in WRONG.values():
        failed(text, (3, 8, 8))
