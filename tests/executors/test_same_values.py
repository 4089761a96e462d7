"""Every kind's values: the bundled executor against the frameworks, with the same weights.

`test_values.py` draws options and compares with PyTorch's modules as people write them; here
all kinds, with each word and flag of their options, are built as the executors build them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cnncalc.errors import Source
from cnncalc.executors.bundled.executor import Stack
from cnncalc.layers import Layer
from cnncalc.layers.base import Shape
from cnncalc.notations.compact.parsing import parse
from tests.executors.test_arrays import LEARNING, alone, sample, takes, variants
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_onnx import onnxruntime_or_skip
from tests.frameworks.live_pytorch import torch_or_skip

# Places that are drawn, or that a pool would have handed on.
NOWHERE = {"fracmaxpool", "maxunpool"}
# Keras divides by roots with other small numbers added; its sparsemax doesn't add up to 1.
KERAS_OWN = {"bn", "gn", "in", "ln", "rms", "sparsemax", "standardize", "unitnorm"}
# In the files that are written: no small number or another one, another scale, no bias.
ONNX_OWN = (
    {"kind": "rms"},
    {"kind": "lppool", "ceil": True},
)
# Options that say something only together.
CROPS = ((-2, 1), (3, -3), (1, -2), (-1, -1))
TOGETHER = {
    "avgpool": (
        "avgpool:3,p=valid,ceil",
        "avgpool:3,p=same,ceil",
        "avgpool:3,s2,p=1,ceil,nopadcount",
        "avgpool:3,s2,p=-1:1,nopadcount",
    ),
    "lppool": ("lppool:3,p=valid,ceil", "lppool:2,p=1:-1"),
    "maxpool": ("maxpool:3,s2,p=valid,ceil", "maxpool:3,s2,p=0:1,ceil", "maxpool:2,p=1:-1"),
    "conv": ("conv:4,k3,p=-1:2,mode=circular", "conv:4,k3,p=-1:3,mode=reflect"),
    "convt": ("convt:4,k3,s2,p=0:2,op1", "convt:4,k2,d3,p1,op2"),
    "upsample": ("upsample:2.3", "upsample:1.1,mode=linear", "upsample:2.3,mode=nearest-exact"),
    "pad": tuple(
        f"pad:{before}:{after},mode={mode}"
        for mode in ("zeros", "reflect", "replicate", "circular")
        for before, after in CROPS
    ),
    "threshold": ("threshold:0.1,0.2",),
    "ln": ("ln:axes=-1x0",),
    "gn": ("gn:1,axis=-1",),
}


def pairs(kind: str) -> Iterator[tuple[Layer, Shape]]:
    """The kind's variants, each at the sample shapes that it takes."""
    layer, shapes = sample(kind)
    found = variants(layer)
    if kind == "reduce":
        found += [each.replaced(biased=True) for each in found]
    found += [parse(Source(text)).steps[1].layer for text in TOGETHER.get(kind, ())]
    for variant in found:
        if getattr(variant, "role", "") == "constant" or getattr(variant, "given", False):
            continue  # numbers that a report knows nothing of
        yield from ((variant, shape) for shape in shapes if takes(variant, shape))


def branches(layer: Layer, stack: Stack) -> list[Any]:
    return [stack.input] * (2 if layer.arity == "many" else 1)


def same(actual: Any, stack: Stack, said: object, tolerance: float = 1e-6) -> None:
    expected = stack.outputs[1]
    assert actual.shape == expected.shape, said
    np.testing.assert_allclose(actual, expected, tolerance, tolerance, err_msg=str(said))


def ran(layer: Layer, shape: Shape, **options: Any) -> Stack:
    """The bundled executor's run; values are positive where a root or logarithm is taken."""
    stack = Stack(alone(layer), shape, batch=2, **{"dtype": "float64", **options})
    if layer.kind in ("log", "log1p", "sqrt", "power", "reciprocal", "lppool", "glp"):
        stack.input += 1.5
    assert stack.forward().steps[1].error is None, (layer, shape)
    return stack


@pytest.mark.parametrize("kind", sorted(set(LEARNING) - NOWHERE))
def test_values_are_those_of_the_torch_executor(kind: str) -> None:
    torch = torch_or_skip()
    from cnncalc.executors.stepping import NotBuilt
    from cnncalc.executors.torch.layers import build
    from cnncalc.executors.torch.modules import Bench

    bench = Bench("cpu", torch.float64)
    for layer, shape in pairs(kind):
        stack = ran(layer, shape)
        inputs = tuple(torch.from_numpy(x.copy()) for x in branches(layer, stack))
        try:
            built = build(layer, inputs, bench)
        except NotBuilt:
            continue
        with torch.no_grad():
            for name, held in built.tensors():
                held.copy_(torch.from_numpy(stack.tensors[1][name]).reshape(held.shape))
            same(built.run(*inputs).numpy(), stack, (layer, shape))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("kind", sorted(set(LEARNING) - NOWHERE - KERAS_OWN))
def test_values_are_those_of_the_keras_executor(kind: str) -> None:
    """With weights that are all ones: what is read, not how weights are laid out."""
    keras = keras_or_skip()
    from cnncalc.executors.keras.executor import built
    from cnncalc.executors.keras.modules import Bench, channels_first

    for layer, shape in pairs(kind):
        if getattr(layer, "mode", "") == "cubic":
            continue  # with another kernel
        if getattr(layer, "bias_kv", False) or getattr(layer, "zero", False):
            continue  # Keras puts no position behind the keys
        if getattr(layer, "gate", "") in ("relu", "identity"):
            continue  # open gates and weights of ones grow beyond what single precision tells
        stack = ran(layer, shape, dtype="float32")
        for held in stack.tensors[1].values():
            held[...] = 1
        assert stack.forward().steps[1].error is None
        inputs = [
            keras.ops.moveaxis(keras.ops.convert_to_tensor(x), 1, -1)
            for x in branches(layer, stack)
        ]
        value, _ = built(Bench("float32", probing=True), layer, inputs)
        actual = keras.ops.convert_to_numpy(channels_first(value))
        same(actual, stack, (layer, shape), 1e-4)


# The gates of ONNX's operators: i, o, f, c and z, r, h.
GATES = {"lstm": (0, 2, 3, 1), "gru": (1, 0, 2)}


def in_our_order(kind: str, held: Any) -> Any:
    """A recurrent layer's tensor with its gates in PyTorch's order; any other as it is."""
    order = GATES.get(kind)
    if len(held) % max(len(order or ()), 1):  # a state to start from
        return held
    parts = np.split(held, len(order)) if order else []
    return np.concatenate([parts[gate] for gate in order]) if order else held


@pytest.mark.parametrize("kind", sorted(set(LEARNING) - NOWHERE - {"sparsemax"}))
def test_values_are_those_of_onnxruntime(kind: str) -> None:
    """With the weights that a written file stores."""
    onnxruntime_or_skip()
    import onnxruntime
    from onnx import numpy_helper

    from cnncalc import analyze
    from cnncalc.notations.onnx.writing import write_report

    for layer, shape in pairs(kind):
        report = analyze(alone(layer), shape)
        written = write_report(report, weights="stored", without={})
        own = any(all(getattr(layer, k) == v for k, v in each.items()) for each in ONNX_OWN)
        if written.missing or own:
            continue
        stored = {
            held.name: numpy_helper.to_array(held) for held in written.model.graph.initializer
        }
        if any(name not in stored for _, name in written.held[1]):
            continue  # made at run time
        stack = ran(layer, shape, dtype="float32")
        for role, name in written.held[1]:
            held = in_our_order(layer.kind, stored[name])
            stack.tensors[1][role][...] = held.reshape(stack.tensors[1][role].shape)
        assert stack.forward().steps[1].error is None
        session = onnxruntime.InferenceSession(
            written.model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        given = stack.input.astype("int64" if kind == "embedding" else "float32")
        found = session.run([report.rows[1].name], {report.rows[0].name: given})
        same(found[0], stack, (layer, shape), 1e-4)
