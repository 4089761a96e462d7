"""How sizes with names are written: in Python's syntax, and as people write them.

A sum of products whose names part, such as `H*W - 2*H - 2*W + 4`, is written as the product
that it is: `(H - 2)*(W - 2)`. A floor takes the number beside it in, where the whole gets shorter
by it: `(H + 1)//2 - 1` is `(H - 1)//2`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import reduce
from math import gcd, prod
from typing import NamedTuple, Protocol

__all__ = [
    "MINUS",
    "PEOPLE",
    "PYTHON",
    "Style",
    "Term",
    "completing",
    "factors",
    "in_order",
    "written",
]

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

    def less(self, number: int) -> Atom | None:
        """What is less by a number, where that is an atom as well."""
        ...

    @property
    def key(self) -> str: ...

    @property
    def divisor(self) -> int:
        """By what it is divided; of a name 1."""
        ...


def written(terms: Terms, atoms: Mapping[str, Atom], style: Style, as_factor: bool = False) -> str:
    """A sum of products of atoms; where it is to be a factor, a sum stands in brackets."""
    terms, atoms = _shortest(terms, atoms)
    count, parts = factors(terms, atoms)
    if len(terms) < 2 or len(parts) < 2:
        text = _sum(terms, atoms, style)
        return f"({text})" if as_factor and len(terms) > 1 else text
    words = [f"{count:{style.thousands}}"] if count != 1 else []
    for factor in sorted(parts, key=lambda factor: (len(factor), in_order(factor))):
        text = _sum(factor, atoms, style)
        bare = len(factor) == 1 and (style.people or text.isidentifier())
        words.append(text if bare else f"({text})")
    return style.times.join(words).replace("-", style.minus.strip())


def in_order(terms: Terms) -> list[Term]:
    """Products of many atoms first, the plain number last."""
    return sorted(terms, key=lambda term: (-len(term), term))


def _shortest(terms: Terms, atoms: Mapping[str, Atom]) -> tuple[Terms, Mapping[str, Atom]]:
    """The same with numbers taken into the floors, where fewer products are left by it."""
    for key, atom in sorted(atoms.items()):
        for number in _beside(terms, key) if len(terms) > 1 else ():
            less = atom.less(number)
            if less is None:
                break
            other = _put_in(terms, key, less.key, number)
            if len(other) < len(terms):
                terms, atoms = other, {**atoms, less.key: less}
                break
    return terms, atoms


def _beside(terms: Terms, key: str) -> list[int]:
    """The numbers that most often are beside an atom in `a*(atom - number)`, at most four."""
    found = Counter[int]()
    alone = len(terms) == 2 and not key.isidentifier()  # `H - 4` and `H//2 + W//2 + 1` stay
    for term, count in terms.items():
        if key in term and (len(term) > 1 or alone):
            place = term.index(key)
            times = count * term.count(key)
            beside, rest = divmod(-terms.get(term[:place] + term[place + 1 :], 0), times)
            if beside and not rest:
                found[beside] += 1
    return [number for number, _ in found.most_common(4)]


def _put_in(terms: Terms, key: str, other: str, number: int) -> dict[Term, int]:
    """The same in another atom, which is less than the first one by a number."""
    left = dict(terms)
    while with_it := [term for term in left if key in term]:
        for term in with_it:
            count = left.pop(term)
            place = term.index(key)
            without = term[:place] + term[place + 1 :]
            for new, times in ((tuple(sorted((*without, other))), 1), (without, number)):
                left[new] = left.get(new, 0) + count * times
    return {term: count for term, count in left.items() if count}


def _sum(terms: Terms, atoms: Mapping[str, Atom], style: Style) -> str:
    by_divisor = sorted(in_order(terms), key=lambda term: _divisors(term, atoms))
    parts = [_product(term, terms[term], atoms, style) for term in by_divisor]
    (sign, text), *others = parts
    words = [(style.minus.strip() if sign < 0 else "") + text]
    words += [(style.minus if sign < 0 else style.plus) + text for sign, text in others]
    return "".join(words)


def _divisors(term: Term, atoms: Mapping[str, Atom]) -> tuple[int, list[int]]:
    """Products of many atoms first, of these the finest."""
    return -len(term), [atoms[key].divisor for key in term]


def _product(term: Term, count: int, atoms: Mapping[str, Atom], style: Style) -> tuple[int, str]:
    """The sign of a term and its text without it."""
    factors = [] if abs(count) == 1 and term else [f"{abs(count):{style.thousands}}"]
    alone = not factors and len(term) == 1 and count > 0
    names_first = sorted(term, key=lambda key: not key.isidentifier())
    factors += [atoms[key].text(style, alone) for key in names_first]
    return (-1 if count < 0 else 1), style.times.join(factors)


def factors(terms: Terms, atoms: Mapping[str, Atom]) -> tuple[int, list[dict[Term, int]]]:
    """A number and sums, each in names of its own, whose product the terms are; or just them."""
    if all(len(term) < 2 for term in terms):
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


def completing(terms: Terms, atoms: Mapping[str, Atom]) -> int:
    """The plain number with which a sum is a product of sums in one name each; 0: there is none.

    `16*H*W - 48*H - 48*W` is `16*(H - 3)*(W - 3)` with 144 more.
    """
    names = {name for atom in atoms.values() for name in atom.names()}
    whole = max(terms, key=len)
    if len(names) < 2 or len(whole) != len(names):
        return 0
    without = [whole[:place] + whole[place + 1 :] for place in range(len(whole))]
    beside = prod(terms.get(term, 0) for term in without)
    number, rest = divmod(beside, terms[whole] ** (len(whole) - 1))
    if rest:
        return 0
    _, parts = factors({**terms, (): number}, atoms)
    return number if len(parts) == len(names) else 0


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
