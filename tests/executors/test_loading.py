"""Executors are loaded on use: what is absent or broken is told, a bug of our own is a bug."""

from __future__ import annotations

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest

from cnncalc.errors import CnnCalcError
from cnncalc.executors import EXECUTORS, find
from cnncalc.packages import TITLES
from tests import processes
from tests.conftest import Command
from tests.verification.standing_in import installed_or_skip

SPEC = ("shape", "3x8x8", "conv:4,k3,p1", "--verify")


def refused(name: str) -> CnnCalcError:
    with pytest.raises(CnnCalcError) as caught:
        find(name)
    assert caught.value.code == "executor"
    assert "\n" not in caught.value.message
    return caught.value


def raising(error: Exception) -> Any:
    def broken(*_: object) -> Any:
        raise error

    return broken


@pytest.mark.parametrize("name", ["torch", "onnxruntime"])
def test_what_is_absent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not there, or all that is left of it is its folder."""
    monkeypatch.setitem(sys.modules, name, None)
    absent = refused(name)
    left = ModuleType(name)
    left.__spec__ = ModuleSpec(name, None)
    monkeypatch.setitem(sys.modules, name, left)

    assert absent.message == (f"the executor `{name}` needs {TITLES[name]}, which isn't installed")
    assert absent.help == f"pip install 'cnncalc[{name}]'"
    assert refused(name).message == absent.message


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libstdc++.so.6: version `GLIBCXX_3.4.32' not found\n(required by lib.so)"),
        ModuleNotFoundError("No module named 'scipy'", name="scipy"),
        OSError("cannot open shared object file"),
        RuntimeError("no such symbol"),
        AttributeError("module 'numpy' has no attribute 'bool8'"),
    ],
)
@pytest.mark.parametrize("name", ["torch", "onnxruntime"])
def test_what_is_broken(name: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first line of its reason, whatever kind of error a framework makes of it."""
    monkeypatch.setattr(
        "cnncalc.packages.import_module",
        lambda name: numpy if name == "numpy" else raising(error)(),
    )
    first = str(error).splitlines()[0]

    assert refused(name).message == (
        f"the executor `{name}` needs {TITLES[name]}, which can't be loaded: {first}"
    )


def test_a_broken_installation_among_others(tmp_path: Path) -> None:
    """Really: it is listed with its reason, and the others run."""
    (tmp_path / "torch").mkdir()
    reason = "libgomp.so.1: cannot open shared object file"
    (tmp_path / "torch" / "__init__.py").write_text(f"raise ImportError({reason!r})")
    environment = {"PYTHONPATH": f"{tmp_path}:{processes.ROOT}"}

    def run(*words: str) -> Any:
        done = processes.cnncalc(*words, "--json", environment=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    listed = {each["executor"]: each for each in run("executors")}
    runs = {each["executor"]: each for each in run(*SPEC, "--executor", "all")["verify"]["runs"]}

    told = f"the executor `torch` needs PyTorch, which can't be loaded: {reason}"
    assert (listed["torch"]["ready"], listed["torch"]["detail"]) == (False, told)
    assert (runs["torch"]["ok"], runs["torch"]["reason"]) == (None, told)
    assert runs["bundled"]["ok"] is True


@pytest.mark.parametrize("name", EXECUTORS)
@pytest.mark.parametrize(
    "error",
    [
        ImportError("cannot import name 'axis_off'", name="cnncalc.executors.base"),
        NameError("name 'axis_off' is not defined"),
        TypeError("run() takes 1 positional argument"),
    ],
)
def test_a_bug_of_our_own_is_no_missing_framework(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    """It shows as one, with `all` too, where it would look like an executor less."""
    installed_or_skip(name)
    monkeypatch.setitem(EXECUTORS, name, raising(error))
    with pytest.raises(type(error)):
        find(name)

    assert "this is a bug in cnncalc" in command(*SPEC, "--executor", name).err
    code, out, err = command(*SPEC, "--executor", "all")
    assert (code, out) == (2, "")
    assert "this is a bug in cnncalc" in err


def test_onnxruntime_needs_onnx_too(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_or_skip("onnxruntime")
    monkeypatch.setattr("cnncalc.executors.onnxruntime.find_spec", lambda _: None)

    assert find("onnxruntime").ready("cpu") == (
        False,
        "the package `onnx` isn't installed: pip install 'cnncalc[onnxruntime]'",
    )


# What needs each package, and the code of its error.
NEEDS = {
    "cupy": ((*SPEC, "--device", "cuda"), "device"),
    "keras": ((*SPEC, "--executor", "keras"), "executor"),
    "numpy": (SPEC, "executor"),
    "onnx": (("convert", *SPEC[1:-1], "--to", "onnx", "-o", "net.onnx"), "no-onnx"),
    "onnxruntime": ((*SPEC, "--executor", "onnxruntime"), "executor"),
    "torch": ((*SPEC, "--executor", "torch"), "executor"),
}


@pytest.mark.parametrize("name", NEEDS)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise OSError('libcudart.so.12: cannot open shared object file')", "libcudart.so.12: c"),
        ("import sys; sys.exit(3)", "it ends the program"),
        ("exit()", "it ends the program"),
        ("", "` is something else"),
        ("import no_such_thing", "No module named 'no_such_thing'"),
        ("def broken(:", "invalid syntax"),
    ],
)
def test_a_file_in_its_place(
    name: str,
    text: str,
    reason: str,
    tmp_path: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it does as it is imported: no bug, no silent end, and nothing written."""
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "numpy")  # which is always there
    monkeypatch.delitem(sys.modules, name, raising=False)
    words, code = NEEDS[name]
    status, out, err = command(*words)
    sys.modules.pop(name, None)  # not by monkeypatch, which would put it back in the end

    assert (status, out) == (2, "")
    assert err.startswith(f"error[{code}]: ")
    assert f"needs {TITLES[name]}, which can't be loaded: " in err or "can't be loaded on" in err
    assert reason in err
    assert [path.name for path in tmp_path.glob("*.*")] == [f"{name}.py"]


@pytest.mark.parametrize("name", NEEDS)
def test_executors_are_listed_whatever_a_file_does(
    name: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").write_text("import sys; sys.exit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    status, out, _ = command("executors", "--json")
    sys.modules.pop(name, None)

    assert status == 0
    assert {each["executor"] for each in json.loads(out)} == set(EXECUTORS)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("typer", "import annotated_dco", "which can't be loaded: No module named 'annotated_dco'"),
        ("typer", "", "which can't be loaded: `"),
        ("rich", "raise ImportError('half of it', name='rich')", "can't be loaded: half of it"),
    ],
)
def test_a_broken_installation_of_what_is_always_needed(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_text(text)
    path = {"PYTHONPATH": f"{tmp_path}:{processes.ROOT}"}
    done = processes.cnncalc("--help", environment=path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error[installation]: ")
    assert message in done.stderr
