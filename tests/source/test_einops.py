"""einops in sources: functions and layers, in PyTorch and in Keras."""

from __future__ import annotations

import pytest

from cnncalc import Report
from cnncalc.api import verify
from tests.source.reading import net, refused, report_of

EINOPS = "from einops import rearrange, reduce, repeat, einsum, pack, unpack, parse_shape\n"
LAYERS = "from einops.layers.torch import Rearrange, Reduce\n"
ATTENTION = """
class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim)
    def forward(self, x):
        q, k, v = rearrange(self.qkv(x), "b n (part h d) -> part b h n d", part=3, h=self.heads)
        scores = einsum(q, k, "b h i d, b h j d -> b h i j") * q.shape[-1] ** -0.5
        out = torch.einsum("b h i j, b h j d -> b h i d", scores.softmax(dim=-1), v)
        return self.out(rearrange(out, "b h n d -> b n (h d)"))
"""
FORWARDS = [
    # forward, input, output
    ("return rearrange(x, 'b c h w -> b (h w) c')", (3, 4, 6), (24, 3)),
    ("return rearrange(x, 'b c (h p) (w q) -> b (c p q) h w', p=2, q=3)", (3, 4, 6), (18, 2, 2)),
    ("return reduce(x, 'b c (h 2) (w 2) -> b c h w', 'max')", (3, 4, 6), (3, 2, 3)),
    ("return reduce(x, 'b c h w -> b c', 'mean')", (3, 4, 6), (3,)),
    ("return x * reduce(x, 'b c h w -> b c 1 1', reduction='max').sigmoid()", (3, 4, 6), (3, 4, 6)),
    ("return reduce(x, 'b ... -> b', torch.sum)", (3, 4), ()),
    ("return repeat(x, 'b c h w -> b c (h 2) (w k)', k=3)", (3, 4, 6), (3, 8, 18)),
    ("x = rearrange(x, 'b t c h w -> (b t) c h w')\nreturn rearrange(self.conv(x), "
     "'(b t) c h w -> b c t h w', t=5)", (5, 3, 4, 6), (8, 5, 4, 6)),
    ("x = rearrange(x, 'b t c -> t b c')\nreturn rearrange(x, 't b c -> b c t')", (5, 3), (3, 5)),
    ("b = x.shape[0]\nx = rearrange(x, 'b t c -> (b t) c')\nreturn rearrange(x, "
     "'(b t) c -> b t c', b=b)", (5, 3), (5, 3)),
    ("return rearrange([x, x, x], 'l b c h w -> b (l c) h w')", (3, 4, 6), (9, 4, 6)),
    ("return x + rearrange(torch.ones(4, 6, 3), 'h w c -> 1 c h w')", (3, 4, 6), (3, 4, 6)),
    ("sizes = parse_shape(x, 'b _ h w')\ny = rearrange(x, 'b c h w -> b c (h w)')\n"
     "return rearrange(y, 'b c (h w) -> b c w h', **{k: sizes[k] for k in 'hw'})", (3, 4, 6),
     (3, 6, 4)),
    ("y, shapes = pack([x, x[:, 0]], 'b * d')\na, c = unpack(y, shapes, 'b * d')\n"
     "return a + rearrange(c, 'b d -> b 1 d')", (4, 6), (4, 6)),
    ("a, c = unpack(x, [[1], [-1, 2]], 'b * d')\nreturn c", (5, 6), (2, 2, 6)),
    ("return einsum(x, x, 'b c h w, b c h v -> b h w v')", (3, 4, 6), (4, 6, 6)),
]  # fmt: skip


def agrees(report: Report, input: tuple[int, ...]) -> bool:
    """Whether the executors find the same in a run."""
    found = verify(report.network, input).verify
    return found is not None and bool(found["ok"])


@pytest.mark.parametrize(("forward", "input", "output"), FORWARDS)
def test_functions(forward: str, input: tuple[int, ...], output: tuple[int, ...]) -> None:
    """The sizes, and the same of real arrays."""
    init = "self.conv = nn.Conv2d(3, 8, 3, padding=1)" if "self.conv" in forward else "pass"
    report = report_of(net(init, forward, EINOPS), input)

    assert report.rows[-1].output_shape == output
    assert agrees(report, input)


def test_attention() -> None:
    """One whose parts are those of `nn.MultiheadAttention`: 4LE² + 2L²E."""
    init = "self.a = Attention(64, 4)"
    report = report_of(net(init, "return self.a(x)", EINOPS + ATTENTION), (49, 64), "Net")

    assert report.total.macs == 4 * 49 * 64**2 + 2 * 49**2 * 64
    assert report.total.params == 4 * 64**2 + 64


def test_a_token_for_each_sample() -> None:
    init = "self.token = nn.Parameter(torch.zeros(1, 1, 8))"
    forward = (
        "token = repeat(self.token, '1 1 d -> b 1 d', b=x.shape[0])\n"
        "return torch.cat([token, x], dim=1)"
    )
    report = report_of(net(init, forward, EINOPS), (5, 8))

    assert report.rows[-1].output_shape == (6, 8)
    assert report.total.params == 8


def test_layers() -> None:
    text = net(
        "self.net = nn.Sequential(Rearrange('b c (h p) (w q) -> b (h w) (p q c)', p=2, q=2),\n"
        "    nn.Linear(12, 16), Reduce('b n d -> b d', 'mean'), nn.Linear(16, 10))",
        "return self.net(x)",
        LAYERS,
    )
    report = report_of(text, (3, 8, 8))

    assert [row.output_shape for row in report.rows if row.params] == [(16, 16), (10,)]
    assert report.total.params == 12 * 16 + 16 + 170
    assert agrees(report, (3, 8, 8))


def test_in_keras() -> None:
    text = (
        "import keras\nfrom einops import rearrange, reduce\n"
        "from einops.layers.keras import Rearrange\n"
        "x = inputs = keras.Input((8, 8, 3))\n"
        "x = Rearrange('b (h p) (w q) c -> b (h w) (p q c)', p=2, q=2)(x)\n"
        "x = keras.layers.Dense(16)(x)\n"
        "x = rearrange(x, 'b (h w) d -> b h w d', h=4)\n"
        "outputs = reduce(x, 'b h w d -> b d', 'max')\n"
        "model = keras.Model(inputs, outputs)\n"
    )
    report = report_of(text)

    assert report.rows[-1].output_shape == (16,)
    assert report.total.params == 12 * 16 + 16
    assert report.total.macs == 16 * 12 * 16


REFUSED = [
    ("return rearrange(x, 'b c h w -> b c (h w')", "doesn't close its parentheses"),
    ("return rearrange(x, 'b c h -> b h c')", "is of 3 axes, and the tensor has 4, batch included"),
    (
        "return rearrange(x, 'b c (h p) w -> b c h w p', p=3)",
        "an axis of 4, which 3 doesn't divide",
    ),
    ("return rearrange(x, 'b c h w -> b c (h w)', c=8)", "`c` is 8, and the tensor has 3"),
    ("return reduce(x, 'b c h w -> b c', 'average')", "there is no reduction 'average'"),
    ("return reduce(x, 'b c h w -> c h w', 'mean')", "mixes the samples of a batch"),
    ("return rearrange(x, 'b c h w -> b (c h w)', h='4')", "is no size of `h`"),
    ("return rearrange(self, 'b c -> c b')", "einops works on tensors"),
    ("return pack([x, x], 'b c')[0]", "is no pattern of names and one `*`"),
    ("return unpack(x, [[1], [1]], 'b * h w')[0]", "an axis of 3 is not 1 + 1"),
    ("return unpack(x, [[1], [2]], 'b * h')[0]", "is of 3 axes, and the tensor has 4"),
]


@pytest.mark.parametrize(("forward", "told"), REFUSED)
def test_wrong_patterns(forward: str, told: str) -> None:
    error = refused(net("pass", forward, EINOPS), (3, 4, 6))

    assert told in error.message
    assert error.line == 10


def test_a_wrong_pattern_in_a_layer() -> None:
    text = net("self.r = Rearrange('b c h w -> b (h w)')", "return self.r(x)", LAYERS)
    error = refused(text, (3, 4, 6))

    assert "`c` stands on one side only" in error.message
    assert error.line == 8  # where the layer is made
