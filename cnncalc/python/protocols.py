"""How frameworks come in: libraries, which bring names. Their values are guests."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import SpecError
from cnncalc.python.machine import Adaptation, Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import MISSING, Builtin, Value

__all__ = ["Library"]


class Library:
    """What `import` names of some packages, and what their values mean to the reading of models.

    Attributes:
        packages: the first names of the dotted ones that `find` knows.
        meant: those of them that a misspelt package may be meant for.
        outranks: whether these packages win over files of the same name beside the source.
        settled: dotted names that mean what `find` gives, even where the package is read.
        homes: modules whose names people use without an import.
        short: dotted names by the words for them that people leave without an import.
        changing: methods that change what they are called on.
        adapting: what a function under a decorator of this name is, as the decorator leaves it.
        anywhere: names that mean this, whatever file they are imported from.
        methods: those that plain data have with it beside Python's own.
    """

    packages: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    outranks = False
    settled: frozenset[str] = frozenset()
    homes: tuple[str, ...] = ()
    short: Mapping[str, str] = {}
    changing: frozenset[str] = frozenset()
    adapting: Mapping[str, Adaptation] = {}
    anywhere: Mapping[str, Value] = {}
    methods: Mapping[type, Mapping[str, Builtin]] = {}

    def start(self, machine: Machine, file: SourceFile) -> None:
        """Look at the main file, before any of it runs."""

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name, its package's included; a Foreign where it isn't read."""
        raise NotImplementedError

    def file(self, path: str) -> str | None:
        """The dotted name by which files may tell what `find` doesn't know; None: they may not."""
        return None

    def names(self, path: str) -> list[str] | None:
        """The names of one of its modules, as `dir` gives them; None where it doesn't say."""
        return None

    def assume(self, machine: Machine, name: str) -> Value:
        """What a name means that nothing defines, as in a snippet; MISSING if nothing."""
        return machine.library(self.short[name]) if name in self.short else MISSING

    def unknown(self, name: str) -> Refusal | None:
        """What is said of a name that nothing defines, where it looks like one of these."""
        return None

    def unread(self, path: str) -> Refusal | None:
        """What is said of a name of these packages that isn't read; None: the same as of others."""
        return None

    def brought(self, name: str) -> str | None:
        """The import that brings a name which nothing defines, where it is surely one of these."""
        return None

    def exactly(self, name: str, called: bool) -> str | None:
        """How a name that nothing defines is written, where it is surely one of these."""
        return None

    def near(self, name: str, called: bool) -> str | None:
        """The nearest of these names, where the source has none near enough."""
        return None

    def near_path(self, path: str) -> str | None:
        """The name that is nearest to a dotted one that there is not."""
        return None

    def is_model(self, value: Value) -> bool:
        """Whether a value is a model of this library, which can be run."""
        return False

    def told(self, machine: Machine, error: SpecError) -> SpecError:
        """An error that ends a reading, with what the library can add."""
        return error
