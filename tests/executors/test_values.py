"""What the bundled executor computes, against PyTorch: drawn configurations, same weights."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.executors.bundled.compute.activations import ACTIVATIONS as COMPUTED
from cnncalc.executors.bundled.executor import Stack
from cnncalc.layers import KINDS

torch = pytest.importorskip("torch")
nn = torch.nn

Draw = random.Random
Case = tuple[str, tuple[int, ...], Any]  # the word, the input's shape, PyTorch's module

DRAWS = 6


def spatial(draw: Draw, axes: int, low: int = 4, high: int = 11) -> tuple[int, ...]:
    high = min(high, {1: 40, 2: 13, 3: 8}[axes])
    return tuple(draw.randint(low, high) for _ in range(axes))


def sized(values: tuple[int, ...]) -> str:
    return "x".join(map(str, values))


def module(name: str, axes: int) -> Any:
    return getattr(nn, f"{name}{axes}d")


def each(draw: Draw, axes: int, choices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(draw.choice(choices) for _ in range(axes))


def conv(draw: Draw, axes: int) -> Case:
    groups = draw.choice((1, 1, 2, 3))
    inputs, outputs = groups * draw.randint(1, 3), groups * draw.randint(1, 3)
    kernel, stride = each(draw, axes, (1, 2, 3)), each(draw, axes, (1, 2, 3))
    pad, dilation = each(draw, axes, (0, 1, 2)), each(draw, axes, (1, 2))
    mode = draw.choice(("zeros", "zeros", "reflect", "replicate", "circular"))
    bias = draw.random() < 0.7
    word = (
        f"conv:{outputs},k{sized(kernel)},s{sized(stride)},p{sized(pad)},d{sized(dilation)},"
        f"g{groups},mode={mode}" + ("" if bias else ",nobias")
    )
    torch_module = module("Conv", axes)(
        inputs, outputs, kernel, stride, pad, dilation, groups, bias, mode
    )
    return word, (inputs, *spatial(draw, axes, 5)), torch_module


def same_conv(draw: Draw, axes: int) -> Case:
    kernel, dilation = each(draw, axes, (1, 2, 3, 4)), each(draw, axes, (1, 2))
    word = f"conv:3,k{sized(kernel)},d{sized(dilation)},p=same"
    torch_module = module("Conv", axes)(2, 3, kernel, 1, "same", dilation)
    return word, (2, *spatial(draw, axes)), torch_module


def wide_conv(draw: Draw, axes: int) -> Case:
    kernel = (3,) * axes
    word = f"conv:50,k{sized(kernel)},p1"
    size = {1: (600,), 2: (24, 25), 3: (9, 9, 9)}[axes]
    return word, (48, *size), module("Conv", axes)(48, 50, kernel, padding=1)


def dwconv(draw: Draw, axes: int) -> Case:
    channels, times = draw.randint(1, 5), draw.randint(1, 3)
    kernel, stride = each(draw, axes, (1, 2, 3)), each(draw, axes, (1, 2))
    pad = each(draw, axes, (0, 1))
    word = f"dwconv:{sized(kernel)},m{times},s{sized(stride)},p{sized(pad)}"
    torch_module = module("Conv", axes)(
        channels, channels * times, kernel, stride, pad, groups=channels
    )
    return word, (channels, *spatial(draw, axes)), torch_module


def pwconv(draw: Draw, axes: int) -> Case:
    groups = draw.choice((1, 2))
    stride = each(draw, axes, (1, 2))
    word = f"pwconv:{4 * groups},s{sized(stride)},g{groups}"
    torch_module = module("Conv", axes)(6, 4 * groups, 1, stride, groups=groups)
    return word, (6, *spatial(draw, axes)), torch_module


def sepconv(draw: Draw, axes: int) -> Case:
    kernel, times = each(draw, axes, (2, 3)), draw.randint(1, 2)
    parts = nn.Sequential()
    parts.add_module(
        "depthwise", module("Conv", axes)(3, 3 * times, kernel, padding=1, groups=3, bias=False)
    )
    parts.add_module("pointwise", module("Conv", axes)(3 * times, 4, 1))
    return f"sepconv:4,k{sized(kernel)},m{times},p1", (3, *spatial(draw, axes)), parts


def convt(draw: Draw, axes: int) -> Case:
    groups = draw.choice((1, 2))
    inputs, outputs = groups * draw.randint(1, 3), groups * draw.randint(1, 3)
    kernel, stride = each(draw, axes, (2, 3, 4)), each(draw, axes, (1, 2, 3))
    pad, dilation = each(draw, axes, (0, 1)), each(draw, axes, (1, 2))
    extra = tuple(draw.randrange(max(s, d)) for s, d in zip(stride, dilation, strict=True))
    word = (
        f"convt:{outputs},k{sized(kernel)},s{sized(stride)},p{sized(pad)},"
        f"op={sized(extra)},d{sized(dilation)},g{groups}"
    )
    torch_module = module("ConvTranspose", axes)(
        inputs, outputs, kernel, stride, pad, extra, groups, dilation=dilation
    )
    return word, (inputs, *spatial(draw, axes)), torch_module


def window(draw: Draw, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    kernel, stride = each(draw, axes, (2, 3, 4)), each(draw, axes, (1, 2, 3))
    return kernel, stride, tuple(draw.randint(0, k // 2) for k in kernel)


def maxpool(draw: Draw, axes: int) -> Case:
    kernel, stride, pad = window(draw, axes)
    dilation, ceil = each(draw, axes, (1, 1, 2)), draw.random() < 0.5
    word = f"maxpool:{sized(kernel)},s{sized(stride)},p{sized(pad)},d{sized(dilation)}"
    torch_module = module("MaxPool", axes)(kernel, stride, pad, dilation, ceil_mode=ceil)
    return word + (",ceil" if ceil else ""), (3, *spatial(draw, axes, 7)), torch_module


def avgpool(draw: Draw, axes: int) -> Case:
    kernel, stride, pad = window(draw, axes)
    ceil, counted = draw.random() < 0.5, draw.random() < 0.5
    divisor = draw.choice((None, 5)) if axes > 1 else None
    word = f"avgpool:{sized(kernel)},s{sized(stride)},p{sized(pad)}"
    word += (",ceil" if ceil else "") + ("" if counted else ",nopadcount")
    word += f",divisor={divisor}" if divisor else ""
    if axes == 1:
        kernel, stride, pad = kernel[0], stride[0], pad[0]  # type: ignore[assignment]
        torch_module = nn.AvgPool1d(kernel, stride, pad, ceil, counted)
    else:
        torch_module = module("AvgPool", axes)(kernel, stride, pad, ceil, counted, divisor)
    return word, (3, *spatial(draw, axes, 5)), torch_module


def lppool(draw: Draw, axes: int) -> Case:
    kernel, stride, _ = window(draw, axes)
    ceil = draw.random() < 0.5 and axes < 3
    word = f"lppool:{sized(kernel)},s{sized(stride)},norm=2" + (",ceil" if ceil else "")
    if axes == 1:
        kernel, stride = kernel[0], stride[0]  # type: ignore[assignment]
    return word, (3, *spatial(draw, axes, 5)), module("LPPool", axes)(2, kernel, stride, ceil)


def adaptive(draw: Draw, axes: int, kind: str) -> Case:
    size = tuple(draw.choice((1, 2, 3, 5, None)) for _ in range(axes))
    shown = "x".join("keep" if each is None else str(each) for each in size)
    name = {"avg": "AdaptiveAvgPool", "max": "AdaptiveMaxPool"}[kind]
    if axes == 1 and size == (None,):
        size, shown = (2,), "2"
    torch_size = size if axes > 1 else size[0]
    return (
        f"adaptive{kind}:size={shown}",
        (2, *spatial(draw, axes, 5)),
        module(name, axes)(torch_size),
    )


def global_pool(draw: Draw, axes: int, kind: str) -> Case:
    name = {"gap": "AdaptiveAvgPool", "gmp": "AdaptiveMaxPool"}[kind]
    return kind, (4, *spatial(draw, axes)), nn.Sequential(module(name, axes)(1), nn.Flatten())


def unpooled(draw: Draw, axes: int) -> Case:
    """PyTorch's unpooling with the indices that say: the first place of each window."""
    sizes = spatial(draw, axes, 3, 5)

    def unpool(x: Any) -> Any:
        places = torch.arange(int(np.prod([2 * n for n in sizes]))).reshape([2 * n for n in sizes])
        first = places[(slice(None, None, 2),) * axes].expand(x.shape)
        return module("MaxUnpool", axes)(2)(x, first)

    return "maxunpool:2", (2, *sizes), unpool


def bn(draw: Draw, axes: int) -> Case:
    affine = draw.random() < 0.5
    word = "bn" if affine else "bn:noaffine"
    return word, (5, *spatial(draw, axes)), module("BatchNorm", axes)(5, affine=affine)


def bn_of_batch(draw: Draw, axes: int) -> Case:
    torch_module = module("BatchNorm", axes)(4, track_running_stats=False)
    return "bn:nostats", (4, *spatial(draw, axes)), torch_module


def gn(draw: Draw, axes: int) -> Case:
    groups = draw.choice((1, 2, 3, 6))
    return f"gn:{groups}", (6, *spatial(draw, axes)), nn.GroupNorm(groups, 6)


def ln_of_map(draw: Draw, axes: int) -> Case:
    shape = (3, *spatial(draw, axes))
    return "ln:axes=all", shape, nn.LayerNorm(shape)


def ln_of_channels(draw: Draw, axes: int) -> Case:
    norm = nn.LayerNorm(5)
    norm.forward_last = norm.forward
    norm.forward = lambda x: norm.forward_last(x.movedim(1, -1)).movedim(-1, 1)
    return "ln", (5, *spatial(draw, axes)), norm


def rms_of_map(draw: Draw, axes: int) -> Case:
    shape = (3, *spatial(draw, axes))
    return "rms:axes=all", shape, nn.RMSNorm(shape)


def instance(draw: Draw, axes: int) -> Case:
    affine, stats = draw.random() < 0.5, draw.random() < 0.5
    words = [word for word, given in (("affine", affine), ("stats", stats)) if given]
    torch_module = module("InstanceNorm", axes)(4, affine=affine, track_running_stats=stats)
    return f"in:{','.join(words)}" if words else "in", (4, *spatial(draw, axes)), torch_module


def lrn(draw: Draw, axes: int) -> Case:
    size = draw.randint(1, 7)
    torch_module = nn.LocalResponseNorm(size, 0.1, 0.6, 1.5)
    return f"lrn:{size},alpha=0.1,beta=0.6,k=1.5", (5, *spatial(draw, axes)), torch_module


def linear(draw: Draw, axes: int) -> Case:
    shape = (draw.randint(1, 5), *spatial(draw, axes))
    bias = draw.random() < 0.5
    word = "linear:7,axis=-1" + ("" if bias else ",nobias")
    return word, shape, nn.Linear(shape[-1], 7, bias)


def flatten(draw: Draw, axes: int) -> Case:
    start = draw.randint(0, axes)
    end = draw.randint(start, axes)
    shape = (3, *spatial(draw, axes))
    return f"flatten:start={start},end={end}", shape, nn.Flatten(start + 1, end + 1)


def unflatten(draw: Draw, axes: int) -> Case:
    shape = (6, *spatial(draw, axes))
    return "unflatten:2xinfer", shape, nn.Unflatten(1, (2, -1))


def padding(draw: Draw, axes: int) -> Case:
    mode, name = draw.choice(
        (
            ("zeros", "ZeroPad"),
            ("reflect", "ReflectionPad"),
            ("replicate", "ReplicationPad"),
            ("circular", "CircularPad"),
        )
    )
    amounts = [(draw.randint(0, 2), draw.randint(0, 2)) for _ in range(axes)]
    shown = "x".join(f"{before}:{after}" for before, after in amounts)
    torch_pads = tuple(end for pair in reversed(amounts) for end in pair)
    return f"pad:{shown},mode={mode}", (2, *spatial(draw, axes)), module(name, axes)(torch_pads)


def constant(draw: Draw, axes: int) -> Case:
    torch_pads = (1, -1) * axes
    pads = "x".join(["1:-1"] * axes)
    word = f"pad:{pads},value=2.5"
    return word, (2, *spatial(draw, axes)), module("ConstantPad", axes)(torch_pads, 2.5)


def crop(draw: Draw, axes: int) -> Case:
    pads = "x".join(["1:2"] * axes)
    return (
        f"crop:{pads}",
        (2, *spatial(draw, axes)),
        module("ConstantPad", axes)((-1, -2) * axes, 0),
    )


def upsample(draw: Draw, axes: int) -> Case:
    mode, corners = draw.choice((("nearest", None), ("linear", False), ("linear", True)))
    names = {1: "linear", 2: "bilinear", 3: "trilinear"}
    torch_mode = "nearest" if mode == "nearest" else names[axes]
    options = f",mode={mode}" + (",corners" if corners else "")
    shape = (2, *spatial(draw, axes))
    if draw.random() < 0.5:
        size = tuple(draw.randint(2, 12) for _ in range(axes))
        torch_module = nn.Upsample(size, mode=torch_mode, align_corners=corners)
        return f"upsample:size={sized(size)}{options}", shape, torch_module
    factor = draw.choice((2, 1.5, 3, 0.5))
    torch_module = nn.Upsample(scale_factor=factor, mode=torch_mode, align_corners=corners)
    return f"upsample:{factor}{options}", shape, torch_module


def cubic(draw: Draw, axes: int) -> Case:
    corners = draw.random() < 0.5
    word = "upsample:1.5,mode=cubic" + (",corners" if corners else "")
    torch_module = nn.Upsample(scale_factor=1.5, mode="bicubic", align_corners=corners)
    return word, (2, *spatial(draw, 2)), torch_module


def pixels(draw: Draw, axes: int) -> Case:
    return "pixelshuffle:3", (18, *spatial(draw, 2)), nn.PixelShuffle(3)


def unpixels(draw: Draw, axes: int) -> Case:
    return "pixelunshuffle:2", (3, 8, 6), nn.PixelUnshuffle(2)


def shuffle(draw: Draw, axes: int) -> Case:
    return "chshuffle:3", (12, *spatial(draw, 2)), nn.ChannelShuffle(3)


def unfold(draw: Draw, axes: int) -> Case:
    kernel, stride, pad = window(draw, 2)
    word = f"unfold:{sized(kernel)},s{sized(stride)},p{sized(pad)}"
    return word, (3, *spatial(draw, 2, 6)), nn.Unfold(kernel, 1, pad, stride)


def fold(draw: Draw, axes: int) -> Case:
    torch_module = nn.Fold((8, 9), (2, 3), padding=1, stride=(2, 1))
    return "fold:2x3,size=8x9,p1,s2x1", (12, 5 * 9), torch_module


def softmax(draw: Draw, axes: int, name: str) -> Case:
    axis = draw.randint(0, axes)
    return f"{name.lower()}:axis={axis}", (4, *spatial(draw, axes)), getattr(nn, name)(axis + 1)


def glu(draw: Draw, axes: int) -> Case:
    return "glu", (6, *spatial(draw, axes)), nn.GLU(1)


def prelu(draw: Draw, axes: int) -> Case:
    n = draw.choice((1, 5))
    return f"prelu:{n}", (5, *spatial(draw, axes)), nn.PReLU(n)


class Gate(nn.Module):  # type: ignore[misc]
    """Squeeze and excitation in PyTorch's own layers, with torchvision's names."""

    def __init__(self, channels: int, squeezed: int, axes: int) -> None:
        super().__init__()
        self.fc1 = module("Conv", axes)(channels, squeezed, 1)
        self.fc2 = module("Conv", axes)(squeezed, channels, 1)

    def forward(self, x: Any) -> Any:
        pooled = x.mean(dim=tuple(range(2, x.ndim)), keepdim=True)
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(pooled)))) * x


def se(draw: Draw, axes: int) -> Case:
    reduction = draw.choice((2, 4, 16))
    gate = Gate(8, max(1, 8 // reduction), axes)
    return f"se:{reduction}", (8, *spatial(draw, axes)), gate


def spread(draw: Draw, axes: int) -> Case:
    """The variance or its root, with and without bias, also of a single value."""
    how, biased, keep = draw.choice(("var", "std")), draw.random() < 0.5, draw.random() < 0.5
    along = tuple(sorted(draw.sample(range(axes + 1), draw.randint(1, axes))))
    word = f"reduce:{how},axes={sized(along)}" + ",biased" * biased + ",keep" * keep
    dims = [axis + 1 for axis in along]
    correction = 0 if biased else 1

    def run(x: Any) -> Any:
        return getattr(torch, how)(x, dims, correction=correction, keepdim=keep)

    return word, (draw.choice((1, 4)), *spatial(draw, axes, 1)), run


def with_one(make: Callable[..., Case], *values: Any) -> Callable[[Draw, int], Case]:
    return lambda draw, axes: make(draw, axes, *values)


CASES: dict[str, Callable[[Draw, int], Case]] = {
    "conv": conv,
    "conv-same": same_conv,
    "conv-wide": wide_conv,
    "dwconv": dwconv,
    "pwconv": pwconv,
    "sepconv": sepconv,
    "convt": convt,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "lppool": lppool,
    "adaptiveavg": with_one(adaptive, "avg"),
    "adaptivemax": with_one(adaptive, "max"),
    "gap": with_one(global_pool, "gap"),
    "gmp": with_one(global_pool, "gmp"),
    "maxunpool": unpooled,
    "bn": bn,
    "bn-nostats": bn_of_batch,
    "gn": gn,
    "ln-all": ln_of_map,
    "ln": ln_of_channels,
    "rms-all": rms_of_map,
    "in": instance,
    "lrn": lrn,
    "linear": linear,
    "flatten": flatten,
    "unflatten": unflatten,
    "pad": padding,
    "pad-constant": constant,
    "crop": crop,
    "upsample": upsample,
    "upsample-cubic": cubic,
    "pixelshuffle": pixels,
    "pixelunshuffle": unpixels,
    "chshuffle": shuffle,
    "unfold": unfold,
    "fold": fold,
    "softmax": with_one(softmax, "Softmax"),
    "softmin": with_one(softmax, "Softmin"),
    "logsoftmax": with_one(softmax, "LogSoftmax"),
    "glu": glu,
    "prelu": prelu,
    "reduce-spread": spread,
}


def ran(word: str, shape: tuple[int, ...], batch: int, dtype: str) -> Stack:
    stack = Stack(cnncalc.parse(f"{sized(shape)} {word}"), shape, batch=batch, dtype=dtype)
    done = stack.forward()
    assert done.steps[1].error is None, f"{word}: {done.steps[1].error}"
    return stack


def by_torch(torch_module: Any, stack: Stack, training: bool = False) -> Any:
    """What PyTorch makes of the same input with the same weights."""
    x = torch.from_numpy(stack.input).double()
    if isinstance(torch_module, nn.Module):
        state = {name: torch.from_numpy(held) for name, held in stack.tensors[1].items()}
        torch_module.load_state_dict(state)
        torch_module.double().train(training)
    with torch.no_grad():
        return torch_module(x).numpy()


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0:UserWarning")
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_pytorch(name: str, axes: int) -> None:
    """Drawn options on one, two and three spatial axes give PyTorch's numbers."""
    draw = random.Random(f"{name} {axes}")
    for _ in range(2 if name == "conv-wide" else DRAWS):
        word, shape, torch_module = CASES[name](draw, axes)
        if isinstance(torch_module, nn.modules.batchnorm._NormBase) and word == "bn:nostats":
            torch_module.train()
        stack = ran(word, shape, draw.choice((1, 2)), "float64")

        expected = by_torch(torch_module, stack)

        actual = stack.outputs[1]
        assert actual.shape == expected.shape, f"{shape} {word}"
        # nearest and half-way positions are found in single precision, as PyTorch does
        np.testing.assert_allclose(actual, expected, 1e-5, 1e-6, err_msg=f"{shape} {word}")


ACTIVATIONS = {
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "leakyrelu:0.3": nn.LeakyReLU(0.3),
    "rrelu:0.1,0.5": nn.RReLU(0.1, 0.5),
    "elu:0.7": nn.ELU(0.7),
    "selu": nn.SELU(),
    "celu:1.5": nn.CELU(1.5),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "sigmoid": nn.Sigmoid(),
    "logsigmoid": nn.LogSigmoid(),
    "hardsigmoid": nn.Hardsigmoid(),
    "hardswish": nn.Hardswish(),
    "hardtanh:low=-0.5,high=2": nn.Hardtanh(-0.5, 2),
    "tanh": nn.Tanh(),
    "tanhshrink": nn.Tanhshrink(),
    "softplus:2,5": nn.Softplus(2, 5),
    "softsign": nn.Softsign(),
    "softshrink:0.7": nn.Softshrink(0.7),
    "hardshrink:0.7": nn.Hardshrink(0.7),
    "threshold:0.205,-3": nn.Threshold(0.205, -3),
    "identity": nn.Identity(),
    "dropout": nn.Dropout(),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("word", ACTIVATIONS)
def test_activations_are_those_of_pytorch(word: str, dtype: str) -> None:
    """From deep in the saturated range to the other end, element-wise."""
    x = np.concatenate([np.linspace(-40, 40, 641), np.linspace(-2, 2, 401)])
    stack = Stack(cnncalc.parse(f"{x.size} {word}"), (x.size,), dtype=dtype)
    stack.input[...] = x

    done = stack.forward()

    assert done.steps[1].error is None
    expected = ACTIVATIONS[word].eval()(torch.from_numpy(stack.input).double()).numpy()
    tolerance = 2e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(stack.outputs[1], expected, tolerance, tolerance)


def test_every_activation_of_pytorch_is_tried() -> None:
    """The table above leaves none out."""
    sources = {kind: layer.source for kind, layer in KINDS.items() if kind in COMPUTED}
    named = {kind for kind, source in sources.items() if source.startswith("torch.nn.")}

    assert named <= {word.partition(":")[0] for word in ACTIVATIONS}
