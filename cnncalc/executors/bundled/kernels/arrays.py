"""What the array modules have in common, and the types that are computed in."""

from __future__ import annotations

from typing import Any, TypeAlias

Namespace: TypeAlias = Any  # ``xp``: NumPy, or a module with the same functions (CuPy)


def is_host(xp: Namespace) -> bool:
    """Whether the arrays are in main memory, where caches matter."""
    return bool(xp.__name__ == "numpy")


def working_type(xp: Namespace, dtype: Any) -> Any:
    """The type to compute in, of no less than single precision: sums of half floats overflow."""
    return xp.dtype(xp.float32 if dtype == xp.float16 else dtype)


def product_type(xp: Namespace, dtype: Any) -> Any:
    """The type of matrix products: a GPU adds those of half floats up in single precision."""
    return working_type(xp, dtype) if is_host(xp) else xp.dtype(dtype)
