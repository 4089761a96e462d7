"""Keras's MultiHeadAttention, whose heads have sizes of their own."""

from __future__ import annotations

from typing import Any

from cnncalc.frameworks.keras.arguments import finish, integer
from cnncalc.frameworks.keras.frame import Call, Vocabulary
from cnncalc.layers.attention import MultiHeadAttention
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared, Expects

__all__ = ["ATTENTION"]


def multi_head_attention(
    call: Call,
    num_heads: Any,
    key_dim: Any,
    value_dim: Any = None,
    dropout: Any = 0.0,
    use_bias: Any = True,
    output_shape: Any = None,
    attention_axes: Any = None,
    sliding_window: Any = None,
    flash_attention: Any = None,
    kernel_initializer: Any = "glorot_uniform",
    bias_initializer: Any = "zeros",
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    use_gate: Any = False,
    seed: Any = None,
    **keywords: Any,
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
