"""`torch.nn.init`: what weights begin with changes no shape; what is worked out of shapes."""

from __future__ import annotations

import math

from cnncalc.notations.source.axes import outer_shape
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Builtin, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["initialiser"]

PLAIN = words(
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid"
)
GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


def fans(machine: Machine, tensor: Value) -> tuple[int, int]:
    """What each value of a layer's output is made of, and what each of its input goes into."""
    if not isinstance(tensor, Static | Tensor):
        raise Refusal("the fans of a layer are those of its weight")
    shape = outer_shape(tensor)
    if len(shape) < 2:
        raise raised("ValueError", "the fans of a tensor of fewer than two axes aren't defined")
    place = math.prod(shape[2:])
    return shape[1] * place, shape[0] * place


def fan(machine: Machine, tensor: Value, mode: Value) -> int:
    """One of them, `fan_in` or `fan_out`."""
    modes = dict(zip(("fan_in", "fan_out"), fans(machine, tensor), strict=True))
    if not isinstance(mode, str) or mode.lower() not in modes:
        raise raised("ValueError", f"mode {mode} is neither fan_in nor fan_out")
    return modes[mode.lower()]


def gain(machine: Machine, nonlinearity: Value, param: Value = None) -> float:
    """`calculate_gain`: how an activation scales what it is given."""
    if nonlinearity in PLAIN:
        return 1
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise raised("ValueError", f"the gain of {nonlinearity} isn't known")
    return GAINS[nonlinearity]


def begun(machine: Machine, tensor: Value = None, *args: Value, **options: Value) -> Value:
    """Other values in a tensor, whose shape stays."""
    tensor = options.get("tensor", tensor)
    if isinstance(tensor, Static):
        tensor.hold(None)
    return tensor


WORKED_OUT: dict[str, Method] = {
    "_calculate_fan_in_and_fan_out": fans,
    "_calculate_correct_fan": fan,
    "calculate_gain": gain,
}


def initialiser(name: str) -> Builtin:
    """A function of `torch.nn.init`."""
    return simple(name, WORKED_OUT.get(name, begun))
