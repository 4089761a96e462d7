"""Memory: what is foreseen, what is refused, what is measured, and how its end is told."""

from __future__ import annotations

import json
import re
import tracemalloc
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors import EXECUTORS, base, memory
from cnncalc.executors.bundled import devices
from cnncalc.executors.bundled.compute import COMPUTATIONS
from cnncalc.executors.shortage import LESS, MemoryErrors, ran_out
from cnncalc.tables.verification import verdict
from tests.conftest import Command
from tests.executors.test_torch import shrunk
from tests.library import NAMES, report, traced
from tests.verification.standing_in import executor, installed_or_skip, use

LARGE = "3x224x224 conv:64,k3,p1 relu flatten linear:100"
SMALL = "3x9x9 conv:64,k3"


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 100 MB left."""
    monkeypatch.setattr(base, "free_memory", lambda: 100_000_000)


def verified(spec: str, **options: Any) -> dict[str, Any]:
    outcome = cnncalc.verify(spec, **options).verify
    assert outcome is not None
    return outcome


def refused(spec: str, code: str = "memory", **options: Any) -> CnnCalcError:
    with pytest.raises(CnnCalcError) as error:
        cnncalc.verify(spec, **options)
    assert error.value.code == code
    return error.value


# --- foreseen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "options", "elements"),
    [
        ("4x8x8 relu relu", {}, 4 * 256),
        ("4x8x8 add[ relu | ]", {}, 4 * 256),
        ("4x8x8 conv:8,k1,nobias relu", {}, 256 + 2 * 512 + 512),
        ("4x8x8 relu", {"batch": 3}, 3 * 3 * 256),
        ("4x8x8 lrn", {}, 2 * 256 + 2 * 256),  # two copies more
        ("4x8x8 adaptivemax:keep", {}, 3 * 256 + 2 * 256),  # and 64-bit places
        ("4x8x8 avgpool:8,p=7", {}, 256 + 4 * 4 + 4 * 22**2),  # padded before
        ("4x8x8 reduce:mean,axes=1", {}, 256 + 32 + 256),
        ("4x8x8 reduce:logsumexp,axes=1", {}, 256 + 32 + 2 * 256),
    ],
)
def test_the_need_of_activations(spec: str, options: dict[str, Any], elements: int) -> None:
    """What is alive at once, and one more copy for the step at work."""
    assert memory.need(cnncalc.analyze(spec, **options)).activations == 4 * elements


@pytest.mark.parametrize(
    ("spec", "elements"),
    [
        ("4x8x8 relu", 256 + 256),  # the input counts, and what relu gave
        ("4x8x8 conv:4,k1 relu", 256 + 256),  # what conv gave isn't needed any more
        ("4x8x8 conv:4,k1 gelu", 256 + 256),  # here it is, and what gelu gave isn't
        ("4x8x8 relu flatten linear:2", 256 + 256),  # a view takes nothing
        ("4x8x8 relu maxpool:2", 256 + 256 + 2 * 64),  # and 64-bit places
        ("4x8x8 relu conv:4,k2,p=same", 256 + 256 + 4 * 81),  # and a map padded on one side
        ("4x8x8 sepconv:4,k1,m1", 256 + 256),  # and what lies between its convolutions
        ("4x8x8 lrn", 256 + 6 * 256),
    ],
)
def test_the_need_of_a_backward_pass(spec: str, elements: int) -> None:
    """What is kept for it, and what flows back: twice the largest map."""
    need = memory.need(cnncalc.analyze(spec), backward=True)

    assert need.activations == 4 * (elements + 2 * 256)


def test_the_need_of_weights() -> None:
    """Each tensor once, buffers too; gradients of those that are trained."""
    report = cnncalc.analyze("4x8x8 conv:8,k1 bn", dtype="float64")
    need = memory.need(report, backward=True)

    assert need.weights == 8 * (32 + 8 + 4 * 8 + 1)
    assert need.gradients == 8 * (32 + 8 + 2 * 8)
    assert need.workspace == memory.WORKSPACE_BYTES
    assert need.total == need.weights + need.gradients + need.activations + need.workspace


def test_the_need_of_what_frees_nothing() -> None:
    """All activations, and a copy."""
    assert memory.need(cnncalc.analyze("4x8x8 relu relu relu"), keeps=True).activations == 4 * 1280


# --- refused ----------------------------------------------------------------------------


@pytest.mark.usefixtures("little")
def test_what_does_not_fit_is_refused_before_it_is_allocated() -> None:
    """With what it would take, what there is, and what would help."""
    error = refused(LARGE)

    assert error.message == (
        "this run would take 1.39 GB (weights 1.28 GB, activations 39.1 MB, "
        "workspace 67.1 MB) but only 100 MB of memory is free"
    )
    assert error.help == "a smaller batch (-b), a smaller input (-i) or --dtype float16"
    assert verified(SMALL)["ok"]


@pytest.mark.usefixtures("little")
def test_gradients_are_foreseen() -> None:
    installed_or_skip("torch")

    assert "gradients 1.28 GB" in str(refused(LARGE, executor="torch", backward=True))


def test_max_memory_is_a_budget(command: Command) -> None:
    """A run that would take more isn't begun: the table, why, and exit status 1."""
    spec = "64x128x128 conv:64,k3,p1"
    error = refused(spec, "over-budget", batch=4, max_memory=110_000_000)
    assert error.message == (
        "this run would take 118 MB (weights 148 kB, activations 50.3 MB, workspace 67.1 MB), "
        "7.59 MB more than the 110 MB that it may"
    )
    assert verified(spec, batch=4, max_memory=118_000_000)["ok"]
    words = ("shape", *spec.split(), "-b", "4", "--verify", "--max-memory")
    code, out, err = command(*words, "110MB")

    assert (code, err) == (1, f"missed: {error.message}\n")
    assert out == command("shape", *spec.split(), "-b", "4").out
    assert json.loads(command(*words, "110MB", "--json").out)["verify"] is None
    assert command(*words, "118MB").code == 0


@pytest.mark.usefixtures("little")
def test_max_memory_permits_no_more_than_is_free(command: Command) -> None:
    spec = "64x128x128 conv:64,k3,p1"

    assert "is free" in str(refused(spec, batch=4, max_memory=200_000_000))
    assert command("shape", *spec.split(), "-b4", "--verify", "--max-memory", "1GB").code == 2


def test_the_budget_of_several_runs(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """Who would take more is left out, and that is told; where all would, none is begun."""
    use(monkeypatch, thrifty=executor("thrifty"), keeping=executor("keeping", keeps=True))
    words = ("shape", "8x256x256", *["relu"] * 16, "--verify", "--executor", "all", "--max-memory")
    code, out, err = command(*words, "100MB")

    assert (code, "thrifty   cpu" in out) == (1, True)
    assert "missed: keeping: this run would take 105 MB" in err
    code, out, err = command(*words, "60MB")
    assert (code, "verified" in out) == (1, False)
    assert "missed: this run would take 75.5 MB" in err


def test_unknown_free_memory_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system doesn't say, the run goes ahead."""
    monkeypatch.setattr(base, "free_memory", lambda: None)

    assert verified("3x9x9 conv:4,k3")["ok"]


@pytest.mark.usefixtures("little")
def test_who_frees_nothing_is_refused_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among all executors: it didn't run, and the others did."""
    use(monkeypatch, thrifty=executor("thrifty"), keeping=executor("keeping", keeps=True))
    runs = verified("8x256x256 " + "relu " * 16, executor="all")["runs"]

    assert [run["ok"] for run in runs] == [True, None]
    assert "this run would take 105 MB" in runs[1]["reason"]


# --- measured ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lenet5", "inception", "m5", "mobilenet_v2", "squeezenet1_0"])
@pytest.mark.parametrize("who", ["bundled", "torch", "torch backward"])
def test_what_is_measured_stays_within_what_is_foreseen(name: str, who: str) -> None:
    """And takes at least the weights, and their gradients."""
    chosen, _, backward = who.partition(" ")
    installed_or_skip(chosen)
    small = shrunk(name)
    found = cnncalc.verify(
        small.network, small.input, executor=chosen, backward=bool(backward)
    ).verify
    assert found is not None
    measured, foreseen = found["measured"], found["predicted"]

    least = foreseen["gradient_bytes"] + (foreseen["weight_bytes"] if chosen == "torch" else 0)
    assert least < measured["peak_bytes"] <= foreseen["peak_bytes"]
    parts = [foreseen[key] for key in foreseen if key not in ("bound", "peak_bytes")]
    assert foreseen["peak_bytes"] == sum(parts)
    assert foreseen["bound"] == (chosen == "bundled")
    assert 0 < measured["forward_seconds"] < found["seconds"]
    assert (measured["backward_seconds"] is None) == (not backward)


@pytest.mark.parametrize("who", ["bundled", "torch", "torch backward"])
@pytest.mark.parametrize(
    "spec",
    [
        "8x32x32 conv:8,k1 lrn",
        "8x32x32 conv:8,k1 lppool:3",
        "8x32x32 conv:8,k1 rms",
        "8x32x32 conv:8,k1 sparsemax",
        "8x32x32 conv:8,k1 reduce:logsumexp,axes=1",
        "8x32x32 maxpool:3,s1,p1",
        "8x32x32 adaptivemax:keep",
        "8x32x32 avgpool:3,p=2",
        "8x32x32 4*[conv:8,k2,p=same tanh]",
        "8x32x32 4*[sepconv:8,k3,p1]",
    ],
)
def test_steps_that_copy_stay_within_what_is_foreseen(spec: str, who: str) -> None:
    """Without the workspace, but for small change: the bundled executor's blocks, a norm's sums."""
    chosen, _, backward = who.partition(" ")
    installed_or_skip(chosen)
    found = verified(spec, executor=chosen, backward=bool(backward), batch=128)
    foreseen = found["predicted"]["peak_bytes"] - found["predicted"]["workspace_bytes"]

    assert found["mismatches"] == []
    change = 8_000_000 if chosen == "bundled" else 1_000_000
    assert found["measured"]["peak_bytes"] <= foreseen + change


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    "spec",
    [
        "1x1500x1500 ln",
        "1x1500x1500 rms",
        "1x1500x1500 unitnorm",
        "1x1500x1500 logsoftmax",
        "1x1500x1500 sparsemax",
        "1x1500x1500 avgpool:3,s1,p1",
        "1x1500x1500 lppool:3,s1,norm=3",
        "1x1500x1500 adaptiveavg:keep",
        "1x1500x1500 prelu",
        "1x1500x1500 upsample:1.1,mode=cubic",
        "1x1500x1500 upsample:1.5,mode=linear",
        "1x1500x1500 reduce:var",
        "1x1500x1500 bn:nostats",
        "1x1500x1500 maxpool:2",
        "1x1500x1500 gap",
        "4x1500x1500 linear:4,axis=0",
        "4x750x750 fracmaxpool:2,ratio=0.5",
        "4x750x750 convt:4,k2,s2",
        "4x750x750 glp",
        "8x530x530 ln",
        "8x530x530 bn:nostats",
        "8x530x530 softmax",
    ],
)
def test_what_one_sample_takes_is_foreseen(spec: str, dtype: str) -> None:
    """However large it is beside the workspace, which is left out here but for small change."""
    found = verified(spec, dtype=dtype)
    foreseen = found["predicted"]["peak_bytes"] - found["predicted"]["workspace_bytes"]

    assert found["predicted"]["bound"]
    assert found["measured"]["peak_bytes"] <= foreseen + 8_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_bound_is_one(name: str) -> None:
    """Over the networks that are shipped, at their own sizes."""
    found = cnncalc.verify(report(name).network, report(name).input).verify

    assert found is not None
    assert found["predicted"]["bound"]
    assert found["measured"]["peak_bytes"] <= found["predicted"]["peak_bytes"]


@pytest.mark.parametrize("bound", [True, False])
def test_only_a_bound_is_said_to_be_one(bound: bool) -> None:
    """Elsewhere libraries take what nobody here knows of."""
    found = cnncalc.verify(SMALL)
    assert found.verify is not None
    found.verify["predicted"]["bound"] = bound
    (line,) = [line for line in verdict(found) if line.startswith("measured")]

    assert ("; predicted at most " in line) == bound
    assert line.endswith("and what its libraries take for themselves") != bound


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_a_backward_pass_stays_within_what_is_foreseen(name: str) -> None:
    installed_or_skip("torch")
    found = cnncalc.verify(
        report(name).network, report(name).input, executor="torch", backward=True
    ).verify

    assert found is not None
    assert found["ok"]
    assert found["measured"]["peak_bytes"] <= found["predicted"]["peak_bytes"]


def test_the_memory_of_numpy_is_measured() -> None:
    """Above what there was, whether somebody is watching already or not."""
    for watched in (False, True):
        with traced() if watched else nullcontext():
            before = numpy.ones(2**20)
            with devices.Peak(numpy) as peak:
                numpy.ones(2**18)
                numpy.ones(2**17)
            assert 8 * 2**18 <= peak.bytes < 8 * 2**18 + 2**16
            assert tracemalloc.is_tracing() is watched
            del before


def test_the_memory_of_cupy_is_what_its_pool_took() -> None:
    """After the pool was emptied, above what was in use."""
    freed: list[bool] = []
    pool = SimpleNamespace(
        free_all_blocks=lambda: freed.append(True), used_bytes=lambda: 30, total_bytes=lambda: 530
    )
    with devices.Peak(SimpleNamespace(__name__="cupy", get_default_memory_pool=lambda: pool)) as p:
        assert freed == [True]

    assert p.bytes == 500


# --- ran out ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 999 bytes.",
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "Failed to allocate memory for requested buffer of size 12345",
        "std::bad_alloc",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.",
        "OOM when allocating tensor with shape[64,1024]",
        "Unable to allocate 9.00 PiB for an array",
    ],
)
def test_frameworks_say_in_many_words_that_memory_ran_out(said: str) -> None:
    """All of them become one sentence."""
    with pytest.raises(CnnCalcError, match="the run ran out of memory: ") as error, MemoryErrors():
        raise RuntimeError(said)

    assert error.value.code == "memory"
    assert error.value.help == LESS


def test_other_errors_are_not_about_memory() -> None:
    assert not ran_out(RuntimeError("the memory format channels_last is not supported"))
    assert ran_out(MemoryError())
    assert ran_out(type("OutOfMemoryError", (RuntimeError,), {})("device 0"))
    with pytest.raises(ValueError, match="sizes"), MemoryErrors():
        raise ValueError("sizes don't match")


# The frameworks' own methods that a pool ends in.
METHODS = {
    "torch": "torch.nn.MaxPool2d.forward",
    "keras": "keras.layers.MaxPooling2D.call",
    "onnxruntime": "onnxruntime.InferenceSession.run",
}


@pytest.mark.parametrize("name", EXECUTORS)
def test_memory_that_runs_out_in_a_step_is_no_mismatch(
    name: str, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    """In each executor: a sentence, and exit status 2."""
    installed_or_skip(name)

    def full(*_: Any, **__: Any) -> None:
        if name == "bundled":
            raise MemoryError("Unable to allocate 9.00 PiB for an array")
        raise RuntimeError("Failed to allocate memory for requested buffer of size 12345")

    if name == "bundled":
        monkeypatch.setitem(COMPUTATIONS, "maxpool", full)
    else:
        monkeypatch.setattr(METHODS[name], full)
    words = ("shape", "3x4x4", "maxpool:2", "--verify", "--executor", name, "--json")
    code, _, err = command(*words)

    assert code == 2
    error = json.loads(err)["error"]
    assert error["code"] == "memory"
    assert re.search("the run ran out of memory: .*to allocate", error["message"])
