# ruff: noqa: E501, a source is a line
"""A hostile file can do nothing but be refused, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from tests.source.hostile import SOURCES

SECONDS = 2.0
MEGABYTES = 300

# One process reads them all. What it needs is loaded by a few good sources first, so that
# afterwards every opened file, started process and socket is the hostile source's doing.
SCRIPT = """
import json, resource, sys, time
from cnncalc import analyze
from cnncalc.errors import Source, SpecError
from cnncalc.notations.source import keras_names, keras_networks, mismatch, numeric, options
from cnncalc.notations.source import lookups, patterns, records, reweighting, torch_functions, torch_names
from cnncalc.notations.source.files import NO_FILE
from tests.source.hostile import SOURCES
from tests.source.reading import report_of

warm = [("nn.Conv2d(3, 3, 1), nn.ReLU()", (3, 8, 8)), ("keras.Input((8, 8, 3)), Dense(3)", None)]
warm += [("nn.Sequential(nn.Conv2d(3, 3, 1)), nn.Upsample(scale_factor=1.5)", (3, 8, 8))]
warm += [("import torch\\nclass N(torch.nn.Module):\\n def forward(self, x):\\n  return x + torch.ones(3, 1, 1)", (3, 8, 8))]
warm += [("import keras\\nx = keras.Input((8, 8, 3))\\nm = keras.Model(x, keras.ops.relu(x))", None)]
for text, shape in warm:
    report_of(text, shape)
for text in ("Cnv2d(3, 3, 1)", "nn.Conv2d(4, 3, 1)", "keras.layers.Dens(3)", "import math, copy\\nmath.sqrt('a')", "1 +"):
    try:
        report_of(text, (3, 8, 8))
    except SpecError:
        pass

events = []
WATCHED = ("open", "os.", "subprocess.", "socket.", "exec", "import", "shutil.", "ctypes.", "pty.")
armed = False

def hook(event, args):
    # Python's own parser looks for the text of a syntax error under a name that no file has.
    if armed and event.startswith(WATCHED) and args[:1] != (NO_FILE,):
        events.append([event, str(args)[:100]])

def peak():
    # The maximum that getrusage tells of a child begins with what its parent had.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

sys.addaudithook(hook)
out = {}
for name, text in SOURCES.items():
    events.clear()
    armed = True
    begin = time.process_time()
    try:
        report_of(text, (3, 8, 8))
        end = "it was read"
    except SpecError as error:
        end = "SpecError"
    except BaseException as error:
        end = type(error).__name__
    seconds = time.process_time() - begin
    armed = False
    memory = peak()
    out[name] = [end, seconds, memory, list(events)]
armed = True
open("/dev/null").close()
armed = False
print(json.dumps([out, len(events)]))
"""


@cache
def ran() -> tuple[dict[str, Any], int]:
    """What became of each source, and whether the watch at the end still worked."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    out, seen = json.loads(done.stdout.splitlines()[-1])
    return out, seen


def test_there_are_enough() -> None:
    assert len(SOURCES) >= 60


@pytest.mark.parametrize("name", SOURCES)
def test_a_hostile_source_is_refused(name: str) -> None:
    (end, seconds, memory, events) = ran()[0][name]

    assert end == "SpecError"
    assert seconds < SECONDS
    assert memory < MEGABYTES
    assert events == []


def test_the_watch_sees_a_file_that_is_opened() -> None:
    assert ran()[1] > 0
