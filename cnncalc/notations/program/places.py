"""Where the lines of a program come from: the definitions, functions or modules around them."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.notations.program.lines import Line, Program

__all__ = ["Path", "is_turn", "path_of", "relative", "word"]

# What leads to a line from the outermost place on, itself last: places in the text, as (start,
# end), or the names of modules.
Path = tuple[Any, ...]


def path_of(program: Program, line: Line) -> Path:
    """The uses that led to a line, or the modules that it lies in."""
    step = program.steps[line.step]
    if not program.modular:
        return tuple((span.start, span.end) for span in reversed(step.spans))
    pieces = [piece for piece in step.name.split("/") if piece]
    if len(pieces) == 1:
        return tuple(pieces[0].split("."))
    # /layer1/layer1.0/conv1/Conv: the operator is no module.
    return (*(piece.split(".")[-1] for piece in pieces[:-1]), f"/{pieces[-1]}")


def word(program: Program, line: Line, path: Path) -> str:
    """What the definition, function or module is called that a path leads to."""
    if program.modular:
        name = str(path[-1]).rstrip("0123456789_-")
        return name if re.match(r"[A-Za-z]", name) else "block"
    text = program.steps[line.step].spans[-len(path)].text
    found = re.match(r"(?:\w+@)?(?:\w+\*)?([A-Za-z_][\w.-]*)", text)
    return found[1].split(".")[-1] if found else "block"


def relative(path: Path, outer: Path) -> str:
    """A module's name inside another; empty where it is but a number."""
    *modules, last = map(str, path[len(outer) :])
    if not (last.startswith("/") and modules):
        modules.append(last.removeprefix("/"))
    name = "_".join(modules)
    return "" if name.isdigit() else name


def is_turn(one: Path, two: Path) -> bool:
    """Whether two lines are turns of one repeat, or modules of one list."""
    if one == two:
        return True
    last = [str(path[-1]).isdigit() for path in (one, two) if path]
    return one[:-1] == two[:-1] and last == [True, True]
