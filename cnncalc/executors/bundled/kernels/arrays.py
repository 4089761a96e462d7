"""What the array modules have in common, and the types that are computed in."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy
    from numpy.typing import DTypeLike

Namespace: TypeAlias = ModuleType  # ``xp``: NumPy, or a module with the same functions (CuPy)


def is_host(xp: Namespace) -> bool:
    """Whether the arrays are in main memory, where caches matter."""
    return bool(xp.__name__ == "numpy")


def working_type(xp: Namespace, dtype: DTypeLike) -> numpy.dtype[numpy.generic]:
    """The type to compute in, of no less than single precision: sums of half floats overflow."""
    found: numpy.dtype[numpy.generic] = xp.dtype(xp.float32 if dtype == xp.float16 else dtype)
    return found


def product_type(xp: Namespace, dtype: DTypeLike) -> numpy.dtype[numpy.generic]:
    """The type of matrix products: a GPU adds those of half floats up in single precision."""
    return working_type(xp, dtype) if is_host(xp) else xp.dtype(dtype)
