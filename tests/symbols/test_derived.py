"""Numbers that remember how they were made: what they are, and how that is written."""

from __future__ import annotations

from math import floor, prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.symbols.derived import Derived, key_of, named, names_in
from cnncalc.symbols.formulas import LATEX, PEOPLE, PYTHON, name, written

NAMES = {"H": 13, "k": 3, "s": 2, "p": 1, "out": 8}
H, K, S, P, OUT = (named(*pair) for pair in NAMES.items())


@pytest.mark.parametrize(
    ("number", "people", "python"),
    [
        (H, "H", "H"),
        (H + 0, "H", "H"),
        (1 * H // 1, "H", "H"),
        (H + H + P + P, "2·H + 2·p", "2*H + 2*p"),
        (H - (K - 1) - 1, "H − k", "H - k"),
        (H - H + 3, "3", "3"),
        (-H, "−H", "-H"),
        ((H + P + P - K) // S + 1, "⌊(H + 2·p − k)/s⌋ + 1", "(H + 2*p - k)//s + 1"),
        (-(-H // S), "⌈H/s⌉", "-(-H//s)"),
        (-(-(H + 1) // S) * K, "⌈(H + 1)/s⌉·k", "(-(-(H + 1)//s))*k"),
        ((H - 1) * S // S, "H − 1", "H - 1"),
        (0 * H // S, "0", "0"),
        ((H - H) // S + 1, "1", "1"),
        (H % S, "H mod s", "H % s"),
        (H % S * K, "(H mod s)·k", "(H % s)*k"),
        (H // S // K, "⌊⌊H/s⌋/k⌋", "(H//s)//k"),
        (H // (S * K), "⌊H/(s·k)⌋", "H//(s*k)"),
        (H // S * K, "⌊H/s⌋·k", "(H//s)*k"),
        ((H - K) * (P - S), "(H − k)·(p − s)", "(H - k)*(p - s)"),
        (2 * (H - K), "2·(H − k)", "2*(H - k)"),
        (H * K**2, "H·k·k", "H*k*k"),
        (floor(H * 1.5), "⌊1.5·H⌋", "int(1.5*H)"),
        (floor((H + K) * 0.1), "⌊0.1·(H + k)⌋", "int(0.1*(H + k))"),
        (OUT * prod((H, K)), "out·H·k", "out*H*k"),
        (sum([H, K]), "H + k", "H + k"),
        (abs(P - S), "−p + s", "-p + s"),
        (min(H, K) + 1, "k + 1", "k + 1"),
        (7, "7", "7"),
    ],
)
def test_what_is_written(number: int, people: str, python: str) -> None:
    """As people write it, and in Python's syntax, which computes it."""
    assert written(number, PEOPLE) == people
    assert written(number, PYTHON) == python
    assert eval(python, {}, dict(NAMES)) == number
    assert eval(written(number, PYTHON, numbers=True), {}) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ((H + P - K) // S, r"\left\lfloor \frac{H + p - k}{s} \right\rfloor"),
        (-(-H // S), r"\left\lceil \frac{H}{s} \right\rceil"),
        ((H - K) * S, r"\left(H - k\right) \cdot s"),
        (OUT % S, r"\mathrm{out} \bmod s"),
        (floor(H * 1.5), r"\lfloor 1.5 \cdot H \rfloor"),
    ],
)
def test_latex(number: int, text: str) -> None:
    assert written(number, LATEX) == text


@pytest.mark.parametrize(
    ("text", "python", "latex"),
    [
        ("H'", "H_out", "H'"),
        ("k_H", "k_H", "k_{H}"),
        ("p_W_before", "p_W_before", r"p_{W,\mathrm{before}}"),
        ("out", "out", r"\mathrm{out}"),
        ("64", "64", "64"),
    ],
)
def test_names(text: str, python: str, latex: str) -> None:
    assert (name(text, PYTHON), name(text, PEOPLE), name(text, LATEX)) == (python, text, latex)


def test_parts_have_names() -> None:
    """A known part is written by its name, also where it was made in another way."""
    half = (H + S - 1) // S
    again = (H - 1) // S + 1

    assert written((half - 1) * S, PEOPLE, {written(half, PEOPLE): "H'"}) == "(H' − 1)·s"
    assert written(half * K, PEOPLE, {written(half, PEOPLE): "H'"}, numbers=True) == "7·3"
    assert written(again * K, PEOPLE, {written(half, PEOPLE): "H'"}) == "(⌊(H − 1)/s⌋ + 1)·k"


def test_they_are_whole_numbers() -> None:
    """They compare, hash, divide and index as what they are."""
    assert (H, hash(H), divmod(H, 4), H > K, [*range(20)][H]) == (13, hash(13), (3, 1), True, 13)
    assert isinstance(H + 1, Derived)
    assert H.__add__("1") is NotImplemented
    assert pow(H, 2, 5) == 4
    assert f"{H:,} {H}" == "13 13"
    assert (names_in(H + K * H), key_of(H + 1)) == (["H", "k"], "+(H,1)")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> tuple[Any, int]:
    """An expression of names, and the same of plain numbers."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        if draw(st.booleans()):
            key = draw(st.sampled_from(sorted(NAMES)))
            return named(key, NAMES[key]), NAMES[key]
        plain = draw(st.integers(-3, 5))
        return plain, plain
    (one, left), (two, right) = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*/%n"))
    if sign == "n":
        return -one, -left
    if sign in "/%" and right == 0:
        return one, left
    made: dict[str, Any] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a // b,
        "%": lambda a, b: a % b,
    }
    return made[sign](one, two), made[sign](left, right)


@given(expressions())
def test_any_expression(drawn: tuple[Any, int]) -> None:
    """It is the number that plain arithmetic gives; what is written computes it."""
    number, plain = drawn

    assert number == plain
    assert eval(written(number, PYTHON), {}, dict(NAMES)) == plain
    assert eval(written(number, PYTHON, numbers=True), {}) == plain
    for text in (written(number, LATEX), written(number, PEOPLE)):
        assert text.count("{") == text.count("}")
        assert text.count("(") == text.count(")")
