"""torch.nn.functional: the layers as functions, read by the same vocabulary as the classes."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import read
from cnncalc.layers import KINDS
from cnncalc.layers.base import Expects, Layer, Shape
from cnncalc.notations.source.data import listed
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.scopes import describe
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.tensors import inner_shape
from cnncalc.notations.source.torch_layers import plain, refused
from cnncalc.notations.source.trace import emit
from cnncalc.notations.source.values import Instance, Opaque, Parameter, Static, Value

__all__ = ["FUNCTIONAL"]

# function: (class, its arguments in order after the input)
LAYERS = {
    **{
        f"{name}{axes}d": (f"{cls}{axes}d", arguments)
        for axes in (1, 2, 3)
        for name, cls, arguments in (
            ("max_pool", "MaxPool", "kernel_size stride padding dilation ceil_mode return_indices"),
            (
                "avg_pool",
                "AvgPool",
                "kernel_size stride padding ceil_mode count_include_pad divisor_override",
            ),
            ("lp_pool", "LPPool", "norm_type kernel_size stride ceil_mode"),
            ("adaptive_avg_pool", "AdaptiveAvgPool", "output_size"),
            ("adaptive_max_pool", "AdaptiveMaxPool", "output_size return_indices"),
            ("dropout", "Dropout", "p training inplace"),
        )
    },
    "dropout": ("Dropout", "p training inplace"),
    "alpha_dropout": ("AlphaDropout", "p training inplace"),
    "feature_alpha_dropout": ("FeatureAlphaDropout", "p training inplace"),
    "relu": ("ReLU", "inplace"),
    "relu6": ("ReLU6", "inplace"),
    "leaky_relu": ("LeakyReLU", "negative_slope inplace"),
    "rrelu": ("RReLU", "lower upper training inplace"),
    "elu": ("ELU", "alpha inplace"),
    "selu": ("SELU", "inplace"),
    "celu": ("CELU", "alpha inplace"),
    "gelu": ("GELU", "approximate"),
    "silu": ("SiLU", "inplace"),
    "mish": ("Mish", "inplace"),
    "sigmoid": ("Sigmoid", ""),
    "logsigmoid": ("LogSigmoid", ""),
    "hardsigmoid": ("Hardsigmoid", "inplace"),
    "hardswish": ("Hardswish", "inplace"),
    "hardtanh": ("Hardtanh", "min_val max_val inplace"),
    "tanh": ("Tanh", ""),
    "tanhshrink": ("Tanhshrink", ""),
    "softplus": ("Softplus", "beta threshold"),
    "softsign": ("Softsign", ""),
    "softshrink": ("Softshrink", "lambd"),
    "hardshrink": ("Hardshrink", "lambd"),
    "threshold": ("Threshold", "threshold value inplace"),
    "glu": ("GLU", "dim"),
    "softmax": ("Softmax", "dim _stacklevel dtype"),
    "log_softmax": ("LogSoftmax", "dim _stacklevel dtype"),
    "softmin": ("Softmin", "dim _stacklevel dtype"),
    "pixel_shuffle": ("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": ("PixelUnshuffle", "downscale_factor"),
    "channel_shuffle": ("ChannelShuffle", "groups"),
    "unfold": ("Unfold", "kernel_size dilation padding stride"),
    "fold": ("Fold", "output_size kernel_size dilation padding stride"),
    "local_response_norm": ("LocalResponseNorm", "size alpha beta k"),
}
IGNORED = frozenset("training inplace _stacklevel dtype out memory_format antialias".split())


def vocabulary(cls: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """A layer from PyTorch's vocabulary; LayerErrors become refusals."""
    from cnncalc.frameworks.pytorch import READERS

    try:
        return read(READERS[cls], f"nn.{cls}", args, kwargs)
    except LayerError as error:
        raise refused(error) from None


def layer_function(name: str) -> Any:
    """`F.relu`, `F.max_pool2d` …: one step of the class's layer."""
    cls, words = LAYERS[name]
    places = words.split()

    def call(machine: Any, input: Value, *args: Value, **kwargs: Value) -> Value:
        if len(args) > len(places):
            raise raised("TypeError", f"`{name}` takes {len(places)} arguments after the input")
        given = dict(zip(places, args, strict=False)) | kwargs
        if isinstance(input, Static) and input.values is not None and not words:
            return input
        options = {key: plain(value) for key, value in given.items() if key not in IGNORED}
        layer = vocabulary(cls, [], options)
        output = emit(machine, layer, [input], op=name)
        if options.get("return_indices") is True:
            return output, Opaque("indices of a max pool")
        return output

    return call


def interpolate(
    machine: Any,
    input: Value,
    size: Value = None,
    scale_factor: Value = None,
    mode: Value = "nearest",
    align_corners: Value = None,
    recompute_scale_factor: Value = None,
    antialias: Value = False,
) -> Value:
    """`F.interpolate`: a map resized to a size or by a factor."""
    if mode == "area":
        return emit(machine, vocabulary(f"AdaptiveAvgPool{len(input.shape) - 1}d",
            [plain(size)], {}), [input], op="interpolate")  # fmt: skip
    options = {
        "size": plain(size),
        "scale_factor": plain(scale_factor),
        "mode": mode,
        "align_corners": align_corners,
        "recompute_scale_factor": recompute_scale_factor,
    }
    return emit(machine, vocabulary("Upsample", [], options), [input], op="interpolate")


PADDING = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate"}
PADDING |= {"circular": "circular"}


def pad(
    machine: Any, input: Value, pad: Value, mode: Value = "constant", value: Value = None
) -> Value:
    """`F.pad`: pairs from the last axis forward; negative amounts crop."""
    amounts = [plain(each) for each in listed(machine, pad)]
    if mode not in PADDING or not all(isinstance(each, int) for each in amounts):
        raise Refusal("this padding can't be followed")
    pairs = [tuple(amounts[i : i + 2]) for i in range(0, len(amounts), 2)][::-1]
    rank = len(inner_shape(input))
    if len(amounts) % 2 or len(pairs) > rank + 1:
        raise Refusal(f"`F.pad` takes a pair for each of up to {rank} axes")
    if len(pairs) == rank + 1:
        if pairs.pop(0) != (0, 0):
            raise Refusal("padding along the batch can't be followed", code="batch-axis")
    channels = ((0, 0),)
    if len(pairs) == rank:
        channels = (pairs.pop(0),)
    if not any(any(pair) for pair in (*pairs, *channels)):
        return input
    pads = [(0, 0)] * (rank - 1 - len(pairs)) + pairs
    layer = KINDS["pad"](tuple(pads) or ((0, 0),), PADDING[mode], plain(value) or 0, channels)
    return emit(machine, layer, [input], op="pad")


def holder_of(weight: Value, bias: Value) -> Value:
    """Whose weights a function works with: a module's, or a parameter of its own."""
    if not isinstance(weight, Static) or not weight.sources:
        raise Refusal(f"weights are wanted here, not {describe(weight)}")
    sources = {id(s): s for s in weight.sources if s.role == "parameter"}
    if isinstance(bias, Static):
        sources |= {id(s): s for s in bias.sources if s.role == "parameter"}
    holders = {id(source.holder) for source in sources.values()}
    first = next(iter(sources.values()), None)
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
    if used != held:
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


def normalize(
    machine: Any, input: Value, p: Value = 2.0, dim: Value = 1, eps: Value = 1e-12
) -> Value:
    if isinstance(input, Static):
        return Static(input.shape, input.sources)
    from cnncalc.notations.source.tensors import inner_axis

    if p != 2:
        raise Refusal("`F.normalize` with another norm than 2 can't be followed")
    return emit(
        machine, KINDS["unitnorm"](axes=(inner_axis(input, dim, "F.normalize"),)), [input],
        op="normalize",
    )  # fmt: skip


def one_hot(machine: Any, *args: Value, **options: Value) -> Value:
    raise Refusal("class labels as an input can't be followed")


FUNCTIONAL: dict[str, Any] = {
    **{name: layer_function(name) for name in LAYERS},
    "interpolate": interpolate,
    "upsample": interpolate,
    "upsample_nearest": interpolate,
    "upsample_bilinear": lambda machine, input, size=None, scale_factor=None: interpolate(
        machine, input, size, scale_factor, "bilinear", True
    ),
    "pad": pad,
    "linear": linear,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "prelu": prelu,
    "normalize": normalize,
    "one_hot": one_hot,
    **{f"conv{axes}d": conv(axes, False) for axes in (1, 2, 3)},
    **{f"conv_transpose{axes}d": conv(axes, True) for axes in (1, 2, 3)},
}
