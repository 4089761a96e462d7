"""A list of designs that is written part by part, so that it can be gone on with.

Beside the file stands a folder of parts, each of which is whole once it has its name. The file
itself is put together from them at the end, and only then has its own name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from cnncalc import packages
from cnncalc.cli import output
from cnncalc.errors import CnnCalcError

__all__ = ["Parts", "parquet_columns", "write_parquet"]

NAME = re.compile(r"(\d{15})-(\d{15})")
SAYS = "designs.json"  # the file that tells which list the parts are of

Row = dict[str, Any]


class Parts:
    """The parts of one list.

    Attributes:
        done: how many designs they hold, from the first one on.
        rows: how many rows those are.
    """

    def __init__(self, path: str, says: dict[str, Any], *, resume: bool) -> None:
        self.path = path
        self.folder = f"{path}.part"
        self.says = says
        self.names: list[str] = []
        self.done = 0
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
        self._whole(SAYS, lambda draft: _dump(draft, self.says))

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
        found = {}
        for name in os.listdir(self.folder):
            if match := NAME.fullmatch(name):
                found[int(match[1])] = name, int(match[2])
        while self.done in found:
            name, self.done = found[self.done]
            self.names.append(name)

    def add(self, end: int, write: Callable[[str], None]) -> None:
        """Write the designs from those that are done up to another one."""
        name = f"{self.done:015}-{end:015}"
        self._whole(name, write)
        self.names.append(name)
        self.done = end

    def _whole(self, name: str, write: Callable[[str], None]) -> None:
        draft = os.path.join(self.folder, f"{name}.tmp")
        write(draft)
        os.replace(draft, os.path.join(self.folder, name))

    def paths(self) -> list[str]:
        """The files of the parts, in order."""
        return [os.path.join(self.folder, name) for name in self.names]

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
            output.emit_file(self.path, lambda draft: join_parquet(self.paths(), draft))
        else:
            output.emit(self.text(head), self.path)
        self.remove()


def _dump(path: str, value: dict[str, Any]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def pyarrow() -> Any:
    """PyArrow's Parquet; CnnCalcError where it isn't there."""
    packages.load("pyarrow", "a Parquet file", "package")
    from pyarrow import parquet

    return parquet


def parquet_columns(names: list[str], values: list[list[Any]]) -> list[tuple[str, str]]:
    """The columns of a list of designs, and what they hold."""
    kinds = [
        "int64"
        if all(isinstance(each, int) for each in some)
        else "double"
        if all(isinstance(each, int | float) for each in some)
        else "string"
        for some in values
    ]
    figures = [(name, "int64") for name in ("params", "macs")]
    rest = [(name, "int64") for name in ("rf", "param_bytes", "activation_bytes")]
    choices = list(zip(names, kinds, strict=True))
    return [("spec", "string"), *choices, *figures, ("output_shape", "sizes"), *rest]


def write_parquet(path: str, rows: list[Row], columns: list[tuple[str, str]]) -> None:
    """Write rows as a Parquet file."""
    parquet = pyarrow()
    import pyarrow as arrow

    kinds = {"int64": arrow.int64(), "double": arrow.float64(), "string": arrow.string()}
    kinds["sizes"] = arrow.list_(arrow.int64())
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns])
    data = {
        name: [_text(row[name]) if kind == "string" else row[name] for row in rows]
        for name, kind in columns
    }
    parquet.write_table(arrow.table(data, schema=schema), path)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def join_parquet(paths: list[str], path: str) -> None:
    """Put Parquet files of one schema into one."""
    parquet = pyarrow()
    writer = None
    for each in paths:
        table = parquet.read_table(each)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
