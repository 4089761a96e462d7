"""What hypothesis draws for each class of torch.nn: arguments and an input's shape.

Most draws are valid; some are refused at once, and some only at their input.
Shapes are those of one sample: channels, then the spatial axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Case = tuple[dict[str, Any], tuple[int, ...]]
Draw = Callable[..., Any]

FACTORS = (2, 3, 1.5, 2.5, 0.5, 0.7, 1.1, 2.3, 1 / 3, 0.2, 1.0, 0, -1)
MODES = ("zeros", "reflect", "replicate", "circular")
UPSAMPLING = ("nearest", "nearest-exact", "area", "linear", "bilinear", "trilinear", "bicubic")
POINTWISE = ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish", "Identity")
PLAIN = ("Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "Softsign", "Softmax2d")
WRONG = (-1, 0, 2.0, None, "3", (), (1, 2, 3, 4))


def often(draw: Draw, good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> Any:
    """A good value, and once in a while an odd one."""
    return draw(odd if rarely(draw) else good)


def rarely(draw: Draw, of: int = 20) -> bool:
    """Once in so many draws; not at an end of the range, which hypothesis likes too much."""
    return bool(draw(st.integers(0, of - 1)) == of // 2)


def axes_of(draw: Draw, axes: int, numbers: st.SearchStrategy[int], wrong: bool = True) -> Any:
    """One number, one for each axis, rarely a tuple of another length or something else."""
    form = draw(st.integers(0, 39))
    if form == 17 and wrong:
        return draw(st.sampled_from(WRONG))
    if form == 18:
        return (draw(numbers),)
    if form == 19:
        return tuple(draw(numbers) for _ in range(axes + 1))
    return draw(numbers) if form < 20 else tuple(draw(numbers) for _ in range(axes))


def a_map(
    draw: Draw, axes: int, low: int = 1, high: int = 12, channels: Any = None
) -> tuple[int, ...]:
    """A shape with so many spatial axes, rarely one or two more."""
    axes += often(draw, st.just(0), st.integers(1, 2))
    first = draw(channels if channels is not None else st.integers(1, 8))
    return (first, *(draw(st.integers(low, high)) for _ in range(axes)))


def optional(draw: Draw, args: dict[str, Any], name: str, value: Callable[[], Any]) -> None:
    """Leave an argument to its default half of the time."""
    if draw(st.booleans()):
        args[name] = value()


def channels_and_groups(draw: Draw) -> tuple[int, int, int]:
    groups = draw(st.sampled_from((1, 1, 1, 2, 3, 4)))
    inputs, outputs = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    return (
        inputs + often(draw, st.just(0), st.integers(0, 1)),
        outputs + often(draw, st.just(0), st.integers(-1, 1)),
        often(draw, st.just(groups), st.integers(-1, 0)),
    )


@st.composite
def conv(draw: Draw, axes: int, lazy: bool, transposed: bool) -> Case:
    inputs, outputs, groups = channels_and_groups(draw)
    high = 6 if axes == 3 else 12
    shape = a_map(draw, axes, 1, high, st.just(inputs))
    shape = (often(draw, st.just(inputs), st.integers(1, 8)), *shape[1:])
    args: dict[str, Any] = {} if lazy else {"in_channels": inputs}
    args["out_channels"] = outputs
    args["kernel_size"] = axes_of(draw, axes, st.integers(1, 5))
    optional(draw, args, "stride", lambda: axes_of(draw, axes, st.integers(1, 4)))
    # Dilation 0 passes on one of PyTorch's paths for transposed convolutions with kernel 1.
    wrong = not transposed
    optional(draw, args, "dilation", lambda: axes_of(draw, axes, st.integers(1, 4), wrong))
    optional(draw, args, "bias", lambda: draw(st.booleans()))
    if groups != 1:
        args["groups"] = groups
    if transposed:
        optional(draw, args, "padding", lambda: axes_of(draw, axes, st.integers(0, 3)))
        optional(draw, args, "output_padding", lambda: axes_of(draw, axes, st.integers(0, 3)))
        return args, shape
    words = st.sampled_from(("same", "same", "valid", "full"))
    low = -1 if rarely(draw, 10) else 0
    if rarely(draw, 4):
        args["padding"] = draw(words)
        if draw(st.integers(0, 3)):
            args.pop("stride", None)
    else:
        optional(draw, args, "padding", lambda: axes_of(draw, axes, st.integers(low, 5)))
    if rarely(draw, 3):
        args["padding_mode"] = often(draw, st.sampled_from(MODES), st.just("mirror"))
    return args, shape


@st.composite
def sliding_pool(draw: Draw, axes: int, kind: str) -> Case:
    shape = a_map(draw, axes, 1, 7 if axes == 3 else 14, st.integers(1, 3))
    args: dict[str, Any] = {"kernel_size": axes_of(draw, axes, st.integers(1, 6))}
    if kind == "lp":
        args = {"norm_type": draw(st.sampled_from((1, 2, 1.5, 3, 0, -1))), **args}
    optional(draw, args, "stride", lambda: axes_of(draw, axes, st.integers(1, 6)))
    optional(
        draw, args, "ceil_mode", lambda: often(draw, st.booleans(), st.sampled_from((1, None)))
    )
    if kind != "lp":
        optional(draw, args, "padding", lambda: axes_of(draw, axes, st.integers(0, 3)))
    if kind == "max":
        optional(draw, args, "dilation", lambda: axes_of(draw, axes, st.integers(1, 4)))
    if kind == "average":
        optional(draw, args, "count_include_pad", lambda: draw(st.booleans()))
        if axes > 1 and rarely(draw, 5):
            args["divisor_override"] = draw(st.sampled_from((1, 3, 0, -2, 1.5)))
    return args, shape


@st.composite
def adaptive_pool(draw: Draw, axes: int) -> Case:
    shape = a_map(draw, axes, 1, 9, st.integers(1, 3))
    sizes = st.one_of(st.integers(1, 9), st.none()) if axes > 1 else st.integers(1, 9)
    return {"output_size": axes_of(draw, axes, sizes)}, shape


@st.composite
def fractional_pool(draw: Draw, axes: int) -> Case:
    shape = a_map(draw, axes, 3, 9, st.integers(1, 3))
    args: dict[str, Any] = {"kernel_size": _all_axes(draw, axes, st.integers(1, 3))}
    ratios = st.sampled_from((0.1, 0.3, 0.5, 0.7, 0.9, 0.99))
    which = draw(st.integers(0, 19))
    if which < 10 or which == 13:
        args["output_size"] = _all_axes(draw, axes, st.integers(1, 5))
    if which >= 10 and which != 14:
        args["output_ratio"] = often(
            draw, ratios, st.sampled_from((1.0, 1.5, 0, (0.5,) * axes, (0.5,) * (axes + 1)))
        )
    return args, shape


def _all_axes(draw: Draw, axes: int, numbers: st.SearchStrategy[int]) -> Any:
    """One number or one for each axis, rarely one too many or few."""
    count = often(draw, st.just(axes), st.integers(1, 4))
    return draw(numbers) if draw(st.booleans()) else tuple(draw(numbers) for _ in range(count))


@st.composite
def unpool(draw: Draw, axes: int) -> Case:
    shape = a_map(draw, axes, 1, 5, st.integers(1, 3))
    args: dict[str, Any] = {"kernel_size": _all_axes(draw, axes, st.integers(1, 4))}
    optional(draw, args, "stride", lambda: _all_axes(draw, axes, st.integers(1, 4)))
    optional(draw, args, "padding", lambda: _all_axes(draw, axes, st.integers(-1, 2)))
    return args, shape


@st.composite
def pad(draw: Draw, axes: int, constant: bool, valued: bool) -> Case:
    rank = draw(st.sampled_from((axes, axes, axes, axes - 1, axes + 1, axes + 2)))
    shape = tuple(draw(st.integers(1, 7)) for _ in range(rank + 1))
    numbers = st.integers(-4, 8) if draw(st.booleans()) else st.integers(0, 3)
    lengths = st.sampled_from((0, 1, 2, 4, 6, 8, 10)) if constant else st.integers(0, 8)
    count = often(draw, st.just(2 * axes), lengths)
    args: dict[str, Any] = {"padding": tuple(draw(numbers) for _ in range(count))}
    if draw(st.booleans()):
        args["padding"] = often(draw, st.integers(-2, 4), st.sampled_from((None, 1.0, "1")))
    if valued:
        args["value"] = often(draw, st.sampled_from((0, 1.5, float("-inf"))), st.just("0"))
    return args, shape


@st.composite
def features_norm(draw: Draw, axes: tuple[int, ...], lazy: bool) -> Case:
    rank = often(draw, st.sampled_from(axes), st.integers(0, 4))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(rank + 1))
    args: dict[str, Any] = {}
    if not lazy:
        args["num_features"] = often(draw, st.just(shape[0]), st.sampled_from((1, 4, 0, -1, 2.0)))
    for name in ("affine", "track_running_stats", "bias"):
        optional(draw, args, name, lambda: draw(st.booleans()))
    return args, shape


@st.composite
def group_norm(draw: Draw) -> Case:
    groups = draw(st.integers(1, 4))
    shape = (groups * draw(st.integers(1, 3)), *draw(st.lists(st.integers(1, 4), max_size=3)))
    channels = often(draw, st.just(shape[0]), st.integers(0, 8))
    args: dict[str, Any] = {"num_groups": groups, "num_channels": channels}
    if rarely(draw):
        args["num_groups"] = draw(st.integers(-1, 5))
    for name in ("affine", "bias"):
        optional(draw, args, name, lambda: draw(st.booleans()))
    return args, shape


@st.composite
def shaped_norm(draw: Draw, biased: bool) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    sizes: Any = shape[draw(st.integers(0, len(shape) - 1)) :]
    if rarely(draw, 5):
        sizes = tuple(draw(st.lists(st.integers(0, 5), max_size=5)))
    elif draw(st.booleans()):
        sizes = sizes[-1]
    args: dict[str, Any] = {"normalized_shape": sizes}
    optional(draw, args, "elementwise_affine", lambda: draw(st.booleans()))
    if biased:
        optional(draw, args, "bias", lambda: draw(st.booleans()))
    return args, shape


@st.composite
def response_norm(draw: Draw, cross_map: bool) -> Case:
    axes = 2 if cross_map else draw(st.integers(1, 3))
    shape = a_map(draw, often(draw, st.just(axes), st.integers(0, 4)), 1, 5)
    args: dict[str, Any] = {"size": draw(st.integers(1 if cross_map else 0, 9))}
    for name in ("alpha", "beta", "k"):
        optional(draw, args, name, lambda: draw(st.sampled_from((0.5, 1, 2.0))))
    return args, shape


@st.composite
def linear(draw: Draw, lazy: bool) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    features = often(draw, st.just(shape[-1]), st.sampled_from((1, 5, -1, 2.0)))
    args: dict[str, Any] = {} if lazy else {"in_features": features}
    args["out_features"] = often(draw, st.integers(1, 9), st.sampled_from((-1, 3.0, None)))
    optional(draw, args, "bias", lambda: draw(st.sampled_from((True, False, None, 1))))
    return args, shape


@st.composite
def attention(draw: Draw) -> Case:
    """Attention of a tensor to itself, whose `kdim` and `vdim` may fit."""
    heads = draw(st.integers(1, 4))
    features = heads * draw(st.integers(1, 4)) + often(draw, st.just(0), st.integers(-1, 1))
    shape = (draw(st.integers(1, 6)), often(draw, st.just(features), st.integers(1, 9)))
    shape = often(draw, st.just(shape), st.sampled_from((shape[1:], (2, *shape))))
    args: dict[str, Any] = {"embed_dim": features, "num_heads": heads, "batch_first": True}
    for name in ("bias", "add_bias_kv", "add_zero_attn"):
        optional(draw, args, name, lambda: draw(st.booleans()))
    for name in ("kdim", "vdim"):
        optional(draw, args, name, lambda: often(draw, st.just(features), st.integers(1, 9)))
    return args, shape


@st.composite
def recurrent(draw: Draw, name: str) -> Case:
    rank = often(draw, st.just(2), st.integers(3, 4))
    shape = tuple(draw(st.integers(1, 6)) for _ in range(rank))
    args: dict[str, Any] = {
        "input_size": often(draw, st.just(shape[-1]), st.sampled_from((1, 7, 0, -1))),
        "hidden_size": often(draw, st.integers(1, 6), st.sampled_from((0, -1))),
        "batch_first": True,
    }
    optional(draw, args, "num_layers", lambda: often(draw, st.integers(1, 3), st.just(0)))
    optional(draw, args, "dropout", lambda: often(draw, st.just(0.5), st.sampled_from((-1, 1.5))))
    for flag in ("bias", "bidirectional"):
        optional(draw, args, flag, lambda: draw(st.booleans()))
    if name == "LSTM" or rarely(draw):
        optional(draw, args, "proj_size", lambda: draw(st.integers(-1, 4)))
    if name == "RNN":
        words = st.sampled_from(("tanh", "relu"))
        optional(draw, args, "nonlinearity", lambda: often(draw, words, st.just("sigmoid")))
    return args, shape


@st.composite
def table(draw: Draw, bag: bool) -> Case:
    """Whole numbers of some shape, of which a bag is one of a row."""
    rank = often(draw, st.just(1 if bag else 2), st.integers(0, 3))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(rank))
    counts = st.sampled_from((-1, 3.0, None))
    args: dict[str, Any] = {
        "num_embeddings": often(draw, st.integers(1, 9), counts),
        "embedding_dim": often(draw, st.integers(1, 9), counts),
    }
    optional(draw, args, "padding_idx", lambda: draw(st.integers(-10, 10)))
    optional(draw, args, "max_norm", lambda: 2.0)
    if bag:
        optional(draw, args, "mode", lambda: draw(st.sampled_from(("mean", "sum", "max", "min"))))
    return args, shape


@st.composite
def flatten(draw: Draw) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    args: dict[str, Any] = {}
    optional(draw, args, "start_dim", lambda: draw(st.integers(-6, 6)))
    optional(draw, args, "end_dim", lambda: draw(st.integers(-6, 6)))
    return args, shape


@st.composite
def unflatten(draw: Draw) -> Case:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    before = draw(st.lists(st.integers(1, 4), max_size=2))
    after = draw(st.lists(st.integers(1, 4), max_size=2))
    whole = 1
    for size in sizes:
        whole *= size
    whole += often(draw, st.just(0), st.integers(0, 2))
    shape = (*before, whole, *after)
    if draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    if rarely(draw, 10):
        sizes[0] = draw(st.sampled_from((-1, 0, -2)))
    dim = len(before) + 1 if draw(st.booleans()) else len(before) - len(shape)
    dim = often(draw, st.just(dim), st.integers(-6, 6))
    return {"dim": dim, "unflattened_size": tuple(sizes)}, shape


@st.composite
def shuffle(draw: Draw, name: str) -> Case:
    factor = draw(st.integers(1, 4))
    multiple = {"groups": factor, "upscale_factor": factor**2, "downscale_factor": 1}[name]
    scale = factor if name == "downscale_factor" else 1
    rank = 2 if name != "groups" else draw(st.integers(0, 3))
    channels = multiple * draw(st.integers(1, 3)) + often(draw, st.just(0), st.integers(0, 2))
    sizes = [scale * draw(st.integers(1, 4)) for _ in range(rank)]
    if sizes and rarely(draw, 10):
        sizes[draw(st.integers(0, rank - 1))] += 1
    value = often(draw, st.just(factor), st.sampled_from((0, -1, 2.0, None)))
    return {name: value}, (channels, *sizes)


@st.composite
def unfold(draw: Draw) -> Case:
    shape = a_map(draw, 2, 1, 9)
    return _folding(draw, {}), shape


def _folding(draw: Draw, args: dict[str, Any]) -> dict[str, Any]:
    args["kernel_size"] = axes_of(draw, 2, st.integers(1, 4))
    optional(draw, args, "dilation", lambda: axes_of(draw, 2, st.integers(1, 3)))
    optional(draw, args, "padding", lambda: axes_of(draw, 2, st.integers(0, 3)))
    optional(draw, args, "stride", lambda: axes_of(draw, 2, st.integers(1, 3)))
    return args


@st.composite
def fold(draw: Draw) -> Case:
    """Mostly the columns that unfolding a map of the drawn size gives."""
    args = _folding(draw, {"output_size": axes_of(draw, 2, st.integers(1, 8))})
    columns, taps = 1, 1
    try:
        for axis in (0, 1):
            n, k, d, p, s = (
                value[axis] if isinstance(value, tuple) else value
                for value in (
                    args["output_size"],
                    args["kernel_size"],
                    args.get("dilation", 1),
                    args.get("padding", 0),
                    args.get("stride", 1),
                )
            )
            columns *= (n + 2 * p - d * (k - 1) - 1) // s + 1
            taps *= k
    except (TypeError, IndexError, ZeroDivisionError):
        columns, taps = 9, 4
    rows = max(int(taps), 1) * draw(st.integers(1, 3)) + often(draw, st.just(0), st.integers(0, 1))
    columns = max(int(columns), 1) + often(draw, st.just(0), st.integers(0, 1))
    more = often(draw, st.just(()), st.just((2,)))
    return args, (rows, columns, *more)


@st.composite
def upsample(draw: Draw, moded: bool) -> Case:
    axes = draw(st.integers(1, 3))
    shape = a_map(draw, axes, 1, 7, st.integers(1, 3))
    args: dict[str, Any] = {}
    if moded:
        fitting = {1: "linear", 2: "bilinear", 3: "trilinear"}[axes]
        modes = st.sampled_from(("nearest", "nearest-exact", "area", fitting, fitting, "bicubic"))
        optional(draw, args, "mode", lambda: often(draw, modes, st.sampled_from(UPSAMPLING)))
        if args.get("mode", "").endswith(("linear", "cubic")) or rarely(draw, 10):
            optional(draw, args, "align_corners", lambda: draw(st.booleans()))
        if rarely(draw, 5):
            args["recompute_scale_factor"] = draw(st.booleans())
    which = draw(st.integers(0, 19))
    if which < 8 or which == 13:
        args["size"] = axes_of(draw, axes, st.integers(1, 12))
    if which >= 8 and which != 14:
        args["scale_factor"] = axes_of(draw, axes, st.sampled_from(FACTORS), wrong=False)
    return args, shape


@st.composite
def along_axis(draw: Draw) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=5)))
    args: dict[str, Any] = {}
    if draw(st.integers(0, 4)):
        args["dim"] = often(draw, st.integers(-6, 5), st.sampled_from((None, 1.0, "1")))
    return args, shape


@st.composite
def pointwise(draw: Draw, *names: str) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)))
    numbers = st.sampled_from((0, 1, 2, -1, 0.5, -0.5, 3.5, True))
    odd = st.sampled_from((None, "a", float("inf")))
    args = {}
    for name in names:
        if draw(st.integers(0, 3)):
            args[name] = often(draw, numbers, odd)
    if rarely(draw):
        args["inplace"] = False
    return args, shape


@st.composite
def prelu(draw: Draw) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)))
    args: dict[str, Any] = {}
    count = st.sampled_from((1, shape[0], shape[0], 3, 0, -1))
    optional(draw, args, "num_parameters", lambda: draw(count))
    return args, shape


@st.composite
def gelu(draw: Draw) -> Case:
    words = st.sampled_from(("none", "tanh", "fast", None))
    return ({"approximate": draw(words)} if draw(st.booleans()) else {}), (2, 3)


def cases() -> dict[str, st.SearchStrategy[Case]]:
    """A strategy for each class."""
    found: dict[str, st.SearchStrategy[Case]] = {}
    for axes in (1, 2, 3):
        for lazy in (False, True):
            found[f"{'Lazy' * lazy}Conv{axes}d"] = conv(axes, lazy, False)
            found[f"{'Lazy' * lazy}ConvTranspose{axes}d"] = conv(axes, lazy, True)
            ranks = (0, 1) if axes == 1 else (axes,)
            found[f"{'Lazy' * lazy}BatchNorm{axes}d"] = features_norm(ranks, lazy)
            found[f"{'Lazy' * lazy}InstanceNorm{axes}d"] = features_norm((axes,), lazy)
        for name, kind in (("MaxPool", "max"), ("AvgPool", "average"), ("LPPool", "lp")):
            found[f"{name}{axes}d"] = sliding_pool(axes, kind)
        found[f"AdaptiveAvgPool{axes}d"] = adaptive_pool(axes)
        found[f"AdaptiveMaxPool{axes}d"] = adaptive_pool(axes)
        found[f"MaxUnpool{axes}d"] = unpool(axes)
        for name in ("Zero", "Constant", "Reflection", "Replication", "Circular"):
            constant = name in ("Zero", "Constant")
            found[f"{name}Pad{axes}d"] = pad(axes, constant, name == "Constant")
    for axes in (2, 3):
        found[f"FractionalMaxPool{axes}d"] = fractional_pool(axes)
    for name in ("Softmax", "LogSoftmax", "Softmin", "GLU"):
        found[name] = along_axis()
    for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"):
        found[name] = pointwise("p")
    for name in POINTWISE:
        found[name] = pointwise()
    for name in PLAIN:
        found[name] = pointwise()
    return found | {
        "FeatureAlphaDropout": pointwise("p"),
        "ELU": pointwise("alpha"),
        "CELU": pointwise("alpha"),
        "LeakyReLU": pointwise("negative_slope"),
        "RReLU": pointwise("lower", "upper"),
        "Hardtanh": pointwise("min_val", "max_val"),
        "Hardshrink": pointwise("lambd"),
        "Softshrink": pointwise("lambd"),
        "Softplus": pointwise("beta", "threshold"),
        "Threshold": pointwise("threshold", "value"),
        "PReLU": prelu(),
        "GELU": gelu(),
        "SyncBatchNorm": features_norm((0, 1, 2, 3, 4), False),
        "GroupNorm": group_norm(),
        "LayerNorm": shaped_norm(True),
        "RMSNorm": shaped_norm(False),
        "LocalResponseNorm": response_norm(False),
        "CrossMapLRN2d": response_norm(True),
        "Linear": linear(False),
        "LazyLinear": linear(True),
        "MultiheadAttention": attention(),
        **{name: recurrent(name) for name in ("LSTM", "GRU", "RNN")},
        "Embedding": table(False),
        "EmbeddingBag": table(True),
        "Flatten": flatten(),
        "Unflatten": unflatten(),
        "PixelShuffle": shuffle("upscale_factor"),
        "PixelUnshuffle": shuffle("downscale_factor"),
        "ChannelShuffle": shuffle("groups"),
        "Unfold": unfold(),
        "Fold": fold(),
        "Upsample": upsample(True),
        "UpsamplingNearest2d": upsample(False),
        "UpsamplingBilinear2d": upsample(False),
    }


CASES = cases()
