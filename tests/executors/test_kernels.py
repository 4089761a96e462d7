"""The kernels against PyTorch, over drawn shapes and options."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cnncalc.executors.bundled.kernels import (
    convolution,
    mixed_rows,
    padding,
    pooling,
    resampling,
    shuffling,
    unfolding,
)
from cnncalc.executors.bundled.kernels.blocks import blocks, extents_of
from cnncalc.executors.bundled.kernels.workspace import Workspace
from cnncalc.executors.geometry import Axis, Spreading

torch = pytest.importorskip("torch")
F = torch.nn.functional

drawn = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
TOLERANCE = {"float16": 2e-2, "float32": 1e-4, "float64": 1e-11}


def values(shape: tuple[int, ...], dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def same(result: Any, expected: Any) -> None:
    """The same type, shape and, up to rounding, values."""
    expected = expected.numpy()
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    tolerance = TOLERANCE[result.dtype.name]
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def tensor(x: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(x))


def padded(x: Any, pads: Any, value: float = 0.0) -> Any:
    """What F.pad makes of pads given axis by axis."""
    flat = [amount for pair in reversed(list(pads)) for amount in pair]
    return F.pad(tensor(x), flat, value=value)


def walking(sizes: Any, kernel: Any, stride: Any, pads: Any, dilation: Any) -> list[Axis]:
    """How windows walk along axes of these sizes."""
    described = zip(sizes, kernel, stride, pads, dilation, strict=True)
    return [Axis(n, k, s, *pad, d) for n, k, s, pad, d in described]


def spreading(kernel: Any, stride: Any, pads: Any, dilation: Any, extra: Any) -> list[Spreading]:
    """The same of windows that are spread."""
    described = zip(kernel, stride, pads, dilation, extra, strict=True)
    return [Spreading(k, s, *pad, d, more) for k, s, pad, d, more in described]


def per_rank(name: str, rank: int) -> Any:
    return getattr(F, f"{name}{rank}d")


def numbers(rank: int, low: int, high: int) -> Any:
    return st.tuples(*[st.integers(low, high)] * rank)


def pairs(rank: int, low: int, high: int) -> Any:
    return st.tuples(*[st.tuples(st.integers(low, high), st.integers(low, high))] * rank)


ranks = st.integers(1, 3)
types = st.sampled_from([np.float32, np.float64])


@st.composite
def windows(draw: Any, dilated: bool = True) -> Any:
    """Sizes with room for at least one window, and the windows."""
    rank = draw(ranks)
    kernel = draw(numbers(rank, 1, 4))
    dilation = draw(numbers(rank, 1, 3 if dilated else 1))
    pads = draw(pairs(rank, 0, 3))
    room = draw(numbers(rank, 0, 7 - rank))
    sizes = tuple(
        max(1, (k - 1) * d + 1 - sum(pad)) + more
        for k, d, pad, more in zip(kernel, dilation, pads, room, strict=True)
    )
    return sizes, kernel, draw(numbers(rank, 1, 3)), pads, dilation


@drawn
@given(
    windows(),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.booleans(),
    types,
    st.sampled_from([1, 2000, 2**26]),
)
def test_convolve(
    described: Any,
    samples: int,
    groups: int,
    inputs: int,
    outputs: int,
    biased: bool,
    dtype: Any,
    workspace: int,
) -> None:
    """Depthwise, grouped and plain, in one block or many."""
    sizes, kernel, stride, pads, dilation = described
    x = values((samples, groups * inputs, *sizes), dtype)
    weight = values((groups * outputs, inputs, *kernel), dtype, 1)
    bias = values((groups * outputs,), dtype, 2) if biased else None
    axes = walking(*described)
    result = convolution.convolve(np, x, weight, bias, axes, groups, workspace)
    expected = per_rank("conv", len(sizes))(
        padded(x, pads),
        tensor(weight),
        None if bias is None else tensor(bias),
        stride=stride,
        dilation=dilation,
        groups=groups,
    )
    same(result, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("workspace", [2**22, 2**26])
@pytest.mark.parametrize(
    ("sizes", "kernel", "pads"),
    [
        ((600,), (3,), ((1, 1),)),
        ((23, 26), (3, 3), ((1, 1), (1, 1))),
        ((24, 26), (3, 2), ((0, 2), (1, 0))),
        ((4, 133), (3, 1), ((2, 1), (0, 0))),
        ((9, 8, 9), (3, 3, 2), ((2, 0), (1, 1), (0, 0))),
    ],
)
def test_convolve_by_mixed_rows(
    monkeypatch: Any, dtype: Any, workspace: int, sizes: Any, kernel: Any, pads: Any
) -> None:
    """Large layers go another way, which must be taken here, to the same result."""
    used = []
    whole = mixed_rows._unmix
    monkeypatch.setattr(mixed_rows, "_unmix", lambda *given: (used.append(1), whole(*given)))
    x = values((2, 96, *sizes), dtype)
    weight = values((98, 48, *kernel), dtype, 1) / 16
    bias = values((98,), dtype, 2)
    ones = (1,) * len(sizes)
    axes = walking(sizes, kernel, ones, pads, ones)
    result = convolution.convolve(np, x, weight, bias, axes, 2, workspace)
    assert used
    wide = [part if dtype == np.float64 else part.astype(np.float32) for part in (x, weight, bias)]
    expected = per_rank("conv", len(sizes))(
        padded(wide[0], pads), tensor(wide[1]), tensor(wide[2]), groups=2
    )
    same(result, expected.to(tensor(x).dtype))


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("kernel", [1, 3])
def test_convolve_half_floats_add_up_in_single_precision(groups: int, kernel: int) -> None:
    x = values((2, 6, 9, 8), np.float16)
    weight, bias = values((12, 6 // groups, kernel, kernel), np.float16, 1), values((12,)) + 50
    given = (walking((9, 8), (kernel,) * 2, (1, 1), ((1, 0), (0, 1)), (1, 1)), groups)
    half = convolution.convolve(np, x, weight, bias.astype(np.float16), *given)
    single = convolution.convolve(
        np, *(part.astype(np.float32) for part in (x, weight, bias.astype(np.float16))), *given
    )
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, single.astype(np.float16))


def test_convolve_takes_views() -> None:
    x = values((3, 9, 8, 2)).transpose(0, 3, 2, 1)[:, :, ::2]
    weight = values((4, 2, 3, 3), seed=1)[::-1]
    axes = [Axis(4, 3), Axis(9, 3)]
    result = convolution.convolve(np, x, weight, None, axes, 1, Workspace(np))
    same(result, F.conv2d(tensor(x), tensor(weight)))


def test_convolve_without_samples() -> None:
    x, weight = values((0, 2, 5)), values((3, 2, 3))
    assert convolution.convolve(np, x, weight, None, [Axis(5, 3)], 1).shape == (0, 3, 3)


@pytest.mark.parametrize(
    ("shape", "groups", "said"),
    [
        ((4, 3, 3, 3), 1, "3 input channels, not 2"),
        ((3, 1, 3, 3), 2, "3 output channels"),
        ((4, 2, 7, 3), 1, "spans 7 does not fit in 6"),
    ],
)
def test_convolve_refuses(shape: Any, groups: int, said: str) -> None:
    axes = walking((5, 5), shape[2:], (1, 1), ((0, 1), (1, 0)), (1, 1))
    with pytest.raises(ValueError, match=said):
        convolution.convolve(np, values((1, 2, 5, 5)), values(shape), None, axes, groups)


@drawn
@given(
    st.data(), ranks, st.integers(1, 2), st.integers(1, 2), types, st.sampled_from([1, 3000, 2**26])
)
def test_convolve_transposed(
    data: Any, rank: int, groups: int, samples: int, dtype: Any, workspace: int
) -> None:
    kernel = data.draw(numbers(rank, 1, 4))
    stride, dilation = data.draw(numbers(rank, 1, 3)), data.draw(numbers(rank, 1, 2))
    pads = data.draw(numbers(rank, 0, 1))
    extra = tuple(
        data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)
    )
    x = values((samples, groups * 2, *data.draw(numbers(rank, 3, 5))), dtype)
    weight, bias = values((groups * 2, 3, *kernel), dtype, 1), values((groups * 3,), dtype, 2)
    spread = spreading(kernel, stride, [(p, p) for p in pads], dilation, extra)
    result = convolution.convolve_transposed(np, x, weight, bias, spread, groups, workspace)
    expected = per_rank("conv_transpose", rank)(
        tensor(x), tensor(weight), tensor(bias), stride, pads, extra, groups, dilation
    )
    same(result, expected)


def test_convolve_transposed_crops_each_side() -> None:
    x, weight = values((2, 2, 5, 6)), values((2, 3, 3, 3), seed=1)
    full, cropped = (
        convolution.convolve_transposed(
            np, x, weight, None, spreading((3, 3), (2, 2), pads, (1, 1), (1, 0)), 1
        )
        for pads in (((0, 0), (0, 0)), ((1, 0), (0, 2)))
    )
    np.testing.assert_array_equal(cropped, full[:, :, 1:, :-2])


@drawn
@given(windows(), types)
def test_pool_max(described: Any, dtype: Any) -> None:
    sizes, kernel, stride, pads, dilation = described
    x = values((2, 3, *sizes), dtype)
    result = pooling.pool_max(np, x, walking(*described))
    expected = per_rank("max_pool", len(sizes))(
        padded(x, pads, float("-inf")), kernel, stride, dilation=dilation
    )
    same(result, expected)


def hanging(n: int, kernel: int, stride: int, pad: int) -> int:
    """How far the last window of PyTorch's ceil mode reaches after the data."""
    length = -(-(n + 2 * pad - kernel) // stride) + 1
    if (length - 1) * stride >= n + pad:
        length -= 1
    return (length - 1) * stride + kernel - n - pad


@st.composite
def ceilings(draw: Any) -> Any:
    """Sizes, kernel, stride, pads as PyTorch takes them and with what hangs over."""
    rank = draw(ranks)
    kernel, stride = draw(numbers(rank, 1, 6)), draw(numbers(rank, 1, 5))
    asked = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    sizes = tuple(k + draw(st.integers(0, 5)) for k in kernel)
    pads = tuple(
        (p, hanging(n, k, s, p)) for n, k, s, p in zip(sizes, kernel, stride, asked, strict=True)
    )
    return sizes, kernel, stride, asked, pads


@drawn
@given(ceilings(), st.booleans(), st.sampled_from([None, 5]), types)
def test_pools_with_ceil_mode(
    described: Any, include: bool, divisor: int | None, dtype: Any
) -> None:
    sizes, kernel, stride, asked, pads = described
    rank, ones, counted = len(sizes), (1,) * len(sizes), [(p, p) for p in asked]
    x = values((2, 3, *sizes), dtype)
    axes = walking(sizes, kernel, stride, pads, ones)
    result = pooling.pool_max(np, x, axes)
    same(result, per_rank("max_pool", rank)(tensor(x), kernel, stride, asked, 1, True))
    # PyTorch has no divisor in one dimension.
    more = (divisor,) if rank > 1 else ()
    result = pooling.pool_average(np, x, axes, include, *more, counted_pads=counted)
    expected = per_rank("avg_pool", rank)(tensor(x), kernel, stride, asked, True, include, *more)
    same(result, expected)
    if not any(asked) and rank < 3:
        x = abs(x)
        result = pooling.pool_lp(np, x, axes, 3, counted_pads=counted)
        given = (3, kernel, stride) if rank == 2 else (3, kernel[0], stride[0])
        same(result, per_rank("lp_pool", rank)(tensor(x), *given, ceil_mode=True))


@drawn
@given(st.data(), ranks, types)
def test_adaptive_pools(data: Any, rank: int, dtype: Any) -> None:
    x = values((2, 3, *data.draw(numbers(rank, 1, 9))), dtype)
    sizes = data.draw(numbers(rank, 1, 9))
    same(
        pooling.adaptive_average(np, x, sizes),
        per_rank("adaptive_avg_pool", rank)(tensor(x), sizes),
    )
    same(pooling.adaptive_max(np, x, sizes), per_rank("adaptive_max_pool", rank)(tensor(x), sizes))


def test_pools_keep_half_floats_but_add_up_wider() -> None:
    x = values((2, 3, 40, 40), np.float16) + np.float16(60)
    for result in (
        pooling.adaptive_average(np, x, (1, 1)),
        pooling.pool_average(np, x, [Axis(40, 40)] * 2),
    ):
        assert result.dtype == np.float16
        expected = x.astype(np.float64).mean((2, 3), keepdims=True)
        np.testing.assert_allclose(result, expected, rtol=1e-3)


@drawn
@given(st.data(), ranks, st.sampled_from(["zeros", "constant", "reflect", "replicate", "circular"]))
def test_pad(data: Any, rank: int, mode: str) -> None:
    x = values((2, 3, *data.draw(numbers(rank, 5, 7))))
    pads = data.draw(pairs(rank, -2 if mode in ("zeros", "constant") else 0, 4))
    result = padding.pad(np, x, pads, mode, 1.5)
    flat = [amount for pair in reversed(pads) for amount in pair]
    if mode in ("zeros", "constant"):
        expected = F.pad(tensor(x), flat, value=1.5 if mode == "constant" else 0.0)
    else:
        expected = F.pad(tensor(x), flat, mode=mode)
    same(result, expected)


@pytest.mark.parametrize(
    ("mode", "amount"), [("reflect", 5), ("circular", 6), ("zeros", -3), ("mirrored", 1)]
)
def test_pad_refuses(mode: str, amount: int) -> None:
    with pytest.raises(ValueError, match="pad"):
        padding.pad(np, values((1, 1, 5)), [(amount, amount)], mode)


@drawn
@given(st.data(), ranks, st.sampled_from(["nearest", "linear", "cubic"]), st.booleans(), types)
def test_resize(data: Any, rank: int, mode: str, corners: bool, dtype: Any) -> None:
    rank = 2 if mode == "cubic" else rank
    name = {
        "linear": ("linear", "bilinear", "trilinear")[rank - 1],
        "cubic": "bicubic",
    }.get(mode, mode)
    x = values((2, 3, *data.draw(numbers(rank, 1, 7))), dtype)
    corners = corners and mode != "nearest"
    given = {"mode": name} | ({} if mode == "nearest" else {"align_corners": corners})
    if data.draw(st.booleans()):
        sizes, scales = data.draw(numbers(rank, 1, 15)), None
        expected = F.interpolate(tensor(x), size=sizes, **given)
    else:
        factors = st.sampled_from([0.4, 0.5, 1.0, 1.1, 1.3, 1.5, 2.0, 2.3, 3.0])
        scales = data.draw(st.tuples(*[factors] * rank))
        sizes = tuple(int(n * scale) for n, scale in zip(x.shape[2:], scales, strict=True))
        assume(0 not in sizes)
        expected = F.interpolate(tensor(x), scale_factor=scales, **given)
    same(resampling.resize(np, x, sizes, mode, corners, scales), expected)


@drawn
@given(st.data(), types)
def test_unfold_and_fold(data: Any, dtype: Any) -> None:
    kernel, stride, dilation = (data.draw(numbers(2, 1, 3)) for _ in range(3))
    asked = data.draw(numbers(2, 0, 2))
    room = data.draw(numbers(2, 0, 4))
    sizes = tuple((k - 1) * d + 1 + more for k, d, more in zip(kernel, dilation, room, strict=True))
    pads = [(p, p) for p in asked]
    x = values((2, 3, *sizes), dtype)
    axes = walking(sizes, kernel, stride, pads, dilation)
    columns = unfolding.unfold(np, x, axes)
    same(columns, F.unfold(tensor(x), kernel, dilation, asked, stride))
    result = unfolding.fold(np, columns, axes)
    same(result, F.fold(tensor(columns), sizes, kernel, dilation, asked, stride))


def test_unfold_in_three_dimensions() -> None:
    x = values((1, 2, 4, 5, 6))
    axes = [Axis(4, 2, after=1), Axis(5, stride=2), Axis(6, 3, before=1, after=1)]
    columns = unfolding.unfold(np, x, axes)
    unfolded = F.pad(tensor(x), (1, 1, 0, 0, 0, 1)).unfold(2, 2, 1).unfold(3, 1, 2).unfold(4, 3, 1)
    same(columns, unfolded.permute(0, 1, 5, 6, 7, 2, 3, 4).reshape(1, 2 * 6, -1))


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_shuffles(factor: int) -> None:
    x = values((2, 2 * factor**2, 4, 5))
    finer = shuffling.pixel_shuffle(np, x, (factor, factor))
    same(finer, F.pixel_shuffle(tensor(x), factor))
    np.testing.assert_array_equal(shuffling.pixel_unshuffle(np, finer, (factor, factor)), x)
    same(
        shuffling.pixel_unshuffle(np, finer, (factor, factor)),
        F.pixel_unshuffle(tensor(finer), factor),
    )
    same(shuffling.channel_shuffle(np, x, 2 * factor), F.channel_shuffle(tensor(x), 2 * factor))


def test_shuffles_with_any_number_of_axes() -> None:
    x = values((1, 12, 4))
    np.testing.assert_array_equal(
        shuffling.pixel_shuffle(np, x, (3,)), x.reshape(1, 4, 3, 4).swapaxes(2, 3).reshape(1, 4, 12)
    )
    x = values((2, 24, 2, 3, 2))
    finer = shuffling.pixel_shuffle(np, x, (2, 1, 3))
    assert finer.shape == (2, 4, 4, 3, 6)
    assert finer[1, 2, 3, 1, 5] == x[1, 2 * 6 + 1 * 3 + 2, 1, 1, 1]
    np.testing.assert_array_equal(shuffling.pixel_unshuffle(np, finer, (2, 1, 3)), x)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.integers(1, 300))
def test_blocks_tile_the_box(extents: list[int], points: int) -> None:
    seen = np.zeros(extents, dtype=int)
    tiles = list(blocks(extents, points))
    for tile in tiles:
        seen[tile] += 1
        assert prod(extents_of(tile)) <= max(1, points)
        assert np.shares_memory(seen, seen[tile].reshape(-1)) or 0 in extents_of(tile)
    assert (seen == 1).all()
    assert not tiles or prod(extents_of(tiles[0])) == max(prod(extents_of(t)) for t in tiles)


@given(*[st.integers(1, 9)] * 3, *[st.integers(-2, 5)] * 2, st.integers(1, 3))
def test_axis_hits_are_the_taps_on_data(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int
) -> None:
    axis = Axis(size, kernel, stride, before, after, dilation)
    block = slice(axis.windows // 3, axis.windows)
    for tap in range(kernel):
        found, positions = axis.hits(tap, block)
        reads = {
            window: axis.starts[block.start + window] + tap * dilation
            for window in range(block.stop - block.start)
        }
        on_data = {window: at for window, at in reads.items() if 0 <= at < size}
        assert list(range(size))[positions] == list(on_data.values())
        assert list(range(len(reads)))[found] == list(on_data)


class OtherModule:
    """NumPy under another name and with only those functions that CuPy has too."""

    __name__ = "cupy"
    names = """
        add arange asarray clip dtype empty eye float16 float32 float64 floor full int64 kron lib
        matmul max maximum minimum moveaxis reshape sum swapaxes take transpose uint8 zeros
    """

    def __getattr__(self, name: str) -> Any:
        if name not in self.names.split():
            raise AttributeError(name)
        return getattr(np, name)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_other_array_modules(dtype: Any) -> None:
    """What is done for NumPy's sake isn't done for others, with the same results."""
    x, pads = values((2, 48, 24, 24), dtype), ((1, 1), (1, 0))
    axes, cells = [Axis(24, 3, 1, *pad) for pad in pads], [Axis(24, 2, 1, *pad) for pad in pads]
    faster, pooled = [Axis(24, 3, 2, *pads[0]), axes[1]], [Axis(24, 3, 2, *pad) for pad in pads]
    spread = [Spreading(3, stride, *pad, 1, 1) for stride, pad in zip((2, 1), pads, strict=True)]
    weight, wide = values((48, 48, 3, 3), dtype, 1) / 20, x.astype(np.float64)
    for call in (
        lambda xp, x, w: convolution.convolve(xp, x, w, None, axes, 1),
        lambda xp, x, w: convolution.convolve(xp, x, w[:, :1], None, faster, 48),
        lambda xp, x, w: convolution.convolve_transposed(xp, x, w, None, spread, 1),
        lambda xp, x, w: pooling.pool_max(xp, x, pooled),
        lambda xp, x, w: pooling.pool_average(xp, x, pooled),
        lambda xp, x, w: pooling.adaptive_average(xp, x, (5, 1)),
        lambda xp, x, w: resampling.resize(xp, x, (30, 40), "cubic"),
        lambda xp, x, w: padding.pad(xp, x, pads, "reflect"),
        lambda xp, x, w: shuffling.pixel_shuffle(xp, x, (2, 2)),
        lambda xp, x, w: unfolding.fold(xp, unfolding.unfold(xp, x, cells), cells),
    ):
        result = call(OtherModule(), x, weight)
        assert result.dtype == dtype
        expected = call(np, wide, weight.astype(np.float64))
        tolerance = TOLERANCE[result.dtype.name]
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def test_workspace_is_kept_and_bounded() -> None:
    """Scratch memory of large layers stays within the limit, and isn't taken again."""
    scratch = Workspace(np, 2**22)
    for channels, size in ((64, 96), (32, 128), (64, 40)):
        x = values((2, channels, size, size), np.float32)
        weight = values((channels, channels, 3, 3), np.float32)
        convolution.convolve(np, x, weight, None, [Axis(size, 3, 1, 1, 1)] * 2, 1, scratch)
        assert 0 < scratch.nbytes <= scratch.limit + 3 * 64
