"""What a file computes from the size of the data is no weight; what it stores is, at any size."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto

from cnncalc import Network, analyze
from tests.onnx.builders import constant, network, node, numbers, words

FLOAT = TensorProto.FLOAT
SIZES = ((3, 8, 8), (3, 6, 10), (3, 300, 240))  # in the last the grid's numbers aren't looked at
Stored = dict[str, Any]
Pattern = tuple[list[Any], Stored, int]  # nodes, what the file stores, its weights


def number(value: float) -> Any:
    return numpy.array(value, "float32")


SIDES = [
    node("Shape", "x", "shape"),
    node("Gather", "shape two", "h"), node("Gather", "shape three", "w"),
    node("Unsqueeze", "h first", "h1"), node("Unsqueeze", "w first", "w1"),
    node("Concat", "h1 w1", "hw", axis=0), node("Mul", "h1 w1", "places"),
]  # fmt: skip
PLACES = {
    "two": numpy.array(2), "three": numpy.array(3), "first": numbers(0), "one": numbers(1),
    "from": number(0), "step": number(1), "half": number(0.5), "batch": numbers(1),
}  # fmt: skip
COUNTED = [
    node("Cast", "h", "hf", to=FLOAT), node("Cast", "w", "wf", to=FLOAT),
    node("Range", "from hf step", "rows"), node("Range", "from wf step", "columns"),
]  # fmt: skip
CONV = {"k": (4, 3, 1, 1), "b": (4,)}  # 16 weights


def anchors() -> Pattern:
    """The points and strides of a detector's head, as YOLOv8 has them."""
    nodes = [
        *SIDES, *COUNTED, node("Add", "rows half", "sy"), node("Add", "columns half", "sx"),
        node("Unsqueeze", "sy one", "y1"), node("Expand", "y1 hw", "yy"),
        node("Unsqueeze", "sx first", "x1"), node("Expand", "x1 hw", "xx"),
        node("Unsqueeze", "yy last", "ya"), node("Unsqueeze", "xx last", "xa"),
        node("Concat", "xa ya", "pair", axis=-1), node("Reshape", "pair points", "p"),
        node("Transpose", "p", "pt", perm=[1, 0]), node("Unsqueeze", "pt first", "grid"),
        node("Concat", "places one", "column", axis=0), node("ConstantOfShape", "column", "zeros"),
        node("Add", "zeros stride", "st"), node("Transpose", "st", "strides", perm=[1, 0]),
        node("Conv", "x k b", "c"), node("Flatten", "c", "unread"),
        node("Reshape", "c lines", "l"), node("Split", "l", "lt rb", axis=1),
        node("Sub", "grid lt", "u"), node("Add", "grid rb", "v"),
        node("Concat", "u v", "box", axis=1), node("Mul", "box strides"),
    ]  # fmt: skip
    more = {"last": numbers(-1), "points": numbers(-1, 2), "stride": number(8),
            "lines": numbers(0, 4, -1)}  # fmt: skip
    return nodes, PLACES | CONV | more, 16


def priors() -> Pattern:
    """Sizes of boxes that the file stores, spread over a grid: six numbers at any size."""
    nodes = [
        *SIDES, node("Concat", "batch six hw", "target", axis=0),
        node("Expand", "boxes target", "e"),
        node("Conv", "x k b", "c"), node("Mul", "c e"),
    ]  # fmt: skip
    stored = {"six": numbers(6), "k": (6, 3, 1, 1), "b": (6,), "boxes": (1, 6, 1, 1)}
    return nodes, PLACES | stored, 24 + 6


def positions() -> Pattern:
    """Learned positions cut to the map, and turned to its size."""
    nodes = [
        *SIDES, node("Conv", "x k b", "c"), node("Slice", "table zeros hw axes", "cut"),
        node("Add", "c cut", "d"), node("Shape", "d", "ds"),
        node("Resize", "small _ _ ds", "turned", mode="linear"), node("Add", "d turned"),
    ]  # fmt: skip
    stored = {"table": (1, 4, 400, 400), "small": (1, 4, 5, 5), "zeros": numbers(0, 0),
              "axes": numbers(2, 3)}  # fmt: skip
    return nodes, PLACES | CONV | stored, 16 + 4 * 400 * 400 + 4 * 5 * 5


def waves() -> Pattern:
    """Sines of the places, beside the data and added to it."""
    nodes = [
        *SIDES, *COUNTED, node("Sin", "columns", "s"), node("Cos", "s", "q"),
        node("Sigmoid", "q", "g"), node("Concat", "batch one hw", "map", axis=0),
        node("Expand", "g map", "e"), node("Concat", "x e", "j", axis=1),
        node("Conv", "j k b", "c"), node("Add", "c g"),
    ]  # fmt: skip
    return nodes, PLACES | {"k": (4, 4, 1, 1), "b": (4,)}, 20


def fresh_norm() -> Pattern:
    """A norm whose scale and shift are ones and zeros of a width that is asked for."""
    nodes = [
        *SIDES, node("Conv", "x k b", "c"), node("ConstantOfShape", "w1", "no"),
        node("Expand", "step w1", "yes"), node("LayerNormalization", "c yes no"),
    ]  # fmt: skip
    return nodes, PLACES | CONV, 16


def sizes() -> Pattern:
    """A map brought to the size of another by sizes and by factors."""
    nodes = [
        *SIDES, node("Conv", "x k b", "c"),
        node("MaxPool", "c", "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("Concat", "batch four hw", "all", axis=0), node("Resize", "p _ _ all", "r"),
        node("Shape", "p", "sp"), node("Cast", "sp", "spf", to=FLOAT),
        node("Cast", "all", "f", to=FLOAT),
        node("Div", "f spf", "factors"), node("Resize", "p _ factors", "q"), node("Add", "r q"),
    ]  # fmt: skip
    return nodes, PLACES | CONV | {"four": numbers(4)}, 16


def states() -> Pattern:
    """A first state of zeros beside the data, and tokens that the file stores before it."""
    nodes = [
        *SIDES, node("Concat", "batch two1 hw", "map", axis=0), node("ConstantOfShape", "map", "z"),
        node("Concat", "x z", "j", axis=1), node("Conv", "j k b", "c"),
        node("Reshape", "c lines", "l"), node("Concat", "token l", axis=2),
    ]  # fmt: skip
    stored = {"two1": numbers(2), "k": (4, 5, 1, 1), "b": (4,), "lines": numbers(0, 4, -1),
              "token": (1, 4, 1)}  # fmt: skip
    return nodes, PLACES | stored, 24 + 4


def places_in_a_table() -> Pattern:
    """Rows of a table for each place: all of the table is stored."""
    nodes = [
        *SIDES, node("Range", "zero w plus", "i"), node("Gather", "table i", "rows"),
        node("Transpose", "rows", "t", perm=[1, 0]), node("Unsqueeze", "t one", "u"),
        node("Conv", "x k b", "c"), node("Add", "c u"),
    ]  # fmt: skip
    stored = {"table": (500, 4), "zero": numpy.array(0), "plus": numpy.array(1)}
    return nodes, PLACES | CONV | stored, 16 + 2000


PATTERNS = (anchors, priors, positions, waves, fresh_norm, sizes, states, places_in_a_table)


def counts(read: Network) -> list[int]:
    return [analyze(read, size).total.params for size in SIZES]


def written(stored: Stored) -> tuple[list[Any], Stored]:
    """The numbers of the program as nodes, as torch.onnx has them."""
    program = {k: v for k, v in stored.items() if not isinstance(v, tuple)}
    nodes = [node("Constant", "", k, value=tensor(k, v)) for k, v in program.items()]
    return nodes, {k: v for k, v in stored.items() if k not in program}


def tensor(name: str, values: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(numpy.asarray(values), name)


@pytest.mark.parametrize("batch", [1, "n"])
@pytest.mark.parametrize("as_nodes", [False, True], ids=["simplified", "as exported"])
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.__name__)
def test_weights_are_what_the_file_stores(pattern: Any, as_nodes: bool, batch: Any) -> None:
    """Numbers of the program stored as initialisers, as simplifiers do, or in nodes."""
    nodes, stored, weights = pattern()
    stored = stored | ({"batch": numbers(1)} if batch == 1 else {})
    if batch == "n":
        nodes = [node("Shape", "x", "b1", start=0, end=1), *nodes]
        stored = {k: v for k, v in stored.items() if k != "batch"}
        nodes[0].output[0] = "batch"
    first, stored = written(stored) if as_nodes else ([], stored)
    read = network([*first, *nodes], stored, x=(batch, 3, "h", "w"), opset=17)

    assert counts(read) == [weights] * len(SIZES)


def test_a_weight_of_a_stored_size_is_one() -> None:
    """Files whose weights were taken out make them by their sizes."""
    nodes = [node("ConstantOfShape", "size", "k"), node("Conv", "x k")]
    read = network(nodes, {"size": numbers(4, 3, 1, 1)}, x=(1, 3, "h", "w"))

    assert counts(read) == [12] * len(SIZES)


def test_a_kernel_that_the_file_writes_for_all_channels() -> None:
    """Nine numbers in a node that a convolution takes as its weight, whatever they become."""
    nodes = [
        constant("blur", numpy.ones((1, 1, 3, 3)) / 9), node("Shape", "x", "c", start=1, end=2),
        node("Concat", "c rest", "target", axis=0), node("Expand", "blur target", "k"),
        node("Conv", "x k", group=3),
    ]  # fmt: skip
    read = network(nodes, {"rest": numbers(1, 3, 3)}, x=(1, 3, "h", "w"))

    assert words(analyze(read, SIZES[0])) == ["conv:3,k3,g3,nobias"]
    assert counts(read) == [9] * len(SIZES)


# A grid begins as one of these, is changed by some of the others, and meets the data.
BEGINNINGS = {
    "counted": [node("Expand", "columns map", "g0")],
    "zeros": [node("ConstantOfShape", "map", "z"), node("Add", "z half", "g0")],
    "spread": [node("Expand", "half map", "g0")],
    "stored": [node("Expand", "v map", "g0")],
    "asked": [node("Cast", "map", "m", to=FLOAT), node("ReduceProd", "m", "r", keepdims=0),
              node("Expand", "r map", "g0")],
}  # fmt: skip
CHANGES = {
    "moved": "Add {} half", "scaled": "Mul half {}", "learned": "Mul {} v", "by rows": "Sub {} u",
    "turned": "Sin {}", "doubled": "Add {} {}", "less": "Max {} half", "same": "Identity {}",
    "cast": "Cast {}", "squashed": "Tanh {}",
}  # fmt: skip
ENDS = ("Add x {}", "Mul {} x", "Sub {} x", "Concat x {}", "PRelu x {}")


@given(
    st.sampled_from(sorted(BEGINNINGS)),
    st.lists(st.sampled_from(sorted(CHANGES)), max_size=4),
    st.sampled_from(ENDS),
)
def test_the_count_does_not_depend_on_the_size(begin: str, changes: list[str], end: str) -> None:
    """A law: any grid, from any beginning; what it holds of stored tensors is counted once."""
    nodes = [*SIDES, *COUNTED, node("Concat", "batch one1 hw", "map", axis=0), *BEGINNINGS[begin]]
    for place, change in enumerate(changes):
        op, *inputs = CHANGES[change].format(f"g{place}", f"g{place}").split()
        options = {"to": FLOAT} if op == "Cast" else {}
        nodes.append(node(op, " ".join(inputs), f"g{place + 1}", **options))
    op, *inputs = end.format(f"g{len(changes)}").split()
    nodes.append(node(op, " ".join(inputs), "y", **({"axis": 1} if op == "Concat" else {})))
    stored = PLACES | {"one1": numbers(1), "v": (1, 1, 1, 1), "u": (1, 1, 1, 1)}
    used = {"v"} & {begin.replace("stored", "v")} | {"v" for c in changes if c == "learned"}
    used |= {"u" for change in changes if change == "by rows"}

    assert counts(network(nodes, stored, x=(1, 3, "h", "w"))) == [len(used)] * len(SIZES)
