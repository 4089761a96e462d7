"""What imports bring: library names by table, neighbouring files by reading them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.scopes import Module
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import MISSING, Foreign, Namespace, Silent, Value
from cnncalc.notations.source.words import words

if TYPE_CHECKING:
    from cnncalc.notations.source.machine import Machine

__all__ = ["Imports"]

STANDARD = frozenset(
    words(
        "abc argparse collections copy dataclasses enum functools inspect itertools json keyword "
        "logging math "
        "numbers numpy operator os os.path collections.abc re sys types typing typing_extensions "
        "warnings __future__"
    )
)
LOGGING = ("_log_api_usage_once",)  # says to torch that a class is used
TORCH = ("torch", "torchvision", "timm", "pytorch_lightning", "lightning")
KERAS = ("keras", "tensorflow", "tf_keras", "keras_core")


class Imports:
    """How one reading follows imports."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.known: dict[str, Value] = {}
        self.folders: set[str] = set()  # of the tree, without an `__init__.py`
        self.seeking: dict[str, set[Module]] = {}  # files in which a name is being looked up
        self.guarded = 0  # inside a `try` that expects an import to fail

    def library(self, path: str) -> Value:
        """What a dotted library name stands for."""
        if path not in self.known:
            self.known[path] = self._library(path)
        return self.known[path]

    def _in_folder(self, path: str) -> Value:
        """What lies in a folder of the tree that is no package."""
        file = self.machine.tree.find(path)
        return self.machine.module(file) if file is not None else Namespace(path)

    def _library(self, path: str) -> Value:
        top = path.partition(".")[0]
        if top in self.folders:
            return self._in_folder(path)
        if top in TORCH:
            from cnncalc.notations.source.torch_names import find_torch

            return find_torch(self.machine, path)
        if top in KERAS:
            from cnncalc.notations.source.keras_names import find_keras

            return find_keras(self.machine, path)
        from cnncalc.notations.source.library import find

        found = find(path)
        if found is MISSING:
            found = Namespace(path) if path in STANDARD else Foreign(path)
        return found

    def module(self, importer: Module, name: str, whole: str) -> Value:
        """`import whole as …`: the module called `name`."""
        file = self.machine.tree.find(name)
        if file is not None and not self._framework_first(name):
            return self.machine.module(file)
        if name != whole and file is None and self.machine.tree.find(whole) is not None:
            self.folders.add(name)
        return self._checked(self.library(name))

    def _framework_first(self, name: str) -> bool:
        """Whether a name means the framework even in the framework's own source tree."""
        found = self.library(name)
        return name.partition(".")[0] in KERAS and not isinstance(found, Foreign)

    def member(self, importer: Module, node: ast.ImportFrom, name: str) -> Value:
        """`from module import name`."""
        if name in LOGGING:
            return Silent(name)
        path = self.absolute(importer, node)
        if path.partition(".")[0] in KERAS:
            found = self.library(f"{path}.{name}")
            if not isinstance(found, Foreign):
                return found
        for whole in (path, f"{path}.{name}".strip(".")):
            file = self.machine.tree.find(whole) if whole else None
            if file is None:
                continue
            module = self.machine.module(file)
            if whole != path:
                return module
            busy = getattr(module.scope.names.get(name), "busy", False)
            if not busy and (module.has(name) or module.stars):
                return module.find(name)
        if node.level:
            raise Refusal(
                f"`{name}` can't be found: there is no `{'.' * node.level}{node.module or name}` "
                "in this source tree",
                help="files beside this one are read; give the file where it lies",
                code="import",
            )
        return self._checked(self.library(f"{path}.{name}"))

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
        file = self.machine.tree.find(path)
        if file is not None:
            module = self.machine.module(file)
            return module.look(name)
        found = self.library(f"{path}.{name}")
        return MISSING if isinstance(found, Foreign | Namespace) else found

    def submodule(self, module: Module, name: str) -> Value:
        """`package.name` where `name` is a file of the package."""
        file = self.machine.tree.find(f"{module.file.name}.{name}")
        return MISSING if file is None else self.machine.module(file)

    def _checked(self, value: Value) -> Value:
        if self.guarded and isinstance(value, Foreign):
            raise raised("ImportError", f"`{value.path}` isn't read here")
        return value
