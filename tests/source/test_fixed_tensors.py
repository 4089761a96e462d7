"""Tensors that don't depend on the input: places looked up in them, masks, layers on them."""

from __future__ import annotations

import pytest

from tests.source.reading import net, refused, report_of

WINDOW = (
    "grid = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing='ij'))\n"
    "flat = torch.flatten(grid, 1)\n"
    "apart = flat[:, :, None] - flat[:, None, :]\n"
    "apart = apart.permute(1, 2, 0).contiguous()\n"
    "apart[:, :, 0] += 2\napart[:, :, 1] += 2\napart[:, :, 0] *= 5\n"
    "self.register_buffer('places', apart.sum(-1))\n"
    "self.table = nn.Parameter(torch.zeros(25, 4))\n"
)


def test_places_relative_to_one_another() -> None:
    """The bias of attention in windows: one number for each distance and head."""
    forward = "return x + self.table[self.places.view(-1)].view(9, 9, 4).permute(2, 0, 1)"
    report = report_of(net(WINDOW, forward), (4, 9, 9))

    assert report.total.params == 100
    assert report.total.buffers == 81
    assert report.rows[-1].output_shape == (4, 9, 9)


@pytest.mark.parametrize(
    ("made", "numbers"),
    [
        ("torch.meshgrid(torch.arange(2), torch.arange(3), indexing='ij')[0]", [0, 0, 0, 1, 1, 1]),
        ("torch.meshgrid([torch.arange(2), torch.arange(3)])[1]", [0, 1, 2, 0, 1, 2]),
        ("torch.meshgrid(torch.arange(2), torch.arange(3), indexing='xy')[0]", [0, 1, 0, 1, 0, 1]),
        ("torch.meshgrid(torch.arange(2), torch.arange(3), indexing='xy')[1]", [0, 0, 1, 1, 2, 2]),
        ("torch.log2(torch.tensor([1., 8., 4.]))", [0, 3, 2]),
    ],
)
def test_known_numbers(made: str, numbers: list[int]) -> None:
    init = f"assert {made}.flatten().tolist() == {numbers}\nself.c = nn.Conv2d(3, 4, 1)"
    assert report_of(net(init, "return self.c(x)"), (3, 4, 4)).total.params == 16


MASKED = {
    "from a triangle": "x.masked_fill(torch.tril(torch.ones(6, 6)) == 0, float('-inf'))",
    "of a buffer's part": "x.masked_fill(self.mask[:, :6, :6] == 0, float('-inf'))",
    "the other truths": "x.masked_fill(~(self.mask[:, :6, :6] > 0), -1e9)",
    "where": "torch.where(self.mask[:, :6, :6] > 0, x, torch.tensor(-1e9))",
    "where, the other way": "torch.where(self.mask[0, :6, :6] > 0, -1e9, x)",
}


@pytest.mark.parametrize("name", MASKED)
def test_masks_move_nothing(name: str) -> None:
    init = "self.register_buffer('mask', torch.tril(torch.ones(1, 9, 9)))"
    report = report_of(net(init, f"return {MASKED[name]}.softmax(-1)"), (4, 6, 6))

    assert report.rows[-1].output_shape == (4, 6, 6)
    assert [row.kind for row in report.layers] == ["softmax"]


def test_copies_of_each_place() -> None:
    forward = "x = x.repeat_interleave(2, dim=2)\nreturn x + torch.ones(3).repeat_interleave(8)"
    report = report_of(net("pass", forward), (4, 3, 24))

    assert report.rows[-1].output_shape == (4, 6, 24)


def test_a_layer_on_places_counts_where_its_result_is_used() -> None:
    """As the network of positions in Swin v2: its weights count, its work is done once."""
    init = (
        "self.register_buffer('t', torch.zeros(1, 5, 5, 2))\n"
        "self.cpb = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4, bias=False))"
    )
    forward = "return x + self.cpb(self.t).permute(0, 3, 1, 2).sigmoid()"
    report = report_of(net(init, forward), (4, 5, 5))

    assert report.total.params == 2 * 16 + 16 + 64
    assert report.total.unused_params == 0
    assert report.total.macs == 0


WRONG = [
    ("return x + self.table[torch.tensor([0, 25])]", "index 25 is out of an axis of 25"),
    ("return x + self.table[torch.arange(25) > 3]", "an index of a tensor of weights or constants"),
    ("return x.masked_fill(torch.ones(5, 5) == 0, 0.)", "axes of 9 and 5 don't fit"),
    ("return x.masked_fill(x, 0.)", "a mask that is a tensor"),
    ("return torch.where(x, x, x)", "a choice between two tensors that flow"),
    ("return torch.meshgrid(x, x)", "don't depend on the input"),
    ("return x.repeat_interleave(2, dim=0)", "mixes the samples of a batch"),
]


@pytest.mark.parametrize(("forward", "told"), WRONG)
def test_refused(forward: str, told: str) -> None:
    assert told in refused(net(WINDOW, forward), (4, 9, 9)).message


def test_no_variable_is_set() -> None:
    text = net(
        "import os\nassert 'WIDTH' not in os.environ and not os.environ\n"
        "os.environ['WIDTH'] = '8'\n"
        "self.c = nn.Conv2d(3, int(os.environ.get('WIDTH', 4)) + int(os.getenv('MORE', '1')), 1)",
        "return self.c(x)",
    )
    assert report_of(text, (3, 8, 8)).rows[-1].output_shape == (9, 8, 8)
