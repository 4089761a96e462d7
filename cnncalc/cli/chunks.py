"""The chunks of a list of designs: each a stretch of it, and what a file has of that.

A chunk is made by the same code wherever that runs: here, in a process beside this one, or on
another machine, which all get the list as a `Job`.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from cnncalc import __version__, api
from cnncalc.cli import parquet
from cnncalc.errors import Source
from cnncalc.render.text import pieces
from cnncalc.sweeping.sweep import Progress, Sweep
from cnncalc.tables.designs import table_of

__all__ = ["Chunk", "Job", "Made", "chunks_of", "content_of", "head_of", "made", "size_of"]

PART = 25_000  # designs of a chunk
FEW = 200  # where the field of each is worked out by itself

Chunk = tuple[int, int]  # the place of its first design in the list, and that behind its last one
Made = Generator[tuple[Chunk, bytes], None, None]  # chunks with what they hold


class Job(NamedTuple):
    """A list of designs, as plain texts and numbers.

    Attributes:
        spec: the text with choices.
        form: the format of the file: `csv`, `jsonl` or `parquet`.
        let: values for symbols, and choices tied by a name.
        version: of this package, which has to be the same wherever chunks are made.
    """

    spec: str
    form: str
    where: str | None = None
    input: str | None = None
    batch: int | None = None
    dtype: str = "float32"
    let: tuple[tuple[str, int | str], ...] = ()
    version: str = __version__


def size_of(found: Sweep) -> int:
    """How many designs of a list a chunk has."""
    return PART if found.no_fields is None else FEW


def chunks_of(total: int, size: int) -> Iterator[Chunk]:
    """All chunks of a list of so many designs; of none an empty one."""
    for start in range(0, max(total, 1), size):
        yield start, min(start + size, total)


def made(found: Sweep, form: str, todo: Iterator[Chunk], progress: Progress | None) -> Made:
    """The chunks with what they hold, one after another, by this process."""
    for chunk in todo:
        yield chunk, _content(found, form, chunk, progress)


def content_of(job: Job, chunk: Chunk) -> bytes:
    """What a chunk of a job holds.

    Raises:
        RuntimeError: the job comes from another version of this package, or can't be done.
    """
    if job.version != __version__:
        raise RuntimeError(f"cnncalc is {__version__} there, and {job.version} here")
    return _content(_sweep_of(job), job.form, chunk, None)


@lru_cache(maxsize=2)
def _sweep_of(job: Job) -> Sweep:
    """The designs of a job, which all its chunks in a process share."""
    return api.sweep(
        Source(job.spec),
        where=job.where,
        input=None if job.input is None else Source(job.input),
        batch=job.batch,
        dtype=job.dtype,
        notation="compact",
        let=dict(job.let),
    )


def _content(found: Sweep, form: str, chunk: Chunk, progress: Progress | None) -> bytes:
    rows = list(found.listed(*chunk, progress))
    if form == "parquet":
        file = io.BytesIO()
        parquet.write(file, rows, found.columns)
        return file.getvalue()
    return "".join(islice(_lines(found, form, rows), int(form == "csv"), None)).encode()


def head_of(found: Sweep, form: str) -> str:
    """What stands before the first row of a text."""
    return next(_lines(found, form, [])) if form == "csv" else ""


def _lines(found: Sweep, form: str, rows: list[dict[str, object]]) -> Iterator[str]:
    table = table_of(rows, found.names, [], plain=True)
    yield from pieces(form, table, lambda: iter(rows))
