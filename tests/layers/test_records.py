"""What holds for every layer kind, whatever it computes."""

from __future__ import annotations

import pickle
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from unittest.mock import ANY

import pytest

from cnncalc import layers, parse
from cnncalc.axis.field import Field
from cnncalc.errors import LayerError
from cnncalc.layers import FILES, KINDS, LAYERS
from cnncalc.layers.base import MAX_VALUE, REQUIRED, Layer, Option, Weight
from cnncalc.layers.options import SCALAR, show_value
from cnncalc.layers.padding import pad_along
from cnncalc.layers.spelling import word

SAMPLES = {
    "count": 4, "axes": (3,), "sizes": (4,), "integers": (0, 1), "interval": (0, 2),
    "factors": (2.0,), "pads": ((1, 1),), "number": 0.5,
    "numbers": (0.5,), "layer": KINDS["conv"](4, 3),
}  # fmt: skip
EXTRA = {"upsample": {"factor": (2.0,)}, "fracmaxpool": {"size": (2,)}}


def sample(kind: type[Layer]) -> Layer:
    """A layer with its needed options."""
    needed = {
        name: SAMPLES[option.kind]
        for name, option in kind.options.items()
        if option.default is REQUIRED
    }
    return kind(**needed | EXTRA.get(kind.kind, {}))


WORDS = {n: kind for n, kind in KINDS.items() if kind.arity == "one" and n != "input"}

each_word = pytest.mark.parametrize("kind", WORDS.values(), ids=WORDS.keys())
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@each_kind
def test_is_documented(kind: type[Layer]) -> None:
    """The vocabulary page can say what it is, its formula and where that comes from."""
    assert kind.__doc__
    assert kind.formula
    assert kind.source or kind.kind == "input"
    assert all(option.doc for option in kind.options.values())


@each_kind
def test_is_immutable_and_compares_by_kind_and_options(kind: type[Layer]) -> None:
    """Equal options make equal layers of one kind, and never layers of two kinds."""
    layer = sample(kind)

    assert layer == sample(kind)
    assert hash(layer) == hash(sample(kind))
    assert all(layer != sample(other) for other in KINDS.values() if other is not kind)
    with pytest.raises(AttributeError):
        layer.kernel = 1  # type: ignore[attr-defined]


def test_other_things_are_no_equals() -> None:
    """Asked, and not refused."""
    conv: Any = KINDS["conv"](4, 3)
    weight = conv.weights((2, 9))[0]

    assert weight == conv.weights((2, 9))[0]
    assert all(each != "conv" for each in (conv, weight, Field(1, ((0, 1),))))
    assert all(each == ANY for each in (conv, weight, Field(1, ((0, 1),))))  # it is asked in turn
    assert weight == Weight("weight", (4, 2, 3))
    assert weight != Weight("weigh", (4, 2, 3))
    assert weight != Weight("weight", (4, 3, 2))
    assert weight != Weight("weight", (4, 2, 3), "buffer")
    assert weight != Weight("weight", (4, 2, 3), trainable=False)


AXES = [
    (name, option)
    for kind in KINDS.values()
    for name, option in kind.options.items()
    if option.minimum is not None and option.minimum < 0
]


@pytest.mark.parametrize(("name", "option"), AXES)
def test_axes_count_from_the_end_to_the_eighth(name: str, option: Option) -> None:
    """No framework has more."""
    assert option.normalise(-8) == -8
    with pytest.raises(LayerError, match=name):
        option.normalise(-9)


AMOUNTS = ("amount", "axes", "deviation", "output_padding", "padding", "rate")


@each_kind
def test_least_values(kind: type[Layer]) -> None:
    """Only amounts may be 0, and numbers of axes, and the size of an adaptive pool's output."""
    for name, option in kind.options.items():
        if option.minimum is None or option.minimum < 0:
            continue
        amount = name in AMOUNTS and kind.kind != "each"  # which runs over some axis
        least = 0 if amount or (kind.kind, name) in ADAPTIVE else 1
        value = float if option.kind == "number" else int
        assert option.minimum == least  # also where that is the default, which isn't looked at
        assert option.normalise(value(least)) is not None
        with pytest.raises(LayerError, match=name):
            option.normalise(value(least - 1))


ADAPTIVE = [(kind, "size") for kind in ("adaptiveavg", "adaptivemax")]


@each_kind
def test_one_value_stands_for_all_axes(kind: type[Layer]) -> None:
    """A number alone is a number for each; none at all can't be."""
    for option in kind.options.values():
        sample: Any = SAMPLES.get(option.kind)
        if not isinstance(sample, tuple) or option.kind == "interval":
            continue
        one = sample[0][0] if option.kind == "pads" else sample[0]
        expected = ((one, one),) if option.kind == "pads" else (one,)
        assert option.normalise(one) == option.normalise([one]) == expected
        if SCALAR not in option.words:
            with pytest.raises(LayerError):
                option.normalise(())


def test_no_windows_are_none() -> None:
    """A ratio that leaves nothing of a map, and the largest kernel that fits."""
    pool: Any = KINDS["fracmaxpool"]
    with pytest.raises(LayerError, match="0 windows of 2 don't fit on its length of 3"):
        pool(2, ratio=0.2).output((1, 3))
    with pytest.raises(LayerError, match="2 windows of 3 don't fit on its length of 3"):
        pool(3, size=2).output((1, 3))
    assert pool(2, size=2).output((1, 3)) == (1, 2)


def test_padding_that_leaves_nothing() -> None:
    """Where a framework lets it pass."""
    pad: Any = KINDS["pad"]
    with pytest.raises(LayerError, match="the output would have size 0"):
        pad(((-2, -2),)).output((1, 4))
    assert pad(((-2, -2),), empty=True).output((1, 4)) == (1, 0)
    assert pad(((1, 1),), empty=True).output((1, 0)) == (1, 2)
    assert pad(((0, 0),), channels=((-1, 0),), empty=True).output((1, 4)) == (0, 4)
    with pytest.raises(LayerError, match="-1 channels would be left"):
        pad(((0, 0),), channels=((-3, 0),), mode="replicate", empty=True).output((2, 4))
    assert pad(0, channels=((-1, 0),), empty=True).output((1, 4)) == (0, 4)


@pytest.mark.parametrize("pads", [(2, -5), (-5, 2), (-2, -3), (1, -6)])
def test_no_more_is_cut_than_there_is(pads: tuple[int, int]) -> None:
    """Though padding at the other end makes up for it."""
    with pytest.raises(LayerError, match="can't be cut from 4"):
        KINDS["pad"]((pads,)).output((1, 4))
    assert KINDS["pad"](((2, -4),)).output((1, 4)) == (1, 2)


ON_MAPS = (
    *("conv", "dwconv", "pwconv", "sepconv", "convt", "maxpool", "avgpool", "lppool", "maxunpool"),
    *("adaptiveavg", "adaptivemax", "gap", "gmp", "glp", "fracmaxpool", "upsample", "pad", "crop"),
    *("pixelshuffle", "pixelunshuffle", "unfold"),
)


@pytest.mark.parametrize("name", ON_MAPS)
def test_vectors_and_maps_of_no_places_are_refused(name: str) -> None:
    """By each layer that has something to do along the places."""
    layer: Any = sample(KINDS[name])
    with pytest.raises(LayerError, match="works on a map but receives a vector of 16 features"):
        layer.output((16,))
    with pytest.raises(LayerError, match="which has no positions"):
        layer.output((16, 0, 4))


def test_one_axis_is_padded_alone() -> None:
    """The channels are the first."""
    along = [pad_along(axis, 3, (1, 2), 5).output((3, 4, 6)) for axis in range(3)]

    assert along == [(6, 4, 6), (3, 7, 6), (3, 4, 9)]
    assert pad_along(0, 1, (1, 2)).output((3,)) == (6,)
    assert pad_along(2, 3, (1, 2), 5).value == 5


@pytest.mark.parametrize("pads", [(3, 0), (0, 3)])
def test_either_side_is_reflected_within_the_map(pads: tuple[int, int]) -> None:
    """All but the place at the border."""
    with pytest.raises(LayerError, match="reflect padding of 3 is more"):
        KINDS["conv"](1, 3, padding=(pads,), mode="reflect").output((1, 3))
    assert KINDS["conv"](1, 3, padding=(pads,), mode="reflect").output((1, 4)) == (1, 5)


def test_groups_of_points_divide_the_channels() -> None:
    """Those that come in too."""
    with pytest.raises(LayerError, match="2 groups don't divide the 3 input channels"):
        KINDS["pwconv"](4, groups=2).output((3, 5))


def test_renormalisation_keeps_more_statistics() -> None:
    """Five in all, and a count of batches."""
    names = [weight.name for weight in KINDS["bn"](renorm=True).weights((3, 5))]

    assert names[2:] == [
        *("running_mean", "running_var", "running_std", "renorm_mean", "renorm_std"),
        "num_batches_tracked",
    ]


def test_groups_that_would_do_are_told() -> None:
    """Of many the first twelve."""
    with pytest.raises(
        LayerError, match="11 groups don't divide the 5040 output channels"
    ) as caught:
        KINDS["conv"](5040, 1, groups=11)

    assert caught.value.help == "groups that divide 5040: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14"


@pytest.mark.parametrize(
    ("made", "shape", "size", "option", "advice"),
    [
        (("pad", ((-2, -2),), "reflect"), (1, 4), 0, "padding", " or less cut off"),
        (("fold", 3, 2), (6, 4), 0, "kernel", ", a smaller kernel or more padding"),
        (("convt", 3, 1, 1, 1), (4, 1), -1, "padding", ", a larger kernel or less padding"),
        (("upsample", 0.2), (1, 3), 0, "factor", " or a larger factor"),
    ],
)
def test_what_leaves_nothing(
    made: tuple[Any, ...], shape: tuple[int, ...], size: int, option: str, advice: str
) -> None:
    """Of a window of one place it is the padding that is to blame, of a wider one the kernel."""
    kind, *options = made
    with pytest.raises(LayerError, match=f"the output would have size {size} on") as caught:
        KINDS[kind](*options).output(shape)

    assert (caught.value.option, caught.value.help) == (option, f"a larger input{advice}")


def test_a_fold_has_windows_on_each_axis_of_its_map() -> None:
    """The map, of which the message speaks, has the channels of the columns."""
    with pytest.raises(LayerError, match="3 values but the input 27×2×2 has 2 spatial axes"):
        KINDS["fold"]((3, 3), (2, 2), (1, 1, 1)).output((27, 4))


@each_word
def test_word_reads_back(kind: type[Layer]) -> None:
    """The normalised word means the same layer."""
    layer = sample(kind)

    assert parse(word(layer)).steps[1].layer == layer


@each_word
def test_every_option_has_a_word(kind: type[Layer]) -> None:
    """A changed option shows in the word, so the compact notation can say it."""
    for name, option in kind.options.items():
        try:
            layer = sample(kind).replaced(**{name: changed(option)})
        except LayerError:
            continue  # this option needs company, such as corners with a mode
        assert parse(word(layer)).steps[1].layer == layer


def changed(option: Option) -> object:
    """A value that is not the default."""
    if option.kind == "flag":
        return not option.default
    if option.kind == "choice":
        return next(word for word in option.words if word != option.default)
    value = SAMPLES[option.kind]
    return value if value != option.default else 5


def test_kinds_and_aliases() -> None:
    """Aliases stand for the same class, and kinds are what the contract lists."""
    assert LAYERS["fc"] is LAYERS["dense"] is LAYERS["linear"]
    assert LAYERS["deconv"] is LAYERS["convt"]
    assert "fc" not in KINDS


def test_a_name_taken_twice_is_refused() -> None:
    """Two layers of one name can't be."""
    from cnncalc import layers

    twin = type("Twin", (Layer,), {"kind": "conv"})
    assert type(pickle.loads(pickle.dumps(KINDS["conv"](4, 3)))) is KINDS["conv"]
    try:
        with pytest.raises(TypeError, match="two layers are called conv"):
            layers._discover()
    finally:
        twin.kind = ""  # unseen by later discoveries


def is_ours(kind: type[Layer]) -> bool:
    """Whether a kind is the package's; tests make some of their own."""
    return kind.__module__.startswith("cnncalc.")


def test_kinds_are_found_through_their_classes() -> None:
    """Those of a class that others share too, in the order of their files, and a new one."""
    ours = [(name, kind) for name, kind in layers._discover().items() if is_ours(kind)]
    assert ours == list(LAYERS.items())

    new = type("New", (KINDS["conv"],), {"kind": "newconv", "aliases": ("newer", "newest")})
    try:
        assert {name for name, kind in layers._discover().items() if kind is new} == {
            "newconv", "newer", "newest",
        }  # fmt: skip
        assert type(pickle.loads(pickle.dumps(new(4, 3)))) is new
    finally:
        new.kind = ""


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("conv", {"out_channels": 0, "kernel": 3}, "can't be 0"),
        ("conv", {"out_channels": 8, "kernel": (3, 0)}, "can't be 0"),
        ("conv", {"out_channels": True, "kernel": 3}, "can't be True"),
        ("conv", {"out_channels": 2.5, "kernel": 3}, "can't be 2.5"),
        ("conv", {"out_channels": 8, "kernel": ()}, "can't be"),
        ("conv", {"out_channels": 8, "kernel": 3, "padding": ((1, 2, 3),)}, "can't be"),
        ("conv", {"out_channels": 8, "kernel": 3, "padding": "some"}, "can't be some"),
        ("conv", {"out_channels": 8, "kernel": 3, "bias": 1}, "can't be 1"),
        ("conv", {"out_channels": 8, "kernel": 3, "padding": ((1, 1), (1, -1))}, "negative"),
        ("conv", {"out_channels": 8, "kernel": 3, "padding": ((-1, 2), (0, 0))}, "negative"),
        ("conv", {"out_channels": 8, "kernel": 3, "mode": "mirror"}, "can't be mirror"),
        ("conv", {"out_channels": MAX_VALUE + 1, "kernel": 3}, "beyond the limit"),
        ("conv", {"out_channels": 9, "kernel": 3, "groups": 2}, "don't divide"),
        ("conv", {"kernel": 3}, "needs its number of output channels"),
        ("upsample", {"factor": (0.0,)}, "can't be 0"),
        ("upsample", {}, "takes either"),
        ("slice", {"interval": (1,)}, "can't be 1"),
        ("dropout", {"rate": 1.5}, "more than 1"),
        ("leakyrelu", {"slope": float("nan")}, "can't be nan"),
        ("permute", {"axes": (0, 0)}, "no order"),
    ],
)
def test_wrong_options_are_refused(kind: str, options: dict[str, object], message: str) -> None:
    """A value that can't be is a LayerError with what would be right."""
    with pytest.raises(LayerError, match=message) as caught:
        LAYERS[kind](**options)
    assert caught.value.help


def test_unknown_options_are_a_programming_error() -> None:
    """The Python constructor refuses what no notation can pass on."""
    with pytest.raises(TypeError, match="has no option"):
        LAYERS["conv"](8, 3, kernel_size=3)


@pytest.mark.parametrize("shape", [(4, 9), (6, 7, 8), (2, 5, 6, 7)])
def test_convolutions_are_the_plain_ones_that_they_say(shape: tuple[int, ...]) -> None:
    """Sizes, weights and MACs of depthwise, pointwise and separable ones, as `conv` has them."""
    how = {"kernel": 3, "stride": 2, "padding": 1, "multiplier": 2}
    depthwise: Any = KINDS["dwconv"](**how)
    pointwise: Any = KINDS["pwconv"](8, stride=2, groups=2)
    separable: Any = KINDS["sepconv"](8, **how)
    pairs = [(depthwise, depthwise.conv(shape[0])), (pointwise, pointwise.conv())]

    for layer, conv in pairs:
        for method in ("output", "weights", "macs"):
            assert getattr(layer, method)(shape) == getattr(conv, method)(shape)
    first, second = separable.parts()
    between = first.output(shape)
    assert separable.output(shape) == second.output(between)
    assert separable.macs(shape) == first.macs(shape) + second.macs(between)
    counts = [w.count for w in (*first.weights(shape), *second.weights(between))]
    assert [w.count for w in separable.weights(shape)] == counts


def test_every_file_of_kinds_is_listed() -> None:
    """A file that nobody lists would be no layer of anybody's."""
    for file in iter_modules(layers.__path__, "cnncalc.layers."):
        import_module(file.name)
    found, waiting = set(), [Layer]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found |= {kind.__module__} if kind.kind and is_ours(kind) else set()

    assert {f"cnncalc.layers.{name}" for name in FILES} == found


@pytest.mark.parametrize("kind", ["sub", "div"])
@pytest.mark.parametrize("count", [1, 3])
def test_of_two_branches(kind: str, count: int) -> None:
    with pytest.raises(LayerError, match=f"`{kind}` takes two branches and has {count}"):
        KINDS[kind]().output(*[(3, 8, 8)] * count)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a" * 24, "a" * 24), ("a" * 25, "a" * 20 + "…"), ((3, 5), "3x5"), (0.25, "0.25")],
)
def test_values_in_messages_are_short(value: object, shown: str) -> None:
    assert show_value(value) == shown


def test_kinds_that_hand_values_on() -> None:
    """Moved, repeated or left out, but never another value, so that whole numbers stay such."""
    assert {kind for kind, layer in KINDS.items() if layer.carries} == {
        "cat", "chshuffle", "crop", "dropout", "expand", "flatten", "identity", "permute",
        "reshape", "slice", "unflatten",
    }  # fmt: skip
    assert {kind for kind, layer in KINDS.items() if layer.beside} == {"state"}
