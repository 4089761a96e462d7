"""Normalisations. None changes a shape; they differ in the tensors they hold.

The receptive field follows the values, not the statistics: batch norm in evaluation mode
reads no neighbour at all, and what group, layer and instance norm take from the rest of the
map is left out, as is usual.
"""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape, Weight, option, show


class BatchNorm(Layer):
    """Batch normalisation over each channel.

    Weights (C,) each: weight and bias; buffers running_mean, running_var and a batch counter.
    """

    kind = "bn"
    formula = "params = 2C (scale, shift); buffers = 2C + 1 (running mean, variance, batch count)"
    source = "torch.nn.BatchNorm2d; keras.layers.BatchNormalization; Ioffe & Szegedy 2015"

    affine: bool = option(
        "flag", "whether scale and shift are learned", default=True, word="noaffine"
    )
    stats: bool = option(
        "flag", "whether running statistics are kept", default=True, word="nostats"
    )
    scale: bool = option(
        "flag", "whether there is a scale beside the shift", default=True, word="noscale"
    )
    shift: bool = option(
        "flag", "whether there is a shift beside the scale", default=True, word="noshift"
    )

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        channels = shapes[0][:1]
        weights = _affine(channels, self.affine and self.scale, self.affine and self.shift)
        if self.stats:
            weights += (
                Weight("running_mean", channels, "buffer", False),
                Weight("running_var", channels, "buffer", False),
                Weight("num_batches_tracked", (), "buffer", False),
            )
        return weights


class GroupNorm(Layer):
    """Normalisation over groups of channels. Weights (C,) each: weight and bias."""

    kind = "gn"
    formula = "params = 2C"
    source = "torch.nn.GroupNorm; Wu & He 2018, arXiv:1803.08494"

    groups: int = option("count", "groups of channels", key="g", positional=True, minimum=1)
    affine: bool = option(
        "flag", "whether scale and shift are learned", default=True, word="noaffine"
    )
    scale: bool = option(
        "flag", "whether there is a scale beside the shift", default=True, word="noscale"
    )
    shift: bool = option(
        "flag", "whether there is a shift beside the scale", default=True, word="noshift"
    )

    def output(self, *shapes: Shape) -> Shape:
        channels = shapes[0][0]
        if channels % self.groups:
            raise LayerError(
                f"{self.groups} groups don't divide the {channels} channels",
                code="groups",
                help=f"a number that divides {channels}",
            )
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return _affine(shapes[0][:1], self.affine and self.scale, self.affine and self.shift)


class _AxesNorm(Layer):
    """What norms over chosen axes share: which axes, and weights of their sizes."""

    axes: tuple[int | str, ...] = option(
        "sizes",
        "the axes that are normalised: channels by default, `all`, or numbers from 0 "
        "(channels) on, negative from the last",
        default=(0,),
        words=("all",),
    )

    def chosen(self, shape: Shape) -> tuple[int, ...]:
        """The sizes of the axes that are normalised."""
        if self.axes in ("all", ("all",)):
            return shape
        for axis in self.axes:
            if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
                raise LayerError(
                    f"`{self.kind}` is over axis {axis} but the input {show(shape)} has "
                    f"{len(shape)} axes",
                    code="wrong-axes",
                    help=f"axes from 0 to {len(shape) - 1}",
                )
        return tuple(shape[axis] for axis in self.axes if isinstance(axis, int))

    def output(self, *shapes: Shape) -> Shape:
        self.chosen(shapes[0])
        return shapes[0]


class LayerNorm(_AxesNorm):
    """Layer normalisation over the channels of each place, or over the whole map."""

    kind = "ln"
    formula = "params = 2C; with axes=all 2 * C * prod n"
    source = "torch.nn.LayerNorm; Ba et al. 2016, arXiv:1607.06450"

    affine: bool = option(
        "flag", "whether scale and shift are learned", default=True, word="noaffine"
    )
    scale: bool = option(
        "flag", "whether there is a scale beside the shift", default=True, word="noscale"
    )
    shift: bool = option(
        "flag", "whether there is a shift beside the scale", default=True, word="noshift"
    )

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        sizes = self.chosen(shapes[0])
        return _affine(sizes, self.affine and self.scale, self.affine and self.shift)


class RootMeanSquareNorm(_AxesNorm):
    """Root mean square normalisation: a scale, no shift."""

    kind = "rms"
    formula = "params = C; with axes=all C * prod n"
    source = "torch.nn.RMSNorm; Zhang & Sennrich 2019, arXiv:1910.07467"

    affine: bool = option("flag", "whether a scale is learned", default=True, word="noaffine")

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return _affine(self.chosen(shapes[0]), self.affine, False)


class InstanceNorm(Layer):
    """Normalisation of each channel of each sample over its map."""

    kind = "in"
    formula = "params = 0; with affine 2C"
    source = "torch.nn.InstanceNorm2d; Ulyanov et al. 2016, arXiv:1607.08022"

    affine: bool = option(
        "flag", "whether scale and shift are learned", default=False, word="affine"
    )
    stats: bool = option("flag", "whether running statistics are kept", default=False, word="stats")

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return BatchNorm(self.affine, self.stats).weights(*shapes)


class LocalResponseNorm(Layer):
    """Normalisation over neighbouring channels; nothing is learned."""

    kind = "lrn"
    formula = "output = input / (k + alpha/size * sum of squares over `size` channels)^beta"
    source = "torch.nn.LocalResponseNorm; Krizhevsky et al. 2012"

    size: int = option(
        "count", "how many neighbouring channels", positional=True, default=5, minimum=1
    )
    alpha: float = option("number", "weight of the squares", default=1e-4)
    beta: float = option("number", "exponent", default=0.75)
    k: float = option("number", "constant added", default=1.0)


def _affine(sizes: Shape, scale: bool, shift: bool) -> tuple[Weight, ...]:
    weights = (Weight("weight", sizes),) if scale else ()
    return (*weights, Weight("bias", sizes)) if shift else weights
