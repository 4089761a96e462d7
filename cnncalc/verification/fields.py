"""What units see of the input, as predicted and as a run measured it."""

from __future__ import annotations

from cnncalc.executors.base import Sight
from cnncalc.layers.base import Shape
from cnncalc.receptive.maps import Extent, Interval, Seen
from cnncalc.receptive.middles import Middle
from cnncalc.receptive.walk import BEFORE, BEHIND

__all__ = ["difference"]


def difference(
    seen: Seen, middle: Middle, sight: Sight, frame: Shape
) -> tuple[Extent, Extent] | None:
    """What was predicted of a unit and what it was found to see; None: they agree.

    What reaches a unit, borders counted, must be what was found; where it is a bound, it must
    hold that. Of its field, which knows no borders, nothing may be left out, and of an exact one
    each end must be there but where a border cut it.

    Args:
        seen: what the report says of the unit's map.
        middle: the unit, and what reaches it.
        sight: what a run found of it.
        frame: the shape of the network's input, channels first.
    """
    actual = _all_or_nothing(sight.ends)
    reached = middle.reached
    if reached:
        predicted = _all_or_nothing(reached.ends)
        if actual != predicted and (reached.exact or not _within(actual, predicted)):
            return predicted, actual
    claimed = tuple(map(_clipped, middle.claims, frame[1:]))
    if not _within(actual, claimed) or (reached and _falls_short(seen, middle, actual, claimed)):
        return claimed, actual
    return None


def _all_or_nothing(ends: Extent) -> Extent:
    """Who sees nothing of one axis sees nothing at all."""
    return (None,) * len(ends) if None in ends else ends


def _clipped(seen: Interval | None, n: int) -> Interval | None:
    if seen is None or seen[1] < 0 or seen[0] > n - 1:
        return None
    return max(seen[0], 0), min(seen[1], n - 1)


def _within(actual: Extent, claimed: Extent) -> bool:
    """Whether nothing is seen outside of what was claimed."""
    return None in actual or all(
        have and want and want[0] <= have[0] and have[1] <= want[1]
        for have, want in zip(actual, claimed, strict=True)
    )


def _falls_short(seen: Seen, middle: Middle, actual: Extent, claimed: Extent) -> bool:
    """Whether an end wasn't seen that the field says is, though no border cut it."""
    assert middle.reached is not None
    if None in claimed:
        return False
    if seen.whole:  # of the input as it is, whatever borders cut; not of who sees nothing
        return None not in actual and actual != claimed
    cut = middle.reached.cut
    if None in actual:
        return not any(cut) and all(map(_is_exact, [seen] * len(cut), range(len(cut))))
    return any(
        _is_exact(seen, axis)
        and have
        and want
        and (
            (have[0] > want[0] and not cut[axis] & BEFORE)
            or (have[1] < want[1] and not cut[axis] & BEHIND)
        )
        for axis, (have, want) in enumerate(zip(actual, claimed, strict=True))
    )


def _is_exact(seen: Seen, axis: int) -> bool:
    """Whether a field says that both of its ends are really seen."""
    along = seen.axes[axis]
    blind = seen.channels is not None and seen.channels.blind
    return along.field.exact and not along.merged and not blind
