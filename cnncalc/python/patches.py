"""What a source changes of things that all readings share, such as a library's classes."""

from __future__ import annotations

from cnncalc.python.values import MISSING, Value

__all__ = ["Patches"]

Names = dict[str, Value]


class Patches:
    """The changes of one reading: they are in place while it is under way, and nowhere else.

    A model is built in one go and run in another; what its source changed before is changed again.
    """

    def __init__(self) -> None:
        self.changes: list[tuple[Names, str, Value]] = []
        self._before: list[tuple[Names, str, Value]] = []
        self._depth = 0

    def set(self, names: Names, name: str, value: Value) -> None:
        """Give a name another value for as long as the reading is under way."""
        self.changes.append((names, name, value))
        self._put(names, name, value)

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            for change in self.changes:
                self._put(*change)

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        while self._before and not self._depth:
            names, name, value = self._before.pop()
            if value is MISSING:
                del names[name]
            else:
                names[name] = value

    def _put(self, names: Names, name: str, value: Value) -> None:
        self._before.append((names, name, names.get(name, MISSING)))
        names[name] = value
