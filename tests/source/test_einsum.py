"""`einsum` and `@` with fixed tensors of more axes, and with a batch that is one with others."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from tests.source.reading import HEAD, net, refused, report_of

INIT = "self.w = nn.Parameter(torch.randn(4, 5, 6))\nself.m = nn.Parameter(torch.randn(4, 6))"
WITH_WEIGHTS = {  # of 4×7×6: parameters, MACs, what comes out
    "torch.einsum('bhtc,hkc->bthk', x, self.w)": (120, 840, (7, 4, 5)),
    "torch.einsum('hkc,bhtc->bhkt', self.w, x)": (120, 840, (4, 5, 7)),
    "torch.einsum('bhtc,hkc->btk', x, self.w)": (120, 840, (7, 5)),
    "torch.einsum('bhtc,hkc->bk', x, self.w)": (120, 120, (5,)),
    "torch.einsum('bhtc,hc->bht', x, self.m)": (24, 168, (4, 7)),
    "torch.einsum('bhtc,hc->btch', x, self.m)": (24, 0, (7, 6, 4)),
    "x @ self.w[None].transpose(2, 3)": (120, 840, (4, 7, 5)),
    "x @ self.w.transpose(1, 2)": (120, 840, (4, 7, 5)),
    "self.w @ x.transpose(2, 3)": (120, 840, (4, 5, 7)),
}


@pytest.mark.parametrize("call", WITH_WEIGHTS)
def test_weights_of_more_axes(call: str) -> None:
    """A group for each place along the axes that stay, as PyTorch computes it."""
    torch = pytest.importorskip("torch")
    params, macs, shape = WITH_WEIGHTS[call]
    text = net(INIT, f"return {call}")
    report = report_of(text, (4, 7, 6))
    names: dict[str, Any] = {}
    exec(HEAD + text, names)

    assert (report.total.params, report.total.macs) == (params, macs)
    assert report.rows[-1].output_shape == shape
    assert names["Net"]()(torch.ones(2, 4, 7, 6)).shape == (2, *shape)


MERGED = (
    "y = x.reshape(-1, 7, 6)\nreturn torch.einsum('bij,bkj->bik', y, y).reshape(-1, 4, 7, 7)",
    "y = x.permute(1, 0, 2, 3)\nreturn torch.einsum('hbtc,hbsc->bhts', y, y)",
    "y = x.permute(1, 0, 2, 3)\nreturn torch.einsum('hbtc,hbsc->hbts', y, y).permute(1, 0, 2, 3)",
)


@pytest.mark.parametrize("forward", MERGED)
def test_the_batch_may_stand_elsewhere(forward: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.randn(1, 4, 7, 6)
    names: dict[str, Any] = {}
    exec(HEAD + net("", forward), names)
    expected = names["Net"]()(x)
    written = cnncalc.convert(net("", forward), "torch", (4, 7, 6), name="Net")
    assert isinstance(written, str)
    exec(written, names)

    assert torch.allclose(names["Net"]()(x), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("torch.einsum('bhtc,bkc->bthk', x, self.w)", "mixes the samples of a batch"),
        ("torch.einsum('bhtc,hkc->htk', x, self.w)", "has not the batch in front"),
        ("torch.einsum('bhtc,hkz->bhtk', x, self.w)", "no axis of both to sum over"),
        ("torch.einsum('bhtc,hkt->bhk', x, self.w)", "`t` is 7 of 4×7×6 and 6 of 4×5×6"),
    ],
)
def test_what_is_refused(call: str, message: str) -> None:
    assert message in refused(net(INIT, f"return {call}"), (4, 7, 6)).message


LATENTS = """
self.lat = nn.Parameter(torch.randn(1, 4, 8))
self.heads = nn.Parameter(torch.randn(2, 4, 4))
"""


@pytest.mark.parametrize(
    ("forward", "shape", "macs"),
    [
        ("w @ x.mT", (4, 6), 4 * 8 * 6),
        ("torch.bmm(x, w.transpose(1, 2))", (6, 4), 6 * 8 * 4),
        ("torch.einsum('bqd,bkd->bqk', w, x)", (4, 6), 4 * 8 * 6),
        ("(w @ x.mT).softmax(-1) @ x", (4, 8), 2 * 4 * 8 * 6),
        (
            "self.heads[None].repeat(len(x), 1, 1, 1) @ x.view(-1, 6, 2, 4).permute(0, 2, 3, 1)",
            (2, 4, 6),
            2 * 4 * 4 * 6,
        ),
        ("torch.randn(len(x), 4, 6) @ x", (4, 8), 4 * 6 * 8),
    ],
)
def test_weights_that_are_given_to_each_sample(
    forward: str, shape: tuple[int, ...], macs: int
) -> None:
    text = net(LATENTS, f"w = self.lat.expand(x.size(0), -1, -1)\nreturn {forward}")
    report = report_of(text, (6, 8))
    assert report.rows[report.outputs[0]].output_shape == shape
    assert report.total.macs == macs
    assert report.total.params + report.total.unused_params == 4 * 8 + 2 * 4 * 4


def test_a_product_along_the_batch_of_weights_is_refused() -> None:
    text = net(LATENTS, "return torch.einsum('bqd,bkd->bqk', self.heads, x[:, :, :4])")
    assert "mixes the samples of a batch" in refused(text, (6, 8)).message
