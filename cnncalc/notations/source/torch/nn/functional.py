"""torch.nn.functional: the layers as functions, read by the same vocabulary as the classes."""

from __future__ import annotations

from functools import cache

from cnncalc.errors import LayerError
from cnncalc.frameworks.base import form_of
from cnncalc.frameworks.ops import forms, names_in
from cnncalc.frameworks.pytorch import READERS
from cnncalc.frameworks.pytorch.resizing import resized
from cnncalc.layers import KINDS
from cnncalc.layers.base import BATCH
from cnncalc.notations.source.axes import axis_of, outer_shape
from cnncalc.notations.source.layer_arguments import by_name, plain, refused
from cnncalc.notations.source.layer_steps import emit, made_of
from cnncalc.notations.source.torch.nn.functional_weights import (
    batch_norm,
    conv,
    embedding,
    group_norm,
    instance_norm,
    layer_norm,
    linear,
    prelu,
    rms_norm,
    vocabulary,
)
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Opaque, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["FUNCTIONAL", "arguments", "classes"]

# The class whose layer each function is; `<n>` stands for the number of axes.
CLASSES = {
    "max_pool<n>d": "MaxPool<n>d",
    "avg_pool<n>d": "AvgPool<n>d",
    "lp_pool<n>d": "LPPool<n>d",
    "adaptive_avg_pool<n>d": "AdaptiveAvgPool<n>d",
    "adaptive_max_pool<n>d": "AdaptiveMaxPool<n>d",
    "dropout<n>d": "Dropout<n>d",
    "dropout": "Dropout",
    "alpha_dropout": "AlphaDropout",
    "feature_alpha_dropout": "FeatureAlphaDropout",
    "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle",
    "channel_shuffle": "ChannelShuffle",
    "unfold": "Unfold",
    "fold": "Fold",
    "local_response_norm": "LocalResponseNorm",
}
# What a function takes after its input where those are not its class's own arguments.
ARGUMENTS = {
    **dict.fromkeys(
        (f"max_pool{axes}d" for axes in (1, 2, 3)),
        "kernel_size stride padding dilation ceil_mode return_indices",
    ),
    **dict.fromkeys(
        words("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout"),
        "p training inplace",
    ),
}
ALONG = ("Softmax", "LogSoftmax", "Softmin")  # any axis of weights will do; they have no batch
IGNORED = frozenset(words("training inplace _stacklevel dtype out memory_format antialias"))


@cache
def classes() -> dict[str, str]:
    """The class of each function that is one, by the function's name."""
    return {
        **{
            name.replace("<n>", f"{axes}"): cls.replace("<n>", f"{axes}")
            for name, cls in CLASSES.items()
            for axes in (1, 2, 3)
        },
        **{forms(op.function)[0].name: cls.name for op, cls in names_in("torch") if op.function},
    }


@cache
def arguments(name: str) -> tuple[str, ...]:
    """What the function of a class takes after its input."""
    if name in ARGUMENTS:
        return words(ARGUMENTS[name])
    return OWN.get(name) or tuple(form_of(READERS[classes()[name]]).parameters)


# Those of the table whose functions have arguments of their own.
OWN = {form.name: tuple(form.defaults) for _, form in names_in("function") if form.defaults}


def layer_function(name: str, cls: str) -> Method:
    """`F.relu`, `F.max_pool2d` …: one step of the class's layer."""

    def call(machine: Machine, input: Value, *args: Value, **kwargs: Value) -> Value:
        places = arguments(name)
        if len(args) > len(places):
            raise raised("TypeError", f"`{name}` takes {len(places)} arguments after the input")
        given = dict(zip(places, args, strict=False)) | kwargs
        if isinstance(input, Static) and cls in ALONG:
            return made_of(machine, [input], input.shape)
        options = by_name(given, IGNORED)
        layer = vocabulary(cls, [], options)
        output = emit(machine, layer, [input], op=name)
        if plain(given.get("inplace")) is True and isinstance(input, Tensor):
            input.become(output, seen=False)
            return input
        if options.get("return_indices") is True:
            return output, Opaque("indices of a max pool")
        return output

    return call


def interpolate(
    machine: Machine,
    input: Value,
    size: Value = None,
    scale_factor: Value = None,
    mode: Value = "nearest",
    align_corners: Value = None,
    recompute_scale_factor: Value = None,
    antialias: Value = False,
) -> Value:
    """`F.interpolate`: a map resized to a size or by a factor."""
    wanted, factor = plain(size), plain(scale_factor)
    corners, recompute = plain(align_corners), plain(recompute_scale_factor)
    try:
        layer = resized("F.interpolate", wanted, factor, plain(mode), corners, recompute)
    except LayerError as error:
        raise refused(error) from None
    return emit(machine, layer, [input], op="interpolate")


def upsample_bilinear(
    machine: Machine, input: Value, size: Value = None, scale_factor: Value = None
) -> Value:
    """`F.upsample_bilinear`, with aligned corners."""
    return interpolate(machine, input, size, scale_factor, "bilinear", True)


PADDING = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate"}
PADDING |= {"circular": "circular"}


def pad(
    machine: Machine, input: Value, pad: Value, mode: Value = "constant", value: Value = None
) -> Value:
    """`F.pad`: pairs from the last axis forward; negative amounts crop."""
    amounts = [plain(each) for each in listed(machine, pad)]
    if mode not in PADDING or not all(isinstance(each, int) for each in amounts):
        raise Refusal("this padding can't be followed")
    pairs = [tuple(amounts[i : i + 2]) for i in range(0, len(amounts), 2)][::-1]
    rank = len(outer_shape(input)) - 1
    if len(amounts) % 2 or len(pairs) > rank + 1:
        raise Refusal(f"`F.pad` takes a pair for each of up to {rank} axes")
    if len(pairs) == rank + 1 and pairs.pop(0) != (0, 0):
        raise Refusal("padding along the batch can't be followed", code="batch-axis")
    channels = ((0, 0),)
    if len(pairs) == rank:
        channels = (pairs.pop(0),)
    if not machine.decided(lambda: any(any(pair) for pair in (*pairs, *channels))):
        return input
    pads = [(0, 0)] * (rank - 1 - len(pairs)) + pairs
    layer = KINDS["pad"](tuple(pads) or ((0, 0),), PADDING[mode], plain(value) or 0, channels)
    return emit(machine, layer, [input], op="pad")


def normalize(
    machine: Machine, input: Value, p: Value = 2.0, dim: Value = 1, eps: Value = 1e-12
) -> Value:
    if isinstance(input, Static):
        return Static(input.shape, input.sources)
    if p != 2:
        raise Refusal("`F.normalize` with another norm than 2 can't be followed")
    axis = axis_of(input, dim)
    layer = KINDS["unitnorm"](axes=(axis - 1 if axis else BATCH,))
    return emit(machine, layer, [input], op="normalize")


def one_hot(machine: Machine, *args: Value, **options: Value) -> Value:
    raise Refusal("class labels as an input can't be followed")


FUNCTIONAL: dict[str, Method] = {
    **{name: layer_function(name, cls) for name, cls in classes().items()},
    "interpolate": interpolate,
    "upsample": interpolate,
    "upsample_nearest": interpolate,
    "upsample_bilinear": upsample_bilinear,
    "pad": pad,
    "embedding": embedding,
    "linear": linear,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "prelu": prelu,
    "normalize": normalize,
    "one_hot": one_hot,
    **{f"conv{axes}d": conv(axes, False) for axes in (1, 2, 3)},
    **{f"conv_transpose{axes}d": conv(axes, True) for axes in (1, 2, 3)},
}
