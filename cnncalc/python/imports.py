"""What imports bring: library names by table, neighbouring files by reading them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from cnncalc.python.exceptions import raised
from cnncalc.python.machine import Machine, Module
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import Tree
from cnncalc.python.values import MISSING, Foreign, Namespace, Value
from cnncalc.suggestions import suggest

__all__ = ["Imports", "outside"]

NOT_READ = "only files of the same folder or package are read, and nothing is executed"


class Imports:
    """How one reading follows imports.

    Attributes:
        libraries: where dotted names are looked up, the last one for what the others don't have.
        known: the dotted names so far.
        folders: of the tree, without an `__init__.py`.
        seeking: files in which a name is being looked up.
    """

    def __init__(self, machine: Machine, tree: Tree, libraries: Sequence[Library]) -> None:
        self.machine = machine
        self.tree = tree
        self.libraries = libraries
        self.known: dict[str, Value] = {}
        self.folders: set[str] = set()
        self.seeking: dict[str, set[Module]] = {}

    def library(self, path: str) -> Value:
        """What a dotted library name stands for."""
        if path not in self.known:
            self.known[path] = self._found(path)
        return self.known[path]

    def _found(self, path: str) -> Value:
        top = path.partition(".")[0]
        if top in self.folders:
            return self._in_folder(path)
        home = self._home(top)
        return Foreign(path) if home is None else home.find(self.machine, path)

    def _home(self, top: str) -> Library | None:
        """The library that has a package."""
        return next((each for each in self.libraries if top in each.packages), None)

    def _in_folder(self, path: str) -> Value:
        """What lies in a folder of the tree that is no package."""
        file = self.tree.find(path)
        return self.machine.module(file) if file is not None else Namespace(path)

    def module(self, name: str, whole: str) -> Value:
        """`import whole as …`: the module called `name`."""
        file = self.tree.find(name)
        if file is not None and self._outranking(name, name) is MISSING:
            return self.machine.module(file)
        if name != whole and file is None and self.tree.find(whole) is not None:
            self.folders.add(name)
        return self._checked(self.library(name))

    def _outranking(self, package: str, path: str) -> Value:
        """What a name means even in the framework's own source tree; MISSING for most."""
        home = self._home(package.partition(".")[0])
        found = self.library(path) if home is not None and home.outranks else MISSING
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
            if not module.follows(name) and (module.has(name) or module.stars):
                return module.find(name)
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
        file = self.tree.find(path)
        if file is not None:
            return self.machine.module(file).look(name)
        found = self.library(f"{path}.{name}")
        return MISSING if isinstance(found, Foreign | Namespace) else found

    def submodule(self, module: Module, name: str) -> Value:
        """`package.name` where `name` is a file of the package."""
        file = self.tree.find(f"{module.file.name}.{name}")
        return MISSING if file is None else self.machine.module(file)

    def unread(self, path: str) -> Refusal:
        """What is said of something of a package that isn't read."""
        for library in self.libraries:
            refusal = library.unread(path)
            if refusal is not None:
                return refusal
        package = path.partition(".")[0]
        near = suggest(package, [each for library in self.libraries for each in library.meant])
        return outside(path, f"did you mean `{near}`?" if near else NOT_READ)

    def _checked(self, value: Value) -> Value:
        if self.machine.guarded and isinstance(value, Foreign):
            raise raised("ImportError", f"`{value.path}` isn't read here")
        return value


def outside(path: str, advice: str) -> Refusal:
    """What is said of a name whose package is neither read nor a library's."""
    package = path.partition(".")[0]
    return Refusal(
        f"`{path}` can't be followed: `{package}` is not part of this source tree",
        help=advice,
        code="foreign",
    )
