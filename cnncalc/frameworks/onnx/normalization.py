"""ONNX's normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.norm import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    RootMeanSquareNorm,
    UnitNorm,
)
from cnncalc.network import Declared, Expects

__all__ = ["NORMS"]


def batch_normalization(
    scale: Shape,
    shift: Shape,
    mean: Shape,
    variance: Shape,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    spatial: int = 1,
) -> Declared:
    """Batch normalisation; the statistics are tensors of the file, without a batch counter."""
    if spatial != 1:
        raise LayerError("BatchNormalization with spatial=0 can't be followed", code="bad-value")
    return Declared(BatchNorm(), _channels("BatchNormalization", scale))


def instance_normalization(scale: Shape, shift: Shape, *, epsilon: float = 1e-5) -> Declared:
    """Each channel of each sample over its map."""
    return Declared(InstanceNorm(affine=True), _channels("InstanceNormalization", scale))


def group_normalization(
    scale: Shape, shift: Shape, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Declared:
    """Groups of channels, with a scale and a shift for each channel (operator set 21)."""
    return Declared(GroupNorm(num_groups), _channels("GroupNormalization", scale))


def layer_normalization(
    scale: Shape,
    shift: Shape | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Layer:
    """The axes from one on to the last, which is how many the scale has."""
    return LayerNorm(_last("LayerNormalization", scale, axis), shift=shift is not None)


def rms_normalization(
    scale: Shape, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Layer:
    """Root mean square over the axes from one on to the last."""
    return RootMeanSquareNorm(_last("RMSNormalization", scale, axis))


def local_response_normalization(
    *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Layer:
    """Normalisation over neighbouring channels."""
    return LocalResponseNorm(size, alpha, beta, bias)


def lp_normalization(*, axis: int = -1, p: int = 2) -> Layer:
    """Each vector along an axis divided by its length."""
    if p != 2:
        raise LayerError(
            f"LpNormalization with p={p} has no counterpart here", code="bad-value", help="p=2"
        )
    return UnitNorm((axis if axis < 0 else axis - 1,))


def mean_variance_normalization(*, axes: Sequence[int] = (0, 2, 3)) -> Layer:
    """Normalisation without weights over axes of the operator's input, 0 for the batch."""
    chosen = set(axes)
    if 0 in chosen and 1 not in chosen:
        return BatchNorm(affine=False, stats=False)
    if 0 in chosen:
        raise LayerError("a mean over the batch and the channels can't be followed", code="batch")
    if 1 not in chosen:
        return InstanceNorm()
    return LayerNorm(tuple(axis - 1 for axis in sorted(chosen)), affine=False)


def _channels(call: str, scale: Shape) -> Expects:
    if len(scale) != 1:
        raise LayerError(f"the scale of {call} has {len(scale)} axes, not 1", code="declared")
    return Expects(call, sizes=(("scale", 0, scale[0]),))


def _last(call: str, scale: Shape, axis: int) -> tuple[int, ...]:
    """The last axes, as many as the scale has."""
    if not scale or axis == 0 or (axis < 0 and -axis != len(scale)):
        raise LayerError(
            f"{call} over the axes from {axis} on has a scale of {len(scale)} axes", code="declared"
        )
    return tuple(range(-len(scale), 0))


NORMS: dict[str, Callable[..., Layer | Declared]] = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response_normalization,
    "LayerNormalization": layer_normalization,
    "LpNormalization": lp_normalization,
    "MeanVarianceNormalization": mean_variance_normalization,
    "RMSNormalization": rms_normalization,
}
