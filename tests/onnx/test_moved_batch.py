"""The batch where exporters move it: behind the positions of attention, in one axis with heads."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

import pytest

from cnncalc import SpecError, analyze, from_torch
from cnncalc.notations.onnx.reading import parse_bytes
from tests.onnx.builders import node, numbers, report, words

TURN = node("Transpose", "x", "t", "turn", perm=[1, 0, 2])
BACK = "back", {"perm": [1, 0, 2]}
SIZES = {"heads": numbers(5, -1, 2), "rows": numbers(-1, 6), "steps": numbers(5, -1, 6),
         "w": (6, 4), "b": (4,), "seven": numbers(5, -1, 7), "front": numbers(0)}  # fmt: skip


def read(nodes: list[Any], batch: Any, **stored: Any) -> list[tuple[str, tuple[int, ...]]]:
    found = report([TURN, *nodes], {**SIZES, **stored}, x=(batch, 5, 6))
    return [(row.text, row.output_shape) for row in found.layers]


# Five positions of six features; what is done with them while the batch is behind the positions.
MOVED: dict[str, tuple[list[Any], list[tuple[str, tuple[int, ...]]]]] = {
    "heads in one axis with the batch, in front, and back": (
        [node("Reshape", "t heads", "h"), node("Transpose", "h", "f", "f", perm=[1, 0, 2]),
         node("Transpose", "f", "g", "g", perm=[0, 2, 1]), node("MatMul", "f g", "q"),
         node("Softmax", "q", "p", axis=-1), node("MatMul", "p f", "v", "v"),
         node("Transpose", "v", "u", "u", perm=[1, 0, 2]), node("Reshape", "u rows", "r", "r"),
         node("Reshape", "r steps", "z", "z"), node("Transpose", "z", *BACK[:1], **BACK[1])],
        [("unflatten:3x2,axis=1", (5, 3, 2)), ("permute:1x0x2", (3, 5, 2)),
         ("permute:0x2x1", (3, 2, 5)), ("matmul", (3, 5, 5)), ("softmax:axis=2", (3, 5, 5)),
         ("matmul", (3, 5, 2)), ("permute:1x0x2", (5, 3, 2)), ("flatten:start=1", (5, 6))]),
    "rows of all positions through a linear layer": (
        [node("Reshape", "t rows", "r"), node("Gemm", "r w b", "g")],
        [("linear:4,axis=-1", (5, 4))]),
    "the same as a product, a shift and a function": (
        [node("MatMul", "t w", "m"), node("Add", "b m", "a"), node("Relu", "a")],
        [("linear:4,axis=-1", (5, 4)), ("relu", (5, 4))]),
    "a norm of the features": (
        [node("LayerNormalization", "t s s", axis=-1)], [("ln:axes=-1", (5, 6))]),
    "parts of the features": (
        [node("Split", "t", "a c", axis=2), node("Mul", "a c")],
        [("slice:0..3,axis=1", (5, 3)), ("slice:3..6,axis=1", (5, 3)), ("mul", (5, 3))]),
    "positions joined": ([node("Concat", "t t", axis=0)], [("cat", (10, 6))]),
    "the first position": (
        [node("Gather", "t first", axis=0)], [("slice:0..1", (1, 6)), ("flatten", (6,))]),
    "the mean of the positions": (
        [node("ReduceMean", "t", axes=[0], keepdims=0)], [("reduce", (6,))]),
    "the largest of the features": (
        [node("ReduceMax", "t", axes=[-1], keepdims=1)], [("gmp:keep", (5, 1))]),
    "an axis put in and taken out": (
        [node("Unsqueeze", "t three", "q"), node("Squeeze", "q three", "z"), node("Tanh", "z")],
        [("unflatten:6x1,axis=1", (5, 6, 1)), ("flatten:start=1", (5, 6)), ("tanh", (5, 6))]),
    "learned positions beside the batch": (
        [node("Add", "t places")], [("shift", (5, 6))]),
    "repeated": (
        [node("Tile", "t twice")], [("cat", (10, 6))]),
    "stretched by an axis": (
        [node("Unsqueeze", "t three", "q"), node("Expand", "q wide")],
        [("unflatten:6x1,axis=1", (5, 6, 1)), ("expand:5x6x3", (5, 6, 3))]),
}  # fmt: skip
STORED = {"s": (6,), "first": numbers(0).reshape(()), "three": numbers(3), "places": (5, 1, 1),
          "twice": numbers(2, 1, 1), "wide": numbers(1, 1, 1, 3)}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 4, "n"])
@pytest.mark.parametrize("case", MOVED.values(), ids=MOVED.keys())
def test_is_read(case: tuple[Any, Any], batch: Any) -> None:
    nodes, steps = case
    assert read(nodes, batch, **STORED) == steps


@pytest.mark.parametrize("batch", [1, "n"])
def test_rows_of_an_output_are_those_of_a_sample(batch: Any) -> None:
    found = report([node("Reshape", "x s")], {"s": numbers(-1, 8)}, x=(batch, 3, 4, 8))

    assert (words(found), found.rows[-1].output_shape) == ([], (3, 4, 8))


@pytest.mark.parametrize("batch", [1, 2, "n"])
def test_axes_of_one_are_no_frames(batch: Any) -> None:
    """An axis of size 1 that goes is a step, whatever axis the batch could be in."""
    nodes = [node("Reshape", "x s", "a"), node("MaxPool", "a", kernel_shape=[2])]
    found = report(nodes, {"s": numbers(0, 5, 6)}, x=(batch, 1, 5, 6))

    assert (words(found), found.rows[-1].output_shape) == (
        ["flatten:end=1", "maxpool:2,s1"],
        (5, 5),
    )


def test_the_batch_is_where_its_name_is() -> None:
    """Of the first input, where an axis is called so, and of others that have it in common."""
    nodes = [node("Add", "x y", "a"), node("MatMul", "a w")]
    options: Any = {"x": (5, "batch", 6), "more": {"y": (1, "batch", 6)}}
    found = report(nodes, {"w": (6, 4)}, (5, 6), **options)

    assert [(row.text, row.output_shape) for row in found.rows] == [
        ("input", (5, 6)), ("input:1x6", (1, 6)), ("add", (5, 6)),
        ("linear:4,nobias,axis=-1", (5, 4)),
    ]  # fmt: skip


def test_states_to_start_from_have_it_behind_their_layers() -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("GRU", "t w r _ _ h", "y yh", hidden_size=4), node("Squeeze", "yh front", "z"),
    ]  # fmt: skip
    stored = {"w": (1, 12, 6), "r": (1, 12, 4), "front": numbers(0)}
    found = report(nodes, stored, (5, 6), x=("s1", 5, 6), more={"h": (1, "s1", 4)})

    assert found.rows[-1].output_shape == (4,)
    assert found.total.params == 12 * 6 + 12 * 4


def test_states_of_several_layers_in_a_file_for_one_sample() -> None:
    """Where axis 0 of a further input is no batch of 1, an axis of 1 is."""
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node("Slice", "h one two front", "last"),
        node("GRU", "t w r _ _ last", "y yh", hidden_size=4), node("Squeeze", "yh front", "z"),
    ]  # fmt: skip
    stored = {"w": (1, 12, 6), "r": (1, 12, 4), "front": numbers(0), "one": numbers(1),
              "two": numbers(2)}  # fmt: skip
    found = report(nodes, stored, (5, 6), x=(1, 5, 6), more={"h": (2, 1, 4)})

    assert [row.output_shape for row in found.rows if row.kind == "input"] == [(5, 6), (2, 4)]
    assert found.rows[-1].output_shape == (4,)


def test_batches_that_differ_are_refused() -> None:
    with pytest.raises(SpecError, match="the batch of one would meet another axis"):
        report([node("Mul", "x y")], x=(1, 4, 1, 6), more={"y": (3, 1, 5, 6)})


def test_what_a_norm_makes_of_stored_tensors_holds_its_weights() -> None:
    """Queries that are learned: they count, and the norm's scale and shift."""
    nodes = [node("LayerNormalization", "q s b", "n", axis=-1), node("Add", "x n")]
    found = report(nodes, {"q": (5, 6), "s": (6,), "b": (6,)}, (5, 6), x=("n", 5, 6))

    assert (found.total.params, found.total.macs) == (30 + 6 + 6, 0)


def exported(module: Any, sizes: tuple[int, ...], place: int, opset: int) -> bytes:
    """A module as torch.onnx exports it, with an open batch if it has a place."""
    import torch

    made = io.BytesIO()
    axes = {"x": {place: "batch"}} if place >= 0 else None
    torch.onnx.export(
        module.eval(), (torch.zeros(sizes),), made, dynamo=False, opset_version=opset,
        input_names=["x"], dynamic_axes=axes,
    )  # fmt: skip
    return made.getvalue()


@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("opset", [14, 17, 18])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("is_open", [True, False])
def test_attention_as_torch_exports_it(opset: int, first: bool, is_open: bool) -> None:
    """The parameters and the MACs of the module itself."""
    import torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = torch.nn.TransformerEncoderLayer(8, 2, 12, batch_first=first)
            self.inner = torch.nn.MultiheadAttention(8, 4, batch_first=first)
            self.out = torch.nn.Linear(8, 3)
            for each in self.parameters():
                torch.nn.init.uniform_(each)  # else those that are alike are stored once

        def forward(self, x: Any) -> Any:
            x = x if first else x.transpose(0, 1)
            x = self.block(x)
            x, _ = self.inner(x, x, x)
            return self.out(x.mean(1 if first else 0))

    module = Net()
    data = exported(module, (1, 6, 8), 0 if is_open else -1, opset)
    found = analyze(parse_bytes(data), (6, 8))
    live = analyze(from_torch(module, (6, 8)))

    assert found.total.params == sum(each.numel() for each in module.parameters())
    assert found.total.macs == live.total.macs
    assert found.rows[-1].output_shape == (3,)
