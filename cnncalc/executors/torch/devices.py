"""The devices that PyTorch runs on here, and the settings of this process that a run is kept from.

Of several GPUs it is the one that PyTorch is set to, the first unless CUDA_VISIBLE_DEVICES or
`torch.cuda.device` say another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from warnings import catch_warnings, simplefilter

import torch

from cnncalc.errors import CnnCalcError

__all__ = [
    "DEVICES",
    "apart",
    "check_device",
    "free_gpu_memory",
    "plainly",
    "ready",
    "synchronize",
]

DEVICES = ("cpu", "cuda", "meta")


def ready(device: str) -> tuple[bool, str]:
    """Whether a device can be used, and with what or why not."""
    missing = _missing_gpu() if device == "cuda" else None
    if missing:
        return False, f"torch {torch.__version__} sees no GPU: {missing}"
    return True, f"torch {torch.__version__}"


def check_device(device: str) -> None:
    """CnnCalcError for a device that isn't there."""
    if device not in DEVICES:
        raise CnnCalcError(
            f"`{device}` is no device of the executor `torch`",
            code="device",
            help="`cpu`, `cuda` or `meta`",
        )
    missing = _missing_gpu() if device == "cuda" else None
    if missing:
        raise CnnCalcError(
            f"PyTorch is installed but sees no GPU: {missing}",
            code="device",
            help="a machine with an NVIDIA GPU and a PyTorch built for it, or the device `cpu`",
        )


def _missing_gpu() -> str | None:
    """Why PyTorch can use no GPU; None: it can."""
    if not torch.backends.cuda.is_built():
        return "it is built for the CPU alone"
    with catch_warnings(record=True) as warned:  # a driver that is too old is a warning
        simplefilter("always")
        if torch.cuda.is_available():
            return None
    told = [str(warning.message).splitlines()[0] for warning in warned]
    return told[-1] if told else "there is none, or it is hidden (CUDA_VISIBLE_DEVICES)"


def free_gpu_memory() -> int | None:
    """Bytes that can still be taken on the GPU; None: there is none."""
    if _missing_gpu():
        return None
    free, _ = torch.cuda.mem_get_info()
    return int(free) + int(torch.cuda.memory_reserved() - torch.cuda.memory_allocated())


def synchronize(device: str) -> None:
    """Wait until a device has done what it was asked for."""
    if device == "cuda":
        torch.cuda.synchronize()


@contextmanager
def apart(device: str) -> Iterator[None]:
    """A run as if PyTorch had just been loaded, whose memory others can have after it."""
    autocast = "cuda" if device == "cuda" else "cpu"
    try:
        with (
            catch_warnings(),
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.autocast(autocast, enabled=False),
        ):
            simplefilter("ignore")  # what PyTorch advises is no news about sizes
            yield
    finally:
        if device == "cuda":
            with suppress(RuntimeError):  # of a GPU that failed
                torch.cuda.empty_cache()


@contextmanager
def plainly() -> Iterator[None]:
    """Sums of products, for maps of single channels.

    cuDNN's convolutions may be Fourier transforms, which leave noise. And a second thread gains
    nothing, but where others use the processor too it waits for its turn again and again.
    """
    cudnn, threads = torch.backends.cudnn.enabled, torch.get_num_threads()
    torch.backends.cudnn.enabled = False
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = cudnn
        torch.set_num_threads(threads)
