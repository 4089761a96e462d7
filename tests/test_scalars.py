"""A sample that is one number has the size (), `scalar`: read, worked out, run and written."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnncalc
from cnncalc import SpecError, analyze
from cnncalc.layers import LAYERS, Layer
from cnncalc.layers.base import Shape
from tests.conftest import Command
from tests.executors.common import verified
from tests.verification.standing_in import installed_or_skip

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(12, 1)
        self.scale = nn.Parameter(torch.ones(1))
    def forward(self, x):
        b = x.size(0)
        x = self.fc(x.view(b, -1))
        {}
"""
# How a forward ends, and what a sample of it is.
ENDS: dict[str, Shape] = {
    "return x.view(b)": (),
    "return x.reshape(b)": (),
    "return x.view(-1)": (),
    "return x.squeeze()": (),
    "return x.squeeze(-1)": (),
    "return x.squeeze(1) * self.scale": (),
    "return x[:, 0]": (),
    "return x.flatten()": (),
    "return x.flatten(0, 1)": (),
    "return x.mean(1)": (),
    "return x.mean(dim=(1,), keepdim=True)": (1,),
    "return x.amax(dim=-1)": (),
    "return torch.sigmoid(x.squeeze(1)) * 2 + 1": (),
    "x = x.squeeze(1); return x + x": (),
    "x = x.squeeze(1); return x.unsqueeze(1)": (1,),
    "x = x.squeeze(1); return x[:, None]": (1,),
    "x = x.squeeze(1); return x[:, None, None]": (1, 1),
    "x = x.squeeze(1); return x.view(b, 1, 1)": (1, 1),
    "x = x.squeeze(1); return x.view(-1, 1)": (1,),
    "x = x.squeeze(1); return torch.stack([x, x], 1)": (2,),
    "x = x.squeeze(1); return F.softmax(x, dim=0)": (),
    "x = x.squeeze(1); return F.normalize(F.log_softmax(x, 0), dim=0)": (),
}


@pytest.mark.parametrize("end", ENDS)
def test_of_pytorch_source(end: str) -> None:
    report = analyze(NET.format(end), (3, 2, 2))

    assert report.rows[report.outputs[0]].output_shape == ENDS[end]
    assert report.total.params + report.total.unused_params == 14
    assert report.to_dict()["output"]["shape"] == list(ENDS[end])


@pytest.mark.parametrize("end", ENDS)
def test_as_pytorch_has_it(end: str) -> None:
    from tests.frameworks.live_pytorch import torch_or_skip

    torch = torch_or_skip()
    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    exec(NET.format(end), names)

    assert tuple(names["Net"]()(torch.rand(5, 3, 2, 2)).shape) == (5, *ENDS[end])


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("x = x.squeeze(1); return self.fc(x)", "`linear` works on features or maps but receives"),
        ("x = x.squeeze(1); return x.mean(1)", "a tensor of 1 axes has no axis 1"),
        ("x = x.squeeze(1); return x.sum()", "one number for the whole batch"),
        ("x = x.squeeze(1); return torch.flatten(x, 1)", "a tensor of 1 axes has no axis 1"),
    ],
)
def test_what_needs_an_axis(end: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(NET.format(end), (3, 2, 2))
    assert said in caught.value.message
    if caught.value.code == "scalar":
        assert caught.value.help == "`x.unsqueeze(1)` makes a vector of it"


KERAS = "x = keras.Input((4, 4, 3))\ny = layers.Dense(1)(layers.Flatten()(x))\ny = {}\n"


@pytest.mark.parametrize(
    ("end", "shape"),
    [
        ("layers.Reshape(())(y)", ()),
        ("keras.ops.squeeze(y, axis=-1)", ()),
        ("keras.ops.mean(y, axis=-1)", ()),
        ("keras.ops.mean(x, axis=(1, 2, 3))", ()),
        ("layers.Activation('tanh')(layers.Reshape(())(y))", ()),
        ("layers.Reshape((1,))(layers.Reshape(())(y))", (1,)),
        ("keras.ops.expand_dims(keras.ops.squeeze(y, axis=-1), -1)", (1,)),
    ],
)
def test_of_keras_source(end: str, shape: Shape) -> None:
    report = analyze(KERAS.format(end) + "model = keras.Model(x, y)")

    assert report.rows[report.outputs[0]].output_shape == shape


SPECS = (
    "3x8x8 reduce:mean,axes=all relu",
    "3x8x8 gap linear:1 reshape:scalar sigmoid",
    "12 linear:1 reshape:scalar reshape:1 linear:3",
    "3x8x8 conv:1,k8 flatten reshape:scalar add[relu | tanh] mul[ | ] scale shift",
    "4 cat[ reduce:sum reshape:1 | ] linear:2",
    "12 linear:1 reshape:scalar softmax:axis=batch rescale:2",
)


@pytest.mark.parametrize("spec", SPECS)
def test_they_are_worked_out_and_run(spec: str, command: Command) -> None:
    for name in ("shape", "params", "rf"):
        assert command(name, spec).code == 0
        assert command(name, spec, "--columns", "all").code == 0
    assert command("rf", spec, "--center").code == 0
    assert verified("bundled", spec)["ok"]


@pytest.mark.parametrize("executor", ["torch", "keras", "onnxruntime"])
@pytest.mark.parametrize("spec", SPECS)
def test_they_run_elsewhere(spec: str, executor: str) -> None:
    installed_or_skip(executor)
    found = verified(executor, spec)

    assert (found["ok"], found["mismatches"]) == (True, [])


@pytest.mark.parametrize("to", ["compact", "torch", "keras", "onnx", "mermaid"])
@pytest.mark.parametrize("spec", SPECS)
def test_they_are_written(spec: str, to: str) -> None:
    if to == "onnx":
        pytest.importorskip("onnx")
    if to == "keras" and " scale" in spec:
        return  # Keras would make a weight of its last axis, which is the batch
    report, written = analyze(spec), cnncalc.convert(spec, to)
    if not isinstance(written, str) or to == "mermaid":
        return
    size = report.input if to == "torch" else None
    again = analyze(cnncalc.parse(written, notation=to), size)

    assert again.rows[again.outputs[0]].output_shape == report.rows[-1].output_shape
    assert again.total == report.total._replace(activation_bytes=again.total.activation_bytes)


def test_an_order_of_one_value_is_written() -> None:
    written = str(cnncalc.convert("1x1x1 reshape:scalar,order=last", "torch"))

    assert analyze(written, (1, 1, 1)).rows[-1].output_shape == ()


def test_onnx_files() -> None:
    pytest.importorskip("onnx")
    from tests.onnx.builders import node, numbers, report

    dense = [node("Flatten", "x", "f"), node("Gemm", "f w b", "g", transB=1)]
    stored = {"w": (1, 192), "b": (1,), "one": numbers(1), "all": numbers(-1)}
    for end in (
        [node("Squeeze", "g one", "y")],
        [node("Reshape", "g all", "y")],
        [node("ReduceMean", "g", "y", axes=[1], keepdims=0)],
        [node("Squeeze", "g one", "s"), node("Sigmoid", "s", "y")],
    ):
        for x in ((1, 3, 8, 8), ("N", 3, 8, 8)):
            found = report([*dense, *end], stored, (3, 8, 8), x=x)
            assert found.rows[found.outputs[0]].output_shape == ()


def test_they_are_shown_and_expected(command: Command) -> None:
    words = ("shape", "12", "linear:1", "reshape:scalar")

    assert "1  linear:1        1 " in command(*words).out
    assert "2  reshape:scalar  scalar\n" in command(*words).out
    for size in ("scalar", "()"):
        assert command(*words, "--expect", size).code == 0
    ran = command(*words, "--expect", "1")
    assert (ran.code, ran.err) == (1, "missed: the output is scalar, not 1\n")
    assert json.loads(command(*words, "--json").out)["output"] == {"shape": []}
    assert command(*words, "-f", "csv", "--columns", "output").out == "output_shape\n1\nscalar\n"


def kinds() -> list[type[Layer]]:
    return [kind for kind in LAYERS.values() if kind.kind != "input"]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind)
def test_every_kind_takes_them_or_says_no(kind: type[Layer]) -> None:
    """A kind that is element-wise must compute them; another says so, and never stumbles."""
    word = kind.example().strip("`") + ("[|]" if kind.arity == "many" else "")
    made = "input:scalar" if kind.kind == "embedding" else "12 linear:1 reshape:scalar"
    spec = f"{made} {word}"
    try:
        report = analyze(spec)
    except SpecError as error:
        assert error.code in ("scalar", "reshape", "bad-value", "too-many-values")  # noqa: PT017
        return
    assert report.rows[-1].output_shape == ((16,) if kind.kind == "embedding" else ())
    assert verified("bundled", spec)["ok"]
