"""torch.nn's activations and dropouts."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import chosen, integer, number, refused
from cnncalc.frameworks.pytorch.axes import along
from cnncalc.layers import KINDS
from cnncalc.layers.activation import (
    Dropout,
    GatedLinearUnit,
    LogSoftmax,
    ParametricReLU,
    Softmax,
    Softmin,
)
from cnncalc.layers.base import BATCH, Layer, Shape, show
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


def without_options(kind: str) -> Declared:
    return Declared(KINDS[kind]())


def in_place(kind: str, inplace: Any = False) -> Declared:
    return Declared(KINDS[kind]())


def elu(alpha: Any = 1.0, inplace: Any = False) -> Declared:
    return Declared(KINDS["elu"](number("nn.ELU", "alpha", alpha)))


def celu(alpha: Any = 1.0, inplace: Any = False) -> Declared:
    if number("nn.CELU", "alpha", alpha) == 0:
        raise refused("nn.CELU divides by alpha, which is 0", "another alpha")
    return Declared(KINDS["celu"](number("nn.CELU", "alpha", alpha)))


def leaky_relu(negative_slope: Any = 0.01, inplace: Any = False) -> Declared:
    return Declared(KINDS["leakyrelu"](number("nn.LeakyReLU", "negative_slope", negative_slope)))


def rrelu(lower: Any = 1 / 8, upper: Any = 1 / 3, inplace: Any = False) -> Declared:
    low, high = number("nn.RReLU", "lower", lower), number("nn.RReLU", "upper", upper)
    if not -inf < low <= high < inf:
        raise refused(
            f"nn.RReLU can't take lower={low} and upper={high}",
            "finite numbers, lower at most upper",
        )
    return Declared(KINDS["rrelu"](low, high))


def prelu(
    num_parameters: Any = 1, init: Any = 0.25, device: Any = None, dtype: Any = None
) -> Declared:
    number("nn.PReLU", "init", init)
    return Declared(ParametricReLU(integer("nn.PReLU", "num_parameters", num_parameters, 1)))


def gelu(approximate: Any = "none") -> Declared:
    chosen("nn.GELU", "approximate", approximate, ("none", "tanh"))
    return Declared(KINDS["gelu"]())


def hardtanh(
    min_val: Any = -1.0,
    max_val: Any = 1.0,
    inplace: Any = False,
    min_value: Any = None,
    max_value: Any = None,
) -> Declared:
    # min_value and max_value are the old names; where given they win.
    low = number("nn.Hardtanh", "min_val", min_val if min_value is None else min_value)
    high = number("nn.Hardtanh", "max_val", max_val if max_value is None else max_value)
    if high <= low:
        raise refused(f"nn.Hardtanh has max_val={high} not above min_val={low}")
    return Declared(KINDS["hardtanh"](low, high))


def softplus(beta: Any = 1.0, threshold: Any = 20.0) -> Declared:
    call = "nn.Softplus"
    return Declared(
        KINDS["softplus"](number(call, "beta", beta), number(call, "threshold", threshold))
    )


def softshrink(lambd: Any = 0.5) -> Declared:
    if not 0 <= number("nn.Softshrink", "lambd", lambd) < inf:
        raise refused(f"nn.Softshrink can't take lambd={lambd}", "a finite number from 0 on")
    return Declared(KINDS["softshrink"](number("nn.Softshrink", "lambd", lambd)))


def hardshrink(lambd: Any = 0.5) -> Declared:
    return Declared(KINDS["hardshrink"](number("nn.Hardshrink", "lambd", lambd)))


def threshold(threshold: Any, value: Any, inplace: Any = False) -> Declared:
    call = "nn.Threshold"
    return Declared(
        KINDS["threshold"](number(call, "threshold", threshold), number(call, "value", value))
    )


def glu(dim: Any = -1) -> Declared:
    return along(GatedLinearUnit, "nn.GLU", dim)


def softmax(kind: type[Layer], call: str, dim: Any = None) -> Declared:
    if dim is None:
        return Declared(kind(), Expects(call, rule=_implicit))
    return along(kind, call, dim)


def _implicit(layer: Layer, shape: Shape) -> Layer:
    """Without `dim` PyTorch takes axis 1, but axis 0 of three: the batch."""
    return layer.replaced(axis=BATCH) if len(shape) == 2 else layer


def softmax_2d() -> Declared:
    return Declared(Softmax(), Expects("nn.Softmax2d", (1, 2), rule=_third_from_last))


def _third_from_last(layer: Layer, shape: Shape) -> Layer:
    return layer.replaced(axis=BATCH) if len(shape) == 2 else layer


def dropout(call: str, axes: int | None, p: Any = 0.5, inplace: Any = False) -> Declared:
    if not 0 <= number(call, "p", p) <= 1:
        raise refused(f"p={p} of {call} is no probability", "a number from 0 to 1")
    rule = partial(_one_axis_at_most, call) if axes == 1 else None
    return Declared(Dropout(number(call, "p", p)), Expects(call, rule=rule))


def _one_axis_at_most(call: str, layer: Layer, shape: Shape) -> Layer:
    if len(shape) > 2:
        raise LayerError(
            f"{call} takes maps of one spatial axis but receives {show(shape)}", code="wrong-axes"
        )
    return layer


IN_PLACE = ["ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish"]
PLAIN = ["Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "Softsign"]

READERS: dict[str, Reader] = {
    **{name: partial(in_place, name.lower()) for name in IN_PLACE},
    **{name: partial(without_options, name.lower()) for name in PLAIN},
    "ELU": elu,
    "CELU": celu,
    "LeakyReLU": leaky_relu,
    "RReLU": rrelu,
    "PReLU": prelu,
    "GELU": gelu,
    "GLU": glu,
    "Hardtanh": hardtanh,
    "Hardshrink": hardshrink,
    "Softplus": softplus,
    "Softshrink": softshrink,
    "Threshold": threshold,
    "Softmax": partial(softmax, Softmax, "nn.Softmax"),
    "LogSoftmax": partial(softmax, LogSoftmax, "nn.LogSoftmax"),
    "Softmin": partial(softmax, Softmin, "nn.Softmin"),
    "Softmax2d": softmax_2d,
    "Dropout": partial(dropout, "nn.Dropout", None),
    "Dropout1d": partial(dropout, "nn.Dropout1d", 1),
    "Dropout2d": partial(dropout, "nn.Dropout2d", None),
    "Dropout3d": partial(dropout, "nn.Dropout3d", None),
    "AlphaDropout": partial(dropout, "nn.AlphaDropout", None),
    "FeatureAlphaDropout": partial(dropout, "nn.FeatureAlphaDropout", None),
}
