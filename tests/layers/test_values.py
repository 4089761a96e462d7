"""What each kind of option takes, what it makes of it, and how it says what it takes."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import MAX_VALUE, REQUIRED, Layer, Option
from cnncalc.layers.base import option as declared
from cnncalc.layers.spelling import word

CONV = KINDS["conv"](4, 3)
# Of each kind: what is given and what becomes of it.
TAKEN: dict[str, list[tuple[Any, Any]]] = {
    "count": [(3, 3), (0, 0), (-5, -5), (MAX_VALUE, MAX_VALUE), (-MAX_VALUE, -MAX_VALUE)],
    "number": [(3, 3), (-2.5, -2.5), (0.0, 0.0), (inf, inf), (-inf, -inf), (2**40, 2**40)],
    "axes": [(3, (3,)), ([3, 4], (3, 4)), ((0, -1), (0, -1))],
    "integers": [(3, (3,)), ((0, 2, 1), (0, 2, 1))],
    "pads": [
        (1, ((1, 1),)), ((1, 2), ((1, 1), (2, 2))), ([[1, 2], 3], ((1, 2), (3, 3))),
        (((0, -4),), ((0, -4),)),
    ],
    "sizes": [(3, (3,)), ([3, "infer"], (3, "infer")), ("infer", ("infer",))],
    "factors": [(2, (2,)), ([1.5, 0.25], (1.5, 0.25)), (MAX_VALUE, (MAX_VALUE,))],
    "numbers": [(2, (2,)), ((-0.5, 0, inf), (-0.5, 0, inf))],
    "interval": [
        ((0, 5), (0, 5)), ([None, 5], (None, 5)), ((-3, None), (-3, None)),
        ((None, None), (None, None)),
    ],
    "choice": [("infer", "infer")],
    "flag": [(True, True), (False, False)],
    "layer": [(CONV, CONV)],
}  # fmt: skip
WRONG: dict[str, list[Any]] = {
    "count": [True, 2.0, (3,), "x", None],
    "number": [False, nan, (1.0,), "x", None],
    "axes": [(), [], 2.5, (3, 2.5), (True,), "x", (3, "x"), None],
    "integers": [(), (0.5,), None],
    "pads": [(), ((1, 2, 3),), ((1,),), ((1, True),), ((False, 1),), (1, 2.5), "x"],
    "sizes": [(), "scalar", ("scalar",), (3, "x"), (3, 2.5), True],
    "factors": [(), 0, 0.0, -1.0, True, nan, inf, MAX_VALUE + 1, (2, 0), (2, -1), ("x",), (2, nan)],
    "numbers": [(), nan, (1, nan), True, ("x",), (1, "x")],
    "interval": [5, (), (1,), (1, 2, 3), (1.5, 2), (1, True), "x"],
    "choice": ["x", 3, None, True, ("infer",)],
    "flag": [0, 1, None, "x", (True,)],
    "layer": [3, None, "x", (CONV,)],
}
FORMS = {
    "count": "a whole number",
    "number": "a number",
    "axes": "a whole number, or one for each axis as in `3x5`",
    "numbers": "a number, or one for each channel as in `0.5x0.25`",
    "pads": "a whole number, one for each axis as in `1x2`, or `before:after` as in `0:1x2:2`",
    "sizes": "a size such as `7` or `7x7`",
    "factors": "a factor such as `2` or `1.5`, or one for each axis as in `2x1`",
    "integers": "whole numbers such as `0x2x1`",
    "interval": "an interval such as `0..32`",
    "flag": "on or off",
    "layer": "a layer",
}


def option(kind: str, **form: Any) -> Option:
    made = Option(kind, "", **form)
    made.name = "it"
    return made


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken(kind: str) -> None:
    known = option(kind, words=("infer",))
    for given, made in TAKEN[kind]:
        assert known.normalise(given) == made
    assert known.normalise("infer") == (("infer",) if kind == "sizes" else "infer")


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_refused(kind: str) -> None:
    known = option(kind, words=("infer",))
    for given in (*WRONG[kind], REQUIRED):
        with pytest.raises(LayerError, match=r"^`it` can't be ") as caught:
            known.normalise(given)
        assert (caught.value.code, caught.value.option) == ("bad-value", "it")
        assert caught.value.help == f"it is {known.describe()}"


def test_the_size_of_a_single_number() -> None:
    """Where it may be one, the size is empty; it stands alone."""
    known = option("sizes", words=("infer", "scalar"))
    assert known.normalise("scalar") == known.normalise(()) == ()
    with pytest.raises(LayerError, match="can't be"):
        known.normalise((3, "scalar"))


@pytest.mark.parametrize("number", [MAX_VALUE + 1, -MAX_VALUE - 1])
def test_no_number_is_beyond_the_limit(number: int) -> None:
    for kind in ("count", "axes", "pads", "sizes", "integers"):
        with pytest.raises(LayerError, match="beyond the limit of 2147483647") as caught:
            option(kind).normalise(number)
        assert (caught.value.code, caught.value.option) == ("too-large", "it")


def test_none_is_below_the_least() -> None:
    """Of several none, on either side."""
    for kind, low in (
        ("count", 1), ("number", 1.5), ("axes", (2, 1)), ("axes", (1, 2)), ("pads", ((1, 2),)),
        ("pads", ((2, 1),)), ("sizes", (1, 3)), ("integers", 1), ("interval", (1, 3)),
        ("interval", (3, 1)), ("factors", (2, 1)), ("numbers", (1, 2)),
    ):  # fmt: skip
        with pytest.raises(LayerError, match="can't be"):
            option(kind, minimum=2).normalise(low)
        option(kind, minimum=1).normalise(low)


def test_what_is_so_by_default_is_taken_as_it_is() -> None:
    for default in (None, (1,), "nothing of its words", [nan]):
        assert option("axes", default=default, minimum=5).normalise(default) is default


def test_what_is_said_of_values() -> None:
    """Their form, the words that may stand there, and the least."""
    for kind, form in FORMS.items():
        assert option(kind).describe() == form
        assert option(kind, minimum=0).describe() == f"{form}, at least 0"
        assert option(kind, words=("a", "b")).describe() == f"{form} or one of `a`, `b`"
    assert option("choice", words=("a", "b")).describe() == "one of `a`, `b`"


def test_as_many_values_as_options() -> None:
    """By position, in their order; or by name."""
    assert KINDS["rrelu"](0.1, 0.2) == KINDS["rrelu"](upper=0.2, lower=0.1)
    with pytest.raises(TypeError, match="RReLU takes 2 options"):
        KINDS["rrelu"](0.1, 0.2, 0.3)
    with pytest.raises(TypeError, match="RReLU has no option factor"):
        KINDS["rrelu"](0.1, factor=0.2)


def test_unchecked_options_may_contradict_one_another() -> None:
    """But each by itself is one that can be."""
    assert KINDS["upsample"].unchecked(factor=2, size=4).size == (4,)  # type: ignore[attr-defined]
    with pytest.raises(LayerError, match="`size` can't be 0"):
        KINDS["upsample"].unchecked(size=0)


class Turned(Layer):
    def windows(self, *shapes: Any) -> Any:
        return ()


class Routed(Layer):
    def route(self, shape: Any) -> Any:
        return None


class Several(Layer):
    arity = "many"


class Mixing(Layer):
    @property
    def mixes_samples(self) -> bool:
        return True


class Alone(Layer):
    scalars = False


class Halved(Layer):
    def output(self, *shapes: Any) -> Any:
        return shapes[0][1:]


class Holding(Layer):
    def weights(self, *shapes: Any) -> Any:
        return ()


def test_what_does_the_same_to_every_value_is_itself_at_each_entry() -> None:
    """Not what reads elsewhere, joins branches, mixes samples, needs an axis, or holds anything."""
    plain = Layer()
    assert plain.at_each(1, "first") is plain
    for kind in (Turned, Routed, Several, Mixing, Alone, Halved, Holding):
        assert kind().at_each(1, "first") is None


class Numbered(Layer):
    factor: float = declared("number", "", positional=True)
    count: int = declared("count", "", positional=True, default=1)
    other: int = declared("count", "", positional=True, default=1)
    last: float = declared("number", "", default=0)


class Counted(Layer):
    one: int = declared("count", "", positional=True, default=1)
    two: int = declared("count", "", positional=True, default=1)
    three: int = declared("count", "", positional=True, default=1, key="t")


class Mixed(Layer):
    one: int = declared("count", "", positional=True, default=1)
    by_name: int = declared("count", "", default=1)
    two: int = declared("count", "", positional=True, default=1)
    three: int = declared("count", "", positional=True, default=1)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Mixed(1, 1, 3), "two=3"),
        (Mixed(1, 1, 3, 4), "two=3,three=4"),
        (Mixed(2, 1, 3, 4), "2,3,4"),
        (Numbered(0.5, 3), "0.5,count=3"),
        (Numbered(0.5, 3, 4, 2), "0.5,count=3,other=4,last=2"),
        (Counted(2, 3), "2,3"),
        (Counted(2, 3, 4), "2,3,t4"),
        (Counted(2, 1, 4), "2,t4"),
        (Counted(1, 3, 4), "two=3,t4"),
        (Counted(1, 1, 4), "t4"),
    ],
)
def test_what_is_said_without_its_name(layer: Layer, said: str) -> None:
    """The first value, and counts one behind another; it is worked out but once."""
    assert word(layer) == f":{said}"
    assert word(layer) is word(layer)
