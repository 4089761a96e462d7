"""torch.nn's attention and transformers in sources, with the batch in front or between."""

from __future__ import annotations

from typing import Any

import pytest

from tests.source.reading import HEAD, all_params, refused, report_of

ATTENTION = """
class Net(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.attn = nn.MultiheadAttention(64, 4, **options)
        self.head = nn.Linear(64, 10)
    def forward(self, x):
        axis = 1 if self.attn.batch_first else 0
        x = x if self.attn.batch_first else x.transpose(0, 1)
        y, _ = self.attn(x, x, x)
        return self.head(y.mean(axis))
"""
TRANSFORMER = """
class Net(nn.Module):
    def __init__(self, batch_first, **options):
        super().__init__()
        options |= {"batch_first": batch_first}
        layer = nn.TransformerEncoderLayer(16, 4, 24, **options)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 24, **options), 2)
        self.batch_first = batch_first
    def forward(self, x):
        if self.batch_first:
            return self.decoder(x[:, :3], self.encoder(x))
        x = x.permute(1, 0, 2)
        return self.decoder(x[:3], self.encoder(x)).permute(1, 0, 2)
"""


@pytest.mark.parametrize("options", ["batch_first=True", "batch_first=False", ""])
def test_multiply_adds_of_attention(options: str) -> None:
    """4LE² + 2L²E of 49 tokens of 64 features, and the head."""
    report = report_of(f"{HEAD}{ATTENTION}net = Net({options})", (49, 64))

    assert report.total.macs == 4 * 49 * 64**2 + 2 * 49**2 * 64 + 64 * 10 == 1_110_784
    assert all_params(report) == 4 * 64**2 + 4 * 64 + 64 * 10 + 10


def test_the_batch_where_attention_has_positions() -> None:
    """What wants it between is told so by a batch in front."""
    text = ATTENTION.replace("x.transpose(0, 1)", "x")
    error = refused(f"{HEAD}{text}net = Net()", (49, 64))

    assert error.code == "batch-axis"
    assert "(positions, batch, features)" in error.message
    assert "batch_first=True" in str(error.help)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("options", ["", "norm_first=True", "activation='gelu', bias=False"])
@pytest.mark.filterwarnings("ignore")  # PyTorch's own
def test_transformers_are_as_torch_has_them(batch_first: bool, options: str) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    entry = f"Net({batch_first}, {options})"
    names: dict[str, Any] = {}
    exec(HEAD + TRANSFORMER, names)
    module = eval(entry, names)
    with FlopCounterMode(display=False) as counter, torch.backends.mkldnn.flags(enabled=False):
        output = module(torch.zeros(2, 7, 16))
    report = report_of(f"{HEAD}{TRANSFORMER}net = {entry}", (7, 16))

    assert report.rows[-1].output_shape == tuple(output.shape[1:]) == (3, 16)
    assert all_params(report) == sum(each.numel() for each in module.parameters())
    assert 4 * report.total.macs == counter.get_total_flops()
