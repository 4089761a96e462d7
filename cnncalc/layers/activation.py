"""Activations, and other layers that treat each value (or each place) by itself.

Adding one is one line.
"""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Option, Shape, Weight, option, show


def _activation(kind: str, torch: str, **defaults: float) -> type[Layer]:
    """A layer kind that changes no shape and holds nothing; `defaults` are its parameters."""
    parameters = {
        name: Option("number", name.replace("_", " "), default=value, positional=True)
        for name, value in defaults.items()
    }
    attributes = {
        "__doc__": f"{torch}, value by value.",
        "kind": kind,
        "formula": "output = input, value by value",
        "source": f"torch.nn.{torch}",
    }
    return type(torch, (Layer,), {**attributes, **parameters, "__module__": __name__})


ACTIVATIONS = (
    _activation("relu", "ReLU"),
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
    _activation("hardsigmoid", "Hardsigmoid"),
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
)


class _AlongAxis(Layer):
    """What activations along one axis share."""

    axis: int = option("count", "the axis, 0 for channels", default=0, minimum=-8)

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if not -len(shape) <= self.axis < len(shape):
            raise LayerError(f"the input {show(shape)} has no axis {self.axis}", code="wrong-axes")
        return shape

    def mixes(self, *shapes: Shape) -> tuple[int, ...]:
        return (self.axis % len(shapes[0]),)


class Softmax(_AlongAxis):
    """Softmax along the channels."""

    kind = "softmax"
    formula = "output = exp(input) / sum of exp along the axis"
    source = "torch.nn.Softmax"


class LogSoftmax(_AlongAxis):
    """The logarithm of softmax along the channels."""

    kind = "logsoftmax"
    formula = "output = input - log sum exp along the axis"
    source = "torch.nn.LogSoftmax"


class Softmin(_AlongAxis):
    """Softmax of the negated input, along the channels."""

    kind = "softmin"
    formula = "output = softmax(-input)"
    source = "torch.nn.Softmin"


class GatedLinearUnit(_AlongAxis):
    """Half of the channels, gated by the sigmoid of the other half."""

    kind = "glu"
    formula = "C' = C / 2"
    source = "torch.nn.GLU; Dauphin et al. 2016, arXiv:1612.08083"

    def output(self, *shapes: Shape) -> Shape:
        shape = super().output(*shapes)
        axis = self.axis % len(shape)
        if shape[axis] % 2:
            raise LayerError(
                f"`glu` halves an axis but this one has {shape[axis]}",
                code="groups",
                help="an even number",
            )
        return *shape[:axis], shape[axis] // 2, *shape[axis + 1 :]


class ParametricReLU(Layer):
    """ReLU with a learned slope: one for all (n = 1), or one for each channel."""

    kind = "prelu"
    formula = "params = n"
    source = "torch.nn.PReLU; He et al. 2015, arXiv:1502.01852"

    n: int = option(
        "count",
        "how many slopes are learned: 1, or one for each channel",
        positional=True,
        default=1,
        minimum=1,
    )

    def output(self, *shapes: Shape) -> Shape:
        if self.n not in (1, shapes[0][0]):
            raise LayerError(
                f"`prelu` has {self.n} slopes but the input has {shapes[0][0]} channels",
                code="groups",
                help=f"1 or {shapes[0][0]}",
            )
        return shapes[0]

    def weights(self, *shapes: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.n,)),)


class Dropout(Layer):
    """Values set to zero at random in training; the identity otherwise."""

    kind = "dropout"
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
                help="a share from 0 to 1",
            )
