"""Functions that take their weights as arguments: `F.conv2d(x, self.weight)` and its kind."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.layers import KINDS
from cnncalc.layers.base import Expects, Layer, Shape
from cnncalc.notations.source.describing import describe
from cnncalc.notations.source.flowing import Parameter, Static
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.tensors import inner_shape
from cnncalc.notations.source.torch_layers import plain, refused
from cnncalc.notations.source.trace import emit
from cnncalc.notations.source.values import Instance, Value

__all__ = [
    "batch_norm",
    "conv",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linear",
    "prelu",
    "vocabulary",
]


def holder_of(weight: Value, bias: Value) -> Value:
    """Whose weights a function works with: a module's, or a parameter of its own."""
    if not isinstance(weight, Static) or not weight.sources:
        raise Refusal(f"weights are wanted here, not {describe(weight)}")
    sources = {id(s): s for s in weight.sources if s.role == "parameter"}
    if isinstance(bias, Static):
        sources |= {id(s): s for s in bias.sources if s.role == "parameter"}
    holders = {id(source.holder) for source in sources.values()}
    first = next(iter(sources.values()), None)
    if first is None:
        raise Refusal(
            "a convolution with weights that aren't parameters can't be followed", code="weights"
        )
    if first is not None and len(sources) > 1 and len(holders) == 1 and first.holder is not None:
        return first.holder
    if len(sources) > 2 or (len(sources) == 2 and len(holders) > 1):
        raise Refusal("a step with weights of several modules can't be followed")
    if first is not None and first.holder is not None and first.holder.layers is not None:
        return first.holder
    return first


def check_whole(layer: Layer, shape: Shape, *weights: Value) -> None:
    """Refuse a step with a part of a parameter: the rest would be lost from the count."""
    sources = {
        id(source): source
        for each in weights
        if isinstance(each, Static)
        for source in each.sources
        if source.role == "parameter"
    }
    held = sum(prod(source.shape) for source in sources.values())
    try:
        used = sum(each.count for each in layer.weights(shape) if each.role == "parameter")
    except LayerError:
        return  # the step itself says what is wrong
    if sources and used != held:
        raise Refusal("a step with a part of a parameter can't be followed", code="weights")


def weighted(
    machine: Any, layer: Layer, input: Value, weight: Value, bias: Value, op: str
) -> Value:
    """One step of a layer whose weights the source holds itself."""
    owner = holder_of(weight, bias)
    check_whole(layer, inner_shape(input), weight, bias)
    for each in (weight, bias):
        if isinstance(each, Static) and machine.trace:
            machine.trace.used.update({id(source): source for source in each.sources})
    name = None
    if isinstance(owner, Instance) and owner.layers is None and machine.trace:
        path = machine.trace.paths.get(id(owner))
        name = f"{path}.{op}" if path and machine.running[-1:] != [owner] else path or op
    return emit(machine, layer, [input], op=op, owner=owner, name=name)


def conv(axes: int, transposed: bool) -> Any:
    cls = f"ConvTranspose{axes}d" if transposed else f"Conv{axes}d"
    op = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    words = (
        "stride padding output_padding groups dilation"
        if transposed
        else ("stride padding dilation groups")
    )

    def call(
        machine: Any, input: Value, weight: Value, bias: Value = None, *args: Value, **more: Value
    ) -> Value:
        if not isinstance(weight, Static) or len(weight.shape) != axes + 2:
            raise Refusal(f"`{op}` takes weights of {axes + 2} axes")
        options = dict(zip(words.split(), args, strict=False)) | more
        options = {key: plain(value) for key, value in options.items()}
        groups = options.get("groups", 1)
        first, second, *kernel = weight.shape
        channels = (first, second * groups) if transposed else (second * groups, first)
        layer = vocabulary(cls, [*channels, tuple(kernel)], options | {"bias": bias is not None})
        return weighted(machine, layer, input, weight, bias, op)

    return call


def linear(machine: Any, input: Value, weight: Value, bias: Value = None) -> Value:
    if not isinstance(weight, Static) or len(weight.shape) != 2:
        raise Refusal("`F.linear` takes weights of 2 axes")
    layer = vocabulary("Linear", [weight.shape[1], weight.shape[0]], {"bias": bias is not None})
    return weighted(machine, layer, input, weight, bias, "linear")


def layer_norm(
    machine: Any,
    input: Value,
    normalized_shape: Value,
    weight: Value = None,
    bias: Value = None,
    eps: Value = 1e-5,
) -> Value:
    affine = weight is not None
    options = {"elementwise_affine": affine, "bias": bias is not None}
    layer = vocabulary("LayerNorm", [plain(normalized_shape)], options)
    if not affine:
        return emit(machine, layer, [input], op="layer_norm")
    return weighted(machine, layer, input, weight, bias, "layer_norm")


def group_norm(
    machine: Any,
    input: Value,
    num_groups: Value,
    weight: Value = None,
    bias: Value = None,
    eps: Value = 1e-5,
) -> Value:
    channels = inner_shape(input)[0]
    layer = vocabulary("GroupNorm", [num_groups, channels], {"affine": weight is not None})
    if weight is None:
        return emit(machine, layer, [input], op="group_norm")
    return weighted(machine, layer, input, weight, bias, "group_norm")


def batch_norm(
    machine: Any,
    input: Value,
    running_mean: Value = None,
    running_var: Value = None,
    weight: Value = None,
    bias: Value = None,
    *args: Value,
    **options: Value,
) -> Value:
    layer = KINDS["bn"](weight is not None, False).expecting(Expects("F.batch_norm"))
    if not isinstance(weight, Static):
        return emit(machine, layer, [input], op="batch_norm")
    return weighted(machine, layer, input, weight, bias, "batch_norm")


def instance_norm(machine: Any, input: Value, *args: Value, **options: Value) -> Value:
    if any(isinstance(each, Static) for each in (*args, *options.values())):
        raise Refusal("`F.instance_norm` with weights can't be followed", help="nn.InstanceNorm2d")
    return emit(machine, KINDS["in"](), [input], op="instance_norm")


def prelu(machine: Any, input: Value, weight: Value) -> Value:
    if not isinstance(weight, Parameter):
        raise Refusal("`F.prelu` takes a parameter")
    layer = vocabulary("PReLU", [weight.shape[0] if weight.shape else 1], {})
    return emit(machine, layer, [input], op="prelu", owner=weight)


def vocabulary(cls: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """A layer from PyTorch's vocabulary; LayerErrors become refusals."""
    from cnncalc.frameworks.pytorch import READERS

    try:
        return read(READERS[cls], f"nn.{cls}", args, kwargs)
    except LayerError as error:
        raise refused(error) from None
