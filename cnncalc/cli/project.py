"""The networks that a project's pyproject.toml names, with what they have to live up to.

    [tool.cnncalc.networks.classifier]
    spec = "model.py:Net(n_classes=10)"
    input = "3x32x32"
    max-params = "5M"

Each key is an option's name; `spec` is what would stand behind the command.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

from cnncalc import files
from cnncalc.cli.options import Checks, Settings, Spec
from cnncalc.errors import CnnCalcError, Piece, Source, Span, SpecError
from cnncalc.suggestions import suggest

__all__ = ["Entry", "entries", "find"]

NAME = "pyproject.toml"
TABLE = ("tool", "cnncalc", "networks")
MAX_BYTES = 4_000_000
HEAD = r"\[+(?P<head>[^\[\]]+)\]+\s*(?:#|$)"
KEY = r"""(?P<key>(?:[\w.-]|"[^"]*"|'[^']*'|\s(?!\s*=))+)\s*="""
EXAMPLE = '`[tool.cnncalc.networks.NAME]` and below it `spec = "model.py:Net"`'


class Entry(NamedTuple):
    """A network of the file: its name, the line where it stands, and its options."""

    name: str
    line: int
    settings: Settings


def find() -> str:
    """The path of pyproject.toml in this folder, or in the nearest above that has one."""
    folder = start = os.getcwd()
    while not os.path.isfile(os.path.join(folder, NAME)):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            raise CnnCalcError(
                f"neither this folder nor one above has a {NAME}",
                code="no-file",
                help=f"in a {NAME} {EXAMPLE}; another file is `--config FILE`",
            )
    return os.path.relpath(os.path.join(folder, NAME), start)


def entries(path: str) -> list[Entry]:
    """The networks of a file, in its order.

    Raises:
        SpecError: what is no TOML, names no network, has a key that is no option or a value of
            another type, with its place; or a file that can't be read.
    """
    project = _Project(path, _text(path))
    return [project.entry(name, table) for name, table in project.networks().items()]


def _text(path: str) -> str:
    try:
        data = files.read(path, MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise SpecError(f"`{path}` can't be read: {reason}", code="no-file") from None
    if len(data) > MAX_BYTES:
        raise SpecError(f"`{path}` has more than {MAX_BYTES:,} bytes", code="too-large")
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise SpecError(f"`{path}` is no text in UTF-8", code="project") from None


class _Project:
    """A file with its text, so that what is wrong in it is told with its place."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.source = Source(text, (Piece(0, path),))
        self.places = dict(_places(text))

    def networks(self) -> dict[str, Any]:
        found = self.read()
        for depth, key in enumerate(TABLE):
            found = found.get(key, {})
            if not isinstance(found, dict):
                self.refuse(TABLE[: depth + 1], f"`{key}` is no table", EXAMPLE)
        if not found:
            raise SpecError(f"`{self.path}` names no network", code="project", help=EXAMPLE)
        return found

    def read(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.source.text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            place = re.search(r" \(at line (\d+), column (\d+)\)", message)
            said = re.sub(r" \(at .*\)", "", message)
            lines = self.source.text.split("\n")
            line, column = map(int, place.groups()) if place else (len(lines), 1)
            start = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
            span = Span(self.source, start, start + 1)
            said = said[:1].lower() + said[1:]
            raise SpecError(f"this is no TOML: {said}", span, code="project") from None

    def entry(self, name: str, table: object) -> Entry:
        path = (*TABLE, name)
        if not isinstance(table, dict):
            self.refuse(path, f"`{name}` is no table", EXAMPLE)
        if "spec" not in table:
            self.refuse(path, f"the network `{name}` has no `spec`", 'such as `spec = "resnet50"`')
        given = {}
        for key, value in table.items():
            if key not in KEYS:
                near = suggest(key, KEYS)
                meant = f"did you mean `{near}`? " if near else ""
                listed = f"{meant}the keys are {', '.join(KEYS)}"
                self.refuse((*path, key), f"a network has no key `{key}`", listed)
            field, takes = KEYS[key]
            given[field] = taken = _taken(value, takes)
            if taken is None:
                self.refuse((*path, key), f"`{key}` can't have this value", WANTED[takes])
        return Entry(name, self.span(path).place()[1], Settings(**given))

    def span(self, path: Sequence[str]) -> Span:
        """Where a key stands, or else what it would stand in."""
        for end in range(len(path), 0, -1):
            if place := self.places.get(tuple(path[:end])):
                return Span(self.source, *place)
        return Span(self.source, 0, 1)

    def refuse(self, path: Sequence[str], message: str, help: str) -> NoReturn:
        raise SpecError(message, self.span(path), code="project", help=help)


def _places(text: str) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """For each key of a TOML text where it stands: tomllib tells only values."""
    table: tuple[str, ...] = ()
    start, inside = 0, ""
    for line in text.split("\n"):
        words = None if inside else re.match(f"\\s*(?:{HEAD}|{KEY})", line)
        path = _key(words["head"] or words["key"]) if words else ()
        if words and path:
            table, path = (path, path) if words["head"] else (table, (*table, *path))
            first, end = words.span("head" if words["head"] else "key")
            yield path, (start + first, start + end)
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2 and inside in ("", quotes):
                inside = "" if inside else quotes
        start += len(line) + 1


def _key(text: str) -> tuple[str, ...]:
    """The parts of a dotted key; none where it is no key."""
    try:
        found = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    path = []
    while isinstance(found, dict):
        ((name, found),) = found.items()
        path.append(name)
    return tuple(path)


def _keys() -> dict[str, tuple[str, str]]:
    """For each key the field of the options that it sets, and what it takes."""
    found = {"spec": ("words", "texts")}
    for field, hint in {**Spec.declared(), **Checks.declared()}.items():
        option = hint.__metadata__[0]
        for word in (option.default, *(option.param_decls or ())):
            if isinstance(word, str) and word.startswith("--"):
                kind = hint.__origin__
                takes = "flag" if kind is bool else "texts" if "list" in str(kind) else "text"
                found[word[2:]] = field, takes
    return found


KEYS = _keys()
WANTED = {
    "flag": "true or false",
    "text": 'a text such as "5M", a number, or a size such as [3, 32, 32]',
    "texts": 'a text such as "3x32x32", a size such as [3, 32, 32], a list of texts, or a table '
    "such as {image = [3, 32, 32], z = 100}",
}


def _taken(value: object, takes: str) -> Any:
    """A value of TOML as the option would have it; None: it can't be one."""
    if takes == "flag":
        return value if isinstance(value, bool) else None
    text = _text_of(value)
    if takes == "text":
        return text
    if text is not None:
        return [text]
    if isinstance(value, dict):
        members = {name: _text_of(member) for name, member in value.items()}
        return None if None in members.values() else [f"{k}={v}" for k, v in members.items()]
    texts = [_text_of(each) for each in value] if isinstance(value, list) else []
    return None if None in texts or not texts else texts


def _text_of(value: object) -> str | None:
    """A text, a number or a size as it would be typed."""
    if isinstance(value, list) and value and all(type(each) is int for each in value):
        return "x".join(map(str, value))
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, str | int | float) else None
