"""Linear layers, squeeze and excitation."""

from __future__ import annotations

from cnncalc.executors.base import Array
from cnncalc.executors.bundled.compute.activations import sigmoid
from cnncalc.executors.bundled.compute.table import computes
from cnncalc.executors.bundled.context import Context
from cnncalc.executors.bundled.kernels.arrays import product_type
from cnncalc.executors.geometry import squeezed_channels
from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.linear import Linear


@computes("linear")
def linear(at: Context, layer: Linear, x: Array) -> Array:
    """Every output from every feature of the axis, at every place of the others."""
    if layer.axis is None and x.ndim != 2:
        raise ValueError(f"a linear layer without an axis takes vectors, not {x.shape[1:]}")
    axis = range(1, x.ndim)[layer.axis or 0]
    features = x.shape[axis]
    weight = at.weight("weight", (layer.out_features, features))
    bias = at.tensor("bias", (layer.out_features,)) if layer.bias else None
    at.macs += x.size * layer.out_features
    rows = at.xp.moveaxis(x, axis, -1).reshape(-1, features)
    out = multiply(at, rows, weight)
    if bias is not None:
        out += bias
    places = (*x.shape[:axis], *x.shape[axis + 1 :])
    return at.xp.moveaxis(out.reshape(*places, -1), -1, axis)


def multiply(at: Context, rows: Array, weight: Array) -> Array:
    """Rows (M, inputs) times weight (outputs, inputs) transposed, in the type to multiply in."""
    if product_type(at.xp, weight.dtype) == weight.dtype:
        return at.xp.matmul(rows, weight.T)
    out = at.xp.empty((rows.shape[0], weight.shape[0]), dtype=rows.dtype)
    wide = rows.astype(at.wide)
    step = max(1, at.scratch.limit // 4 // (weight.shape[1] * at.wide.itemsize))
    for start in range(0, weight.shape[0], step):
        part = slice(start, start + step)
        out[:, part] = at.xp.matmul(wide, weight[part].astype(at.wide).T)
    return out


@computes("se")
def squeeze_excitation(at: Context, layer: SqueezeExcitation, x: Array) -> Array:
    """Each channel times a gate that saw the whole map (Hu et al. 2018, arXiv:1709.01507)."""
    if x.ndim < 3:
        raise ValueError("squeeze and excitation takes maps")
    channels, ones = x.shape[1], (1,) * (x.ndim - 2)
    squeezed = squeezed_channels(layer, channels)
    weights = (
        at.weight("fc1.weight", (squeezed, channels, *ones)),
        at.tensor("fc1.bias", (squeezed,)),
        at.weight("fc2.weight", (channels, squeezed, *ones)),
        at.tensor("fc2.bias", (channels,)),
    )
    at.macs += x.shape[0] * (weights[0].size + weights[2].size)
    pooled = x.reshape(*x.shape[:2], -1).mean(axis=2)
    hidden = multiply(at, pooled, weights[0].reshape(squeezed, channels)) + weights[1]
    hidden = at.xp.maximum(hidden, 0)
    gates = multiply(at, hidden, weights[2].reshape(channels, squeezed)) + weights[3]
    gates = sigmoid(at.xp, gates).reshape(*x.shape[:2], *ones)
    return at.xp.multiply(x, gates, out=at.like(x))
