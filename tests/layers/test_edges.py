"""What is refused just beside what is not, and figures that can be worked out on paper."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from cnncalc import SpecError, analyze
from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.attention import near_divisor
from cnncalc.layers.base import BATCH
from cnncalc.layers.each import Each
from cnncalc.layers.merge import MAX_LISTED, listed
from cnncalc.layers.options import show_value
from cnncalc.layers.padding import pad_along
from cnncalc.layers.shapes import axis_name, count_of, place, spread_out
from cnncalc.layers.sliding import check_mode
from cnncalc.layers.spelling import word
from cnncalc.receptive.units import larger_than_input
from tests.strategies import layers_of

REFUSED = [
    ("2x6 mul[ conv:2,k3,p1 | gap ]", "branches"),  # but with `align`
    ("3x9 sub[ | relu | bn ]", "branches"),
    ("3x9 div[ | relu | bn ]", "branches"),
    ("3x4x4 scale:shape=2x1x1", "branches"),
    ("3x9 conv:4,k3,g0", "bad-value"),
    ("3x9 conv:0,k3", "bad-value"),
    ("3x9 conv:4,k0", "bad-value"),
    ("3x9 conv:4,k3,s0", "bad-value"),
    ("3x9 conv:4,k3,d0", "bad-value"),
    ("3x9 maxpool:3,s0", "bad-value"),
    ("3x9 flatten:start=1,end=0", "wrong-axes"),
    ("6x6 mul[ conv:6,k3,p1 | gap ]", "branches"),
    ("4 each[linear:2]", "wrong-axes"),
    ("3x4 each:2[linear:2]", "wrong-axes"),
    ("6x4 pwconv:4,g4", "groups"),
    ("6x4 pwconv:3,g2", "groups"),
    ("6x4 conv:4,k3,g4", "groups"),
    ("6x4 convt:4,k3,g4", "groups"),
    ("6x4 gn:4", "groups"),
    ("1x4 pad:3:-5", "over-cropped"),
    ("1x4 pad:-5:3", "over-cropped"),
    ("4x4 pad:0,c=-3:-2,empty", "over-cropped"),
    ("4x4 pad:0,c=-2:-2", "empty-output"),
    ("8 pixelshuffle:2", "not-a-map"),
    ("8 pixelunshuffle:2", "not-a-map"),
    ("6x4x4 pixelshuffle:2", "groups"),
    ("2x5 pixelunshuffle:2", "groups"),
    ("8 pad:1", "not-a-map"),
    ("8 se:2", "not-a-map"),
    ("3x9 conv:2,k3,p=-1:0", "bad-value"),
    ("3x9 dwconv:3,p=0:-1", "bad-value"),
    ("3x9 sepconv:3,k3,p=0:-1", "bad-value"),
    ("1x3 upsample:0.2", "empty-output"),
    ("4x1 convt:3,k1,p=0:1", "empty-output"),
    ("4x1 convt:3,k1,p1,empty", "empty-output"),
    ("1x5 upsample:2,mode=cubic", "wrong-axes"),
]
TAKEN = [
    ("2x6 mul(align=second)[ conv:2,k3,p1 | gap ]", (2, 6)),
    ("3x9 sub[ | relu ]", (3, 9)),
    ("3x4x4 scale:shape=3x1x1", (3, 4, 4)),
    ("3x4x4 scale:shape=4x4", (3, 4, 4)),
    ("3x9 conv:1,k3,g1", (1, 7)),
    ("3x9 flatten:start=1,end=1", (3, 9)),
    ("3x4x5 flatten:start=1", (3, 20)),
    ("3x4x5 flatten:start=-2,end=-1", (3, 20)),
    ("3x4x5 flatten:end=1", (12, 5)),
    ("1x4 pad:3:-4", (1, 3)),
    ("4x4 pad:0,c=-1:-2", (1, 4)),
    ("4x1 convt:3,k1,p=0:1,empty", (3, 0)),
    ("8 slice:..-1", (7,)),
    ("8 slice:-3..-1", (2,)),
    ("8 slice:1..7,step=4", (2,)),
    ("8 slice:1..6,step=4", (2,)),
    ("8 slice:1..5,step=4", (1,)),
    ("3x9 conv:2,k3,p=-1:0,mode=circular", (2, 6)),
    ("5x1 upsample:size=4,mode=linear,corners", (5, 4)),
    ("2x6 unflatten:infer", (2, 6)),
    ("1 reshape:scalar reshape:1x1", (1, 1)),
    ("12x2 reshape:infer", (24,)),
    ("12x2 reshape:3xinfer", (3, 8)),
    ("1x4 maxunpool:3,s2,p=1:0,size=9", (1, 9)),  # by itself 3*2 - 1 + 3 = 8
    ("1x4 maxunpool:3,s2,p=0:1,size=7", (1, 7)),
]


@pytest.mark.parametrize(("spec", "code"), REFUSED)
def test_refused(spec: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(spec)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("spec", "room"),
    [
        ("3x2 conv:1,k5", "spans 5 but its length has only 2$"),
        ("3x2 conv:1,k5,p=0:1", r"spans 5 but its length has only 2 with padding 0\+1$"),
        ("3x2 conv:1,k5,p=1:0", r"spans 5 but its length has only 2 with padding 1\+0$"),
        ("3x9x2 conv:1,k2,d4", r"spans 5 \(2 dilated by 4\) but the width has only 2$"),
        ("3x2x9 conv:1,k3", "spans 3 but the height has only 2$"),
        ("3x9x9x2 conv:1,k3", "spans 3 but the width has only 2$"),
        ("3x2x9x9 conv:1,k3", "spans 3 but the depth has only 2$"),
    ],
)
def test_kernels_that_do_not_fit(spec: str, room: str) -> None:
    with pytest.raises(SpecError) as caught:
        analyze(spec)
    assert re.search(room, caught.value.message)


@pytest.mark.parametrize(("spec", "shape"), TAKEN)
def test_taken(spec: str, shape: tuple[int, ...]) -> None:
    assert analyze(spec).rows[-1].output_shape == shape


@pytest.mark.parametrize(
    ("mode", "taps"),
    [("nearest", 1), ("linear", 2), ("cubic", 4), ("lanczos3", 6), ("lanczos5", 10)],
)
def test_how_many_pixels_interpolation_reads(mode: str, taps: int) -> None:
    """Between two pixels a half of them on either side (three lobes, five)."""
    report = analyze(f"1x20x20 upsample:3,mode={mode}")
    assert report.fields[-1].axes[0].field.size == taps
    (window, _) = KINDS["upsample"](3, mode=mode).windows((1, 20, 20))
    assert parts_of([window]) == [(mode != "nearest", 1, 3, 60, taps)]


def test_a_value_is_cut_to_a_readable_length() -> None:
    assert show_value("a" * 24) == "a" * 24
    assert show_value("a" * 25) == "a" * 20 + "…"
    assert show_value((3, 4)) == "3x4"


def test_shapes_in_a_sentence() -> None:
    assert listed([(16, 8, 8)]) == "16×8×8"
    assert listed([(16, 8, 8), (4,)]) == "16×8×8 and 4"
    assert listed([(1,), (2,), (3,)]) == "1, 2 and 3"


def test_of_many_shapes_the_first_are_listed() -> None:
    few = [(n,) for n in range(1, MAX_LISTED + 1)]
    several = ", ".join(map(str, range(1, MAX_LISTED + 1)))

    assert listed([*few, (99,)]) == f"{several}, … ({MAX_LISTED + 1} branches)"
    assert listed([*few, few[0]]) == f"{several} ({MAX_LISTED + 1} branches)"


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("3x4x5 scale", (3, 1, 1)),
        ("3 scale", (3,)),
        ("3x4x5 shift:shape=4x5", (4, 5)),
    ],
)
def test_a_learned_factor_holds_one_value_per_channel(spec: str, shape: tuple[int, ...]) -> None:
    assert [weight.shape for weight in analyze(spec).rows[1].weights] == [shape]


def weights_of(spec: str) -> list[tuple[str, tuple[int, ...], str]]:
    return [(each.name, each.shape, each.role) for each in analyze(spec).rows[-1].weights]


@pytest.mark.parametrize("options", list(product((False, True), repeat=3)))
def test_weights_of_norms(options: tuple[bool, ...]) -> None:
    """A scale and a shift, unless all or one is left out, of the size of what is normalised."""
    affine, scale, shift = options
    left_out = ("noaffine", "noscale", "noshift")
    words = [word for word, there in zip(left_out, options, strict=True) if not there]
    learned = [("weight", scale), ("bias", shift)]
    for kind, size in (
        ("bn", (6,)), ("bn:axis=1", (4,)), ("gn:2", (6,)), ("gn:2,axis=-1", (4,)), ("ln", (6,)),
        ("ln:axes=-1x0", (4, 6)),
    ):  # fmt: skip
        spec = kind + "".join(f"{',' if ':' in kind or i else ':'}{w}" for i, w in enumerate(words))
        expected = [(name, size) for name, there in learned if there and affine]
        assert [
            each[:2] for each in weights_of(f"6x4 {spec}") if each[2] == "parameter"
        ] == expected


def test_statistics_of_norms() -> None:
    running = [("running_mean", (6,)), ("running_var", (6,))]
    renorm = [(name, (6,)) for name in ("running_std", "renorm_mean", "renorm_std")]
    count = [("num_batches_tracked", ())]

    def buffers(spec: str) -> list[tuple[str, tuple[int, ...]]]:
        return [(name, shape) for name, shape, role in weights_of(spec) if role == "buffer"]

    assert buffers("6x4 bn") == running + count
    assert buffers("6x4 bn:renorm") == running + renorm + count
    assert buffers("6x4 bn:nostats") == []
    assert buffers("6x4 in") == []
    assert buffers("6x4 in:stats") == running + count
    assert weights_of("6x4 in") == []
    assert [each[0] for each in weights_of("6x4 in:affine")] == ["weight", "bias"]
    assert [each[0] for each in weights_of("6x4 in:affine,noshift")] == ["weight"]


def test_weights_of_a_gate() -> None:
    """Two convolutions of one place, of however many axes."""
    for shape, ones in (("6x4", (1,)), ("6x4x5", (1, 1)), ("6x2x3x4", (1, 1, 1))):
        assert [each[1] for each in weights_of(f"{shape} se:2")] == [
            (3, 6, *ones), (3,), (6, 3, *ones), (6,),
        ]  # fmt: skip


def test_weights_of_attention() -> None:
    """Those of PyTorch's: one matrix of all three, or three; a position behind keys and values."""
    out = [("out_proj.weight", (8, 8)), ("out_proj.bias", (8,))]
    together = [("in_proj_weight", (24, 8)), ("in_proj_bias", (24,))]
    learned = [("bias_k", (1, 1, 8)), ("bias_v", (1, 1, 8))]
    apart = [
        ("q_proj_weight", (8, 8)), ("k_proj_weight", (8, 6)), ("v_proj_weight", (8, 4)),
        ("in_proj_bias", (24,)),
    ]  # fmt: skip

    assert [each[:2] for each in weights_of("8x9 mha:2")] == together + out
    assert [each[:2] for each in weights_of("8x9 mha:2,zeroattn")] == together + out
    assert [each[:2] for each in weights_of("8x9 mha:2,biaskv")] == together + learned + out
    assert [each[:2] for each in weights_of("8x9 mha:2,nobias")] == [together[0], out[0]]
    layer = KINDS["mha"](2, bias_kv=True)
    weights = layer.weights((8, 9), (6, 5), (4, 5))
    assert [(each.name, each.shape) for each in weights] == apart + learned + out


def test_positions_behind_keys_are_scored_too() -> None:
    """Each asks one more key, and weighs one more value, of 8 features."""
    plain = KINDS["mha"](2).macs((8, 9), (8, 5))
    assert KINDS["mha"](2, bias_kv=True).macs((8, 9), (8, 5)) == plain + 9 * (8 + 8)
    assert KINDS["mha"](2, zero=True).macs((8, 9), (8, 5)) == plain + 9 * (8 + 8)
    assert KINDS["mha"](2, bias_kv=True, zero=True).macs((8, 9), (8, 5)) == plain + 18 * (8 + 8)


def test_bytes_of_the_input() -> None:
    assert analyze("3x4x5 relu", batch=2).rows[0].activation_bytes == 2 * 60 * 4


def test_cut_off_places_are_mirrored_still() -> None:
    """A reflection counts the whole row, going round what is left of it."""
    check_mode("reflect", ((-2, 4),), (5,))


def test_no_vector_is_larger_than_an_input_without_places() -> None:
    assert larger_than_input(analyze("8 linear:4")) == []


@pytest.mark.parametrize(
    "text",
    [
        "conv:4,k3", "conv:4,k3x2,s2,p=1:0x2,d1x2,g2,nobias", "conv:4,k3,p1x2",
        "conv:4,k3,p=same,mode=reflect", "conv:4,k3,p=-1,mode=circular", "pwconv:4,s2,nobias",
        "dwconv:3,m2", "maxpool:3,s2,ceil",
        "upsample:1.5x2,mode=linear", "upsample:size=7", "slice:..2,axis=-1,step=2", "slice:1..",
        "slice:-3..-1", "unflatten:2xinfer", "reshape:scalar", "permute:0x2x1",
        "threshold:0.5,value=2", "rrelu:0.1,upper=0.3", "hardtanh:-2", "leakyrelu:0.2",
        "mha:4,nobias", "ln:axes=-1x0",
        "each:2,order=last[conv:4,k3]", "each[conv:4,k3]", "fold:2x3,size=4x5",
        "reduce:max,axes=0x2", "adaptiveavg:keepx4", "gn:each", "gn:2,axis=-1", "se", "se:c4",
        "pad:1:2x0,c=1:0",
        "pad:0,value=-0.5", "token:2,axis=1,behind", "linear:3,axis=-1",
    ],
)  # fmt: skip
def test_the_shortest_word(text: str) -> None:
    """Without what is so by default, and without keys where their order says it."""
    (layer,) = layers_of(text)
    assert word(layer) == text


def test_what_is_so_by_default_is_not_said() -> None:
    """Nor where it was."""
    for text, short in (
        ("conv:4,k3,s1,p0,g1", "conv:4,k3"), ("leakyrelu:0.01", "leakyrelu"), ("se:16", "se"),
        ("hardtanh:low=-2", "hardtanh:-2"), ("each:2[each[relu]]", "relu"),
        ("leakyrelu:3.0", "leakyrelu:3"), ("leakyrelu:2.5", "leakyrelu:2.5"),
    ):  # fmt: skip
        (layer,) = layers_of(text)
        assert word(layer) == short


def test_the_divisor_that_lies_nearest() -> None:
    """Up to twice as large; of two the smaller."""
    for number, wanted, near in (
        (12, 5, 4), (64, 5, 4), (7, 3, 1), (12, 3, 3), (30, 7, 6), (7, 7, 7), (7, 6, 7), (1, 4, 1),
    ):  # fmt: skip
        assert near_divisor(number, wanted) == near


def test_windows_are_those_of_its_route() -> None:
    """One more for each axis of entries; none where each unit reads its own place."""
    conv = Each(KINDS["conv"](4, 3))
    assert [window.length(9) for window in conv.windows((2, 3, 9, 9))] == [9, 7, 7]
    assert Each(KINDS["gn"](2)).windows((3, 4, 5)) == ()


@pytest.mark.parametrize(
    ("spec", "states", "form"),
    [
        ("lstm:5[ | gap | gap | gap ]", "1 state and 1 cell", "lstm:5[ sequence | state | cell ]"),
        ("gru:5[ | gap | gap | gap ]", "1 state", "gru:5[ sequence | state ]"),
        ("gru(5,bidirectional)[ | gap | gap | gap ]", "2 states", "gru:5[ sequence | states ]"),
        (
            "lstm(5,layers=2)[ | gap ]", "2 states and 2 cells",
            "lstm:5[ sequence | states | cells ]",
        ),
        ("gru(5,learned)[ | gap ]", "states that are learned", None),
    ],
)  # fmt: skip
def test_how_states_are_given(spec: str, states: str, form: str | None) -> None:
    """Several of two directions, or of two layers."""
    with pytest.raises(SpecError) as caught:
        analyze(f"8x9 {spec}")
    assert f" starts from {states} but is given " in caught.value.message
    assert caught.value.help == (
        f"one for each layer and direction: `{form}`"
        if form
        else "leave out `learned`, or the branches behind the first"
    )


def test_the_axes_that_numbers_mean() -> None:
    """Of channels last those of the map as it lies there; the batch is in front of all."""
    shape = (2, 3, 4, 5)
    behind = (1, 2, 3, 0)
    for axis in range(-4, 4):
        assert place(axis, shape) == range(4)[axis]
        assert place(axis, shape, "last") == behind[axis]
    for axis in (-5, 4):
        with pytest.raises(LayerError, match=f"the input 2×3×4×5 has no axis {axis}"):
            place(axis, shape)
    assert place(BATCH, shape) == place(BATCH, shape, "last") == -1


def test_names_of_axes() -> None:
    """The last one is the width, of up to three."""
    assert axis_name(0, 1) == "its length"
    assert [axis_name(axis, 2) for axis in range(2)] == ["the height", "the width"]
    assert [axis_name(axis, 3) for axis in range(3)] == ["the depth", "the height", "the width"]
    assert [axis_name(axis, 4) for axis in range(4)] == [f"spatial axis {i}" for i in range(4)]


def test_words_for_how_many() -> None:
    assert [count_of(n, "value") for n in range(3)] == ["0 values", "1 value", "2 values"]
    assert [count_of(n, "axis", "axes") for n in (1, 2)] == ["1 axis", "2 axes"]


def test_where_the_features_of_attention_are() -> None:
    mha: Any = KINDS["mha"]
    assert [mha(2, axis=axis).place_of((8, 9)) for axis in (0, 1, -1, -2)] == [0, 1, 1, 0]


def test_a_map_of_no_channels_is_one() -> None:
    """Other than one of no places."""
    assert KINDS["maxpool"](2).output((0, 4)) == (0, 2)
    with pytest.raises(LayerError, match="can't work on 4×0, which has no positions"):
        KINDS["maxpool"](2).output((4, 0))


@pytest.mark.parametrize(
    "layer",
    [
        KINDS["flatten"](start=1, end=1), KINDS["unflatten"](("infer",)),
        KINDS["unflatten"]((4,), axis=1), KINDS["reshape"]((3, "infer", 5)),
    ],
)  # fmt: skip
def test_what_leaves_the_axes_as_they_are_has_no_route(layer: Any) -> None:
    assert layer.output((3, 4, 5)) == (3, 4, 5)
    assert layer.route((3, 4, 5)) is None


def test_one_window_does_for_all_axes() -> None:
    """The same object, so that fields along axes that are alike are worked out once."""
    for layer in (KINDS["conv"](4, 3, padding=((1, 1),)), KINDS["convt"](4, 3)):
        one, two = layer.windows((3, 9, 8))
        assert one is two


def test_groups_of_transposed_convolutions_divide_both_channels() -> None:
    with pytest.raises(LayerError, match="3 groups don't divide the 4 output channels"):
        KINDS["convt"](4, 3, groups=3)
    with pytest.raises(LayerError, match="3 groups don't divide the 4 input channels"):
        KINDS["convt"](6, 3, groups=3).output((4, 9))


@pytest.mark.parametrize(
    ("pads", "columns"), [((0, 1), (0, 1, 3, 4)), ((1, 0), (4, 5, 7, 8)), ((1, 1), (5, 6, 9, 10))]
)
def test_columns_of_padding_alone_are_left_out(
    pads: tuple[int, int], columns: tuple[int, ...]
) -> None:
    """On either side: of windows of one place on a map of 2×2."""
    fold = KINDS["fold"]((1, 1), (2, 2), padding=(pads,))
    count = (2 + sum(pads)) ** 2
    (window,) = fold.windows((3, count))

    assert [*window.reads(0), *window.reads(1)] == list(columns[:2])
    assert [window.reads(o)[0] for o in range(window.length(count))] == list(columns)


@pytest.mark.parametrize("order", ["first", "last"])
def test_where_the_axes_of_numbers_go(order: str) -> None:
    """Beside the features in their order; of channels last the first is behind the others."""
    for shape in ((), (5,), (5, 6), (5, 6, 7)):
        rank = len(shape)
        beside = (*shape[1:], *shape[:1]) if order == "last" else shape
        for axis in range(-rank - 1, rank + 1):
            layer: Any = KINDS["embedding"](9, 4, axis=axis, order=order)
            at, output, route = axis % (rank + 1), layer.output(shape), layer.route(shape)
            assert output == (*beside[:at], 4, *beside[at:])
            assert [output[to] for to in route.moves] == list(shape)


def test_cubic_copies_a_map_whose_sizes_stay() -> None:
    """All of them, whatever the factor; linear copies each axis of which the size does."""

    def reads(mode: str, *factors: float) -> list[list[int]]:
        windows = KINDS["upsample"](factors, mode=mode).windows((1, 3, 4))
        pairs = zip(windows, (3, 4), strict=True)
        return [[len(window.reads(o)) for o in range(window.length(n))] for window, n in pairs]

    assert reads("cubic", 1.2) == reads("linear", 1.2) == [[1] * 3, [1] * 4]
    assert reads("linear", 1.2, 1.5)[0] == [1] * 3
    assert max(reads("cubic", 1.2, 1.5)[0]) == 4
    assert reads("nearest", 1.2, 1.5) == [[1] * 3, [1] * 6]


def test_values_for_more_axes_than_there_are() -> None:
    """Of a vector, which has none, no number of them would do."""
    for shape, axes, advice in (
        ((8,), "0 spatial axes", None),
        ((8, 4), "1 spatial axis", "give one value for all axes, or 1"),
        ((8, 4, 4, 4), "3 spatial axes", "give one value for all axes, or 3"),
    ):
        with pytest.raises(LayerError) as caught:
            spread_out("kernel", (1, 2), shape)
        assert caught.value.message.startswith("`kernel` has 2 values but the input 8")
        assert caught.value.message.endswith(f" has {axes}")
        assert (caught.value.help, caught.value.option) == (advice, "kernel")
        assert spread_out("kernel", (7,), shape) == (7,) * (len(shape) - 1)
    assert spread_out("kernel", (1, 2), (8, 4, 4)) == (1, 2)


def parts_of(windows: Any) -> list[tuple[Any, ...]]:
    return [tuple(getattr(window, name) for name in window.__slots__) for window in windows]


def test_unpooling_is_spread_as_a_transposed_convolution() -> None:
    """What a size adds lies behind."""
    shape = (1, 4, 5)
    how = {"kernel": (2, 3), "stride": (2, 3), "padding": ((1, 0), (0, 1))}
    unpool, spread = KINDS["maxunpool"](**how), KINDS["convt"](1, **how)
    assert parts_of(unpool.windows(shape)) == parts_of(spread.windows(shape))
    assert KINDS["maxunpool"](3).windows((1, 4))[0].stride == 3
    given = KINDS["maxunpool"](**how, size=(6, 16))
    more = KINDS["convt"](1, **how).replaced(output_padding=(0, 2))
    assert unpool.output(shape) == (1, 7, 14)
    assert parts_of(given.windows(shape))[1] == parts_of(more.windows(shape))[1]
    assert given.windows(shape)[0].output_padding == -1
    assert given.output(shape) == (1, 6, 16)


def test_fractional_pools_read_bins() -> None:
    """Where in them is drawn at random."""
    pool = KINDS["fracmaxpool"](2, size=(3, 2))
    assert parts_of(pool.windows((1, 7, 5))) == [(7, 3), (5, 2)]
    assert parts_of(KINDS["fracmaxpool"](2, ratio=(0.5, 0.7)).windows((1, 7, 5))) == [
        (7, 3),
        (5, 3),
    ]


def test_what_pads_one_axis() -> None:
    """With zeros, if nothing else is said, and no channels but where these are padded."""
    assert pad_along(0, 1, (1, 2)) == KINDS["pad"](0, channels=((1, 2),))
    assert pad_along(1, 3, (1, 2)) == KINDS["pad"](((1, 2), (0, 0)))
    assert pad_along(2, 3, (1, 2), 0.5) == KINDS["pad"](((0, 0), (1, 2)), value=0.5)


def test_along_all_axes() -> None:
    """As one word; numbers are put in order, each once."""
    reduce, norm = KINDS["reduce"], KINDS["ln"]
    assert reduce(axes=("all",)).places((3, 4, 5)) == norm(axes=("all",)).places((3, 4, 5))
    assert reduce(axes=("all",)).places((3, 4, 5)) == (0, 1, 2)
    assert reduce(axes=(-1, 0, 2)).places((3, 4, 5)) == (0, 2)
    assert reduce(axes=(-1, 0), order="last").places((3, 4, 5)) == (0, 1)
    assert norm(axes=(-1, 0)).places((3, 4, 5)) == (2, 0)


def test_columns_that_all_lie_in_the_map_are_left_as_they_are() -> None:
    """In part at least; what is padded on one axis alone is looked at too."""
    fold = KINDS["fold"]
    assert fold((2, 2), (2, 2), padding=((1, 1),)).windows((4, 9)) == ()
    assert fold((2, 2), (2, 2)).windows((4, 1)) == ()
    for padding, columns in ((((0, 0), (2, 0)), 1), (((0, 2), (0, 0)), 1)):
        (window,) = fold((2, 2), (2, 2), padding=padding).windows((4, 3))
        assert window.length(3) == 3 - columns


def test_columns_of_padding_alone_are_one_unit_of_padding() -> None:
    fold = KINDS["fold"]((1, 1), (2, 2), stride=5, padding=2)
    assert fold.output((3, 4)) == (3, 2, 2)
    (window,) = fold.windows((3, 4))
    assert [list(window.reads(o)) for o in range(window.length(4))] == [[-1]]
