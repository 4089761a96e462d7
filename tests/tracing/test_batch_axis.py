"""The batch on another axis than the first, or one with others: sizes are those of real runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc import SpecError, analyze
from cnncalc.layers.base import Shape
from cnncalc.tracing.batch_axis import FIRST, BatchAxis, viewed

BATCH = 7  # what no other size is
SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@st.composite
def placed(draw: st.DrawFn) -> tuple[tuple[int, ...], BatchAxis]:
    """A sample's shape, and where the batch may stand in it."""
    shape = tuple(draw(SIZES))
    front = draw(st.integers(0, len(shape)))
    before = draw(st.integers(0, front))
    return shape, BatchAxis(front, before, draw(st.integers(0, len(shape) - front)))


def sizes(shape: Sequence[int], batch: BatchAxis) -> list[int]:
    """The sizes of the whole tensor."""
    found = [prod(shape[axis] for axis in group) for group in batch.groups(len(shape))]
    found[batch.place] = BATCH * prod(shape[axis] for axis in batch.merged)
    return found


def whole(sample: Any, batch: BatchAxis) -> Any:
    """The tensor of samples that differ: each is the first one and its number times 1,000."""
    samples = [sample + 1000 * number for number in range(BATCH)]
    apart = numpy.stack(samples, axis=batch.front)
    return apart.reshape(sizes(sample.shape, batch))


@given(placed(), st.data())
def test_a_permutation_is_numpys(where: tuple[tuple[int, ...], BatchAxis], data: st.DataObject):
    shape, batch = where
    sample = numpy.arange(prod(shape)).reshape(shape)
    order = data.draw(st.permutations(range(len(sizes(shape, batch)))))
    axes, after = batch.moved(order, len(shape))
    assert numpy.array_equal(
        whole(sample, batch).transpose(order), whole(sample.transpose(axes), after)
    )


@given(placed(), placed())
def test_a_view_is_numpys(
    where: tuple[tuple[int, ...], BatchAxis], target: tuple[tuple[int, ...], BatchAxis]
) -> None:
    """A view that is followed is NumPy's; what isn't would tear the batch."""
    (shape, batch), (wanted, to) = where, target
    if prod(shape) != prod(wanted):
        return
    full = sizes(wanted, to)
    found = viewed(shape, batch, full[: to.place] + full[to.place + 1 :], to.place,
        full[to.place] // BATCH)  # fmt: skip
    sample = numpy.arange(prod(shape)).reshape(shape)
    seen = whole(sample, batch).reshape(full)
    if found is not None:
        assert numpy.array_equal(seen, whole(sample.reshape(found[0]), found[1]))
    else:  # no one axis holds all that tells the samples apart
        number = seen // 1000
        ahead = prod(full[: to.place])
        assert prod(shape[: batch.front]) % ahead or (
            full[to.place] // BATCH % (prod(shape[: batch.front]) // ahead)
        )
        assert len(numpy.unique(number)) == BATCH


@given(placed(), st.data())
def test_where_it_stands_once_axes_are_gone(
    where: tuple[tuple[int, ...], BatchAxis], data: st.DataObject
) -> None:
    shape, batch = where
    free = [axis for axis in range(len(shape)) if axis not in batch.merged]
    gone = data.draw(st.sets(st.sampled_from(free))) if free else set()
    sample = numpy.arange(prod(shape)).reshape(shape)
    outer = tuple(batch.outer(axis) for axis in gone)
    left = sample.max(axis=tuple(gone)) if gone else sample
    assert numpy.array_equal(whole(sample, batch).max(axis=outer), whole(left, batch.without(gone)))
    assert all(batch.inner(batch.outer(axis)) == axis for axis in free)


SOURCE = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(6, 4)
        self.norm = nn.LayerNorm(6)
        self.soft = nn.Softmax(dim=2)
        self.bias = nn.Parameter(torch.zeros(3, 1, 6))
    def forward(self, x):
        {body}
"""
TIMES_FIRST = "x = x.permute(1, 0, 2)"  # of 3 steps of 6 features
BODIES = {
    "steps in front": f"{TIMES_FIRST}; return x",
    "linear and norm": f"{TIMES_FIRST}; return self.lin(self.norm(x))",
    "the last step": f"{TIMES_FIRST}; return x[-1]",
    "a part of the steps": f"{TIMES_FIRST}; return x[1:, :, :2]",
    "the mean of the steps": f"{TIMES_FIRST}; return x.mean(0)",
    "steps kept": f"{TIMES_FIRST}; return x.mean(0, keepdim=True)",
    "a loop over the steps": f"{TIMES_FIRST}; return sum(s for s in x)",
    "stacked in front": f"{TIMES_FIRST}; return torch.stack([x[0], x[1]]).sum(0)",
    "softmax": f"{TIMES_FIRST}; return self.soft(F.softmax(x, dim=0))",
    "weights of each step": f"{TIMES_FIRST}; return x * self.bias",
    "weights of features": f"{TIMES_FIRST}; return x + self.norm.weight",
    "a sum": f"{TIMES_FIRST}; return x + x * 2",
    "lined up": f"{TIMES_FIRST}; return x + x[0]",
    "joined": f"{TIMES_FIRST}; return torch.cat([x, x[:1]], 0)",
    "joined with what is fixed": f"{TIMES_FIRST}; return torch.cat([x, torch.ones(1, 7, 6)], 0)",
    "merged": f"{TIMES_FIRST}; t, b, f = x.shape; return x.reshape(t * b, f)",
    "merged and apart": (
        f"{TIMES_FIRST}; t, b, f = x.shape; return self.lin(x.reshape(t * b, f)).view(t, b, -1)"
    ),
    "merged by -1": "return self.lin(x.view(-1, 6)).relu()",
    "merged by flatten": "return x.flatten(0, 1)",
    "merged, weights": "return x.reshape(-1, 6) + self.norm.bias",
    "merged, a slice": "return x.reshape(-1, 6)[:, 2:]",
    "merged, an axis of features": "return x.reshape(-1, 2, 3).sum(1)",
    "merged, split, merged": "return x.reshape(-1, 2, 3).flatten(0, 1)",
    "merged, unflatten": "return x.flatten(0, 1).unflatten(0, (-1, 3))",
    "merged, a number of the batch": "y = x.flatten(0, 1); return y.view(y.size(0) // 3, 3, 6)",
    "squeezed in front": "return x.unsqueeze(0).squeeze(0)",
    "unsqueezed in front": "return x.unsqueeze(0)",
    "an index of None in front": "return x[None]",
    "expanded": f"{TIMES_FIRST}; return x.unsqueeze(3).expand(-1, -1, -1, 5)",
    "repeated": f"{TIMES_FIRST}; return x.repeat(2, 1, 3)",
    "chunks": f"{TIMES_FIRST}; return x.chunk(3, 0)[1]",
    "flat behind": f"{TIMES_FIRST}; return x.unsqueeze(3).flatten(2)",
    "flat in front": f"{TIMES_FIRST}; return x.unsqueeze(0).flatten(0, 1)",
    "heads of windows": (
        "y = x.reshape(-1, 3, 2, 3).permute(2, 0, 1, 3); q, k = y[0], y[1]; return q * k"
    ),
    "back in front": f"{TIMES_FIRST}; return x.transpose(0, 1).flatten(1)",
    "the size of the steps": f"{TIMES_FIRST}; return x[:len(x) - 1]",
}


@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")
@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_sizes_are_those_of_a_run(body: str) -> None:
    import torch

    source = SOURCE.format(body=body.replace("; ", "\n        "))
    names: dict[str, Any] = {}
    exec(source, names)
    ran = names["Net"]()(torch.zeros(BATCH, 3, 6))
    report = analyze(source.replace("torch.ones(1, 7, 6)", "torch.ones(1, x.size(1), 6)"), (3, 6))
    predicted = report.rows[report.outputs[0]].output_shape
    place = next(place for place, size in enumerate(ran.shape) if size % BATCH == 0)
    alone = [*ran.shape[:place], ran.shape[place] // BATCH, *ran.shape[place + 1 :]]
    assert [size for size in alone if size != 1] == [size for size in predicted if size != 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x.permute(1, 0, 2)[:, :1]", "a part of the batch"),
        ("return x.permute(1, 0, 2).sum(1)", "along axis 1 mixes the samples"),
        ("return F.softmax(x.permute(1, 0, 2), dim=1)", "along axis 1 mixes the samples"),
        ("return F.max_pool1d(x.permute(1, 0, 2), 2)", "wants the batch on axis 0"),
        ("return x.permute(1, 0, 2) + x", "the batch"),
        ("return x.permute(1, 0, 2).reshape(-1, 6, 3)", "doesn't keep the batch"),
        ("return x.permute(1, 0)", "takes each of the 3 axes once"),
        ("return x.permute(1, 0, 2).repeat(1, 2, 1)", "copies along the batch"),
        ("return torch.cat([x, x.permute(1, 0, 2)], 2)", "the batch on different axes"),
        ("return x.view(-1, 4)", "doesn't keep the batch"),
    ],
)
def test_what_tears_the_batch_is_refused(body: str, message: str) -> None:
    with pytest.raises(SpecError, match=message.replace("(", r"\(")):
        analyze(SOURCE.format(body=body), (3, 6))


WORDS = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 4)
        self.fc = nn.Linear(4, 2)
    def forward(self, x):
        found = self.table(x.{turned})
        steps, states = self.lstm({found})
        return self.fc(steps).{back}
"""


@pytest.mark.parametrize(
    ("input", "turned", "found", "back"),
    [
        ((7,), "t()", "found", "transpose(0, 1)"),
        ((3, 7), "permute(2, 0, 1)", "found.sum(2)", "permute(1, 0, 2)"),
    ],
)
def test_entries_are_looked_up_of_steps_in_front(
    input: Shape, turned: str, found: str, back: str
) -> None:
    """Features come behind all axes, wherever the batch is."""
    report = analyze(WORDS.format(turned=turned, found=found, back=back), input)
    assert report.rows[report.outputs[0]].output_shape == (7, 2)
    lookup = next(row for row in report.rows if row.kind == "embedding")
    assert lookup.output_shape == (7, *input[:-1], 8)
    assert report.total.macs == 7 * (4 * 4 * (8 + 4)) + 7 * 4 * 2


def test_in_front_is_nothing_special() -> None:
    assert not FIRST
    assert BatchAxis(1)
