"""The same operation in PyTorch's source, in an ONNX file and in a live module: the same layers."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import cnncalc
from cnncalc import Report
from cnncalc.layers.base import Shape
from tests.frameworks.live_pytorch import torch_or_skip
from tests.onnx.builders import constant, node, numbers, report
from tests.source.reading import net, report_of

LINE = (8,)
ROW = (1, 8)
MAP = (4, 6, 6)
Weights = dict[str, tuple[int, ...]]


class Case:
    """One operation.

    Args:
        shape: the input's, without the batch.
        torch: an expression of the input `x` and the parameters.
        onnx: the nodes, from `x` to the last one's output.
        layers: what they are read as.
        stored: the numbers that the file stores beside the weights.
        weights: the parameters of the module, and the file's tensors.
    """

    def __init__(
        self,
        shape: Shape,
        torch: str,
        onnx: list[Any],
        layers: str,
        stored: dict[str, Any] | None = None,
        weights: Weights | None = None,
    ) -> None:
        self.shape = shape
        self.torch = torch
        self.onnx = onnx
        self.layers = layers
        self.stored = stored or {}
        self.weights = weights or {}


def ints(**lists: list[int]) -> dict[str, Any]:
    return {name: numbers(*each) for name, each in lists.items()}


def view(shape: Shape, torch: str, sizes: list[int], layers: str) -> Case:
    return Case(shape, torch, [node("Reshape", "x s")], layers, ints(s=sizes))


def slices(torch: str, axes: list[int], starts: list[int], ends: list[int], layers: str) -> Case:
    stored = ints(s=starts, e=ends, a=axes)
    return Case(MAP, torch, [node("Slice", "x s e a")], layers, stored)


def reduction(torch: str, op: str, axes: list[int], keep: int, layers: str) -> Case:
    return Case(MAP, torch, [node(op, "x", axes=axes, keepdims=keep)], layers)


def arithmetic(torch: str, op: str, inputs: str, layers: str, *, shape: Shape = MAP,
               number: float | None = None, **weights: tuple[int, ...]) -> Case:  # fmt: skip
    stored = {} if number is None else {"n": numpy.array(number, "float32")}
    return Case(shape, torch, [node(op, inputs)], layers, stored, weights)


CASES: dict[str, Case] = {
    "unsqueeze behind": Case(LINE, "x.unsqueeze(2)", [node("Unsqueeze", "x a")],
                             "unflatten:8x1", ints(a=[2])),
    "unsqueeze in front": Case(LINE, "x.unsqueeze(1)", [node("Unsqueeze", "x a")],
                               "unflatten:1x8", ints(a=[1])),
    "unsqueeze of a map": Case(MAP, "x.unsqueeze(2)", [node("Unsqueeze", "x a")],
                               "unflatten:4x1", ints(a=[2])),
    "squeeze": Case((4, 1, 6), "x.squeeze(2)", [node("Squeeze", "x a")],
                    "flatten:end=1", ints(a=[2])),
    "squeeze to a vector": Case((4, 1, 1), "x.squeeze(-1).squeeze(-1)",
                                [node("Squeeze", "x a", "y"), node("Squeeze", "y b")],
                                "flatten:start=1 flatten", ints(a=[3], b=[2])),
    "a row turned": view(ROW, "x.view(-1, 8, 1)", [-1, 8, 1], "permute:1x0"),
    "a vector": view(MAP, "x.view(x.size(0), -1)", [-1, 144], "flatten"),
    "lines": view(MAP, "x.view(-1, 4, 36)", [-1, 4, 36], "flatten:start=1"),
    "rows": view(MAP, "x.view(-1, 24, 6)", [-1, 24, 6], "flatten:end=1"),
    "groups": view(MAP, "x.view(-1, 2, 2, 6, 6)", [-1, 2, 2, 6, 6], "unflatten:2x2"),
    "a map": view(LINE, "x.view(-1, 2, 2, 2)", [-1, 2, 2, 2], "unflatten:2x2x2"),
    "anything": view(MAP, "x.view(-1, 6, 4, 6)", [-1, 6, 4, 6], "reshape:6x4x6"),
    "flatten": Case(MAP, "torch.flatten(x, 1)", [node("Flatten", "x")], "flatten"),
    "permute": Case(MAP, "x.permute(0, 2, 3, 1)", [node("Transpose", "x", perm=[0, 2, 3, 1])],
                    "permute:1x2x0"),
    "a part of the channels": slices("x[:, 1:3]", [1], [1], [3], "slice:1..3"),
    "every second place": Case(MAP, "x[:, :, ::2]", [node("Slice", "x s e a t")],
                               "slice:0..5,axis=1,step=2", ints(s=[0], e=[9], a=[2], t=[2])),
    "one channel": Case(MAP, "x[:, 2]", [node("Gather", "x i", axis=1)],
                        "slice:2..3 flatten:end=1", {"i": numpy.array(2)}),
    "chosen channels": Case(MAP, "x[:, [0, 2, 3]]", [node("Gather", "x i", axis=1)],
                            "slice:0..1 slice:2..4 cat", ints(i=[0, 2, 3])),
    "even channels": Case(MAP, "x[:, [0, 2]]", [node("Gather", "x i", axis=1)],
                          "slice:0..3,step=2", ints(i=[0, 2])),
    "a mean over the map": reduction("x.mean((2, 3))", "ReduceMean", [2, 3], 0, "gap"),
    "a maximum that stays a map": reduction("x.amax((2, 3), True)", "ReduceMax", [2, 3], 1,
                                            "gmp:keep"),
    "a mean over the channels": reduction("x.mean(1, keepdim=True)", "ReduceMean", [1], 1,
                                          "reduce:keep"),
    "a sum": reduction("x.sum(-1)", "ReduceSum", [3], 0, "reduce:sum,axes=2"),
    "plus a number": arithmetic("x + 2", "Add", "x n", "rescale:1,offset=2", number=2),
    "a number less it": arithmetic("2 - x", "Sub", "n x", "rescale:-1,offset=2", number=2),
    "a fraction": arithmetic("x / 4", "Div", "x n", "rescale:0.25", number=4),
    "one over it": arithmetic("1 / x", "Div", "n x", "reciprocal", number=1),
    "two over it": arithmetic("2 / x", "Div", "n x", "reciprocal rescale:2", number=2),
    "a square": arithmetic("x ** 2", "Pow", "x n", "power", number=2),
    "a sum of branches": arithmetic("x + x", "Add", "x x", "add"),
    "a scale by channel": arithmetic("x * self.w", "Mul", "x w", "scale", w=(4, 1, 1)),
    "a shift by channel": arithmetic("x + self.w", "Add", "x w", "shift", w=(4, 1, 1)),
    "a shift by place": arithmetic("x + self.w", "Add", "x w", "shift:shape=6x6", w=(6, 6)),
    "a shift by row": arithmetic("x + self.w", "Add", "x w", "shift:shape=6x1", w=(6, 1)),
    "a quotient": arithmetic("x / self.w", "Div", "x w", "scale", w=(4, 1, 1)),
    "a weight less it": arithmetic("self.w - x", "Sub", "w x", "rescale:-1 shift", w=(4, 1, 1)),
    "a larger weight": arithmetic("x * self.w", "Mul", "x w", "expand:3x8 scale:shape=3x8",
                                  shape=ROW, w=(3, 8)),
    "a product": arithmetic("x @ self.w", "MatMul", "x w", "linear:5,nobias", shape=LINE,
                            w=(8, 5)),
    "zeros in front": Case(
        MAP, "torch.cat([torch.zeros(x.size(0), 2, 6, 6), x], 1)",
        [constant("z", numpy.zeros((1, 2, 6, 6))), node("Concat", "z x", axis=1)], "pad:0x0,c=2:0"),
    "a weight behind": Case(
        LINE, "torch.cat([x, self.w.expand(x.size(0), 2)], 1)",
        [node("Concat", "x w", axis=1)], "token:2,behind", {}, {"w": (1, 2)}),
}  # fmt: skip


def texts(found: Report) -> str:
    """The layers; ONNX's nodes that do nothing are rows too."""
    return " ".join(row.text for row in found.layers if row.kind not in ("input", "identity"))


def of_source(case: Case) -> Report:
    init = [f"self.{name} = nn.Parameter(torch.zeros{each})" for name, each in case.weights.items()]
    return report_of(net("\n".join(init) or "pass", f"return {case.torch}"), case.shape)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_source(case: Case) -> None:
    assert texts(of_source(case)) == case.layers


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_file(case: Case) -> None:
    stored = {**case.stored, **case.weights}
    found = report(case.onnx, stored, case.shape, x=(1, *case.shape))

    assert texts(found) == case.layers
    assert found.total == of_source(case).total


@pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_live_module(case: Case) -> None:
    torch = torch_or_skip()

    class Net(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, each in case.weights.items():
                setattr(self, name, torch.nn.Parameter(torch.zeros(each)))

        def forward(self, x: Any) -> Any:
            return eval(case.torch, {"torch": torch}, {"self": self, "x": x})

    found = cnncalc.analyze(cnncalc.from_torch(Net(), case.shape))

    assert texts(found) == case.layers
    assert found.total == of_source(case).total
