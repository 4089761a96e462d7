"""Expressions as they are where their names have known remainders: floors that come out even."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.symbols.numbers import Numbers
from cnncalc.symbols.size import PLAIN, Floor, Name, Size

__all__ = ["Remainder", "answered", "remainder_of", "simplified"]


class Remainder(NamedTuple):
    """What is left of a number that is divided by the modulus."""

    modulus: int
    left: int


def remainder_of(numbers: Numbers) -> Remainder | None:
    """The remainder that all numbers of a set have in common; None: they have several."""
    members, modulus = numbers.remainders(), numbers.modulus
    if modulus == 1 or len(members) != 1:
        return None
    if any(n % modulus != members[0] for n in numbers.below()):
        return None
    return Remainder(modulus, members[0])


def simplified(size: int | Size, remainders: Mapping[str, Remainder]) -> int | Size:
    """The same size with the floors that the remainders of its names make exact written out.

    With H = r (mod m) and d a divisor of a m, floor((a H + b) / d) is
    (a H + b - (a r + b) mod d) / d.
    """
    if not isinstance(size, Size):
        return size
    total: int | Size = 0
    for term, count in size.terms.items():
        product: int | Size = count
        for key in term:
            atom = size.atoms[key]
            exact = _exact(atom, remainders) if isinstance(atom, Floor) else None
            if exact is not None and isinstance(atom, Floor):
                whole = product * exact
                parts = whole.terms.values() if isinstance(whole, Size) else (whole,)
                if not any(part % atom.divisor for part in parts):
                    product = whole // atom.divisor
                    continue
            product = product * Size({(key,): 1}, {key: atom}, atom.value, size.asked)
        total = total + product
    return total


def answered(size: int | Size, zero: Size) -> int | Size:
    """The number that a size is where another one is 0, of which it is a multiple and a number."""
    if not isinstance(size, Size):
        return size
    term = next(term for term in zero.terms if term)
    times, rest = divmod(size.terms.get(term, 0), zero.terms[term])
    left = size - zero * times
    return size if rest or isinstance(left, Size) else left


def _exact(floor: Floor, remainders: Mapping[str, Remainder]) -> int | Size | None:
    """What a floor divides, less what is left over; None: that isn't always the same."""
    inner = floor.inner
    left = inner.terms.get(PLAIN, 0)
    for term, count in inner.terms.items():
        if not term:
            continue
        atom = inner.atoms[term[0]]
        known = remainders.get(atom.key) if isinstance(atom, Name) and len(term) == 1 else None
        if known is None or count * known.modulus % floor.divisor:
            return None
        left += count * known.left
    return inner - left % floor.divisor
