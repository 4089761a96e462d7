"""What PyTorch won't or can't compute is told with the reason: it is neither right nor wrong."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Run, StepRun
from cnncalc.layers import KINDS
from cnncalc.verification import compare
from tests.conftest import Command
from tests.executors.common import verified
from tests.frameworks.live_pytorch import torch_or_skip


@pytest.fixture(autouse=True)
def torch() -> Any:
    return torch_or_skip()


VALUE = (
    "PyTorch doesn't normalise a single value by its own mean (in a larger batch there are more)"
)
PLACE = "PyTorch doesn't normalise a map of one position by its own mean"

# What stands between two layers, and why PyTorch refuses it; with samples of how many.
SINGLE = [
    ("8x1x1", "bn:nostats", 1, VALUE),
    ("8x1x1", "bn:nostats", 2, None),
    ("8x1x1", "bn", 1, None),
    ("8x2x1", "bn:nostats", 1, None),
    ("8", "bn:nostats", 1, VALUE),
    ("8", "bn:nostats", 2, None),
    ("8x1x1", "gn:8", 1, VALUE),
    ("8x1x1", "gn:8", 2, None),
    ("8x1x1", "gn:4", 1, None),
    ("8x1x1x1", "gn:each", 1, VALUE),
    ("8", "gn:8", 1, VALUE),
    ("8x1x1", "in", 1, PLACE),
    ("8x1x1", "in:affine", 2, PLACE),
    ("8x1", "in", 1, PLACE),
    ("8x1x2", "in", 1, None),
    ("8x1x1", "in:stats", 1, None),
    ("8x1x1", "ln", 1, None),
    ("8x1x1", "rms", 1, None),
]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(("size", "norm", "batch", "why"), SINGLE)
def test_single_values(size: str, norm: str, batch: int, why: str | None, backward: bool) -> None:
    """The step is not checked; what comes before and after it is."""
    outcome = verified("torch", f"{size} relu {norm} relu6", batch=batch, backward=backward)

    assert outcome["mismatches"] == []
    assert outcome["reasons"] == ([{"index": 2, "reason": why}] if why else [])
    assert outcome["unchecked"] == ([2] if why else [])
    assert outcome["checked"]["shapes"] == (2 if why else 3)


SHARED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.GroupNorm(4, 4)

    def forward(self, x):
        y = self.norm(x.mean((2, 3), keepdim=True))
        return x + self.norm(self.conv(x)) * y
"""


def test_a_module_that_is_refused_once() -> None:
    """Where it is used again on more, that is checked."""
    outcome = verified("torch", cnncalc.parse(SHARED, notation="torch"), (4, 6, 6))
    (reason,) = outcome["reasons"]

    assert reason["reason"] == VALUE
    assert (outcome["mismatches"], outcome["unchecked"]) == ([], [reason["index"]])
    assert outcome["checked"]["params"] == 4


def test_a_wrong_size_beside_a_refusal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What PyTorch refuses hides nothing that comes after it."""
    right = KINDS["conv"].output
    monkeypatch.setattr(
        KINDS["conv"], "output", lambda self, *s: (right(self, *s)[0] + 1, *right(self, *s)[1:])
    )
    found = verified("torch", "8x1x1 in conv:4,k1")

    assert found["unchecked"] == [1]
    assert [(each["index"], each["what"], each["actual"]) for each in found["mismatches"]] == [
        (2, "shape", [4, 1, 1])
    ]


def test_a_refusal_of_sizes_is_a_mismatch(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other errors are about what flows in."""

    def refuse(self: Any, x: Any) -> Any:
        raise ValueError("expected 5D input (got 4D input)")

    monkeypatch.setattr(torch.nn.BatchNorm2d, "forward", refuse)
    found = verified("torch", "8x4x4 bn relu")

    assert [(each["index"], each["actual"]) for each in found["mismatches"]] == [
        (1, "expected 5D input (got 4D input)")
    ]
    assert (found["unchecked"], found["reasons"]) == ([2], [])


def test_types_without_a_kernel() -> None:
    """Listed with what PyTorch says; sizes alone need none."""
    spec = "2x8x8x8 conv:4,k3,p1 avgpool:2 relu"
    outcome = verified("torch", spec, dtype="float16")
    (reason,) = outcome["reasons"]

    assert (outcome["mismatches"], outcome["unchecked"]) == ([], [2, 3])
    assert reason["index"] == 2
    assert reason["reason"].startswith("PyTorch can't compute it in float16 on cpu: ")
    assert "not implemented for 'Half'" in reason["reason"]
    assert verified("torch", spec, dtype="float16", device="meta")["unchecked"] == []
    assert verified("torch", spec)["unchecked"] == []


# What a GPU's libraries raise where they have nothing for a step, or no kernel that always
# gives the same.
UNABLE = [
    "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a "
    "non-contiguous input.",
    "CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasGemmEx`",
    "GET was unable to find an engine to execute this computation",
    "adaptive_avg_pool2d_backward_cuda does not have a deterministic implementation",
]


@pytest.mark.parametrize("says", UNABLE)
def test_libraries_without_a_kernel(says: str, torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, x: Any) -> Any:
        raise RuntimeError(says)

    monkeypatch.setattr(torch.nn.ReLU, "forward", refuse)
    outcome = verified("torch", "3x8x8 conv:4,k3 relu conv:2,k1")

    assert (outcome["mismatches"], outcome["unchecked"]) == ([], [2, 3])
    assert outcome["reasons"] == [
        {"index": 2, "reason": f"PyTorch can't compute it in float32 on cpu: {says}"}
    ]


FAILED = [
    "CUDA error: no kernel image is available for execution on the device",
    "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be "
    "asynchronously reported",
    "CUDA driver error: unknown error",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
    "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("says", FAILED)
def test_a_gpu_that_fails(
    says: str, backward: bool, torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the run: all that is asked of it afterwards would fail too."""

    def fail(*_: Any) -> Any:
        raise RuntimeError(says)

    if backward:
        monkeypatch.setattr(torch.autograd, "backward", fail)
    else:
        monkeypatch.setattr(torch.nn.ReLU, "forward", fail)
    with pytest.raises(CnnCalcError) as error:
        verified("torch", "3x8x8 conv:4,k3 relu", backward=backward)

    assert error.value.code == "device"
    assert error.value.message == f"the GPU failed: {says.splitlines()[0]}"
    assert error.value.help == "the device `cpu`, or another `--executor`"


def test_a_gpu_that_is_full(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much was asked for and how much there is, without PyTorch's advice to programmers."""

    def fail(self: Any, x: Any) -> Any:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of "
            "79.11 GiB of which 5.25 GiB is free. Including non-PyTorch memory, this process has "
            "73.86 GiB memory in use. Of the allocated memory 1.00 GiB is allocated by PyTorch, "
            "and 2.00 GiB is reserved by PyTorch but unallocated."
        )

    monkeypatch.setattr(torch.nn.ReLU, "forward", fail)
    with pytest.raises(CnnCalcError) as error:
        verified("torch", "3x8x8 conv:4,k3 relu")

    assert error.value.code == "memory"
    assert error.value.message == (
        "the run ran out of memory: CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a "
        "total capacity of 79.11 GiB of which 5.25 GiB is free."
    )


def test_reasons_are_said(command: Command) -> None:
    code, out, _ = command(
        "shape", "8x1x1", "in", "gn:8", "relu", "--verify", "--executor", "torch"
    )

    assert code == 0
    assert f"not checked by torch: step 1. {PLACE}\n" in out
    assert f"not checked by torch: step 2. {VALUE}\n" in out
    assert "can't build" not in out


def test_steps_with_one_reason_are_one_line() -> None:
    """And those behind them, which couldn't be reached, have none."""
    from cnncalc.tables.verification import verdict

    report = cnncalc.analyze("8x1x1 in relu in relu")
    run = Run("torch", "cpu", "float32", 1, [StepRun(row.output_shape) for row in report.rows])
    for index, reason in ((1, PLACE), (2, None), (3, PLACE)):
        run.steps[index].built, run.steps[index].reason = False, reason
    report.verify = compare(report, run)

    assert verdict(report)[-2:] == [
        "not checked, since torch can't build or reach them: step 2",
        f"not checked by torch: steps 1, 3. {PLACE}",
    ]
