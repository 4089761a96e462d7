"""torch.nn's activations and dropouts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import FormReader, Reader, idle
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.frameworks.pytorch.arguments import MADE, chosen, integer, number, refused
from cnncalc.frameworks.pytorch.axes import along
from cnncalc.layers import KINDS
from cnncalc.layers.activation import (
    Dropout,
    GatedLinearUnit,
    ParametricReLU,
    Softmax,
)
from cnncalc.layers.base import BATCH, Layer, Shape, show
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


def of_row(op: Op, form: Form, values: dict[str, object]) -> Declared:
    """The layer of a class that has the kind's options and no more."""
    call = f"nn.{form.name}"
    numbers = [number(call, name, values[name]) for name in form.arguments]  # and no `inplace`
    if form.name in CHECKS:
        CHECKS[form.name](*numbers)
    return Declared(op.made(numbers))


def _check_celu(alpha: float) -> None:
    if alpha == 0:
        raise refused("nn.CELU divides by alpha, which is 0", "another alpha")


def _check_rrelu(lower: float, upper: float) -> None:
    if not -inf < lower <= upper < inf:
        raise refused(
            f"nn.RReLU can't take lower={lower} and upper={upper}",
            "finite numbers, lower at most upper",
        )


def _check_softshrink(lambd: float) -> None:
    if not 0 <= lambd < inf:
        raise refused(f"nn.Softshrink can't take lambd={lambd}", "a finite number from 0 on")


# What classes refuse of their options, which a number that is no number comes before.
CHECKS: dict[str, Callable[..., None]] = {
    "CELU": _check_celu,
    "RReLU": _check_rrelu,
    "Softshrink": _check_softshrink,
}


@idle("init", MADE)
def prelu(num_parameters: object = 1, init: object = 0.25) -> Declared:
    number("nn.PReLU", "init", init)
    return Declared(ParametricReLU(integer("nn.PReLU", "num_parameters", num_parameters, 1)))


def gelu(approximate: object = "none") -> Declared:
    chosen("nn.GELU", "approximate", approximate, ("none", "tanh"))
    return Declared(KINDS["gelu"]())


def identity(*args: object, **kwargs: object) -> Declared:
    return Declared(KINDS["identity"]())


def hardtanh(
    min_val: object = -1.0,
    max_val: object = 1.0,
    inplace: object = False,
    min_value: object = None,
    max_value: object = None,
) -> Declared:
    # min_value and max_value are the old names; where given they win.
    low = number("nn.Hardtanh", "min_val", min_val if min_value is None else min_value)
    high = number("nn.Hardtanh", "max_val", max_val if max_value is None else max_value)
    if high <= low:
        raise refused(f"nn.Hardtanh has max_val={high} not above min_val={low}")
    return Declared(KINDS["hardtanh"](low, high))


def glu(dim: object = -1) -> Declared:
    return along(GatedLinearUnit, "nn.GLU", dim)


def softmax(kind: type[Layer], call: str, dim: object = None) -> Declared:
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


def dropout(call: str, axes: int | None, p: object = 0.5, inplace: object = False) -> Declared:
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


def along_axis() -> dict[str, Reader]:
    """Those that the table has, which take any axis."""
    return {
        form.name: partial(softmax, KINDS[op.kind], f"nn.{form.name}")
        for op, form in names_in("torch")
        if op.along
    }


READERS: dict[str, Reader] = {
    **{
        form.name: FormReader(form, partial(of_row, op))
        for op, form in names_in("torch")
        if not op.along
    },
    **along_axis(),
    "PReLU": prelu,
    "GELU": gelu,
    "GLU": glu,
    "Hardtanh": hardtanh,
    "Identity": identity,
    "Softmax2d": softmax_2d,
    "Dropout": partial(dropout, "nn.Dropout", None),
    "Dropout1d": partial(dropout, "nn.Dropout1d", 1),
    "Dropout2d": partial(dropout, "nn.Dropout2d", None),
    "Dropout3d": partial(dropout, "nn.Dropout3d", None),
    "AlphaDropout": partial(dropout, "nn.AlphaDropout", None),
    "FeatureAlphaDropout": partial(dropout, "nn.FeatureAlphaDropout", None),
}
