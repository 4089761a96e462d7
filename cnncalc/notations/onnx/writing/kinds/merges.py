"""Where branches meet, and reductions."""

from __future__ import annotations

from math import nan, prod

from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Shape, show
from cnncalc.layers.merge import Concatenate, Elementwise
from cnncalc.notations.onnx.writing.builder import Builder, unsayable
from cnncalc.notations.onnx.writing.table import writes, writes_several

TWO = {"sub": "Sub", "div": "Div", "mul": "Mul"}
MANY = {"add": "Sum", "mean": "Mean", "maximum": "Max", "minimum": "Min"}


@writes_several(*MANY, *TWO)
def merged(at: Builder, layer: Elementwise, x: list[str], shapes: tuple[Shape, ...]) -> str:
    """Branches joined element-wise, each with as many axes as the output."""
    names = []
    stretched = layer.stretched(*shapes)
    for name, shape, sizes in zip(x, shapes, stretched, strict=True):
        names.append(name if shape == sizes else at.reshaped(name, sizes))
    if len(names) == 1:
        return names[0]
    if layer.kind in MANY:
        op = "Add" if layer.kind == "add" and len(names) == 2 else MANY[layer.kind]
        return at.node(op, *names)
    out, *rest = names
    for name in rest:
        out = at.node(TWO[layer.kind], out, name)
    return out


@writes_several("cat")
def concatenated(at: Builder, layer: Concatenate, x: list[str], shapes: tuple[Shape, ...]) -> str:
    return x[0] if len(x) == 1 else at.node("Concat", *x, axis=layer.place(shapes[0]) + 1)


REDUCTIONS = {
    "logsumexp": "ReduceLogSumExp",
    "max": "ReduceMax",
    "mean": "ReduceMean",
    "min": "ReduceMin",
    "norm1": "ReduceL1",
    "norm2": "ReduceL2",
    "prod": "ReduceProd",
    "squares": "ReduceSumSquare",
    "sum": "ReduceSum",
}


@writes("reduce")
def reduced(at: Builder, layer: Reduce, x: str, shape: Shape) -> str:
    places = layer.places(shape)
    axes = at.ints([axis + 1 for axis in places])
    keep = int(layer.keep)
    if layer.by in REDUCTIONS:
        return at.node(REDUCTIONS[layer.by], x, axes, keepdims=keep)
    if layer.by not in ("var", "std"):
        unsayable(f"a reduction by `{layer.by}` of {show(shape)}")
    less = at.node("Sub", x, at.node("ReduceMean", x, axes, keepdims=1))
    variance = at.node("ReduceMean", at.node("Mul", less, less), axes, keepdims=keep)
    if not layer.biased:
        count = prod(shape[axis] for axis in places)
        variance = at.scaled(variance, count / (count - 1) if count > 1 else nan)
    return variance if layer.by == "var" else at.node("Sqrt", variance)
