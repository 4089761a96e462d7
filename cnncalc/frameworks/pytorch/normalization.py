"""torch.nn's normalisations. As in evaluation mode: a batch of one is enough."""

from __future__ import annotations

from functools import partial
from math import prod

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader, as_tuple, idle
from cnncalc.frameworks.pytorch.arguments import LAZY, MADE, integer, number, on_map, refused
from cnncalc.layers.base import Layer, Shape, show
from cnncalc.layers.norm import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    RootMeanSquareNorm,
)
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]

Sizes = tuple[tuple[str, int, int], ...]


@idle("track_running_stats", MADE)
def batch_norm(
    call: str,
    ranks: tuple[int, ...],
    num_features: object,
    eps: object = 1e-5,
    momentum: object = 0.1,
    affine: object = True,
    track_running_stats: object = True,
    bias: object = True,
) -> Declared:
    number(call, "eps", eps)
    layer = BatchNorm(affine=bool(affine), stats=bool(track_running_stats), shift=bool(bias))
    held = layer.affine or layer.stats
    return Declared(layer, Expects(call, ranks, _declared(call, num_features, held)))


def _declared(call: str, num_features: object, held: bool) -> Sizes:
    """The channels of the tensors it holds; without any, PyTorch takes what flows in."""
    if num_features is LAZY or not held:
        return ()
    return (("num_features", 0, integer(call, "num_features", num_features, 1)),)


@idle("track_running_stats", MADE)
def instance_norm(
    call: str,
    axes: int,
    num_features: object,
    eps: object = 1e-5,
    momentum: object = 0.1,
    affine: object = False,
    track_running_stats: object = False,
    bias: object = True,
) -> Declared:
    number(call, "eps", eps)
    layer = InstanceNorm(affine=bool(affine), stats=bool(track_running_stats), shift=bool(bias))
    held = layer.affine or layer.stats
    sizes = _declared(call, num_features, held)
    rule = partial(_over_maps, call, axes, layer.stats, held)
    return Declared(layer, Expects(call, (axes - 1, axes), sizes, rule))


@idle("track_running_stats", MADE)
def lazy_instance_norm(
    call: str,
    axes: int,
    eps: object = 1e-5,
    momentum: object = 0.1,
    affine: object = True,
    track_running_stats: object = True,
    bias: object = True,
) -> Declared:
    return instance_norm(call, axes, LAZY, eps, momentum, affine, track_running_stats, bias=bias)


def _over_maps(call: str, axes: int, stats: bool, held: bool, layer: Layer, shape: Shape) -> Layer:
    """What PyTorch asks of the maps that are normalised."""
    if len(shape) == axes and held:
        raise LayerError(
            f"{call} would take the batch for channels of {show(shape)}",
            code="batch-axis",
            help=f"maps of {axes} spatial axes",
        )
    if prod(shape[-axes:]) == 1 and not stats:
        raise LayerError(
            f"{call} takes the statistics of each map but {show(shape)} has one value per channel",
            code="too-small",
            help="a larger map, or track_running_stats=True",
        )
    return layer


@idle("affine", MADE)
def group_norm(
    num_groups: object,
    num_channels: object,
    eps: object = 1e-5,
    affine: object = True,
    bias: object = True,
) -> Declared:
    groups = integer("nn.GroupNorm", "num_groups", num_groups, 1)
    channels = integer("nn.GroupNorm", "num_channels", num_channels, 1 if affine else None)
    if channels % groups:
        raise refused(
            f"num_channels={channels} of nn.GroupNorm is not divisible by num_groups={groups}",
            "groups that divide the channels",
        )
    sizes = (("num_channels", 0, channels),) if affine else ()
    layer = GroupNorm(groups, affine=bool(affine), shift=bool(bias))
    return Declared(layer, Expects("nn.GroupNorm", sizes=sizes))


@idle("bias", MADE)
def layer_norm(
    normalized_shape: object,
    eps: object = 1e-5,
    elementwise_affine: object = True,
    bias: object = True,
) -> Declared:
    sizes = _normalized("nn.LayerNorm", normalized_shape)
    layer = LayerNorm(axes=_last(sizes), affine=bool(elementwise_affine), shift=bool(bias))
    return Declared(layer, Expects("nn.LayerNorm", rule=partial(_ends_with, "nn.LayerNorm", sizes)))


@idle("elementwise_affine", MADE)
def rms_norm(
    normalized_shape: object,
    eps: object = None,
    elementwise_affine: object = True,
) -> Declared:
    sizes = _normalized("nn.RMSNorm", normalized_shape)
    layer = RootMeanSquareNorm(axes=_last(sizes), affine=bool(elementwise_affine))
    return Declared(layer, Expects("nn.RMSNorm", rule=partial(_ends_with, "nn.RMSNorm", sizes)))


def _normalized(call: str, shape: object) -> Shape:
    sizes = as_tuple(shape)
    if not sizes:
        raise refused(f"normalized_shape of {call} is empty", "the sizes of the last axes")
    return tuple(integer(call, "normalized_shape", size, 1) for size in sizes)


def _last(sizes: Shape) -> tuple[int, ...]:
    return tuple(range(-len(sizes), 0))


def _ends_with(call: str, sizes: Shape, layer: Layer, shape: Shape) -> Layer:
    if shape[-len(sizes) :] != sizes:
        raise LayerError(
            f"{call} declares normalized_shape={list(sizes)} but receives {show(shape)}",
            code="declared",
            help=f"write normalized_shape={list(shape[-len(sizes) :])}",
        )
    return layer.replaced(axes="all") if len(sizes) == len(shape) > 1 else layer


def local_response_norm(
    size: object, alpha: object = 1e-4, beta: object = 0.75, k: object = 1.0
) -> Declared:
    call = "nn.LocalResponseNorm"
    layer = _response_norm(call, integer(call, "size", size, 1), alpha, beta, k)
    return Declared(layer, Expects(call, rule=partial(on_map, call)))


def cross_map_lrn(
    size: object, alpha: object = 1e-4, beta: object = 0.75, k: object = 1
) -> Declared:
    call = "nn.CrossMapLRN2d"
    layer = _response_norm(call, integer(call, "size", size, 1), alpha, beta, k)
    return Declared(layer, Expects(call, (2,)))


def _response_norm(call: str, size: int, alpha: object, beta: object, k: object) -> Layer:
    return LocalResponseNorm(
        size, number(call, "alpha", alpha), number(call, "beta", beta), number(call, "k", k)
    )


BATCH_RANKS = {1: (0, 1), 2: (2,), 3: (3,)}

READERS: dict[str, Reader] = {
    "SyncBatchNorm": idle("track_running_stats", {"process_group": None})(
        partial(batch_norm, "nn.SyncBatchNorm", ())
    ),
    "GroupNorm": group_norm,
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
    "LocalResponseNorm": local_response_norm,
    "CrossMapLRN2d": cross_map_lrn,
}
for _axes, _ranks in BATCH_RANKS.items():
    READERS[f"BatchNorm{_axes}d"] = partial(batch_norm, f"nn.BatchNorm{_axes}d", _ranks)
    _call = f"nn.LazyBatchNorm{_axes}d"
    READERS[f"LazyBatchNorm{_axes}d"] = partial(batch_norm, _call, _ranks, LAZY)
    READERS[f"InstanceNorm{_axes}d"] = partial(instance_norm, f"nn.InstanceNorm{_axes}d", _axes)
    _call = f"nn.LazyInstanceNorm{_axes}d"
    READERS[f"LazyInstanceNorm{_axes}d"] = partial(lazy_instance_norm, _call, _axes)
