"""`cnncalc layers`: groups by subject, each option under its long key."""

from __future__ import annotations

import json

import pytest

from cnncalc.cli.vocabulary import LIST, group, in_order
from cnncalc.layers import FILES, KINDS
from cnncalc.render.text import FORMATS
from cnncalc.tables.table import Table
from tests.conftest import Command

GROUPS = list(dict.fromkeys(map(group, in_order())))


def test_each_file_is_a_group() -> None:
    """Of a few words, and no two are called the same."""
    assert len(GROUPS) == len(FILES)
    assert all(0 < len(name.split()) < 8 for name in GROUPS)


def test_groups_stand_above_their_layers(command: Command) -> None:
    lines = command("layers").out.splitlines()
    at = [lines.index(name) for name in GROUPS]
    within = [line.split()[0] for line in lines[at[0] : at[1]] if line.startswith("  ")]

    assert at == sorted(at)
    assert within == ["conv", "dwconv", "pwconv", "sepconv"]
    assert all(lines[place - 1] == "" for place in at)
    assert sum(line.startswith("  ") for line in lines[: lines.index("", at[-1])]) == 1 + len(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_long_keys_are_told(kind: type) -> None:
    """By its name, which is also what may be typed, or by the word of a flag."""
    (column,) = (column for column in LIST if column.key == "options")
    text = column.of(None, kind)
    told = text.split(", ") if text else []

    assert len(told) == len(kind.options)
    for text, option in zip(told, kind.options.values(), strict=True):
        assert text.split()[0] == (option.word or option.name)
        assert option.word or not option.key or text.split()[1] == option.key


def test_programs_are_told_the_group(command: Command) -> None:
    kinds = json.loads(command("layers", "--json").out)

    assert {each["name"]: each["group"] for each in kinds} == {
        kind.kind: group(kind) for kind in KINDS.values()
    }


@pytest.mark.parametrize("form", ["markdown", "html", "latex"])
def test_groups_in_other_formats(form: str) -> None:
    """Each once, before its first layer."""
    table = Table(LIST, None, in_order(), group=group)
    text = FORMATS[form](table, dict)

    assert all(text.count(name) >= 1 for name in GROUPS)
    assert text.index(GROUPS[0]) < text.index("conv") < text.index(GROUPS[1])
