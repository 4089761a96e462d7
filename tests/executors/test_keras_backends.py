"""Keras's backends: which one it is loaded on, and what is said of those that don't work."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cnncalc import packages
from cnncalc.errors import CnnCalcError
from cnncalc.executors import find
from cnncalc.executors.keras import loading
from cnncalc.executors.keras.loading import CHOICE, load
from tests import processes
from tests.verification.standing_in import installed_or_skip


def refused() -> CnnCalcError:
    with pytest.raises(CnnCalcError) as caught:
        find("keras")
    assert caught.value.code == "executor"
    assert "\n" not in caught.value.message
    return caught.value


class Machine:
    """A machine with some packages installed, and the user's own settings for Keras.

    Attributes:
        loaded_on: the backends that Keras was told of as it was loaded.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        self.home = home
        self.installed: set[str] = {"keras"}
        self.loaded_on: list[str | None] = []
        self.keras = SimpleNamespace(
            __version__="3.15.1",
            ops=None,
            backend=SimpleNamespace(backend=lambda: self.loaded_on[-1]),
        )
        monkeypatch.delitem(sys.modules, "keras", raising=False)
        monkeypatch.delenv(CHOICE, raising=False)
        monkeypatch.setenv("KERAS_HOME", str(home))
        monkeypatch.setattr(loading, "find_spec", lambda name: name in self.installed or None)
        monkeypatch.setattr(packages, "import_module", self.import_module)

    def import_module(self, name: str) -> Any:
        """As Keras does it."""
        if name == "numpy":
            return import_module(name)
        if name not in self.installed:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        backend = os.environ.get(CHOICE)
        self.loaded_on.append(backend)
        if backend not in ("tensorflow", "torch", "jax", "openvino"):
            raise ValueError(f"Unable to import backend : {backend}")
        if backend not in self.installed:
            raise ModuleNotFoundError(f"No module named '{backend}'", name=backend)
        return self.keras

    def configure(self, text: str) -> None:
        (self.home / "keras.json").write_text(text)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("named", "configured", "installed", "expected"),
    [
        (None, None, "jax", "jax"),
        (None, None, "jax torch", "torch"),
        (None, None, "jax torch tensorflow", "tensorflow"),
        ("", None, "torch", "torch"),  # as Keras takes it
        ("jax", None, "jax torch", "jax"),
        ("jax", "torch", "jax torch", "jax"),
        (None, "jax", "jax torch tensorflow", "jax"),
        (None, "tensorflow", "torch", "torch"),  # what Keras itself writes there
        (None, None, "", None),
    ],
)
def test_the_backend(
    named: str | None,
    configured: str | None,
    installed: str,
    expected: str | None,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the user has named, by the environment or in keras.json; else one that is there."""
    machine.installed |= set(installed.split())
    if named is not None:
        monkeypatch.setenv(CHOICE, named)
    if configured:
        machine.configure(json.dumps({"backend": configured}))
    if expected:
        assert load() is machine.keras
        assert machine.loaded_on == [expected]
    else:
        error = refused()
        assert error.message == (
            "the executor `keras` needs a backend of Keras, and none is installed"
        )
        assert error.help == "pip install 'cnncalc[keras]'"

    assert os.environ.get(CHOICE) == named  # as it was


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"backend": null}', '{"floatx": "float16"}'])
def test_settings_that_say_nothing(text: str, machine: Machine) -> None:
    machine.installed.add("torch")
    machine.configure(text)
    load()

    assert machine.loaded_on == ["torch"]


@pytest.mark.parametrize(
    ("backend", "message", "advice"),
    [
        (
            "tensorflw",
            "can't be loaded on the backend `tensorflw`: Unable to import backend : tensorflw",
            "did you mean `tensorflow`? installed here: `KERAS_BACKEND=torch`",
        ),
        (
            "mlx",
            "can't be loaded on the backend `mlx`: Unable to import backend : mlx",
            "installed here: `KERAS_BACKEND=torch`",
        ),
        (
            "openvino",
            "doesn't run on the backend `openvino`, which only notes down what is to be computed",
            "installed here: `KERAS_BACKEND=torch`",
        ),
    ],
)
@pytest.mark.parametrize("where", ["environment", "keras.json"])
def test_backends_that_do_not_work(
    backend: str,
    message: str,
    advice: str,
    where: str,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The user has named it, so no other is taken; which ones there are is said."""
    machine.installed |= {"torch", "openvino"}
    if where == "environment":
        monkeypatch.setenv(CHOICE, backend)
    else:
        machine.configure(json.dumps({"backend": backend}))
    error = refused()

    assert error.message == f"the executor `keras` {message}"
    assert error.help == advice


def test_a_backend_that_is_absent(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named for this run it is missed."""
    monkeypatch.setenv(CHOICE, "jax")
    error = refused()

    assert error.message == (
        "the executor `keras` can't be loaded on the backend `jax`: No module named 'jax'"
    )
    assert error.help == "pip install 'cnncalc[keras]'"


def test_an_old_keras(machine: Machine) -> None:
    machine.installed.add("tensorflow")
    machine.keras = SimpleNamespace(__version__="2.15.0")

    assert refused().message == ("the executor `keras` needs Keras 3, and 2.15.0 is installed")


def test_no_keras_at_all(machine: Machine) -> None:
    machine.installed = {"torch"}

    assert refused().message == "the executor `keras` needs Keras, which isn't installed"


def test_a_keras_that_is_loaded_already_stays_on_its_backend(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", ModuleType("keras"))
    machine.installed.add("torch")
    machine.import_module = lambda _: machine.keras  # type: ignore[method-assign]
    machine.keras.backend = SimpleNamespace(backend=lambda: "jax")
    monkeypatch.setattr(packages, "import_module", machine.import_module)

    assert load() is machine.keras
    assert CHOICE not in os.environ


def test_the_real_keras_with_settings_of_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No backend named, channels first, other floats: it verifies, and the settings are kept."""
    installed_or_skip("keras")
    settings = {
        "floatx": "float64",
        "epsilon": 1e-7,
        "backend": "tensorflow",
        "image_data_format": "channels_first",
    }
    if loading.find_spec("tensorflow"):
        del settings["backend"]
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    monkeypatch.delenv(CHOICE, raising=False)
    layers = "conv:4,k3,p1 bn maxpool:2 convt:5,k2,s2 dwconv:3 prelu:5 upsample:2 flatten linear:3"
    words = ("shape", "3x12x10", *layers.split(), "--verify", "--executor", "keras", "--json")
    done = processes.cnncalc(*words, environment={"KERAS_HOME": str(tmp_path)})

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["verify"]
    assert (found["ok"], found["checked"]["shapes"], found["unchecked"]) == (True, 9, [])
    assert json.loads((tmp_path / "keras.json").read_text()) == settings
