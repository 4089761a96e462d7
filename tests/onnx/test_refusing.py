"""What can't be followed is refused by name, and damaged or hostile files by a sentence."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from onnx import TensorProto, helper

from cnncalc import CnnCalcError, SpecError, analyze, parse
from cnncalc.notations.onnx.reading import loading, parse_bytes
from cnncalc.notations.onnx.reading.model import MAX_VALUES
from tests.library import traced
from tests.onnx.builders import model, node, numbers, report, tensor

CASES: dict[str, tuple[list[Any], dict[str, Any], str, dict[str, Any]]] = {
    "an operator that isn't known": (
        [node("Relu", "x", "a"), node("Det", "a", name="cell")], {},
        r"`cell` \(Det\): the operator `Det` isn't", {}),
    "one of another domain": (
        [helper.make_node("Fancy", ["x"], ["y"], "odd", domain="com.example")], {},
        r"`odd` \(Fancy\): the operator `Fancy` of `com.example`", {}),
    "the wrong channels": ([node("Conv", "x w")], {"w": (8, 4, 3, 3)},
                           "in_channels=4 but receives 3", {}),
    "the wrong features": ([node("Flatten", "x", "f"), node("Gemm", "f w")], {"w": (100, 10)},
                           "takes 100 features but 192 come in", {}),
    "a kernel too large": ([node("Conv", "x w")], {"w": (8, 3, 9, 9)}, "spans 9", {}),
    "a bias of the wrong size": ([node("Conv", "x w b")], {"w": (8, 3, 1, 1), "b": (5,)},
                                 "bias holds 5 values where 8 are needed", {}),
    "the batch moved": (
        [node("Transpose", "x", "a", perm=[1, 0, 2, 3]), node("GlobalMaxPool", "a")], {},
        "has the batch on axis 1, and this wants it in front", {}),
    "the batch torn": ([node("Reshape", "x s")], {"s": numbers(3, 8, 8, -1)},
                       "batch axis doesn't stay whole", {"x": (4, 3, 8, 8)}),
    "a map of the rows of all samples": (
        [node("Reshape", "x s", "a"), node("GlobalMaxPool", "a")], {"s": numbers(-1, 8)},
        "`gmp` works on a map but receives a vector", {"x": ("n", 3, 8, 8)}),
    "rows of all samples and what has others": (
        [node("Reshape", "x s", "a"), node("Reshape", "x t", "b"), node("Add", "a b")],
        {"s": numbers(-1, 8), "t": numbers(0, -1)},
        "in one axis with the batch and other data", {"x": (2, 3, 8, 8)}),
    "a product along the batch": (
        [node("Transpose", "x", "a", perm=[1, 0, 2]), node("MatMul", "a a")], {},
        "multiplies along the batch axis", {"x": (2, 4, 2)}),
    "the batch stretched": ([node("Expand", "x s")], {"s": numbers(6, 3, 8)},
                            "stretches the batch axis", {"x": (1, 3, 8)}),
    "pixels of a sequence": ([node("DepthToSpace", "x", blocksize=2)], {},
                             "works on maps of two spatial axes, not on 4×8", {"x": (1, 4, 8)}),
    "parts that are not equal": ([node("Split", "x", "a b", axis=1)], {},
                                 "3 are no 2 equal parts", {"opset": 13}),
    "a loop": ([node("Loop", "x", "y", "again")], {}, r"`again` \(Loop\): the operator `Loop`", {}),
    "an integer convolution": (
        [node("QLinearConv", "x s z w s z s z", name="q")],
        {"s": numbers(1, kind="float32").reshape(()), "z": numbers(0, kind="uint8").reshape(()),
         "w": numpy.zeros((8, 3, 3, 3), "uint8")}, r"`q` \(QLinearConv\): the operator", {}),
    "a name made twice": ([node("Relu", "x", "a"), node("Sigmoid", "x", "a")], {},
                          "makes `a`, which is there already", {}),
    "too many axes": ([node("Unsqueeze", "x", axes=list(range(1, 40)))], {},
                      "beyond any machine", {"opset": 11}),
    "the batch joined": ([node("Concat", "x x", axis=0)], {}, "joins along the batch axis", {}),
    "one sum of all samples": ([node("ReduceSum", "x")], {}, "one number of all samples",
                               {"x": (2, 3, 8, 8)}),
    "the batch summed": ([node("ReduceSum", "x axes")], {"axes": numbers(0, 1)},
                         "runs along the batch axis", {}),
    "the batch summed, and its logarithm": (
        [node("ReduceLogSum", "x axes")], {"axes": numbers(0, 1)}, "runs along the batch axis",
        {"opset": 18}),
    "the batch cut": ([node("Slice", "x s e a")],
                      {"s": numbers(0), "e": numbers(1), "a": numbers(0)}, "cuts the batch axis",
                      {"x": (2, 3, 8, 8)}),
    "the batch of one meeting another axis": (
        [node("GlobalMaxPool", "x", "g"), node("Flatten", "g", "f"), node("Add", "x f")], {},
        "the batch of one would meet another axis", {}),
    "a shape that can't be": ([node("Reshape", "x s")], {"s": numbers(0, 5, -1)},
                              "can't hold the", {}),
    "a flip of a long axis": ([node("Slice", "x s e a t")],
                              {"s": numbers(-1), "e": numbers(-9999), "a": numbers(2),
                               "t": numbers(-1)}, "too many positions", {"x": (1, 3, 2000)}),
    "a choice between two data by a stored mask": (
        [node("Relu", "x", "y"), node("Where", "m x y")], {"m": numpy.array([True] * 8)},
        "a choice between two data", {}),
    "what is no number": ([node("IsNaN", "x", "n"), node("Cast", "n", to=1)], {},
                          "which values are no numbers", {}),
    "a name that nothing makes": ([node("Relu", "nothing")], {}, "`nothing`, which nothing", {}),
    "an input left out": ([node("Conv", "x")], {}, "needs `weight`", {}),
    "a further output": ([node("Dropout", "x", "a mask"), node("Relu", "mask")], {},
                         "a further output of `Dropout1`", {}),
    "an input of open sizes": ([node("Add", "x y")], {}, r"an input \(`y`\) whose sizes",
                               {"more": {"y": ("n", "c", 8, 8)}}),
    "a resize of the channels": ([node("Resize", "x _ s")],
                                 {"s": numbers(1, 2, 1, 1, kind="float32")},
                                 "resizes the batch or the channels", {}),
    "numbers that depend on too much": (
        [node("Range", "a b c", "r"), node("Reshape", "x r")],
        {"a": numbers(0).reshape(()), "b": numbers(10**12).reshape(()),
         "c": numbers(1).reshape(())}, "are not known here", {}),
    "no output of data": ([node("Shape", "x")], {}, "no output depends on the data", {}),
    "a shape of too many axes": ([node("Reshape", "x s")], {"s": numpy.arange(60_000)},
                                 "a tensor of 60,000 axes is beyond any machine", {}),
    "an order of too many": ([node("Transpose", "x", perm=list(range(90_000)))], {},
                             r"\[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …\] is no order of 4", {}),
    "an empty map in an order that keeps nothing": (
        [node("MaxPool", "x", "p", kernel_shape=[9, 9]), node("Reshape", "p s", allowzero=1)],
        {"s": numbers(1, 0, 3, 0)}, "`sizes` can't be 0", {}),
    "an axis that isn't there": ([node("Concat", "x x", axis=7)], {}, "no axis 7", {}),
    "a group norm by groups": ([node("GroupNormalization", "x s b", num_groups=3)],
                               {"s": (1,), "b": (1,)}, "declares scale=1 but receives 3",
                               {"opset": 18}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_is_refused(case: tuple[Any, ...]) -> None:
    """A sentence with the node, its operator and its line."""
    nodes, stored, message, options = case
    with pytest.raises(SpecError, match=message) as caught:
        report(nodes, stored, **options)

    if "no output" not in message:
        assert caught.value.file == "model.onnx"
        assert caught.value.line in range(1, len(nodes) + 1)
        assert caught.value.message.startswith("node `")


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Conv", "x w", pads=[7] * 1_000_000)],
        [node("Z" * 3_000_000, "x")],
        [node("Relu", "y" * 3_000_000)],
        [
            node("Relu", "x", name="n" * 3_000_000),
            node("Transpose", "x", name="m" * 3_000_000, perm=[1, 0]),
        ],
    ],
    ids=["numbers", "operator", "input", "names"],
)
def test_a_message_is_no_longer_than_anyone_reads(nodes: list[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        report(nodes, {"w": (8, 3, 3, 3)})

    assert len(caught.value.message) + len(caught.value.source_line or "") < 2_000


@pytest.mark.parametrize(
    ("target", "shape"),
    [((0, -1), (0,)), ((1, 0, -1), (3, 0)), ((-1, 3, 0, 0), None), ((0, 0, 0, 0), (3, 0, 0))],
)
def test_an_empty_map_in_another_shape(target: tuple[int, ...], shape: Any) -> None:
    """A pool whose windows don't fit gives no places, which some exporters go on with."""
    nodes = [node("MaxPool", "x", "p", kernel_shape=[9, 9]), node("Reshape", "p s")]
    if shape is None:
        with pytest.raises(SpecError, match="can't hold the 0 values"):
            report(nodes, {"s": numbers(*target)})
        return
    assert report(nodes, {"s": numbers(*target)}).rows[-1].output_shape == shape


def test_the_line_is_the_nodes_number() -> None:
    nodes = [node("Relu", "x", "a"), node("Conv", "a w", "b", "stem")]
    with pytest.raises(SpecError) as caught:
        report(nodes, {"w": (8, 4, 3, 3)})

    assert (caught.value.line, caught.value.source_line) == (2, "stem = Conv(a, w)")


def test_the_input_must_have_as_many_axes() -> None:
    with pytest.raises(SpecError, match="takes 3×8×8 but the input is 2×2×3×8×8"):
        report([node("Relu", "x")], {}, (2, 2, 3, 8, 8))
    with pytest.raises(SpecError, match="3×8 has an axis too few"):
        report([node("Relu", "x")], {}, (3, 8))
    found = report([node("Relu", "x")], x=("n", 3, "h", "w"))
    assert str(found.rows[-1].output_shape) == "(3, H, W)"


@pytest.mark.parametrize(
    "data",
    [b"", b"not a model", b"\x00" * 64, b"\xff" * 1000, b"PK\x03\x04" + b"zip" * 99,
     onnx.ModelProto(ir_version=8).SerializeToString()],
    ids=["empty", "text", "zeros", "ones", "zip", "no graph"],
)  # fmt: skip
def test_no_model_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(SpecError, match="`it` can't be read as an ONNX model"):
        parse_bytes(data, "it")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.onnx", "there is no file"), (tmp_path, "is a folder")):
        with pytest.raises(SpecError, match=why):
            parse(path, notation="onnx")
        with pytest.raises(SpecError, match="can't be read"):
            loading.load(str(path))


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.onnx"
    path.write_bytes(b"x" * 2000)
    monkeypatch.setattr(loading, "MAX_BYTES", 1999)

    with pytest.raises(SpecError, match="it has 2,000 bytes"):
        loading.load(str(path))


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(CnnCalcError, match="`onnx`, which isn't installed") as caught:
        parse_bytes(b"")
    assert (caught.value.code, caught.value.help) == ("no-onnx", "pip install 'cnncalc[onnx]'")


def test_data_in_other_files_is_never_opened(tmp_path: Path) -> None:
    """Its shape says all that is asked; its numbers are refused where they are needed."""
    outside = tensor("w", (8, 3, 3, 3))
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="/dev/zero")
    whole = tensor("s", numbers(0, -1))
    whole.ClearField("raw_data")
    whole.data_location = TensorProto.EXTERNAL
    whole.external_data.add(key="location", value=str(tmp_path / "absent"))

    read = onnx.ModelProto.FromString(model([node("Conv", "x w")], {}))
    read.graph.initializer.append(outside)
    assert analyze(parse_bytes(read.SerializeToString())).total.params == 216
    asked = onnx.ModelProto.FromString(model([node("Reshape", "x s")], {}))
    asked.graph.initializer.append(whole)
    with pytest.raises(SpecError, match="numbers of its input `s` are not known"):
        analyze(parse_bytes(asked.SerializeToString()))


def huge() -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Models that ask for far too much in few words."""
    many = numbers(2**31, 2**31)
    return [
        ("fill", [node("ConstantOfShape", "s", "c"), node("Add", "x c")], {"s": many}),
        ("tile", [node("ConstantOfShape", "s", "c"), node("Tile", "c r", "t"),
                  node("Add", "x t")], {"s": numbers(4), "r": numbers(2**40)}),
        ("expand", [node("Expand", "x s")], {"s": numbers(1, 2**40, 2**40, 2**40)}),
        ("repeat", [node("Tile", "x r")], {"r": numbers(1, 2**40, 1, 1)}),
        ("pad", [node("Pad", "x p")], {"p": numbers(0, 2**62, 0, 0, 0, 0, 0, 0)}),
        ("outer", [node("Range", "o n i", "r"), node("Unsqueeze", "r one", "c"),
                   node("Mul", "r c", "m"), node("Reshape", "m flat", "f"),
                   node("Reshape", "x f")],
         {"o": numbers(0).reshape(()), "n": numbers(MAX_VALUES).reshape(()),
          "i": numbers(1).reshape(()), "one": numbers(1), "flat": numbers(-1)}),
        ("resize", [node("Resize", "x _ s")], {"s": numbers(1, 1, 1e30, 1e30, kind="float32")}),
        ("split", [node("Split", "x", " ".join(f"o{n}" for n in range(3000)), axis=2,
                        num_outputs=3000)], {}),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "nodes", "stored"), huge(), ids=[each[0] for each in huge()])
def test_a_large_request_takes_no_memory(
    name: str, nodes: list[Any], stored: dict[str, Any]
) -> None:
    data = model(nodes, stored, opset=18 if name == "split" else 17)
    with traced() as taken:
        with pytest.raises(SpecError):
            analyze(parse_bytes(data))
        assert taken()[1] < 20_000_000


def test_long_work_on_numbers_is_cut_off() -> None:
    """Many operations on many numbers each: the budget ends before patience does."""
    nodes = [node("Range", "o n i", "r0")]
    nodes += [node("Add", f"r{n} i", f"r{n + 1}") for n in range(2000)]
    nodes += [node("Reshape", "x r2000")]
    stored = {
        "o": numbers(0).reshape(()), "n": numbers(MAX_VALUES).reshape(()),
        "i": numbers(1).reshape(()),
    }  # fmt: skip
    with pytest.raises(SpecError, match="too much working out"):
        report(nodes, stored)


def nested(depth: int) -> Any:
    """A function that calls another, and so on; the last calls the first."""
    return [
        helper.make_function(
            "own", f"F{n}", ["a"], ["b"],
            [helper.make_node(f"F{(n + 1) % depth}", ["a"], ["b"], domain="own")],
            [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)],
        )
        for n in range(depth)
    ]  # fmt: skip


def test_functions_that_call_each_other_end() -> None:
    call = helper.make_node("F0", ["x"], ["y"], "first", domain="own")
    with pytest.raises(SpecError, match="nested too deeply"):
        analyze(parse_bytes(model([call], functions=nested(3))))


def test_functions_that_multiply_end() -> None:
    """Each calls the next one ten times: the nodes are counted as they are followed."""
    functions = [
        helper.make_function(
            "own", f"F{n}", ["a"], ["b9"],
            [helper.make_node(f"F{n + 1}" if n < 29 else "Relu", [f"b{i - 1}" if i else "a"],
                              [f"b{i}"], domain="own" if n < 29 else "") for i in range(10)],
            [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)],
        )
        for n in range(30)
    ]  # fmt: skip
    call = helper.make_node("F0", ["x"], ["y"], "first", domain="own")
    with pytest.raises(SpecError, match="more than 50,000 nodes"):
        analyze(parse_bytes(model([call], functions=functions)))


def test_damaged_models_are_refused_or_read() -> None:
    """Bytes changed, cut and put in at random: never a traceback."""
    nodes = [
        node("Conv", "x w b", "c", pads=[1, 1, 1, 1]), node("Shape", "c", "s"),
        node("Gather", "s i", "g"), node("Unsqueeze", "g z", "u"),
        node("Concat", "u m", "t", axis=0), node("Reshape", "c t", "f"), node("Gemm", "f v", "y"),
    ]  # fmt: skip
    stored = {
        "w": (4, 3, 3, 3), "b": (4,), "i": numbers(0).reshape(()), "z": numbers(0),
        "m": numbers(-1), "v": (256, 10),
    }  # fmt: skip
    data = model(nodes, stored, x=("n", 3, 8, 8))
    assert analyze(parse_bytes(data)).total.params == 112 + 2560
    draw = random.Random(7)
    refused = sum(not _survives(_damaged(data, draw)) for _ in range(3000))

    assert refused > 500


def _damaged(data: bytes, draw: random.Random) -> bytes:
    part = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        # Most bytes are weights: the graph's words stand before them.
        place = draw.choice([draw.randrange(420), draw.randrange(len(part))])
        how = draw.randrange(3)
        if how == 0:
            part[place : place + 1] = bytes([draw.randrange(256)])
        elif how == 1:
            del part[place : place + draw.randint(1, 9)]
        else:
            part[place:place] = draw.randbytes(draw.randint(1, 5))
    return bytes(part)


def _survives(data: bytes) -> bool:
    """Whether the bytes are read; anything but a SpecError goes through."""
    try:
        analyze(parse_bytes(data), (3, 8, 8))
    except SpecError:
        return False
    return True
