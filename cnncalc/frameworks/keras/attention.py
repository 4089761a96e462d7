"""Keras's MultiHeadAttention, whose heads have sizes of their own."""

from __future__ import annotations

from cnncalc.frameworks.base import idle
from cnncalc.frameworks.keras.arguments import finish, integer
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.frameworks.keras.training import begun, held
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared, Expects

__all__ = ["ATTENTION"]


@idle("flash_attention", begun("kernel", "bias"), held("kernel", "bias"))
def multi_head_attention(
    call: Call,
    num_heads: object,
    key_dim: object,
    value_dim: object = None,
    dropout: object = 0.0,
    use_bias: object = True,
    output_shape: object = None,
    attention_axes: object = None,
    sliding_window: object = None,
    flash_attention: object = None,
    use_gate: object = False,
    seed: object = None,
    **keywords: object,
) -> tuple[Declared, ...]:
    """Positions by features, of which each position sees all."""
    if use_gate or sliding_window is not None:
        raise call.error("with a gate or a sliding window can't be followed")
    if attention_axes not in (None, 1, (1,), [1]):
        raise call.error("along other axes than the first can't be followed", "attention_axes=None")
    out = output_shape
    if isinstance(out, tuple | list):
        (out,) = out if len(out) == 1 else (0,)
    layer = MultiHeadAttention(
        integer(call, "num_heads", num_heads),
        bool(use_bias),
        axis=0 if call.frame.order == "last" else -1,
        key=integer(call, "key_dim", key_dim),
        value=None if value_dim in (None, key_dim) else integer(call, "value_dim", value_dim),
        out=None if out is None else integer(call, "output_shape", out),
    )
    return finish(call, keywords, Declared(layer, Expects(call.words, (1,), rule=_as_it_is)))


def _as_it_is(layer: Layer, *shapes: Shape) -> Layer:
    """Keras takes inputs of any features."""
    return layer


ATTENTION: Vocabulary = {"MultiHeadAttention": (multi_head_attention, 0)}
