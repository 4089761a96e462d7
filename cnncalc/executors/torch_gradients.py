"""What units see, measured by gradient: an input place is seen where it moves the unit.

The network is run once more with layers that read the same places with positive weights, in
double precision, so that nothing cancels: weights are all equal (a convolution is then one of
the mean of its channels), the largest of a window becomes its mean, and what works value by
value or normalises hands its values on. Padding is zeros in all modes and moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy
import torch
from torch.nn import functional

from cnncalc.executors.base import Run
from cnncalc.executors.compute.geometry import axis_of, kernels, pool_axes
from cnncalc.executors.measuring import measure as measure_by_windows
from cnncalc.executors.reach import Reach, blind
from cnncalc.executors.reach_rules import RULES
from cnncalc.executors.torch_functions import FUNCTIONS, MERGES
from cnncalc.executors.torch_layers import BUILDERS, build
from cnncalc.executors.torch_modules import Bench, NotBuilt
from cnncalc.layers.base import NO_PADS
from cnncalc.network import Network

__all__ = ["measure"]

Array = Any  # a torch.Tensor, (1, C, *spatial)

# Values that all backward passes together may touch: on a large network a few steps,
# spread evenly, are measured.
MOST_VALUES = 20_000_000
# These treat each channel by itself.
EACH_CHANNEL = frozenset(
    {"maxpool", "avgpool", "lppool", "adaptiveavg", "adaptivemax", "pad", "crop", "upsample"}
    | set(MERGES) - {"cat"}
)
# After these, neighbouring units see differently.
SPREADING = frozenset({"convt", "upsample", "pixelshuffle", "fold", "expand", "maxunpool"})


def measure(network: Network, run: Run) -> None:
    """Fill in what the middle units of each step see, as gradients have it.

    Which axis of a map is which axis of the input, and whether borders cut what a unit sees,
    is followed window by window, as the bundled executor does.
    """
    measure_by_windows(network, run)
    followed = [step.reach for step in run.steps]
    for step in run.steps:
        step.reach = None
    shape = run.steps[0].shape or ()
    if len(shape) < 2:
        return
    bench = Bench("cpu" if run.device == "meta" else run.device, torch.float64)
    source = torch.ones(
        (1, 1, *shape[1:]), dtype=torch.float64, device=bench.device, requires_grad=True
    )
    values = _values(network, run, source, bench)
    _ask(network, run, source, values, followed)


def _ask(
    network: Network, run: Run, source: Array, values: list[Array | None], followed: list[Any]
) -> None:
    """A backward pass for each step to look at; steps that hand values on are their input's."""
    chosen = _affordable(network, values, followed)
    spread: list[bool] = []
    for number, step in enumerate(network.steps):
        spread.append(step.layer.kind in SPREADING or any(spread[each] for each in step.inputs))
        value, reaches = values[number], followed[number]
        if value is None or reaches is None or not number:
            continue
        if len(step.inputs) == 1 and value is values[step.inputs[0]]:
            run.steps[number].reach = run.steps[step.inputs[0]].reach
        elif number in chosen:
            run.steps[number].reach = _seen(value, source, reaches, spread[number])


def _affordable(
    network: Network, values: list[Array | None], followed: list[Any]
) -> frozenset[int]:
    """The steps that are measured: as many as the budget has backward passes for."""
    steps = [
        number
        for number, step in enumerate(network.steps)
        if number
        and values[number] is not None
        and followed[number] is not None
        and not any(values[number] is values[each] for each in step.inputs)
    ]
    each = sum(_distinct(value) for value in values if value is not None)
    passes = max(MOST_VALUES // max(each, 1), 2)
    if passes >= len(steps):
        return frozenset(steps)
    return frozenset(steps[-1 - place * len(steps) // passes] for place in range(passes))


def _distinct(value: Array) -> int:
    """Values that lie in memory; those repeated along an axis lie there once."""
    return prod(n for n, step in zip(value.shape, value.stride(), strict=True) if step)


def _values(network: Network, run: Run, source: Array, bench: Bench) -> list[Array | None]:
    """What each step makes of the ones that flow in; None: it can't be followed here."""
    values: list[Array | None] = []
    for number, step in enumerate(network.steps):
        inputs = [values[each] for each in step.inputs]
        if number == 0:  # its channels are all alike
            values.append(source.expand(1, *(run.steps[0].shape or ())))
        elif step.layer.kind == "input":
            shape = run.steps[number].shape or ()
            values.append(torch.ones((1, *shape), dtype=source.dtype, device=source.device))
        elif any(value is None for value in inputs) or run.steps[number].shape is None:
            values.append(None)
        else:
            values.append(_value(step.layer, inputs, bench, run.steps[number].shape or ()))
    return values


def _value(layer: Any, inputs: list[Any], bench: Bench, shape: tuple[int, ...]) -> Array | None:
    """One step's value, if it has the shape that really came out of it."""
    try:
        value = _probe(layer, inputs, bench)
    except (NotBuilt, RuntimeError, ValueError, TypeError, LookupError):
        return None
    return value if value is not None and tuple(value.shape[1:]) == shape else None


def _probe(layer: Any, inputs: list[Any], bench: Bench) -> Array | None:
    """Where all channels are one and the same, only that one is computed."""
    counts = {int(x.shape[1]) for x in inputs}
    alike = all(x.ndim > 2 and x.stride(1) == 0 for x in inputs) and len(counts) == 1
    if alike and layer.kind in EACH_CHANNEL and getattr(layer, "channels", NO_PADS) == NO_PADS:
        value = _whole(layer, [x[:, :1] for x in inputs], bench)
        return value if value is None else value.expand(1, *counts, *value.shape[2:])
    return _whole(layer, inputs, bench)


def _whole(layer: Any, inputs: list[Any], bench: Bench) -> Array | None:
    if layer.kind in MERGES:
        return MERGES["cat" if layer.kind == "cat" else "add"](layer, *inputs)
    (x,) = inputs
    if layer.kind in PROBES:
        return PROBES[layer.kind](layer, x, bench)
    if layer.kind not in RULES:  # value by value, or place by place
        return x
    if layer.kind in BUILDERS:
        return None
    if layer.kind in FUNCTIONS:
        return FUNCTIONS[layer.kind](layer, x)
    return build(layer, (x,), bench).run(x)


def _by_mean(x: Array, groups: int, outputs: int, one: Callable[[Array], Array]) -> Array:
    """A convolution with equal weights: of the mean of each group's channels, repeated."""
    if groups == 1:
        out = one(x[:, :1] if x.stride(1) == 0 else x.sum(dim=1, keepdim=True) / x.shape[1])
        return out.expand(1, outputs, *out.shape[2:])
    size = x.shape[1] // groups
    out = one(x.reshape(groups, size, *x.shape[2:]).sum(dim=1, keepdim=True) / size)
    return out.reshape(1, groups, *out.shape[2:]).repeat_interleave(outputs // groups, dim=1)


def _convolution(layer: Any, x: Array, bench: Bench) -> Array:
    """The real module of torch.nn, for one channel of each group."""
    single = layer.replaced(mode="zeros", bias=False, out_channels=1, groups=1)
    return _by_mean(x, layer.groups, layer.out_channels, _module(single, x, bench))


def _module(layer: Any, x: Array, bench: Bench) -> Callable[[Array], Array]:
    return build(layer, (x[:, :1],), bench).run


def _depthwise(layer: Any, x: Array, bench: Bench) -> Array:
    return _convolution(layer.conv(int(x.shape[1])), x, bench)


def _pointwise(layer: Any, x: Array, bench: Bench) -> Array:
    return _convolution(layer.conv(), x, bench)


def _separable(layer: Any, x: Array, bench: Bench) -> Array:
    depthwise, pointwise = layer.parts()
    return _pointwise(pointwise, _depthwise(depthwise, x, bench), bench)


def _transposed(layer: Any, x: Array, bench: Bench) -> Array:
    single = layer.replaced(out_channels=1, groups=1, bias=False)
    return _by_mean(x, layer.groups, layer.out_channels, _module(single, x, bench))


def _pool(layer: Any, x: Array, bench: Bench) -> Array:
    """Sums over the very windows, padding and all: a strided convolution with weights of one."""
    axes = pool_axes(layer, x.shape[2:])
    size, stride, pads, dilation = kernels(axes)
    x = functional.pad(x, [pad for pair in reversed(pads) for pad in pair])
    convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[len(size) - 1]
    weight = torch.ones((1, 1, *size), dtype=x.dtype, device=x.device) / prod(size)
    one = x.reshape(-1, 1, *x.shape[2:])
    out = convolve(one, weight, stride=stride, dilation=dilation)
    return out.reshape(1, -1, *out.shape[2:])


def _adaptive(layer: Any, x: Array, bench: Bench) -> Array:
    pool = {1: functional.adaptive_avg_pool1d, 2: functional.adaptive_avg_pool2d}
    pool[3] = functional.adaptive_avg_pool3d
    sizes = layer.size if len(layer.size) == x.ndim - 2 else layer.size * (x.ndim - 2)
    wanted = [n if size == "keep" else size for n, size in zip(x.shape[2:], sizes, strict=True)]
    return pool[x.ndim - 2](x, wanted)


def _global(layer: Any, x: Array, bench: Bench) -> Array:
    return x.mean(dim=tuple(range(2, x.ndim)), keepdim=layer.keep)


def _linear(layer: Any, x: Array, bench: Bench) -> Array:
    axis = range(1, x.ndim)[layer.axis or 0]
    sizes = [*x.shape[:axis], layer.out_features, *x.shape[axis + 1 :]]
    return x.mean(dim=axis, keepdim=True).expand(sizes)


def _along(layer: Any, x: Array, bench: Bench) -> Array:
    axis = 1 + axis_of(layer, layer.axis or 0, x.ndim - 1)
    mixed = x + x.mean(dim=axis, keepdim=True)
    return mixed.narrow(axis, 0, x.shape[axis] // 2) if layer.kind == "glu" else mixed


def _squeeze(layer: Any, x: Array, bench: Bench) -> Array:
    return x + x.mean(dim=tuple(range(1, x.ndim)), keepdim=True)


def _reduced(layer: Any, x: Array, bench: Bench) -> Array:
    return FUNCTIONS["reduce"](layer.replaced(by="mean"), x)


def _padded(layer: Any, x: Array, bench: Bench) -> Array:
    return FUNCTIONS["pad"](layer.replaced(mode="zeros"), x)


def _resized(layer: Any, x: Array, bench: Bench) -> Array | None:
    if layer.mode not in ("nearest", "linear", "nearest-exact", "area"):
        return None  # weights of either sign
    return build(layer, (x,), bench).run(x)


PROBES: dict[str, Callable[[Any, Array, Bench], Array | None]] = {
    "conv": _convolution,
    "dwconv": _depthwise,
    "pwconv": _pointwise,
    "sepconv": _separable,
    "convt": _transposed,
    "maxpool": _pool,
    "avgpool": _pool,
    "lppool": _pool,
    "adaptiveavg": _adaptive,
    "adaptivemax": _adaptive,
    "gap": _global,
    "gmp": _global,
    "glp": _global,
    "linear": _linear,
    "softmax": _along,
    "softmin": _along,
    "sparsemax": _along,
    "logsoftmax": _along,
    "glu": _along,
    "se": _squeeze,
    "reduce": _reduced,
    "pad": _padded,
    "upsample": _resized,
    "maxunpool": lambda layer, x, bench: None,
    "fracmaxpool": lambda layer, x, bench: None,
}


def _seen(
    value: Array, source: Array, followed: tuple[Reach, ...], spread: bool
) -> tuple[Reach, ...]:
    """The followed reaches with the first and last place that gradients reach."""
    turns = max(reach.rows.shape[1] for reach in followed) if spread else 1
    reaches = [replace(reach, rows=reach.rows.copy()) for reach in followed]
    for turn in range(turns):
        picked = _unit(value, followed, turn)
        if not picked.requires_grad:
            bounds = [(-numpy.inf, -numpy.inf)] * len(reaches)
        else:
            (gradient,) = torch.autograd.grad(picked, source, retain_graph=True)
            bounds = _bounds(gradient)
        if numpy.isneginf(bounds).all() and blind(followed, turn):
            continue
        for reach, (first, last) in zip(reaches, bounds, strict=True):
            if turn < reach.rows.shape[1]:
                reach.rows[:2, turn] = first, last
    return tuple(reaches)


def _unit(value: Array, followed: tuple[Reach, ...], turn: int) -> Array:
    """The sum over the channels of one unit, on the axes that are places of the input."""
    index: list[Any] = [slice(None)] * value.ndim
    for reach in followed:
        if reach.place is not None:
            column = min(turn, reach.rows.shape[1] - 1)
            index[reach.place + 1] = reach.first + column
    return value[tuple(index)].sum()


def _bounds(gradient: Array) -> list[tuple[float, float]]:
    """For each spatial axis the first place (negated) and the last one that is not zero."""
    found = []
    for axis in range(2, gradient.ndim):
        others = [each for each in range(gradient.ndim) if each != axis]
        places = gradient.abs().sum(dim=others).nonzero()
        seen = len(places) > 0
        first, last = (places[0].item(), places[-1].item()) if seen else (numpy.inf, -numpy.inf)
        found.append((-float(first), float(last)))
    return found
