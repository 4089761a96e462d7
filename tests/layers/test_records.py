"""What holds for every layer kind, whatever it computes."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from cnncalc import layers, parse
from cnncalc.errors import LayerError
from cnncalc.layers import FILES, KINDS, LAYERS
from cnncalc.layers.base import MAX_VALUE, REQUIRED, Layer, Option
from cnncalc.layers.spelling import word

SAMPLES = {
    "count": 4, "axes": (3,), "sizes": (4,), "integers": (0, 1), "interval": (0, 2),
    "factors": (2.0,), "pads": ((1, 1),), "number": 0.5,
    "numbers": (0.5,),
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
            layer = kind(**dict(sample(kind).changed()) | {name: changed(option)})
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
    try:
        with pytest.raises(TypeError, match="two layers are called conv"):
            layers._discover()
    finally:
        twin.kind = ""  # unseen by later discoveries


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
        found |= {kind.__module__} if kind.kind else set()

    assert {f"cnncalc.layers.{name}" for name in FILES} == found
