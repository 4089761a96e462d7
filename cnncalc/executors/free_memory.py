"""How much main memory is left: of the machine's, and of what control groups allow this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["free_memory"]

CGROUPS = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Bytes that this process can still take; None where nothing says."""
    limits = [limit for limit in (_of_machine(), *_of_cgroups()) if limit is not None]
    return min(limits, default=None)


def _of_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    names = getattr(os, "sysconf_names", {})
    pages = next((n for n in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES") if n in names), None)
    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _of_cgroups() -> Iterator[int]:
    """What each control group around this process leaves, from its own outwards."""
    for folder in _cgroup_folders():
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            most, used = _number(folder / limit), _number(folder / usage)
            if most is not None and used is not None:
                yield max(most - used + _reclaimable(folder), 0)


def _cgroup_folders() -> Iterator[Path]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines or ["0::/"]:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = CGROUPS / controllers
        inner = Path(path.lstrip("/"))
        yield from (root / part for part in (inner, *inner.parents))


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # there is none, or it says `max`
        return None


def _reclaimable(folder: Path) -> int:
    """Cached files count as used, though they give way."""
    try:
        words = (folder / "memory.stat").read_text().split()
    except OSError:
        return 0
    return int(dict(zip(words[::2], words[1::2], strict=False)).get("inactive_file", 0))
