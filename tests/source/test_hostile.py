# ruff: noqa: E501, a source is a line
"""A hostile file can do nothing but be refused, with bounded work and memory.

What bounds the work is fuel. Whether all work is paid for with it is measured by the processor's
time in proportion to what the plainest endless loop takes here and now on the same fuel, so that
the speed of the machine doesn't matter. The whole fuel takes long: that run is a slow test.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from cnncalc.python.limits import FUEL
from tests import processes
from tests.source.hostile import SOURCES

LITTLE = FUEL // 20
AS_MUCH = 25  # times what the loop takes; the dearest takes four times as much
MEGABYTES = 300
# What the text itself costs to parse, at most 400 kB of it, no fuel pays.
LONG = ("a million commas", "objects on one line of umlauts")
LOOP = "endless while"

# One process reads them all. What it needs is loaded by a few good sources first, so that
# afterwards every opened file, started process and socket is the hostile source's doing.
SCRIPT = """
import json, resource, sys, time
from cnncalc.python import limits
limits.FUEL = int(sys.argv[1])
names = json.loads(sys.argv[2])
from cnncalc import analyze
from cnncalc.errors import Source, SpecError
from importlib import import_module
for each in ("keras.names", "keras.network", "numpy.functions", "torch.names", "torch.operations", "wrong_names", "printed", "given_sizes"):
    import_module(f"cnncalc.notations.source.{each}")
import_module("cnncalc.notations.model_packages")
from cnncalc.python.library import Python
for each in Python.packages:
    import_module(f"cnncalc.python.library.{each}")
from cnncalc.python.source_tree import NO_FILE
from tests.source.hostile import SOURCES
from tests.source.reading import report_of

warm = [("nn.Conv2d(3, 3, 1), nn.ReLU()", (3, 8, 8)), ("keras.Input((8, 8, 3)), Dense(3)", None)]
warm += [("nn.Sequential(nn.Conv2d(3, 3, 1)), nn.Upsample(scale_factor=1.5)", (3, 8, 8))]
warm += [("import torch\\nclass N(torch.nn.Module):\\n def forward(self, x):\\n  return x + torch.ones(3, 1, 1)", (3, 8, 8))]
warm += [("import keras\\nx = keras.Input((8, 8, 3))\\nm = keras.Model(x, keras.ops.relu(x))", None)]
for text, shape in warm:
    report_of(text, shape)
for text in ("Cnv2d(3, 3, 1)", "nn.Upsample(scale_factor=1.5), nn.Conv2d(4, 3, 1)", "keras.layers.Dens(3)", "import math, copy\\nmath.sqrt('a')", "1 +"):
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
for name in names:
    text = SOURCES[name]
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
    out.setdefault(name, [end, [], memory, list(events)])[1].append(seconds)
armed = True
open("/dev/null").close()
armed = False
print(json.dumps([out, len(events)]))
"""


@cache
def ran(fuel: int) -> tuple[dict[str, Any], int]:
    """What became of each source, and whether the watch at the end still worked."""
    names = [name for name in SOURCES if fuel == FUEL or name not in LONG]
    words = ("-c", SCRIPT, str(fuel), json.dumps([LOOP, *names, LOOP]))
    # Looking for packages lists the folders of an environment that is active.
    done = processes.python(*words, environment={"VIRTUAL_ENV": "", "CONDA_PREFIX": ""})
    assert done.returncode == 0, done.stderr[-2000:]
    out, seen = json.loads(done.stdout.splitlines()[-1])
    return out, seen


def check(name: str, fuel: int) -> None:
    """It is refused, it opened and started nothing, and it cost no more than its fuel."""
    found = ran(fuel)[0]
    end, (seconds, *_), memory, events = found[name]
    full = max(found[LOOP][1]) * FUEL / fuel

    assert end == "SpecError"
    assert events == []
    assert memory < MEGABYTES
    assert seconds < AS_MUCH * full


def test_there_are_enough() -> None:
    assert len(SOURCES) >= 60


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in LONG])
def test_a_hostile_source_is_refused(name: str) -> None:
    """On little fuel."""
    check(name, LITTLE)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_a_hostile_source_is_refused_on_all_the_fuel(name: str) -> None:
    """However far it gets."""
    check(name, FUEL)


def test_the_watch_sees_a_file_that_is_opened() -> None:
    assert ran(LITTLE)[1] > 0
