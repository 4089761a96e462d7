"""Layers as sums of what they read, so that a gradient reaches every place of it.

Most modules are that already: with equal, positive weights a convolution, an average or a move
is linear. What takes the largest of a window, or a norm, is run by its own module around values
for which its gradient says which places it read.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch.nn import functional

from cnncalc.executors.base import Array
from cnncalc.executors.geometry import pool_axes, window_options
from cnncalc.executors.torch.layers import build
from cnncalc.executors.torch.modules import Bench
from cnncalc.layers import KINDS

__all__ = ["sums_of"]

Sum = Callable[..., Array]


def sums_of(layer: Any, inputs: tuple[Array, ...], bench: Bench) -> Sum:
    """What computes a step of a probing network for inputs such as these.

    Raises:
        NotBuilt: PyTorch has nothing to build it of.
    """
    built = build(layer, inputs, bench)
    for _, held in built.parameters():
        held.requires_grad_(False)
    if layer.kind in MEANS:
        return _largest(built.run, MEANS[layer.kind](layer, inputs, bench))
    return _around_ones(built.run) if layer.kind in NORMS else built.run


def _around_ones(run: Sum) -> Sum:
    """A norm is moved by each value that is not 0."""
    return lambda x: run(1 + x - x.detach())


def _largest(run: Sum, mean: Sum) -> Sum:
    """The module's own first and last place of each window, and all that lies between.

    Along a ramp that grows on every axis the largest of a window is the last, along one that
    falls the first.
    """

    def both(x: Array) -> Array:
        places = torch.arange(prod(x.shape[2:]), dtype=x.dtype, device=x.device)
        ramp = places.reshape(x.shape[2:])
        moved = x - x.detach()
        return run(ramp + moved) + run(moved - ramp) + mean(x)

    return both


def _windows(layer: Any, inputs: tuple[Array, ...], bench: Bench) -> Sum:
    """Sums over the windows of the bundled executor: a strided convolution with ones."""
    axes = pool_axes(layer, inputs[0].shape[2:])
    size, stride, pads, dilation = window_options(axes)
    convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[len(size) - 1]
    weight = torch.ones((1, 1, *size), dtype=bench.dtype, device=bench.device)

    def run(x: Array) -> Array:
        padded = functional.pad(x, [pad for pair in reversed(pads) for pad in pair])
        one = padded.reshape(-1, 1, *padded.shape[2:])
        out = convolve(one, weight, stride=stride, dilation=dilation)
        return out.reshape(*x.shape[:2], *out.shape[2:])

    return run


def _averaged(kind: str, *options: str) -> Callable[[Any, tuple[Array, ...], Bench], Sum]:
    """The module that takes the means of the same places."""

    def build_average(layer: Any, inputs: tuple[Array, ...], bench: Bench) -> Sum:
        kept = {name: getattr(layer, name) for name in options}
        return build(KINDS[kind](**kept), inputs, bench).run

    return build_average


MEANS: dict[str, Callable[[Any, tuple[Array, ...], Bench], Sum]] = {
    "maxpool": _windows,
    "adaptivemax": _averaged("adaptiveavg", "size"),
    "gmp": _averaged("gap", "keep"),
}
NORMS = frozenset({"lppool", "glp"})
