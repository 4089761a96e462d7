"""The tree of a spec: what stands in it, with the place of every word."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.errors import Mistakes, Span

__all__ = [
    "Argument",
    "Call",
    "Definition",
    "Either",
    "Entries",
    "Group",
    "Item",
    "Jump",
    "Merge",
    "Repeat",
    "Tree",
]


class Argument(NamedTuple):
    """One argument, with its key if it was written `key=value`."""

    text: str
    span: Span


class Call(NamedTuple):
    """A layer, or the use of a definition."""

    name: str
    arguments: tuple[Argument, ...]
    span: Span
    label: str | None


class Group(NamedTuple):
    """Items one after another."""

    items: tuple[Item, ...]
    span: Span
    label: str | None


class Either(NamedTuple):
    """A choice of layers: one of several groups."""

    groups: tuple[Group, ...]
    span: Span
    label: str | None


class Merge(NamedTuple):
    """Branches that meet."""

    name: str
    arguments: tuple[Argument, ...]
    branches: tuple[Group, ...]
    span: Span
    label: str | None


class Entries(NamedTuple):
    """Items that run at every entry of some axes."""

    arguments: tuple[Argument, ...]
    body: Group
    span: Span
    label: str | None


class Repeat(NamedTuple):
    """An item several times."""

    times: str
    item: Item
    span: Span


class Jump(NamedTuple):
    """The flow taken back to a labelled step."""

    label: str
    span: Span


Item = Call | Group | Either | Merge | Entries | Repeat | Jump


class Definition(NamedTuple):
    """`def name(parameters) = [ body ]`; a parameter's default is None if it has none."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]
    body: Group
    span: Span


class Tree(NamedTuple):
    """A whole spec, as far as it could be read: without the words that are mistakes."""

    size: Argument | None
    definitions: tuple[Definition, ...]
    items: tuple[Item, ...]
    span: Span
    mistakes: Mistakes
