"""LSTM, GRU and RNN nodes as PyTorch's exporter writes them, and what is done with their states."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from cnncalc import SpecError
from tests.onnx.builders import node, numbers, report, words

X = ("n", 7, 6)  # samples, steps, features
FIRST = node("Transpose", "x", "t", perm=[1, 0, 2])
LSTM = node("LSTM", "t w r b _ h h", "y yh yc", hidden_size=5)
ONE = {"w": (1, 20, 6), "r": (1, 20, 5), "b": (1, 40), "h": (1, 1, 5)}
BOTH = {"w": (2, 15, 6), "r": (2, 15, 5), "b": (2, 30)}
GRU = node("GRU", "t w r b", "y yh", hidden_size=5, direction="bidirectional",
           linear_before_reset=1)  # fmt: skip
ONE_WAY = node("Squeeze", "y one", "s")
SIDE = [node("Transpose", "y", "a", perm=[0, 2, 1, 3]), node("Reshape", "a side", "s")]
COUNTS = {"one": numbers(1), "side": numbers(0, 0, -1), "zero": numbers(0).reshape(()),
          "last": numbers(-1).reshape(()), "first": numbers(0), "rows": numbers(-1, 10),
          "back": numbers(7, -1, 3), "linear": (5, 3), "bias": (3,), "wide": (10, 3),
          "pair": numbers(0, -1)}  # fmt: skip

READ: dict[str, tuple[list[Any], dict[str, Any], str, tuple[int, ...], int]] = {
    "the batch in front again, and a linear layer": (
        [FIRST, LSTM, ONE_WAY, node("Transpose", "s", "u", perm=[1, 0, 2]),
         node("MatMul", "u linear", "v"), node("Add", "bias v")],
        ONE, "lstm:5,axis=-1 linear:3,axis=-1", (7, 3), 260 + 18),
    "a linear layer and a softmax before the batch": (
        [FIRST, GRU, *SIDE, node("MatMul", "s wide", "v"), node("Add", "v bias", "z"),
         node("LogSoftmax", "z", axis=2)],
        BOTH, "gru:5,bidirectional,axis=-1 linear:3,axis=-1 logsoftmax:axis=1", (7, 3), 390 + 33),
    "rows of all steps and samples": (
        [FIRST, GRU, *SIDE, node("Reshape", "s rows", "m"), node("Gemm", "m wide bias", "g"),
         node("Reshape", "g back")],
        BOTH, "gru:5,bidirectional,axis=-1 linear:3,axis=-1", (7, 3), 390 + 33),
    "the last step": (
        [FIRST, LSTM, ONE_WAY, node("Gather", "s last", axis=0)],
        ONE, "lstm:5,axis=-1 slice:6..7 flatten", (5,), 260),
    "steps cut": (
        [FIRST, LSTM, ONE_WAY, node("Slice", "s first one first", "c"),
         node("Transpose", "c", perm=[1, 2, 0])],
        ONE, "lstm:5,axis=-1 slice:0..1 permute:1x0", (5, 1), 260),
    "both states of one direction": (
        [FIRST, LSTM, node("Gather", "yh zero", "a", axis=0), node("Squeeze", "yc first", "c"),
         node("Add", "a c")],
        ONE, "lstm:5,axis=-1 state:5 state:5,cell add", (5,), 260),
    "the states of both directions": (
        [FIRST, GRU, node("Gather", "yh zero", "a", axis=0), node("Gather", "yh last", "c", axis=0),
         node("Concat", "a c", axis=1)],
        BOTH, "gru:5,bidirectional,axis=-1 state:5,at=0 state:5 cat", (10,), 390),
    "the states of both directions side by side": (
        [FIRST, GRU, node("Transpose", "yh", "a", perm=[1, 0, 2]), node("Reshape", "a pair")],
        BOTH, "gru:5,bidirectional,axis=-1 state:5,at=0 state:5 cat", (10,), 390),
    "directions cut, as an axis like others": (
        [FIRST, GRU, node("Slice", "y first one one", "c"), node("Squeeze", "c one")],
        BOTH, "gru:5,bidirectional,axis=-1 unflatten:2x5,axis=1 slice:0..1,axis=1 flatten:end=1",
        (7, 5), 390),
    "sizes of what comes out at all steps": (
        [FIRST, LSTM, node("Transpose", "y", "v", perm=[0, 2, 1, 3]), node("Shape", "v", "z"),
         node("Slice", "z first two", "front"), node("Concat", "front whole", "size", axis=0),
         node("Reshape", "v size", "u"), node("Transpose", "u", perm=[1, 0, 2])],
        {**ONE, "two": numbers(2), "whole": numbers(-1)}, "lstm:5,axis=-1", (7, 5), 260),
    "rows of all steps, directions and samples": (
        [FIRST, LSTM, node("Reshape", "y rows5", "v"), node("MatMul", "v linear")],
        {**ONE, "rows5": numbers(-1, 5)},
        "lstm:5,axis=-1 unflatten:1x5,axis=1 linear:3,nobias,axis=-1", (7, 1, 3), 275),
    "the largest of the last state": (
        [FIRST, LSTM, node("ReduceMax", "yh", axes=[0, 2], keepdims=0)],
        ONE, "lstm:5,axis=-1 state:5 unflatten:1x5 reduce:max,axes=0x1", (), 260),
    "states of two layers": (
        [FIRST, LSTM, ONE_WAY,
         node("RNN", "s v q", "z zh", hidden_size=5, activations=["Relu"], direction="reverse"),
         node("Concat", "yh zh", "all", axis=0), node("Gather", "all last", axis=0)],
        {**ONE, "v": (1, 5, 5), "q": (1, 5, 5)},
        "lstm:5,axis=-1 rnn:5,backwards,nobias,axis=-1,activation=relu state:5", (5,), 310),
}  # fmt: skip


@pytest.mark.parametrize("case", READ.values(), ids=READ.keys())
def test_is_read(case: tuple[Any, ...]) -> None:
    nodes, stored, layers, shape, params = case
    found = report(nodes, {**COUNTS, **stored}, (7, 6), x=X)

    assert " ".join(words(found)) == layers
    assert found.rows[-1].output_shape == shape
    assert found.total.params == params


def test_states_that_are_outputs() -> None:
    found = report([FIRST, GRU], BOTH, (7, 6), x=X, outputs=["y", "yh"])

    assert [found.rows[number].output_shape for number in found.outputs] == [(7, 10), (5,), (5,)]

    twice = [FIRST, GRU, node("Identity", "yh", "z")]
    found = report(twice, BOTH, (7, 6), x=X, outputs=["yh", "z"])
    assert [row.kind for row in found.layers] == ["gru", "state", "state"]


def test_biases_of_one_stored_tensor_count_once() -> None:
    found = report([FIRST, LSTM], ONE, (7, 6), x=X)

    assert [(each.name, each.shape) for each in found.layers[-1].weights] == [
        ("weight_ih_l0", (1, 20, 6)), ("weight_hh_l0", (1, 20, 5)), ("bias_ih_l0", (1, 40))
    ]  # fmt: skip


REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "no sequence": ([node("LSTM", "x w r b", "y", hidden_size=5)], {"x": ("n", 6)},
                    "sequences, steps × features, not on 6"),
    "the batch in front": ([node("LSTM", "x w r b", "y", hidden_size=5)], {},
                           "takes axis 1 for the batch"),
    "other features": ([FIRST, LSTM], {"w": (1, 20, 8)}, "takes 8 features but 6 come in"),
    "another size of state": ([FIRST, LSTM], {"r": (1, 20, 4)}, "holds 80 values where 100"),
    "peepholes": ([FIRST, node("LSTM", "t w r b _ _ _ p", "y", hidden_size=5)], {"p": (1, 15)},
                  "peepholes"),
    "another activation": (
        [FIRST, node("LSTM", "t w r", "y", hidden_size=5, activations=["Tanh", "Elu", "Tanh"])], {},
        "its activations, tanh, elu, tanh, can't"),
    "a word that is no direction": (
        [FIRST, node("LSTM", "t w r", "y", hidden_size=5, direction="up")], {},
        "no direction `up`"),
    "a learned cell alone": (
        [FIRST, node("LSTM", "t w r b _ _ h", "y", hidden_size=5)],
        {"h": numpy.ones((1, 1, 5), "float32")}, "starts from other than zeros"),
    "a pool of steps": ([FIRST, LSTM, ONE_WAY, node("MaxPool", "s", kernel_shape=[2])], {},
                        "has the batch on axis 1, and this wants it in front"),
    "a third state": ([FIRST, LSTM, node("Gather", "yh two", axis=0)], {"two": numbers(2)},
                      "not among 1 states"),
    "more states than layers": (
        [FIRST, LSTM, node("Concat", "yh yh", "c0", axis=0),
         *(node("Concat", f"c{n} c{n}", f"c{n + 1}", axis=0) for n in range(60))], {},
        "puts 2,048 states together"),
    "states turned": ([FIRST, LSTM, node("Transpose", "yh", perm=[2, 0, 1])], {}, "turns states"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_is_refused(case: tuple[Any, ...]) -> None:
    nodes, changed, message = case
    size = changed.get("x", X)
    stored = {name: value for name, value in changed.items() if name != "x"}
    with pytest.raises(SpecError, match=message):
        report(nodes, {**COUNTS, **ONE, **stored}, size[1:], x=size)


def test_learned_states_are_weights() -> None:
    """The same tensor for the state and the cell counts once."""
    ones = {"h": numpy.ones((1, 1, 5), "float32")}
    found = report([FIRST, LSTM], {**COUNTS, **ONE, **ones}, (7, 6), x=X)

    (row,) = found.layers
    assert row.text == "lstm:5,learned,axis=-1"
    assert (row.weights[0].name, row.weights[0].count) == ("h_0", 5)
    assert row.params == report([FIRST, LSTM], {**COUNTS, **ONE}, (7, 6), x=X).layers[0].params + 5


def test_states_that_flow() -> None:
    """A vector in front of which an axis is put, and the states of another node."""
    vector = [node("ReduceMean", "x", "m", axes=[1], keepdims=0), node("Gemm", "m q", "g")]
    nodes = [
        *vector, node("Unsqueeze", "g zero", "h0"), FIRST,
        node("LSTM", "t w r b _ h0 h0", "y yh yc", hidden_size=5),
        node("LSTM", "t w r b _ yh yc", "z", hidden_size=5),
    ]  # fmt: skip
    stored = {**COUNTS, **ONE, "q": (6, 5), "zero": numbers(0)}
    found = report(nodes, stored, (7, 6), x=X, opset=17)

    rows = [row for row in found.layers if row.kind == "lstm"]
    assert [len(row.inputs) for row in rows] == [3, 3]
    with pytest.raises(SpecError, match="its initial_h is 1 × batch × 4, and it keeps 1 × batch"):
        report(nodes, {**stored, "q": (6, 4)}, (7, 6), x=X, opset=17)


def test_what_is_not_followed_ends_the_flow() -> None:
    """The rows until there are told."""
    with pytest.raises(SpecError) as caught:
        report([FIRST, LSTM, node("Det", "yh")], {**COUNTS, **ONE}, (7, 6), x=X)

    assert [row.text for row in caught.value.report.layers] == ["lstm:5,axis=-1"]
