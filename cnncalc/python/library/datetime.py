"""Dates, which are of the day of a run; what is made of them only a run knows."""

from __future__ import annotations

from cnncalc.python.run_values import gives
from cnncalc.python.values import Value

__all__ = ["NAMES"]

NAMES: dict[str, Value] = {
    **{f"{cls}.{name}": gives(f"{cls}.{name}")
       for cls, names in {
           "datetime": ("now", "today", "utcnow", "fromtimestamp", "strptime", "fromisoformat"),
           "date": ("today", "fromtimestamp", "fromisoformat"),
       }.items() for name in names},
    "timedelta": gives("datetime.timedelta"),
    "timezone.utc": None,
    "UTC": None,
}  # fmt: skip
