"""Types in annotations: most say nothing about a network."""

from __future__ import annotations

from cnncalc.python.abstract_types import ABSTRACT
from cnncalc.python.functions import simple
from cnncalc.python.records import RECORD
from cnncalc.python.types import DICT, TYPES
from cnncalc.python.values import Opaque, Value

__all__ = ["NAMES", "OTHERS"]

CONCRETE = {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set", "Type": "type"}
NAMES: dict[str, Value] = {
    **ABSTRACT,
    **{name: TYPES[plain] for name, plain in CONCRETE.items()},
    "OrderedDict": DICT,
    "NamedTuple": RECORD,
    "TYPE_CHECKING": False,
    "cast": simple("cast", lambda machine, kind, value: value),
    "TypeVar": simple("TypeVar", lambda machine, name, *a, **k: Opaque(name)),
    "NewType": simple("NewType", lambda machine, name, kind: kind),
}
OTHERS = Opaque
