"""Arithmetic: functions of each value, and reductions along axes, that models write out.

Adding a function is one line here; what it is called elsewhere is a row of `frameworks/ops.py`.
"""

from __future__ import annotations

from cnncalc.layers.base import Layer, Option, Route, Shape, option, order, place

__all__ = ["FUNCTIONS", "REDUCTIONS", "Reduce"]


def _function(kind: str, doc: str, source: str, **parameters: float) -> type[Layer]:
    """A layer kind that treats each value by itself; `parameters` are its defaults."""
    options = {
        name: Option("number", name, default=value, positional=True)
        for name, value in parameters.items()
    }
    attributes = {
        "__doc__": f"{doc}, element-wise.",
        "kind": kind,
        "formula": "output = input, element-wise",
        "source": source,
    }
    return type(kind.capitalize(), (Layer,), {**attributes, **options, "__module__": __name__})


FUNCTIONS = (
    _function("abs", "The absolute value", "torch.abs; ONNX Abs"),
    _function("ceil", "The next whole number above", "torch.ceil; ONNX Ceil"),
    _function("cos", "The cosine", "torch.cos; ONNX Cos"),
    _function("erf", "The error function", "torch.erf; ONNX Erf"),
    _function("floor", "The next whole number below", "torch.floor; ONNX Floor"),
    _function("log", "The natural logarithm", "torch.log; ONNX Log"),
    _function("log1p", "The natural logarithm of one more", "torch.log1p"),
    _function("power", "A power", "torch.pow; ONNX Pow", exponent=2.0),
    _function("reciprocal", "One over the value", "torch.reciprocal; ONNX Reciprocal"),
    _function("round", "The nearest whole number", "torch.round; ONNX Round"),
    _function("sign", "The sign", "torch.sign; ONNX Sign"),
    _function("sin", "The sine", "torch.sin; ONNX Sin"),
    _function("sqrt", "The square root", "torch.sqrt; ONNX Sqrt"),
)


REDUCTIONS = (
    "mean",
    "max",
    "min",
    "sum",
    "prod",
    "norm1",
    "norm2",
    "squares",
    "logsumexp",
    "var",
    "std",
)


class Reduce(Layer):
    """The mean, maximum, sum … along some axes. Input (C, *spatial)."""

    kind = "reduce"
    formula = "the axes are gone, or with `keep` of size 1"
    source = "torch.mean, torch.amax …; ONNX ReduceMean, ReduceMax …"

    by: str = option(
        "choice", "what is taken of the values", positional=True, default="mean", words=REDUCTIONS
    )
    axes: tuple[int | str, ...] = option(
        "sizes",
        "the axes it runs along: numbers from 0 (channels) on, negative from the last, or `all`",
        default=(0,),
        words=("all",),
    )
    keep: bool = option("flag", "leave axes of size 1", default=False, word="keep")
    biased: bool = option(
        "flag",
        "whether `var` and `std` divide by the number of values, as Keras does, "
        "and not by one less, as PyTorch does",
        default=False,
        word="biased",
    )
    order: str = order()

    def places(self, shape: Shape) -> tuple[int, ...]:
        """The axes it runs along, counted from the front."""
        if self.axes in ("all", ("all",)):
            return tuple(range(len(shape)))
        axes = {place(axis, shape, self.order) for axis in self.axes if isinstance(axis, int)}
        return tuple(sorted(axes))

    def output(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        places = self.places(shape)
        if self.keep:
            return tuple(1 if axis in places else n for axis, n in enumerate(shape))
        return tuple(n for axis, n in enumerate(shape) if axis not in places)

    def route(self, shape: Shape) -> Route | None:
        places = self.places(shape)
        left = [axis for axis in range(len(shape)) if self.keep or axis not in places]
        moves = [left.index(axis) if axis in left else None for axis in range(len(shape))]
        return Route(shape, mixes=places, moves=tuple(moves))
