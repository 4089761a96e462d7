"""The time of day, which only a run knows."""

from __future__ import annotations

from cnncalc.python.run_values import gives
from cnncalc.python.types import TYPES
from cnncalc.python.values import Silent, Value
from cnncalc.python.wordlists import words

__all__ = ["NAMES"]

NAMES: dict[str, Value] = {
    "sleep": Silent("time.sleep"),
    **{name: gives(f"time.{name}", TYPES["float"])
       for name in words("time perf_counter monotonic process_time thread_time mktime")},
    **{name: gives(f"time.{name}", TYPES["int"])
       for name in words("time_ns perf_counter_ns monotonic_ns process_time_ns thread_time_ns")},
    **{name: gives(f"time.{name}", TYPES["str"]) for name in words("strftime ctime asctime")},
    **{name: gives(f"time.{name}") for name in words("localtime gmtime strptime")},
}  # fmt: skip
