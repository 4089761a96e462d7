"""A list of designs that is written part by part, so that it can be gone on with.

Beside the file stands a folder of parts, one for each chunk of the list, whole once it has its
name. The file itself is put together from them at the end, and only then has its own name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress

from cnncalc.cli import footers, output
from cnncalc.cli.chunks import Chunk
from cnncalc.errors import CnnCalcError

__all__ = ["Parts"]

NAME = re.compile(r"(\d{15})-(\d{15})")
SAYS = "designs.json"  # the file that tells which list the parts are of


class Parts:
    """The parts of one list.

    Attributes:
        names: the file of each chunk that is there.
    """

    def __init__(self, path: str, says: Mapping[str, object], *, resume: bool) -> None:
        self.path = path
        self.folder = f"{path}.part"
        self.says = says
        self.names: dict[Chunk, str] = {}
        if os.path.isdir(self.folder) and not resume:
            self._check_own()
            self.remove()
        if os.path.isdir(self.folder):
            self._find()
        else:
            self._begin()

    def _check_own(self) -> None:
        """CnnCalcError where the folder holds something else."""
        if os.listdir(self.folder) and not os.path.exists(os.path.join(self.folder, SAYS)):
            raise CnnCalcError(
                f"`{self.folder}` is in the way, and holds no parts of a list",
                code="output",
                help="another name for the file",
            )

    def remove(self) -> None:
        """Take the folder of the parts away."""
        shutil.rmtree(self.folder)

    def _begin(self) -> None:
        os.mkdir(self.folder)
        self._whole(SAYS, json.dumps(self.says).encode())

    def _find(self) -> None:
        """Go on with what is there; CnnCalcError where that is another list."""
        said = None
        with suppress(OSError, ValueError), open(os.path.join(self.folder, SAYS)) as file:
            said = json.load(file)
        if said != self.says:
            raise CnnCalcError(
                f"`{self.folder}` holds parts of another list",
                code="resume",
                help="the same command as before goes on; without `--resume` it begins anew",
            )
        for name in os.listdir(self.folder):
            if match := NAME.fullmatch(name):
                self.names[int(match[1]), int(match[2])] = name

    @property
    def done(self) -> int:
        """How many designs the parts hold."""
        return sum(end - start for start, end in self.names)

    def add(self, chunk: Chunk, content: bytes) -> None:
        """Write what a chunk holds."""
        name = f"{chunk[0]:015}-{chunk[1]:015}"
        self._whole(name, content)
        self.names[chunk] = name

    def _whole(self, name: str, content: bytes) -> None:
        draft = os.path.join(self.folder, f"{name}.tmp")
        with open(draft, "wb") as file:
            file.write(content)
        os.replace(draft, os.path.join(self.folder, name))

    def paths(self) -> list[str]:
        """The files of the parts, in order."""
        return [os.path.join(self.folder, name) for _, name in sorted(self.names.items())]

    def text(self, head: str) -> Iterator[bytes]:
        """What all of them hold, behind a head."""
        yield head.encode()
        for path in self.paths():
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    yield block

    def finish(self, head: str | None) -> None:
        """Put the file together; without a head it is Parquet."""
        if head is None:
            output.emit_file(self.path, lambda draft: footers.join(self.paths(), draft))
        else:
            output.emit(self.text(head), self.path)
        self.remove()
