"""Time the NumPy kernels against PyTorch's eager forward, on the CPU at batch 1.

The sequences of convolutions, normalisations, activations, pools and additions of
VGG-16, ResNet-50 and MobileNetV2 at 224 x 224, with the same weights on both sides.
The sides take turns, each with a run to warm up.  Printed are the best and the median
time of each, their ratios, the largest difference between the results, and the most
memory held beside the weights: activations and scratch memory.

NumPy's wheels bring OpenBLAS without the kernels that it would choose on recent AMD
processors with AVX-512; it then takes those for AVX2.  OPENBLAS_CORETYPE=SkylakeX in
the environment makes it take what there is.

    python benchmarks/forward_kernels.py [vgg16 resnet50 mobilenetv2] [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from cnncalc.executors.bundled.kernels.blocks import blocks
from cnncalc.executors.bundled.kernels.convolution import convolve
from cnncalc.executors.bundled.kernels.pooling import pool_max
from cnncalc.executors.bundled.kernels.workspace import Workspace
from cnncalc.executors.geometry import Axis

CACHED_FLOATS = 2**16
RANDOM = np.random.default_rng(0)


@dataclass
class Conv:
    """A convolution, perhaps normalised and activated."""

    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    groups: int = 1
    norm: bool = True
    limit: float | None = float("inf")  # where the rectifier saturates; None: no activation
    weight: Any = None
    shift: Any = None
    scale: Any = None

    def __post_init__(self) -> None:
        fan = self.inputs // self.groups * self.kernel**2
        shape = (self.outputs, self.inputs // self.groups, self.kernel, self.kernel)
        self.weight = (RANDOM.standard_normal(shape) * (2 / fan) ** 0.5).astype(np.float32)
        self.shift = RANDOM.standard_normal(self.outputs).astype(np.float32) / 10
        self.scale = np.ones(self.outputs, np.float32)


@dataclass
class Pool:
    kernel: int
    stride: int
    pad: int = 0


@dataclass
class Residual:
    body: list[Any]
    shortcut: list[Any] = field(default_factory=list)
    rectify: bool = True


def vgg16() -> list[Any]:
    layers: list[Any] = []
    channels = 3
    for outputs, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers.append(Conv(channels, outputs, 3, norm=False))
            channels = outputs
        layers.append(Pool(2, 2))
    return layers


def resnet50() -> list[Any]:
    layers: list[Any] = [Conv(3, 64, 7, 2), Pool(3, 2, 1)]
    channels = 64
    for width, count, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for index in range(count):
            stride = 1 if index else first
            body = [
                Conv(channels, width, 1),
                Conv(width, width, 3, stride),
                Conv(width, 4 * width, 1, limit=None),
            ]
            shortcut = [] if index else [Conv(channels, 4 * width, 1, stride, limit=None)]
            layers.append(Residual(body, shortcut))
            channels = 4 * width
    return layers


def mobilenetv2() -> list[Any]:
    layers: list[Any] = [Conv(3, 32, 3, 2, limit=6.0)]
    channels = 32
    stages = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    )  # fmt: skip
    for factor, outputs, count, first in stages:
        for index in range(count):
            stride, wide = 1 if index else first, factor * channels
            body = [Conv(channels, wide, 1, limit=6.0)] if factor > 1 else []
            body.append(Conv(wide, wide, 3, stride, groups=wide, limit=6.0))
            body.append(Conv(wide, outputs, 1, limit=None))
            same = stride == 1 and channels == outputs
            layers += [Residual(body, rectify=False)] if same else body
            channels = outputs
    return [*layers, Conv(channels, 1280, 1, limit=6.0)]


NETWORKS = {"vgg16": vgg16, "resnet50": resnet50, "mobilenetv2": mobilenetv2}


def run_kernels(layers: list[Any], x: Any, scratch: Workspace) -> Any:
    for layer in layers:
        if isinstance(layer, Conv):
            x = _convolve(layer, x, scratch)
        elif isinstance(layer, Pool):
            x = pool_max(np, x, _walking(layer, x, layer.pad))
        else:
            short = run_kernels(layer.shortcut, x, scratch)
            x = run_kernels(layer.body, x, scratch)
            x += short
            if layer.rectify:
                np.clip(x, 0, np.inf, out=x)
    return x


def _walking(layer: Conv | Pool, x: Any, pad: int) -> list[Axis]:
    return [Axis(n, layer.kernel, layer.stride, pad, pad) for n in x.shape[2:]]


def _convolve(layer: Conv, x: Any, scratch: Workspace) -> Any:
    bias = None if layer.norm else layer.shift
    axes = _walking(layer, x, layer.kernel // 2)
    y = convolve(np, x, layer.weight, bias, axes, layer.groups, scratch)
    for (channels,) in blocks(y.shape[1:2], max(1, CACHED_FLOATS // (y.shape[2] * y.shape[3]))):
        _finish(layer, y[:, channels], channels)
    return y


def _finish(layer: Conv, y: Any, channels: slice) -> None:
    if layer.norm:
        y *= layer.scale[channels, None, None]
        y += layer.shift[channels, None, None]
    if layer.limit is not None:
        np.clip(y, 0, layer.limit, out=y)  # several times as fast as np.maximum(y, 0)


def to_torch(layers: list[Any]) -> Callable[[Any], Any]:
    steps = [_torch_step(layer) for layer in layers]

    def run(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    return run


def _torch_step(layer: Any) -> Callable[[Any], Any]:
    if isinstance(layer, Pool):
        return lambda x: functional.max_pool2d(x, layer.kernel, layer.stride, layer.pad)
    if isinstance(layer, Residual):
        body, shortcut = to_torch(layer.body), to_torch(layer.shortcut)
        finish = functional.relu_ if layer.rectify else lambda x: x
        return lambda x: finish(body(x).add_(shortcut(x)))
    weight, shift, scale = map(torch.from_numpy, (layer.weight, layer.shift, layer.scale))
    mean, variance = torch.zeros_like(shift), torch.ones_like(shift)
    activate = {None: lambda x: x, 6.0: functional.relu6}.get(layer.limit, functional.relu_)

    def step(x: Any) -> Any:
        bias = None if layer.norm else shift
        y = functional.conv2d(x, weight, bias, layer.stride, layer.kernel // 2, 1, layer.groups)
        if layer.norm:
            y = functional.batch_norm(y, mean, variance, scale, shift, False, 0.0, 0.0)
        return activate(y)

    return step


def measure(name: str, rounds: int) -> None:
    layers = NETWORKS[name]()
    x = RANDOM.standard_normal((1, 3, 224, 224)).astype(np.float32)
    scratch = Workspace(np)
    theirs = to_torch(layers)
    tensor = torch.from_numpy(x)
    sides: tuple[Callable[[], Any], ...] = (
        lambda: run_kernels(layers, x, scratch),
        lambda: theirs(tensor).numpy(),
    )
    results = [side() for side in sides]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, spent in zip(sides, times, strict=True):
            time.sleep(0.2)  # for the threads of the other side to stop looking for work
            side()  # and to wake up those of this side
            start = time.perf_counter()
            side()
            spent.append(time.perf_counter() - start)
    (best, other_best), (middle, other_middle) = (
        tuple(f(spent) * 1e3 for spent in times) for f in (min, statistics.median)
    )
    difference = np.abs(results[0] - results[1]).max() / np.abs(results[1]).max()
    print(
        f"{name:12} kernels {best:7.1f} / {middle:7.1f} ms   "
        f"torch {other_best:7.1f} / {other_middle:7.1f} ms   "
        f"ratio {best / other_best:.2f} / {middle / other_middle:.2f}   "
        f"difference {difference:.0e}   peak {peak_memory(layers, x):.0f} MiB"
    )


def peak_memory(layers: list[Any], x: Any) -> float:
    """The most memory held during a forward beside the weights, in MiB."""
    tracemalloc.start()
    run_kernels(layers, x, Workspace(np))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="network")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    print(f"torch threads {torch.get_num_threads()}; times are best / median")
    with torch.inference_mode():
        for name in options.networks:
            measure(name, options.rounds)


if __name__ == "__main__":
    main()
