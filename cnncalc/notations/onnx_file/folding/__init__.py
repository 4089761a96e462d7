"""Operators on constants: shape arithmetic becomes numbers, weights keep their shapes.

Numbers are worked out where they are few; else only the shape is, and what the result is
made of. Nothing here allocates more than MAX_VALUES numbers at a time.
"""

from __future__ import annotations

import numpy

from cnncalc.errors import LayerError
from cnncalc.notations.onnx_file.call import Call
from cnncalc.notations.onnx_file.folding.arithmetic import ARITHMETIC
from cnncalc.notations.onnx_file.folding.base import (
    Fold,
    constants,
    numbers,
    part_of_shape,
)
from cnncalc.notations.onnx_file.folding.moving import MOVING, joined
from cnncalc.notations.onnx_file.folding.resizing import RESIZED, scales_and_sizes, upsample_scales
from cnncalc.notations.onnx_file.model import Constant, clean

__all__ = [
    "FOLDED",
    "fold",
    "joined",
    "numbers",
    "part_of_shape",
    "scales_and_sizes",
    "upsample_scales",
]

FOLDED: dict[str, Fold] = {**ARITHMETIC, **MOVING, **RESIZED}


def fold(call: Call) -> list[Constant]:
    """What an operator gives of constants alone."""
    function = FOLDED.get(call.node.op)
    if function is None:
        call.refuse(
            f"the operator `{clean(call.node.op, 60)}` of stored tensors can't be worked out",
            code="unknown-operator",
        )
    for place in range(len(call.inputs)):
        call.constant(place)  # refuses what is neither data nor a constant
    with numpy.errstate(all="ignore"):
        try:
            found = function(call)
        except LayerError:
            raise
        except (ValueError, TypeError, IndexError, OverflowError, MemoryError):
            call.refuse("its inputs don't fit together")
    made = found if isinstance(found, list) else [found]
    if any(each.computed for each in constants(call)):
        return [each.followed() for each in made]
    return made
