"""Sizes with names in them: what they compute is what numbers compute."""

from __future__ import annotations

from itertools import permutations
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.symbols.size import (
    NEGATIVE,
    ZERO,
    Questions,
    Size,
    UnsettledError,
    named,
    number,
    pretty,
)

STEPS = st.lists(st.tuples(st.sampled_from("+-*//h"), st.integers(1, 9)), max_size=8)
SIZES = st.integers(1, 400)


def computed(steps: list[tuple[str, int]], size: Any) -> Any:
    """A chain of operations, as formulas of layers are."""
    for sign, by in steps:
        if sign == "+":
            size = size + by
        elif sign == "-":
            size = by - size if by > 7 else size - by
        elif sign == "*":
            size = size * (by - 4)
        elif sign == "h":
            size = floor(size * (by / 4))
        else:
            size = size // by
    return size


@given(STEPS, STEPS, SIZES, SIZES, SIZES, SIZES)
def test_expressions_are_what_numbers_give(
    one: list[tuple[str, int]], two: list[tuple[str, int]], h: int, w: int, h2: int, w2: int
) -> None:
    """At any size, by the expression itself and as Python reads it; at the witness at once."""
    asked = Questions()
    names = named("H", h, asked), named("W", w, asked)
    a, b = computed(one, names[0]), computed(two, names[1])
    size = a * b + a - 2 * b

    for sizes in ({"H": h, "W": w}, {"H": h2, "W": w2}):
        a, b = computed(one, sizes["H"]), computed(two, sizes["W"])
        expected = a * b + a - 2 * b
        assert eval(str(size), dict(sizes)) == expected
        assert (size.at(sizes) if isinstance(size, Size) else size) == expected
    assert number(size) == computed(one, h) * computed(two, w) + computed(one, h) - 2 * computed(
        two, w
    )
    assert len(asked) == 0  # arithmetic asks nothing


H = named("H", 224, Questions())
W = named("W", 200, Questions())
TEXTS = [
    ((H + 6 - 7) // 2 + 1, "(H + 1)//2", "⌊(H+1)/2⌋"),
    ((((H + 1) // 2 + 1) // 2 + 1) // 2, "(H + 7)//8", "⌊(H+7)/8⌋"),
    (-(-H // 4), "(H + 3)//4", "⌊(H+3)/4⌋"),
    (512 * ((H + 31) // 32), "512*((H + 31)//32)", "512×⌊(H+31)/32⌋"),
    (-((H + 1) // 2), "-((H + 1)//2)", "−⌊(H+1)/2⌋"),
    ((4 * H + 2) // 6, "(2*H + 1)//3", "⌊(2×H+1)/3⌋"),
    ((6 * H + 7) // 3, "2*H + 2", "2×H+2"),
    (H // 2 * (W // 2), "(H//2)*(W//2)", "⌊H/2⌋×⌊W/2⌋"),
    (3 - H, "-H + 3", "−H+3"),
    (2000 * H * H, "2000*H*H", "2,000×H×H"),
    (H % 2, "H - 2*(H//2)", "H−2×⌊H/2⌋"),
    ((H - 3) // 2 + 1, "(H - 1)//2", "⌊(H−1)/2⌋"),
    (
        ((H - 3) // 2 + 1) * ((H - 3) // 2 + 1) + 5,
        "((H - 1)//2)*((H - 1)//2) + 5",
        "⌊(H−1)/2⌋×⌊(H−1)/2⌋+5",
    ),
    (
        9 * ((H - 3) // 2 + 1) * ((W - 5) // 3 + 1) + W // 16 + W // 4,
        "9*((H - 1)//2)*((W - 2)//3) + W//4 + W//16",
        "9×⌊(H−1)/2⌋×⌊(W−2)/3⌋+⌊W/4⌋+⌊W/16⌋",
    ),
    (H // 2 + W // 2 + 1, "H//2 + W//2 + 1", "⌊H/2⌋+⌊W/2⌋+1"),
]


@pytest.mark.parametrize(("size", "python", "people"), TEXTS)
def test_how_a_size_is_written(size: Size, python: str, people: str) -> None:
    assert (str(size), pretty(size), f"{size:,}") == (python, people, people)


@pytest.mark.parametrize(
    ("left", "right"),
    [(H + 1 - H, 1), (H * 0, 0), (H // H, 1), (0 // H, 0), (2 * H // 2 - H, 0), (H - H, 0)],
)
def test_what_depends_on_no_name_is_a_number(left: Any, right: int) -> None:
    assert isinstance(left, int)
    assert left == right


@pytest.mark.parametrize(
    ("ask", "noted"),
    [
        (lambda h: h < 8, [("H - 8", NEGATIVE, False)]),
        (lambda h: h >= 300, [("H - 300", NEGATIVE, True)]),
        (lambda h: h > 7, [("-H + 7", NEGATIVE, True)]),
        (lambda h: h <= 7, [("-H + 7", NEGATIVE, True)]),
        (lambda h: h == 224, [("H - 224", ZERO, True)]),
        (lambda h: h % 32, [("H - 32*(H//32)", ZERO, True)]),
        (lambda h: abs(h - 300) is None, [("H - 300", NEGATIVE, True)]),
        # What holds for every size from 1 on is no question.
        (lambda h: h < 1, []),
        (lambda h: h == 0, []),
        (lambda h: h // 2 < 0, []),
        (lambda h: -h >= 0, []),
        (lambda h: h == h + 1, []),
        (lambda h: (h + 1, h) == (h + 1, h), []),
    ],
)
def test_questions_are_noted_with_their_answers(
    ask: Any, noted: list[tuple[str, str, bool]]
) -> None:
    asked = Questions()

    bool(ask(named("H", 224, asked)))

    assert [(str(each.size), each.what, each.answer) for each in asked] == noted


def test_equal_expressions_are_one_key_and_others_are_not() -> None:
    """Without a question: two sizes that happen to be equal are no reason to answer alike."""
    asked = Questions()
    h, w = named("H", 224, asked), named("W", 224, asked)

    assert {(h + 1) // 2: 1}[(h + 3) // 2 - 1] == 1
    assert len({h: 1, w: 2, h // 2: 3}) == 3
    assert len(asked) == 0


@pytest.mark.parametrize(
    "compute", [lambda h: 7 // h, lambda h: (h + 1) // h, lambda h: floor(h * 1.1)]
)
def test_what_no_expression_says(compute: Any) -> None:
    with pytest.raises(UnsettledError):
        compute(named("H", 224, Questions()))


def test_how_a_size_is_written_does_not_hang_on_the_order_of_its_parts() -> None:
    """Sets are in another order in each process."""
    channels = named("C", 3, Questions())
    size = 72 * channels * ((H - 1) // 2) * ((W - 1) // 2) + 576 * ((H - 5) // 2) * ((W - 5) // 2)
    turned = [
        Size(size.terms, dict(atoms), size.value, size.asked)
        for atoms in permutations(size.atoms.items())
    ]

    assert {str(each) for each in turned} == {
        "72*((H - 1)//2)*((W - 1)//2)*(C + 8) - 1152*((H - 1)//2) - 1152*((W - 1)//2) + 2304"
    }
