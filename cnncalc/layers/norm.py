"""Normalisations. None changes a shape; they differ in the tensors they hold.

The receptive field follows the values, not the statistics: batch norm in evaluation mode
reads no neighbour at all, and what group, layer and instance norm take from the rest of the
map is left out, as is usual.
"""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.layers.base import BATCH, Layer, Shape, Weight, option, order, place


def _axis() -> int:
    return option("count", "the axis of the channels", default=0, minimum=-8)


def _affine() -> bool:
    return option("flag", "whether scale and shift are learned", default=True, word="noaffine")


def _scale() -> bool:
    doc = "whether there is a scale beside the shift"
    return option("flag", doc, default=True, word="noscale")


def _shift() -> bool:
    doc = "whether there is a shift beside the scale"
    return option("flag", doc, default=True, word="noshift")


class BatchNorm(Layer):
    """Batch normalisation over each channel.

    Weights (C,) each: weight and bias; buffers running_mean, running_var and a batch counter,
    with `renorm` three more statistics (Ioffe 2017, arXiv:1702.03275). C is the size of `axis`.
    """

    kind = "bn"
    formula = "params = 2C (scale, shift); buffers = 2C + 1 (running mean, variance, batch count)"
    source = "torch.nn.BatchNorm2d; keras.layers.BatchNormalization; Ioffe & Szegedy 2015"

    affine: bool = _affine()
    stats: bool = option(
        "flag", "whether running statistics are kept", default=True, word="nostats"
    )
    scale: bool = _scale()
    shift: bool = _shift()

    axis: int = _axis()
    order: str = order()
    renorm: bool = option(
        "flag", "batch renormalisation, with its statistics", default=False, word="renorm"
    )

    def output(self, *shapes: Shape) -> Shape:
        place(self.axis, shapes[0], self.order)
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        sizes = (shapes[0][place(self.axis, shapes[0], self.order)],)
        weights = _scale_and_shift(sizes, self.affine and self.scale, self.affine and self.shift)
        if not self.stats:
            return weights
        names = ["running_mean", "running_var"]
        names += ["running_std", "renorm_mean", "renorm_std"] if self.renorm else []
        buffers = tuple(Weight(name, sizes, "buffer", False) for name in names)
        return (*weights, *buffers, Weight("num_batches_tracked", (), "buffer", False))


class GroupNorm(Layer):
    """Normalisation over groups of channels. Weights (C,) each: weight and bias."""

    kind = "gn"
    formula = "params = 2C"
    source = "torch.nn.GroupNorm; Wu & He 2018, arXiv:1803.08494"

    groups: int | str = option(
        "count",
        "groups of channels",
        key="g",
        positional=True,
        minimum=1,
        words=("each",),
    )
    affine: bool = _affine()
    scale: bool = _scale()
    shift: bool = _shift()

    axis: int = _axis()
    order: str = order()

    def output(self, *shapes: Shape) -> Shape:
        channels = shapes[0][place(self.axis, shapes[0], self.order)]
        if isinstance(self.groups, int) and channels % self.groups:
            raise LayerError(
                f"{self.groups} groups don't divide the {channels} channels",
                code="groups",
                option="groups",
                help=f"a number that divides {channels}",
            )
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        sizes = (shapes[0][place(self.axis, shapes[0], self.order)],)
        return _scale_and_shift(sizes, self.affine and self.scale, self.affine and self.shift)


class AxesNorm(Layer):
    """What norms over chosen axes share: which axes, and weights of their sizes."""

    axes: tuple[int | str, ...] = option(
        "sizes",
        "the axes that are normalised: channels by default, `all`, or numbers from 0 "
        "(channels) on, negative from the last",
        default=(0,),
        words=("all",),
    )

    order: str = order()

    def places(self, shape: Shape) -> tuple[int, ...]:
        """The axes that are normalised, counted from the front."""
        if self.axes == ("all",):
            return tuple(range(len(shape)))
        numbers = [axis for axis in self.axes if isinstance(axis, int)]
        places = tuple(place(axis, shape, self.order) for axis in numbers)
        if len(set(places)) < len(places):
            raise LayerError(
                "an axis is named twice", code="wrong-axes", option="axes", help="each axis once"
            )
        return places

    def chosen(self, shape: Shape) -> tuple[int, ...]:
        """The sizes of the axes that are normalised."""
        return tuple(shape[axis] for axis in self.places(shape))

    def output(self, *shapes: Shape) -> Shape:
        self.chosen(shapes[0])
        return shapes[0]


class LayerNorm(AxesNorm):
    """Layer normalisation over the channels of each position, or over the whole map."""

    kind = "ln"
    formula = "params = 2C; with axes=all 2 * C * prod n"
    source = "torch.nn.LayerNorm; Ba et al. 2016, arXiv:1607.06450"

    affine: bool = _affine()
    scale: bool = _scale()
    shift: bool = _shift()

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        sizes = self.chosen(shapes[0])
        return _scale_and_shift(sizes, self.affine and self.scale, self.affine and self.shift)


class RootMeanSquareNorm(AxesNorm):
    """Root mean square normalisation: a scale, no shift."""

    kind = "rms"
    formula = "params = C; with axes=all C * prod n"
    source = "torch.nn.RMSNorm; Zhang & Sennrich 2019, arXiv:1910.07467"

    affine: bool = option("flag", "whether a scale is learned", default=True, word="noaffine")

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return _scale_and_shift(self.chosen(shapes[0]), self.affine, False)


class UnitNorm(AxesNorm):
    """Each vector along the axes divided by its Euclidean length; nothing is learned."""

    kind = "unitnorm"
    formula = "output = input / sqrt(sum of squares along the axes)"
    source = "keras.layers.UnitNormalization; torch.nn.functional.normalize"

    axes: tuple[int | str, ...] = option(
        "sizes",
        "the axes that are normalised: channels by default, `all`, numbers from 0 (channels) on, "
        "negative from the last, or `batch` for across the samples",
        default=(0,),
        words=("all", BATCH),
    )

    @property
    def mixes_samples(self) -> bool:
        return BATCH in self.axes

    @property
    def takes_scalars(self) -> bool:
        return self.axes == (BATCH,)

    def places(self, shape: Shape) -> tuple[int, ...]:
        """Those of a sample; the batch is -1."""
        return (-1,) if self.mixes_samples else super().places(shape)

    def chosen(self, shape: Shape) -> tuple[int, ...]:
        return () if self.mixes_samples else super().chosen(shape)


class Standardize(AxesNorm):
    """Values less a stored mean, over the root of a stored variance, for each position on the axes.

    Buffers mean and variance (of the axes' sizes) and a count of the data they came from.
    """

    kind = "standardize"
    formula = "output = (input - mean) / sqrt(variance); buffers = 2C + 1 (mean, variance, count)"
    source = "keras.layers.Normalization"

    axes: tuple[int | str, ...] = option(
        "sizes",
        "the axes whose positions have statistics of their own: channels by default, `none`, "
        "`all`, or numbers from 0 (channels) on, negative from the last",
        default=(0,),
        words=("all", "none"),
    )
    given: bool = option(
        "flag", "the statistics are constants, nothing is stored", default=False, word="given"
    )
    invert: bool = option(
        "flag", "the way back: times the root, plus the mean", default=False, word="invert"
    )

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        if self.given:
            return ()
        sizes = self.chosen(shapes[0])
        return (
            Weight("mean", sizes, "buffer", False),
            Weight("variance", sizes, "buffer", False),
            Weight("count", (), "buffer", False),
        )


class InstanceNorm(Layer):
    """Normalisation of each channel of each sample over its map."""

    kind = "in"
    formula = "params = 0; with affine 2C"
    source = "torch.nn.InstanceNorm2d; Ulyanov et al. 2016, arXiv:1607.08022"

    affine: bool = option(
        "flag", "whether scale and shift are learned", default=False, word="affine"
    )
    stats: bool = option("flag", "whether running statistics are kept", default=False, word="stats")
    shift: bool = _shift()

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return BatchNorm(self.affine, self.stats, shift=self.shift).weights(*shapes)


class LocalResponseNorm(Layer):
    """Normalisation over neighbouring channels; nothing is learned."""

    kind = "lrn"
    scalars = False
    formula = "output = input / (k + alpha/size * sum of squares over `size` channels)^beta"
    source = "torch.nn.LocalResponseNorm; Krizhevsky et al. 2012"

    size: int = option(
        "count", "how many neighbouring channels", positional=True, default=5, minimum=1
    )
    alpha: float = option("number", "weight of the squares", default=1e-4)
    beta: float = option("number", "exponent", default=0.75)
    k: float = option("number", "constant added", default=1.0)

    @property
    def by_value(self) -> bool:
        """No: its neighbours on the channels have a part in every value."""
        return False


def _scale_and_shift(sizes: Shape, scale: bool, shift: bool) -> tuple[Weight, ...]:
    weights = (Weight("weight", sizes),) if scale else ()
    return (*weights, Weight("bias", sizes)) if shift else weights
