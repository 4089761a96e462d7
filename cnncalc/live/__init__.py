"""Live models as networks: what a framework has built is read without being run.

Nothing here imports a framework before it is used.
"""

from __future__ import annotations

from cnncalc.live.keras_live import from_keras
from cnncalc.live.torch_live import from_torch

__all__ = ["from_keras", "from_torch"]
