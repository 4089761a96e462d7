"""torch.nn's tables of entries that whole numbers look up."""

from __future__ import annotations

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import MADE, chosen, integer, refused
from cnncalc.layers.arithmetic import Reduce
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.embedding import Embedding as Table
from cnncalc.network import Declared, Expects

__all__ = ["READERS", "bag"]

# How far the norms of entries may go, which changes no figure.
NORMS = {"max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False}
BAGS = ("mean", "sum", "max")


@idle("_freeze", MADE)
@idle("padding_idx", NORMS, {"sparse": False, "_weight": None})
def embedding(
    num_embeddings: object,
    embedding_dim: object,
    padding_idx: object = None,
    _freeze: object = False,
) -> Declared:
    """nn.Embedding; which entry pads and how far its norms may go changes no figure."""
    call = "nn.Embedding"
    layer = _table(call, num_embeddings, embedding_dim, padding_idx)
    declared = Declared(layer, Expects(call, rule=_last))
    declared.trainable = not _freeze
    return declared


def _table(call: str, num_embeddings: object, embedding_dim: object, padding_idx: object) -> Table:
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
    return layer


def _last(layer: Layer, shape: Shape) -> Layer:
    """Of one number for each sample the features are the only axis, which needs no saying."""
    return layer.replaced(axis=0) if not shape else layer


@idle("padding_idx", MADE)
@idle("mode", {"sparse": False, "_weight": None, "include_last_offset": False})
@idle("embedding_dim", NORMS)
def embedding_bag(
    num_embeddings: object,
    embedding_dim: object,
    mode: object = "mean",
    padding_idx: object = None,
) -> Declared:
    """nn.EmbeddingBag but for what it makes of the entries of a bag, which `bag` says."""
    call = "nn.EmbeddingBag"
    chosen(call, "mode", mode, BAGS)
    layer = _table(call, num_embeddings, embedding_dim, padding_idx)
    return Declared(layer, Expects(call, rule=_in_bags))


def _in_bags(layer: Layer, shape: Shape) -> Layer:
    if len(shape) != 1:
        raise LayerError(
            f"nn.EmbeddingBag takes one bag of numbers a sample but receives {show(shape)}",
            code="wrong-axes",
            help="bags of one length, without offsets",
        )
    return layer


def bag(mode: str) -> Layer:
    """What makes one of the entries of a bag, which stand along its places."""
    return Reduce(by=mode, axes=(0,))


READERS: dict[str, Reader] = {"Embedding": embedding, "EmbeddingBag": embedding_bag}
