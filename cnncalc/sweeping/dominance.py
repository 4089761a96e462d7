"""Which of many points no other point is better than in everything, group by group."""

from __future__ import annotations

from typing import Any

__all__ = ["front"]

FEW = 2_000
STRONG = 24  # points of each group that many others are held against first
LEAF = 16
BLOCK, SURVIVORS = 512, 4096


def front(groups: Any, points: Any) -> Any:
    """The places of the points that are on their group's front; of equal ones the first.

    Args:
        groups: of each point, its group's number.
        points: a row of numbers for each, all of them to be small.
    """
    import numpy

    kept = _without_weak(groups, points) if len(points) > FEW else numpy.arange(len(points))
    if not len(kept):
        return kept
    groups, points = groups[kept], points[kept]
    count = points.shape[1]
    find = _least if count == 1 else _pairs if count == 2 else _triples if count == 3 else _any
    return numpy.sort(kept[find(groups, points)])


def _least(groups: Any, points: Any) -> Any:
    import numpy

    order = numpy.lexsort((points[:, 0], groups))
    return order[_firsts(groups[order])]


def _firsts(groups: Any) -> Any:
    """Where groups begin that stand one after another."""
    import numpy

    return numpy.r_[True, groups[1:] != groups[:-1]]


def _ranks(values: Any) -> Any:
    import numpy

    return numpy.unique(values, return_inverse=True)[1].astype(numpy.int64).reshape(-1)


def _pairs(groups: Any, points: Any) -> Any:
    """In the order of the first number, each whose second is below all before it."""
    import numpy

    order = numpy.lexsort((points[:, 1], points[:, 0], groups))
    ranks = _ranks(points[order, 1])
    group = numpy.cumsum(_firsts(groups[order]))
    values = ranks - group * (len(ranks) + 1)  # later groups are below all earlier ones
    least = numpy.minimum.accumulate(values)
    return order[numpy.r_[True, values[1:] < least[:-1]]]


def _triples(groups: Any, points: Any) -> Any:
    """Halves are merged: of the later half, who is dominated by the earlier one goes."""
    import numpy

    order = _distinct(groups, points)
    groups, points = groups[order], points[order]
    second, third = _ranks(points[:, 1]), _ranks(points[:, 2])
    group = numpy.cumsum(_firsts(groups))
    place = numpy.arange(len(order))
    dead = numpy.zeros(len(order), bool)
    for apart in range(1, min(LEAF, len(order))):
        near = (place[apart:] // LEAF) == (place[:-apart] // LEAF)
        near &= group[apart:] == group[:-apart]
        near &= (second[:-apart] <= second[apart:]) & (third[:-apart] <= third[apart:])
        dead[apart:] |= near
    by_second = numpy.argsort(second, kind="stable")
    size = LEAF
    while size < len(order):
        key = place // (2 * size) * (int(group[-1]) + 1) + group
        some = by_second[numpy.argsort(key[by_second], kind="stable")]
        left = (some // size) % 2 == 0
        part = numpy.cumsum(_firsts(key[some])) * (len(order) + 2)
        values = numpy.where(left & ~dead[some], third[some], len(order)) - part
        least = numpy.minimum.accumulate(values)
        dead[some[~left & (least <= third[some] - part)]] = True
        size *= 2
    return order[~dead]


def _distinct(groups: Any, points: Any) -> Any:
    """The points in order, of equal ones the first."""
    import numpy

    columns = [points[:, n] for n in reversed(range(points.shape[1]))]
    order = numpy.lexsort((*columns, groups))
    same = (groups[order][1:] == groups[order][:-1]) & (
        points[order][1:] == points[order][:-1]
    ).all(1)
    return order[numpy.r_[True, ~same]]


def _any(groups: Any, points: Any) -> Any:
    """Blocks in order, each held against the survivors before it."""
    import numpy

    order = _distinct(groups, points)
    groups, points = groups[order], points[order]
    starts = numpy.flatnonzero(_firsts(groups))
    kept = []
    for start, end in zip(starts, [*starts[1:], len(groups)], strict=True):
        front = numpy.empty((0, points.shape[1]), points.dtype)
        for first in range(start, end, BLOCK):
            some = numpy.arange(first, min(first + BLOCK, end))
            for at in range(0, len(front), SURVIVORS):
                some = some[~_dominated(points[some], front[at : at + SURVIVORS])]
            inner = _dominated(points[some], points[some], itself=True)
            some = some[~inner]
            front = numpy.concatenate([front, points[some]])
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


def _without_weak(groups: Any, points: Any) -> Any:
    """The points but for those that one of a few strong ones of their group dominates."""
    import numpy

    count, axes = points.shape
    order = numpy.argsort(groups, kind="stable")
    starts = numpy.flatnonzero(_firsts(groups[order]))
    sizes = numpy.diff(numpy.r_[starts, count])
    least = points.min(0)
    scaled = (points - least) / numpy.maximum(points.max(0) - least, 1)
    alive = numpy.ones(count, bool)
    random = numpy.random.default_rng(0)
    for turn in range(STRONG):
        weights = random.dirichlet(numpy.ones(axes))
        if turn < axes:
            weights = numpy.full(axes, 0.1 / axes)
            weights[turn] += 0.9
        score = numpy.where(alive, scaled @ weights, numpy.inf)[order]
        best = numpy.minimum.reduceat(score, starts)
        found = numpy.flatnonzero(score == numpy.repeat(best, sizes))
        of_group = numpy.searchsorted(starts, found, "right") - 1
        strong = numpy.zeros(len(starts), numpy.int64)
        strong[of_group[::-1]] = order[found[::-1]]
        killer = numpy.empty(count, numpy.int64)
        killer[order] = numpy.repeat(strong, sizes)
        better = points[killer]
        alive &= ~((better <= points).all(1) & (better < points).any(1))
    return numpy.flatnonzero(alive)
