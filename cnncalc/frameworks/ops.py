"""The element-wise kinds in the words of every framework: one table for readers and writers.

A row is a kind and what each framework calls it. A name with options is written as a form:
`LeakyReLU(negative_slope, inplace)` is a class of torch.nn with these arguments, in order. Its
n-th argument is the n-th option of the kind, with that option's default: `slope=0.2` has another
one, `value=` none. `inplace` is no option. Where a framework has several names for one thing
they stand with a bar between them, the one that is written first.

Besides values by themselves there are the activations along an axis, which have the same names.

To add one: a row here, its record in `layers/`, its computation in `executors/bundled/compute/`.
`tests/frameworks/test_ops.py` says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from cnncalc.layers import KINDS
from cnncalc.layers.base import REQUIRED, Layer

__all__ = ["BY_KIND", "OPS", "Form", "Functions", "Op", "forms", "names_in"]


# A framework's functions, by the kinds that they are: of a kind, the values and its options.
Functions = Callable[..., Any]
Formula = Callable[[Functions, Any, Any], Any]  # of the functions, the values and the layer


class Op(NamedTuple):
    """One kind of layer, or one with some of its options given, in every vocabulary.

    Attributes:
        kind: the layer's.
        options: those that the names below fix: `rsqrt` is `power` with -0.5.
        torch: its class in torch.nn.
        function: its function in torch.nn.functional, which has the class's arguments unless it
            has some here; where there is no class, in torch.
        method: whether tensors have the function as a method.
        aten: what aten calls it besides.
        keras: its function in keras.activations, which is its word for `Activation`.
        ops: its function in keras.ops where that isn't one of keras.activations.
        layer: its class in keras.layers.
        onnx: its operator, with attributes.
        words: what else people call it; for messages.
        along: whether it works along an axis.
        number: what it makes of one number, where a source may ask for it.
        formula: it in the words of other kinds, for frameworks that have no name for it.
        keeps: what PyTorch's autograd keeps of its own, in copies of the values.
    """

    kind: str
    options: tuple[float, ...] = ()
    torch: str = ""
    function: str = ""
    method: bool = False
    aten: str = ""
    keras: str = ""
    ops: str = ""
    layer: str = ""
    onnx: str = ""
    words: str = ""
    along: bool = False
    number: Callable[[float], float] | None = None
    formula: Formula | None = None
    keeps: int = 0

    def made(self, values: Sequence[object] = ()) -> Layer:
        """The layer, with values for the first of the options that the row leaves open."""
        return KINDS[self.kind](*(self.options or values))


class Form(NamedTuple):
    """A name and its arguments.

    Attributes:
        name: of the class, function or operator.
        defaults: of each argument; REQUIRED where there is none.
    """

    name: str
    defaults: Mapping[str, object]

    @property
    def arguments(self) -> list[str]:
        """The arguments that are options of the kind, in the options' order."""
        return [name for name in self.defaults if name != "inplace"]

    @property
    def needs(self) -> bool:
        """Whether it can't be called without arguments."""
        return REQUIRED in self.defaults.values()

    def values(self, given: Mapping[str, object] = {}) -> list[object]:
        """The options that a call gives, with its defaults."""
        return [given.get(name, self.defaults[name]) for name in self.arguments]

    def said(self, layer: Layer) -> dict[str, Any] | None:
        """A layer's options by the form's arguments; None where it has others to say."""
        values = {name: getattr(layer, name) for name in layer.options if name != "order"}
        left = list(values)[len(self.arguments) :]
        if any(values[name] != layer.options[name].default for name in left):
            return None
        return dict(zip(self.arguments, values.values(), strict=False))


VALUES: dict[str, object] = {"": REQUIRED, "None": None, "False": False}


@cache
def forms(text: str, kind: str = "identity") -> tuple[Form, ...]:
    """The forms of a row's text; `kind` is whose defaults they have."""
    return tuple(_form(part.strip(), kind) for part in text.split("|") if text)


def _form(text: str, kind: str) -> Form:
    name, _, inside = text.removesuffix(")").partition("(")
    if kind not in KINDS:
        raise LookupError(f"`{kind}` has a row in frameworks/ops.py, but no record in layers/")
    options = iter(KINDS[kind].options.values())
    defaults: dict[str, object] = {}
    for argument in inside.split(", ") if inside else ():
        word, given, value = argument.partition("=")
        option = None if word == "inplace" else next(options, None)
        if given:
            defaults[word] = VALUES[value] if value in VALUES else _number(value)
        else:
            defaults[word] = option.default if option else False
    return Form(name, defaults)


def _number(text: str) -> float:
    return int(text) if text.removeprefix("-").isdecimal() else float(text)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding of one number; a whole one stays what it is."""
    return lambda v: v if isinstance(v, int) else float(function(v))


def _squareplus(f: Functions, x: Any, layer: Any) -> Any:
    return (x + f("sqrt", x * x + layer.b)) * 0.5


def _sparseplus(f: Functions, x: Any, layer: Any) -> Any:
    """(x + 1)² / 4 between -1 and 1, 0 below, x above."""
    middle = f("hardtanh", x, -1, 1) + 1
    return middle * middle * 0.25 + f("relu", x - 1)


OPS = (
    Op(
        "relu",
        torch="ReLU(inplace)",
        function="relu",
        method=True,
        keras="relu(negative_slope, max_value, threshold)",
        layer="ReLU",
        onnx="Relu",
        number=lambda v: max(v, 0),
        words="activation",
    ),
    Op(
        "relu6",
        torch="ReLU6(inplace)",
        function="relu6",
        keras="relu6",
        formula=lambda f, x, layer: f("hardtanh", x, 0, 6),
    ),
    Op(
        "leakyrelu",
        torch="LeakyReLU(negative_slope, inplace)",
        function="leaky_relu",
        keras="leaky_relu(negative_slope=0.2)",
        layer="LeakyReLU(negative_slope=0.3)",
        onnx="LeakyRelu(alpha)",
        words="lrelu leaky",
    ),
    Op(
        "rrelu",
        torch="RReLU(lower, upper, inplace)",
        function="rrelu(lower, upper, training, inplace)",
        formula=lambda f, x, layer: f("leakyrelu", x, (layer.lower + layer.upper) / 2),
    ),
    Op(
        "elu",
        torch="ELU(alpha, inplace)",
        function="elu",
        keras="elu(alpha)",
        layer="ELU(alpha)",
        onnx="Elu(alpha)",
    ),
    Op("selu", torch="SELU(inplace)", function="selu", keras="selu", onnx="Selu"),
    Op(
        "celu",
        torch="CELU(alpha, inplace)",
        function="celu",
        keras="celu(alpha)",
        onnx="Celu(alpha)",
    ),
    Op("gelu", torch="GELU", function="gelu", keras="gelu", onnx="Gelu"),
    Op(
        "silu",
        torch="SiLU(inplace)",
        function="silu",
        keras="silu | swish",
        formula=lambda f, x, layer: x * f("sigmoid", x),
    ),
    Op("mish", torch="Mish(inplace)", function="mish", keras="mish", onnx="Mish"),
    Op(
        "sigmoid",
        torch="Sigmoid",
        function="sigmoid",
        method=True,
        aten="special_expit",
        keras="sigmoid",
        onnx="Sigmoid",
    ),
    Op(
        "logsigmoid",
        torch="LogSigmoid",
        function="logsigmoid",
        aten="log_sigmoid",
        keras="log_sigmoid",
        formula=lambda f, x, layer: -f("softplus", -x),
    ),
    Op(
        "hardsigmoid",
        torch="Hardsigmoid(inplace)",
        function="hardsigmoid",
        keras="hard_sigmoid",
        onnx="HardSigmoid(alpha=0.2, beta)",
        words="hsigmoid",
        formula=lambda f, x, layer: f("hardtanh", x * layer.slope + layer.offset, 0, 1),
    ),
    Op(
        "hardswish",
        torch="Hardswish(inplace)",
        function="hardswish",
        keras="hard_silu | hard_swish",
        onnx="HardSwish",
        words="hswish",
    ),
    Op(
        "hardtanh",
        torch="Hardtanh(min_val, max_val, inplace)",
        function="hardtanh(min_val, max_val, inplace)",
        keras="hard_tanh",
        ops="clip(x_min=, x_max=)",
    ),
    Op(
        "tanh",
        torch="Tanh",
        function="tanh",
        method=True,
        keras="tanh",
        onnx="Tanh",
        number=math.tanh,
    ),
    Op(
        "tanhshrink",
        torch="Tanhshrink",
        function="tanhshrink",
        keras="tanh_shrink",
        formula=lambda f, x, layer: x - f("tanh", x),
    ),
    Op(
        "softplus",
        torch="Softplus(beta, threshold)",
        function="softplus",
        keras="softplus",
        onnx="Softplus",
        formula=lambda f, x, layer: f("softplus", x * layer.beta) * (1 / layer.beta),
    ),
    Op(
        "softsign",
        torch="Softsign",
        function="softsign",
        keras="softsign",
        onnx="Softsign",
        keeps=3,
    ),
    Op(
        "softshrink",
        torch="Softshrink(lambd)",
        function="softshrink",
        keras="soft_shrink(threshold)",
    ),
    Op(
        "hardshrink",
        torch="Hardshrink(lambd)",
        function="hardshrink",
        method=True,
        keras="hard_shrink(threshold)",
    ),
    Op(
        "threshold",
        torch="Threshold(threshold=, value=, inplace)",
        function="threshold",
        keras="threshold(threshold=, default_value=)",
    ),
    Op("identity", torch="Identity", layer="Identity", onnx="Identity"),
    Op("exponential", function="exp", keras="exponential", ops="exp", onnx="Exp", number=math.exp),
    Op("squareplus", keras="squareplus(b)", formula=_squareplus, keeps=3),
    Op("sparseplus", keras="sparse_plus", formula=_sparseplus, keeps=4),
    Op(
        "sparsesigmoid",
        keras="sparse_sigmoid",
        formula=lambda f, x, layer: f("hardsigmoid", x, 0.5, 0.5),
    ),
    Op("abs", function="abs | absolute", ops="abs | absolute", onnx="Abs", number=abs),
    Op("ceil", function="ceil", ops="ceil", onnx="Ceil", number=_whole(math.ceil)),
    Op("cos", function="cos", ops="cos", onnx="Cos", number=math.cos, keeps=1),
    Op("erf", function="erf", ops="erf", onnx="Erf", number=math.erf, keeps=3),
    Op("floor", function="floor", ops="floor", onnx="Floor", number=_whole(math.floor)),
    Op(
        "log",
        function="log",
        ops="log",
        onnx="Log",
        number=lambda v: math.log(v) if v > 0 else -math.inf,
    ),
    Op(
        "log1p",
        function="log1p",
        ops="log1p",
        number=lambda v: math.log1p(v) if v > -1 else -math.inf,
        formula=lambda f, x, layer: f("log", x + 1),
    ),
    Op("power", function="pow(exponent=)", ops="power(x2=)", keeps=1),
    Op("power", (-0.5,), function="rsqrt", ops="rsqrt"),
    Op("power", (2.0,), function="square", ops="square", number=lambda v: v * v),
    Op(
        "reciprocal",
        function="reciprocal",
        ops="reciprocal",
        onnx="Reciprocal",
        keeps=1,
        number=lambda v: 1 / v,
    ),
    Op(
        "rescale",
        (-1.0,),
        function="neg | negative",
        ops="negative",
        onnx="Neg",
        number=lambda v: -v,
    ),
    Op("round", function="round", ops="round", onnx="Round", number=_whole(round)),
    Op(
        "sign",
        function="sign",
        ops="sign",
        onnx="Sign",
        number=lambda v: (v > 0) - (v < 0),
    ),
    Op("sin", function="sin", ops="sin", onnx="Sin", number=math.sin),
    Op("sqrt", function="sqrt", ops="sqrt", onnx="Sqrt", number=lambda v: math.sqrt(max(v, 0))),
    Op(
        "softmax",
        torch="Softmax(dim=None)",
        function="softmax(dim=None, _stacklevel=3, dtype=None)",
        method=True,
        aten="special_softmax",
        keras="softmax",
        layer="Softmax",
        onnx="Softmax",
        along=True,
    ),
    Op(
        "logsoftmax",
        torch="LogSoftmax(dim=None)",
        function="log_softmax(dim=None, _stacklevel=3, dtype=None)",
        method=True,
        keras="log_softmax",
        onnx="LogSoftmax",
        along=True,
    ),
    Op(
        "softmin",
        torch="Softmin(dim=None)",
        function="softmin(dim=None, _stacklevel=3, dtype=None)",
        along=True,
    ),
    Op("sparsemax", keras="sparsemax", along=True),
    Op("glu", torch="GLU(dim=-1)", function="glu", keras="glu", along=True),
)

# The row of each kind that leaves its options open.
BY_KIND = {op.kind: op for op in OPS if not op.options}


def names_in(field: str) -> Iterator[tuple[Op, Form]]:
    """The rows that have a name in a vocabulary, with each of their names there."""
    for op in OPS:
        for form in forms(getattr(op, field), op.kind):
            yield op, form
