"""Which small faults in the engine's arithmetic the tests would not notice.

    python -m tests.mutants --sample 300 --seed 1
    python -m tests.mutants cnncalc/axis/field.py:96-120        # all faults of these lines

A fault is one change of one expression: `+` for `-`, `<` for `<=`, a number one more, a branch
never taken. Each is put into the code of a function within a process forked from one that has
collected the tests, and those tests run that run its lines, quickest first, until one fails.
A fault outside functions, or in what runs but at import, is tried with everything imported anew.
What takes far more time or memory than it should is found as well. Time is that of the processor,
with much room, and a test that ran out of it is run again without the fault: however busy the
machine is, that finds nothing which isn't there. First of all the tests run without a fault.

Not changed, since no test could tell or a golden file holds them: texts and what `raise` says,
`__repr__` and `__hash__`, annotations, `__all__` and `__slots__`, the bounds of work (`MOST_…`,
`MAX_…`) and what is compared with them, `strict=`, the 0 of `shapes[0]` where there is one shape,
the order of arguments where it has no meaning. Frameworks are left out, so that figures are the
same everywhere. What survives is a gap of the tests, or work saved: a shorter way to the same.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib.machinery
import mmap
import os
import pickle
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

import pytest

from tests.mutations import Fault, changed, faults

ROOT = Path(__file__).parents[1]
ENGINE = ("cnncalc/axis", "cnncalc/layers", "cnncalc/receptive", "cnncalc/analysis.py")
TESTS = (
    "tests/layers",
    "tests/frameworks",
    "tests/notations",
    "tests/symbols",
    "tests/tracing",
    "tests/executors/test_arrays.py",
    "tests/executors/test_everywhere.py",
    "tests/executors/test_probing.py",
    "tests/executors/test_recorded.py",
    "tests/executors/test_stepping.py",
    "tests/executors/test_values.py",
    "tests/verification/test_agreement.py",
    "tests/verification/test_claims.py",
    "tests/verification/test_faults.py",
    "tests/verification/test_planted_fields.py",
    "tests/test_across_batch.py",
    "tests/test_analysis.py",
    "tests/test_branches.py",
    "tests/test_by_hand.py",
    "tests/test_channels.py",
    "tests/test_drawn_networks.py",
    "tests/test_errors.py",
    "tests/test_examples.py",
    "tests/test_facts.py",
    "tests/test_fields.py",
    "tests/test_indices.py",
    "tests/test_input_size.py",
    "tests/test_law.py",
    "tests/test_laws.py",
    "tests/test_linear.py",
    "tests/test_parameters.py",
    "tests/test_pull_back.py",
    "tests/test_reads.py",
    "tests/test_receptive.py",
    "tests/test_receptive_oracles.py",
    "tests/test_recurrent.py",
    "tests/test_recurrent_states.py",
    "tests/test_render.py",
    "tests/test_rf_command.py",
    "tests/test_runs.py",
    "tests/test_scalars.py",
    "tests/test_schema.py",
    "tests/test_showing.py",
    "tests/test_symbolic.py",
    "tests/test_units.py",
    "tests/test_valid_sizes.py",
    "tests/test_verify.py",
    "tests/test_walk.py",
    "tests/test_windows.py",
)
FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "onnx", "onnxruntime", "cupy")

OURS = ("cnncalc", "tests")

SURVIVED, KILLED, BROKEN = range(3)  # how a process ends that tries a fault
TOO_LONG, ENDED_BY_OTHERS = -signal.SIGXCPU, -signal.SIGKILL
TOLD = {
    SURVIVED: "survived",
    BROKEN: "could not be tried:",
    ENDED_BY_OTHERS: "was ended by others:",
    TOO_LONG: "found since it takes too long:",
}
PATIENCE = 5, 20  # seconds that any test may take, and how many times its own
MEMORY = 6 << 30


class Cost(NamedTuple):
    """What a test takes without a fault, and the lines of the engine that it runs."""

    seconds: float
    lines: frozenset[tuple[str, int]] | None  # None: it watches lines itself, so nobody else can


class Trial(NamedTuple):
    """What is tried in a process of its own.

    Attributes:
        fault: what is put in.
        turn: how many tests have begun, which the process tells the one that it is forked from.
        again: the last test that began is run once more, without the fault.
    """

    fault: Fault
    turn: mmap.mmap
    again: bool = False


Costs = Mapping[str, Cost]
UNKNOWN = Cost(1, None)
Work = Callable[[Trial], int]


def main(words: Sequence[str] | None = None) -> int:
    """Try faults; 1 if some survive."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("places", nargs="*", help="FILE, FILE:LINE or FILE:FIRST-LAST")
    parser.add_argument("--sample", type=int, metavar="N", help="so many, drawn; default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--costs", type=Path, help="where the tests' costs are kept between runs")
    given = parser.parse_args(words)
    os.chdir(ROOT)
    for name in FRAMEWORKS:
        sys.modules[name] = None  # type: ignore[assignment]
    chosen = [fault for fault in every() if lies_in(fault, given.places)]
    if given.sample is not None and given.sample < len(chosen):
        chosen = random.Random(given.seed).sample(chosen, given.sample)
    survivors = survivors_of(chosen, given.jobs, given.costs)
    killed = len(chosen) - len(survivors)
    print(f"{killed} of {len(chosen)} killed ({killed / max(len(chosen), 1):.1%})")
    for fault in sorted(survivors):
        print(f"survived {fault}")
    return 1 if survivors else 0


def every() -> Iterator[Fault]:
    """All faults of the engine, file by file."""
    for path in ENGINE:
        files = [path] if path.endswith(".py") else sorted(map(str, Path(path).glob("*.py")))
        for file in files:
            yield from faults(file, Path(file).read_text(encoding="utf-8"))


def lies_in(fault: Fault, places: Sequence[str]) -> bool:
    """Whether a fault is in one of the places, if there are any."""
    for place in places:
        file, _, lines = place.partition(":")
        first, _, last = lines.partition("-")
        inside = not lines or int(first) <= fault.line <= int(last or first)
        if file == fault.file and inside:
            return True
    return not places


def survivors_of(chosen: Sequence[Fault], jobs: int, kept: Path | None = None) -> list[Fault]:
    """The faults that no test finds."""

    def collected(session: pytest.Session) -> tuple[Costs, list[Fault]]:
        engine = Engine()
        measured = costs_of(session, engine, kept)
        if ended(lambda: run(in_order(session.items, measured), measured)) != SURVIVED:
            raise SystemExit("the tests fail without a fault")
        found = [fault for fault in chosen if not at_import(fault, measured)]
        return measured, spread(found, jobs, partial(within, session, engine, measured))

    costs, survivors = told(lambda: collect(Loop(collected)))()
    outside = [fault for fault in chosen if at_import(fault, costs)]
    return [*survivors, *spread(outside, jobs, partial(imported, costs))]


def costs_of(session: pytest.Session, engine: Engine, kept: Path | None) -> Costs:
    """What each test costs, which holds as long as neither they nor the engine change."""
    now = hashlib.sha256()
    for file in sorted([*ROOT.glob("cnncalc/**/*.py"), *ROOT.glob("tests/**/*.py")]):
        now.update(file.read_bytes())
    if kept and kept.exists():
        then, known = pickle.loads(kept.read_bytes())
        if then == now.digest():
            costs: Costs = known
            return costs
    measured: Costs = told(lambda: measure(session, engine))()
    if kept:
        kept.write_bytes(pickle.dumps((now.digest(), measured)))
    return measured


# --- processes --------------------------------------------------------------------------


def told(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin some work in a process of its own; what is returned waits for what it gives."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        os.close(source)
        try:
            with os.fdopen(sink, "wb") as file:
                pickle.dump(work(), file)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(sink)

    def result() -> Any:
        with os.fdopen(source, "rb") as file:
            found = file.read()
        os.waitpid(child, 0)
        given = pickle.loads(found) if found else None
        if given is None:
            raise SystemExit("the tests fail without a fault, or could not be collected")
        return given

    return result


def spread(chosen: Sequence[Fault], jobs: int, work: Work) -> list[Fault]:
    """The faults that survive, tried by several processes at a time."""

    def part(first: int) -> list[Fault]:
        turn = mmap.mmap(-1, 8)
        return [each for each in chosen[first::jobs] if survives(Trial(each, turn), work)]

    results = [told(partial(part, first)) for first in range(jobs)]
    return [fault for result in results for fault in result()]


def survives(trial: Trial, work: Work) -> bool:
    """Whether a fault survives, as one does of which that can't be told."""
    trial.turn[:] = bytes(len(trial.turn))
    how = ended(lambda: work(trial))
    if how == TOO_LONG:
        alone = ended(lambda: work(trial._replace(again=True)))
        how = TOO_LONG if alone == SURVIVED else BROKEN
    if how in TOLD:
        print(f"{TOLD[how]} {trial.fault}", file=sys.stderr, flush=True)
    return how in (SURVIVED, BROKEN, ENDED_BY_OTHERS)


def ended(work: Callable[[], int]) -> int:
    """How a process ends of which this is all the work."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        how = BROKEN
        try:
            how = work()
        except MemoryError:
            how = KILLED
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(how)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def allow(seconds: float) -> None:
    """End this process once it has computed for so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + PATIENCE[0] + PATIENCE[1] * seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


# --- tests ------------------------------------------------------------------------------


class Loop:
    """What is done with the tests once they are collected, in place of running them."""

    def __init__(self, work: Callable[[pytest.Session], Any]) -> None:
        self.work = work
        self.result: Any = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.result = self.work(session)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            os._exit(KILLED)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(KILLED)


def collect(loop: Loop) -> Any:
    """Collect the tests, and hand them on; None where that fails."""
    options = ["-o", "addopts=", "-m", "not slow and not thorough", "--capture=no"]
    options += ["-p", "no:terminal", "-p", "no:cacheprovider"]
    pytest.main([*options, *TESTS], plugins=[loop])
    return loop.result


def in_order(items: Iterable[pytest.Item], costs: Costs) -> list[pytest.Item]:
    """The quickest first."""
    return sorted(items, key=lambda item: costs.get(item.nodeid, UNKNOWN).seconds)


def run(items: Sequence[pytest.Item], costs: Costs, turn: mmap.mmap | None = None) -> int:
    """Run tests in order; the process ends with the first that fails."""
    for number, (item, following) in enumerate(zip(items, [*items, None][1:], strict=True), 1):
        if turn is not None:
            turn[:] = number.to_bytes(len(turn))
        allow(costs.get(item.nodeid, UNKNOWN).seconds)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return SURVIVED


def run_concerned(items: Iterable[pytest.Item], costs: Costs, trial: Trial) -> int:
    """Run the tests that run the lines of a fault, or the last that began of them."""
    chosen = in_order(concerned(items, trial.fault, costs), costs)
    if trial.again:
        begun = int.from_bytes(trial.turn[:])
        return run(chosen[max(begun - 1, 0) : begun], costs)
    return run(chosen, costs, trial.turn)


def measure(session: pytest.Session, engine: Engine) -> Costs:
    """What each test takes, and which lines it runs, with nothing left of the tests before it."""
    root = f"{ROOT}/"
    watched = tuple(root + path for path in ENGINE)
    costs: dict[str, Cost] = {}
    lines: set[tuple[str, int]] = set()

    def on_line(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename.removeprefix(root), frame.f_lineno))
        return on_line

    def on_call(frame: FrameType, event: str, _: object) -> Any:
        return on_line if frame.f_code.co_filename.startswith(watched) else None

    for item, following in zip(session.items, [*session.items, None][1:], strict=True):
        lines.clear()
        engine.forget()
        begun = time.process_time()
        sys.settrace(on_call)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        kept = sys.gettrace() is on_call
        sys.settrace(None)
        seconds = time.process_time() - begun
        costs[item.nodeid] = Cost(seconds, frozenset(lines) if kept else None)
    return costs


def concerned(items: Iterable[pytest.Item], fault: Fault, costs: Costs) -> list[pytest.Item]:
    """The tests that run the lines of a fault; all, where importing runs them."""
    if at_import(fault, costs):
        return list(items)
    lines = lines_of(fault)
    ran = ((item, costs.get(item.nodeid, UNKNOWN).lines) for item in items)
    return [item for item, found in ran if found is None or not lines.isdisjoint(found)]


def at_import(fault: Fault, costs: Costs) -> bool:
    """Whether no test runs the lines of a fault, but importing may: what makes kinds or options."""
    lines = lines_of(fault)
    ran = (cost.lines or frozenset() for cost in costs.values())
    return not fault.function or all(map(lines.isdisjoint, ran))


def lines_of(fault: Fault) -> frozenset[tuple[str, int]]:
    return frozenset((fault.file, line) for line in range(fault.first, fault.last + 1))


# --- faults -----------------------------------------------------------------------------


class Engine:
    """The functions that there are, by file and qualified name, and what keeps results.

    Made once, before processes are forked: what is there by then isn't looked at any more by
    Python's search for garbage, which would copy all of it in each of them.
    """

    def __init__(self) -> None:
        self.functions: dict[tuple[str, str], list[FunctionType]] = {}
        self.keeping: list[Any] = []
        for found in gc.get_objects():
            if isinstance(found, FunctionType):
                key = found.__code__.co_filename, found.__code__.co_qualname
                self.functions.setdefault(key, []).append(found)
            elif isinstance(found, _lru_cache_wrapper) and found.__module__.startswith(OURS):
                self.keeping.append(found)
        gc.freeze()

    def forget(self) -> None:
        """Empty what was worked out and kept while the tests were collected."""
        for cache in self.keeping:
            cache.cache_clear()


def within(session: pytest.Session, engine: Engine, costs: Costs, trial: Trial) -> int:
    """Try a fault in the functions that there are."""
    engine.forget()
    fault, path = trial.fault, str(ROOT / trial.fault.file)
    if not trial.again:
        tree = changed(Path(path).read_text(encoding="utf-8"), fault)
        code = function_code(compile(tree, path, "exec", dont_inherit=True), fault.function)
        for function in engine.functions[path, fault.function]:
            function.__code__ = _with_class(code, function)
    return run_concerned(session.items, costs, trial)


def _with_class(code: CodeType, function: FunctionType) -> CodeType:
    """The code as one that may say `super()`, whether it still does or not."""
    return code if code.co_freevars else code.replace(co_freevars=function.__code__.co_freevars)


def function_code(code: CodeType, name: str) -> CodeType:
    """The code of the function of this qualified name."""
    waiting = [code]
    while waiting:
        code = waiting.pop()
        if code.co_qualname == name:
            return code
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
    raise LookupError(name)


def imported(costs: Costs, trial: Trial) -> int:
    """Try a fault with everything imported anew."""
    if not trial.again:
        sys.meta_path.insert(0, Changed(trial.fault))
    allow(60)
    loop = Loop(lambda session: run_concerned(session.items, costs, trial))
    return SURVIVED if collect(loop) == SURVIVED else KILLED


class Changed(importlib.machinery.PathFinder):
    """Finds the module that has the fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.name = fault.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:  # type: ignore[override]
        spec = super().find_spec(name, path, target) if name == self.name else None
        if spec is not None:
            spec.loader = Loader(name, str(ROOT / self.fault.file), self.fault)
        return spec


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles the source with the fault in it."""

    def __init__(self, name: str, path: str, fault: Fault) -> None:
        super().__init__(name, path)
        self.fault = fault

    def get_code(self, fullname: str) -> CodeType:
        tree = changed(Path(self.path).read_text(encoding="utf-8"), self.fault)
        return compile(tree, self.path, "exec", dont_inherit=True)


if __name__ == "__main__":
    sys.exit(main())
