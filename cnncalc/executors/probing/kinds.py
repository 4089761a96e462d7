"""What stands for each kind of layer in a probing network (`probes`).

What a layer computes is its own, with its own options; its route only says whether it treats
each channel by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.executors.base import Run
from cnncalc.executors.geometry import axes_looked_up, axis_of, one_each, resized_axes
from cnncalc.executors.probing.probes import Probe, Probes
from cnncalc.layers import KINDS
from cnncalc.layers.activation import GatedLinearUnit, LogSoftmax, Softmax, Softmin, Sparsemax
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.attention import MultiHeadAttention, SqueezeExcitation
from cnncalc.layers.base import NO_PADS, OWN, Layer, Shape
from cnncalc.layers.conv import Conv, DepthwiseConv, PointwiseConv, SeparableConv
from cnncalc.layers.each import Each
from cnncalc.layers.embedding import Embedding
from cnncalc.layers.learned import Token
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.layers.padding import Pad, pad_along
from cnncalc.layers.recurrent import Recurrent, State
from cnncalc.layers.reshape import Slice
from cnncalc.layers.resize import Upsample
from cnncalc.layers.shuffle import ChannelShuffle
from cnncalc.layers.transposed import ConvTransposed
from cnncalc.network import Network, Step

__all__ = ["probes_of"]

# These hand on what they normalise or scale, beside what holds no weights and moves nothing.
NORMS = frozenset(
    {"bn", "gn", "in", "ln", "rms", "unitnorm", "standardize", "prelu", "scale", "shift"}
)
# Of a recurrent layer: so many strengthen what they once saw, and shut none of their gates.
UNITS = 4
SIGNED = frozenset({"cubic", "lanczos3", "lanczos5"})  # ways to resize by taps of both signs


def probes_of(network: Network, run: Run) -> Probes:
    """The probing network for the sizes that really came out."""
    shape = run.steps[0].shape or ()
    alike = network.channel_axis == 0 and len(shape) > 1
    probes = Probes((1, *shape[1:]) if alike else shape)
    probes.of.append(Probe(0, (shape[0],) if alike else (1,) * shape[0]))
    probes.reasons.append(None)
    for number, step in enumerate(network.steps[1:], start=1):
        _take(probes, step, number, run)
    return probes


def _take(at: Probes, step: Step, number: int, run: Run) -> None:
    """Add what stands for a step of the network."""
    shape = run.steps[number].shape
    if all(each in at.unreached for each in step.inputs):
        at.unreached.add(number)
        at.of.append(at.zeros(shape) if shape and 0 not in shape else None)
        at.reasons.append(None)
        return
    inputs = [probe for each in step.inputs if (probe := at.of[each]) is not None]
    reason = next((at.reasons[each] for each in step.inputs if at.reasons[each]), None)
    probe = None
    if shape and 0 not in shape and len(inputs) == len(step.inputs):
        shapes = [run.steps[each].shape or () for each in step.inputs]
        at.places = shape[1:]
        probe = _after(at, step.layer, inputs, shapes, shape)
        reason = None if probe else _untold(step.layer)
    at.of.append(probe)
    at.reasons.append(reason)


def _untold(layer: Layer) -> str | None:
    """Why probes don't tell what a layer reads; None: they do."""
    layer = layer.core
    if layer.kind == "maxunpool":
        return "max unpooling puts values where maxima were, which probes don't tell"
    if layer.kind == "fracmaxpool":
        return "fractional pooling draws its windows at random"
    if not isinstance(layer, Upsample):
        return None
    if layer.mode in SIGNED:
        return f"the taps of `{layer.mode}` have both signs, and may cancel"
    return "frameworks pass over a factor where positions are copied or doubled"


def _after(
    at: Probes, layer: Layer, inputs: list[Probe], shapes: list[Shape], shape: Shape
) -> Probe | None:
    if isinstance(layer, Elementwise):
        return _added(at, layer, inputs, shapes, shape)
    if isinstance(layer, Concatenate):
        return _joined(at, layer, inputs, shapes)
    if layer.kind == "matmul":
        return _multiplied(at, layer, inputs, shapes, shape)
    if isinstance(layer, MultiHeadAttention):
        return _attended(at, layer, inputs, shapes, shape)
    if isinstance(layer, Recurrent):
        return _recurrent(at, layer, inputs, shapes, shape)
    if layer.core.kind in ("maxunpool", "fracmaxpool"):
        return None
    if _hands_on(layer.core):
        return inputs[0]
    here = LAYERS.get(layer.kind) or (_by_itself if _apart(layer, shapes[0]) else _as_it_is)
    return here(at, layer, inputs[0], shapes[0], shape)


def _hands_on(layer: Layer) -> bool:
    """Whether a layer works element-wise or position by position, or normalises."""
    if layer.kind in NORMS or layer.mixes_samples:
        return True
    moves = type(layer).route is not Layer.route or type(layer).windows is not Layer.windows
    return layer.by_value and not moves


def _apart(layer: Layer, before: Shape) -> bool:
    """Whether a layer treats each channel by itself."""
    route = layer.route(before)
    if route is None or route.splits or 0 in route.mixes:
        return False
    return route.across is OWN and route.moves[0] == 0


def _as_it_is(at: Probes, layer: Layer, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """The layer itself, on all the channels that the value has."""
    return at.put(layer, [at.apart(x, before[1:])], (1,) * shape[0])


def _by_itself(at: Probes, layer: Layer, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """A layer that treats each channel by itself."""
    return at.put(layer, [x], x.copies)


def _added(
    at: Probes, layer: Elementwise, inputs: list[Probe], shapes: list[Shape], shape: Shape
) -> Probe | None:
    """A merge; channels of which there is one alone are stretched, as axes of size 1 are."""
    several = {x.copies for x in inputs if len(x.copies) > 1}
    if len(several) > 1 or len({len(each) for each in shapes}) > 1:
        inputs = [at.apart(x, each[1:]) for x, each in zip(inputs, shapes, strict=True)]
        several = {(1,) * shape[0]}
    copies = next(iter(several), (shape[0],))
    return at.put(KINDS["add"](align=layer.align), inputs, copies)


def _joined(
    at: Probes, layer: Concatenate, inputs: list[Probe], shapes: list[Shape]
) -> Probe | None:
    if axis_of(layer, layer.axis, len(shapes[0])) == 0:
        return at.put(layer, inputs, tuple(count for x in inputs for count in x.copies))
    if len({x.copies for x in inputs}) > 1:
        inputs = [at.apart(x, each[1:]) for x, each in zip(inputs, shapes, strict=True)]
    return at.put(layer, inputs, inputs[0].copies)


def _multiplied(
    at: Probes, layer: Layer, inputs: list[Probe], shapes: list[Shape], shape: Shape
) -> Probe | None:
    """Each branch times ones in the place of the other, added up."""
    pair = [at.apart(x, each[1:]) for x, each in zip(inputs, shapes, strict=True)]
    a, b = pair
    ones = [_level(at, x, each, 1.0) for x, each in zip(pair, shapes, strict=True)]
    copies = (1,) * shape[0]
    products = [at.put(layer, [a, ones[1]], copies), at.put(layer, [ones[0], b], copies)]
    return at.put(KINDS["add"](), products, copies)


def _attended(
    at: Probes, layer: MultiHeadAttention, inputs: list[Probe], shapes: list[Shape], shape: Shape
) -> Probe | None:
    """Attention itself where it reads one map; of several each in the place of the values.

    Without matches all positions weigh the same; what asks is added, by its features' mean.
    """
    plain = layer.replaced(bias=False, bias_kv=False, zero=False)
    copies = (1,) * shape[0]
    several = [at.apart(x, each[1:]) for x, each in zip(inputs, shapes, strict=True)]
    if len(several) == 1:
        return at.put(plain, several, copies)
    asking, *others = several
    level = [_level(at, x, each, 0.0) for x, each in zip(several[:2], shapes, strict=False)]
    read = [at.put(plain, [*level, x], copies) for x in others]
    mean = KINDS["reduce"](by="mean", axes=(range(2)[layer.axis],), keep=True)
    asked = at.put(mean, [asking], (1,) * (shape[0] if range(2)[layer.axis] else 1))
    return at.put(KINDS["add"](), [*read, asked], copies)


def _level(at: Probes, x: Probe, shape: Shape, value: float) -> Probe:
    """One number everywhere, in the place of a value."""
    layer = KINDS["rescale"]((0.0,), (value,))
    return Probe(at.add(layer, x.step, size=prod(shape)), x.copies)


def _token(at: Probes, layer: Token, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """What is learned is nothing of the input: zeros."""
    added = (0, layer.count) if layer.behind else (layer.count, 0)
    pad = pad_along(range(len(before))[layer.axis], len(before), added)
    return _padded(at, pad, x, before, shape)


def _convolved(
    at: Probes,
    layer: Conv | ConvTransposed | PointwiseConv | SeparableConv,
    x: Probe,
    before: Shape,
    shape: Shape,
) -> Probe | None:
    """All outputs are alike where they read the same, or where the inputs are alike."""
    plain, x = _in_zeros(at, layer.replaced(bias=False), x, before)
    if getattr(layer, "groups", 1) > 1:
        if len(x.copies) > 1:
            return at.put(plain, [at.apart(x, before[1:])], (1,) * shape[0])
        plain = plain.replaced(groups=1)
    return at.put(plain.replaced(out_channels=1), [x], shape[:1])


def _in_zeros(at: Probes, layer: Layer, x: Probe, before: Shape) -> tuple[Layer, Probe]:
    """A layer with zeros around its map; what crops too goes before it, as zeros never crop."""
    if not isinstance(layer, Conv | DepthwiseConv | SeparableConv):
        return layer, x
    pads = () if isinstance(layer.padding, str) else one_each(layer.padding, before[1:])
    if min(map(min, pads), default=0) >= 0:
        return layer.replaced(mode="zeros"), x
    sizes = [n + sum(pair) for n, pair in zip(before[1:], pads, strict=True)]
    step = at.add(KINDS["pad"](pads), x.step, size=len(x.copies) * prod(sizes))
    return layer.replaced(mode="zeros", padding=NO_PADS), Probe(step, x.copies)


def _depthwise(
    at: Probes, layer: DepthwiseConv, x: Probe, before: Shape, shape: Shape
) -> Probe | None:
    plain, x = _in_zeros(at, layer.replaced(bias=False, multiplier=1), x, before)
    return at.put(plain, [x], tuple(count * layer.multiplier for count in x.copies))


def _separable(
    at: Probes, layer: SeparableConv, x: Probe, before: Shape, shape: Shape
) -> Probe | None:
    return _convolved(at, layer.replaced(multiplier=1), x, before, shape)


def _linear(at: Probes, layer: Linear, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    plain = layer.replaced(bias=False)
    if range(len(before))[layer.axis or 0] > 0:
        return at.put(plain, [x], x.copies)
    return at.put(plain.replaced(out_features=1), [x], shape[:1])


def _along(
    at: Probes,
    layer: LogSoftmax | Softmax | Softmin | Sparsemax,
    x: Probe,
    before: Shape,
    shape: Shape,
) -> Probe | None:
    return _meaned(at, axis_of(layer, layer.axis, len(before)), x, before, shape)


def _meaned(at: Probes, axis: int, x: Probe, before: Shape, shape: Shape) -> Probe:
    """Every unit reads all of one axis: the mean of it is added."""
    if axis == 0 and len(x.copies) == 1:
        return Probe(x.step, shape[:1])
    x = at.apart(x, before[1:]) if axis == 0 else x
    return _with_mean(at, x, (axis,))


def _looked_up(at: Probes, layer: Embedding, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """Entries that differ: those of a number 1 are ones, those of a number 0 zeros."""
    axes, size = axes_looked_up(layer, len(before)), len(shape) - 1
    turned = [before[axis] for axis in axes]
    if list(axes) != sorted(axes):
        x = Probe(at.add(KINDS["permute"](axes), x.step, size=prod(before)), ())
    place = range(size + 1)[layer.axis]
    one = (*turned[:place], 1, *turned[place:])
    step = at.add(KINDS["reshape"](one), x.step, size=prod(before))
    if place == 0:
        return Probe(step, shape[:1])
    return Probe(at.add(KINDS["expand"](shape), step, size=prod(shape)), (1,) * shape[0])


def _halved(
    at: Probes, layer: GatedLinearUnit, x: Probe, before: Shape, shape: Shape
) -> Probe | None:
    return _in_halves(at, axis_of(layer, layer.axis, len(before)), x, before, shape)


def _in_halves(at: Probes, axis: int, x: Probe, before: Shape, shape: Shape) -> Probe:
    """Every unit reads two places of one axis, half of it apart."""
    if axis == 0 and len(x.copies) == 1:
        return Probe(x.step, shape[:1])
    x = at.apart(x, before[1:]) if axis == 0 else x
    copies, half = x.copies[: shape[0]] if axis == 0 else x.copies, shape[axis]
    halves = [
        at.put(KINDS["slice"]((start, start + half), axis=axis), [x], copies) for start in (0, half)
    ]
    return at.put(KINDS["add"](), halves, copies)


def _squeezed(
    at: Probes, layer: SqueezeExcitation, x: Probe, before: Shape, shape: Shape
) -> Probe | None:
    return _with_mean(at, x, ("all",))


def _with_mean(at: Probes, x: Probe, axes: tuple[int | str, ...]) -> Probe:
    mean = at.put(KINDS["reduce"](by="mean", axes=axes, keep=True), [x], x.copies)
    return at.put(KINDS["add"](), [x, mean], x.copies)


def _reduced(at: Probes, layer: Reduce, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    return _as_it_is(at, layer.replaced(by="mean"), x, before, shape)


def _padded(at: Probes, layer: Pad, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    zeros = layer.replaced(mode="zeros", value=0.0)
    one_by_one = layer.channels == NO_PADS
    return (_by_itself if one_by_one else _as_it_is)(at, zeros, x, before, shape)


def _taken(at: Probes, layer: Slice, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    if range(len(before))[layer.axis] > 0:
        return _by_itself(at, layer, x, before, shape)
    return _dealt(at, layer, x, before, shape)


def _dealt(
    at: Probes, layer: ChannelShuffle | Slice, x: Probe, before: Shape, shape: Shape
) -> Probe | None:
    """Channels in another order, or some of them; what is alike stays alike."""
    if len(x.copies) == 1:
        return Probe(x.step, shape[:1])
    return _as_it_is(at, layer, x, before, shape)


def _resized(at: Probes, layer: Upsample, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    return _by_itself(at, layer, x, before, shape) if _tells(layer, before) else None


def _tells(layer: Upsample, before: Shape) -> bool:
    """Whether what comes out of it tells what it read."""
    if layer.mode in SIGNED:
        return False
    axes = zip(before[1:], resized_axes(layer, before[1:]), strict=True)
    # Some copy or double places and pass over the factor.
    return layer.mode != "nearest" or not any(
        m in (n, 2 * n) and f not in (None, m / n) for n, (m, f) in axes
    )


def _at_each(at: Probes, layer: Each, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """A layer at every entry, as it is."""
    inner, rank = layer.layer, len(before) - layer.axes
    if isinstance(inner, SqueezeExcitation):
        return _with_mean(at, x, tuple(map(layer.outer, range(rank))))
    if isinstance(inner, Softmax | Softmin | Sparsemax | LogSoftmax):
        return _meaned(at, layer.outer(axis_of(inner, inner.axis, rank)), x, before, shape)
    if isinstance(inner, GatedLinearUnit):
        return _in_halves(at, layer.outer(axis_of(inner, inner.axis, rank)), x, before, shape)
    plain = _positive(inner, before[: layer.trailing] + before[layer.trailing + layer.axes :])
    if plain is None:
        return None
    if layer.trailing and _is_dense(plain):
        one = plain.replaced(
            **dict.fromkeys({"out_channels", "out_features"} & {*plain.options}, 1)
        )
        return at.put(layer.replaced(layer=one), [x], shape[:1])
    here = _by_itself if _apart(layer, before) else _as_it_is
    return here(at, layer.replaced(layer=plain), x, before, shape)


def _positive(layer: Layer, before: Shape) -> Layer | None:
    """A layer of the same windows in which nothing cancels and zeros stay; None: there is none."""
    if isinstance(layer, Upsample) and not _tells(layer, before):
        return None
    options = layer.options
    if isinstance(layer, Conv | DepthwiseConv | SeparableConv | Pad):
        pads = () if isinstance(layer.padding, str) else layer.padding
        if layer.mode != "zeros" and min(map(min, pads), default=0) < 0:
            return None  # zeros never crop
        layer = layer.replaced(mode="zeros")
    plain = {"bias": False, "value": 0.0} if not isinstance(layer, Reduce) else {"by": "mean"}
    return layer.replaced(**{name: plain[name] for name in plain if name in options})


def _is_dense(layer: Layer) -> bool:
    """Whether every channel of its output reads all channels, and they are alike."""
    if isinstance(layer, Conv | PointwiseConv | ConvTransposed):
        return layer.groups == 1
    return isinstance(layer, Linear) and not layer.axis


def _recurrent(
    at: Probes, layer: Recurrent, inputs: list[Probe], shapes: list[Shape], shape: Shape
) -> Probe | None:
    """A layer of a few units, one of which, of each direction, stands for all of them.

    The mean of the features goes in, lest so many shut a gate; that of a state in all units.
    """
    axis, before = range(2)[layer.axis], shapes[0]
    x = at.apart(inputs[0], before[1:])
    mean = KINDS["rescale"]((1 / before[axis],))
    x = Probe(at.add(mean, x.step, size=prod(before)), x.copies)
    starts = [_started(at, each) for each in inputs[1:]]
    plain = {"bias": False, "proj": None, "activation": "tanh", "gate": "sigmoid", "learned": False}
    plain = {name: value for name, value in plain.items() if name in layer.options}
    few, units = layer.replaced(hidden=UNITS, **plain), UNITS * layer.directions
    middle = (UNITS - 1, UNITS + 1) if layer.bidirectional else (0, 1)
    if axis == 0 or layer.last:
        step = at.put(few, [x, *starts], (1,) * units).step
        step = at.add(KINDS["slice"](middle), step, size=layer.directions * prod(shape[1:]))
        return Probe(step, (shape[0] // layer.directions,) * layer.directions)
    each = shape[1] // layer.directions
    step = at.put(few, [x, *starts], (1,) * shape[0], (units,)).step
    parts = [
        at.add(KINDS["slice"]((unit, unit + 1), axis=1), step, size=shape[0])
        for unit in range(*middle)
    ]
    whole = KINDS["expand"]((shape[0], each))
    parts = [at.add(whole, part, size=shape[0] * each) for part in parts]
    step = parts[0] if len(parts) == 1 else at.add(KINDS["cat"](axis=1), *parts, size=prod(shape))
    return Probe(step, (1,) * shape[0])


def _started(at: Probes, x: Probe) -> Probe:
    """A state to start from, in as many units as stand for the layer."""
    mean = KINDS["reduce"](by="mean", axes=(0,), keep=True)
    step = at.put(mean, [at.apart(x, ())], (1,), ()).step
    return Probe(at.add(KINDS["expand"]((UNITS,)), step, size=UNITS), (1,) * UNITS)


def _state(at: Probes, layer: State, x: Probe, before: Shape, shape: Shape) -> Probe | None:
    """The state of the layer of a few units."""
    maker = x.step
    while "hidden" not in at.steps[maker].layer.options:
        maker = at.steps[maker].inputs[0]
    made = at.put(layer.replaced(features=UNITS), [Probe(maker, ())], (1,) * UNITS)
    return Probe(at.add(KINDS["slice"]((0, 1)), made.step, size=1), shape)


LAYERS: dict[str, Callable[[Probes, Any, Probe, Shape, Shape], Probe | None]] = {
    **dict.fromkeys(("conv", "pwconv", "convt"), _convolved),
    "dwconv": _depthwise,
    "sepconv": _separable,
    "linear": _linear,
    "embedding": _looked_up,
    **dict.fromkeys(("softmax", "softmin", "sparsemax", "logsoftmax"), _along),
    "glu": _halved,
    "se": _squeezed,
    "reduce": _reduced,
    "pad": _padded,
    "slice": _taken,
    "token": _token,
    "chshuffle": _dealt,
    "upsample": _resized,
    "state": _state,
    "each": _at_each,
}
