"""The channels as an axis: which of them each output channel reads."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Dealt", "Grouped"]


class Grouped:
    """Channels in groups: each of the `outputs` of a group reads all of its `inputs`.

    (torch.nn.Conv2d, groups.)
    """

    __slots__ = ("inputs", "outputs")

    def __init__(self, inputs: int, outputs: int) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def length(self, n: int) -> int:
        return n // self.inputs * self.outputs

    def reads(self, o: int) -> Sequence[int]:
        first = o // self.outputs * self.inputs
        return range(first, first + self.inputs)

    @property
    def period(self) -> tuple[int, int]:
        return self.outputs, self.inputs

    @property
    def hull(self) -> tuple[float, float, float]:
        slope = self.inputs / self.outputs
        return slope, slope - self.inputs, self.inputs - 1.0


class Dealt:
    """Channels dealt out over groups: the first of each group, then the second of each.

    (torch.nn.ChannelShuffle.)
    """

    __slots__ = ("groups", "size")

    def __init__(self, groups: int, size: int) -> None:
        self.groups = groups
        self.size = size

    def length(self, n: int) -> int:
        return n

    def reads(self, o: int) -> Sequence[int]:
        return (o % self.groups * self.size + o // self.groups,)

    @property
    def period(self) -> tuple[int, int]:
        return self.groups, 1

    @property
    def hull(self) -> tuple[float, float, float]:
        slope = 1 / self.groups
        return slope, slope - 1, (self.groups - 1) * self.size
