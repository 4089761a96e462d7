"""Weights that a source ties, freezes or takes away."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import SpecError, analyze, convert, parse, verify
from cnncalc.layers.base import Shape
from cnncalc.report import Report
from tests.source.reading import net, refused

HEAD = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 3)
        self.bn = nn.BatchNorm2d(3)
        self.b = nn.Conv2d(3, 3, 3)
        {}
    def forward(self, x):
        return self.b(self.bn(self.a(x)))
"""


def report_of(line: str) -> Report:
    return analyze(parse(HEAD.format(line), notation="torch"), (3, 8, 8))


@pytest.mark.parametrize(
    ("line", "params", "trainable"),
    [
        ("pass", 174, 174),
        ("self.bn.weight.requires_grad = False", 174, 171),
        ("self.a.bias.requires_grad_(False)", 174, 171),
        ("self.a.requires_grad_(False)", 174, 90),
        ("self.b.weight.requires_grad = False", 174, 93),
        ("self.a.bias = None", 171, 171),
    ],
)
def test_freezing_and_taking_away(line: str, params: int, trainable: int) -> None:
    """Each tensor counts as trainable by itself; a bias that is None is none."""
    total = report_of(line).total

    assert (total.params, total.trainable) == (params, trainable)


# name: (lines of __init__, forward, input, (params, trainable, buffers, unused params, MACs))
KEPT: dict[str, tuple[str, str, Shape, tuple[int, int, int, int, int]]] = {
    "tied layers": (
        "self.a = nn.Linear(6, 6)\nself.b = nn.Linear(6, 6)\nself.b.weight = self.a.weight",
        "return self.b(self.a(x))",
        (6,),
        (48, 48, 0, 0, 72),
    ),
    "only the tied one runs": (
        "self.a = nn.Linear(6, 6)\nself.b = nn.Linear(6, 6)\nself.b.weight = self.a.weight",
        "return self.b(x)",
        (6,),
        (42, 42, 0, 6, 36),
    ),
    "a part of attention is frozen": (
        "self.a = nn.MultiheadAttention(4, 2, batch_first=True)\n"
        "self.a.in_proj_weight.requires_grad = False",
        "return self.a(x, x, x)[0]",
        (3, 4),
        (80, 32, 0, 0, 264),
    ),
    "the tied one first": (
        "self.a = nn.Conv2d(1, 4, 3)\nself.b = nn.ConvTranspose2d(4, 1, 3)\n"
        "self.b.weight = self.a.weight",
        "return self.b(self.a(self.b(self.a(x))))",
        (1, 8, 8),
        (41, 41, 0, 0, 5184),
    ),
    "turned round": (
        "self.w = nn.Parameter(torch.ones(4, 6))\nself.b = nn.Parameter(torch.ones(6))",
        "return F.linear(F.linear(x, self.w), self.w.t(), self.b)",
        (6,),
        (30, 30, 0, 0, 48),
    ),
    "parts": (
        "self.w = nn.Parameter(torch.ones(8, 3, 3, 3))",
        "return torch.cat([F.conv2d(x, self.w[:4]), F.conv2d(x, self.w[4:6])], 1)",
        (3, 8, 8),
        (216, 216, 0, 0, 5832),
    ),
    "a part of a layer's": (
        "self.c = nn.Conv2d(3, 8, 3)",
        "return F.conv2d(x, self.c.weight[:4], self.c.bias[:4]) * self.c.bias[4:].view(1, 4, 1, 1)",
        (3, 8, 8),
        (224, 224, 0, 0, 3888),
    ),
    "several in one": (
        "self.a = nn.Parameter(torch.ones(3, 1, 1))\nself.b = nn.Parameter(torch.ones(1))\n"
        "self.g = nn.Parameter(torch.ones(1), requires_grad=False)",
        "return x * (self.a + self.b) + self.a * self.g",
        (3, 8, 8),
        (5, 4, 0, 0, 0),
    ),
    "buffer": (
        "self.register_buffer('k', torch.tensor([[1.0, 2.0], [3.0, 4.0]]).repeat(3, 1, 1, 1))\n"
        "self.register_buffer('never', torch.zeros(7, 5))\nself.bn = nn.BatchNorm2d(4)",
        "return F.conv2d(F.pad(x, (1, 0, 1, 0), mode='reflect'), self.k, groups=3)",
        (3, 8, 8),
        (0, 0, 12 + 35 + 9, 8, 768),
    ),
    "constant": (
        "self.k = torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])",
        "return F.conv2d(x, self.k.expand(x.shape[1], -1, -1, -1), groups=x.shape[1])",
        (3, 8, 8),
        (0, 0, 0, 0, 588),
    ),
    "kept from training": (
        "self.k = nn.Parameter(torch.ones(2, 3, 1, 1), requires_grad=False)",
        "return F.conv2d(x, self.k)",
        (3, 8, 8),
        (6, 0, 0, 0, 384),
    ),
    "statistics of its own": (
        "self.bn = nn.BatchNorm2d(3)",
        "b = self.bn\nreturn F.batch_norm(x, b.running_mean, b.running_var, b.weight, b.bias)",
        (3, 8, 8),
        (6, 6, 7, 0, 0),
    ),
    "weight norm": (
        "self.a = nn.utils.weight_norm(nn.Conv2d(3, 4, 3))\n"
        "self.b = nn.utils.parametrizations.weight_norm(nn.ConvTranspose2d(4, 2, 3), dim=1)\n"
        "self.c = nn.utils.weight_norm(nn.Linear(8, 3), dim=None)",
        "return self.c(self.b(self.a(x)))",
        (3, 8, 8),
        (116 + 76 + 28, 220, 0, 0, 6864),
    ),
    "spectral norm": (
        "self.a = nn.utils.spectral_norm(nn.Conv2d(3, 4, 3))\n"
        "self.b = nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(4, 2, 3))\n"
        "self.c = nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(8, 3)))",
        "return self.c(self.b(self.a(x)))",
        (3, 8, 8),
        (112 + 74 + 27, 213, 31 + 38, 0, 6864),
    ),
}


def kept(name: str) -> tuple[str, Shape]:
    init, forward, shape, _ = KEPT[name]
    return net(init, forward), shape


@pytest.mark.parametrize("name", KEPT)
def test_tensors_of_the_source(name: str) -> None:
    """Each tensor counts once, where it is first used, whatever step works with it."""
    text, shape = kept(name)
    total = analyze(parse(text, notation="torch"), shape).total
    found = (total.params, total.trainable, total.buffers, total.unused_params, total.macs)

    assert found == KEPT[name][3]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("name", KEPT)
def test_torch_counts_the_same(name: str) -> None:
    torch = pytest.importorskip("torch")
    text, shape = kept(name)
    names: dict[str, Any] = {}
    exec(text, names)
    model = names["Net"]().eval()
    total = analyze(parse(text, notation="torch"), shape).total

    assert sum(each.numel() for each in model.parameters()) == total.params + total.unused_params
    assert sum(each.numel() for each in model.buffers()) == total.buffers
    assert tuple(model(torch.zeros(2, *shape)).shape[1:]) == report_shape(text, shape)


def report_shape(text: str, shape: Shape) -> Shape:
    report = analyze(parse(text, notation="torch"), shape)
    return report.rows[report.outputs[0]].output_shape


@pytest.mark.parametrize("name", KEPT)
def test_the_bundled_executor_agrees(name: str) -> None:
    text, shape = kept(name)
    found = verify(parse(text, notation="torch"), shape).verify

    assert found is not None
    assert found["ok"], found["mismatches"]


def test_where_tied_weights_are_counted() -> None:
    """The first step has them; one of the same kind and size shares them, another has the rest."""
    text, shape = kept("the tied one first")
    rows = analyze(parse(text, notation="torch"), shape).layers

    assert [(row.name, row.params, row.shares) for row in rows] == [
        ("a", 40, None),
        ("b", 1, None),
        ("a#2", 0, 1),
        ("b#2", 0, 2),
    ]


@pytest.mark.parametrize("to", ["compact", "torch", "keras", "onnx"])
def test_what_no_other_notation_can_say(to: str) -> None:
    """A layer written anew would hold a weight of its own."""
    text, shape = kept("tied layers")
    with pytest.raises(SpecError, match="`b` works with tensors that a layer of its own") as caught:
        convert(parse(text, notation="torch"), to, shape)

    assert caught.value.code == "unsayable"


MISFITS = {
    "a bias of another size": (
        "self.w = nn.Parameter(torch.ones(8, 3, 3, 3))\nself.b = nn.Parameter(torch.ones(5))",
        "return F.conv2d(x, self.w, self.b)",
        "the bias of this `conv2d` holds 5 values where 8 are needed",
    ),
    "weights of another rank": (
        "self.w = nn.Parameter(torch.ones(8, 3, 3))",
        "return F.conv2d(x, self.w)",
        "`conv2d` takes weights of 4 axes, and these have 3",
    ),
    "weights from the input": (
        "self.c = nn.Conv2d(3, 3, 3)",
        "return F.conv2d(x, self.c(x))",
        "the weight of this `conv2d` is worked out from the input",
    ),
    "no weights": (
        "self.w = 3",
        "return F.linear(x, self.w)",
        "weights are wanted here, not a whole number",
    ),
    "nothing to take apart": (
        "self.a = nn.utils.weight_norm(nn.ReLU())",
        "return self.a(x)",
        "`weight_norm` takes a module with a `weight` of its own",
    ),
    "no such axis": (
        "self.a = nn.utils.spectral_norm(nn.Linear(8, 8), dim=2)",
        "return self.a(x)",
        "`spectral_norm` of a weight without an axis 2",
    ),
    "another tool": (
        "self.a = nn.utils.parametrizations.orthogonal(nn.Linear(8, 8))",
        "return self.a(x)",
        "`nn.utils.orthogonal` changes a layer's weights",
    ),
}


@pytest.mark.parametrize(("init", "forward", "message"), MISFITS.values(), ids=MISFITS)
def test_tensors_that_do_not_fit(init: str, forward: str, message: str) -> None:
    assert message in refused(net(init, forward), (3, 8, 8)).message


def test_a_name_bound_anew_leaves_what_read_it_before() -> None:
    """At the top level a variable's old value is what an earlier statement took."""
    source = """
from keras import Input, Model, layers
inputs = Input((8, 8, 3))
x = layers.Conv2D(1, 1)(inputs)
m = layers.ReLU()(x)
x = layers.Conv2D(7, 1)(inputs)
model = Model(inputs, [m, x])
"""
    report = analyze(parse(source, notation="keras"))

    assert [end["shape"] for end in report.to_dict()["outputs"]] == [[8, 8, 1], [8, 8, 7]]
    assert report.total.params == 4 + 28
