"""Which views PyTorch gives of a tensor whose axes were put in another order."""

from __future__ import annotations

from itertools import permutations, product
from math import prod

import pytest

from cnncalc.tracing.strides import can_view
from cnncalc.tracing.tensors import Batch

BASES = ((4,), (2, 6), (2, 3, 4), (2, 1, 3, 2), (1, 4, 1, 3), (2, 2, 2, 2))


def ways(count: int) -> list[tuple[int, ...]]:
    """All sizes of up to four axes for so many values."""
    divisors = [size for size in range(1, count + 1) if count % size == 0]
    return [
        sizes
        for axes in range(1, 5)
        for sizes in product(divisors, repeat=axes)
        if prod(sizes) == count
    ]


@pytest.mark.parametrize("base", BASES, ids=str)
def test_the_same_views_as_torchs(base: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    seen = set()
    for order in permutations(range(len(base))):
        turned = torch.empty(base).permute(order)
        for wanted in ways(prod(base)):
            try:
                turned.view(wanted)
                possible = True
            except RuntimeError:
                possible = False
            seen.add(possible)
            assert can_view(tuple(turned.shape), order, wanted) == possible, (order, wanted)

    assert seen == ({True} if len(base) == 1 else {True, False})


def test_the_batch_is_an_axis_like_others() -> None:
    batch = Batch()

    assert can_view((batch, 4, 3), (0, 2, 1), (batch, 4, 3))
    assert not can_view((batch, 4, 3), (0, 2, 1), (batch, 12))
    assert can_view((3, batch, 4), (1, 0, 2), (3, batch, 2, 2))
    assert not can_view((4, batch, 3), (1, 0, 2), (Batch(4), 3))
    assert can_view((4, batch, 3), (0, 1, 2), (4, Batch(3)))
