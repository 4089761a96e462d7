"""Which of many points no other point is better than in everything."""

from __future__ import annotations

from typing import Any

__all__ = ["front", "often_dominated"]

FEW = 2_000
STRONG = 24  # points that many others are held against first
LEAF = 16
NEAR = 64  # points that one is held against, before it in the order of the first number
BLOCK, SURVIVORS = 512, 4096


def front(points: Any) -> Any:
    """The places of the points that none is better than; of equal ones that of the first.

    Args:
        points: a row of numbers for each, all of which are to be small.
    """
    import numpy

    many, count = len(points) > FEW, points.shape[1]
    kept = _without_weak(points) if many and count > 2 else numpy.arange(len(points))
    if not len(kept):
        return kept
    some = points[kept]
    find = _least if count == 1 else _pairs if count == 2 else _triples if count == 3 else _any
    return numpy.sort(kept[find(some)])


def _least(points: Any) -> Any:
    return points[:, 0].argmin(keepdims=True)


def _ranks(values: Any) -> Any:
    import numpy

    return numpy.unique(values, return_inverse=True)[1].astype(numpy.int64).reshape(-1)


def _pairs(points: Any) -> Any:
    """In the order of the first number, each whose second is below all before it."""
    import numpy

    order = numpy.lexsort((points[:, 1], points[:, 0]))
    values = points[order, 1]
    least = numpy.minimum.accumulate(values)
    return order[numpy.r_[True, values[1:] < least[:-1]]]


def _triples(points: Any) -> Any:
    """Halves are merged: of the later half, who is dominated by the earlier one goes."""
    import numpy

    order = _distinct(points)
    points = points[order]
    second, third = _ranks(points[:, 1]), _ranks(points[:, 2])
    place = numpy.arange(len(order))
    dead = numpy.zeros(len(order), bool)
    for apart in range(1, min(LEAF, len(order))):
        near = (place[apart:] // LEAF) == (place[:-apart] // LEAF)
        near &= (second[:-apart] <= second[apart:]) & (third[:-apart] <= third[apart:])
        dead[apart:] |= near
    by_second = numpy.argsort(second, kind="stable")
    size = LEAF
    while size < len(order):
        key = place // (2 * size)
        some = by_second[numpy.argsort(key[by_second], kind="stable")]
        left = (some // size) % 2 == 0
        part = key[some] * (len(order) + 2)  # later pairs of halves are below all earlier ones
        values = numpy.where(left & ~dead[some], third[some], len(order)) - part
        least = numpy.minimum.accumulate(values)
        dead[some[~left & (least <= third[some] - part)]] = True
        size *= 2
    return order[~dead]


def _distinct(points: Any) -> Any:
    """The points in order, of equal ones the first."""
    import numpy

    order = numpy.lexsort([points[:, n] for n in reversed(range(points.shape[1]))])
    same = (points[order][1:] == points[order][:-1]).all(1)
    return order[numpy.r_[True, ~same]]


def _any(points: Any) -> Any:
    """Blocks in order, each held against the survivors before it."""
    import numpy

    order = _distinct(points)
    points = points[order]
    found = numpy.empty((0, points.shape[1]), points.dtype)
    kept = []
    for first in range(0, len(order), BLOCK):
        some = numpy.arange(first, min(first + BLOCK, len(order)))
        for at in range(0, len(found), SURVIVORS):
            some = some[~_dominated(points[some], found[at : at + SURVIVORS])]
        some = some[~_dominated(points[some], points[some], itself=True)]
        found = numpy.concatenate([found, points[some]])
        kept.append(some)
    return order[numpy.concatenate(kept)]


def _dominated(points: Any, others: Any, *, itself: bool = False) -> Any:
    import numpy

    worse = numpy.ones((len(points), len(others)), bool)
    for n in range(points.shape[1]):
        worse &= others[:, n][None, :] <= points[:, n][:, None]
    if itself:
        numpy.fill_diagonal(worse, val=False)
    return worse.any(1)


def _without_weak(points: Any) -> Any:
    """The points but for those that one of a few strong ones dominates."""
    import numpy

    axes = points.shape[1]
    alive = numpy.arange(len(points))
    random = numpy.random.default_rng(0)
    least = points.min(0)
    spread = numpy.maximum(points.max(0) - least, 1).astype(float)
    for turn in range(STRONG):
        weights = random.dirichlet(numpy.ones(axes))
        if turn < axes:
            weights = numpy.full(axes, 0.1 / axes)
            weights[turn] += 0.9
        some = points[alive]
        strong = some[int(((some - least) @ (weights / spread)).argmin())]
        alive = alive[~((strong <= some).all(1) & (strong < some).any(1))]
        if len(alive) <= FEW:
            break
    return alive


def often_dominated(groups: Any, points: Any, times: int) -> Any:
    """Which points so many others of their group are at least as good as; perhaps not all of them.

    Args:
        groups: a number for the group of each.
        points: a row of numbers for each, all of which are to be small.
        times: how many others.
    """
    import numpy

    order = numpy.lexsort([*(points[:, n] for n in reversed(range(points.shape[1]))), groups])
    groups, points = groups[order], points[order]
    often = numpy.zeros(len(order), bool)
    if points.shape[1] < 3:
        often[order[_beneath(groups, points, times)]] = True
        return often
    count = numpy.zeros(len(order), numpy.int64)
    for apart in range(1, min(NEAR, len(order))):
        worse = groups[apart:] == groups[:-apart]
        for n in range(1, points.shape[1]):
            worse &= points[:-apart, n] <= points[apart:, n]
        count[apart:] += worse
    often[order[count >= times]] = True
    return often


def _beneath(groups: Any, points: Any, times: int) -> Any:
    """Those left when so many fronts are taken off, one after another."""
    import numpy

    left = numpy.arange(len(points))
    group = numpy.cumsum(numpy.r_[0, groups[1:] != groups[:-1]])
    values = _ranks(points[:, -1]) if points.shape[1] > 1 else numpy.zeros(len(points), numpy.int64)
    values = values - group * (len(points) + 1)  # later groups are below all earlier ones
    for _ in range(times):
        if not len(left):
            break
        some = values[left]
        least = numpy.minimum.accumulate(some)
        left = left[numpy.r_[False, some[1:] >= least[:-1]]]
    return left
