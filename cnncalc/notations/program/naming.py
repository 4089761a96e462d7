"""What modules are called: inside a block, and in the network around the blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from cnncalc.notations.program.call_numbers import once
from cnncalc.notations.program.lines import Line, Program
from cnncalc.notations.program.places import Path, relative
from cnncalc.notations.reserved import KERAS, TORCH, identifier

__all__ = ["camel", "local", "numbered", "plural", "renamed", "snake"]

Lines = dict[int, Line]


def snake(word: str) -> str:
    """A word as a function or a variable is called: `my_block` of `MyBlock`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return identifier(apart.lower(), KERAS.values)


def camel(word: str) -> str:
    """A word as a class is called: `MyBlock` of `my_block`."""
    parts = re.split(r"[_\W]+", word)
    name = "".join(part[:1].upper() + part[1:] for part in parts)
    return identifier(name, TORCH.values) if name else "Block"


def numbered(
    stems: Iterable[tuple[int, str]], reserved: Collection[str], taken: Collection[str] = ()
) -> dict[int, str]:
    """A name for each number: its stem, counted where several have it; none that is taken."""
    wanted = [(number, identifier(stem, reserved)) for number, stem in stems]
    several = Counter(stem for _, stem in wanted)
    names: dict[int, str] = {}
    used = {*reserved, *taken}
    counts: Counter[str] = Counter()
    for number, stem in wanted:
        name = stem
        while name in used or (name == stem and several[stem] > 1):
            counts[stem] += 1
            name = f"{stem}{'_' if stem[-1].isdigit() else ''}{counts[stem]}"
        used.add(name)
        names[number] = name
    return names


def local(
    program: Program,
    lines: Lines,
    entry: int,
    path: Path,
    paths: Mapping[int, Path],
    reserved: Collection[str],
) -> Lines:
    """A block's lines with values from 1 on, value 0 coming in, and names of its own."""
    values = {entry: 0} | {number: at for at, number in enumerate(lines, 1)}
    holding = {number: line for number, line in lines.items() if line.name and not line.again}
    stems = [
        (number, _module(program, line, paths[number], path)) for number, line in holding.items()
    ]
    names = numbered(stems, reserved)
    new = {line.name: names[number] for number, line in holding.items()}
    return {
        values[number]: line._replace(
            inputs=tuple(values[each] for each in line.inputs), name=new.get(line.name, "")
        )
        for number, line in lines.items()
    }


def _module(program: Program, line: Line, path: Path, outer: Path) -> str:
    """What a line's module is called in its source, or after its kind."""
    own = relative(path, outer) if program.modular else ""
    if once(line.call or "")[1]:  # one of a list of modules stands for the list
        own = re.sub(r"_\d+$", "", own)
    return own or line.kind


def plural(lines: Lines, reserved: Collection[str]) -> Lines:
    """The lines with a name in the plural where it is but a kind, of which there are several."""
    taken = {line.name for line in lines.values()} | {*reserved}
    return {
        number: line._replace(name=f"{line.kind}s")
        if line.name == line.kind and once(line.call or "")[1] not in ("", "1")
        and f"{line.kind}s" not in taken
        else line
        for number, line in lines.items()
    }  # fmt: skip


def renamed(program: Program, paths: Mapping[int, Path], reserved: Collection[str]) -> Program:
    """The network around the blocks, whose modules are counted anew.

    What the user or a source's module gave a name keeps it.
    """
    stems, kept = [], {}
    for number, line in program.lines.items():
        if not line.name or line.again:
            continue
        step = program.steps[line.step]
        block = once(line.call or "")[1] != ""
        if block:
            several = once(line.call or "")[1] != "1"
            stem = _module(program, line, paths[number], ())
            stems.append((number, f"{stem}s" if several and stem == line.kind else stem))
        elif step.is_counted and not program.modular:
            stems.append((number, line.name.replace(step.name, step.layer.core.kind, 1)))
        else:
            kept[number] = line.name
    names = kept | numbered(stems, reserved, kept.values())
    new = {program.lines[number].name: name for number, name in names.items()}
    lines = {
        number: line._replace(name=new.get(line.name, line.name))
        for number, line in program.lines.items()
    }
    return program._replace(lines=lines)
