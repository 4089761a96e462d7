"""Activations and dropout: layers that treat each value, or each position, by itself.

Adding one is one line here; what it is called elsewhere is a row of `frameworks/ops.py`.
"""

from __future__ import annotations

from cnncalc.axis.windows import Slide, Window
from cnncalc.errors import LayerError
from cnncalc.layers.base import (
    BATCH,
    OWN,
    Layer,
    Option,
    Route,
    Shape,
    Weight,
    option,
    order,
    place,
)


def _activation(
    kind: str, name: str, source: str = "torch.nn.{}", **defaults: float | None
) -> type[Layer]:
    """A layer kind that changes no shape and holds nothing; `defaults` are its parameters."""
    parameters = {
        parameter: Option("number", parameter, default=value, positional=True)
        for parameter, value in defaults.items()
    }
    attributes = {
        "__doc__": f"{name}, element-wise.",
        "kind": kind,
        "formula": "output = input, element-wise",
        "source": source.format(name),
        "carries": kind == "identity",
    }
    return type(name, (Layer,), {**attributes, **parameters, "__module__": __name__})


KERAS = "keras.activations; {}"


ACTIVATIONS = (
    _activation("relu", "ReLU", slope=0.0, limit=None, threshold=0.0),
    _activation("relu6", "ReLU6"),
    _activation("leakyrelu", "LeakyReLU", slope=0.01),
    _activation("rrelu", "RReLU", lower=1 / 8, upper=1 / 3),
    _activation("elu", "ELU", alpha=1.0),
    _activation("selu", "SELU"),
    _activation("celu", "CELU", alpha=1.0),
    _activation("gelu", "GELU"),
    _activation("silu", "SiLU"),
    _activation("mish", "Mish"),
    _activation("sigmoid", "Sigmoid"),
    _activation("logsigmoid", "LogSigmoid"),
    _activation("hardsigmoid", "Hardsigmoid", slope=1 / 6, offset=0.5),
    _activation("hardswish", "Hardswish"),
    _activation("hardtanh", "Hardtanh", low=-1.0, high=1.0),
    _activation("tanh", "Tanh"),
    _activation("tanhshrink", "Tanhshrink"),
    _activation("softplus", "Softplus", beta=1.0, threshold=20.0),
    _activation("softsign", "Softsign"),
    _activation("softshrink", "Softshrink", threshold=0.5),
    _activation("hardshrink", "Hardshrink", threshold=0.5),
    _activation("threshold", "Threshold", threshold=0.0, value=0.0),
    _activation("identity", "Identity"),
    _activation("exponential", "Exponential", KERAS),
    _activation("squareplus", "Squareplus", KERAS, b=4.0),
    _activation("sparseplus", "SparsePlus", KERAS),
    _activation("sparsesigmoid", "SparseSigmoid", KERAS),
)


class _AlongAxis(Layer):
    """What activations along one axis share."""

    axis: int | str = option("count", "the axis, 0 for channels", default=0, minimum=-8)
    order: str = order()

    def place(self, shape: Shape) -> int:
        """The axis counted from the front; LayerError if the input has no such axis."""
        return place(self.axis, shape, self.order)

    def output(self, *shapes: Shape) -> Shape:
        self.place(shapes[0])
        return shapes[0]

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, mixes=(self.place(shape),))


class _AlongAny(_AlongAxis):
    """What runs along an axis of a sample, or across the samples of a batch."""

    axis: int | str = option(
        "count",
        "the axis, 0 for channels; `batch` for across the samples",
        default=0,
        minimum=-8,
        words=(BATCH,),
    )

    @property
    def mixes_samples(self) -> bool:
        return self.axis == BATCH

    @property
    def takes_scalars(self) -> bool:
        return self.mixes_samples

    def route(self, shape: Shape) -> Route | None:
        return None if self.mixes_samples else super().route(shape)


class Softmax(_AlongAny):
    """Softmax along the channels."""

    kind = "softmax"
    aliases = ("softmax2d",)
    formula = "output = exp(input) / sum of exp along the axis"
    source = "torch.nn.Softmax"


class LogSoftmax(_AlongAny):
    """The logarithm of softmax along the channels."""

    kind = "logsoftmax"
    formula = "output = input - log sum exp along the axis"
    source = "torch.nn.LogSoftmax"


class Softmin(_AlongAny):
    """Softmax of the negated input, along the channels."""

    kind = "softmin"
    formula = "output = softmax(-input)"
    source = "torch.nn.Softmin"


class Sparsemax(_AlongAxis):
    """The nearest point of the simplex, along the channels: softmax with exact zeros."""

    kind = "sparsemax"
    formula = "output = max(input - tau, 0), tau so that the sum along the axis is 1"
    source = "keras.activations.sparsemax; Martins & Astudillo 2016, arXiv:1602.02068"


class GatedLinearUnit(_AlongAxis):
    """Half of the channels, gated by the sigmoid of the other half."""

    kind = "glu"
    formula = "C' = C / 2"
    source = "torch.nn.GLU; Dauphin et al. 2016, arXiv:1612.08083"

    def output(self, *shapes: Shape) -> Shape:
        shape = super().output(*shapes)
        axis = self.place(shape)
        if shape[axis] % 2:
            raise LayerError(
                f"`glu` halves an axis but this one has {shape[axis]}",
                code="groups",
                help="an even number",
            )
        return *shape[:axis], shape[axis] // 2, *shape[axis + 1 :]

    def windows(self, *shapes: Shape) -> tuple[Window, ...]:
        return self._halved(shapes[0])[1:]

    def route(self, shape: Shape) -> Route | None:
        return Route(shape, self.windows(shape), across=self._halved(shape)[0])

    def _halved(self, shape: Shape) -> tuple[Window, ...]:
        """The windows of all axes: along one of them a unit reads two places, half of it apart."""
        halved = self.place(shape)
        return tuple(
            Slide(2, dilation=n // 2) if axis == halved else OWN for axis, n in enumerate(shape)
        )


class ParametricReLU(Layer):
    """ReLU with learned slopes: one for all (n = 1), one for each channel, or a map of them.

    Weight (n,); with `shared` the input's shape, where the shared axes have size 1.
    """

    kind = "prelu"
    formula = "params = n; with `shared` the product of the axes that are not shared"
    source = "torch.nn.PReLU; keras.layers.PReLU; He et al. 2015, arXiv:1502.01852"

    n: int = option(
        "count",
        "how many slopes are learned: 1, or one for each channel",
        positional=True,
        default=1,
        minimum=1,
    )

    shared: tuple[int | str, ...] | None = option(
        "sizes",
        "instead of n: the axes along which a slope is shared, or `none`",
        default=None,
        words=("none",),
    )
    order: str = order()

    def output(self, *shapes: Shape) -> Shape:
        if self.shared is None and self.n not in (1, shapes[0][0]):
            raise LayerError(
                f"`prelu` has {self.n} slopes but the input has {shapes[0][0]} channels",
                code="groups",
                option="n",
                help=f"1 or {shapes[0][0]}",
            )
        self.slopes(shapes[0])
        return shapes[0]

    def slopes(self, shape: Shape) -> Shape:
        """The shape of the learned slopes."""
        if self.shared is None:
            return (self.n,)
        ones = {place(axis, shape, self.order) for axis in self.shared if isinstance(axis, int)}
        return tuple(1 if axis in ones else size for axis, size in enumerate(shape))

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", self.slopes(shapes[0])),)


class Dropout(Layer):
    """Values set to zero at random in training; the identity otherwise."""

    kind = "dropout"
    carries = True
    formula = "output = input"
    source = "torch.nn.Dropout; Srivastava et al. 2014"

    rate: float = option(
        "number", "the share that is dropped", positional=True, default=0.5, minimum=0
    )

    def check(self) -> None:
        if self.rate > 1:
            raise LayerError(
                f"a dropout rate of {self.rate} is more than 1",
                code="bad-value",
                option="rate",
                help="a share from 0 to 1",
            )


class Noise(Layer):
    """Normal noise added in training; the identity otherwise."""

    kind = "noise"
    formula = "output = input"
    source = "keras.layers.GaussianNoise"

    deviation: float = option(
        "number", "standard deviation of the noise", positional=True, default=0.1, minimum=0
    )


class Rescale(Layer):
    """Values times a constant, plus a constant: the same for all, or one for each channel."""

    kind = "rescale"
    formula = "output = input * factor + offset"
    source = "keras.layers.Rescaling"

    factor: tuple[float, ...] = option("numbers", "what values are multiplied by", positional=True)
    offset: tuple[float, ...] = option("numbers", "what is added then", default=(0.0,))
