"""What is imported on use: packages of others, and why one can't be; modules of our own."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from cnncalc.errors import CnnCalcError

__all__ = ["TITLES", "OnUse", "PackageError", "load", "said"]

# What people call each.
TITLES = {
    "cupy": "CuPy",
    "distributed": "Dask",
    "keras": "Keras",
    "numpy": "NumPy",
    "onnx": "the package `onnx`",
    "onnxruntime": "ONNX Runtime",
    "pandas": "pandas",
    "polars": "Polars",
    "pyarrow": "PyArrow",
    "rich": "the package `rich`",
    "torch": "PyTorch",
    "typer": "the package `typer`",
}
# The extras of this package that bring them; those without one come with the package itself.
EXTRAS = {
    "cupy": "cuda",
    "distributed": "dask",
    "pyarrow": "sweep",
    **{name: name for name in ("keras", "onnx", "onnxruntime", "torch")},
}


class PackageError(CnnCalcError):
    """A package that is needed and can't be imported.

    Attributes:
        reason: why, or None where it isn't installed.
    """

    def __init__(
        self, name: str, need: str, code: str, reason: str | None, help: str | None = None
    ) -> None:
        why = "isn't installed" if reason is None else f"can't be loaded: {reason}"
        install = f"'cnncalc[{EXTRAS[name]}]'" if name in EXTRAS else name
        super().__init__(
            f"{need} needs {TITLES[name]}, which {why}",
            code=code,
            help=f"pip install {install}" if reason is None else help,
        )
        self.reason = reason


class OnUse:
    """A module of our own that is imported when something of it is first asked for.

    It stands at the top of a file in the place of an import: what most runs don't need, such as
    the advice on mistakes, costs them no time. The import itself is for types.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        __import__(self._name)  # as the statement does, which audit hooks are told of
        return getattr(sys.modules[self._name], name)


def load(name: str, need: str, code: str) -> ModuleType:
    """Import a package.

    Args:
        name: the package.
        need: what needs it, as the message begins: "the executor `torch`".
        code: the error's.

    Raises:
        PackageError: it isn't installed, or it is there and can't be loaded.
    """
    other = f"a file called `{name}.py` in its place? pip install --force-reinstall {name} if not"
    try:
        package = import_module(name)
    except ModuleNotFoundError as error:
        reason = None if error.name == name else said(error)
        raise PackageError(name, need, code, reason) from None
    except SystemExit:
        raise PackageError(name, need, code, "it ends the program", other) from None
    except Exception as error:  # a library that is missing or doesn't fit says it in any way
        raise PackageError(name, need, code, said(error)) from None
    spec = getattr(package, "__spec__", None)
    if spec is not None and spec.origin is None:  # a folder that was left behind
        raise PackageError(name, need, code, None)
    if spec is not None and not hasattr(package, "__version__") and name != "rich":  # it has none
        raise PackageError(name, need, code, f"`{spec.origin}` is something else", other)
    return package


def said(error: BaseException) -> str:
    """What an error says first; what Keras puts before and around it, in bold, is left away."""
    import re

    plain = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    lines = [line for line in map(str.strip, plain.splitlines()) if line]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling "):
        return lines[1]
    return lines[0] if lines else type(error).__name__
