"""Functions that take their weights as arguments: `F.conv2d(x, self.weight)` and its kind."""

from __future__ import annotations

from math import prod

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.frameworks.pytorch import READERS
from cnncalc.layers import KINDS
from cnncalc.layers.base import Layer, Shape
from cnncalc.network import Declared, Expects
from cnncalc.notations.source.axes import outer_shape, sample_shape
from cnncalc.notations.source.entries import entries
from cnncalc.notations.source.layer_arguments import plain, refused
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.state import state_of
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value, describe
from cnncalc.tracing.constants import sources_of
from cnncalc.tracing.tensors import Parameter, Static, Tensor
from cnncalc.tracing.weights import Held

__all__ = [
    "batch_norm",
    "conv",
    "embedding",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linear",
    "prelu",
    "rms_norm",
    "vocabulary",
]


def holder_of(*weights: Value) -> Value:
    """Whose weights a function works with: a module's, or a tensor of its own; for the name."""
    sources = {
        id(source): source
        for each in weights
        if isinstance(each, Static)
        for source in each.sources
    }
    known = sorted(sources.values(), key=lambda source: source.role != "parameter")
    if not known:
        return None
    first = known[0]
    together = len(known) > 1 and all(each.holder is first.holder for each in known)
    layered = first.holder is not None and first.holder.layers is not None
    return first.holder if first.holder is not None and (together or layered) else first


def check_sizes(layer: Layer, shape: Shape, held: Held, op: str) -> None:
    """Refuse weights of another size than the step needs."""
    try:
        needed = {each.name: each for each in layer.weights(shape)}
    except LayerError:
        return  # the step itself says what is wrong
    for name, static in held.items():
        if static is not None and name in needed and prod(static.shape) != needed[name].count:
            raise Refusal(
                f"the {name} of this `{op}` holds {prod(static.shape):,} values where "
                f"{needed[name].count:,} are needed",
                code="weights",
            )


def weighted(
    machine: Machine, declared: Declared, input: Value, op: str, **weights: Value
) -> Value:
    """One step of a layer whose weights the source holds itself; plain where it gives none."""
    if all(each is None for each in weights.values()):
        return emit(machine, declared, [input], op=op)
    held: Held = {}
    for which, each in weights.items():
        if each is not None:
            check_fixed(each, which, op)
        held[which] = each
    check_sizes(declared.layer, sample_shape(input), held, op)
    owner = holder_of(*held.values())
    name = None
    if isinstance(owner, Instance) and owner.layers is None and state_of(machine).trace:
        path = state_of(machine).steps.paths.get(id(owner))
        name = f"{path}.{op}" if path and state_of(machine).running[-1:] != [owner] else path or op
    return emit(machine, declared, [input], op=op, owner=owner, name=name, held=held)


def conv(axes: int, transposed: bool) -> Method:
    cls = f"ConvTranspose{axes}d" if transposed else f"Conv{axes}d"
    op = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    words = (
        "stride padding output_padding groups dilation"
        if transposed
        else ("stride padding dilation groups")
    )

    def call(
        machine: Machine,
        input: Value,
        weight: Value,
        bias: Value = None,
        *args: Value,
        **more: Value,
    ) -> Value:
        check_rank(weight, axes + 2, op)
        options = dict(zip(words.split(), args, strict=False)) | more
        options = {key: plain(value) for key, value in options.items()}
        groups = options.get("groups", 1)
        first, second, *kernel = weight.shape
        channels = (first, second * groups) if transposed else (second * groups, first)
        layer = vocabulary(cls, [*channels, tuple(kernel)], options | {"bias": bias is not None})
        return weighted(machine, layer, input, op, weight=weight, bias=bias)

    return call


def check_rank(weight: Value, rank: int, op: str) -> None:
    """Refuse weights of another number of axes."""
    if isinstance(weight, Tensor | Static) and len(outer_shape(weight)) != rank:
        raise Refusal(
            f"`{op}` takes weights of {rank} axes, and these have {len(outer_shape(weight))}",
            code="weights",
        )
    check_fixed(weight, "weight", op)


def check_fixed(weight: Value, which: str, op: str) -> None:
    """Refuse weights that come from the input, as dynamic convolutions have them."""
    if isinstance(weight, Tensor):
        raise Refusal(
            f"the {which} of this `{op}` is worked out from the input, which can't be followed",
            help="weights are parameters, buffers or constants",
            code="weights",
        )
    if not isinstance(weight, Static):
        raise Refusal(f"weights are wanted here, not {describe(weight)}", code="weights")


def linear(machine: Machine, input: Value, weight: Value, bias: Value = None) -> Value:
    check_rank(weight, 2, "F.linear")
    layer = vocabulary("Linear", [weight.shape[1], weight.shape[0]], {"bias": bias is not None})
    return weighted(machine, layer, input, "linear", weight=weight, bias=bias)


def embedding(
    machine: Machine, input: Value, weight: Value, *args: Value, **options: Value
) -> Value:
    """`F.embedding`; which entry pads and how far its norms may go changes nothing here."""
    check_rank(weight, 2, "F.embedding")
    if isinstance(input, Static):
        return entries(machine, weight, input)
    layer = vocabulary("Embedding", list(weight.shape), {})
    return weighted(machine, layer, input, "embedding", weight=weight)


def layer_norm(
    machine: Machine,
    input: Value,
    normalized_shape: Value,
    weight: Value = None,
    bias: Value = None,
    eps: Value = 1e-5,
) -> Value:
    options = {"elementwise_affine": weight is not None, "bias": bias is not None}
    layer = vocabulary("LayerNorm", [plain(normalized_shape)], options)
    return weighted(machine, layer, input, "layer_norm", weight=weight, bias=bias)


def rms_norm(
    machine: Machine,
    input: Value,
    normalized_shape: Value,
    weight: Value = None,
    eps: Value = None,
) -> Value:
    options = {"elementwise_affine": weight is not None}
    layer = vocabulary("RMSNorm", [plain(normalized_shape)], options)
    return weighted(machine, layer, input, "rms_norm", weight=weight)


def group_norm(
    machine: Machine,
    input: Value,
    num_groups: Value,
    weight: Value = None,
    bias: Value = None,
    eps: Value = 1e-5,
) -> Value:
    channels = sample_shape(input)[0]
    layer = vocabulary("GroupNorm", [num_groups, channels], {"affine": weight is not None})
    return weighted(machine, layer, input, "group_norm", weight=weight, bias=bias)


def batch_norm(
    machine: Machine,
    input: Value,
    running_mean: Value = None,
    running_var: Value = None,
    weight: Value = None,
    bias: Value = None,
    *args: Value,
    **options: Value,
) -> Value:
    if isinstance(input, Static):  # weights that are standardized before they work
        return Static(input.shape, sources_of([each for each in (input, weight, bias)
                                               if isinstance(each, Static)]))  # fmt: skip
    layer = KINDS["bn"](weight is not None, running_mean is not None)
    declared = Declared(layer, Expects("F.batch_norm"))
    held = {"weight": weight, "bias": bias}
    held |= {"running_mean": running_mean, "running_var": running_var}
    return weighted(machine, declared, input, "batch_norm", **held)


def instance_norm(machine: Machine, input: Value, *args: Value, **options: Value) -> Value:
    if any(isinstance(each, Static) for each in (*args, *options.values())):
        raise Refusal("`F.instance_norm` with weights can't be followed", help="nn.InstanceNorm2d")
    return emit(machine, KINDS["in"](), [input], op="instance_norm")


def prelu(machine: Machine, input: Value, weight: Value) -> Value:
    if not isinstance(weight, Parameter):
        raise Refusal("`F.prelu` takes a parameter")
    layer = vocabulary("PReLU", [weight.shape[0] if weight.shape else 1], {})
    return emit(machine, layer, [input], op="prelu", owner=weight)


def vocabulary(cls: str, args: list[Value], kwargs: dict[str, Value]) -> Declared:
    """A layer from PyTorch's vocabulary; LayerErrors become refusals."""
    try:
        return read(READERS[cls], f"nn.{cls}", args, kwargs)
    except LayerError as error:
        raise refused(error) from None
