"""How each layer kind is really computed, on NumPy or CuPy arrays.

A computation reads a layer's option fields and the arrays it is handed, allocates the
layer's tensors from those, and pads, slides, slices and multiplies. It never asks the layer
what it predicts, so that what comes out is evidence. Arrays are (N, C, *spatial).

`COMPUTATIONS` maps each kind to its function of (context, layer, *inputs). The functions
are found in this folder: a new kind needs no entry anywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cnncalc.executors.bundled.compute.table import COMPUTATIONS, Computation

__all__ = ["COMPUTATIONS", "Computation"]

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
