"""Each operator becomes the layer that it is, as small models have it."""

from __future__ import annotations

from typing import Any

import numpy
import onnx
import pytest

from cnncalc import analyze
from cnncalc.notations.onnx.reading import parse_bytes
from tests.onnx.builders import constant, network, node, numbers, report, words
from tests.onnx.builders import model as built

F = {"kind": "float32"}

# The nodes, the stored tensors, the words of the layers, parameters, more about the model.
CASES: dict[str, tuple[list[Any], dict[str, Any], str, int, dict[str, Any]]] = {
    "conv": ([node("Conv", "x w b", pads=[1, 1, 1, 1])], {"w": (8, 3, 3, 3), "b": (8,)},
             "conv:8,k3,p1", 224, {}),
    "conv, pads of its own on each side": (
        [node("Conv", "x w", pads=[0, 1, 2, 1], strides=[2, 1])], {"w": (8, 3, 3, 3)},
        "conv:8,k3,s2x1,p=0:2x1,nobias", 216, {}),
    "conv, auto_pad": ([node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2])],
                       {"w": (8, 3, 3, 3)}, "conv:8,k3,s2,p=same,nobias", 216, {}),
    "conv, the bias a node of its own": (
        [node("Conv", "x w", "c"), node("Add", "c b")], {"w": (8, 3, 1, 1), "b": (1, 8, 1, 1)},
        "conv:8,k1", 32, {}),
    "transposed": ([node("ConvTranspose", "x w", strides=[2, 2], output_padding=[1, 1])],
                   {"w": (3, 4, 3, 3)}, "convt:4,k3,s2,op1,nobias", 108, {}),
    "pools": ([node("MaxPool", "x", "m", kernel_shape=[2, 2], strides=[2, 2]),
               node("AveragePool", "m", "a", kernel_shape=[2, 2], ceil_mode=1),
               node("LpPool", "a", kernel_shape=[2, 2])], {},
              "maxpool:2,s2 avgpool:2,s1,ceil,nopadcount lppool:2,s1", 0, {}),
    "global pools": ([node("GlobalMaxPool", "x", "a"), node("GlobalAveragePool", "a", "b"),
                      node("Flatten", "b")], {}, "gmp:keep gap:keep flatten", 0, {}),
    "gemm": ([node("Flatten", "x", "f"), node("Gemm", "f w b", transB=1)],
             {"w": (10, 192), "b": (10,)}, "flatten linear:10", 1930, {}),
    "gemm, not turned": ([node("Flatten", "x", "f"), node("Gemm", "f w")], {"w": (192, 10)},
                         "flatten linear:10,nobias", 1920, {}),
    "matmul, the bias first": (
        [node("Flatten", "x", "f"), node("MatMul", "f w", "m"), node("Add", "b m")],
        {"w": (192, 10), "b": (10,)}, "flatten linear:10", 1930, {}),
    "matmul, the bias second": (
        [node("Flatten", "x", "f"), node("MatMul", "f w", "m"), node("Add", "m b")],
        {"w": (192, 10), "b": (10,)}, "flatten linear:10", 1930, {}),
    "matmul on the last axis": ([node("MatMul", "x w", "m"), node("Add", "m b")],
                                {"w": (8, 5), "b": (5,)}, "linear:5,axis=-1", 45, {}),
    "matmul from the left": ([node("MatMul", "w x")], {"w": (5, 8)},
                             "linear:5,nobias,axis=-2", 40, {}),
    "matmul with a turned weight": (
        [node("Transpose", "w", "t", perm=[1, 0]), node("MatMul", "x t")], {"w": (5, 8)},
        "linear:5,nobias,axis=-1", 40, {}),
    "batch norm": ([node("BatchNormalization", "x s b m v")],
                   {"s": (3,), "b": (3,), "m": (3,), "v": (3,)}, "bn", 6, {}),
    "instance norm": ([node("InstanceNormalization", "x s b")], {"s": (3,), "b": (3,)},
                      "in:affine", 6, {}),
    "layer norm": ([node("LayerNormalization", "x s b")], {"s": (8,), "b": (8,)},
                   "ln:axes=-1", 16, {}),
    "layer norm of the map, without a shift": (
        [node("LayerNormalization", "x s", axis=1)], {"s": (3, 8, 8)},
        "ln:axes=-3x-2x-1,noshift", 192, {}),
    "group norm": ([node("GroupNormalization", "x s b", num_groups=3)],
                   {"s": (3,), "b": (3,)}, "gn:3", 6, {"opset": 21}),
    "rms norm": ([node("RMSNormalization", "x s")], {"s": (8,)}, "rms:axes=-1", 8, {"opset": 23}),
    "lrn": ([node("LRN", "x", size=3)], {}, "lrn:3", 0, {}),
    "lp norm": ([node("LpNormalization", "x", axis=1)], {}, "unitnorm", 0, {}),
    "mean variance norm": ([node("MeanVarianceNormalization", "x", axes=[2, 3])], {}, "in", 0, {}),
    "activations": (
        [node("Relu", "x", "a"), node("LeakyRelu", "a", "b", alpha=0.2), node("Sigmoid", "b", "c"),
         node("Tanh", "c", "d"), node("Elu", "d", "e"), node("Selu", "e", "f"),
         node("HardSwish", "f", "g"), node("HardSigmoid", "g", "h", alpha=1 / 6),
         node("Softplus", "h", "i"), node("Softsign", "i", "j"), node("Celu", "j", "k"),
         node("ThresholdedRelu", "k")], {},
        "relu leakyrelu:0.2 sigmoid tanh elu selu hardswish hardsigmoid softplus softsign celu "
        "threshold:1", 0, {}),
    "functions": (
        [node("Abs", "x", "a"), node("Neg", "a", "b"), node("Exp", "b", "c"), node("Log", "c", "d"),
         node("Sqrt", "d", "e"), node("Reciprocal", "e", "f"), node("Floor", "f", "g"),
         node("Ceil", "g", "h"), node("Erf", "h", "i"), node("Sign", "i", "j"),
         node("Cast", "j", to=7)], {},
        "abs rescale:-1 exponential log sqrt reciprocal floor ceil erf sign identity", 0, {}),
    "a cast that changes nothing": (  # no step, and the bias still belongs to the convolution
        [node("Cast", "x", "a", to=10), node("Conv", "a w", "b"), node("Cast", "b", "c", to=1),
         node("Add", "c bias")], {"w": (4, 3, 1, 1), "bias": (4, 1, 1)}, "conv:4,k1", 16, {}),
    "a cast of what is read twice": (
        [node("Conv", "x w", "a"), node("Cast", "a", "b", to=1), node("Add", "b bias", "c"),
         node("Add", "c a")], {"w": (4, 3, 1, 1), "bias": (4, 1, 1)},
        "conv:4,k1,nobias shift add", 16, {}),
    "norms without weights, as exporters write them": (
        [constant("one", (1, 1, 1)), constant("zero", (0, 0, 0)),
         node("InstanceNormalization", "x one zero", "a"),
         constant("ones", (1,) * 8), constant("zeros", (0,) * 8),
         node("LayerNormalization", "a ones zeros", "b"), node("LayerNormalization", "b s zeros"),
         ], {"s": (8,)}, "in ln:axes=-1,noaffine ln:axes=-1,noshift", 8, {}),
    "weights in nodes": (  # the whole file has them there: those of a norm are weights too
        [constant("w", [[[[1]]] * 3] * 4), node("Conv", "x w", "a"), constant("s", (1,) * 8),
         node("LayerNormalization", "a s")], {}, "conv:4,k1,nobias ln:axes=-1,noshift", 20, {}),
    "a matrix product of all rows": (  # as tf2onnx writes a Dense layer on sequences
        [node("Reshape", "x rows", "a"), node("MatMul", "a w", "b"), node("Reshape", "b back", "c"),
         node("Add", "c bias")],
        {"rows": numbers(-1, 8), "w": (8, 5), "back": numbers(-1, 3, 8, 5), "bias": (5,)},
        "linear:5,axis=-1", 45, {"x": ("n", 3, 8, 8)}),
    "a Gemm of all rows": (
        [node("Reshape", "x rows", "a"), node("Gemm", "a w b", "c"), node("Relu", "c", "d"),
         node("Reshape", "d back")],
        {"rows": numbers(-1, 8), "w": (8, 5), "b": (5,), "back": numbers(-1, 3, 8, 5)},
        "linear:5,axis=-1 relu", 45, {"x": ("n", 3, 8, 8)}),
    "copies of what is the same everywhere": (  # how torch.onnx writes untrained norms
        [node("Identity", "one", "var"), node("Identity", "zero", "mean"),
         node("BatchNormalization", "x one zero mean var", "a"),
         node("Identity", "one", "more"), node("BatchNormalization", "a more zero mean var", "b"),
         node("Identity", "w", "v"), node("Conv", "b w", "c"), node("Conv", "c v")],
        {"one": numbers(1, 1, 1, **F), "zero": numbers(0, 0, 0, **F),
         "w": numbers(*range(9), **F).reshape(3, 3, 1, 1)},
        "bn bn conv:3,k1,nobias conv:3,k1,nobias", 18, {}),
    "one tensor for all that is the same": (  # how tf2onnx writes them
        [node("BatchNormalization", "x one zero zero one", "a"),
         node("BatchNormalization", "a one zero zero one")],
        {"one": numbers(1, 1, 1, **F), "zero": numbers(0, 0, 0, **F)}, "bn bn", 12, {}),
    "a number in a weight": (  # weight standardisation: the ε is no weight
        [node("ReduceMean", "w", "mean", axes=[1, 2, 3]), node("Sub", "w mean", "less"),
         node("Add", "mean e", "more"), node("Div", "less more", "z"), node("Conv", "x z")],
        {"w": (4, 3, 1, 1), "e": numbers(1e-5, kind="float32").reshape(())},
        "conv:4,k1,nobias", 12, {}),
    "nearest as TensorFlow had it": (
        [node("Resize", "x _ _ s", coordinate_transformation_mode="tf_half_pixel_for_nn")],
        {"s": numbers(1, 3, 12, 12)}, "upsample:size=12x12,mode=nearest-exact", 0, {"opset": 11}),
    "gelu, mish": ([node("Gelu", "x", "a"), node("Mish", "a")], {}, "gelu mish", 0, {"opset": 20}),
    "clip": ([node("Clip", "x zero six", "a"), node("Clip", "a zero", "b"),
              node("Clip", "b _ six")],
             {"zero": numbers(0, **F).reshape(()), "six": numbers(6, **F).reshape(())},
             "relu6 relu hardtanh:-inf,high=6", 0, {}),
    "clip, older": ([node("Clip", "x", min=0.0, max=6.0)], {}, "relu6", 0, {"opset": 6}),
    "softmax": ([node("Softmax", "x", "a", axis=1), node("LogSoftmax", "a")], {},
                "softmax logsoftmax:axis=2", 0, {}),
    "softmax, older: all axes together": ([node("Softmax", "x")], {},
                                          "flatten softmax reshape:3x8x8", 0, {"opset": 11}),
    "prelu, one": ([node("PRelu", "x s")], {"s": (1,)}, "prelu", 1, {}),
    "prelu, each channel": ([node("PRelu", "x s")], {"s": (3, 1, 1)}, "prelu:3", 3, {}),
    "prelu, each place": ([node("PRelu", "x s")], {"s": (8, 8)}, "prelu:shared=0", 64, {}),
    "dropout": ([node("Dropout", "x r")], {"r": numbers(0.25, **F).reshape(())},
                "dropout:0.25", 0, {}),
    "dropout, older": ([node("Dropout", "x", ratio=0.25)], {}, "dropout:0.25", 0, {"opset": 7}),
    "swish, in two nodes": ([node("Sigmoid", "x", "s"), node("Mul", "x s")], {},
                            "sigmoid mul", 0, {}),
    "branches": (
        [node("Relu", "x", "a"), node("Tanh", "x", "b"), node("Add", "a b", "c"),
         node("Sub", "c a", "d"), node("Div", "d b", "e"), node("Max", "e a", "f"),
         node("Sum", "f a b", "g"), node("Concat", "g a", axis=1)], {},
        "relu tanh add sub div maximum add cat", 0, {}),
    "numbers": ([node("Mul", "x h", "a"), node("Add", "h a", "b"), node("Sub", "h b", "c"),
                 node("Div", "c h", "d"), node("Div", "one d", "e"), node("Pow", "e h")],
                {"h": numbers(0.5, **F).reshape(()), "one": numbers(1, **F).reshape(())},
                "rescale:0.5 rescale:1,offset=0.5 rescale:-1,offset=0.5 rescale:2 reciprocal "
                "power:0.5", 0, {}),
    "weights": ([node("Mul", "x w", "a"), node("Add", "a w", "b"), node("Sub", "b v")],
                {"w": (1, 3, 1, 1), "v": (8, 8)}, "scale shift shift:shape=8x8", 67, {}),
    "a map stretched to a weight": (
        [node("ReduceMean", "x", "m", axes=[2, 3]), node("Add", "m w")], {"w": (3, 8, 8)},
        "gap:keep expand:3x8x8 shift:shape=3x8x8", 192, {}),
    "reductions": (
        [node("ReduceMean", "x", "a", axes=[1]), node("ReduceMax", "a", "b", axes=[-1], keepdims=0),
         node("ReduceL2", "b", axes=[2], keepdims=1)], {},
        "reduce:keep reduce:max,axes=2 reduce:norm2,axes=1,keep", 0, {}),
    "logarithm of a sum": ([node("ReduceLogSum", "x axes", keepdims=0)],
                           {"axes": numbers(-1)}, "reduce:sum,axes=2 log", 0, {"opset": 18}),
    "reduction, axes stored": ([node("ReduceMean", "x axes", keepdims=0)],
                               {"axes": numbers(2, 3)}, "gap", 0, {"opset": 18}),
    "reshape": ([node("Reshape", "x s", "a"), node("Reshape", "a t", "b"), node("Reshape", "b u")],
                {"s": numbers(0, 3, 2, 4, 8), "t": numbers(1, 3, -1), "u": numbers(-1, 192)},
                "unflatten:2x4,axis=1 flatten:start=1 flatten", 0, {}),
    "reshape, attribute": ([node("Reshape", "x", shape=[1, -1])], {}, "flatten", 0, {"opset": 4}),
    "squeeze and unsqueeze": (
        [node("Unsqueeze", "x a", "u"), node("Squeeze", "u a", "s"), node("Unsqueeze", "s b")],
        {"a": numbers(2), "b": numbers(-1)}, "unflatten:3x1 flatten:end=1 unflatten:8x1,axis=2",
        0, {}),
    "squeeze, older": ([node("GlobalAveragePool", "x", "g"), node("Squeeze", "g", axes=[2, 3])],
                       {}, "gap:keep flatten", 0, {"opset": 11}),
    "transpose": ([node("Transpose", "x", "a", perm=[0, 2, 3, 1]),
                   node("Transpose", "a", perm=[0, 1, 2, 3])], {},
                  "permute:1x2x0 identity", 0, {}),
    "pixel shuffles": ([node("SpaceToDepth", "x", "a", blocksize=2),
                        node("DepthToSpace", "a", blocksize=2, mode="CRD")], {},
                       "pixelunshuffle:2 pixelshuffle:2", 0, {}),
    "channel shuffle": (
        [node("Reshape", "x s", "a"), node("Transpose", "a", "b", perm=[0, 2, 1, 3, 4]),
         node("Reshape", "b t")],
        {"s": numbers(0, 2, 3, 4, 4), "t": numbers(0, -1, 4, 4)},
        "unflatten:2x3 permute:1x0x2x3 flatten:end=1", 0, {"x": (1, 6, 4, 4)}),
    "pad": ([node("Pad", "x p", "a"), node("Pad", "a q", mode="reflect")],
            {"p": numbers(0, 1, 0, 1, 0, 0, 2, 0), "q": numbers(0, 0, -1, 0, 0, 0, 1, 0)},
            "pad:0:2x1:0,c=1:0 pad:-1:1x0,mode=reflect", 0, {}),
    "pad, attribute": ([node("Pad", "x", pads=[0, 0, 1, 1, 0, 0, 1, 1])], {}, "pad:1", 0,
                       {"opset": 10}),
    "pad, named axes": ([node("Pad", "x p _ a")], {"p": numbers(1, 2), "a": numbers(-1)},
                        "pad:0x1:2", 0, {"opset": 18}),
    "slices": ([node("Slice", "x s e a", "one"), node("Slice", "one t f b t2")],
               {"s": numbers(1), "e": numbers(2**62), "a": numbers(1), "t": numbers(1, 0),
                "f": numbers(-1, 8), "b": numbers(2, 3), "t2": numbers(1, 2)},
               "slice:1..3 slice:1..7,axis=1 slice:0..7,axis=2,step=2", 0, {}),
    "a slice of both places": ([node("Slice", "x s e a")],
                               {"s": numbers(1, 1), "e": numbers(-1, -2), "a": numbers(2, 3)},
                               "crop:1x1:2", 0, {}),
    "slice, attributes": ([node("Slice", "x", starts=[0], ends=[2], axes=[1])], {}, "slice:0..2",
                          0, {"opset": 9}),
    "split": ([node("Split", "x s", "a b", axis=1), node("Concat", "b a", axis=1)],
              {"s": numbers(1, 2)}, "slice:0..1 slice:1..3 cat", 0, {}),
    "split, by number": ([node("Split", "x", "a b", axis=2, num_outputs=2),
                          node("Add", "a b")], {}, "slice:0..4,axis=1 slice:4..8,axis=1 add", 0,
                         {"opset": 18}),
    "gather": ([node("Gather", "x i", "a", axis=1), node("Gather", "a j", axis=2)],
               {"i": numbers(1).reshape(()), "j": numbers(0, 2, 4)},
               "slice:1..2 flatten:end=1 slice:0..5,axis=1,step=2", 0, {}),
    "resize": ([node("Resize", "x _ s", mode="nearest")],
               {"s": numbers(1, 1, 2, 2, **F)}, "upsample:2", 0, {}),
    "resize to a size": (
        [node("Resize", "x _ _ s", mode="linear", coordinate_transformation_mode="align_corners")],
        {"s": numbers(1, 3, 12, 20)}, "upsample:size=12x20,mode=linear,corners", 0, {}),
    "resize named axes": ([node("Resize", "x _ s", axes=[2, 3], mode="cubic")],
                          {"s": numbers(1.5, 1.5, **F)}, "upsample:1.5,mode=cubic", 0,
                          {"opset": 18}),
    "resize down": ([node("Resize", "x _ s", mode="nearest")], {"s": numbers(1, 1, 0.75, 1, **F)},
                    "upsample:0.75x1,mode=nearest-exact", 0, {}),
    "upsample": ([node("Upsample", "x s")], {"s": numbers(1, 1, 2, 2, **F)}, "upsample:2", 0,
                 {"opset": 9}),
    "expand": ([node("GlobalAveragePool", "x", "g"), node("Expand", "g s")],
               {"s": numbers(1, 3, 4, 5)}, "gap:keep expand:3x4x5", 0, {}),
    "tile": ([node("Tile", "x r")], {"r": numbers(1, 2, 1, 1)}, "cat", 0, {}),
    "col2im": ([node("Col2Im", "x s k")], {"s": numbers(4, 4), "k": numbers(2, 2)},
               "fold:2,size=4x4", 0, {"x": (1, 12, 9), "opset": 18}),
    "unpool": ([node("MaxPool", "x", "p i", kernel_shape=[2, 2], strides=[2, 2]),
                node("MaxUnpool", "p i", kernel_shape=[2, 2], strides=[2, 2])], {},
               "maxpool:2,s2 maxunpool:2,s2", 0, {}),
    "quantised": ([node("QuantizeLinear", "x s", "q"), node("DequantizeLinear", "q s", "d"),
                   node("DequantizeLinear", "w s", "v"), node("Conv", "d v")],
                  {"s": numbers(0.1, **F).reshape(()), "w": numbers(*[1] * 27, kind="int8")
                   .reshape(1, 3, 3, 3)}, "identity identity conv:1,k3,nobias", 27, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_becomes_layers(case: tuple[Any, ...]) -> None:
    nodes, stored, expected, params, options = case
    found = report(nodes, stored, **options)

    assert " ".join(words(found)) == expected
    assert (found.total.params, found.total.unused_params) == (params, 0)


def test_batch_norm_keeps_its_statistics_as_buffers() -> None:
    """There is no counter of batches in a file."""
    stored = {"s": (3,), "b": (3,), "m": (3,), "v": (3,)}
    row = report([node("BatchNormalization", "x s b m v")], stored).layers[0]

    assert [(w.name, w.role) for w in row.weights] == [
        ("weight", "parameter"), ("bias", "parameter"),
        ("running_mean", "buffer"), ("running_var", "buffer"),
    ]  # fmt: skip
    assert (row.params, row.buffers) == (6, 6)


def test_weights_are_shaped_as_in_the_file() -> None:
    found = report(
        [node("Flatten", "x", "f"), node("Gemm", "f w b", "g"), node("MatMul", "g v")],
        {"w": (192, 10), "b": (1, 10), "v": (10, 4)},
    )

    assert [[w.shape for w in row.weights] for row in found.layers] == [
        [], [(192, 10), (1, 10)], [(10, 4)],
    ]  # fmt: skip


def test_a_tensor_used_twice_counts_once() -> None:
    """A step all of whose tensors are another's shares them; half of them it has itself."""
    stored = {"w": (3, 3, 1, 1), "b": (3,), "c": (3,)}
    found = report(
        [node("Conv", "x w b", "one"), node("Conv", "one w b", "two"), node("Conv", "two w c")],
        stored,
    )

    assert [(row.params, row.shares) for row in found.layers] == [(12, None), (0, 1), (3, None)]
    assert [w.name for w in found.layers[2].weights] == ["bias"]
    assert found.total.params == 15


def test_a_weight_made_of_two_tensors_has_both() -> None:
    """Weight norm: the length and the direction are stored."""
    found = report(
        [node("ReduceL2", "v", "n", axes=[1, 2, 3]), node("Div", "v n", "d"),
         node("Mul", "d g", "w"), node("Conv", "x w")],
        {"v": (8, 3, 3, 3), "g": (8, 1, 1, 1)},
    )  # fmt: skip

    assert [(w.name, w.count) for w in found.layers[0].weights] == [
        ("weight.v", 216), ("weight.g", 8),
    ]  # fmt: skip
    assert found.total.params == 224


def test_what_no_node_reads_is_unused() -> None:
    """A branch that leads nowhere is left out; whole numbers are no weights."""
    stored = {"w": (8, 3, 1, 1), "v": (5, 3, 3, 3), "n": (7,), "i": numbers(1, 2)}
    nodes = [node("Conv", "x v", "dead"), node("Conv", "x w", "y")]
    found = report(nodes, stored, outputs=["y"])

    assert words(found) == ["conv:8,k1,nobias"]
    assert (found.total.params, found.total.unused_params) == (24, 135 + 7)


def test_names_are_kept_and_unique() -> None:
    nodes = [
        node("Relu", "x", "a", "block/act"), node("Relu", "a", "b", "block/act"),
        node("Relu", "b", "c"), node("Split", "c", "d e", "parts", axis=2),
        node("Add", "d e", "f", "end\x1b[31m"),
    ]  # fmt: skip
    nodes[2].name = ""
    found = report(nodes, opset=12)

    assert [row.name for row in found.rows] == [
        "x", "block/act", "block/act#2", "c", "parts.0", "parts.1", "end�[31m",
    ]  # fmt: skip


def test_open_sizes_are_taken_from_the_input() -> None:
    """A size that the file leaves open is asked for; one that it gives may be replaced."""
    nodes = [node("Conv", "x w", "c"), node("GlobalAveragePool", "c", "g"), node("Flatten", "g")]
    opened = network(nodes, {"w": (8, 3, 3, 3)}, x=("n", 3, "h", None))
    given = network(nodes, {"w": (8, 3, 3, 3)})

    assert opened.input is None
    assert analyze(opened, (3, 20, 30)).rows[1].output_shape == (8, 18, 28)
    assert given.input == (3, 8, 8)
    assert analyze(given, (3, 20, 30)).rows[1].output_shape == (8, 18, 28)


def test_further_inputs_are_rows() -> None:
    """Their sizes are their own, or have the first one's names."""
    nodes = [node("Conv", "x w", "c"), node("Concat", "c y", axis=1)]
    found = report(
        nodes,
        {"w": (8, 3, 1, 1)},
        (3, 20, 30),
        x=("n", 3, "h", "w"),
        more={"y": ("n", 4, "h", "w")},
    )

    assert [(row.kind, row.inputs, row.output_shape) for row in found.rows[1:]] == [
        ("input", (), (4, 20, 30)), ("conv", (0,), (8, 20, 30)), ("cat", (2, 1), (12, 20, 30)),
    ]  # fmt: skip


def test_every_output_is_an_end() -> None:
    found = report(
        [node("Relu", "x", "a"), node("GlobalMaxPool", "a", "b"), node("Tanh", "a", "c")],
        outputs=["b", "c", "a"],
    )

    assert [found.rows[number].kind for number in found.outputs] == ["gmp", "tanh", "relu"]


def test_fields_go_through_a_turn_of_the_axes() -> None:
    """A model with channels last has its fields along height and width all the same."""
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", strides=[2, 1]),
    ]
    found = report(nodes, {"w": (8, 3, 5, 3)}, x=(1, 20, 30, 3))
    field = found.fields[-1].to_dict(found.frame)

    assert found.input == (20, 30, 3)
    assert (field["size"], field["jump"], field["status"]) == ([5, 3], [2, 1], "exact")


@pytest.mark.parametrize(
    ("kind", "size"),
    [("FLOAT16", 216), ("BFLOAT16", 216), ("DOUBLE", 864), ("FLOAT8E4M3FN", 108), ("INT4", 54)],
)
def test_weights_of_any_type(kind: str, size: int) -> None:
    """Parameters are counted from the shape, whatever the numbers are kept in."""
    model = onnx.load_from_string(built([node("Conv", "x w")]))
    weight = onnx.TensorProto(name="w", dims=[4, 3, 3, 3], raw_data=bytes(size))
    weight.data_type = onnx.TensorProto.DataType.Value(kind)
    model.graph.initializer.append(weight)

    assert analyze(parse_bytes(model.SerializeToString())).total.params == 108


def test_a_sparse_weight() -> None:
    model = onnx.load_from_string(built([node("Conv", "x w")]))
    values = onnx.numpy_helper.from_array(numpy.ones(2, "float32"), "w")
    places = onnx.numpy_helper.from_array(numpy.arange(2))
    sparse = onnx.helper.make_sparse_tensor(values, places, [4, 3, 3, 3])
    model.graph.sparse_initializer.append(sparse)

    assert analyze(parse_bytes(model.SerializeToString())).total.params == 108


def test_weights_that_were_taken_out() -> None:
    """Files are passed on without their weights' numbers: the shapes say how many there were."""
    model = onnx.load_from_string(built([node("Conv", "x w b")], {"w": (4, 3, 3, 3), "b": (4,)}))
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")

    assert analyze(parse_bytes(model.SerializeToString())).total.params == 112
