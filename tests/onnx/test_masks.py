"""Comparisons, truths and choices: ones and zeros among the data, with the runtime's values."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from onnx import TensorProto

from cnncalc import analyze
from cnncalc.notations.onnx.reading import parse_bytes
from cnncalc.notations.onnx.writing import write_report
from tests.onnx.builders import model, network, node, numbers, report, runs, words

FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL
NUMBERS = {
    "zero": numpy.array(0, "float32"), "half": numpy.array(0.5, "float32"),
    "two": numpy.array(2, "float32"), "least": numpy.array(-numpy.inf, "float32"),
    "row": numpy.array([0.5, -0.5, 0.25, 1], "float32"),
    "even": numpy.array([True, False, True, False]), "one": numpy.array(1, "float32"),
}  # fmt: skip
X = ("n", 3, 4, 4)


def as_float(*nodes: Any) -> list[Any]:
    return [*nodes, node("Cast", "m", "f", to=FLOAT)]


CASES: dict[str, tuple[list[Any], str]] = {
    "a hard mask": (
        [*as_float(node("Greater", "x half", "m")), node("Mul", "f x")],
        "rescale:1,offset=-0.5 sign relu mul"),
    "where it is less": (
        [*as_float(node("Less", "x half", "m"))], "rescale:-1,offset=0.5 sign relu"),
    "where it is larger than 0": ([*as_float(node("Greater", "x zero", "m"))], "sign relu"),
    "where 0 is larger": ([*as_float(node("Greater", "zero x", "m"))], "rescale:-1 sign relu"),
    "where it is as large": (
        [*as_float(node("GreaterOrEqual", "x zero", "m"))],
        "rescale:-1 sign relu rescale:-1,offset=1"),
    "where it is no larger": (
        [*as_float(node("LessOrEqual", "x zero", "m"))], "sign relu rescale:-1,offset=1"),
    "where it is a number": (
        [node("Round", "x", "r"), *as_float(node("Equal", "r one", "m"))],
        "round rescale:1,offset=-1 sign abs rescale:-1,offset=1"),
    "where it is larger than other data": (
        [node("GlobalAveragePool", "x", "g"), *as_float(node("Greater", "x g", "m"))],
        "gap:keep sub sign relu"),
    "local maxima": (
        [node("MaxPool", "x", "p", kernel_shape=[3, 3], pads=[1] * 4),
         *as_float(node("Equal", "p x", "m")), node("Mul", "x f")],
        "maxpool:3,s1,p1 sub sign abs rescale:-1,offset=1 mul"),
    "truths together": (
        [node("Greater", "x zero", "a"), node("Less", "x half", "b"), node("And", "a b", "c"),
         node("Not", "c", "d"), *as_float(node("Or", "d a", "m"))],
        "sign relu rescale:-1,offset=0.5 sign relu mul rescale:-1,offset=1 maximum"),
    "one of two truths": (
        [node("Greater", "x zero", "a"), node("Greater", "x half", "b", "second"),
         *as_float(node("Xor", "a b", "m"))],
        "sign relu rescale:1,offset=-0.5 sign relu sub abs"),
    "a mask read twice is made once": (
        [node("Greater", "x zero", "m"), node("Cast", "m", "a", to=FLOAT),
         node("Cast", "m", "b", "again", to=FLOAT), node("Add", "a b")],
        "sign relu add"),
    "a slope below 0": (
        [node("Greater", "x zero", "m"), node("Mul", "x half", "h"), node("Where", "m x h")],
        "rescale:0.5 sign relu mul rescale:-1,offset=1 mul add"),
    "a number where it is below 0": (
        [node("Less", "x zero", "m"), node("Where", "m two x")],
        "rescale:-1 sign relu rescale:2 rescale:-1,offset=1 mul add"),
    "zeros where it is below 0": (
        [node("Less", "x zero", "m"), node("Where", "m zero x")],
        "rescale:-1 sign relu rescale:-1,offset=1 mul"),
    "two numbers": (
        [node("Less", "x zero", "m"), node("Where", "m two half")],
        "rescale:-1 sign relu rescale:1.5,offset=0.5"),
    "what is left out of a softmax": (
        [node("Less", "x zero", "m"), node("Where", "m least x", "w"),
         node("Softmax", "w", axis=-1)],
        "rescale:-1 sign relu rescale:-1000000000 rescale:-1,offset=1 mul add softmax:axis=2"),
    "a flip": (
        [node("Slice", "x i j k l")], "slice:3..4,axis=2 slice:2..3,axis=2 slice:1..2,axis=2 "
        "slice:0..1,axis=2 cat:axis=2"),
}  # fmt: skip
FLIPPED = {"i": numbers(-1), "j": numbers(-99), "k": numbers(3), "l": numbers(-1)}


def run(data: bytes, x: Any) -> Any:
    """What the runtime makes of the first input."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options)
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_is_read(case: tuple[list[Any], str]) -> None:
    nodes, layers = case
    assert " ".join(words(report(nodes, NUMBERS | FLIPPED, (3, 4, 4), x=X))) == layers


@runs
@pytest.mark.parametrize("nodes", [case[0] for case in CASES.values()], ids=CASES.keys())
def test_has_the_same_values(nodes: list[Any]) -> None:
    """The steps, written as a file again, make of numbers what the file makes of them."""
    data = model(nodes, NUMBERS | FLIPPED, x=X)
    written = write_report(analyze(parse_bytes(data), (3, 4, 4)), weights="made")
    x = numpy.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype("float32")

    wanted, found = run(data, x), run(written.model.SerializeToString(), x)
    some = ~numpy.isnan(wanted)  # a softmax of nothing is no number there

    assert some.any()
    assert numpy.allclose(wanted[some], found[some], atol=1e-6)


@pytest.mark.parametrize("nodes", [
    [node("Where", "even x zero")], [node("Where", "even least x")],
    [node("Where", "even x row")],
    [node("Greater", "x zero", "m"), node("And", "m even", "k"), node("Cast", "k", to=FLOAT)],
])  # fmt: skip
def test_a_stored_mask_is_no_step(nodes: list[Any]) -> None:
    """As in sources: which values those are changes no size and no count."""
    assert words(report(nodes, NUMBERS, (3, 4, 4), x=X)) in ([], ["sign", "relu"])


def test_a_mask_stretches_what_it_chooses_from() -> None:
    nodes = [node("Where", "mask x zero")]
    found = report(nodes, {**NUMBERS, "mask": numpy.ones((5, 4), bool)}, (1, 4), x=("n", 1, 4))

    assert [row.output_shape for row in found.layers] == [(5, 4)]


def test_truths_are_outputs_as_they_are() -> None:
    found = report([node("Greater", "x half", name="cut")], NUMBERS, (3, 4, 4), x=X)

    assert [(row.name, row.text) for row in found.layers] == [
        ("cut/sub", "rescale:1,offset=-0.5"), ("cut/sign", "sign"), ("cut", "relu"),
    ]  # fmt: skip


def test_what_it_is_compared_with_may_be_learned() -> None:
    nodes = [node("Less", "x t", "m"), node("Cast", "m", "f", to=FLOAT), node("Mul", "f x")]
    found = report(nodes, {"t": (3, 1, 1)}, (3, 4, 4), x=X)

    assert words(found) == ["rescale:-1", "shift", "sign", "relu", "mul"]
    assert found.total.params == 3


def test_the_field_of_a_mask_is_that_of_what_it_is_made_of() -> None:
    nodes = [
        node("MaxPool", "x", "p", kernel_shape=[3, 3], pads=[1] * 4),
        *as_float(node("Greater", "p half", "m")), node("Mul", "x f"),
    ]  # fmt: skip
    found = report(nodes, NUMBERS, (3, 9, 9), x=("n", 3, 9, 9))

    assert found.fields[len(found.layers)].to_dict(found.frame)["size"] == [3, 3]


def test_words_that_are_left_out() -> None:
    """The padding of a text: a comparison of the whole numbers that name the words."""
    nodes = [
        node("Equal", "words pad", "m"), node("Unsqueeze", "m axes", "a"),
        node("Cast", "a", "f", to=FLOAT), node("Gather", "table words", "e"), node("Mul", "e f"),
    ]  # fmt: skip
    stored = {"pad": numpy.array(0, "int64"), "axes": numbers(2), "table": (30, 8)}
    data = model(nodes, stored, x=("n", 5))
    import onnx

    made = onnx.ModelProto.FromString(data)
    made.graph.input[0].name = "words"
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    found = analyze(parse_bytes(made.SerializeToString()))

    assert found.rows[-1].output_shape == (5, 8)
    assert found.total.params == 240


@pytest.mark.parametrize("opset", [9, 13, 18])
@pytest.mark.parametrize(("keep", "op"), [(0, "ReduceMin"), (1, "ReduceMax")])
@pytest.mark.parametrize("batch", [1, "n"])
def test_one_number_of_all(opset: int, keep: int, op: str, batch: Any) -> None:
    """`x - x.min()`: of a sample, which is all there is at a batch of one."""
    nodes = [node(op, "x", "one", keepdims=keep), node("Sub", "x one", "y")]
    found = report(nodes, x=(batch, 3, 4, 4), opset=opset)

    kept = ",keep" if keep else ""
    layers = ["reduce:" + op[6:].lower() + ",axes=0x1x2" + kept]
    layers += [] if keep else ["reshape:1x1x1"]
    assert words(found) == [*layers, "sub"]
    assert found.rows[-1].output_shape == (3, 4, 4)


@pytest.mark.parametrize("keep", [0, 1])
def test_one_number_with_axes_as_an_input(keep: int) -> None:
    nodes = [node("ReduceMax", "x axes", "one", keepdims=keep), node("Div", "x one", "y")]
    found = report(nodes, {"axes": numbers(0, -1, 1, 2)}, x=(1, 3, 4, 4), opset=18)

    assert found.rows[-1].output_shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("opset", "slope", "text", "params"),
    [(6, (3,), "prelu:3", 3), (6, (1,), "prelu", 1), (9, (3, 1, 1), "prelu:3", 3),
     (16, (1, 3, 1, 1), "prelu:3", 3), (16, (1, 1, 1), "prelu", 1), (16, (3,), "prelu:3", 3),
     (16, (4,), "prelu:shared=0x1", 4)],
)  # fmt: skip
def test_slopes(opset: int, slope: tuple[int, ...], text: str, params: int) -> None:
    """Before operator set 7 those of the channels, which later files still hold."""
    found = report([node("PRelu", "x s")], {"s": slope}, x=(1, 3, 4, 4), opset=opset)

    assert (words(found), found.total.params) == ([text], params)


def test_masks_of_masks_stay_bounded() -> None:
    """A thousand truths of each other are as many steps."""
    nodes = [node("Greater", "x zero", "m0")]
    nodes += [node("Or", f"m{n} m{n}", f"m{n + 1}", name=f"or{n}") for n in range(1000)]
    found = analyze(network(nodes, NUMBERS, x=X), (3, 4, 4))

    assert len(found.layers) == 1002
