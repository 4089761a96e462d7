"""The sets of valid sizes against those of isl, which decides Presburger arithmetic by other means.

Each network's condition is written by hand, one quantifier for each length on the way.
"""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.symbols.numbers import Numbers


def half(name: str, length: str, by: int = 2) -> str:
    """That a name is a length divided, rounded down."""
    return f"{by}*{name} <= {length} and {length} <= {by}*{name} + {by - 1}"


def unet() -> str:
    """Two convolutions of 3 at each level, whose maps are cropped to what comes from below."""
    parts, above, names = [], "n", ["p1", "p2", "p3", "p4"]
    maps = []
    for name in names:
        parts += [f"{above} >= 6", half(name, f"{above} - 4")]
        maps.append(f"({above} - 4)")
        above = name
    parts.append(f"{above} >= 5")
    up = f"({above} - 4)"
    for level, crop in zip(reversed(maps), (4, 16, 40, 88), strict=True):
        parts += [f"2*{up} = {level} - {2 * crop}", f"2*{up} >= 5"]
        up = f"(2*{up} - 4)"
    return f"{{ [n] : exists {', '.join(names)} : {' and '.join(parts)} }}"


NETWORKS = {
    "unet": ("unet", unet()),
    "one level": (
        "3xHxW cat[ | conv:8,k3,s2,p1 convt:8,k2,s2 ]",
        f"{{ [n] : exists h : n >= 1 and {half('h', 'n - 1')} and 2*(h + 1) = n }}",
    ),
    "three pools": (
        "3xHxW cat[ | 3*[maxpool:2] upsample:8 ]",
        f"{{ [n] : exists a, b, c : {half('a', 'n')} and {half('b', 'a')} and {half('c', 'b')} "
        "and c >= 1 and 8*c = n }",
    ),
    "by three": (
        "3xHxW conv:8,k7,s3 cat[ | conv:8,k3,s3 convt:8,k3,s3 ]",
        f"{{ [n] : exists a, b : n >= 7 and {half('a', 'n - 7', 3)} and a >= 2 "
        f"and {half('b', 'a - 2', 3)} and 3*(b + 1) = a + 1 }}",
    ),
    "a chain": ("3xHxW conv:8,k5,s2 maxpool:3 conv:8,k3", "{ [n] : n >= 21 }"),
}


def as_isl(isl: Any, some: Numbers) -> Any:
    """A set of this package as one of isl."""
    parts = [f"n = {n}" for n in some.below()]
    parts += [
        f"(n >= {some.start} and n mod {some.modulus} = {left})" for left in some.remainders()
    ]
    return isl.Set(f"{{ [n] : {' or '.join(parts) or 'false'} }}")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_sets_are_those_of_isl(name: str) -> None:
    isl = pytest.importorskip("islpy")
    spec, condition = NETWORKS[name]
    wanted = isl.Set(condition)

    for axis in cnncalc.sizes(spec).axes:
        assert as_isl(isl, axis.works).is_equal(wanted)
        assert not as_isl(isl, ~axis.works).intersect(wanted).is_equal(wanted)
