"""The frameworks that executors run on, imported on use, and why one can't be."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cnncalc.errors import CnnCalcError
from cnncalc.executors.shortage import said
from cnncalc.suggestions import suggest

__all__ = ["FRAMEWORKS", "load"]

# What people call the package that an executor of the same name needs.
FRAMEWORKS = {"torch": "PyTorch", "keras": "Keras", "onnxruntime": "ONNX Runtime"}

# Keras's backends on which a layer computes when it is called, its own default first.
BACKENDS = ("tensorflow", "torch", "jax")
CHOICE = "KERAS_BACKEND"  # Keras reads it as it is loaded, and not again


def load(name: str) -> Any:
    """The package of a framework.

    Raises:
        CnnCalcError: it isn't installed, or it is there and can't be loaded.
    """
    with _backend_chosen() if name == "keras" else nullcontext():
        try:
            package = import_module(name)
        except ModuleNotFoundError as error:
            raise (_absent(name) if error.name == name else _broken(name, error)) from None
        except Exception as error:  # a library that is missing or doesn't fit says it in any way
            raise _broken(name, error) from None
    spec = getattr(package, "__spec__", None)
    if spec is not None and spec.origin is None:  # a folder that was left behind
        raise _absent(name)
    if name == "keras":
        _check(package)
    return package


def _refusal(message: str, advice: str | None) -> CnnCalcError:
    return CnnCalcError(message, code="executor", help=advice)


def _absent(name: str) -> CnnCalcError:
    needed = f"the executor `{name}` needs {FRAMEWORKS[name]}, which isn't installed"
    return _refusal(needed, f"pip install 'cnncalc[{name}]'")


def _broken(name: str, error: Exception) -> CnnCalcError:
    """A framework that is there, but can't be loaded: a library is missing, or doesn't fit."""
    if name != "keras":
        return _refusal(f"the executor `{name}` can't be loaded: {said(error)}", None)
    chosen = os.environ.get(CHOICE, "")
    return _refusal(
        f"the executor `keras` can't be loaded on the backend `{chosen}`: {said(error)}",
        _instead(chosen),
    )


def _instead(chosen: str) -> str:
    """How to have Keras run on another backend."""
    near = suggest(chosen, BACKENDS)
    meant = f"did you mean `{near}`? " if near and near != chosen else ""
    others = " or ".join(f"`{CHOICE}={name}`" for name in _installed() if name != chosen)
    return meant + (f"installed here: {others}" if others else "pip install 'cnncalc[keras]'")


def _check(keras: Any) -> None:
    """Whether this is a Keras whose layers compute."""
    if not hasattr(keras, "ops"):
        raise _refusal(
            f"the executor `keras` needs Keras 3, and {keras.__version__} is installed",
            "pip install 'cnncalc[keras]'",
        )
    backend = keras.backend.backend()
    if backend == "openvino":
        raise _refusal(
            f"the executor `keras` doesn't run on the backend `{backend}`, which only notes down "
            "what is to be computed",
            _instead(backend),
        )


@contextmanager
def _backend_chosen() -> Iterator[None]:
    """A backend that is installed, for Keras to be loaded on, unless the user has named one."""
    if os.environ.get(CHOICE) or "keras" in sys.modules or not find_spec("keras"):
        yield
        return
    installed, configured = _installed(), _configured()
    if configured and (configured in installed or configured not in BACKENDS):
        chosen = configured
    elif installed:
        chosen = installed[0]
    else:
        raise _refusal(
            "the executor `keras` needs a backend of Keras, and none is installed",
            "pip install 'cnncalc[keras]'",
        )
    before = os.environ.get(CHOICE)
    os.environ[CHOICE] = chosen
    try:
        yield
    finally:  # nothing that is started later is to inherit it
        del os.environ[CHOICE]
        if before is not None:  # it was set to nothing
            os.environ[CHOICE] = before


def _installed() -> list[str]:
    return [name for name in BACKENDS if find_spec(name)]


def _configured() -> str | None:
    """The backend of the user's own `keras.json`; Keras writes one with its default in it."""
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    try:
        text = (Path(home).expanduser() / "keras.json").read_text(encoding="utf-8")
        named = json.loads(text)["backend"]
    except (OSError, RuntimeError, ValueError, TypeError, LookupError):
        return None
    return named if isinstance(named, str) else None
