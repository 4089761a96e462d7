"""Python files as text and syntax tree, and the neighbours that they import.

A file is read, never imported; only files of the same source tree, or of packages that are
looked for by their names (`module_search`), are read at all.
"""

from __future__ import annotations

import ast
import os
import re
import stat
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from cnncalc import files
from cnncalc.errors import Piece, Source, Span, SpecError
from cnncalc.python.limits import MAX_BYTES, Budget
from cnncalc.python.module_search import Place, Search, project_of
from cnncalc.python.refusals import Refusal

__all__ = ["Disk", "SourceFile", "Tree", "syntax_tree", "tree_or_none"]

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
# Python looks for the line of a syntax error in a file of this name: none can have it.
NO_FILE = f"{os.devnull}/source"
LONG_LINE = 5_000  # beyond it columns of a line with other letters than ASCII are bytes
NOTEBOOK = re.compile(r"^([ \t]*)[%!](?=\w)", re.MULTILINE)
PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)
BLOCK = re.compile(r"^([ \t]*)(?:async[ \t]+)?(?:def|class|@)\b", re.MULTILINE)  # that follows
AGAIN = 50  # times as quickly a text is searched as a file is opened
FIRST = 10_000  # characters that opening one costs, however short
MAX_INDENT = 100
STAR = re.compile(r"^from \.([\w.]*) import \*", re.MULTILINE)
DEFINED = re.compile(
    r"^(?:(?:def|class) (\w+)|from [\w.]+ import (?:\w+ as )?(\w+)$)", re.MULTILINE
)
BRINGING = ("import *", "globals()", "vars()")  # what gives a module names that it doesn't spell
DOT = "\N{ONE DOT LEADER}"  # in dotted names: one within the name of a folder, as `v1.0`


# What to do about a syntax error: the text, where the error starts and ends, Python's words, and
# what gives something true for a text that can be parsed.
Advice = Callable[[str, int, int, str, Callable[[str], object]], str]


class SourceFile:
    """One file's text and syntax tree.

    Attributes:
        name: dotted, from the root of the source tree, such as `models.unet`.
        package: the dotted name that relative imports start from.
        folder: where the file lies, or None for text without one.
        begin: where the Python starts in the text: behind an input size.
        advice: what to do about a text that is no Python.
        shown: whether messages point into it; not into what a library is made of here.
    """

    def __init__(
        self,
        source: Source,
        name: str = "",
        package: str = "",
        folder: Path | None = None,
        begin: int = 0,
        advice: Advice | None = None,
        shown: bool = True,
    ) -> None:
        self.source = source
        self.shown = shown
        self.name = name
        self.package = package
        self.folder = folder
        if len(source.text) > MAX_BYTES:
            raise SpecError(
                f"a source of {len(source.text):,} characters is too large",
                Span(source, 0, 0),
                code="too-large",
                help=f"at most {MAX_BYTES:,}",
            )
        self.text = source.text[begin:]
        self.lines = [line for line in LINE.findall(self.text) if line]
        self.starts = list(accumulate((len(line) for line in self.lines), initial=begin))
        self.shift = 0
        self.pad = 0
        self.advice = advice
        self.tree = self._parse()

    def _parse(self) -> ast.Module:
        text = self.text
        try:
            return syntax_tree(text)
        except SyntaxError as error:
            for shift, pad, variant in variants(text):
                tree = tree_or_none(variant)
                if tree is not None:
                    self.shift, self.pad = shift, pad
                    return unwrapped(tree, shift)
            raise self._syntax_error(error) from None
        except (ValueError, MemoryError, RecursionError, OverflowError):
            raise SpecError(
                "this can't be read as Python: it is nested too deeply, or holds characters "
                "that no Python file may",
                Span(self.source, 0, 1),
                code="syntax",
            ) from None

    def _syntax_error(self, error: SyntaxError) -> SpecError:
        start = self._place(error.lineno, error.offset)
        end = max(self._place(error.end_lineno, error.end_offset), start + 1)
        begin = len(self.source.text) - len(self.text)
        return SpecError(
            f"this isn't Python: {error.msg}",
            Span(self.source, start, end),
            code="syntax",
            help=self.advice
            and self.advice(self.text, start - begin, end - begin, error.msg or "", tree_or_none),
        )

    def _place(self, line: int | None, column: int | None) -> int:
        """The place that a syntax error names, lines and columns from 1; 0 where it names none."""
        if not line or not column:
            return 0
        start = self.starts[min(line - 1, len(self.starts) - 1)]
        return min(start + column - 1, len(self.source.text))

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        first, last = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
        start = self.offset(first, node.col_offset)  # type: ignore[attr-defined]
        return Span(self.source, start, self.offset(last, node.end_col_offset or 0))  # type: ignore[attr-defined]

    def header(self, node: ast.stmt | ast.Lambda) -> Span:
        """The first line of a class or a function."""
        start = self.offset(node.lineno, node.col_offset)
        line = self.source.text[start:].partition("\n")[0]
        return Span(self.source, start, start + len(line.partition("#")[0].rstrip().rstrip(":")))

    def offset(self, line: int, column: int) -> int:
        """The place in the text; columns of a syntax tree count bytes of UTF-8."""
        index = line - 1 - self.shift
        if not 0 <= index < len(self.lines):
            return len(self.source.text) if index > 0 else 0
        text = self.lines[index]
        if index == 0:
            column = max(column - self.pad, 0)
        if not text.isascii() and len(text) < LONG_LINE:
            column = len(text.encode()[:column].decode(errors="ignore"))
        return self.starts[index] + column


def variants(text: str) -> Iterator[tuple[int, int, str]]:
    """What a text that is no Python may have been: (lines before it, columns before it, text).

    Indented as a whole, or but for its first line; from the middle of a block, which ends in it;
    from a notebook, or from a prompt.
    """
    yield 1, 0, f"if 1:\n{text}"
    first, _, rest = text.partition("\n")
    indents = INDENT.findall(rest)
    bare = not first[:1].isspace()
    if indents and bare:
        indent = min(indents, key=len)[:MAX_INDENT]
        yield 1, len(indent), f"if 1:\n{indent}{text}"
    outer = BLOCK.search(text)
    if indents and outer:
        pad = indents[0][:MAX_INDENT] if bare else ""
        head = f"if 1:\n{outer[1]}if 1:\n" if outer[1] else "if 1:\n"
        yield head.count("\n"), len(pad), f"{head}{pad}{text}"
    for pattern, form in ((NOTEBOOK, r"\1#"), (PROMPT, "    ")):
        variant = pattern.sub(form, text)
        if variant != text:
            yield (0, 0, variant) if pattern is NOTEBOOK else (1, 0, f"if 1:\n{variant}")


def unwrapped(tree: ast.Module, lines: int) -> ast.Module:
    """The tree without what so many lines were put around it for."""
    body = tree.body
    for _ in range(lines):
        outer, *others = body
        assert isinstance(outer, ast.If)
        body = [*outer.body, *others]
    return ast.Module(body, [])


def syntax_tree(text: str) -> ast.Module:
    """The tree of a text, without the warnings that compiling may print."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, NO_FILE)


def tree_or_none(text: str) -> ast.Module | None:
    """The same; None of what is no Python."""
    try:
        return syntax_tree(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None


class Disk:
    """What was read of the file system: read again, also elsewhere, a network stays the same."""

    def __init__(self) -> None:
        self.texts: dict[Path, str | None] = {}
        self.files: dict[Path, bool] = {}
        self.packages: dict[str, Place | None] = {}

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""
        if path not in self.files:
            self.files[path] = path.is_file()
        return self.files[path]

    def text(self, path: Path, home: Path) -> str | None:
        """The text of a file that lies in `home` once links are followed; None without one."""
        if path not in self.texts:
            self.texts[path] = self._read(path, home)
        return self.texts[path]

    def _read(self, path: Path, home: Path) -> str | None:
        try:
            status = path.stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode) or not path.resolve().is_relative_to(home.resolve()):
            return None
        if status.st_size > MAX_BYTES:
            raise Refusal(f"`{path.name}` is too large to read", code="too-large")
        try:
            return files.text(files.read(path, MAX_BYTES), python=True)
        except files.TextError as error:
            problem = f"`{path.name}` is not text: {error.message}"
            raise Refusal(problem, help=error.help, code="encoding") from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Refusal(f"`{path.name}` can't be read: {reason}", code="encoding") from None


class Tree:
    """The source tree around one file: what its imports may reach.

    The tree is the folder of the file, or the topmost package that holds it.

    Attributes:
        home: what may be read of it: the tree, or the project around it.
        packages: where further modules lie that may be read, by their first names.
        search: where more of them are looked for.
    """

    def __init__(
        self,
        path: Path | None,
        budget: Budget,
        packages: Mapping[str, Path] | None = None,
        disk: Disk | None = None,
        advice: Advice | None = None,
        given: Sequence[Path] = (),
    ) -> None:
        self.budget = budget
        self.advice = advice
        self.packages = {name: Place(at.parent, at) for name, at in (packages or {}).items()}
        self.disk = disk or Disk()
        self.files: dict[Path, SourceFile | None] = {}
        self.looked: set[Path] = set()
        folder = self.top = path.resolve().parent if path else None
        self.prefix = self._package_of(folder) if folder else ()
        if folder and self.prefix:
            self.top = folder.parents[len(self.prefix) - 1]
        root = project_of(folder) if folder else None
        self.home = self.top if root is None or self.top is None else root
        self.search = Search(folder, root, given)

    def _package_of(self, folder: Path) -> tuple[str, ...]:
        """The packages around a folder, as far as there are `__init__.py`s."""
        names: list[str] = []
        while self.disk.has(folder / "__init__.py") and folder.name and len(names) < 20:
            names.insert(0, folder.name.replace(".", DOT))
            folder = folder.parent
        return tuple(names)

    def main(self, source: Source, path: Path | None, begin: int = 0) -> SourceFile:
        """The file that reading starts from."""
        self.budget.read(len(source.text))
        folder = path.resolve().parent if path else None
        stem = path.stem.replace(".", DOT) if path else "source"
        name, package = ".".join((*self.prefix, stem)), ".".join(self.prefix)
        return SourceFile(source, name, package, folder, begin, self.advice)

    def find(self, name: str) -> SourceFile | None:
        """The file of a dotted module name in this tree or an opened package, or None."""
        for path, home in self._paths(name):
            if (found := self._read(path, name, home)) is not None:
                return found
        return None

    def holds(self, name: str, word: str) -> bool | None:
        """Whether a module may have a name, by its text, which isn't parsed; None without one."""
        for path, home in self._paths(name):
            text = self.disk.text(path, home)
            if text is not None:
                again = path in self.looked
                self.looked.add(path)
                self.budget.look(len(text) // AGAIN if again else len(text) + FIRST)
                return any(each in text for each in (word, *BRINGING))
        return None

    def names(self, name: str) -> list[str]:
        """What a module may have at its top level, by its text and that of what it stars."""
        names: list[str] = []
        for path, home in self._paths(name):
            text = self.disk.text(path, home)
            for star in STAR.findall(text or ""):
                names += self.names(f"{name}.{star}") if star else []
            names += ["".join(found) for found in DEFINED.findall(text or "")]
        return [each for each in dict.fromkeys(names) if not each.startswith("_")]

    def is_folder(self, first: str) -> bool:
        """Whether a name that was opened is that of a folder without an `__init__.py`."""
        place = self.packages.get(first)
        if place is None or self.find(first) is not None:
            return False
        folder = place.folder / first
        inside = folder.resolve().is_relative_to(place.home.resolve())
        return inside and folder.is_dir() and not self.disk.has(folder / "__init__.py")

    def open(self, first: str) -> bool:
        """Whether modules of this first name lie outside of the tree, where it then finds them."""
        if first in self.packages:
            return True
        if first not in self.disk.packages:
            self.disk.packages[first] = self._place_of(first)
        place = self.disk.packages[first]
        if place is not None:
            self.packages[first] = place
        return place is not None

    def _place_of(self, first: str) -> Place | None:
        if not is_safe(first) or first in sys.stdlib_module_names:
            return None
        for place in self.search.files():
            if self.disk.has(place.folder / first / "__init__.py"):
                return place
            if self.disk.has(place.folder / f"{first}.py"):
                return place
        return next((p for p in self.search.folders() if (p.folder / first).is_dir()), None)

    def _paths(self, name: str) -> Iterator[tuple[Path, Path]]:
        """Where the file of a module may be, each with what may be read."""
        parts = [part.replace(DOT, ".") for part in name.split(".")]
        if not all(map(is_safe, parts)):
            return
        for top, home in self._tops(parts[0]):
            yield top.joinpath(*parts, "__init__.py"), home
            yield top.joinpath(*parts[:-1], f"{parts[-1]}.py"), home

    def _tops(self, first: str) -> list[Place]:
        """Folders in which a module's first name may lie.

        In the tree, or it is the name of a folder around the tree, or of an opened package.
        """
        tops = [self.packages[first]] if first in self.packages else []
        if self.top is None or self.home is None:
            return tops
        if self.prefix and first != self.prefix[0].replace(DOT, "."):
            return tops
        around = [parent for parent in (self.top, *self.top.parents) if parent.name == first]
        named = [Place(each.parent, each) for each in around[:1]]
        return [Place(self.top, self.home), *named, *tops]

    def _read(self, path: Path, name: str, home: Path) -> SourceFile | None:
        if path not in self.files:
            self.files[path] = self._load(path, name, home)
        return self.files[path]

    def _load(self, path: Path, name: str, home: Path) -> SourceFile | None:
        text = self.disk.text(path, home)
        if text is None:
            return None
        self.budget.read(len(text))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        source = Source(text, [Piece(0, str(path))])
        return SourceFile(source, name, package, path.parent, advice=self.advice)


def is_safe(part: str) -> bool:
    """Whether a part of a dotted name leads no further than to what lies in a folder."""
    return bool(part.strip(".")) and not any(sign in part for sign in "/\\\0:")
