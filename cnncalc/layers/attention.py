"""Layers that weigh a map by what they saw of all of it: squeeze-and-excitation."""

from __future__ import annotations

from cnncalc.layers.base import Layer, Route, Shape, Weight, check_map, option


class SqueezeExcitation(Layer):
    """Squeeze and excitation: each channel is scaled by a gate that saw the whole map.

    Global average, 1x1 convolution to the squeezed channels, ReLU, 1x1 convolution back,
    sigmoid, times the input. Weights: fc1 (c, C, 1…), fc2 (C, c, 1…), both with bias.
    """

    kind = "se"
    formula = "c = max(1, C // r); params = 2Cc + c + C; MACs = 2Cc"
    source = "Hu et al. 2018, arXiv:1709.01507; torchvision.ops.SqueezeExcitation"

    reduction: int = option(
        "count",
        "how many channels are squeezed into one",
        key="r",
        positional=True,
        default=16,
        minimum=1,
    )
    channels: int | None = option(
        "count", "squeezed channels, instead of a reduction", key="c", default=None, minimum=1
    )

    def squeezed(self, channels: int) -> int:
        return self.channels or max(1, channels // self.reduction)

    def output(self, *shapes: Shape) -> Shape:
        check_map(self, shapes[0])
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        channels, ones = shapes[0][0], (1,) * (len(shapes[0]) - 1)
        squeezed = self.squeezed(channels)
        return (
            Weight("fc1.weight", (squeezed, channels, *ones)),
            Weight("fc1.bias", (squeezed,)),
            Weight("fc2.weight", (channels, squeezed, *ones)),
            Weight("fc2.bias", (channels,)),
        )

    def macs(self, *shapes: Shape) -> int:
        first, _, second, _ = self.weights(*shapes)
        return first.count + second.count

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=tuple(range(len(shape))))
