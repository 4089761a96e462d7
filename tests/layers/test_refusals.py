"""What layers say that can't work on their input: the message, the option and the advice, whole."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.errors import LayerError
from cnncalc.layers import KINDS
from cnncalc.layers.base import Shape

Options = dict[str, Any]
INPUTS: list[tuple[str, Options, tuple[Shape, ...], str, str | None]] = [
    (
        "gru", {}, ((8,),),
        "`gru` works on a sequence, features × steps, but receives a vector of 8 features",
        "`reshape:8x1` makes one step of it",
    ),
    (
        "gru", {"axis": 1}, ((8,),),
        "`gru` works on a sequence, steps × features, but receives a vector of 8 features",
        "`reshape:1x8` makes one step of it",
    ),
    (
        "gru", {"axis": -2}, ((8,),),
        "`gru` works on a sequence, features × steps, but receives a vector of 8 features",
        "`reshape:8x1` makes one step of it",
    ),
    (
        "lstm", {}, ((3, 20, 32),),
        "`lstm` works on a sequence, features × steps, but receives the map 3×20×32",
        "`reshape:60x32` makes 32 steps of 60 features of it",
    ),
    (
        "gru", {"axis": -1}, ((3, 20, 32),),
        "`gru` works on a sequence, steps × features, but receives the map 3×20×32",
        "put it in that order, such as 32×60",
    ),
    (
        "gru", {}, ((8, 9), (4,)),
        "`gru` keeps 5 features in its state but is to start from 4 (branch 2)",
        "`linear:5` makes 5 of 4",
    ),
    (
        "gru", {}, ((8, 9), (3, 4)),
        "`gru` keeps 5 features in its state but is to start from 3×4 (branch 2)",
        "a vector of 5, such as `state:5` of another layer",
    ),
    (
        "lstm", {"proj": 3}, ((8, 9), (3,), (3,)),
        "`lstm` keeps 5 features in its cell but is to start from 3 (branch 3)",
        "`linear:5` makes 5 of 3",
    ),
    (
        "lstm", {"proj": 3}, ((8, 9), (5,), (5,)),
        "`lstm` keeps 3 features in its state but is to start from 5 (branch 2)",
        "`linear:3` makes 3 of 5",
    ),
    (
        "gru", {}, ((5,), (8, 9)),
        "`gru` reads its first branch, which is 5, no sequence",
        "the sequence first: `gru:5[ sequence | state ]`",
    ),
    ("mha", {}, ((8,),), "`mha` works on features at positions but receives 8", None),
    (
        "mha", {}, ((8, 6, 5),),
        "`mha` works on features at positions but receives 8×6×5",
        "put `flatten:start=1` before it: 8×30",
    ),
    (
        "mha", {}, ((8, 9),),
        "8 features can't be dealt out to 5 heads",
        "a number of heads that divides 8, such as 4",
    ),
    (
        "mha", {}, ((5, 9), (5, 4), (5, 3)),
        "`mha` has 4 keys and 3 values",
        "a value for each key: two branches `[ queries | memory ]` take both from one",
    ),
    (
        "mha", {}, ((5, 9),) * 4,
        "`mha` takes queries, keys and values and has 4 branches",
        "`mha:5[ queries | keys | values ]`",
    ),
    (
        "fold", {"size": (4,)}, ((10, 4, 4),),
        "`fold` takes columns (C*k, L) but receives 10×4×4",
        "what `unfold` gives",
    ),
    (
        "fold", {"size": (9,)}, ((12, 4),),
        "12 rows are no multiple of the 5 taps of the kernel",
        "rows = channels * 5",
    ),
    (
        "fold", {"size": (9,)}, ((10, 4),),
        "a map of 9 has 5 windows but 4 columns came in",
        "5 columns, or another `size`, as `size=9x9` of a map of two axes",
    ),
    (
        "fold", {"size": (9, 8)}, ((25, 4),),
        "a map of 9×8 has 20 windows but 4 columns came in",
        "20 columns, or another `size`",
    ),
    (
        "matmul", {}, ((5, 2, 3), (5, 4, 3)),
        "`matmul` sums over 3 of 5×2×3 and 4 of 5×4×3, which differ",
        "`matmul:transpose` turns the second branch",
    ),
    (
        "matmul", {"transpose": True}, ((5, 2, 3), (5, 3, 4)),
        "`matmul` sums over 3 of 5×2×3 and 4 of 5×3×4, which differ",
        "leave `transpose` out",
    ),
    (
        "matmul", {}, ((3, 3, 2), (3, 3, 4)),
        "`matmul` sums over 2 of 3×3×2 and 3 of 3×3×4, which differ",
        "branches of …×m×2 and …×2×n",
    ),
    (
        "matmul", {"transpose": True}, ((4, 4, 2), (4, 4, 3)),
        "`matmul` sums over 2 of 4×4×2 and 3 of 4×4×3, which differ",
        "branches of …×m×2 and …×n×2",
    ),
    (
        "matmul", {"order": "last"}, ((3, 5, 2), (3, 5, 4)),  # channels last 5×2×3 and 5×4×3
        "`matmul` sums over 3 of 3×5×2 and 4 of 3×5×4, which differ",
        "`matmul:transpose` turns the second branch",
    ),
    (
        "matmul", {}, ((5, 2, 3), (4, 3, 2)),
        "`matmul` can't multiply the 5 matrices of 5×2×3 with the 4 of 4×3×2",
        "as many of both, or 1",
    ),
    ("matmul", {}, ((5, 2, 3), (6,)), "`matmul` multiplies matrices but receives 6",
     "`unflatten:1x6` makes a row of it"),
    ("matmul", {}, ((), (3, 2)), "`matmul` multiplies matrices but receives scalar", None),
    (
        "matmul", {}, ((3, 2),),
        "`matmul` takes two branches and has 1",
        "two branches, as in `matmul[ linear:8,axis=-1 | ]`",
    ),
    (
        "pwconv", {"groups": 5}, ((7, 4),),
        "5 groups don't divide the 7 input channels", "groups that divide 7: 1, 7",
    ),
]  # fmt: skip
OPTIONS: list[tuple[str, Options, str, str | None, str | None]] = [
    (
        "gru", {"biases": 3}, "`biases` can't be 3", "biases",
        "2, one for the input and one for the state, or 1 for both",
    ),
    (
        "rnn", {"bidirectional": True, "backwards": True},
        "`rnn` can't be both bidirectional and backwards", "backwards",
        "`bidirectional` reads both ways",
    ),
    (
        "lstm", {"proj": 5}, "`proj` is 5, not below the 5 hidden features", "proj",
        "`proj=2`, or no `proj`",
    ),
    (
        "lstm", {"hidden": 2, "proj": 2}, "`proj` is 2, not below the 2 hidden features", "proj",
        "`proj=1`, or no `proj`",
    ),
    (
        "lstm", {"hidden": 1, "proj": 1}, "`proj` is 1, not below the 1 hidden features", "proj",
        "no `proj`: there is nothing below 1",
    ),
    (
        "mha", {"value": 3}, "`value` and `out` go with `key`", "key",
        "`key=` tells the features of each head",
    ),
    (
        "mha", {"out": 3}, "`value` and `out` go with `key`", "key",
        "`key=` tells the features of each head",
    ),
    ("mha", {"key": 3, "zero": True}, "`biaskv` and `zeroattn` don't go with `key`", "key", None),
    (
        "mha", {"key": 3, "bias_kv": True}, "`biaskv` and `zeroattn` don't go with `key`", "key",
        None,
    ),
]  # fmt: skip
STATES: list[tuple[str, Options, Options, str, str | None]] = [
    ("gru", {}, {"cell": True}, "`gru` has no cell", "leave out `cell`"),
    (
        "gru", {"layers": 2}, {"at": 2},
        "`gru` has 2 states, of 2 layers and 1 directions, and none at 2",
        "`at` runs from -2 to 1",
    ),
    (
        "gru", {"layers": 2, "bidirectional": True}, {"at": -5},
        "`gru` has 4 states, of 2 layers and 2 directions, and none at -5",
        "`at` runs from -4 to 3",
    ),
    (
        "lstm", {"proj": 3}, {},
        "`state` is to have 5 features but `lstm` keeps 3", "`state:3`",
    ),
    (
        "lstm", {"proj": 3}, {"features": 3, "cell": True},
        "`state` is to have 3 features but `lstm` keeps 5", "`state:5`",
    ),
]  # fmt: skip
FIRST = {"gru": "hidden", "lstm": "hidden", "rnn": "hidden", "mha": "heads", "fold": "kernel"}


def made(kind: str, options: Options) -> Any:
    """A layer whose first option is 5 where nothing else is said."""
    given: Options = {FIRST.get(kind, "out_channels"): (5,) if kind == "fold" else 5}
    return KINDS[kind](**options if kind == "matmul" else given | options)


@pytest.mark.parametrize(("kind", "options", "shapes", "message", "advice"), INPUTS)
def test_inputs(
    kind: str, options: Options, shapes: tuple[Shape, ...], message: str, advice: str | None
) -> None:
    with pytest.raises(LayerError) as caught:
        made(kind, options).output(*shapes)

    assert (caught.value.message, caught.value.help) == (message, advice)


@pytest.mark.parametrize(("kind", "options", "message", "option", "advice"), OPTIONS)
def test_options(
    kind: str, options: Options, message: str, option: str | None, advice: str | None
) -> None:
    with pytest.raises(LayerError) as caught:
        made(kind, options)

    assert (caught.value.message, caught.value.option, caught.value.help) == (
        message, option, advice,
    )  # fmt: skip


@pytest.mark.parametrize(("maker", "options", "given", "message", "advice"), STATES)
def test_states(
    maker: str, options: Options, given: Options, message: str, advice: str | None
) -> None:
    with pytest.raises(LayerError) as caught:
        KINDS["state"](**{"features": 5} | given).check_maker(made(maker, options))

    assert (caught.value.message, caught.value.help) == (message, advice)


@pytest.mark.parametrize("at", [-4, -1, 0, 3])
def test_states_that_are_there(at: int) -> None:
    """From the last one back as well."""
    KINDS["state"](5, at=at).check_maker(made("gru", {"layers": 2, "bidirectional": True}))
    KINDS["state"](5, cell=True).check_maker(made("lstm", {"proj": 3}))
