"""torch.nn's padding layers: numbers come in pairs, the last axis first; negative ones crop."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.arguments import collapsed, integer, number, refused
from cnncalc.layers import KINDS
from cnncalc.layers.base import NO_PADS, Layer, Pads, Shape, show
from cnncalc.layers.padding import Pad
from cnncalc.network import Declared, Expects

__all__ = ["READERS"]


MODES = {"Reflection": "reflect", "Replication": "replicate", "Circular": "circular"}


def zero_pad(call: str, axes: int, padding: object) -> Declared:
    return constant(call, padding, axes, 0)


def constant_pad(call: str, axes: int, padding: object, value: object) -> Declared:
    return constant(call, padding, axes, number(call, "value", value))


def constant(call: str, padding: object, axes: int, value: float) -> Declared:
    """Constant padding goes for the last axes of any tensor, as many as there are pairs."""
    pads = _pairs(call, padding, axes)
    rule = partial(_of_last_axes, call, pads)
    return Declared(Pad(pads or NO_PADS, value=value), Expects(call, rule=rule))


def filled_pad(call: str, axes: int, mode: str, padding: object) -> Declared:
    pads = _pairs(call, padding, axes)
    # The function behind the class goes by how many numbers there are; only the circular
    # class looks at the axes of its input first.
    ranks = {axes - 1, axes} if mode == "circular" else set(range(4))
    ranks &= {len(pads) - 1, len(pads)}
    if not 0 < len(pads) <= 3 or not ranks:
        raise refused(
            f"padding of {call} has {2 * len(pads)} numbers",
            f"one whole number, or {2 * axes} of them, the last axis first",
        )
    rule = partial(_of_last_axes, call, pads)
    return Declared(Pad(pads, mode=mode), Expects(call, tuple(sorted(ranks)), rule=rule))


def _pairs(call: str, padding: object, axes: int) -> Pads:
    """(before, after) in axis order."""
    given = padding if isinstance(padding, tuple | list) else (padding,) * (2 * axes)
    numbers = [integer(call, "padding", each) for each in given]
    if len(numbers) % 2:
        raise refused(
            f"padding of {call} has {len(numbers)} numbers, and they go in pairs",
            "before and after for each axis, the last axis first",
        )
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return tuple(reversed(pairs))


def _of_last_axes(call: str, pads: Pads, layer: Pad, shape: Shape) -> Layer:
    """The pads laid on the last axes of this shape; channels count as an axis."""
    if len(pads) == len(shape) + 1 and pads[0] == (0, 0):
        pads = pads[1:]
    if len(pads) > len(shape):
        raise LayerError(
            f"{call} would pad the batch of the input {show(shape)}",
            code="batch-axis",
            help=f"at most {2 * len(shape)} numbers here",
        )
    if len(shape) == 1 and set(pads) <= {(0, 0)}:
        return KINDS["identity"]()
    empty = _may_be_empty(layer, pads, shape)
    pads = ((0, 0),) * (len(shape) - len(pads)) + pads
    spatial = collapsed(pads[1:]) or NO_PADS
    return layer.replaced(padding=spatial, channels=pads[:1], empty=empty)


def _may_be_empty(layer: Pad, pads: Pads, shape: Shape) -> bool:
    """Whether PyTorch lets this map of no places pass.

    Reflection and replication want one padded axis left.
    """
    padded = shape[len(shape) - len(pads) :]
    left = [n + before + after for n, (before, after) in zip(padded, pads, strict=True)]
    if layer.mode in ("reflect", "replicate"):
        return min(left) == 0 < max(left)
    return min(left, default=1) == 0


READERS: dict[str, Reader] = {}
for _axes in (1, 2, 3):
    READERS[f"ZeroPad{_axes}d"] = partial(zero_pad, f"nn.ZeroPad{_axes}d", _axes)
    READERS[f"ConstantPad{_axes}d"] = partial(constant_pad, f"nn.ConstantPad{_axes}d", _axes)
    for _name, _mode in MODES.items():
        READERS[f"{_name}Pad{_axes}d"] = partial(filled_pad, f"nn.{_name}Pad{_axes}d", _axes, _mode)
