"""Masks and tables in sources: what is left out of attention, and positions that are learned."""

from __future__ import annotations

import pytest

from cnncalc import analyze, parse
from tests.source.reading import HEAD, all_params, refused, report_of

CAUSAL = """
class Attention(nn.Module):
    def __init__(self, size, heads, longest):
        super().__init__()
        self.heads = heads
        self.inner = nn.Linear(size, 3 * size)
        self.outer = nn.Linear(size, size)
        self.register_buffer("seen", torch.tril(torch.ones(longest, longest))[None, None])

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.inner(x).chunk(3, dim=-1)
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in (q, k, v))
        scores = q @ k.transpose(-2, -1) / (c // self.heads) ** 0.5
        {mask}
        y = torch.softmax(scores, dim=-1) @ v
        return self.outer(y.transpose(1, 2).reshape(b, t, c))


class Writer(nn.Module):
    def __init__(self, words=300, size=32, longest=64):
        super().__init__()
        self.word = nn.Embedding(words, size)
        self.place = nn.Embedding(longest, size)
        self.attention = Attention(size, 4, longest)
        self.out = nn.Linear(size, words, bias=False)
        self.out.weight = self.word.weight

    def forward(self, x):
        x = self.word(x) + self.place(torch.arange(x.size(1), device=x.device))
        x = x + self.attention(x)
        return self.out(x[:, [-1]])
"""
MASKS = (
    "scores = scores.masked_fill(self.seen[:, :, :t, :t] == 0, float('-inf'))",
    "scores.masked_fill_(~self.seen[:, :, :t, :t].bool(), -1e9)",
    "scores = torch.where(self.seen[:, :, :t, :t] > 0, scores, -1e9)",
    "scores = scores.masked_fill(torch.triu(torch.ones(t, t), diagonal=1).bool(), -1e9)",
    "scores = scores + torch.triu(torch.full((t, t), float('-inf')), diagonal=1)",
)


@pytest.mark.parametrize("mask", MASKS)
def test_attention_to_what_came_before(mask: str) -> None:
    """A mask changes no size and no count; the table of positions counts whole, tied ones once."""
    report = report_of(f"{HEAD}{CAUSAL.replace('{mask}', mask)}net = Writer()", (20,))

    assert report.rows[-1].output_shape == (1, 300)
    assert all_params(report) == 300 * 32 + 64 * 32 + 4 * 32**2 + 4 * 32
    assert report.total.macs == 20 * 4 * 32**2 + 2 * 20**2 * 32 + 32 * 300


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("x.masked_fill(torch.ones(3, 1, 1) == 1, 0)", (3, 5, 5)),
        ("x[:, :1].masked_fill(torch.ones(3, 1, 1) == 1, 0)", (3, 5, 5)),
        ("torch.tril(x)", (3, 5, 5)),
        ("torch.where(torch.eye(5).ge(1), x, torch.zeros(3, 5, 5))", (3, 5, 5)),
        ("x.view(-1, 3, 5 * 5)[:, torch.tensor([2, 0])]", (2, 25)),
        ("x.flatten(1) + torch.nn.Embedding(4, 75)(torch.tensor(1))", (75,)),
        ("x + nn.functional.embedding(torch.arange(5), torch.zeros(9, 5))", (3, 5, 5)),
    ],
)
def test_sizes(body: str, shape: tuple[int, ...]) -> None:
    text = f"class Net(nn.Module):\n    def forward(self, x):\n        return {body}\n"

    assert report_of(f"{HEAD}{text}net = Net()", (3, 5, 5)).rows[-1].output_shape == shape


def test_numbers_of_a_triangle() -> None:
    """What is known of a mask stays known: it may decide sizes."""
    text = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        below = int(sum(map(sum, torch.tril(torch.ones(4, 4)).tolist())))
        above = int(sum(map(sum, torch.triu(torch.ones(4, 4), diagonal=1).tolist())))
        self.fc = nn.Linear(3, 100 * below + above)
    def forward(self, x):
        return self.fc(x)
"""
    assert report_of(f"{HEAD}{text}net = Net()", (3,)).rows[-1].output_shape == (1006,)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("torch.where(torch.ones(5) > 0, x, x * 2)", "a choice between two tensors that flow"),
        ("x.masked_fill(x, 0)", "a mask that is a tensor can't be followed"),
        ("x.masked_fill(torch.ones(4, 4) > 0, 0)", "tensors with axes of 5 and 4 don't fit"),
        ("torch.tril(torch.ones(5, 5), diagonal='a') + x", "a diagonal of"),
        ("x + torch.zeros(9, 5)[torch.tensor([9])]", "index 9 is out of an axis of 9"),
    ],
)
def test_refusals(body: str, message: str) -> None:
    text = f"class Net(nn.Module):\n    def forward(self, x):\n        return {body}\n"

    assert message in refused(f"{HEAD}{text}net = Net()", (3, 5, 5)).message


KERAS = """
import keras
from keras import layers, ops

class Places(layers.Layer):
    def __init__(self, longest, words, size):
        super().__init__()
        self.word = layers.Embedding(words, size)
        self.place = layers.Embedding(longest, size)

    def call(self, x):
        return self.word(x) + self.place(ops.arange(start=0, stop=ops.shape(x)[-1], step=1))

text = keras.Input((20,))
y = Places(64, 300, 32)(text)
y = y + layers.MultiHeadAttention(num_heads=4, key_dim=8)(y, y)
model = keras.Model(text, layers.GlobalAveragePooling1D()(y))
"""


def test_positions_in_keras() -> None:
    """The table of positions counts whole, however many are looked up."""
    report = analyze(parse(KERAS, notation="keras"))

    assert report.total.params == 300 * 32 + 64 * 32 + 4 * 32**2 + 4 * 32
    assert report.total.macs == 20 * 4 * 32**2 + 2 * 20**2 * 32
    assert report.shape(report.rows[-1].output_shape) == [32]


@pytest.mark.parametrize(
    ("words", "sizes"),
    [("3", (3, 2, 2)), ("(1,)", (1, 6)), ("[2, -2]", (2, 3, 2)), ("indices=(3, 9)", None)],
)
def test_parts_between_places(words: str, sizes: tuple[int, ...] | None) -> None:
    """`tensor_split`: so many parts, or the places between them; an empty one is refused."""
    text = (
        "class Net(nn.Module):\n    def forward(self, x):\n"
        f"        return tuple(torch.tensor_split(x, {words}, dim=1))\n"
    )
    if sizes is None:
        assert "is empty" in refused(f"{HEAD}{text}net = Net()", (7, 5)).message
        return
    report = report_of(f"{HEAD}{text}net = Net()", (7, 5))
    found = [report.rows[number].output_shape for number in report.outputs]
    assert found == [(size, 5) for size in sizes]
