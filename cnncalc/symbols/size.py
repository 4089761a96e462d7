"""Sizes with names in them: integer expressions that carry a number by which questions are decided.

A `Size` is a sum of products of names and floors, such as `2*H + (W + 31)//32 - 4`, and computes
with `+ - * //` as an int does, so that a formula serves both. Beside the expression it carries its
value at one size of the input, the witness. A question that the names can't decide (is `H - 4`
below 1?) is decided by that value and noted with its answer: what comes out holds wherever all
noted questions have the answers that they had.

Floors of floors become one, as floor((floor(x/a) + c) / b) = floor((x + c*a) / (a*b))
(Graham, Knuth & Patashnik, "Concrete Mathematics", 3.11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import gcd
from typing import Any, NamedTuple, Protocol, overload

from cnncalc.errors import Span
from cnncalc.symbols.writing import (
    MINUS,
    PEOPLE,
    PYTHON,
    Style,
    Term,
    completing,
    factors,
    in_order,
    written,
)

__all__ = [
    "NEGATIVE",
    "PLAIN",
    "ZERO",
    "Floor",
    "Name",
    "Question",
    "Questions",
    "Reader",
    "Size",
    "UnsettledError",
    "factor",
    "named",
    "named_shape",
    "number",
    "pretty",
]

NEGATIVE, ZERO = "<0", "=0"
# How a question and its answer are written, in Python's syntax and for people.
SIGNS = {
    (ZERO, True): ("==", "="),
    (ZERO, False): ("!=", "≠"),
    (NEGATIVE, True): ("<", "<"),
    (NEGATIVE, False): (">=", "≥"),
}
MOST_PARTS = 2**20  # of a fraction whose product with a size is exact as a float


class Reader(Protocol):
    """Who reads a source at sizes with names, and knows where it is."""

    def spans(self) -> tuple[Span, ...]:
        """The places of the calls under way, innermost first."""
        ...

    def deciding(self) -> Span | None:
        """The test of the branch that is being decided, if one is."""
        ...


class UnsettledError(Exception):
    """A formula asks of sizes what no expression in names says.

    Attributes:
        step: of which step, if known.
        spans: where in a source that was, innermost first.
    """

    step: int | None = None

    def __init__(self, message: str, asked: Questions | None = None) -> None:
        super().__init__(message)
        reader = None if asked is None else asked.reader
        self.spans = () if reader is None else reader.spans()


class Name(NamedTuple):
    """A named size of the input, and what it is at the witness."""

    key: str
    value: int

    @property
    def divisor(self) -> int:
        return 1

    def at(self, sizes: Mapping[str, int]) -> int:
        return sizes[self.key]

    def put(self, sizes: Mapping[str, int], asked: Questions) -> int | Size:
        """What it is with these numbers in the place of some names."""
        return sizes[self.key] if self.key in sizes else named(self.key, self.value, asked)

    def names(self) -> frozenset[str]:
        return frozenset((self.key,))

    def text(self, style: Style, alone: bool) -> str:
        """How it is written in a product, or alone."""
        return self.key

    def less(self, number: int) -> Less:
        """What is less by a number, as one part of a product."""
        return Less(
            f"{self.key} - {number}" if number > 0 else f"{self.key} + {-number}", self, number
        )


class Less(NamedTuple):
    """A name less a number, where a product is written."""

    key: str
    name: Name
    number: int

    @property
    def divisor(self) -> int:
        return 1

    def names(self) -> frozenset[str]:
        return self.name.names()

    def text(self, style: Style, alone: bool) -> str:
        """How it is written in a product, or alone."""
        text = self.key.replace(" + ", style.plus).replace(" - ", style.minus)
        return text if alone else f"({text})"

    def less(self, number: int) -> Less:
        return self.name.less(self.number + number)


class Floor(NamedTuple):
    """`inner // divisor`, which says no more than that; `key` is how it is written."""

    key: str
    value: int
    inner: Size
    divisor: int

    def at(self, sizes: Mapping[str, int]) -> int:
        return self.inner.at(sizes) // self.divisor

    def put(self, sizes: Mapping[str, int], asked: Questions) -> int | Size:
        """What it is with these numbers in the place of some names."""
        return self.inner.put(sizes) // self.divisor

    def names(self) -> frozenset[str]:
        return self.inner.names()

    def text(self, style: Style, alone: bool) -> str:
        """How it is written in a product, or alone."""
        if style.people:
            return f"⌊{factor(self.inner)}/{self.divisor}⌋"
        return self.key if alone else f"({self.key})"

    def less(self, number: int) -> Floor:
        """The floor that is less by a number: `(H + 1)//2 - 1` is `(H - 1)//2`."""
        inner = self.inner - number * self.divisor
        assert isinstance(inner, Size), "it still depends on names"
        return _floor_of(inner, self.divisor)


Atom = Name | Floor
PLAIN: Term = ()  # of the plain number


class Scaled(NamedTuple):
    """A size times a fraction, of which floor() makes a size again."""

    size: Size
    numerator: int
    denominator: int

    def __floor__(self) -> int | Size:
        return self.size * self.numerator // self.denominator


class Question(NamedTuple):
    """A question that the witness decided: whether a size is below 0 (`<0`), or 0 (`=0`)."""

    size: Size
    what: str
    answer: bool

    def holds_at(self, sizes: Mapping[str, int]) -> bool:
        """Whether it has this answer where the names are these numbers."""
        value = self.size.at(sizes)
        return (value < 0 if self.what == NEGATIVE else value == 0) == self.answer

    def condition(self, as_people: bool = False) -> str:
        """That it has this answer, in Python's syntax or as people write it: `16*H*W == 400`."""
        left, right = self.size.apart()
        signs = SIGNS[self.what, self.answer]
        if not as_people:
            return f"{left!s} {signs[0]} {right!s}"
        return f"{pretty(left)} {signs[1]} {pretty(right).replace('-', MINUS)}"


class Questions:
    """The questions of one run, each noted once, in the order in which they came up.

    Attributes:
        reader: of the source that is followed at these sizes, if one is.
        decided: the tests of branches in it, each with a question that decides it.
    """

    def __init__(self) -> None:
        self._noted: dict[tuple[object, str], Question] = {}
        self.reader: Reader | None = None
        self.decided: list[tuple[Span, Question]] = []

    def __iter__(self) -> Iterator[Question]:
        return iter(self._noted.values())

    def __len__(self) -> int:
        return len(self._noted)

    def ask(self, size: Size, what: str) -> bool:
        """The answer at the witness; noted where other sizes could have another one."""
        size = self._by_factors(_without_common(size), what)
        size = _upright(size) if what == ZERO else size
        answer = size.value < 0 if what == NEGATIVE else size.value == 0
        if not _is_certain(size, what):
            key = size.key, what
            if key not in self._noted:
                self._noted[key] = Question(size, what, answer)
            if self.reader is not None and (span := self.reader.deciding()) is not None:
                self.decided.append((span, self._noted[key]))
        return answer

    def _by_factors(self, size: Size, what: str) -> Size:
        """The last of the factors whose answers, each asked alone, are that of a product.

        One that isn't 0, or that is below 0, has no factor that is 0; one of at least 1 has only
        such factors, where none is below 0.
        """
        if size.value < 0 if what == NEGATIVE else size.value:
            for key in _common(size):
                factor = _alone(size, key)
                left = _divided_by(size, key)
                if factor.value > 0 and isinstance(left, Size):
                    self.ask(factor - 1, NEGATIVE)
                    size = left
        elif what == NEGATIVE and _is_product(size):
            *factors, last = (_alone(size, key) - 1 for term in size.terms for key in term)
            for each in factors:
                self.ask(each, NEGATIVE)
            size = last
        return size


def _alone(size: Size, key: str) -> Any:
    """One of the atoms of a size."""
    atom = size.atoms[key]
    return Size({(key,): 1}, {key: atom}, atom.value, size.asked)


def _common(size: Size) -> list[str]:
    """The atoms that each product of a size has, each as often as it is there."""
    if PLAIN in size.terms:
        return []
    first, *others = size.terms
    return [key for key in dict.fromkeys(first) if all(key in term for term in others)]


def _divided_by(size: Size, key: str) -> int | Size:
    """Without one of the atoms that each product has."""
    terms: dict[Term, int] = {}
    for term, count in size.terms.items():
        place = term.index(key)
        terms[term[:place] + term[place + 1 :]] = count
    return size._valued(terms)


def _is_product(size: Size) -> bool:
    """Whether it is asked if a single product of several positive factors is at least 1."""
    plain = size.terms.get(PLAIN, 0)
    products = [(term, count) for term, count in size.terms.items() if term]
    if len(products) != 1 or plain >= 0 or len(products[0][0]) < 2:
        return False
    ((term, count),) = products
    return count + plain >= 0 and all(size.atoms[key].value > 0 for key in term)


def _without_common(size: Size) -> Size:
    """Without the names that each product has, which are at least 1 and change no answer."""
    if len(size.terms) < 2:
        return size
    for key in _common(size):
        if isinstance(size.atoms[key], Name):
            left = _divided_by(size, key)
            assert isinstance(left, Size), "it has several products"
            return _without_common(left)
    return size


def _is_certain(size: Size, what: str) -> bool:
    """Whether the signs alone decide a question, where every name is at least 1."""
    positive = None
    for term, count in size.terms.items():
        if term and positive is not (count > 0):
            if positive is not None:
                return False
            positive = count > 0
    nearest = size.at(dict.fromkeys(size.names(), 1))  # the least, or the greatest it can be
    if positive:
        return nearest > 0 or (nearest == 0 and what == NEGATIVE)
    return nearest < 0


class Size:
    """A whole number that depends on names.

    Attributes:
        terms: how often each product of atoms is counted; of `PLAIN` the plain number.
        atoms: the atoms by their keys.
        value: what it is at the witness.
        asked: where questions about it are noted.
    """

    __slots__ = ("_key", "_names", "asked", "atoms", "terms", "value")

    def __init__(
        self, terms: dict[Term, int], atoms: Mapping[str, Atom], value: int, asked: Questions
    ) -> None:
        self.terms = terms
        self.atoms = atoms
        self.value = value
        self.asked = asked
        self._key: frozenset[tuple[Term, int]] | None = None
        self._names: frozenset[str] | None = None

    # Arithmetic. What no longer depends on a name is an int again.

    def __add__(self, other: int | Size) -> int | Size:
        if isinstance(other, Size):
            return self._sum(other, 1)
        if not isinstance(other, int):
            return NotImplemented
        terms = self.terms.copy()
        plain = terms.pop(PLAIN, 0) + other
        if plain:
            terms[PLAIN] = plain
        return Size(terms, self.atoms, self.value + other, self.asked)

    __radd__ = __add__

    def __neg__(self) -> int | Size:
        return self * -1

    def __sub__(self, other: int | Size) -> int | Size:
        return self._sum(other, -1) if isinstance(other, Size) else self + -other

    def __rsub__(self, other: int) -> int | Size:
        return self * -1 + other

    @overload
    def __mul__(self, other: int | Size) -> int | Size: ...
    @overload
    def __mul__(self, other: float) -> Scaled: ...
    def __mul__(self, other: float | Size) -> int | Size | Scaled:
        if isinstance(other, float):
            return self._scaled(other)
        if not isinstance(other, int | Size):
            return NotImplemented
        if isinstance(other, int):
            if not other:
                return 0
            terms = {term: count * other for term, count in self.terms.items()}
            return Size(terms, self.atoms, self.value * other, self.asked)
        product: dict[Term, int] = {}
        for one, count in self.terms.items():
            for two, times in other.terms.items():
                term = tuple(sorted(one + two))
                product[term] = product.get(term, 0) + count * times
        return self._made(product, self.value * other.value, other.atoms)

    __rmul__ = __mul__

    def _scaled(self, factor: float) -> Scaled:
        """Times a factor; one with which products of floats would be rounded says nothing."""
        if type(factor) is not float:  # one that is computed from sizes
            factor = factor.fixed()  # type: ignore[attr-defined]
        numerator, denominator = factor.as_integer_ratio()
        if denominator > MOST_PARTS:
            raise UnsettledError(f"{self} times {factor}", self.asked)
        return Scaled(self, numerator, denominator)

    def __floordiv__(self, divisor: int | Size) -> int | Size:
        if isinstance(divisor, Size):
            quotient = self._quotient(divisor)
            if quotient is None:
                raise UnsettledError(f"{self} divided by {divisor}", self.asked)
            return quotient
        if divisor < 0:
            return self * -1 // -divisor
        whole = {term: count // divisor for term, count in self.terms.items()}
        rest: dict[Term, int] = {}
        for term, count in self.terms.items():
            if count % divisor:  # of a name all is left, so that equal floors look equal
                whole[term] = 0 if term else whole[term]
                rest[term] = count if term else count % divisor
        left = self._valued(rest)
        return self._valued(whole) + (_floor(left, divisor) if isinstance(left, Size) else 0)

    def _quotient(self, divisor: Size) -> int | Size | None:
        """What a size is as a multiple of another one, by long division; None: it is none."""
        lead = max(divisor.terms, key=_degree)
        rest: int | Size = self
        quotient: int | Size = 0
        while isinstance(rest, Size):
            first = max(rest.terms, key=_degree)
            left = list(first)
            for key in lead:
                if key not in left:
                    return None
                left.remove(key)
            count, over = divmod(rest.terms[first], divisor.terms[lead])
            if over:
                return None
            part = rest._valued({tuple(left): count})
            quotient, rest = quotient + part, rest - part * divisor
        return quotient if rest == 0 else None

    def __rfloordiv__(self, number: int) -> int:
        if number == 0:
            return 0
        raise UnsettledError(f"{number} divided by {self}", self.asked)

    def __mod__(self, divisor: int | Size) -> int | Size:
        return self - self // divisor * divisor

    def __divmod__(self, divisor: int) -> tuple[int | Size, int | Size]:
        whole = self // divisor
        return whole, self - whole * divisor

    def __index__(self) -> int:
        raise UnsettledError(f"{self} as a number of times", self.asked)

    def __floor__(self) -> Size:
        return self

    def __abs__(self) -> int | Size:
        return self * -1 if self < 0 else self

    # Questions.

    def __lt__(self, other: int | Size) -> bool:
        return _is_negative(self - other)

    def __ge__(self, other: int | Size) -> bool:
        return not _is_negative(self - other)

    def __gt__(self, other: int | Size) -> bool:
        return _is_negative(self * -1 + other)

    def __le__(self, other: int | Size) -> bool:
        return not _is_negative(self * -1 + other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Size):
            return NotImplemented
        apart = self - other
        return apart.asked.ask(apart, ZERO) if isinstance(apart, Size) else apart == 0

    def __bool__(self) -> bool:
        return self.asked.ask(self, ZERO) is False

    def __hash__(self) -> int:
        """Of the expression: in a table equal expressions meet, and no question is asked."""
        return hash(self.key)

    # What it is.

    def __str__(self) -> str:
        return written(self.terms, self.atoms, PYTHON)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        """As people write it, in the midst of a text."""
        return format(pretty(self), spec.replace(",", ""))

    @property
    def key(self) -> frozenset[tuple[Term, int]]:
        """Equal for equal expressions."""
        if self._key is None:
            self._key = frozenset(self.terms.items())
        return self._key

    def names(self) -> frozenset[str]:
        """The names that it depends on."""
        if self._names is None:
            self._names = frozenset().union(*(atom.names() for atom in self.atoms.values()))
        return self._names

    def at(self, sizes: Mapping[str, int]) -> int:
        """What it is where the names are these numbers."""
        return _total(self.terms, {key: atom.at(sizes) for key, atom in self.atoms.items()})

    def apart(self) -> tuple[int | Size, int]:
        """What depends on names, as a product if it is one, and what it is where this is 0."""
        number = completing(self.terms, self.atoms) - self.terms.get(PLAIN, 0)
        return self + number, number

    def factors(self) -> tuple[int, list[Size]]:
        """A number and sizes in names of their own, whose product this is; or just this."""
        count, parts = factors(self.terms, self.atoms)
        found = [self._valued(part) for part in parts]
        return count, [part for part in found if isinstance(part, Size)]

    def put(self, sizes: Mapping[str, int]) -> int | Size:
        """The size with these numbers in the place of some of its names."""
        total: int | Size = 0
        for term, count in self.terms.items():
            product: int | Size = count
            for key in term:
                product = product * self.atoms[key].put(sizes, self.asked)
            total = total + product
        return total

    def _sum(self, other: Size, sign: int) -> int | Size:
        terms = dict(self.terms)
        for term, count in other.terms.items():
            terms[term] = terms.get(term, 0) + sign * count
        return self._made(terms, self.value + sign * other.value, other.atoms)

    def _valued(self, terms: Mapping[Term, int]) -> int | Size:
        """A size of some terms, which are products of its own atoms."""
        values = {key: atom.value for key, atom in self.atoms.items()}
        return self._made(terms, _total(terms, values))

    def _made(
        self, terms: Mapping[Term, int], value: int, more: Mapping[str, Atom] | None = None
    ) -> int | Size:
        kept = {term: count for term, count in terms.items() if count}
        used = {key for term in kept for key in term}
        if not used:
            return value
        known = {**self.atoms, **more} if more else self.atoms
        return Size(kept, {key: known[key] for key in used}, value, self.asked)


def named(name: str, witness: int, asked: Questions) -> Size:
    """A size of which nothing but its name is known, and what it is at the witness."""
    return Size({(name,): 1}, {name: Name(name, witness)}, witness, asked)


def named_shape(
    shape: tuple[int, ...], names: Mapping[int, str], asked: Questions
) -> tuple[Any, ...]:
    """A shape of which some axes have names, and their sizes for a witness."""
    return tuple(
        named(names[axis], n, asked) if axis in names else n for axis, n in enumerate(shape)
    )


def number(size: int | Size) -> int:
    """What a size is at the witness, for bounds that no answer depends on."""
    return size.value if isinstance(size, Size) else size


def pretty(size: int | Size) -> str:
    """As people write it: `2×⌊(H+31)/32⌋`."""
    if not isinstance(size, Size):
        return f"{size:,}"
    return written(size.terms, size.atoms, PEOPLE)


def factor(size: int | Size) -> str:
    """The same as one factor of many: a sum stands in brackets."""
    if not isinstance(size, Size):
        return str(size)
    return written(size.terms, size.atoms, PEOPLE, as_factor=True)


def _upright(size: Size) -> Size:
    """The one of a size and its negative that begins without a minus: both are 0 at once."""
    if min(size.terms.values()) > 0 or size.terms[in_order(size.terms)[0]] > 0:
        return size
    turned = size * -1
    assert isinstance(turned, Size)
    return turned


def _is_negative(size: int | Size) -> bool:
    return size.asked.ask(size, NEGATIVE) if isinstance(size, Size) else size < 0


def _degree(term: Term) -> tuple[int, Term]:
    """The order of products in a long division: of two, that with more factors is the larger."""
    return len(term), term


def _total(terms: Mapping[Term, int], values: Mapping[str, int]) -> int:
    total = 0
    for term, count in terms.items():
        for key in term:
            count *= values[key]
        total += count
    return total


def _floor(size: Size, divisor: int) -> int | Size:
    """floor(size / divisor), where a divisor of all that depends on names is shared out first."""
    plain = size.terms.get(PLAIN, 0)
    common = gcd(divisor, *(count for term, count in size.terms.items() if term))
    if common > 1:  # floor((g x + c) / (g d)) = floor((x + floor(c / g)) / d)
        terms = {term: count // common for term, count in size.terms.items()}
        return size._valued(terms) // (divisor // common)
    first, *others = in_order({term: 1 for term in size.terms if term})
    if size.terms[first] < 0:  # floor(-x / d) = -ceil(x / d)
        return -1 * ((size * -1 + (divisor - 1)) // divisor)
    atom = size.atoms[first[0]]
    if not others and len(first) == 1 and size.terms[first] == 1 and isinstance(atom, Floor):
        return (atom.inner + plain * atom.divisor) // (atom.divisor * divisor)
    made = _floor_of(size, divisor)
    return Size({(made.key,): 1}, {made.key: made}, made.value, size.asked)


def _floor_of(size: Size, divisor: int) -> Floor:
    text = str(size)
    key = f"({text})//{divisor}" if any(sign in text for sign in " */") else f"{text}//{divisor}"
    return Floor(key, size.value // divisor, size, divisor)
