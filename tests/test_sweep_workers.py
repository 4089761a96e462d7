"""Lists of designs that several processes write, here or on a Dask cluster."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.cli import chunks, parts, workers
from tests import processes
from tests.conftest import Command

SPEC = ("sweep", "3x16x16", "conv:4/8/12,k3/5,p=same", "[maxpool:2]/[]", "gap", "linear:$n")
WORDS = (*SPEC, "--let", "n=2..30/1", "--where", "params != 71")
DESIGNS = 348
FORMS = ("csv", "jsonl", "parquet")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "PART", 40)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes of workers, in the order in which they begin."""
    found: list[subprocess.Popen[bytes]] = []
    start = workers.Worker._start

    def begin(self: workers.Worker) -> subprocess.Popen[bytes]:
        found.append(start(self))
        return found[-1]

    monkeypatch.setattr(workers.Worker, "_start", begin)
    return found


def written(command: Command, path: Path, *more: str) -> bytes:
    """What the command writes into a file."""
    ran = command(*WORDS, "-o", str(path), *more)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert os.listdir(path.parent) == [path.name]
    return path.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_workers_write_what_one_process_writes(
    command: Command, tmp_path: Path, small_chunks: None, begun: list[Any], form: str
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"designs.{form}"
    alone = written(command, path)
    assert not begun

    assert written(command, path, "--workers", "2") == alone
    assert len(begun) == 2
    assert {each.returncode for each in begun} == {-signal.SIGKILL}, "none is left"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_chunks_of_a_lost_worker_are_done_again(
    command: Command,
    tmp_path: Path,
    small_chunks: None,
    begun: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "designs.jsonl"
    alone = written(command, path)
    done: list[Any] = []
    added = parts.Parts.add

    def kill(self: Any, chunk: Any, content: bytes) -> None:
        added(self, chunk, content)
        done.append(chunk)
        if len(done) == 2:
            for each in begun:
                os.kill(each.pid, signal.SIGKILL)

    monkeypatch.setattr(parts.Parts, "add", kill)

    assert written(command, path, "--workers", "2") == alone
    assert len(begun) > 2, "others take their places"
    assert sorted(done) == list(chunks.chunks_of(DESIGNS, chunks.PART)), "each once"


def test_a_chunk_that_ends_every_process(
    command: Command, tmp_path: Path, begun: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PROGRAM", "import sys; sys.stdin.readline(); sys.exit(1)")

    ran = command(*WORDS, "-o", str(tmp_path / "designs.csv"), "--workers", "1")

    assert ran.code == 2
    assert "error[worker]: the designs from 1 to 348 end each process" in ran.err
    assert len(begun) == workers.TRIES
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_chunk_is_told(
    command: Command, tmp_path: Path, begun: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks.Job, "__new__", older(chunks.Job.__new__))

    ran = command(*WORDS, "-o", str(tmp_path / "designs.csv"), "--workers", "2")

    assert ran.code == 2
    assert f"error[worker]: cnncalc is {cnncalc.__version__} there, and 0.0.1 here" in ran.err
    assert list(tmp_path.iterdir()) == []


def older(make: Any) -> Any:
    """Jobs of another version."""
    return lambda *fields, **named: make(*fields, **{**named, "version": "0.0.1"})


def test_an_interruption_keeps_what_workers_have_done(
    command: Command,
    tmp_path: Path,
    small_chunks: None,
    begun: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "designs.csv"
    alone = written(command, path)
    path.unlink()
    added = parts.Parts.add
    done: list[Any] = []

    def fail(self: Any, chunk: Any, content: bytes) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(chunk)
        added(self, chunk, content)

    with monkeypatch.context() as patch:
        patch.setattr(parts.Parts, "add", fail)
        ran = command(*WORDS, "-o", str(path), "--workers", "2")
    assert (ran.code, len(begun)) == (130, 2)
    assert "designs are kept" in ran.err
    assert not path.exists()
    assert all(each.returncode is not None for each in begun)

    assert written(command, path, "--resume") == alone


def test_workers_end_with_the_process(tmp_path: Path) -> None:
    """Their input ends with whoever started them."""
    program = workers.PROGRAM.format(path=sys.path)
    job = json.dumps(chunks.Job("3x8x8 conv:4/8,k3", "csv")._asdict()).encode()

    done = processes.ended(
        [sys.executable, "-P", "-c", program], input=job + b"\n[0, 2]\n", encoding=None
    )

    head, rows = done.stdout.split(b"\n", 1)
    assert (done.returncode, json.loads(head)) == (0, {"bytes": len(rows)})
    specs = [row[0] for row in csv.reader(rows.decode().splitlines())]
    assert specs == ["3x8x8 conv:4,k3", "3x8x8 conv:8,k3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "2"], "`--workers` share a whole list"),
        (["--workers", "2", "--sort", "macs", "-o", "x.csv"], "`--workers` share a whole list"),
        (["--scheduler", "tcp://x:1", "--top", "3", "-o", "x.csv"], "`--scheduler` shares a whole"),
        (["--workers", "0", "-o", "x.csv"], "`--workers 0` is less than 1"),
        (["--workers", "257", "-o", "x.csv"], "at most 256"),
        (["--workers", "2", "--scheduler", "tcp://x:1", "-o", "x.csv"], "has its own"),
    ],
)
def test_what_is_refused(command: Command, tmp_path: Path, words: list[str], said: str) -> None:
    ran = command(*WORDS, *[str(tmp_path / word) if word == "x.csv" else word for word in words])

    assert ran.code == 2
    assert "error[usage]" in ran.err
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_ordinary_path_loads_none_of_it(tmp_path: Path) -> None:
    from tests.test_arrows import loaded_by

    words = ["sweep", "3x8x8 conv:4/8,k3", "-o", str(tmp_path / "designs.csv")]
    loaded = loaded_by(f"from cnncalc.cli.main import main\nmain({words})")

    assert {"distributed", "dask", "cnncalc.cli.cluster", "cnncalc.cli.workers"}.isdisjoint(loaded)
    assert "cnncalc.cli.chunks" in loaded


# A Dask cluster.


def test_a_cluster_that_loses_a_worker(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    pytest.importorskip("pyarrow")
    path = tmp_path / "designs.parquet"
    alone = written(command, path)
    pipe = subprocess.PIPE
    words = [sys.executable, "-W", "ignore", "-m", "tests.dask_cluster"]
    environment = processes.variables()
    with processes.started(
        words, stdin=pipe, stdout=pipe, cwd=processes.ROOT, env=environment
    ) as cluster:
        address = cluster.stdout.readline().decode().strip()
        program = f"""
from cnncalc.cli import chunks
chunks.PART = 12
from cnncalc.cli.main import main
raise SystemExit(main({[*WORDS, "-o", str(path), "--scheduler", address]}))
"""
        path.unlink()
        ran = processes.python("-c", program)
        assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
        cluster.stdin.close()
        killed = cluster.stdout.read().split()

    assert len(killed) == 1
    assert rows_of(path.read_bytes()) == rows_of(alone)


def rows_of(content: bytes) -> list[str]:
    """The rows of a Parquet file, in order."""
    from io import BytesIO

    from pyarrow import parquet

    table = parquet.read_table(BytesIO(content))
    return sorted(json.dumps(row) for row in table.to_pylist())


def test_no_scheduler_there(tmp_path: Path) -> None:
    pytest.importorskip("distributed")

    ran = processes.python(
        "-c",
        "from cnncalc.cli import cluster\ncluster.PATIENCE = 0.1\n"
        "from cnncalc.cli.main import main\n"
        f"raise SystemExit(main({[*WORDS, '-o', str(tmp_path / 'designs.csv')]}"
        " + ['--scheduler', 'tcp://127.0.0.1:9']))",
    )

    assert ran.returncode == 2
    assert "error[worker]: no scheduler answers at `tcp://127.0.0.1:9`" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_dask(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    ran = command(*WORDS, "-o", str(tmp_path / "designs.csv"), "--scheduler", "tcp://127.0.0.1:9")

    assert ran.code == 2
    assert "`--scheduler` needs Dask" in ran.err
    assert "pip install 'cnncalc[dask]'" in ran.err
