"""Enumerations: classes whose attributes become their members."""

from __future__ import annotations

from cnncalc.python.abstract_types import abstract
from cnncalc.python.classes import ENUM
from cnncalc.python.functions import simple, undecorated
from cnncalc.python.types import TYPES
from cnncalc.python.values import MISSING, Class, Opaque, Value

__all__ = ["NAMES", "OTHERS"]


def is_enum(value: Value) -> bool:
    return isinstance(value, Class) and value.find("__members__") is not MISSING


META = abstract("EnumMeta", is_enum)
NAMES: dict[str, Value] = {
    "Enum": ENUM,
    "EnumMeta": META,
    "EnumType": META,
    "IntEnum": Class("IntEnum", (TYPES["int"], ENUM)),
    "auto": simple("auto", lambda machine: Opaque("auto")),
    "unique": simple("unique", undecorated),
}
OTHERS = Opaque
