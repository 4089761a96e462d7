"""Shape arithmetic, functions and branches are worked out; layers written out are put together."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
from onnx import AttributeProto, TensorProto, helper

from cnncalc import SpecError, analyze
from cnncalc.notations.onnx.reading import parse_bytes
from cnncalc.notations.onnx.reading.operators import OPERATORS
from tests.onnx.builders import model, network, node, numbers, report, words
from tests.source.reading import net

ONE = numpy.array(1)


@pytest.mark.parametrize("batch", [1, 4, "n"])
def test_a_flatten_that_asks_for_the_batch(batch: int | str) -> None:
    """x.view(x.size(0), -1), at a batch that is given or open."""
    nodes = [
        node("Shape", "x", "s"), node("Gather", "s zero", "b"), node("Unsqueeze", "b first", "u"),
        node("Concat", "u rest", "t", axis=0), node("Reshape", "x t"),
    ]  # fmt: skip
    stored = {"zero": numbers(0).reshape(()), "first": numbers(0), "rest": numbers(-1)}
    found = report(nodes, stored, (3, 5, 7), x=(batch, 3, "h", "w"))

    assert words(found) == ["flatten"]
    assert found.rows[-1].output_shape == (105,)


def test_a_pad_to_the_other_branch() -> None:
    """F.pad by differences of sizes, as U-Nets have it."""
    nodes = [
        node("MaxPool", "x", "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("ConvTranspose", "p w", "u", strides=[2, 2]),
        node("Shape", "x", "sx", start=2), node("Shape", "u", "su", start=2),
        node("Sub", "sx su", "d"), node("Div", "d two", "before"), node("Sub", "d before", "after"),
        node("Concat", "zeros before zeros after", "pads", axis=0), node("Pad", "u pads", "v"),
        node("Concat", "x v", axis=1),
    ]  # fmt: skip
    found = report(nodes, {"w": (3, 3, 2, 2), "two": numbers(2), "zeros": numbers(0, 0)},
                   (3, 7, 11), x=("n", 3, "h", "w"))  # fmt: skip

    assert found.layers[2].text == "pad:0:1"
    assert found.rows[-1].output_shape == (6, 7, 11)


def test_a_resize_to_the_size_of_another() -> None:
    nodes = [
        node("MaxPool", "x", "p", kernel_shape=[3, 3], strides=[2, 2]),
        node("Shape", "x", "s"), node("Slice", "s two four", "hw"), node("Shape", "p", "t"),
        node("Slice", "t zero two", "nc"), node("Cast", "hw", "i", to=TensorProto.INT64),
        node("Concat", "nc i", "size", axis=0), node("Resize", "p _ _ size", mode="linear"),
    ]  # fmt: skip
    stored = {"zero": numbers(0), "two": numbers(2), "four": numbers(4)}
    found = report(nodes, stored, (3, 9, 13), x=("n", 3, "h", "w"))

    assert words(found)[-1] == "upsample:size=9x13,mode=linear"


# What an operator makes of numbers, as NumPy has it: attributes, inputs, and the result.
FOLDS: dict[str, tuple[str, dict[str, Any], list[Any], Any]] = {
    "division toward zero": ("Div", {}, [numbers(-7, 7, -7), numbers(2, -2, -2)], [-3, -3, 3]),
    "division of fractions": ("Div", {}, [numbers(1, kind="float32"), numbers(4, kind="float32")],
                              [0.25]),
    "remainder": ("Mod", {}, [numbers(-7, 7), numbers(3, -3)], [2, -2]),
    "remainder of the dividend's sign": ("Mod", {"fmod": 1}, [numbers(-7, 7), numbers(3, -3)],
                                         [-1, 1]),
    "range": ("Range", {}, [numbers(5).reshape(()), numbers(-2).reshape(()),
                            numbers(-3).reshape(())], [5, 2, -1]),
    "where": ("Where", {}, [numpy.array([True, False]), numbers(1, 2), numbers(3, 4)], [1, 4]),
    "gather from the end": ("Gather", {}, [numbers(4, 5, 6), numbers(-1, 0)], [6, 4]),
    "slice backwards": ("Slice", {}, [numbers(1, 2, 3), numbers(-1), numbers(-9), numbers(0),
                                      numbers(-1)], [3, 2, 1]),
    "product": ("ReduceProd", {"keepdims": 0}, [numbers(2, 3, 4)], 24),
    "logarithm of a sum": ("ReduceLogSum", {"keepdims": 0}, [numbers(2, 3, 3, kind="float32")],
                           [math.log(8)]),
    "places": ("NonZero", {}, [numbers(0, 5, 0, 7)], [[1, 3]]),
    "expansion": ("Expand", {}, [numbers(3), numbers(2, 1)], [[3], [3]]),
    "least": ("Min", {}, [numbers(4, 9), numbers(7, 2)], [4, 2]),
    "no numbers": ("IsNaN", {}, [numbers(0, numpy.nan, numpy.inf, kind="float32")], [0, 1, 0]),
    "infinite ones": ("IsInf", {}, [numbers(-numpy.inf, 1, numpy.inf, kind="float32")], [1, 0, 1]),
    "infinite ones above": ("IsInf", {"detect_negative": 0},
                            [numbers(-numpy.inf, 1, numpy.inf, kind="float32")], [0, 0, 1]),
    "power": ("Pow", {}, [numbers(3, 5), numbers(2, 0)], [9, 1]),
    "cut off below": ("Clip", {}, [numbers(-3, 2, 9), numbers(1).reshape(())], [1, 2, 9]),
    "cut off at both ends": ("Clip", {}, [numbers(-3, 2, 9), numbers(1).reshape(()),
                                          numbers(4).reshape(())], [1, 2, 4]),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLDS.values(), ids=FOLDS.keys())
def test_numbers_are_worked_out(case: tuple[str, dict[str, Any], list[Any], Any]) -> None:
    """As the operator's definition has them; they arrive as the sizes of an Expand."""
    op, attributes, inputs, expected = case
    stored = {f"i{place}": value for place, value in enumerate(inputs)}
    nodes = [
        node(op, " ".join(stored), "r", **attributes),
        node("Cast", "r", "f", to=TensorProto.FLOAT), node("Cast", "want", "w", to=1),
        node("Equal", "f w", "e"), node("Cast", "e", "k", to=TensorProto.INT64),
        node("ReduceMin", "k", "least", keepdims=0), node("Shape", "r", "shape"),
        node("Concat", "shape tail", "all", axis=0), node("Unsqueeze", "least front", "l1"),
        node("Add", "l1 more", "target"), node("Concat", "batch target", "size", axis=0),
        node("Expand", "x size"),
    ]  # fmt: skip
    stored |= {"want": numpy.asarray(expected), "more": numbers(1), "batch": numbers(1),
               "tail": numbers(1), "front": numbers(0)}  # fmt: skip
    found = report(nodes, stored, x=(1, 1))

    assert found.rows[-1].output_shape == (2,)  # 1 + 1 where all numbers are as expected


def test_every_operator_exists() -> None:
    """The names in the table are ONNX's."""
    from onnx.defs import has

    assert [name for name in OPERATORS if not has(name)] == []


def test_functions_of_the_file() -> None:
    """Their attributes are put in their places, and their nodes named after the call."""
    block = helper.make_function(
        "own", "Block", ["a", "w"], ["y"],
        [helper.make_node("Conv", ["a", "w"], ["c"], "conv"),
         helper.make_node("LeakyRelu", ["c"], ["y"], "act")],
        [helper.make_opsetid("", 17)], attributes=["slope"],
    )  # fmt: skip
    block.node[1].attribute.add(name="alpha", ref_attr_name="slope", type=AttributeProto.FLOAT)
    calls = [
        helper.make_node("Block", ["x", "w"], ["one"], "first", domain="own", slope=0.1),
        helper.make_node("Block", ["one", "v"], ["two"], "second", domain="own", slope=0.3),
    ]
    data = model(calls, {"w": (8, 3, 1, 1), "v": (4, 8, 1, 1)}, functions=[block])
    found = analyze(parse_bytes(data))

    assert [(row.name, row.text) for row in found.layers] == [
        ("first/conv", "conv:8,k1,nobias"), ("first/act", "leakyrelu:0.1"),
        ("second/conv", "conv:4,k1,nobias"), ("second/act", "leakyrelu:0.3"),
    ]  # fmt: skip


@pytest.mark.parametrize(("rank", "expected"), [(4, ["relu", "tanh"]), (3, ["sigmoid", "tanh"])])
def test_the_branch_that_is_taken(rank: int, expected: list[str]) -> None:
    """If with a condition that is known; the branch sees the names around it."""
    branches = {
        name: helper.make_graph(
            [node(op, "x", f"{name} out")], name, [],
            [helper.make_tensor_value_info(f"{name} out", TensorProto.FLOAT, None)],
        )
        for name, op in (("then_branch", "Relu"), ("else_branch", "Sigmoid"))
    }  # fmt: skip
    for branch in branches.values():
        branch.node[0].output[0] = branch.output[0].name
        del branch.node[0].output[1:]
    nodes = [
        node("Shape", "x", "s"), node("Size", "s", "n"), node("Equal", "n four", "c"),
        node("If", "c", "y", "choice", **branches), node("Tanh", "y"),
    ]  # fmt: skip
    found = report(nodes, {"four": numbers(4).reshape(())}, x=(1, 3, 8, 8)[:rank])

    assert words(found) == expected


def test_a_condition_that_depends_on_the_data_is_refused() -> None:
    branch = helper.make_graph(
        [node("Relu", "x", "out")], "b", [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
    )  # fmt: skip
    with pytest.raises(SpecError, match="where stored numbers are expected"):
        report([node("If", "x", "y", then_branch=branch, else_branch=branch)])


def group_norm(ones: float = 1.0) -> tuple[list[Any], dict[str, Any]]:
    """PyTorch's GroupNorm as its exporters write it."""
    nodes = [
        node("Reshape", "x three", "r"), node("InstanceNormalization", "r s b", "i"),
        node("Shape", "x", "back"), node("Reshape", "i back", "g"),
        node("Mul", "g w", "m"), node("Add", "m v", "y", "norm"),
    ]  # fmt: skip
    stored = {
        "three": numbers(0, 3, -1), "s": numbers(*[ones] * 3, kind="float32"), "b": (3,),
        "w": (6, 1, 1), "v": (6, 1, 1),
    }  # fmt: skip
    return nodes, stored


def test_group_norm_is_put_together() -> None:
    found = report(*group_norm(), x=(1, 6, 8, 8))

    assert [(row.name, row.text, row.params) for row in found.layers] == [("norm", "gn:3", 12)]


def test_group_norm_with_a_scale_of_its_own_is_not() -> None:
    """An instance norm that does something is what it is."""
    found = report(*group_norm(ones=0.5), x=(1, 6, 8, 8))

    assert words(found) == ["reshape:3x128", "in:affine", "reshape:6x8x8", "scale", "shift"]


def layer_norm(square: str) -> list[Any]:
    """Layer norm in small operators, as exporters wrote it before operator set 17."""
    return [
        node("ReduceMean", "x", "m", axes=[-1]), node("Sub", "x m", "d"),
        node("Pow", "d two", "q") if square == "Pow" else node("Mul", "d d", "q"),
        node("ReduceMean", "q", "v", axes=[-1]), node("Add", "v e", "a"), node("Sqrt", "a", "r"),
        node("Div", "d r", "n"), node("Mul", "n w", "s"), node("Add", "s b", "y"),
    ]  # fmt: skip


STORED = {
    "two": numpy.array(2, "float32"), "e": numpy.array(1e-5, "float32"), "w": (8,), "b": (8,),
}  # fmt: skip


@pytest.mark.parametrize("square", ["Pow", "Mul"])
def test_layer_norm_is_put_together(square: str) -> None:
    found = report(layer_norm(square), STORED)

    assert [(row.text, row.params) for row in found.layers] == [("ln:axes=2", 16)]


def test_what_is_read_elsewhere_is_not_put_together() -> None:
    """The mean is used once more, so the steps stay."""
    nodes = [*layer_norm("Pow"), node("Add", "y m", "z")]
    found = report(nodes, STORED)

    assert len(found.layers) == 10
    assert "ln:axes=2" not in words(found)


GELUS = {
    "torch": [node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "a"),
              node("Mul", "x a", "m"), node("Mul", "m half")],
    "halved before": [node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "a"),
                      node("Mul", "x half", "h"), node("Mul", "h a")],
    "halved first": [node("Mul", "half x", "h"), node("Div", "x root", "d"), node("Erf", "d", "e"),
                     node("Add", "one e", "a"), node("Mul", "a h")],
}  # fmt: skip
CONSTANTS = {
    name: numpy.array(value, "float32")
    for name, value in {"root": 2**0.5, "one": 1, "half": 0.5}.items()
}


@pytest.mark.parametrize("nodes", GELUS.values(), ids=GELUS.keys())
def test_gelu_is_put_together(nodes: list[Any]) -> None:
    assert words(report(nodes, CONSTANTS)) == ["gelu"]


def test_softplus_is_put_together() -> None:
    """PyTorch keeps large values as they are."""
    nodes = [
        node("Softplus", "x", "s"), node("Greater", "x limit", "c"), node("Where", "c x s"),
    ]  # fmt: skip
    assert words(report(nodes, {"limit": numpy.array(20, "float32")})) == ["softplus"]


@pytest.mark.parametrize("compared", [("Greater", "x low"), ("Less", "low x")])
def test_a_threshold_is_put_together(compared: tuple[str, str]) -> None:
    nodes = [node(*compared, "c"), node("Where", "c x high")]
    stored = {"low": numpy.array(-0.5, "float32"), "high": numpy.array(2, "float32")}
    assert words(report(nodes, stored)) == ["threshold:-0.5,value=2"]


TURNED = [
    node("Reshape", "x lines", "l"), node("Transpose", "l", "t", perm=[0, 2, 1]),
    node("ReduceMean", "t", "mean", axes=[0, 1], keepdims=0),
    node("ReduceMean", "t", "kept", axes=[0, 1]), node("Sub", "t kept", "less"),
    node("Mul", "less less", "squares"),
    node("ReduceMean", "squares", "variance", axes=[0, 1], keepdims=0),
]  # fmt: skip
LINES = {"lines": numbers(0, 3, -1), "w": (3,), "b": (3,)}


def test_a_batch_norm_without_statistics() -> None:
    """PyTorch works those of the batch out in the file, channels last."""
    found = report([*TURNED, node("BatchNormalization", "x w b mean variance")], LINES)

    assert words(found) == ["bn:nostats"]
    assert found.total.params == 6


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (node("Sub", "x mean"), "(ReduceMean): it runs along the batch axis"),
        (node("BatchNormalization", "y w b mean variance"), "are those of other data"),
        (node("BatchNormalization", "kept w b mean variance"), "it runs along the batch axis"),
        (node("BatchNormalization", "x mean b mean variance"), "2 is numbers taken along the"),
    ],
)
def test_what_else_is_worked_out_of_the_batch(last: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        report([*TURNED, node("Relu", "x", "y"), last], LINES)

    assert message in caught.value.message


def test_all_values_of_one_sample_and_back() -> None:
    """view(-1) at a batch of one, as as_strided has it."""
    nodes = [
        node("Reshape", "x flat", "f"), node("Gather", "f places", "g"), node("Relu", "g"),
    ]  # fmt: skip
    stored = {"flat": numbers(-1), "places": numpy.arange(192).reshape(1, 12, 4, 4)}
    found = report(nodes, stored)

    assert found.rows[-1].output_shape == (12, 4, 4)


def test_a_shape_for_one_sample_in_a_file_with_an_open_batch() -> None:
    found = report([node("Reshape", "x s")], {"s": numbers(1, 192)}, x=("n", 3, 8, 8))

    assert words(found) == ["flatten"]


def test_a_network_is_traced_anew_at_each_size() -> None:
    nodes = [node("GlobalAveragePool", "x", "g"), node("Flatten", "g", "f"), node("Gemm", "f w")]
    read = network(nodes, {"w": (3, 5)}, x=(None, 3, None, None))

    assert [analyze(read, (3, n, n)).rows[1].macs for n in (4, 9)] == [0, 0]
    assert analyze(read, (3, 4, 4)).total == analyze(read, (3, 4, 4)).total
    with pytest.raises(SpecError, match="takes 3 features but 4 come in"):
        analyze(read, (4, 4, 4))


def without_nan(data: str, number: str = "zero") -> list[Any]:
    """As PyTorch's exporter has it behind the softmax of attention with a mask."""
    return [
        node("Softmax", "x", "s", axis=-1), node("IsNaN", "s", "n"),
        node("Where", f"n {number} {data}", "w"), node("Relu", "w"),
    ]  # fmt: skip


def test_what_is_no_number_is_made_one() -> None:
    stored = {"zero": numbers(0, kind="float32").reshape(())}

    assert words(report(without_nan("s"), stored)) == ["softmax:axis=2", "relu"]


def test_it_is_made_one_wherever_the_batch_stands() -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node("Softmax", "t", "s", axis=-1),
        node("IsNaN", "s", "n"), node("Where", "n zero s", "w"),
        node("Transpose", "w", perm=[1, 0, 2]),
    ]  # fmt: skip
    stored = {"zero": numbers(0, kind="float32").reshape(())}

    assert words(report(nodes, stored, x=("n", 4, 6))) == ["softmax:axis=1"]


@pytest.mark.parametrize(("data", "number"), [("x", "zero"), ("s", "map")])
def test_other_choices_by_what_is_no_number_are_refused(data: str, number: str) -> None:
    stored = {"zero": numbers(0, kind="float32").reshape(()), "map": (3, 8, 8)}

    with pytest.raises(SpecError, match="which values are no numbers can't be followed"):
        report(without_nan(data, number), stored)


@pytest.mark.parametrize("batch", [1, "n"])
@pytest.mark.parametrize(
    ("noise", "inputs", "sizes"),
    [("RandomNormalLike", "x", {}), ("RandomUniformLike", "x", {}),
     ("RandomNormal", "", {"shape": [1, 3, 8, 8]})],
)  # fmt: skip
def test_noise_is_no_weight(batch: Any, noise: str, inputs: str, sizes: dict[str, Any]) -> None:
    """As in variational autoencoders; the same of the source's `randn_like`."""
    nodes = [node(noise, inputs, "r", **sizes), node("Mul", "x r", "m"), node("Add", "x m")]
    found = report(nodes, x=(batch, 3, 8, 8))
    source = analyze(net("", "return x + x * torch.randn_like(x)"), (3, 8, 8))

    assert words(found) == [row.text for row in source.layers]
    assert found.total.params == 0
