"""Patterns of named axes, as einops has them: `b (h p) c -> b h (p c)`.

A pattern is two sides of axes with names. In parentheses several axes are one, `...` is any
number of them, `1` and `()` an axis of one, another number an axis without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from cnncalc.errors import LayerError
from cnncalc.tracing.tensors import Batch

__all__ = ["Plan", "as_letters", "check", "named_sizes", "planned", "sides"]

DOTS = "..."
ALONE = (DOTS,)  # not in parentheses: `(...)` is one axis, and has an empty name beside them
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOKEN = re.compile(r"\s*(\.\.\.|…|[()]|\w+)")
MAX_PATTERN = 2_000  # characters

Size = int | Batch
Group = tuple[str, ...]
Failure = partial(LayerError, code="einops")


class Plan(NamedTuple):
    """How a pattern's left side becomes its right one.

    Attributes:
        split: the sizes of all axes of the left side, each alone.
        gone: which of them are reduced.
        order: those that are left, in their new order (numbered without those that are gone).
        added: the places of new axes among them, in ascending order, and their sizes.
        joined: the sizes of the result.
    """

    split: tuple[Size, ...]
    gone: tuple[int, ...]
    order: tuple[int, ...]
    added: tuple[tuple[int, Size], ...]
    joined: tuple[Size, ...]


def planned(
    pattern: str, operation: str, shape: Sequence[Size], lengths: Mapping[str, Size]
) -> Plan:
    """What a pattern does to a tensor.

    Args:
        pattern: both sides, with an arrow between.
        operation: `rearrange`, `reduce` or `repeat`.
        shape: the tensor's sizes, with that of the batch.
        lengths: sizes of axes by name.

    Raises:
        LayerError: the pattern is wrong, or the tensor has other axes or sizes.
    """
    left, right = sides(pattern)
    check(operation, left, right, lengths)
    left, right = without_dots(pattern, left, right, len(shape))
    sizes = {name: int(name.partition("#")[0]) for name in chain(*left, *right) if "#" in name}
    known: dict[str, Size] = {**sizes, **lengths}
    for group, size in zip(left, shape, strict=True):
        fill_group(group, size, known)
    before, after = [*chain(*left)], [*chain(*right)]
    kept = [name for name in before if name in after]
    return Plan(
        tuple(known[name] for name in before),
        tuple(place for place, name in enumerate(before) if name not in after),
        tuple(kept.index(name) for name in after if name in kept),
        tuple((place, known[name]) for place, name in enumerate(after) if name not in kept),
        tuple(product(known[name] for name in group) for group in right),
    )


def named_sizes(pattern: str, shape: Sequence[Size]) -> dict[str, Size]:
    """The sizes of axes by name, as `parse_shape` gives them; `_` is passed over.

    Raises:
        LayerError: the pattern has several axes in one, or the tensor others.
    """
    groups, _ = without_dots(pattern, groups_of(pattern, skips=True), [], len(shape))
    if any(len(group) > 1 for group in groups):
        raise Failure(f"`{pattern}` has several axes in one, which have no sizes here")
    found: dict[str, Size] = {}
    for group, size in zip(groups, shape, strict=True):
        name = group[0] if group else "1#"
        number = name.partition("#")
        if number[1] and size != int(number[0]):
            raise Failure(f"an axis of `{pattern}` is {number[0]}, and the tensor has {told(size)}")
        if name.isidentifier() and not name.startswith("_"):
            found[name] = size
    return found


def as_letters(pattern: str) -> str:
    """An equation of named axes as `einsum` takes it, a letter for each.

    Raises:
        LayerError: the pattern is wrong, or has several axes in one.
    """
    if pattern.count("->") != 1:
        raise Failure(f"`{pattern}` has not one arrow, as `b i d, b j d -> b i j` has")
    given, _, result = pattern.partition("->")
    known: dict[str, str] = {}
    texts = []
    for part in [*given.split(","), result]:
        groups = groups_of(part)
        if any(len(group) != 1 or "#" in group[0] for group in groups):
            raise Failure(
                f"`{part.strip()}` has an axis that is no name, which einsum doesn't take"
            )
        for (name,) in groups:
            if name != DOTS and name not in known:
                known[name] = LETTERS[len(known) % len(LETTERS)]
        texts.append("".join(known.get(name, name) for (name,) in groups))
    if len(known) > len(LETTERS):
        raise Failure(f"an equation has at most {len(LETTERS)} axes")
    return f"{','.join(texts[:-1])}->{texts[-1]}"


def sides(pattern: str) -> tuple[list[Group], list[Group]]:
    """The axes on both sides of the arrow, group by group.

    Raises:
        LayerError: the pattern is wrong.
    """
    if pattern.count("->") != 1:
        raise Failure(f"`{pattern}` has not one arrow, as `b c h w -> b (h w) c` has")
    left, _, right = pattern.partition("->")
    return groups_of(left), groups_of(right)


def groups_of(side: str, skips: bool = False) -> list[Group]:
    """One side of a pattern; numbers become names of their own, as in `2#5`, `1` nothing."""
    if len(side) > MAX_PATTERN:
        raise Failure("this pattern is too long")
    groups: list[Group] = []
    opened: list[str] | None = None
    place, seen = 0, set()
    text = side.rstrip()
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            raise Failure(f"`{text[place:].strip()[0]}` has no meaning in a pattern")
        place, token = found.end(), found[1].replace("…", DOTS)
        if token == "(":
            if opened is not None:
                raise Failure(f"`{text.strip()}` has parentheses in parentheses")
            opened = []
            continue
        if token == ")":
            if opened is None:
                raise Failure(f"`{text.strip()}` closes parentheses that it hasn't opened")
            groups.append((*opened, "") if opened == [DOTS] else tuple(opened))
            opened = None
            continue
        name = axis_name(token, place, skips)
        if name in seen and name not in ("", "_"):
            raise Failure(f"`{text.strip()}` has `{name}` twice")
        seen.add(name)
        if opened is None:
            groups.append(ALONE if name == DOTS else (name,) if name else ())
        elif name:
            opened.append(name)
    if opened is not None:
        raise Failure(f"`{text.strip()}` doesn't close its parentheses")
    return groups


def axis_name(token: str, place: int, skips: bool) -> str:
    """A name as it is, a number as one of its own, nothing for an axis of one."""
    if token == DOTS or (token == "_" and skips):
        return token
    if token.isdecimal():
        if int(token) == 0:
            raise Failure("an axis has a size of one or more, not 0")
        return f"{int(token)}#{place}" if int(token) > 1 else ""
    if not token.isidentifier() or token[0] == "_" or token[-1] == "_":
        raise Failure(f"`{token}` is no name for an axis", help="names don't start or end with `_`")
    return token


def check(
    operation: str, left: list[Group], right: list[Group], lengths: Mapping[str, Size]
) -> None:
    """Hold the axes of both sides against what the operation wants.

    Raises:
        LayerError: an axis stands where it can't.
    """
    before, after = set(chain(*left)) - {""}, set(chain(*right)) - {""}
    if DOTS in before and ALONE not in left:
        raise Failure("`...` can't stand in parentheses on the left side")
    lost = [name for name in chain(*left) if name and name not in after]
    new = [name for name in chain(*right) if name and name not in before]
    if DOTS in new:
        raise Failure("`...` stands on the right side, and not on the left")
    if operation == "rearrange":
        if any("#" in name for name in before | after):
            raise Failure("`rearrange` takes names and `1`, no other numbers")
        if lost or new:
            raise Failure(
                f"{listed([*lost, *new])} stands on one side only, and `rearrange` keeps all axes",
                help="`reduce` takes axes away, `repeat` adds some",
            )
    if operation == "repeat":
        if lost:
            raise Failure(f"{listed(lost)} stands on the left only, and `repeat` keeps all axes")
        free = [name for name in new if "#" not in name and name not in lengths]
        if free:
            raise Failure(
                f"`repeat` wants the size of {listed(free)}", help=f"`{free[0]}=…` in the call"
            )
    if operation == "reduce" and new:
        raise Failure(f"{listed(new)} stands on the right only, and `reduce` adds no axes")
    for name in lengths:
        if name not in before | after:
            raise Failure(f"the pattern has no axis `{name}`")


def without_dots(
    pattern: str, left: list[Group], right: list[Group], rank: int
) -> tuple[list[Group], list[Group]]:
    """Both sides with names in the place of `...`, as many as the tensor has axes for them."""
    open_ = ALONE in left
    wanted = len(left) - open_
    if rank < wanted or (rank > wanted and not open_):
        raise Failure(
            f"`{pattern.partition('->')[0].strip()}` is of {wanted}{' axes or more' * open_}"
            f"{' axes' * (not open_)}, and the tensor has {rank}, batch included",
            code="axes",
        )
    names = tuple(f"_{number}" for number in range(rank - wanted))

    def spelt(groups: list[Group]) -> list[Group]:
        found: list[Group] = []
        for group in groups:
            if group == ALONE:
                found += [(name,) for name in names]
            else:
                parts = (names if name == DOTS else (name,) for name in group if name)
                found.append(tuple(chain(*parts)))
        return found

    return spelt(left), spelt(right)


def fill_group(group: Group, size: Size, known: dict[str, Size]) -> None:
    """Hold one axis of the tensor against the axes that it is of; one of them may be unknown."""
    free = [name for name in group if name not in known]
    if len(free) > 1:
        raise Failure(
            f"the sizes of {listed(free)} can't be told from {told(size)}",
            help=f"`{free[-1]}=…` in the call",
        )
    given = product(known[name] for name in group if name in known)
    if not free:
        if size != given:
            raise Failure(f"`{shown(group)}` is {told(given)}, and the tensor has {told(size)}")
        return
    left = quotient(size, given)
    if left is None:
        raise Failure(
            f"`{shown(group)}` is an axis of {told(size)}, which {told(given)} doesn't divide"
        )
    known[free[0]] = left


def quotient(size: Size, part: Size) -> Size | None:
    """How often a part is in a size; None: it isn't, or nobody knows."""
    if isinstance(part, Batch) and not isinstance(size, Batch):
        return None
    factors = [each.factor if isinstance(each, Batch) else each for each in (size, part)]
    whole, rest = divmod(factors[0], factors[1]) if factors[1] else (0, 1)
    if rest:
        return None
    return Batch(whole) if isinstance(size, Batch) and not isinstance(part, Batch) else whole


def product(sizes: Iterable[Size]) -> Size:
    """The size of several axes as one."""
    total, batch = 1, False
    for size in sizes:
        if isinstance(size, Batch):
            if batch:
                raise LayerError("an axis can't be the batch twice", code="batch-axis")
            batch, size = True, size.factor
        total *= size
    return Batch(total) if batch else total


def told(size: Size) -> str:
    if isinstance(size, int):
        return str(size)
    return "the batch" if size.factor == 1 else f"the batch times {size.factor}"


def shown(group: Group) -> str:
    """Axes as the pattern has them."""
    names = [name.partition("#")[0] for name in group]
    return " ".join(names) or "1" if len(names) < 2 else f"({' '.join(names)})"


def listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name.partition('#')[0]}`" for name in names)
