"""Laws of convolution arithmetic, for whatever numbers are drawn."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cnncalc import SpecError, analyze
from cnncalc.axis.windows import Same, Slide, Spread, ceil_slide
from cnncalc.errors import LayerError
from cnncalc.layers import LAYERS
from cnncalc.layers.base import Shape

CONV, DEPTHWISE, TRANSPOSED = LAYERS["conv"], LAYERS["dwconv"], LAYERS["convt"]
kernels, strides, pads = st.integers(1, 6), st.integers(1, 4), st.integers(0, 4)
lengths, channels = st.integers(1, 60), st.integers(1, 12)
slides = st.builds(Slide, kernels, strides, pads, pads, strides)


@settings(max_examples=300)
@given(st.lists(slides, min_size=1, max_size=5), lengths)
@example([Slide(3, 2, 1, 1), Slide(3, 2, 1, 1)], 224)
def test_a_stack_of_slides_is_one_slide(stack: list[Slide], n: int) -> None:
    """Lengths, floors included, while none falls below 1; sources before clipping."""
    composed, *rest = stack
    after = [composed.length(n)]
    for slide in rest:
        composed = composed.then(slide)
        after.append(slide.length(after[-1]))
    assume(min(after) >= 1)

    assert composed.length(n) == after[-1]
    for o in {0, after[-1] - 1}:
        sources = {o}
        for slide in reversed(stack):
            sources = {i for unit in sources for i in slide.reads(unit)}
        reads = composed.reads(o)
        assert (reads[0], reads[-1]) == (min(sources), max(sources))


@settings(max_examples=300)
@given(st.integers(0, 4), kernels, strides, pads, pads, strides, lengths)
def test_outputs_grow_with_the_input(
    which: int, kernel: int, stride: int, before: int, after: int, dilation: int, n: int
) -> None:
    """A larger input never gives a smaller output, of any window."""
    extent = dilation * (kernel - 1) + 1
    assume(max(before, after) < extent)

    def length(n: int) -> int:
        return (
            Slide(kernel, stride, before, after, dilation),
            Same(kernel, stride, dilation),
            Spread(kernel, stride, before, after, dilation),
            ceil_slide(n, kernel, stride, before, after, dilation),
            Same(kernel, stride, dilation, lower=True).at(n),
        )[which].length(n)

    assert length(n) <= length(n + 1) <= length(n) + max(stride, 1)


@settings(max_examples=100)
@given(kernels, strides, strides, lengths)
def test_same_padding_gives_its_length(kernel: int, stride: int, dilation: int, n: int) -> None:
    """The slide that `same` takes has ceil(n / s) outputs; its odd pixel lies after, or before."""
    same, lower = Same(kernel, stride, dilation), Same(kernel, stride, dilation, lower=True)
    slide, mirrored = same.at(n), lower.at(n)

    assert same.length(n) == lower.length(n) == -(-n // stride)
    assert 0 <= slide.after - slide.before <= 1
    assert (mirrored.before, mirrored.after) == (slide.after, slide.before)
    if slide.before + slide.after:  # nothing to add where windows leave pixels over
        assert slide.length(n) == same.length(n)


def outcome(spec: str) -> object:
    """The last shape, MACs and fields; or that there is none."""
    try:
        report = analyze(spec)
    except SpecError:
        return None
    row = report.rows[-1]
    return row.output_shape, row.macs, report.fields[-1].axes


@settings(max_examples=150)
@given(
    st.sampled_from(["conv:5", "dwconv:", "maxpool:", "avgpool:", "lppool:", "sepconv:5"]),
    st.lists(st.tuples(kernels, strides, pads, pads, lengths), min_size=1, max_size=3),
)
def test_pad_then_a_layer_is_the_padded_layer(
    layer: str, axes: list[tuple[int, int, int, int, int]]
) -> None:
    """Sizes, MACs and fields: padding is a slide of kernel 1."""
    if "pool" in layer:  # a pool refuses windows of nothing but padding
        assume(all(max(before, after) < k for k, _, before, after, _ in axes))
    # one window over all of a padded map is a pool of a whole map, which sees no padding
    assume(not all(k == s == n + before + after for k, s, before, after, n in axes))
    k, s, n = ("x".join(str(axis[i]) for axis in axes) for i in (0, 1, 4))
    padding = "x".join(f"{before}:{after}" for _, _, before, after, _ in axes)
    layer += f",k{k},s{s}" if layer[-1] != ":" else f"k{k},s{s}"

    assert outcome(f"3x{n} {layer},p={padding}") == outcome(f"3x{n} pad:{padding} {layer}")


@settings(max_examples=150)
@given(
    st.integers(1, 12),
    st.integers(1, 3),
    st.lists(st.tuples(kernels, strides, pads, lengths), min_size=1, max_size=3),
    st.booleans(),
)
def test_as_many_groups_as_channels_is_depthwise(
    c: int, multiplier: int, axes: list[tuple[int, int, int, int]], bias: bool
) -> None:
    """Shapes, weights, MACs and windows are those of the depthwise layer."""
    kernel, stride, pad, sizes = zip(*axes, strict=True)
    padding = tuple((p, p) for p in pad)
    shape: Shape = (c, *sizes)
    grouped = CONV(c * multiplier, kernel, stride, padding, groups=c, bias=bias)
    depthwise = DEPTHWISE(kernel, multiplier, stride, padding, bias=bias)
    try:
        expected = grouped.output(shape)
    except LayerError as error:
        with pytest.raises(LayerError, match=error.message[:20]):
            depthwise.output(shape)
        return

    assert depthwise.output(shape) == expected
    assert depthwise.weights(shape) == grouped.weights(shape)
    assert depthwise.macs(shape) == grouped.macs(shape)
    assert list(map(repr, depthwise.windows(shape))) == list(map(repr, grouped.windows(shape)))


def count(layer: str, shape: Shape) -> int:
    return analyze(f"{'x'.join(map(str, shape))} {layer}").total.params


@settings(max_examples=100)
@given(channels, channels, st.integers(1, 4), st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_counts_are_the_closed_formulas(c: int, n: int, g: int, kernel: list[int]) -> None:
    """n(ck + 1) and its relatives, for k taps in all: what a textbook has."""
    shape: Shape = (c, *([9] * len(kernel)))
    k, taps = "x".join(map(str, kernel)), prod(kernel)

    assert count(f"conv:{n},k{k}", shape) == n * (c * taps + 1)
    assert count(f"conv:{n},k{k},nobias", shape) == n * c * taps
    assert count(f"conv:{g * n},k{k},g{g}", (g * c, *shape[1:])) == g * n * (c * taps + 1)
    assert count(f"convt:{n},k{k}", shape) == n * (c * taps + 1)
    assert count(f"dwconv:{k},m{g}", shape) == g * c * (taps + 1)
    assert count(f"sepconv:{n},k{k},m{g}", shape) == g * c * taps + n * (g * c + 1)
    assert count(f"pwconv:{n}", shape) == n * (c + 1)
    assert count(f"flatten linear:{n}", shape) == n * (prod(shape) + 1)
    assert count("bn", shape) == count("gn:1", shape) == count("ln", shape) == 2 * c
    assert count("prelu", shape) == 1
    assert count("scale", shape) == c
    assert count(f"se:c={n}", shape) == n * (c + 1) + c * (n + 1)


@settings(max_examples=100)
@given(channels, channels, kernels, strides, pads, st.integers(0, 3), st.integers(1, 20))
def test_a_transposed_convolution_is_the_way_back(
    c: int, n: int, kernel: int, stride: int, pad: int, extra: int, size: int
) -> None:
    """It undoes the length of a convolution, has its weights, and its MACs the other way."""
    assume(extra < stride)
    back = TRANSPOSED(n, (kernel,), (stride,), ((pad, pad),), (extra,))
    try:
        forth = back.output((c, size))
    except LayerError:
        return
    conv = CONV(c, (kernel,), (stride,), ((pad, pad),))
    weight, bias = back.weights((c, size))

    assert conv.output(forth) == (c, size)
    assert weight.count == conv.weights(forth)[0].count
    assert bias.shape == (n,)
    assert back.macs((c, size)) == conv.macs(forth)


sizes = st.integers(1, 9)


@given(st.lists(sizes, max_size=2), sizes, sizes, sizes, st.booleans(), st.integers(0, 2))
def test_a_product_takes_its_rows_times_columns(
    front: list[int], m: int, k: int, n: int, turned: bool, ones: int
) -> None:
    """MACs are b m k n; axes in front are stretched, and `transpose` turns the second."""
    a = (*(1 if axis < ones else size for axis, size in enumerate(front)), m, k)
    b = (*front, *((n, k) if turned else (k, n)))
    layer = LAYERS["matmul"](turned)

    assert layer.output(a, b) == (*front, m, n)
    assert layer.macs(a, b) == prod(front) * m * k * n
    assert layer.weights(a, b) == ()
    if k != n:
        with pytest.raises(LayerError, match="differ"):
            LAYERS["matmul"](not turned).output(a, b)


@given(st.integers(1, 4), sizes, sizes, sizes, st.booleans())
def test_attention_is_its_formula(
    heads: int, of_each: int, asked: int, known: int, bias: bool
) -> None:
    """4E² + 4E parameters; E² (2L + 2S) + 2LSE MACs, of itself 4LE² + 2L²E; no head changes it."""
    features = heads * of_each
    layer = LAYERS["mha"](heads, bias)
    queries, memory = (features, asked), (features, known)
    whole = LAYERS["mha"](1, bias)

    params = sum(weight.count for weight in layer.weights(queries, memory))
    assert params == 4 * features**2 + 4 * features * bias
    assert layer.output(queries, memory) == queries
    assert layer.macs(queries, memory) == whole.macs(queries, memory)
    assert layer.macs(queries, memory) == (
        features**2 * (2 * asked + 2 * known) + 2 * asked * known * features
    )
    assert layer.macs(queries) == 4 * asked * features**2 + 2 * asked**2 * features
    apart = LAYERS["mha"](heads, bias, key=of_each)
    assert apart.macs(queries, memory) == layer.macs(queries, memory)
    assert sum(weight.count for weight in apart.weights(queries, memory)) == params


@given(st.lists(sizes, min_size=1, max_size=3), st.integers(1, 4), st.booleans(), st.data())
def test_tokens_are_as_many_positions_more(
    shape: list[int], count: int, behind: bool, data: st.DataObject
) -> None:
    """One axis grows by them, and each holds what the map has beside that axis."""
    axis = data.draw(st.integers(0, len(shape) - 1))
    layer = LAYERS["token"](count, axis, behind)
    output = layer.output(tuple(shape))
    (weight,) = layer.weights(tuple(shape))

    assert output[axis] == shape[axis] + count
    assert weight.count * shape[axis] == prod(shape) * count
    assert layer.macs(tuple(shape)) == 0
