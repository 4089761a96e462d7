"""Workers: processes beside this one that make chunks of a list.

A worker gets the job, and then chunk after chunk, as lines of JSON on its standard input. What it
answers is a line that tells how many bytes follow, or what is wrong. It writes no file, so that it
may be ended at any time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from typing import IO

from cnncalc.cli import chunks
from cnncalc.cli.chunks import Chunk, Job, Made
from cnncalc.errors import CnnCalcError

__all__ = ["MOST", "Worker", "made", "serve"]

MOST = 256  # processes
TRIES = 3  # of a chunk whose worker was lost
# Ctrl-C goes to all processes of a terminal: what becomes of the workers is decided here.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = {path!r}
from cnncalc.cli.workers import serve
serve()
"""


class Worker:
    """A process that makes one chunk at a time; one that is lost is replaced."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.process: subprocess.Popen[bytes] | None = None
        self.closed = False

    def content(self, chunk: Chunk) -> bytes:
        """What a chunk holds.

        Raises:
            CnnCalcError: it can't be made, or every process that was to make it was lost.
        """
        for _ in range(TRIES):
            try:
                return self._asked(chunk)
            except (OSError, EOFError):  # the process is gone
                self.end()
                if self.closed:
                    break
        raise CnnCalcError(
            f"the designs from {chunk[0] + 1:,} to {chunk[1]:,} end each process that is to "
            "write them",
            code="worker",
            help="fewer `--workers`, if memory is short; without them it is told why",
        )

    def _asked(self, chunk: Chunk) -> bytes:
        process = self.process or self._start()
        assert process.stdin, "it has a pipe"
        assert process.stdout, "it has a pipe"
        _say(process.stdin, chunk)
        answer = json.loads(_line(process.stdout))
        if "error" in answer:
            raise CnnCalcError(answer["error"], code="worker")
        content = process.stdout.read(answer["bytes"])
        if len(content) < answer["bytes"]:
            raise EOFError
        return content

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        program = PROGRAM.format(path=sys.path)
        self.process = process = subprocess.Popen(
            [sys.executable, "-P", "-c", program],
            stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if self.closed:  # meanwhile
            process.kill()
        assert process.stdin, "it has a pipe"
        _say(process.stdin, self.job._asdict())
        return process

    def close(self) -> None:
        """Let the process be gone, whatever it does; from any thread."""
        self.closed = True
        if self.process is not None:
            self.process.kill()

    def end(self) -> None:
        """End the process and all that it holds."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):  # what it hasn't read is lost with it
                    pipe.close()
        process.wait()


def made(job: Job, count: int, todo: Iterator[Chunk]) -> Made:
    """The chunks with what they hold, as so many workers make them, in any order."""
    workers = [Worker(job) for _ in range(count)]
    threads = ThreadPoolExecutor(count)
    asked: dict[Future[bytes], tuple[Worker, Chunk]] = {}

    def ask(worker: Worker) -> None:
        for chunk in islice(todo, 1):
            asked[threads.submit(worker.content, chunk)] = worker, chunk

    try:
        for worker in workers:
            ask(worker)
        while asked:
            for future in wait(asked, return_when=FIRST_COMPLETED).done:
                worker, chunk = asked.pop(future)
                content = future.result()
                ask(worker)
                yield chunk, content
    finally:
        for worker in workers:
            worker.close()
        threads.shutdown()
        for worker in workers:
            worker.end()


def serve() -> None:
    """Be a worker, until nothing more is asked."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    asked = sys.stdin.buffer
    fields = json.loads(_line(asked))
    job = Job(**{**fields, "let": tuple(map(tuple, fields["let"]))})
    while line := asked.readline():
        start, end = json.loads(line)
        try:
            content = chunks.content_of(job, (start, end))
        except (CnnCalcError, RuntimeError) as error:
            _say(answers, {"error": getattr(error, "message", str(error))})
            continue
        _say(answers, {"bytes": len(content)}, content)


def _say(pipe: IO[bytes], value: object, more: bytes = b"") -> None:
    pipe.write(json.dumps(value).encode() + b"\n" + more)
    pipe.flush()


def _line(pipe: IO[bytes]) -> bytes:
    line = pipe.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line
