"""Weights that a source ties, freezes or takes away."""

from __future__ import annotations

import pytest

from cnncalc import SpecError, analyze, parse
from cnncalc.report import Report

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


def test_tied_weights_are_refused() -> None:
    """A weight of two layers would be counted twice: better no answer than a wrong one."""
    with pytest.raises(SpecError, match="tied weights can't be followed") as caught:
        report_of("self.b.weight = self.a.weight")

    assert caught.value.help


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
