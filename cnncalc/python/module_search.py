"""Where modules lie that are in no source tree: in the project around it, in folders that somebody
names, among the packages that are installed. They are looked at as files, never imported.
"""

from __future__ import annotations

import os
import site
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Place", "Search", "is_there", "project_of"]

# What stands in the root of a project: of a repository, or else of a package that is built.
REPOSITORY = (".git", ".hg")
BUILT = ("pyproject.toml", "setup.py", "setup.cfg")
MAX_DEPTH = 20  # folders up to the root
ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")  # what names the active environment


class Place(NamedTuple):
    """A folder in which modules may lie.

    Attributes:
        folder: the modules are in it.
        home: what may be read: files that lie in it once links are followed.
    """

    folder: Path
    home: Path


class Search:
    """The folders that are searched for a module.

    Attributes:
        around: those of the project, from the file's own folder up to its root.
        given: those that somebody names.
    """

    def __init__(self, folder: Path | None, root: Path | None, given: Sequence[Path] = ()) -> None:
        self.around: list[Place] = []
        if folder is not None:
            up = [folder, *folder.parents]
            up = up[: up.index(root) + 1] if root is not None else up[:1]
            self.around = [Place(each, root or folder) for each in up]
        self.given = [Place(each, each) for each in given]

    def files(self) -> Iterator[Place]:
        """Where files and packages are looked for, in order."""
        yield from self.folders()
        yield from (Place(each, each) for each in installed())

    def folders(self) -> Iterator[Place]:
        """Where folders without an `__init__.py` are, too."""
        yield from self.around
        yield from self.given


def is_there(first: str, given: Sequence[str]) -> bool:
    """Whether there is a package, or a module, of a name among those given and installed."""
    folders = (place.folder for place in Search(None, None, list(map(Path, given))).files())
    ends = (f"{first}/__init__.py", f"{first}.py")
    return any(os.path.isfile(folder / end) for folder in folders for end in ends)


def project_of(folder: Path) -> Path | None:
    """The root of the project that a folder is in; None where nothing marks one."""
    up = [folder, *folder.parents][:MAX_DEPTH]
    for marks in (REPOSITORY, BUILT):
        for each in up:
            if any(os.path.exists(each / mark) for mark in marks):
                return each
    return None


def installed() -> Iterator[Path]:
    """The folders of the packages of the active environment, and of this Python."""
    for root in filter(None, map(os.environ.get, ACTIVE)):
        prefix = Path(root)
        yield from sorted(prefix.glob("lib/python3*/site-packages"), reverse=True)
        yield prefix / "Lib" / "site-packages"
    own = [*site.getsitepackages(), *([site.getusersitepackages()] if _users() else [])]
    yield from map(Path, own)


def _users() -> bool:
    return bool(site.ENABLE_USER_SITE)
