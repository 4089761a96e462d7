"""`nn.utils.weight_norm` and `spectral_norm`: a layer's weight made of other tensors."""

from __future__ import annotations

from math import prod

from cnncalc.python.attributes import look_up
from cnncalc.python.functions import Method, unchanged
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value
from cnncalc.tracing.tensors import Parameter, Static

__all__ = ["TOOLS"]

Parts = list[tuple[str, Parameter]]


def weight_of(machine: Machine, tool: str, module: Value, name: Value) -> Parameter:
    """The parameter that a tool takes apart."""
    found = None
    if isinstance(module, Instance) and isinstance(name, str):
        found = look_up(machine, module, name)
    if not isinstance(found, Parameter):
        raise Refusal(
            f"`{tool}` takes a module with a `{name}` of its own, such as a convolution",
            code="weights",
        )
    return found


def rebuilt(module: Instance, name: str, weight: Parameter, parts: Parts) -> Instance:
    """The module, whose weight is now made of these."""
    del module.fields[name]
    for each, part in parts:
        part.holder, part.name = module, each
        part.trainable = part.trainable and weight.trainable
        module.fields[each] = part
    module.fields[name] = Static(weight.shape, tuple(part for _, part in parts))
    return module


def weight_norm(machine: Machine, module: Value, name: Value = "weight", dim: Value = 0) -> Value:
    """A direction as large as the weight, and a length for each place along `dim`."""
    weight = weight_of(machine, "weight_norm", module, name)
    rank = len(weight.shape)
    lengths: tuple[int, ...] = ()
    if isinstance(dim, int) and dim != -1 and -rank <= dim < rank:
        lengths = tuple(size if axis == dim % rank else 1 for axis, size in enumerate(weight.shape))
    parts = [(f"{name}_g", Parameter(lengths)), (f"{name}_v", Parameter(weight.shape))]
    return rebuilt(module, name, weight, parts)


def spectral_norm(
    machine: Machine,
    module: Value,
    name: Value = "weight",
    n_power_iterations: Value = 1,
    eps: Value = 1e-12,
    dim: Value = None,
) -> Value:
    """The weight as it was, and two vectors beside it that are no parameters."""
    weight = weight_of(machine, "spectral_norm", module, name)
    if dim is None:
        dim = int("ConvTranspose" in module.cls.name)
    if not isinstance(dim, int) or not 0 <= dim < len(weight.shape):
        raise Refusal(f"`spectral_norm` of a weight without an axis {dim}")
    rows = weight.shape[dim]
    parts = [
        (f"{name}_orig", Parameter(weight.shape)),
        (f"{name}_u", Parameter((rows,), "buffer")),
        (f"{name}_v", Parameter((prod(weight.shape) // max(rows, 1),), "buffer")),
    ]
    return rebuilt(module, name, weight, parts)


def undone(machine: Machine, module: Value, name: Value = "weight") -> Value:
    """`remove_weight_norm` and its kind: the weight is one tensor again."""
    if isinstance(module, Instance) and isinstance(made := module.fields.get(name), Static):
        for part in made.sources:
            module.fields.pop(part.name, None)
        module.fields[name] = Parameter(made.shape, holder=module, name=name)
    return module


TOOLS: dict[str, Method] = {
    "weight_norm": weight_norm,
    "spectral_norm": spectral_norm,
    "remove_weight_norm": undone,
    "remove_spectral_norm": undone,
    "fuse_conv_bn_eval": unchanged,
}
