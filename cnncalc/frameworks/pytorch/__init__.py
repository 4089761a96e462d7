"""What PyTorch calls each layer: torch.nn's classes as functions that give the neutral record.

Each has its class's own signature, and refuses what the class or its forward refuses.
A release of PyTorch changes files in this folder, and rows of `frameworks/ops.py`, only.
"""

from __future__ import annotations

from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch import (
    activation,
    adaptive,
    attention,
    convolution,
    embedding,
    normalization,
    padding,
    pooling,
    recurrent,
    reshaping,
    resizing,
)

__all__ = ["READERS"]

# The classes of torch.nn by name; arguments are plain Python values.
READERS: dict[str, Reader] = {
    **convolution.READERS,
    **pooling.READERS,
    **adaptive.READERS,
    **padding.READERS,
    **normalization.READERS,
    **activation.READERS,
    **embedding.READERS,
    **reshaping.READERS,
    **resizing.READERS,
    **attention.READERS,
    **recurrent.READERS,
}
