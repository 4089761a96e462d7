"""Small ONNX models made by hand, as exporters write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy
import pytest

if not find_spec("onnx"):
    pytest.skip("onnx is not installed", allow_module_level=True)

import onnx
from onnx import TensorProto, helper, numpy_helper

from cnncalc import Network, Report, analyze
from cnncalc.notations.onnx.reading import parse_bytes

runs = pytest.mark.skipif(not find_spec("onnxruntime"), reason="onnxruntime is not installed")

Stored = Sequence[int] | Any  # the shape of a weight, or numbers


def node(op: str, inputs: str, outputs: str = "", name: str = "", **attributes: Any) -> Any:
    """A node; inputs and outputs are words, `_` for one that is left out."""
    names = [("" if word == "_" else word) for word in inputs.split()]
    made = outputs.split() or [f"{name or op}:0"]
    return helper.make_node(op, names, made, name or f"{op}{len(inputs)}", **attributes)


def constant(name: str, values: Any) -> Any:
    """A node that holds fractions."""
    array = numpy.asarray(values, dtype="float32")
    return node("Constant", "", name, value=numpy_helper.from_array(array))


def numbers(*values: float, kind: str = "int64") -> Any:
    """Numbers that a model stores."""
    return numpy.array(values, dtype=kind)


def model(
    nodes: Sequence[Any],
    stored: Mapping[str, Stored] | None = None,
    *,
    x: Sequence[int | str | None] = (1, 3, 8, 8),
    outputs: Sequence[str] = (),
    opset: int = 17,
    more: Mapping[str, Sequence[int | str]] | None = None,
    functions: Sequence[Any] = (),
) -> bytes:
    """The bytes of a model with the input `x`; it ends in the last node's first output."""
    inputs = {"x": x, **(more or {})}
    graph = helper.make_graph(
        list(nodes),
        "model",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, list(v)) for k, v in inputs.items()],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in outputs or [nodes[-1].output[0]]
        ],
        [tensor(name, value) for name, value in (stored or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    made = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)
    return bytes(made.SerializeToString())


def tensor(name: str, value: Stored) -> onnx.TensorProto:
    """A stored tensor: numbers as they are, or zeros of a shape."""
    if isinstance(value, tuple):
        value = numpy.zeros(value, dtype="float32")
    return numpy_helper.from_array(numpy.asarray(value), name)


def network(
    nodes: Sequence[Any], stored: Mapping[str, Stored] | None = None, **options: Any
) -> Network:
    return parse_bytes(model(nodes, stored, **options), "model.onnx")


def report(
    nodes: Sequence[Any],
    stored: Mapping[str, Stored] | None = None,
    size: tuple[int, ...] | None = None,
    **options: Any,
) -> Report:
    """The report of a model, at its own input size or another."""
    return analyze(network(nodes, stored, **options), size)


def words(found: Report) -> list[str]:
    """The layers as words."""
    return [row.text for row in found.layers]
