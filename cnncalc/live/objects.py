"""Objects of frameworks: they are imported on use, so that their types aren't known here."""

from __future__ import annotations

from typing import Any

__all__ = ["Keras", "Torch"]

Torch = Any  # PyTorch itself, its modules, tensors, graphs and nodes
Keras = Any  # Keras itself, its models, layers, variables, tensors and nodes
