"""Attention as one operator: its products, scale and softmax as steps."""

from __future__ import annotations

from cnncalc.layers import KINDS
from cnncalc.layers.base import show
from cnncalc.notations.onnx.reading.call import Call
from cnncalc.notations.onnx.reading.operators.base import Value, operator
from cnncalc.tracing.products import multiplied, repeated, scaled_scores
from cnncalc.tracing.tensors import Tensor


@operator("Attention", constants=False)
def attention(
    call: Call,
    Q: Tensor,  # noqa: N803, ONNX's own names
    K: Tensor,  # noqa: N803
    V: Tensor,  # noqa: N803
    attn_mask: Value = None,
    past_key: Value = None,
    past_value: Value = None,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    scale: float = 0.0,
    softcap: float = 0.0,
) -> Tensor:
    """Queries, keys and values with an axis of heads, or with the heads in their features."""
    if past_key is not None or past_value is not None:
        call.refuse("keys and values of an earlier run can't be followed")
    flat = len(Q.shape) == 2
    heads = (q_num_heads, kv_num_heads, kv_num_heads)
    sides = [
        by_heads(call, each, count, word) if flat else each
        for each, count, word in zip((Q, K, V), heads, "qkv", strict=True)
    ]
    query = sides[0]
    keys, values = (for_all(call, query, each, word) for each, word in zip(sides[1:], "kv",
                                                                      strict=True))  # fmt: skip
    score, scaled = scaled_scores(query.shape, keys.shape, scale or None)
    scores = call.add(score, [query, keys], "/scores")
    scores = call.add(scaled, [scores], "/scale")
    if isinstance(attn_mask, Tensor):
        scores = call.add(KINDS["add"](), [scores, attn_mask], "/mask")
    if softcap:
        scores = call.add(KINDS["rescale"]((1 / softcap,)), [scores], "/cap")
        scores = call.add(KINDS["tanh"](), [scores], "/tanh")
        scores = call.add(KINDS["rescale"]((softcap,)), [scores], "/capped")
    weights = call.add(KINDS["softmax"](axis=-1), [scores], "/softmax")
    made = multiplied(weights.shape, values.shape)
    if not flat:
        return call.add(made, [weights, values])
    weighed = call.add(made, [weights, values], "/weighed")
    turned = call.add(KINDS["permute"]((1, 0, 2)), [weighed], "/permute")
    return call.add(KINDS["flatten"](1, 2), [turned])


def by_heads(call: Call, flow: Tensor, heads: int, word: str) -> Tensor:
    """(positions, features) as (heads, positions, features of each)."""
    if heads < 1 or len(flow.shape) != 2 or flow.shape[1] % heads:
        call.refuse(f"{show(flow.shape)} can't be shared by {heads} heads", code="heads")
    split = KINDS["unflatten"]((heads, flow.shape[1] // heads), 1)
    apart = call.add(split, [flow], f"/{word}/heads")
    return call.add(KINDS["permute"]((1, 0, 2)), [apart], f"/{word}/permute")


def for_all(call: Call, query: Tensor, each: Tensor, word: str) -> Tensor:
    """Keys or values of fewer heads, each for several heads of queries."""
    heads, own = query.shape[0], each.shape[0]
    if heads == own or len(each.shape) != 3:
        return each
    if heads % own:
        call.refuse(f"{heads} heads of queries can't share {own} of keys", code="heads")
    for layer in repeated(each.shape, heads // own):
        each = call.add(layer, [each], f"/{word}/{layer.kind}")
    return each
