"""How each layer kind is written in ONNX's operators.

The writers are found in this folder: a new kind needs no entry anywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cnncalc.notations.onnx.writing.table import WRITERS

__all__ = ["WRITERS"]

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
