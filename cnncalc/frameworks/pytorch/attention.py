"""torch.nn.MultiheadAttention, which works on positions by features.

The batch stands in front with `batch_first=True`, else between the two.
"""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, idle
from cnncalc.frameworks.pytorch.arguments import MADE, integer, refused
from cnncalc.layers.attention import MultiHeadAttention, near_divisor
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.network import Declared, Expects

__all__ = ["READERS", "fitting"]

CALL = "nn.MultiheadAttention"


@idle("batch_first", MADE)
def multihead_attention(
    embed_dim: object,
    num_heads: object,
    dropout: object = 0.0,
    bias: object = True,
    add_bias_kv: object = False,
    add_zero_attn: object = False,
    kdim: object = None,
    vdim: object = None,
    batch_first: object = False,
) -> Declared:
    features = integer(CALL, "embed_dim", embed_dim, 1)
    heads = integer(CALL, "num_heads", num_heads, 1)
    keys, values = (
        features if size is None else integer(CALL, name, size, 1)
        for name, size in (("kdim", kdim), ("vdim", vdim))
    )
    if features % heads:
        raise refused(
            f"embed_dim={features} can't be dealt out to num_heads={heads}",
            f"a number of heads that divides {features}, such as num_heads="
            f"{near_divisor(features, heads)}",
        )
    layer = MultiHeadAttention(
        heads, bool(bias), axis=-1, bias_kv=bool(add_bias_kv), zero=bool(add_zero_attn)
    )
    declared = (("embed_dim", -1, features),)
    rule = partial(fitting, features, keys, values) if batch_first else _between
    return Declared(layer, Expects(CALL, (1,), declared, rule))


def _between(layer: Layer, *shapes: Shape) -> Layer:
    """What a module that wants the batch between the axes says to one in front."""
    raise LayerError(
        f"{CALL} takes (positions, batch, features) unless it says batch_first=True, and "
        "sizes here have the batch in front",
        code="batch-axis",
        help="batch_first=True, where the module is made",
    )


def fitting(features: int, kdim: int, vdim: int, layer: Layer, *shapes: Shape) -> Layer:
    """The layer, if queries, keys and values have the features that the module declares."""
    queries, keys, values = (*shapes, shapes[-1], shapes[-1])[:3]
    sides = (("embed_dim", queries, features), ("kdim", keys, kdim), ("vdim", values, vdim))
    for name, shape, size in sides:
        if len(shape) != 2 or shape[-1] != size:
            raise LayerError(
                f"{CALL} declares {name}={size} but receives {show(shape)}",
                code="declared",
                help=f"write {name}={shape[-1]}",
            )
    return layer


READERS: dict[str, Reader] = {"MultiheadAttention": multihead_attention}
