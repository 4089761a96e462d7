"""What hypothesis draws for each Keras class: arguments and input shapes, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Arguments = dict[str, Any]
Drawn = tuple[Arguments, list[tuple[int, ...]]]

flags = st.booleans()
data_formats = st.sampled_from([None, None, "channels_last", "channels_first"])
activations = st.sampled_from(
    [None, None, "linear", "relu", "softmax", "glu", "swish", "no_such_activation"]
)


def per_axis(rank: int, most: int, least: int = 1) -> st.SearchStrategy[Any]:
    """One number or one for each axis; now and then too small, or too many."""
    number = st.integers(least, most)
    rightly = st.one_of(
        number, st.tuples(*[number] * rank), st.lists(number, min_size=rank, max_size=rank)
    )
    wrongly = st.one_of(st.just(least - 1), st.tuples(*[number] * (rank + 1)))
    return st.one_of(*[rightly] * 12, wrongly)


def amounts(rank: int, least: int = 0) -> st.SearchStrategy[Any]:
    """Padding or cropping: one number, one for each axis, or a pair for each."""
    number = st.integers(least, 3)
    pair = st.tuples(number, number)
    if rank == 1:
        return st.one_of(number, pair)
    return st.one_of(
        number,
        st.tuples(*[number] * rank),
        st.tuples(*[pair] * rank),
        st.tuples(*[pair] * (rank - 1)),
    )


def shapes(rank: int, most: int = 9, channels: int = 6) -> st.SearchStrategy[tuple[int, ...]]:
    """An input without batch, channels last; now and then of another rank."""
    sizes = [st.integers(1, most)] * rank
    rightly = st.tuples(*sizes, st.integers(1, channels))
    wrongly = st.one_of(st.tuples(*sizes, st.integers(1, 3), st.integers(1, 3)), st.tuples(*sizes))
    return st.one_of(*[rightly] * 15, wrongly)


def anything(least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    """A shape of any rank."""
    return st.lists(st.integers(1, 6), min_size=least, max_size=most).map(tuple)


def some(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    """Some of the arguments, the others left to their defaults."""
    return st.fixed_dictionaries({}, optional=choices)


def joined(*parts: st.SearchStrategy[Arguments]) -> st.SearchStrategy[Arguments]:
    return st.tuples(*parts).map(lambda drawn: {k: v for each in drawn for k, v in each.items()})


def needed(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[Arguments]:
    return st.fixed_dictionaries(choices)


def sliding(rank: int, paddings: tuple[str, ...]) -> st.SearchStrategy[Arguments]:
    return joined(
        needed(kernel_size=per_axis(rank, 5)),
        some(
            strides=per_axis(rank, 4),
            padding=st.sampled_from(paddings),
            use_bias=flags,
            activation=activations,
            data_format=data_formats,
        ),
        st.one_of(st.just({}), st.just({}), needed(dilation_rate=per_axis(rank, 3))),
    )


def conv(rank: int) -> st.SearchStrategy[Arguments]:
    words = (
        ("valid", "same", "SAME", "causal", "reflect") if rank == 1 else ("valid", "same", "causal")
    )
    return joined(
        needed(filters=st.integers(0, 6)), sliding(rank, words), some(groups=st.integers(0, 4))
    )


def conv_transpose(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(
        needed(filters=st.integers(1, 4)),
        sliding(rank, ("valid", "same", "causal")),
        some(output_padding=st.one_of(st.none(), per_axis(rank, 3, 0))),
    )


def depthwise(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(sliding(rank, ("valid", "same")), some(depth_multiplier=st.integers(0, 3)))


def separable(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(needed(filters=st.integers(1, 4)), depthwise(rank))


def pool(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(
        needed(pool_size=per_axis(rank, 5)),
        some(
            strides=st.one_of(st.none(), per_axis(rank, 4)),
            padding=st.sampled_from(["valid", "same", "causal"]),
            data_format=data_formats,
        ),
    )


def adaptive(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(needed(output_size=per_axis(rank, 5)), some(data_format=data_formats))


def global_pool(rank: int) -> st.SearchStrategy[Arguments]:
    return some(keepdims=flags, data_format=data_formats)


def zero_padding(rank: int) -> st.SearchStrategy[Arguments]:
    return joined(some(padding=amounts(rank, 0)), some(data_format=data_formats))


def cropping(rank: int) -> st.SearchStrategy[Arguments]:
    formats = some(data_format=data_formats) if rank > 1 else st.just({})
    return joined(some(cropping=amounts(rank, 0)), formats)


def up_sampling(rank: int) -> st.SearchStrategy[Arguments]:
    if rank == 1:
        return some(size=st.one_of(st.integers(0, 4), st.tuples(st.integers(1, 3))))
    modes = some(interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "linear"]))
    return joined(
        some(size=per_axis(rank, 4), data_format=data_formats), modes if rank == 2 else st.just({})
    )


def spatial_dropout(rank: int) -> st.SearchStrategy[Arguments]:
    return needed(rate=st.sampled_from([0, 0.3, 1, 1.5, -0.1]))


RANKED: dict[str, tuple[Callable[[int], st.SearchStrategy[Arguments]], tuple[int, ...]]] = {
    "Conv{}D": (conv, (1, 2, 3)),
    "Conv{}DTranspose": (conv_transpose, (1, 2, 3)),
    "DepthwiseConv{}D": (depthwise, (1, 2)),
    "SeparableConv{}D": (separable, (1, 2)),
    "MaxPooling{}D": (pool, (1, 2, 3)),
    "AveragePooling{}D": (pool, (1, 2, 3)),
    "AdaptiveAveragePooling{}D": (adaptive, (1, 2, 3)),
    "AdaptiveMaxPooling{}D": (adaptive, (1, 2, 3)),
    "GlobalAveragePooling{}D": (global_pool, (1, 2, 3)),
    "GlobalMaxPooling{}D": (global_pool, (1, 2, 3)),
    "ZeroPadding{}D": (zero_padding, (1, 2, 3)),
    "Cropping{}D": (cropping, (1, 2, 3)),
    "UpSampling{}D": (up_sampling, (1, 2, 3)),
    "SpatialDropout{}D": (spatial_dropout, (1, 2, 3)),
}

axis = st.integers(-5, 5).filter(lambda each: each != 0)
# Of one sign, so that no axis is named twice.
axes = st.one_of(
    axis,
    *[
        st.lists(st.integers(*ends), min_size=1, max_size=2, unique=True).map(tuple)
        for ends in ((1, 5), (-4, -1))
    ],
)
# PyTorch as Keras's backend normalises the last axes only; other backends any.
last_axes = st.sampled_from([-1, (-1,), (-2, -1), (-1, -2), (-3, -2, -1), 9, -9])
affine = some(center=flags, scale=flags)
rates = st.sampled_from([0, 0.5, 1, 1.01, -1])
sizes = st.sampled_from([-1, 1, 2, 3, 4, 6, 8, 12])

UNRANKED: dict[str, st.SearchStrategy[Arguments]] = {
    "Dense": joined(needed(units=st.integers(-1, 5)), some(use_bias=flags, activation=activations)),
    "Embedding": needed(
        input_dim=st.sampled_from([-1, 2, 7, 30]), output_dim=st.sampled_from([-1, 1, 5])
    ),
    "Flatten": some(data_format=st.sampled_from([None, "channels_last"])),
    "Reshape": needed(target_shape=st.lists(sizes, min_size=1, max_size=3).map(tuple)),
    "Permute": needed(
        dims=st.one_of(
            *[st.permutations(range(1, rank + 1)).map(tuple) for rank in (1, 2, 3, 4)],
            st.sampled_from([(0, 1), (1, 1), (2,)]),
        )
    ),
    "RepeatVector": needed(n=st.integers(-1, 4)),
    "BatchNormalization": joined(affine, some(axis=axis, renorm=flags)),
    "LayerNormalization": joined(affine, some(axis=last_axes)),
    "RMSNormalization": some(axis=last_axes),
    "GroupNormalization": joined(affine, some(groups=st.integers(-2, 6))),
    "UnitNormalization": some(axis=axis),
    "Normalization": some(axis=st.one_of(st.none(), axes), invert=flags),
    "Activation": needed(
        activation=st.sampled_from(["relu", "linear", "softmax", "sparsemax", "mish", "nothing"])
    ),
    "ReLU": some(
        max_value=st.sampled_from([None, 6, 0, -1]),
        negative_slope=st.sampled_from([0, 0.2, -0.1]),
        threshold=st.sampled_from([0, 1.0, -1]),
    ),
    "LeakyReLU": some(negative_slope=st.sampled_from([0, 0.2, -0.1])),
    "PReLU": some(
        shared_axes=st.one_of(
            st.none(), st.integers(1, 4), st.lists(st.integers(-1, 4), max_size=3, unique=True)
        )
    ),
    "ELU": some(alpha=st.sampled_from([0.5, 1.0])),
    "Softmax": some(axis=axis),
    "Identity": st.just({}),
    "Masking": st.just({}),
    "ActivityRegularization": some(l1=st.just(0.1)),
    "Dropout": needed(rate=rates),
    "AlphaDropout": needed(rate=rates),
    "GaussianDropout": needed(rate=rates),
    "GaussianNoise": needed(stddev=rates),
    "Rescaling": joined(needed(scale=st.sampled_from([2, 0.5])), some(offset=st.just(-1))),
}
COMMON = some(trainable=flags, name=st.just("layer"), dtype=st.just("float32"))


def _ranked(name: str, rank: int) -> st.SearchStrategy[Drawn]:
    draw, _ = RANKED[name]
    common = st.just({}) if name.startswith("Spatial") else COMMON
    return st.tuples(joined(draw(rank), common), shapes(rank).map(lambda shape: [shape]))


RECURRENT = joined(
    needed(units=st.integers(-1, 5)),
    some(
        activation=st.sampled_from([None, "linear", "relu", "tanh", "softmax_of_none"]),
        use_bias=flags,
        return_sequences=flags,
        unroll=flags,
        stateful=st.just(False),
    ),
)
GATED = joined(
    RECURRENT, some(recurrent_activation=st.sampled_from(["sigmoid", "hard_sigmoid", "relu"]))
)
SEQUENCES: dict[str, st.SearchStrategy[Arguments]] = {
    "LSTM": joined(GATED, some(unit_forget_bias=flags, go_backwards=st.just(False))),
    "GRU": joined(GATED, some(reset_after=flags)),
    "SimpleRNN": RECURRENT,
}

MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")


@st.composite
def branches(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Two or three shapes that are alike, but for some axes of size 1 and some axes less."""
    first = draw(anything(1, 3))
    drawn = [first]
    for _ in range(draw(st.integers(1, 2))):
        stretched = tuple(draw(st.sampled_from([size, size, size, 1])) for size in first)
        drawn.append(
            draw(st.sampled_from([stretched, stretched, stretched[1:] or stretched, (2, 3)]))
        )
    return drawn


@st.composite
def pieces(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Two or three shapes that are alike but for one axis."""
    first = list(draw(anything(1, 3)))
    place = draw(st.integers(0, len(first) - 1))
    drawn = [tuple(first)]
    for _ in range(draw(st.integers(1, 2))):
        first[place] = draw(st.integers(1, 4))
        drawn.append(tuple(first))
    return drawn


@st.composite
def attended(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Queries alone, or with keys and values, of which there are as many; seldom of other axes."""
    asked, known, told = (draw(st.tuples(st.integers(1, 5), st.integers(1, 6))) for _ in "qkv")
    told = draw(st.sampled_from([(known[0], told[1])] * 8 + [told]))
    drawn = draw(st.sampled_from([[asked], [asked, known, told]]))
    return draw(st.sampled_from([drawn] * 12 + [[asked[1:]]]))


CASES: dict[str, st.SearchStrategy[Drawn]] = {
    **{
        name.format(rank): _ranked(name, rank)
        for name, (_, ranks) in RANKED.items()
        for rank in ranks
    },
    **{
        name: st.tuples(joined(arguments, COMMON), anything().map(lambda shape: [shape]))
        for name, arguments in UNRANKED.items()
    },
    **{
        name: st.tuples(joined(arguments, COMMON), shapes(1).map(lambda shape: [shape]))
        for name, arguments in SEQUENCES.items()
    },
    **{name: st.tuples(st.just({}), branches()) for name in MERGES},
    "Concatenate": st.tuples(some(axis=axis), pieces()),
    "MultiHeadAttention": st.tuples(
        joined(
            needed(num_heads=st.integers(0, 3), key_dim=st.integers(0, 4)),
            some(
                value_dim=st.integers(1, 4),
                use_bias=flags,
                output_shape=st.one_of(st.none(), st.integers(1, 7)),
                dropout=st.just(0.1),
            ),
            COMMON,
        ),
        attended(),
    ),
    "Resizing": st.tuples(
        joined(
            needed(height=st.integers(1, 12), width=st.integers(1, 12)),
            some(
                interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "cubic"]),
                data_format=data_formats,
            ),
        ),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)).map(lambda each: [each]),
    ),
}
