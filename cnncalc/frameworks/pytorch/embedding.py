"""torch.nn's tables of entries that whole numbers look up."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import integer, refused
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.embedding import Embedding as Table
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


def embedding(
    num_embeddings: Any,
    embedding_dim: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: Any = 2.0,
    scale_grad_by_freq: Any = False,
    sparse: Any = False,
    _weight: Any = None,
    _freeze: Any = False,
    device: Any = None,
    dtype: Any = None,
) -> Declared:
    """nn.Embedding; which entry pads and how far its norms may go changes no figure."""
    call = "nn.Embedding"
    entries = integer(call, "num_embeddings", num_embeddings, 1)
    layer = Table(entries, integer(call, "embedding_dim", embedding_dim, 1), axis=-1)
    if padding_idx is not None:
        pads = integer(call, "padding_idx", padding_idx)
        if not -entries <= pads < entries:
            raise refused(
                f"{call} can't take padding_idx={pads} of {entries} entries",
                f"padding_idx is one of 0 to {entries - 1}",
                "padding_idx",
            )
    declared = Declared(layer, Expects(call, rule=_last))
    declared.trainable = not _freeze
    return declared


def _last(layer: Layer, shape: Shape) -> Layer:
    """Of one number for each sample the features are the only axis, which needs no saying."""
    return layer.replaced(axis=0) if not shape else layer


READERS: dict[str, Reader] = {"Embedding": embedding}
