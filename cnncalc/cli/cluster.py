"""Chunks of a list made by a Dask cluster (extra `dask`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from types import ModuleType
from typing import Any

from cnncalc import packages
from cnncalc.cli import chunks
from cnncalc.cli.chunks import Chunk, Job, Made
from cnncalc.errors import CnnCalcError

__all__ = ["made"]

PATIENCE = 10  # seconds for the scheduler to answer
AHEAD = 2  # chunks for each thread of the cluster, so that none waits for the next one
LOGS = ("distributed", "distributed.client", "tornado")
LEAST = 4  # chunks that wait where there are no workers yet


def made(job: Job, address: str, todo: Iterator[Chunk]) -> Made:
    """The chunks with what they hold, as the workers of a cluster make them, in any order.

    The scheduler has the chunks of a worker that is lost made again by others; each is handed on
    once.

    Raises:
        CnnCalcError: there is no such scheduler, or a chunk can't be made there.
    """
    distributed = packages.load("distributed", "`--scheduler`", "package")
    try:
        yield from _made(distributed, job, address, todo)
    except OSError as error:
        raise _no_scheduler(address, error) from None


def _made(distributed: ModuleType, job: Job, address: str, todo: Iterator[Chunk]) -> Made:
    with _client(distributed, address) as client:
        asked: dict[Any, Chunk] = {}
        found = distributed.as_completed(loop=client.loop)

        def ask() -> None:
            most = max(LEAST, AHEAD * sum(client.nthreads().values()))
            for chunk in islice(todo, most - len(asked)):
                future = client.submit(_content, job, chunk, pure=False)
                asked[future] = chunk
                found.add(future)

        ask()
        for future in found:
            chunk = asked.pop(future)
            content = _result(future, chunk)
            future.release()
            ask()
            yield chunk, content


def _client(distributed: ModuleType, address: str) -> Any:
    for name in LOGS:  # errors are told once, in our words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise _no_scheduler(address, error) from None


def _no_scheduler(address: str, error: Exception) -> CnnCalcError:
    return CnnCalcError(
        f"no scheduler answers at `{address}`: {packages.said(error)}",
        code="worker",
        help="`dask scheduler` prints its address, as `tcp://10.0.0.1:8786`",
    )


def _content(job: Job, chunk: Chunk) -> bytes:
    """What a chunk holds, on the other side, where errors have to be plain to come back."""
    try:
        return chunks.content_of(job, chunk)
    except CnnCalcError as error:
        raise RuntimeError(error.message) from None


def _result(future: Any, chunk: Chunk) -> bytes:
    try:
        content: bytes = future.result()
    except Exception as error:  # whatever happens there is raised here
        raise CnnCalcError(
            f"the cluster doesn't write the designs from {chunk[0] + 1:,} to {chunk[1]:,}: "
            f"{packages.said(error)}",
            code="worker",
            help="its workers need the same `cnncalc`, and PyArrow where Parquet is written",
        ) from None
    return content
