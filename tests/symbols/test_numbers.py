"""Sets of numbers that repeat: they are what counting one by one gives."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncalc.symbols.numbers import ALL, NONE, Numbers, TooManyNumbersError, holds
from cnncalc.symbols.size import NEGATIVE, ZERO, Question, Questions, Size, named
from tests.symbols.test_size import STEPS, computed

MOST = 300


@st.composite
def numbers(draw: st.DrawFn) -> Numbers:
    start, modulus = draw(st.integers(1, 40)), draw(st.integers(1, 24))
    low = draw(st.integers(0, 2**start - 1)) & ~1
    return Numbers(start, modulus, low, draw(st.integers(0, 2**modulus - 1)))


def counted(some: Numbers) -> set[int]:
    return {n for n in range(1, MOST + 1) if n in some}


@given(numbers(), numbers())
def test_sets_join_as_sets_of_numbers_do(one: Numbers, two: Numbers) -> None:
    every = set(range(1, MOST + 1))

    assert counted(one & two) == counted(one) & counted(two)
    assert counted(one | two) == counted(one) | counted(two)
    assert counted(~one) == every - counted(one)
    assert counted(one.reduced()) == counted(one)
    assert set(one.listed(MOST)) == counted(one)
    assert bool(one) == bool(counted(one))


@given(numbers(), st.integers(1, 100))
def test_the_next_and_the_last(some: Numbers, n: int) -> None:
    members = counted(some)

    assert some.first(n) == min((m for m in members if m >= n), default=None)
    assert some.last(n) == max((m for m in members if m <= n), default=None)


@pytest.mark.slow
@given(STEPS, STEPS, st.integers(1, 200), st.sampled_from([NEGATIVE, ZERO]))
def test_where_a_question_has_its_answer(
    one: list[tuple[str, int]], two: list[tuple[str, int]], witness: int, what: str
) -> None:
    """Exactly there, the witness included."""
    name = named("H", witness, Questions())
    size = computed(one, name) - computed(two, name)
    assume(isinstance(size, Size))
    answer = size.value < 0 if what == NEGATIVE else size.value == 0
    try:
        region = holds(Question(size, what, answer))
    except TooManyNumbersError:
        assume(False)

    values = {n: size.at({"H": n}) for n in range(1, MOST + 1)}
    found = {n for n, v in values.items() if (v < 0 if what == NEGATIVE else v == 0) == answer}
    assert counted(region) == found
    assert witness in region


def test_everything_and_nothing() -> None:
    assert counted(ALL) == set(range(1, MOST + 1))
    assert counted(NONE) == set()
    assert (~NONE, ~ALL) == (ALL, NONE)


def made(low: list[int], start: int, modulus: int, remainders: list[int]) -> Numbers:
    return Numbers(
        start, modulus, sum(1 << n for n in low), sum(1 << r for r in remainders)
    ).reduced()


@pytest.mark.parametrize(
    ("some", "words"),
    [
        (ALL, "every H"),
        (NONE, "none"),
        (made([], 32, 1, [0]), "H ≥ 32"),
        (made([], 188, 16, [12]), "H ≥ 188, H ≡ 12 (mod 16)"),
        (made([], 1, 2, [1]), "H ≡ 1 (mod 2)"),
        (made([65], 66, 1, []), "H = 65"),
        (made([5, 6, 7, 20], 21, 4, []), "H = 5–7, 20"),
        (made([], 1, 8, [0, 1, 2, 4, 5, 6, 7]), "H ≢ 3 (mod 8)"),
        (made([3], 10, 4, [0]), "H = 3 or H ≥ 12, H ≡ 0 (mod 4)"),
        (
            made(list(range(1, 60, 2)), 61, 1, []),
            "H = 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, …",
        ),
    ],
)
def test_a_set_in_words(some: Numbers, words: str) -> None:
    assert some.said("H") == words


def test_what_would_take_forever_is_refused() -> None:
    """A period beyond all bounds, a threshold beyond all bounds, a product of sizes."""
    h = named("H", 5, Questions())
    for size in (h // 2_000_003 + h // 3_000_017, h - 10**9, h * h - 400):
        with pytest.raises(TooManyNumbersError):
            holds(Question(size, NEGATIVE, True))


def test_a_long_period_is_no_wait() -> None:
    """Floors of floors, as a loop makes them: 65,536 remainders, each with its own turns."""
    size = named("H", 300, Questions())
    for _ in range(16):
        size = (size + 1) // 2 if isinstance(size, Size) else size
    assert isinstance(size, Size)

    began = perf_counter()
    some = holds(Question(size - 21, NEGATIVE, True))

    assert some.listed(10**7)[-1] == 20 * 2**16
    assert perf_counter() - began < 5
