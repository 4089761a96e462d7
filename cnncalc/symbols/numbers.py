"""Sets of whole numbers from 1 on that repeat from some number on, and where questions hold.

A floor of a linear expression in n grows by the same amount from period to period, so the n at
which it is below 0, or 0, are such a set, which is computed exactly. The sets are bit masks, so
that union, intersection and complement are single operations on whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt, lcm
from typing import NamedTuple

from cnncalc.symbols.size import NEGATIVE, ZERO, Floor, Name, Question, Size, UnsettledError

__all__ = ["ALL", "NONE", "Numbers", "TooManyNumbersError", "holds", "only", "zeros"]

MOST_LISTED = 12  # numbers, or remainders, that a sentence tells one by one
MOST_KNOWN = 4096  # questions whose numbers are kept
MOST_PRODUCT = 10**10  # of sizes in an equation
MOST_BITS = 2**22  # of a mask: a period or a threshold beyond it is no use to anybody


class TooManyNumbersError(ValueError):
    """A set whose period, or whose first numbers, are too many to list."""


class Numbers(NamedTuple):
    """Whole numbers n >= 1.

    Attributes:
        start: from here on the remainders tell.
        modulus: of the remainders.
        low: bit n is set where n < `start` belongs to it.
        residues: bit r is set where n with the remainder r belongs to it.
    """

    start: int
    modulus: int
    low: int
    residues: int

    def __contains__(self, n: object) -> bool:
        assert isinstance(n, int)
        if n < self.start:
            return n > 0 and bool(self.low >> n & 1)
        return bool(self.residues >> n % self.modulus & 1)

    def __and__(self, other: Numbers) -> Numbers:
        start, modulus, (low, residues), (low2, residues2) = self._together(other)
        return Numbers(start, modulus, low & low2, residues & residues2).reduced()

    def __or__(self, other: Numbers) -> Numbers:
        start, modulus, (low, residues), (low2, residues2) = self._together(other)
        return Numbers(start, modulus, low | low2, residues | residues2).reduced()

    def __invert__(self) -> Numbers:
        low = self.low ^ (_ones(self.start) & ~1)
        return Numbers(self.start, self.modulus, low, self.residues ^ _ones(self.modulus))

    def __bool__(self) -> bool:
        return bool(self.low or self.residues)

    def first(self, least: int = 1) -> int | None:
        """The first of them that is not below `least`; None: there is none."""
        low = self.low >> least << least
        if low:
            return (low & -low).bit_length() - 1
        if not self.residues:
            return None
        begin = max(least, self.start)
        turned = self._tiled(begin % self.modulus + self.modulus) >> begin % self.modulus
        return begin + (turned & -turned).bit_length() - 1

    def last(self, most: int) -> int | None:
        """The last of them that is not above `most`; None: there is none."""
        mask = self.up_to(most)
        return mask.bit_length() - 1 if mask else None

    def remainders(self) -> list[int]:
        return list(_bits(self.residues))

    def below(self) -> list[int]:
        """Those of which the remainders don't tell."""
        return list(_bits(self.low))

    def said(self, name: str) -> str:
        """As people write the set: `H ≥ 188, H ≡ 12 (mod 16)`."""
        if not self:
            return "none"
        parts = [self._steady(name)] if self.residues else []
        low = _runs(self.below())
        listed = ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in low[:MOST_LISTED])
        if low:
            more = ", …" if len(low) > MOST_LISTED else ""
            parts.append(f"{name} = {listed}{more}")
        return " or ".join(reversed(parts))

    def condition(self, name: str) -> str:
        """The same in Python's syntax, whole: `H >= 188 and H % 16 == 12`."""
        low, members = self.below(), self.remainders()
        parts = [_listed(name, low)] if low else []
        steady = [f"{name} >= {self.first(self.start)}"] if members and self.start > 1 else []
        if 0 < len(members) < self.modulus:
            one = len(members) == 1
            told = f"== {members[0]}" if one else f"in {tuple(members)}"
            steady.append(f"{name} % {self.modulus} {told}")
        parts += [" and ".join(steady)] if steady else []
        return " or ".join(parts) if parts else str(bool(members))

    def _steady(self, name: str) -> str:
        """Those of which the remainders tell."""
        first = self.first(self.start)
        members, others = self.remainders(), list(_bits(self.residues ^ _ones(self.modulus)))
        if self.modulus == 1:
            return f"{name} ≥ {first}" if self.start > 1 else f"every {name}"
        sign, told = ("≡", members) if len(members) <= len(others) else ("≢", others)
        shown = ", ".join(map(str, told[:MOST_LISTED])) + (", …" if len(told) > MOST_LISTED else "")
        words = f"{name} {sign} {shown} (mod {self.modulus})"
        return words if self.start == 1 else f"{name} ≥ {first}, {words}"

    def up_to(self, most: int) -> int:
        """A mask of those from 1 to `most`."""
        below = min(self.start, most + 1)
        low = self.low & _ones(below)
        return low | (self._tiled(most + 1) >> below << below if most >= self.start else 0)

    def listed(self, most: int) -> list[int]:
        """Those from 1 to `most`."""
        return list(_bits(self.up_to(most)))

    def reduced(self) -> Numbers:
        """The same numbers with the smallest modulus and the earliest start that say them."""
        modulus, residues = self.modulus, self.residues
        for prime in _primes(modulus):
            while modulus % prime == 0:
                part = residues & _ones(modulus // prime)
                if _repeated(part, modulus // prime, prime) != residues:
                    break
                modulus, residues = modulus // prime, part
        whole = Numbers(self.start, modulus, self.low, residues)
        apart = (self.low ^ whole._tiled(self.start)) & ~1  # where the remainders don't tell
        start = max(apart.bit_length(), 1)
        return Numbers(start, modulus, self.low & _ones(start), residues)

    def _together(self, other: Numbers) -> tuple[int, int, tuple[int, int], tuple[int, int]]:
        start, modulus = max(self.start, other.start), lcm(self.modulus, other.modulus)
        _check(modulus)
        one, two = (
            (each.up_to(start - 1), _repeated(each.residues, each.modulus, modulus // each.modulus))
            for each in (self, other)
        )
        return start, modulus, one, two

    def _tiled(self, bits: int) -> int:
        """The remainders over and over, as a mask of so many bits."""
        count = -(-bits // self.modulus)
        return _repeated(self.residues, self.modulus, count) & _ones(bits)


ALL = Numbers(1, 1, 0, 1)
NONE = Numbers(1, 1, 0, 0)


def holds(question: Question) -> Numbers:
    """The numbers at which a question about a size in one name has the answer that it had.

    Raises:
        TooManyNumbersError: a period or a threshold that is too large, or a product of sizes.
    """
    size, what, answer = question
    key = size.key, what
    if key not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = _where(size, what)
    return _known[key] if answer else ~_known[key]


def only(n: int) -> Numbers:
    """The set of one number."""
    return Numbers(n + 1, 1, 1 << n, 0)


def zeros(size: Size) -> list[dict[str, Numbers]]:
    """Where a size is 0: for each way, the numbers of each name.

    Raises:
        UnsettledError: it has several names, and is no product of sizes in one name each and a
            number, as 16*h*w - 400 is.
        TooManyNumbersError: as `holds`.
    """
    if len(size.names()) == 1:
        return [{name: holds(Question(size, ZERO, True)) for name in size.names()}]
    left, number = size.apart()
    count, parts = left.factors() if isinstance(left, Size) else (0, [])
    alone = len(parts) == len(size.names()) and all(len(part.names()) == 1 for part in parts)
    if not alone or abs(number) > MOST_PRODUCT:
        raise UnsettledError("sizes are tied")
    boxes = [
        {name: holds(question) for question in way for name in question.size.names()}
        for way in (_ways(parts, number // count) if number % count == 0 else ())
    ]
    return [box for box in boxes if all(box.values())]


def _ways(parts: list[Size], number: int) -> Iterator[list[Question]]:
    """The ways in which a product is a number, no two of them at once."""
    if not number:
        for place, part in enumerate(parts):
            yield [Question(each, ZERO, each is part) for each in parts[: place + 1]]
        return
    for values in _products(number, len(parts)):
        apart = [part - value for part, value in zip(parts, values, strict=True)]
        yield [Question(each, ZERO, True) for each in apart if isinstance(each, Size)]


def _products(number: int, count: int) -> Iterator[tuple[int, ...]]:
    """The ways to write a number other than 0 as a product of so many."""
    if count == 1:
        yield (number,)
        return
    small = [n for n in range(1, isqrt(abs(number)) + 1) if number % n == 0]
    for one in {sign * n for few in small for n in (few, number // few) for sign in (1, -1)}:
        for others in _products(number // one, count - 1):
            yield one, *others


_known: dict[tuple[object, str], Numbers] = {}  # networks ask the same again


def _where(size: Size, what: str) -> Numbers:
    """The numbers at which a size is below 0, or 0."""
    period, growth = _period(size)
    _check(period)
    (name,) = size.names()
    values = [size.at({name: n}) for n in range(1, period + 1)]
    return (_negative if what == NEGATIVE else _zero)(values, growth).reduced()


def _negative(values: list[int], growth: int) -> Numbers:
    """Where values[r] + growth * turn is below 0, at n = 1 + r + period * turn."""
    period = len(values)
    if growth < 0:  # not where its opposite less one is
        return ~_negative([-value - 1 for value in values], -growth)
    if not growth:
        return Numbers(1, period, 0, _turned([value < 0 for value in values]))
    return _finite([max(0, -(value // growth)) for value in values])


def _zero(values: list[int], growth: int) -> Numbers:
    """Where values[r] + growth * turn is 0, at n = 1 + r + period * turn."""
    if growth:
        below, above = _negative(values, growth), _negative([-v for v in values], -growth)
        return ~below & ~above
    return Numbers(1, len(values), 0, _turned([value == 0 for value in values]))


def _turned(flags: list[bool]) -> int:
    """The remainders of n = 1, 2, … at which flags are set, as a mask."""
    return _mask([flags[-1], *flags[:-1]])


def _mask(flags: list[bool]) -> int:
    """The mask of the places, from 0 on, at which flags are set."""
    return int("".join("1" if flag else "0" for flag in reversed(flags)), 2)


def _finite(turns: list[int]) -> Numbers:
    """The numbers of so many turns, for each remainder from that of 1 on."""
    period = len(turns)
    start = 1 + period * max(turns)
    _check(start)
    low = before = 0
    for count in sorted({*turns} - {0}):  # turns of the same remainders together
        left = _mask([each >= count for each in turns])
        low |= _repeated(left, period, count - before) << 1 + period * before
        before = count
    return Numbers(start, 1, low, 0)


def _period(size: int | Size) -> tuple[int, int]:
    """(period, growth): the value at n + period is that at n and the growth more."""
    if isinstance(size, int):
        return 1, 0
    parts = []
    for term, count in size.terms.items():
        if len(term) > 1:
            raise TooManyNumbersError(f"a product of sizes: {size}")
        for key in term:
            period, growth = _period_of_atom(size.atoms[key])
            parts.append((period, growth * count))
    whole = lcm(*(period for period, _ in parts))
    return whole, sum(growth * (whole // period) for period, growth in parts)


def _period_of_atom(atom: Name | Floor) -> tuple[int, int]:
    if isinstance(atom, Name):
        return 1, 1
    period, growth = _period(atom.inner)
    turns = lcm(growth, atom.divisor) // growth if growth else 1
    return period * turns, growth * turns // atom.divisor


def _check(bits: int) -> None:
    if bits > MOST_BITS:
        raise TooManyNumbersError(f"sizes up to {bits}")


def _listed(name: str, numbers: list[int]) -> str:
    """That a name is one of some numbers, in Python's syntax."""
    if len(numbers) == 1:
        return f"{name} == {numbers[0]}"
    ((first, last), *more) = _runs(numbers)
    if not more and len(numbers) > 2:
        return f"{first} <= {name} <= {last}"
    return f"{name} in {tuple(numbers)}"


def _ones(bits: int) -> int:
    return (1 << bits) - 1


def _repeated(mask: int, bits: int, count: int) -> int:
    """A mask of so many bits, written so many times one behind the other."""
    written, times = 0, 0
    for digit in f"{count:b}":  # twice as often, and once more where the digit is 1
        written |= written << bits * times
        times *= 2
        if digit == "1":
            written |= mask << bits * times
            times += 1
    return written


def _bits(mask: int) -> Iterator[int]:
    text = bin(mask)[:1:-1]
    return (at for at, bit in enumerate(text) if bit == "1")


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """The first and last of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _primes(number: int) -> Iterator[int]:
    prime = 2
    while prime * prime <= number:
        if number % prime == 0:
            yield prime
            while number % prime == 0:
                number //= prime
        prime += 1
    if number > 1:
        yield number
