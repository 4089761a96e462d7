"""Keras imported on use, on a backend that is installed, and why it can't be."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from cnncalc import packages
from cnncalc.errors import CnnCalcError
from cnncalc.suggestions import suggest

__all__ = ["load"]

# Keras's backends on which a layer computes when it is called, its own default first.
BACKENDS = ("tensorflow", "torch", "jax")
CHOICE = "KERAS_BACKEND"  # Keras reads it as it is loaded, and not again


def load() -> ModuleType:
    """The package.

    Raises:
        CnnCalcError: it isn't installed, or it is there and can't be loaded.
    """
    with _backend_chosen():
        try:
            keras = packages.load("keras", "the executor `keras`", "executor")
        except packages.PackageError as error:
            chosen = os.environ.get(CHOICE)
            if error.reason is None or "keras" in sys.modules or not chosen:
                raise
            raise _refusal(
                f"the executor `keras` can't be loaded on the backend `{chosen}`: {error.reason}",
                _instead(chosen),
            ) from None
    _check(keras)
    return keras


def _refusal(message: str, advice: str | None) -> CnnCalcError:
    return CnnCalcError(message, code="executor", help=advice)


def _instead(chosen: str) -> str:
    """How to have Keras run on another backend."""
    near = suggest(chosen, BACKENDS)
    meant = f"did you mean `{near}`? " if near and near != chosen else ""
    others = " or ".join(f"`{CHOICE}={name}`" for name in _installed() if name != chosen)
    return meant + (f"installed here: {others}" if others else "pip install 'cnncalc[keras]'")


def _check(keras: ModuleType) -> None:
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
