"""Recurrent layers of live modules: by torch.fx, by torch.export, and as their source is read."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc import analyze
from tests.frameworks.live_pytorch import torch_or_skip
from tests.live.test_torch import exported
from tests.test_recurrent import CRNN

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, while it exports

MODEL = """
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = {layer}
        self.fc = nn.Linear(12, 3)

    def forward(self, x):
        {forward}
"""
BOTH = "nn.LSTM(8, 6, bidirectional=True"
CASES = {
    "the last step": (
        f"{BOTH}, batch_first=True)", "return self.fc(self.rnn(x)[0][:, -1])"
    ),
    "steps before the batch": (
        f"{BOTH})", "y, _ = self.rnn(x.permute(1, 0, 2)); return self.fc(y[-1])"
    ),
    "all steps and samples in one axis": (
        f"{BOTH})",
        "y, _ = self.rnn(x.permute(1, 0, 2)); t, b, n = y.size(); "
        "return self.fc(y.reshape(t * b, n)).view(t, b, -1)",
    ),
    "states and cells": (
        f"{BOTH}, num_layers=2, batch_first=True)",
        "_, (h, c) = self.rnn(x); return self.fc(torch.cat([h[-1], c[-2]], 1))",
    ),
    "states of a GRU": (
        "nn.GRU(8, 12, batch_first=True)", "return self.fc(self.rnn(x)[1][0])"
    ),
    "a cell of two states": (
        "nn.LSTMCell(8, 12)", "h, c = self.rnn(x[:, 0]); return self.fc(h + c)"
    ),
    "a cell of one": ("nn.GRUCell(8, 12)", "return self.fc(self.rnn(x[:, -1]))"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_is_as_its_source_is_read(case: tuple[str, str]) -> None:
    torch_or_skip()
    source = MODEL.format(layer=case[0], forward=case[1])
    space: dict[str, Any] = {}
    exec(source, space)
    module = space["Net"]()
    wanted = analyze(source, (5, 8))

    assert wanted.total.params == sum(each.numel() for each in module.parameters())
    for found in (analyze(cnncalc.from_torch(module, (5, 8))), exported(module, (5, 8))):
        assert [row.text for row in found.layers if row.params or row.kind == "state"] == [
            row.text for row in wanted.layers if row.params or row.kind == "state"
        ]
        assert (found.total.params, found.total.macs) == (wanted.total.params, wanted.total.macs)
        assert found.rows[-1].output_shape == wanted.rows[-1].output_shape


def test_a_network_that_reads_text() -> None:
    """Its `assert` on a height leaves it to torch.export."""
    torch_or_skip()
    space: dict[str, Any] = {}
    exec(CRNN, space)
    report = analyze(cnncalc.from_torch(space["CRNN"](), (1, 32, 100)))

    assert (report.total.params, report.total.macs) == (8_331_301, 705_143_808)
    assert report.rows[-1].output_shape == (26, 37)
