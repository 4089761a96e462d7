"""How a layer moves the axes of the map that it receives, said once for all who ask.

Receptive fields follow it forward, what really reaches a map is pulled back through it, and
probing builds its networks by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.axis.indices import Indices, read
from cnncalc.axis.windows import Slide, Window

__all__ = ["OWN", "Parts", "Route"]

OWN = Slide(1)  # each unit reads its own place


class Parts(Sequence[tuple[Window, ...]]):
    """Windows that are made when they are asked for, as there may be as many as places."""

    def __init__(self, count: int, at: Callable[[int], tuple[Window, ...]]) -> None:
        self.size = count
        self.at = at

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: Any) -> Any:
        return self.at(range(self.size)[part])  # IndexError ends a loop


class Route:
    """Where the units of a layer read the one map that it receives, and where its axes go.

    Attributes:
        shape: of the map, channels first.
        windows: the window on each spatial axis; empty: each unit reads its own place.
        mixes: the axes of which every unit reads the whole.
        moves: for each axis of the map, where it is in the output; None: merged or gone.
        across: the window along the channels; None: no window says which ones a channel reads.
            It matters where channels see different things: after `cat`, or where they are
            places of the input, as after a permute.
        splits: the windows of each of the channels that one becomes, where they differ.
    """

    __slots__ = ("across", "mixes", "moves", "shape", "splits", "windows")

    def __init__(
        self,
        shape: tuple[int, ...],
        windows: tuple[Window, ...] = (),
        *,
        mixes: tuple[int, ...] = (),
        moves: tuple[int | None, ...] | None = None,
        across: Window | None = OWN,
        splits: Sequence[tuple[Window, ...]] = (),
    ) -> None:
        self.shape = shape
        self.windows = windows
        self.mixes = mixes
        self.moves = tuple(range(len(shape))) if moves is None else moves
        self.across = across
        self.splits = splits

    def window(self, axis: int) -> Window | None:
        """The window along an axis; None: none says what units read, or each its own place."""
        if axis == 0:
            return self.across
        return self.windows[axis - 1] if self.windows else None

    def read(self, axis: int) -> Indices:
        """The indices of an axis that are read at all.

        Raises:
            TooManyError: too many to list.
        """
        n, window = self.shape[axis], self.window(axis)
        if window is None or axis in self.mixes:
            return range(n)
        return read(window, range(window.length(n)), n)

    def sides(self, channels: Indices | None = None) -> Sequence[Route]:
        """The route of each of the channels that one becomes, or those of some output channels."""
        if not self.splits:
            return (self,)
        count = len(self.splits)
        if isinstance(channels, range):
            channels = channels[:count]  # remainders of even steps begin anew after them
        chosen = range(count) if channels is None else sorted({c % count for c in channels})
        return [
            Route(
                self.shape,
                self.splits[each],
                mixes=self.mixes,
                moves=self.moves,
                across=self.across,
            )
            for each in chosen
        ]
