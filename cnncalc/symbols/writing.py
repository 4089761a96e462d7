"""How sizes with names are written: in Python's syntax, and as people write them.

A sum of products whose names part, such as `H*W - 2*H - 2*W + 4`, is written as the product
that it is: `(H - 2)*(W - 2)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import gcd
from typing import NamedTuple, Protocol

__all__ = ["MINUS", "PEOPLE", "PYTHON", "Style", "Term", "in_order", "written"]

MINUS = "−"
Term = tuple[str, ...]  # the keys of the atoms that are multiplied, in order
Terms = Mapping[Term, int]


class Style(NamedTuple):
    """The signs of a way to write."""

    plus: str
    minus: str
    times: str
    thousands: str
    people: bool


PYTHON = Style(" + ", " - ", "*", "", False)
PEOPLE = Style("+", MINUS, "×", ",", True)


class Atom(Protocol):
    """A name, or what is written as one part of a product."""

    def names(self) -> frozenset[str]:
        """The names that it depends on."""
        ...

    def text(self, style: Style, alone: bool) -> str:
        """How it is written in a product, or alone."""
        ...


def written(terms: Terms, atoms: Mapping[str, Atom], style: Style, as_factor: bool = False) -> str:
    """A sum of products of atoms; where it is to be a factor, a sum stands in brackets."""
    count, factors = _factors(terms, atoms)
    if len(factors) < 2:
        text = _sum(terms, atoms, style)
        return f"({text})" if as_factor and len(terms) > 1 else text
    words = [f"{count:{style.thousands}}"] if count != 1 else []
    for factor in sorted(factors, key=lambda factor: (len(factor), in_order(factor))):
        text = _sum(factor, atoms, style)
        bare = len(factor) == 1 and (style.people or text.isidentifier())
        words.append(text if bare else f"({text})")
    return style.times.join(words).replace("-", style.minus.strip())


def in_order(terms: Terms) -> list[Term]:
    """Products of many atoms first, the plain number last."""
    return sorted(terms, key=lambda term: (-len(term), term))


def _sum(terms: Terms, atoms: Mapping[str, Atom], style: Style) -> str:
    parts = [_product(term, terms[term], atoms, style) for term in in_order(terms)]
    (sign, text), *others = parts
    words = [(style.minus.strip() if sign < 0 else "") + text]
    words += [(style.minus if sign < 0 else style.plus) + text for sign, text in others]
    return "".join(words)


def _product(term: Term, count: int, atoms: Mapping[str, Atom], style: Style) -> tuple[int, str]:
    """The sign of a term and its text without it."""
    factors = [] if abs(count) == 1 and term else [f"{abs(count):{style.thousands}}"]
    alone = not factors and len(term) == 1 and count > 0
    factors += [atoms[key].text(style, alone) for key in term]
    return (-1 if count < 0 else 1), style.times.join(factors)


def _factors(terms: Terms, atoms: Mapping[str, Atom]) -> tuple[int, list[dict[Term, int]]]:
    """A number and sums, each in names of its own, whose product the terms are; or just them."""
    if len(terms) < 2 or all(len(term) < 2 for term in terms):
        return 1, [dict(terms)]
    found = []
    left = dict(terms)
    for name in sorted({name for atom in atoms.values() for name in atom.names()}):
        parted = _parted(left, atoms, name)
        if parted is not None:
            factor, left = parted
            found.append(factor)
    if set(left) == {()}:
        return left[()], found
    content = gcd(*left.values())
    return content, [*found, {term: count // content for term, count in left.items()}]


def _parted(
    terms: Terms, atoms: Mapping[str, Atom], name: str
) -> tuple[dict[Term, int], dict[Term, int]] | None:
    """A sum in one name alone and what it is to be multiplied by; None: the terms are no such."""
    rows: dict[Term, dict[Term, int]] = {}
    for term, count in terms.items():
        here = tuple(key for key in term if name in atoms[key].names())
        if any(len(atoms[key].names()) > 1 for key in here):
            return None
        others = tuple(key for key in term if key not in here)
        rows.setdefault(others, {})[here] = count
    first = next(iter(rows.values()))
    if set(first) == {()}:
        return None
    content = reduce(gcd, first.values())
    factor = {term: count // content for term, count in first.items()}
    head = in_order(factor)[0]
    if factor[head] < 0:
        factor = {term: -count for term, count in factor.items()}
    left = {}
    for others, row in rows.items():
        times, rest = divmod(row.get(head, 0), factor[head])
        if rest or row != {term: count * times for term, count in factor.items()}:
            return None
        left[others] = times
    return factor, left
