"""torch.nn's transformers, live: followed into their attention."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import analyze, from_torch

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.filterwarnings("ignore")  # of what torch has no short cut for


def encoder(**options: Any) -> Any:
    return nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, **options)


def attention_and_two_linears(length: int, known: int, features: int, hidden: int) -> int:
    """The MACs of an encoder's layer, by hand; `known`: how many keys there are."""
    attention = 2 * (length + known) * features**2 + 2 * length * known * features
    return attention + 2 * length * features * hidden


LAYER = attention_and_two_linears(49, 49, 64, 128)
MODELS = {
    "layer": (lambda: encoder(), (49, 64), LAYER),
    "norm first": (lambda: encoder(norm_first=True, activation="gelu"), (49, 64), LAYER),
    "without biases": (lambda: encoder(bias=False), (49, 64), LAYER),
    "encoder": (
        lambda: nn.TransformerEncoder(encoder(norm_first=True), 3, norm=nn.LayerNorm(64)),
        (49, 64),
        3 * LAYER,
    ),
    "decoder": (
        lambda: nn.TransformerDecoder(
            nn.TransformerDecoderLayer(64, 4, 128, batch_first=True), 2, norm=nn.LayerNorm(64)
        ),
        [(20, 64), (49, 64)],
        2 * (attention_and_two_linears(20, 20, 64, 128)
             + attention_and_two_linears(20, 49, 64, 0)),
    ),
    # What PyTorch's own counter says in training mode.
    "both": (lambda: nn.Transformer(64, 4, 2, 2, 128, batch_first=True), [(49, 64), (20, 64)],
             6_620_416),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_figures(name: str) -> None:
    make, sizes, macs = MODELS[name]
    module = make()
    report = analyze(from_torch(module, sizes))

    assert report.total.params == sum(each.numel() for each in module.parameters())
    assert report.total.macs == macs


def test_names_inside_of_a_model() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.TransformerEncoder(encoder(), 2, enable_nested_tensor=False)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.body(x).mean(1))

    model = Net()
    report = analyze(from_torch(model, (49, 64)))

    known = dict(model.named_modules())
    assert [row.name for row in report.layers if row.kind == "mha"] == [
        "body.layers.0.self_attn",
        "body.layers.1.self_attn",
    ]
    assert all(row.name in known for row in report.layers if row.params)
    assert report.rows[-1].output_shape == (10,)
