"""torch.nn's upsampling: to a size or by a factor, in a mode for each number of axes."""

from __future__ import annotations

from cnncalc.frameworks.base import Reader, as_tuple
from cnncalc.frameworks.pytorch.arguments import (
    chosen,
    collapsed,
    flag,
    integer,
    number,
    refused,
)
from cnncalc.layers.base import MAX_VALUE, Layer, Shape
from cnncalc.layers.resize import Upsample
from cnncalc.network import Declared, Expects

__all__ = ["READERS", "resized"]

# PyTorch's modes: the record's, and the numbers of spatial axes each is for.
MODES: dict[str, tuple[str, tuple[int, ...]]] = {
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)),
}


def upsample(
    size: object = None,
    scale_factor: object = None,
    mode: object = "nearest",
    align_corners: object = None,
    recompute_scale_factor: object = None,
) -> Declared:
    call, factor = "nn.Upsample", _given("nn.Upsample", scale_factor)
    return resized(call, size, factor, mode, align_corners, recompute_scale_factor)


def upsampling_nearest_2d(size: object = None, scale_factor: object = None) -> Declared:
    call = "nn.UpsamplingNearest2d"
    return resized(call, size, _given(call, scale_factor), "nearest")


def upsampling_bilinear_2d(size: object = None, scale_factor: object = None) -> Declared:
    call = "nn.UpsamplingBilinear2d"
    return resized(call, size, _given(call, scale_factor), "bilinear", True)


def _given(call: str, scale_factor: object) -> object:
    """The classes take no list, which the function does, and 0 for none."""
    if isinstance(scale_factor, list):
        raise refused(f"{call} can't take scale_factor={scale_factor}", "a number or a tuple")
    return None if scale_factor == 0 else scale_factor


def resized(
    call: str,
    size: object,
    scale_factor: object,
    mode: object,
    align_corners: object = None,
    recompute: object = None,
) -> Declared:
    """torch.nn.functional.interpolate; `call` names it in messages."""
    word = chosen(call, "mode", mode, tuple(MODES))
    kind, ranks = MODES[word]
    if (size is None) == (scale_factor is None):
        raise refused(f"{call} takes either size or scale_factor")
    if size is not None and recompute:
        raise refused(f"recompute_scale_factor of {call} has no meaning with an explicit size")
    layer = Upsample(
        None if scale_factor is None else _factors(call, scale_factor),
        None if size is None else _sizes(call, size),
        kind,
        _corners(call, word, kind, align_corners),
    )
    given = size if scale_factor is None else scale_factor
    if isinstance(given, tuple | list):
        ranks = tuple(rank for rank in ranks if rank == len(given))
        if not ranks:
            raise refused(f"{call} is given {len(given)} numbers, too many or few for {mode}")
    return Declared(layer, Expects(call, ranks, rule=_to_size if recompute else None))


def _corners(call: str, mode: str, kind: str, align_corners: object) -> bool:
    if align_corners is None:
        return False
    if kind not in ("linear", "cubic"):
        raise refused(
            f"{call} can't take align_corners with mode={mode!r}",
            "linear, bilinear, bicubic and trilinear have corners to align",
        )
    return flag(call, "align_corners", align_corners)


def _factors(call: str, scale_factor: object) -> tuple[float, ...]:
    factors = tuple(number(call, "scale_factor", each) for each in as_tuple(scale_factor))
    if not all(0 < factor <= MAX_VALUE for factor in factors):
        raise refused(f"{call} can't take scale_factor={scale_factor}", "factors above 0")
    return collapsed(factors)


def _sizes(call: str, size: object) -> tuple[int, ...]:
    return collapsed(tuple(integer(call, "size", each, 1) for each in as_tuple(size)))


def _to_size(layer: Layer, shape: Shape) -> Layer:
    """With recompute_scale_factor the rounded size says where each output is taken from."""
    return layer.replaced(factor=None, size=collapsed(layer.output(shape)[1:]))


READERS: dict[str, Reader] = {
    "Upsample": upsample,
    "UpsamplingNearest2d": upsampling_nearest_2d,
    "UpsamplingBilinear2d": upsampling_bilinear_2d,
}
