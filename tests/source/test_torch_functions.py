"""Functions that other functions make up, and what PyTorch refuses: as torch has it."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from tests.source.reading import net, refused

CALLS = (
    "torch.max(x, dim=1).values",
    "x.min(2, keepdim=True).values",
    "x.max(-1)[0]",
    "x.aminmax(dim=3).max - x.aminmax(dim=3).min",
    "torch.stack([x, x]).max(0).values",
    "x.diff(dim=2)",
    "torch.diff(x, n=2)",
    "torch.diff(x, dim=1, prepend=x[:, :1])",
    "torch.hstack([x, x * 2])",
    "torch.dstack([x[:, 0, 0], x[:, 1, 0]])",
    "torch.column_stack((x[:, 0, 0, 0], x[:, 1, 0]))",
    "torch.atleast_3d(x[:, 0, 0])",
    "torch.atleast_2d(x, x * 2)[1]",
    "x.hsplit(3)[1]",
    "torch.dsplit(x, [1, 3])[2]",
    "x.narrow(1, -2, 2)",
    "x.unfold(2, 2, 2)",
    "x.unfold(3, 2, 2).unfold(2, 2, 2).contiguous().view(len(x), 3, -1, 2, 2)",
    "x.unfold(3, 3, 1)",
    "x.unfold(1, 2, 3)",
    "x.mT",
    "x.flatten(1).T.T",
    "x.flatten(1).t().H",
    "torch.linalg.norm(x, ord=1, dim=2)",
    "torch.linalg.vector_norm(x, dim=1, keepdim=True)",
    "F.pairwise_distance(x, x * 3, keepdim=True)",
    "nn.PairwiseDistance(p=1)(x, x.flip(1))",
    "F.pad(x, (1, 1, 0, 2), mode='replicate')",
    "x[:, 0, 0].expand(-1, 5)",
    "x.transpose(1, 2).transpose(1, 2).view(x.size(0), -1)",
    "x.transpose(2, 3).contiguous().view(x.size(0), -1)",
    "x.transpose(2, 3).reshape(x.size(0), -1)",
    "x.permute(0, 2, 3, 1).view(x.size(0), -1, 3)",
    "x.permute(0, 3, 1, 2).view(x.size(0), 5, -1)",
    "x.transpose(1, 2).view(x.size(0), 2, 2, 3, 5)",
    "x[:, :1].transpose(1, 2).view(x.size(0), -1)",
)


@pytest.mark.parametrize("call", CALLS)
def test_the_values_are_torchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(60.0).reshape(1, 3, 4, 5) % 7 + 1
    names: dict[str, Any] = {"torch": torch, "x": x, "nn": torch.nn, "F": torch.nn.functional}
    written = cnncalc.convert(net("", f"return {call}"), "torch", (3, 4, 5), name="Net")
    assert isinstance(written, str)
    exec(written, names)

    wanted = eval(call, names)
    assert torch.allclose(names["Net"]()(x).reshape(wanted.shape), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ("x @ torch.ones(5)", (3, 4)),
        ("x[:, :, 0] @ nn.Parameter(torch.ones(5))", (3,)),
        ("F.cosine_similarity(x[:, 0], torch.ones(1, 5), dim=-1)", (4,)),
        ("F.cosine_similarity(x, x.flip(2), dim=1)", (4, 5)),
        ("nn.CosineSimilarity(dim=2)(x, x * x)", (3, 5)),
        ("x * torch.ones(10).hsplit(2)[1]", (3, 4, 5)),
        ("x.T", (3, 4, 5)[::-1]),
    ],
)
def test_the_sizes_are_torchs(call: str, shape: tuple[int, ...]) -> None:
    """Of what holds numbers of its own, and where the batch moves."""
    assert cnncalc.analyze(net("", f"return {call}"), (3, 4, 5)).layers[-1].output_shape == shape


REFUSED = (
    ("x.mean((1, -3))", "axis 1 is named more than once"),
    ("x.squeeze((2, 2))", "axis 2 is named more than once"),
    ("x.flip(2, -2)", "axis 2 is named more than once"),
    ("x.narrow(1, 2, 2)", "`narrow` takes 2 places from 2 on, of an axis of 3"),
    ("x.narrow(1, -4, 2)", "`narrow` takes 2 places from -4 on, of an axis of 3"),
    ("x + torch.ones(4, 4).expand(4, 5)", "an axis of 4 can't be stretched to 5"),
    ("x + torch.ones(4).expand(-1, 4)", "`expand` has -1 for a new axis, which needs a size"),
    ("x.expand(3, 4, 5)", "`expand` to 3 axes of a tensor that has 4"),
    ("torch.ones(3, 4).permute(0, 0)", "`permute` takes each of the 2 axes once"),
    ("x.unfold(2, 5, 1)", "`unfold` takes windows of 1 to 4 places here"),
    ("x.t()", "`t` turns a matrix, and this tensor has 4 axes"),
    ("x.hsplit(2)", "`hsplit` makes no 2 equal parts of 3 places"),
    ("x.flatten(1).dsplit(2)", "`dsplit` wants 3 axes, and this has 2"),
    ("torch.vstack([x, x])", "`torch.cat` along axis 0 mixes the samples of a batch"),
    ("torch.mm(x, torch.ones(5, 2))", "`torch.mm` takes tensors of two axes"),
    ("x.transpose(1, 2).view(x.size(0), -1)", "this `view` joins axes whose values don't lie one"),
    ("x.permute(0, 2, 3, 1).view(len(x), 4, -1, 5)", "this `view` joins axes whose values don't"),
    ("x.permute(0, 3, 1, 2).mT.view(len(x), 5, -1)", "this `view` joins axes whose values don't"),
    ("x @ torch.ones(4)", "a product of 3×4×5 with weights of 4: 5 is not 4"),
    ("x[..., ...]", "an index has one `...` at most"),
    ("x.mean(2, keep_dim=True)", "`mean` can't be called like this"),
    ("F.cosine_similarity(x, x[:, :1])", "along an axis that one of the two has not in full"),
    ("F.instance_norm(x[:, :, :1, :1])", "F.instance_norm takes the statistics of each map"),
    ("F.instance_norm(x.flatten(1))", "F.instance_norm takes the statistics of each map"),
    ("F.local_response_norm(x.flatten(2).flatten(0, 1), 2)", "takes maps but receives 20"),
    (
        "F.pad(x.unsqueeze(1), (1, 1), mode='reflect')",
        "and 1 pair takes vectors or maps of 1 spatial axis",
    ),
    ("F.pad(x.unsqueeze(1), (0, 0), mode='reflect')", "and 1 pair takes vectors or maps of 1"),
    ("F.pad(x, (0, 1) * 4, mode='circular')", "takes 1 to 3 pairs of numbers, not 4"),
)


# What the calculator alone can't follow.
BEYOND = ("torch.vstack([x, x])", "x[..., ...]", "F.cosine_similarity(x, x[:, :1])")


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_torch_refuses_is_refused(call: str, message: str) -> None:
    torch = pytest.importorskip("torch")
    names = {"torch": torch, "x": torch.ones(2, 3, 4, 5), "F": torch.nn.functional}

    if call not in BEYOND:
        with pytest.raises((RuntimeError, ValueError, IndexError, TypeError)):
            eval(call, names)
    assert message in refused(net("", f"return {call}"), (3, 4, 5)).message


def test_neighbours_on_the_channels_are_those_of_one_frame() -> None:
    """A norm over channels at frames that are one axis with the batch runs at each frame."""
    text = net("", "return F.local_response_norm(x.flatten(0, 1), 3)")
    report = cnncalc.analyze(text, (7, 3, 4, 5))

    assert report.layers[0].text == "each[lrn:3]"
