"""A layer as real modules of torch.nn, made by the very calls that `convert` writes.

Only option fields and the arrays that really come in are read: padding words are settled by
walking the axes, and no formula of sizes is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import torch
from torch import nn

from cnncalc.errors import LayerError
from cnncalc.executors.base import Array, States
from cnncalc.executors.stepping import NotBuilt
from cnncalc.frameworks.pytorch.writing import write
from cnncalc.layers.base import Layer, Shape

__all__ = ["Bench", "Built", "alone", "call", "holder", "real"]


class Bench:
    """Where modules are made: without values first, then in the memory of a device."""

    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self.device = device
        self.dtype = dtype

    def ready(self, module: nn.Module) -> nn.Module:
        """A module made on `meta`, in evaluation mode, with memory and plain values.

        Parameters are set as attributes, of which recurrent modules keep a list. One tensor by
        one: `to_empty` goes by way of operations that PyTorch has in Python, and
        loads half a second's worth of modules for them.
        """
        for part in module.eval().modules():
            for name, held in part.named_parameters(recurse=False):
                value = min(1.0, 1 / max(prod(held.shape[1:]), 1))
                setattr(part, name, nn.Parameter(self._filled(held, value)))
            for name, held in part.named_buffers(recurse=False):
                part.register_buffer(name, self._filled(held, name == "running_var"))
        return module

    def _filled(self, like: Array, value: float) -> Array:
        dtype = self.dtype if like.is_floating_point() else like.dtype
        return torch.full(like.shape, value, dtype=dtype, device=self.device)


class Built:
    """One step's modules by name, and how they work together.

    Attributes:
        states: what the last run handed out beside its output.
    """

    states: States = ()

    def __init__(self, modules: dict[str, nn.Module], run: Callable[..., Array]) -> None:
        self.modules = modules
        self.run = run

    def tensors(self) -> Iterator[tuple[str, Array]]:
        """Parameters, then buffers, of one module after another."""
        for prefix, module in self.modules.items():
            dot = f"{prefix}." if prefix else ""
            for name, value in (*module.named_parameters(), *module.named_buffers()):
                yield dot + name, value

    def parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Those of the tensors that PyTorch can train."""
        return ((name, held) for name, held in self.tensors() if isinstance(held, nn.Parameter))

    def share(self, first: Built) -> None:
        """Take another step's tensors in the place of one's own."""
        for prefix, module in self.modules.items():
            theirs = dict(first.modules[prefix].named_modules())
            for path, part in module.named_modules():
                for name, held in theirs[path].named_parameters(recurse=False):
                    setattr(part, name, held)
                for name, held in theirs[path].named_buffers(recurse=False):
                    part.register_buffer(name, held)


def call(text: str) -> nn.Module:
    """The module that a call as text makes, such as `nn.Conv2d(3, 16, 3, padding=1)`.

    The text is this package's own, of names and numbers.
    """
    with torch.device("meta"):
        return eval(text, {"__builtins__": {}, "nn": nn, "float": float})


def holder(**held: tuple[Shape, str]) -> nn.Module:
    """A module of tensors by name, each of these sizes, a `parameter` or a `buffer`."""
    module = nn.Module()
    for name, (sizes, role) in held.items():
        values = torch.empty(sizes, device="meta")
        if role == "buffer":
            module.register_buffer(name, values)
        else:
            module.register_parameter(name, nn.Parameter(values))
    return module


def real(layer: Layer, shape: Shape, bench: Bench) -> nn.Module:
    """The one module that torch.nn has for a layer.

    Raises:
        NotBuilt: there is none.
    """
    try:
        text = write(layer, shape)
    except LayerError as error:
        raise NotBuilt(error.message) from None
    return bench.ready(call(text))


def alone(layer: Layer, shape: Shape, bench: Bench) -> Built:
    """A layer that is one module."""
    module = real(layer, shape, bench)
    return Built({"": module}, module)
