"""Abstract classes, which are classes like others here."""

from __future__ import annotations

from cnncalc.python.functions import simple, undecorated
from cnncalc.python.values import OBJECT, Class, Opaque, Value

__all__ = ["NAMES", "OTHERS"]

NAMES: dict[str, Value] = {
    "ABC": Class("ABC", (OBJECT,)),
    "abstractmethod": simple("abstractmethod", undecorated),
}
OTHERS = Opaque
