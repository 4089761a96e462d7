"""What imports bring: library names by table, neighbouring files by reading them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from cnncalc.python.attributes import get_attribute
from cnncalc.python.exceptions import raised
from cnncalc.python.machine import Machine, Module
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import Tree
from cnncalc.python.values import MISSING, Foreign, Namespace, Value
from cnncalc.suggestions import suggest

__all__ = ["Imports", "outside"]

NOT_READ = "the folder that holds it: `--path DIR`; its files are read, nothing is executed"


class Imports:
    """How one reading follows imports.

    Attributes:
        libraries: where dotted names are looked up, the last one for what the others don't have.
        known: the dotted names so far.
        unfound: those of them that no package has.
        folders: of the tree, without an `__init__.py`.
        seeking: files in which a name is being looked up.
    """

    def __init__(self, machine: Machine, tree: Tree, libraries: Sequence[Library]) -> None:
        self.machine = machine
        self.tree = tree
        self.libraries = libraries
        self.known: dict[str, Value] = {}
        self.unfound: set[str] = set()
        self.folders: set[str] = set()
        self.seeking: dict[str, set[Module]] = {}

    def library(self, path: str) -> Value:
        """What a dotted name stands for: a library's, or that of a package that is read."""
        found = self._named(path)
        if not isinstance(found, Foreign) or path in self.unfound:
            return found
        home = self._home(path.partition(".")[0])
        file = path if home is None else home.file(path)
        elsewhere = self._elsewhere(file.split(".")) if file else MISSING
        if elsewhere is MISSING:
            self.unfound.add(path)
            return found
        self.known[path] = elsewhere
        return elsewhere

    def _named(self, path: str) -> Value:
        """What a dotted name stands for in the libraries and in folders without packages."""
        if path not in self.known:
            top = path.partition(".")[0]
            home = self._home(top)
            if top in self.folders:
                self.known[path] = self._in_folder(path)
            else:
                found = Foreign(path) if home is None else home.find(self.machine, path)
                self.known[path] = found
        return self.known[path]

    def _elsewhere(self, parts: list[str]) -> Value:
        """What a dotted name means in a package outside of the tree, which is read; or MISSING.

        A name that a package has goes before a file of that name.
        """
        if not self.tree.open(parts[0]):
            return MISSING
        if self.tree.is_folder(parts[0]):
            self.folders.add(parts[0])
            return self._in_folder(".".join(parts))
        # The longest front part that is a file: what is left are names inside of it.
        whole = len(parts)
        for cut in range(max(whole - 1, 1), 0, -1):
            file = self.tree.find(".".join(parts[:cut]))
            if file is not None:
                return self._within(self.machine.module(file), parts[cut:])
        return MISSING

    def _within(self, module: Module, names: list[str]) -> Value:
        """What names mean one after another, the first one in a module."""
        value: Value = module
        for name in names:
            if value is MISSING or not isinstance(value, Module):
                return MISSING if value is MISSING else get_attribute(self.machine, value, name)
            found = MISSING if value.follows(name) else value.look(name)
            value = self.submodule(value, name) if found is MISSING else found
        return value

    def _home(self, top: str) -> Library | None:
        """The library that has a package."""
        return next((each for each in self.libraries if top in each.packages), None)

    def _in_folder(self, path: str) -> Value:
        """What lies in a folder that is no package: a file, a folder, or a name of the file."""
        file = self.tree.find(path)
        if file is not None:
            return self.machine.module(file)
        home, _, name = path.rpartition(".")
        file = self.tree.find(home) if home else None
        found = MISSING if file is None else self.machine.module(file).look(name)
        return Namespace(path) if found is MISSING else found

    def module(self, name: str, whole: str) -> Value:
        """`import whole as …`: the module called `name`."""
        file = self.tree.find(name)
        settled = name in self.tree.packages and self._home(name) is not None
        if file is not None and not settled and self._outranking(name, name) is MISSING:
            return self.machine.module(file)
        if name != whole and file is None and self.tree.find(whole) is not None:
            self.folders.add(name)
        return self._checked(self.library(name))

    def _outranking(self, package: str, path: str) -> Value:
        """What a name means even in the framework's own source tree; MISSING for most."""
        home = self._home(package.partition(".")[0])
        wins = home is not None and (home.outranks or path in home.settled)
        found = self._named(path) if wins else MISSING
        return MISSING if isinstance(found, Foreign) else found

    def member(self, importer: Module, node: ast.ImportFrom, name: str) -> Value:
        """`from module import name`."""
        for library in self.libraries:
            if name in library.anywhere:
                return library.anywhere[name]
        path = self.absolute(importer, node)
        found = self._outranking(path, f"{path}.{name}")
        if found is MISSING:
            found = self._in_tree(path, name)
        if found is not MISSING:
            return found
        if node.level and self.machine.guarded:
            raise raised("ImportError", f"there is no `{name}` in this source tree")
        if node.level:
            raise Refusal(
                f"`{name}` can't be found: there is no `{'.' * node.level}{node.module or name}` "
                "in this source tree",
                help="files beside this one are read; give the file where it lies",
                code="import",
            )
        return self._checked(self.library(f"{path}.{name}"))

    def _in_tree(self, path: str, name: str) -> Value:
        """A name of a file, or a file of a package; MISSING: neither."""
        for whole in (path, f"{path}.{name}".strip(".")):
            file = self.tree.find(whole) if whole else None
            if file is None:
                continue
            module = self.machine.module(file)
            if whole != path:
                return module
            if module.follows(name):
                continue
            found = module.find(name) if module.has(name) else module.look(name)
            if found is not MISSING:
                return found
        return MISSING

    def absolute(self, importer: Module, node: ast.ImportFrom) -> str:
        """The dotted name of the module that a `from` imports from."""
        if not node.level:
            return node.module or ""
        parts = importer.file.package.split(".") if importer.file.package else []
        if node.level - 1 > len(parts):
            raise Refusal("this import reaches beyond the source tree", code="import")
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def through_stars(self, module: Module, name: str) -> Value:
        """What a file's `from … import *` bring; files may import one another in circles."""
        seen = self.seeking.get(name)
        outermost = seen is None
        seen = self.seeking.setdefault(name, set())
        if module in seen:
            return MISSING
        seen.add(module)
        try:
            found = (self.starred(module, star, name) for star in module.stars)
            return next((value for value in found if value is not MISSING), MISSING)
        finally:
            if outermost:
                del self.seeking[name]

    def starred(self, importer: Module, node: ast.ImportFrom, name: str) -> Value:
        """A name that `from module import *` may have brought, or MISSING."""
        if name.startswith("__"):
            return MISSING
        path = self.absolute(importer, node)
        held = self.tree.holds(path, name)
        file = self.tree.find(path) if held else None
        if held is not None:
            return MISSING if file is None else self.machine.module(file).look(name)
        found = self.library(f"{path}.{name}")
        return MISSING if isinstance(found, Foreign | Namespace) else found

    def submodule(self, module: Module, name: str) -> Value:
        """`package.name` where `name` is a file of the package."""
        file = self.tree.find(f"{module.file.name}.{name}")
        return MISSING if file is None else self.machine.module(file)

    def unread(self, path: str) -> Refusal:
        """What is said of something of a package that isn't read."""
        if path.partition(".")[0] in self.tree.packages:
            return self._lacking(path)
        for library in self.libraries:
            refusal = library.unread(path)
            if refusal is not None:
                return refusal
        package = path.partition(".")[0]
        near = suggest(package, [each for library in self.libraries for each in library.meant])
        return outside(path, f"did you mean `{near}`?" if near else NOT_READ)

    def _lacking(self, path: str) -> Refusal:
        """What is said of a name that a package doesn't have whose files are read."""
        home, _, name = path.rpartition(".")
        top = path.partition(".")[0]
        if self.tree.find(top) is None and not self.tree.is_folder(top):
            return Refusal(
                f"`{path}` can't be followed: `{top}` is a link out of the folder that may be read",
                help="the folder that it leads into: `--path DIR`",
                code="foreign",
            )
        known = self.tree.names(home) if home else []
        near = suggest(name, known)
        return Refusal(
            f"there is no `{name or path}` in `{home or path}`, whose files are read",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(known[:8])}",
            code="import",
        )

    def _checked(self, value: Value) -> Value:
        if self.machine.guarded and isinstance(value, Foreign):
            raise raised("ImportError", f"`{value.path}` isn't read here")
        return value


def outside(path: str, advice: str) -> Refusal:
    """What is said of a name whose package is neither read nor a library's."""
    package = path.partition(".")[0]
    if package in sys.stdlib_module_names:
        return Refusal(
            f"`{path}` can't be followed: that part of Python's library isn't read here",
            help="what the model needs of it, written in its place",
            code="foreign",
        )
    return Refusal(
        f"`{path}` can't be followed: `{package}` is neither in this source tree nor installed",
        help=advice,
        code="foreign",
    )
