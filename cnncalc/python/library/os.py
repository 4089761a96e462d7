"""Paths as texts; no file is ever looked at."""

from __future__ import annotations

from cnncalc.python.functions import simple
from cnncalc.python.values import Value

__all__ = ["NAMES"]

NOTHING_THERE = simple("exists", lambda machine, path: False)
NAMES: dict[str, Value] = {
    "sep": "/",
    "path.join": simple("join", lambda machine, *parts: "/".join(parts)),
    "path.basename": simple("basename", lambda machine, path: path.rpartition("/")[2]),
    "path.expanduser": simple("expanduser", lambda machine, path: path),
    "path.isfile": NOTHING_THERE,
    "path.exists": NOTHING_THERE,
    "path.isdir": NOTHING_THERE,
}
