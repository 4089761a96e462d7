"""The branches of a step in words: the layers of each, back to where they part."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from cnncalc.rows import Row

__all__ = ["Branches"]


class Branches:
    """Words for the branches of the steps of one network."""

    # Steps walked back over: for one step beyond any network, in all a fraction of a second.
    FARTHEST, MOST_WORK = 256, 1_000_000
    SHOWN = 3  # words at each end of a long branch

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.left = self.MOST_WORK

    def words(self, inputs: Sequence[int], chosen: Sequence[int]) -> list[str]:
        """For some of the branches that begin at these steps, by number, the layers of each."""
        common = self._common(inputs)
        return [self._between(inputs[branch], common) for branch in chosen]

    def _common(self, inputs: Sequence[int]) -> set[int] | None:
        """Where the branches come from together, as far as tells where they part; None: too far.

        They are walked back together, the latest step first, so that what a step was reached
        from is known when it is its turn, and the walk ends where all of them have met.
        """
        if len(inputs) > self.FARTHEST:
            return None
        reached: dict[int, int] = {}
        for branch, start in enumerate(inputs):
            reached[start] = reached.get(start, 0) | 1 << branch
        everyone = (1 << len(inputs)) - 1
        apart = sum(each != everyone for each in reached.values())
        waiting = [-start for start in reached]
        heapify(waiting)
        common = {0}
        walked = 0
        while apart and waiting:
            walked, self.left = walked + 1, self.left - 1
            if walked > self.FARTHEST or self.left < 0:
                return None
            at = -heappop(waiting)
            by = reached[at]
            if by == everyone:
                common.add(at)
            else:
                apart -= 1
            for source in self.rows[at].inputs:
                known = reached.get(source)
                if known is None:
                    heappush(waiting, -source)
                    apart += by != everyone
                elif known != everyone and known | by == everyone:
                    apart -= 1
                reached[source] = (known or 0) | by
        return common.union(-each for each in waiting)

    def _between(self, at: int, common: set[int] | None) -> str:
        words: list[str] = []
        while at and (len(words) < self.SHOWN if common is None else at not in common):
            words.append(self.rows[at].text)
            at = max(self.rows[at].inputs, default=0)
        words.reverse()
        if common is None and at:
            words.insert(0, "…")
        elif len(words) > 2 * self.SHOWN:
            words[self.SHOWN : -self.SHOWN] = ["…"]
        return f"`{' '.join(words)}`" if words else "the identity"
