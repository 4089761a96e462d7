"""The real PyTorch, where it is installed: its modules run on small tensors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest

from tests.frameworks.pytorch_reading import Accepted, Refused

# So many samples that no channel count that is drawn can pass for the batch.
BATCH = 13


@cache
def torch_or_skip() -> Any:
    """The module `torch`; a skip where it is absent."""
    if find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    import torch

    torch.set_num_threads(1)
    return torch


def real(name: str, args: Mapping[str, Any], shape: tuple[int, ...]) -> Accepted | Refused:
    """What PyTorch says to a call at an input of this shape, in evaluation mode."""
    torch = torch_or_skip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = getattr(torch.nn, name)(**args).eval()
            output = _run(torch, name, module, torch.rand(BATCH, *shape))
        except Exception as error:  # whatever it raises, it refuses
            return Refused(str(error), type(error).__name__)
    same_batch = output.shape[0] == BATCH
    return Accepted(
        tuple(output.shape[1:] if same_batch else output.shape),
        [(key, tuple(value.shape)) for key, value in module.named_parameters()],
        [(key, tuple(value.shape)) for key, value in module.named_buffers()],
    )


def _run(torch: Any, name: str, module: Any, values: Any) -> Any:
    with torch.no_grad():
        if name.startswith("MaxUnpool"):
            return module(values, torch.zeros(values.shape, dtype=torch.long))
        if name.startswith("Embedding"):
            return module(values.long())
        if name == "MultiheadAttention":
            return module(values, values, values)[0]
        output = module(values)
        return output[0] if isinstance(output, tuple) else output  # without the states
