"""What runs on a GPU, exercised where there is none: by tensors without values that say `cuda`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import cnncalc
from cnncalc import analyze
from cnncalc.errors import CnnCalcError
from cnncalc.executors import find
from tests.executors.common import verified
from tests.executors.test_arrays import LEARNING, alone, sample, takes, variants
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import report as example

GIB = 2**30
SPEC = "3x16x16 conv:8,k3,p1 bn relu maxpool:2 se:4 flatten linear:10"


@pytest.fixture(autouse=True)
def torch() -> Any:
    return torch_or_skip()


class Gpu:
    """A GPU that isn't there: what PyTorch was asked about it, one question after another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, torch: Any) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {
            "is_available": True,
            "synchronize": None,
            "reset_peak_memory_stats": None,
            "empty_cache": None,
            "memory_allocated": 1 * GIB,
            "max_memory_allocated": 4 * GIB,
            "memory_reserved": 3 * GIB,
            "mem_get_info": (20 * GIB, 80 * GIB),
        }
        for name in self.answers:
            monkeypatch.setattr(torch.cuda, name, self._answer(name))
        monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)

    def _answer(self, name: str) -> Any:
        def answer(*_: Any) -> Any:
            if name != "is_available":
                self.asked.append(name)
            if isinstance(self.answers[name], Exception):
                raise self.answers[name]
            return self.answers[name]

        return answer


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, torch: Any) -> Gpu:
    return Gpu(monkeypatch, torch)


@pytest.fixture
def on_cuda(gpu: Gpu, monkeypatch: pytest.MonkeyPatch, torch: Any) -> Iterator[Any]:
    """Runs on `cuda` of tensors that have a device and sizes, and no values."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    from cnncalc.executors.torch.executor import TorchExecutor

    # An operation on `cuda` and `cpu` together is an error. Constants are let in.
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield lambda network, shape, **options: TorchExecutor().run(
            network, shape, device="cuda", **options
        )


# Kinds whose functions ask a GPU's part of PyTorch for more than sizes.
UNLINKED = {"chshuffle", "gru", "lrn", "lstm", "mha", "rnn", "slice", "unfold"}


@pytest.mark.parametrize("kind", sorted(set(LEARNING) - UNLINKED))
def test_every_kind_stays_on_its_device(kind: str, on_cuda: Any) -> None:
    """Nothing that a step makes for itself lies on the CPU."""
    layer, shapes = sample(kind)
    for variant in variants(layer):
        for shape in shapes:
            if takes(variant, shape):
                done = on_cuda(alone(variant), shape, batch=2)
                assert done.steps[1].error is None, (variant, shape)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_large", "unet", "densenet121"])
def test_examples_stay_on_their_device(name: str, on_cuda: Any) -> None:
    """And come out in the sizes that are foreseen."""
    right = example(name)
    done = on_cuda(right.network, right.input, batch=4, dtype="float16")

    assert [step.shape for step in done.steps] == [row.output_shape for row in right.rows]
    assert done.dtype == "float16"


@pytest.mark.parametrize("kind", LEARNING)
def test_fields_are_measured_on_the_device(kind: str, on_cuda: Any, torch: Any) -> None:
    """The layers of a probing network, as far as they go without values."""
    from cnncalc.executors.probing.kinds import probes_of
    from cnncalc.executors.torch.modules import Bench
    from cnncalc.executors.torch.probing import Probing

    layer, shapes = sample(kind)
    for shape in shapes:
        if takes(layer, shape) and len(shape) > 1:
            probes = probes_of(alone(layer), on_cuda(alone(layer), shape))
            asked = frozenset(range(len(probes.network.steps)))
            with torch.no_grad():
                x = torch.zeros((2, *probes.input), device="cuda")
                bench = Bench("cuda", torch.float32)
                found = Probing(probes.network, bench, {}, x).values_of(asked)
                values = [value for _, value in found]
            assert {each.device.type for each in values} == {"cuda"}


def test_memory_is_what_the_allocator_gave_out(on_cuda: Any, gpu: Gpu) -> None:
    """The most since the pass that is measured began, less what was there before the run."""
    network = cnncalc.parse(SPEC)
    done = on_cuda(network, network.input)

    assert done.peak_bytes == 3 * GIB
    assert gpu.asked == [
        "memory_allocated",
        *("synchronize", "reset_peak_memory_stats"),  # modules are made
        *("synchronize", "reset_peak_memory_stats"),  # and run again
        *("synchronize", "synchronize"),  # before the clock starts, and before it stops
        *("synchronize", "max_memory_allocated"),
        "empty_cache",
    ]


def test_memory_goes_back_after_a_failure(on_cuda: Any, gpu: Gpu) -> None:
    """Even of a GPU that can't be asked any more; what failed first is told."""
    gpu.answers["synchronize"] = RuntimeError("CUDA error: an illegal memory access")
    gpu.answers["empty_cache"] = RuntimeError("CUDA error: an illegal memory access, again")
    with pytest.raises(CnnCalcError) as caught:
        on_cuda(cnncalc.parse(SPEC), (3, 16, 16))
    assert caught.value.message == "the GPU failed: CUDA error: an illegal memory access"
    assert gpu.asked[-1] == "empty_cache"


def test_free_memory_counts_what_pytorch_keeps(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """It took that from the GPU and gives it out again."""
    torch = find("torch")

    assert torch.free_memory("cuda") == (20 + 3 - 1) * GIB
    monkeypatch.setattr("cnncalc.executors.base.free_memory", lambda: 7 * GIB)
    assert torch.free_memory("cpu") == 7 * GIB
    gpu.answers["is_available"] = False
    assert torch.free_memory("cuda") is None


def test_too_little_memory_is_told_beforehand(gpu: Gpu) -> None:
    """With what is free on the GPU, whatever the machine has."""
    with pytest.raises(CnnCalcError, match=r"only 23\.6 GB of memory on the GPU is free"):
        verified("torch", "3x4096x4096 conv:512,k3,p1", device="cuda", batch=64)


def test_why_there_is_no_gpu(gpu: Gpu, torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = find("torch").ready

    assert ready("cuda") == (True, f"torch {torch.__version__}")
    gpu.answers["is_available"] = False
    unseen = f"torch {torch.__version__} sees no GPU: "
    assert ready("cuda") == (
        False,
        unseen + "there is none, or it is hidden (CUDA_VISIBLE_DEVICES)",
    )
    with pytest.raises(CnnCalcError, match="PyTorch is installed but sees no GPU: there is none"):
        verified("torch", SPEC, device="cuda")

    def too_old() -> bool:
        import warnings

        warnings.warn("CUDA initialization: the NVIDIA driver is too old\nupdate it", stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", too_old)
    assert ready("cuda") == (False, unseen + "CUDA initialization: the NVIDIA driver is too old")
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    assert ready("cuda") == (False, unseen + "it is built for the CPU alone")
    assert ready("cpu") == ready("meta") == (True, f"torch {torch.__version__}")


def test_fields_keep_away_from_cudnn_and_threads(
    torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fourier transforms would leave noise, and threads wait; afterwards all is as it was."""
    from cnncalc.executors.torch import probing

    settings, build = [], probing.build

    def now() -> tuple[bool, int]:
        return torch.backends.cudnn.enabled, torch.get_num_threads()

    def seen(*args: Any) -> Any:
        settings.append(now())
        return build(*args)

    monkeypatch.setattr(probing, "build", seen)
    before = now()
    assert verified("torch", SPEC)["ok"]
    assert set(settings) == {(False, 1)}
    assert now() == before


@pytest.mark.parametrize("setting", ["no_grad", "inference_mode", "autocast", "meta", "float64"])
def test_settings_of_the_process_change_nothing(setting: str, torch: Any) -> None:
    """A program that verifies may be at anything."""
    report = analyze(cnncalc.parse(SPEC))
    default = torch.get_default_dtype()
    with {
        "no_grad": torch.no_grad,
        "inference_mode": torch.inference_mode,
        "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
        "meta": lambda: torch.device("meta"),
        "float64": lambda: torch.no_grad(),
    }[setting]():
        if setting == "float64":
            torch.set_default_dtype(torch.float64)
        try:
            outcome = verified("torch", report.network, batch=2, backward=True)
        finally:
            torch.set_default_dtype(default)

    assert outcome["ok"]
    assert outcome["checked"]["receptive_field"] == len(report.layers)
    assert outcome["checked"]["gradients"] == 10
    assert outcome["measured"]["peak_bytes"] > 4 * report.total.params
