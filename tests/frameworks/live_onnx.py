"""The real ONNX Runtime, where it is installed: one operator run on a small array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import pytest


def onnxruntime_or_skip() -> None:
    """A skip where onnx or onnxruntime is absent."""
    if not (find_spec("onnx") and find_spec("onnxruntime")):
        pytest.skip("onnx with onnxruntime is not installed")


def run(op: str, attributes: Mapping[str, Any], weight: Sequence[int] | None, array: Any) -> Any:
    """What comes out for an array, batch first; None where ONNX Runtime refuses."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            _model(op, attributes, weight, array.ndim), options, ["CPUExecutionProvider"]
        )
        return session.run(None, {"x": array})[0]
    except Exception:  # ONNX Runtime has no common class for what it raises
        return None


def _model(
    op: str, attributes: Mapping[str, Any], weight: Sequence[int] | None, rank: int
) -> bytes:
    """A model of one node; ONNX Runtime has no GlobalLpPool of operator set 22."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * rank)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    stored = [numpy_helper.from_array(np.ones(weight, "float32"), "w")] if weight else []
    node = helper.make_node(op, ["x", "w"] if weight else ["x"], ["y"], **attributes)
    graph = helper.make_graph([node], "graph", [x], [y], stored)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 21 if op == "GlobalLpPool" else 22)],
        ir_version=10,
    )
    return bytes(model.SerializeToString())
