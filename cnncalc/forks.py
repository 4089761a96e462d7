"""Where the branches that meet in a step parted: the tree of forks of a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

__all__ = ["Forks"]


class Forks:
    """The steps of a network as a tree, each below the last step that all its branches come from.

    A step of one input stands below that input, a merge below the fork of its branches. Besides
    its parent each step knows one step further up (`skip`), so that the fork of two steps is
    found in logarithmic time (Myers 1983, "An applicative random-access stack").
    """

    __slots__ = ("depth", "parent", "skip")

    def __init__(self) -> None:
        self.parent = [0]
        self.depth = [0]
        self.skip = [0]

    def add(self, inputs: Sequence[int]) -> int:
        """Take in the next step, which reads these earlier ones; the step that it stands below."""
        above = self.fork(inputs)
        skip = self.skip[above]
        further = self.skip[skip]
        even = self.depth[above] - self.depth[skip] == self.depth[skip] - self.depth[further]
        self.parent.append(above)
        self.depth.append(self.depth[above] + 1)
        self.skip.append(further if even else above)
        return above

    def fork(self, steps: Sequence[int]) -> int:
        """The last step that all of these come from; the input, where there is no other."""
        return reduce(self._meet, steps) if steps else 0

    def _meet(self, one: int, two: int) -> int:
        if self.depth[one] < self.depth[two]:
            one, two = two, one
        level = self.depth[two]
        while self.depth[one] > level:
            far = self.depth[self.skip[one]] >= level
            one = self.skip[one] if far else self.parent[one]
        while one != two:
            ups = self.skip if self.skip[one] != self.skip[two] else self.parent
            one, two = ups[one], ups[two]
        return one
