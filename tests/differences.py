"""Where the frameworks differ from one another: the cases of the table in formulas.md.

Each cell is source in a notation; `outcome` is what cnncalc makes of it. The tests hold every
outcome against the framework itself (`tests/test_differences.py`), so the table is not typed.
"""

from __future__ import annotations

import ast
from math import prod
from typing import NamedTuple

from cnncalc import Network, SpecError, Step, analyze, parse
from cnncalc.errors import LayerError
from cnncalc.layers.base import Shape, show
from cnncalc.layers.merge import Input

__all__ = ["CASES", "Case", "onnx_node", "outcome", "table"]

NOTATIONS = ("compact", "torch", "keras", "onnx")
TITLES = {"compact": "compact", "torch": "PyTorch", "keras": "Keras", "onnx": "ONNX"}


class Case(NamedTuple):
    """One question on which the notations part.

    Attributes:
        about: what is asked.
        input: the input's shape, channels first, without batch.
        cells: notation to source. ONNX nodes are written as a call, with the weight's shape
            first where they have one.
        shows: `shape`, or `params` for parameters and buffers.
        beside: it is there for its contrast with the row above.
    """

    about: str
    input: Shape
    cells: dict[str, str]
    shows: str = "shape"
    beside: bool = False


CASES = (
    Case("stride with `same`, the odd pixel", (1, 8), {
        "compact": "maxpool:3,s2,p=same",
        "torch": "nn.Conv1d(1, 1, 3, stride=2, padding='same')",
        "keras": "layers.MaxPooling1D(3, strides=2, padding='same')",
        "onnx": "MaxPool(kernel_shape=[3], strides=[2], auto_pad='SAME_UPPER')",
    }),
    Case("default stride of a pool", (1, 8), {
        "compact": "maxpool:2",
        "torch": "nn.MaxPool1d(2)",
        "keras": "layers.MaxPooling1D(2)",
        "onnx": "MaxPool(kernel_shape=[2])",
    }),
    Case("pool padding above half the kernel", (1, 8), {
        "compact": "maxpool:3,s1,p2",
        "torch": "nn.MaxPool1d(3, stride=1, padding=2)",
        "onnx": "MaxPool(kernel_shape=[3], pads=[2, 2])",
    }),
    Case("stride with dilation, convolution", (1, 16), {
        "compact": "conv:1,k3,s2,d2",
        "torch": "nn.Conv1d(1, 1, 3, stride=2, dilation=2)",
        "keras": "layers.Conv1D(1, 3, strides=2, dilation_rate=2)",
        "onnx": "Conv((1, 1, 3), strides=[2], dilations=[2])",
    }),
    Case("stride with dilation, depthwise", (1, 16), {
        "compact": "dwconv:3,s2,d2",
        "torch": "nn.Conv1d(1, 1, 3, stride=2, dilation=2, groups=1)",
        "keras": "layers.DepthwiseConv1D(3, strides=2, dilation_rate=2)",
    }, beside=True),
    Case("transposed, kernel 3, stride 2, padded by 1 or `same`", (1, 5), {
        "compact": "convt:1,k3,s2,p1",
        "torch": "nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1)",
        "keras": "layers.Conv1DTranspose(1, 3, strides=2, padding='same')",
        "onnx": "ConvTranspose((1, 1, 3), strides=[2], pads=[1, 1])",
    }),
    Case("the same with output padding 0 written out", (1, 5), {
        "compact": "convt:1,k3,s2,p1,op0",
        "torch": "nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=0)",
        "keras": "layers.Conv1DTranspose(1, 3, strides=2, padding='same', output_padding=0)",
        "onnx": "ConvTranspose((1, 1, 3), strides=[2], pads=[1, 1], output_padding=[0])",
    }, beside=True),
    Case("transposed, kernel below the stride, unpadded", (1, 5), {
        "compact": "convt:1,k2,s3",
        "torch": "nn.ConvTranspose1d(1, 1, 2, stride=3)",
        "keras": "layers.Conv1DTranspose(1, 2, strides=3)",
        "onnx": "ConvTranspose((1, 1, 2), strides=[3])",
    }),
    Case("ceil mode, an average over a window larger than the input, 3-d", (1, 3, 3, 3), {
        "compact": "avgpool:4,ceil",
        "torch": "nn.AvgPool3d(4, ceil_mode=True)",
        "onnx": "AveragePool(kernel_shape=[4, 4, 4], strides=[4, 4, 4], ceil_mode=1)",
    }),
    Case("the same in 1-d", (1, 3), {
        "compact": "avgpool:4,ceil",
        "torch": "nn.AvgPool1d(4, ceil_mode=True)",
        "onnx": "AveragePool(kernel_shape=[4], strides=[4], ceil_mode=1)",
    }, beside=True),
    Case("a fully connected layer on a map of 4×6×6", (4, 6, 6), {
        "compact": "linear:10",
        "torch": "nn.Linear(6, 10)",
        "keras": "layers.Dense(10)",
    }),
    Case("batch norm on 64 channels: parameters, buffers", (64, 4, 4), {
        "compact": "bn",
        "torch": "nn.BatchNorm2d(64)",
        "keras": "layers.BatchNormalization()",
    }, "params"),
    Case("layer norm on a map of 8×4×4: parameters, buffers", (8, 4, 4), {
        "compact": "ln",
        "torch": "nn.LayerNorm([8, 4, 4])",
        "keras": "layers.LayerNormalization()",
    }, "params"),
)  # fmt: skip


def outcome(notation: str, case: Case) -> str:
    """What cnncalc makes of a cell: the output, the counts, or `refused`."""
    try:
        report = analyze(_network(notation, case), _input(notation, case.input))
    except (LayerError, SpecError):
        return "refused"
    if case.shows == "params":
        return f"{report.total.params}, {report.total.buffers}"
    return show(tuple(report.to_dict()["output"]["shape"]))


def _input(notation: str, shape: Shape) -> Shape:
    return (*shape[1:], shape[0]) if notation == "keras" else shape


def _network(notation: str, case: Case) -> Network:
    text = case.cells[notation]
    if notation != "onnx":
        return parse(text, notation=notation)
    from cnncalc.frameworks.onnx import READERS

    op, weights, attributes = onnx_node(text)
    layer = READERS[op](attributes, weights)
    return Network([Step(Input(), name="input"), Step(layer, (0,), "node")], notation="onnx")


def onnx_node(text: str) -> tuple[str, list[Shape], dict[str, object]]:
    """An ONNX cell as operator, shapes of its weights, and attributes."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    weights = [tuple(ast.literal_eval(argument)) for argument in call.args]
    attributes = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
    return call.func.id, weights, attributes


def table() -> str:
    """The Markdown table of all cases."""
    rows = [f"| | {' | '.join(TITLES[name] for name in NOTATIONS)} |", "| --- |" + " --- |" * 4]
    for case in CASES:
        cells = [
            f"`{case.cells[name]}`: **{outcome(name, case)}**" if name in case.cells else "–"
            for name in NOTATIONS
        ]
        size = "" if prod(case.input) > 99 else f", on {show(case.input)}"
        rows.append(f"| {case.about}{size} | {' | '.join(cells)} |")
    return "\n".join(rows)
