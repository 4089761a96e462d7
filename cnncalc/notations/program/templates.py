"""One template for blocks that are alike: their text, with parameters where numbers differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.notations.program.call_numbers import (
    Signatures,
    Slot,
    bare,
    completed,
    defaults,
    filled,
    slots,
)
from cnncalc.notations.program.lines import Line

__all__ = ["Template", "likeness", "template"]

Lines = dict[int, Line]

# Arguments that count channels or features: one may stand for another, or for a multiple of it.
CHANNELS = frozenset(
    ["channels", "features", "filters", "groups", "in_channels", "in_features", "normalized_shape",
     "num_channels", "num_features", "num_parameters", "out_channels", "out_features", "units"]
)  # fmt: skip


class Template(NamedTuple):
    """What stands for several blocks.

    Attributes:
        parameters: with their defaults (None: it must be given).
        lines: of the first, with the parameters' names in the numbers' places.
        calls: for each block its arguments, as they are written.
    """

    parameters: dict[str, int | None]
    lines: Lines
    calls: list[str]


def likeness(lines: Lines, signatures: Signatures) -> str:
    """The same text for blocks that differ in numbers alone, be they written or left out."""
    return repr(
        [
            (line.inputs, line.form, line.name, line.again, line.frozen,
             filled(bare(line.call, signatures)[0], None))
            for line in lines.values()
        ]
    )  # fmt: skip


def template(blocks: Sequence[Lines], signatures: Signatures) -> Template:
    """One text for blocks of the same likeness."""
    blocks = _completed(blocks, signatures)
    found = [_slots(lines, signatures) for lines in blocks]
    columns = [
        _Column(tuple(slot.value for slot, _ in places), *_title(places[0]))
        for places in zip(*found, strict=True)
    ]
    chosen = _parameters(columns)
    words = iter([_word(column, chosen) for column in columns])
    lines = {
        number: line._replace(call=filled(line.call, words)) for number, line in blocks[0].items()
    }
    calls = [_arguments(chosen, place) for place in range(len(blocks))]
    return Template({each.name: each.default for each in chosen}, lines, calls)


def _completed(blocks: Sequence[Lines], signatures: Signatures) -> list[Lines]:
    """The blocks with the numbers that some of them leave out, where they are not all the same."""
    made: list[Lines] = [{} for _ in blocks]
    for number in blocks[0]:
        parts = [bare(lines[number].call, signatures) for lines in blocks]
        given = [numbers for _, numbers in parts]
        if all(each == given[0] for each in given):
            for new, lines in zip(made, blocks, strict=True):
                new[number] = lines[number]
            continue
        known = defaults(blocks[0][number].call, signatures)
        left = {name: known[name] for name in known if any(name in each for each in given)}
        for new, lines, (call, numbers) in zip(made, blocks, parts, strict=True):
            whole = completed(call, left | numbers, signatures)
            new[number] = lines[number]._replace(call=whole)
    return made


def _slots(lines: Lines, signatures: Signatures) -> list[tuple[Slot, int | None]]:
    """The numbers of all calls, each with its parameter's default if it could be left out."""
    found = []
    for line in lines.values():
        known, text = defaults(line.call, signatures), line.call or ""
        for slot in slots(line.call, signatures):
            named = text[: slot.start].endswith(f"{slot.name}=")
            found.append((slot, known.get(slot.name) if named else None))
    return found


class _Column(NamedTuple):
    """One number of a block in all blocks.

    Attributes:
        kind: what it counts; only columns of one kind share a parameter.
        default: what it is where it is left out.
    """

    values: tuple[int, ...]
    title: str
    kind: str
    default: int | None

    @property
    def varies(self) -> bool:
        return len(set(self.values)) > 1


class _Parameter(NamedTuple):
    name: str
    column: _Column
    default: int | None


def _title(place: tuple[Slot, int | None]) -> tuple[str, str, int | None]:
    slot, default = place
    title = slot.name.rstrip("0123456789")
    return title, "channels" if title in CHANNELS else title, default


def _parameters(columns: Sequence[_Column]) -> list[_Parameter]:
    """Those that the varying columns need, the ones with a default last."""
    bases: list[list[_Column]] = []
    for column in sorted((each for each in columns if each.varies), key=lambda c: sum(c.values)):
        same = next((base for base in bases if _times(column, base[0]) == 1), None)
        if same is not None:
            same.append(column)
        elif not any(_times(column, base[0]) for base in bases):
            bases.append([column])
    bases.sort(key=lambda base: min(columns.index(each) for each in base))
    chosen: list[_Parameter] = []
    for base in bases:
        titles = [each.title for each in base]
        both = {"in_channels", "out_channels"} <= set(titles)
        first = min(base, key=columns.index)
        defaults = {each.default for each in base}
        default = defaults.pop() if len(defaults) == 1 else None
        name = _unique("channels" if both else first.title, {each.name for each in chosen})
        chosen.append(_Parameter(name, first, default))
    return sorted(chosen, key=lambda each: each.default is not None)


def _times(column: _Column, base: _Column) -> int:
    """How often a base is in a column, everywhere; 0: it isn't."""
    if column.kind != base.kind:
        return 0
    if column.values == base.values:
        return 1
    if column.kind != "channels" or min(base.values) < 1:
        return 0
    factor = column.values[0] // base.values[0]
    fits = all(factor * b == v for v, b in zip(column.values, base.values, strict=True))
    return factor if fits else 0


def _unique(stem: str, names: set[str]) -> str:
    name, count = stem, 1
    while name in names:
        count += 1
        name = f"{stem}{count}"
    return name


def _word(column: _Column, chosen: Sequence[_Parameter]) -> str | None:
    """What stands in a number's place; None: the number."""
    if not column.varies:
        return None
    for each in sorted(chosen, key=lambda each: -sum(each.column.values)):
        factor = _times(column, each.column)
        if factor:
            return each.name if factor == 1 else f"{factor} * {each.name}"
    raise AssertionError(f"no parameter for {column}")


def _arguments(chosen: Sequence[_Parameter], place: int) -> str:
    """What one block is called with."""
    given = []
    for each in chosen:
        value = each.column.values[place]
        if each.default is None:
            given.append(str(value))
        elif value != each.default:
            given.append(f"{each.name}={value}")
    return ", ".join(given)
