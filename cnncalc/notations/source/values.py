"""What an expression of the source can be: plain data and these few classes.

Plain data are None, booleans, numbers, strings, tuples, lists, dictionaries, ranges and
slices. No attribute of a real Python object is ever looked up on behalf of the source:
methods are found in explicit tables.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.errors import Span
    from cnncalc.notations.source.scopes import Scope

__all__ = [
    "MISSING",
    "Bound",
    "Builtin",
    "Class",
    "Foreign",
    "Function",
    "Instance",
    "Iterated",
    "Namespace",
    "Opaque",
    "Partial",
    "Property",
    "SetValue",
    "Silent",
    "StaticMethod",
    "Value",
]

Value = Any  # plain data, or one of the classes below


class Builtin:
    """A function that is worked out here: `call(machine, args, kwargs)` gives its value."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[[Any, list[Value], dict[str, Value]], Value]):
        self.name = name
        self.call = call


class Function:
    """A function of the source, with the scope that it closes over."""

    __slots__ = (
        "attributes",
        "body",
        "defaults",
        "generates",
        "kwdefaults",
        "name",
        "node",
        "owner",
        "scope",
    )

    def __init__(
        self,
        name: str,
        node: ast.FunctionDef | ast.Lambda,
        scope: Scope,
        defaults: list[Value],
        kwdefaults: dict[str, Value],
        generates: bool,
    ) -> None:
        self.name = name
        self.node = node
        self.scope = scope
        self.defaults = defaults
        self.kwdefaults = kwdefaults
        self.generates = generates
        self.owner: Class | None = None
        self.attributes: dict[str, Value] = {}


class Bound:
    """A function with its first argument."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: Function | Builtin, receiver: Value) -> None:
        self.function = function
        self.receiver = receiver


class Partial:
    """`functools.partial`."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs


class Property:
    """A property: the functions behind an attribute."""

    __slots__ = ("cached", "getter", "setter")

    def __init__(self, getter: Value, setter: Value = None, cached: bool = False) -> None:
        self.getter = getter
        self.setter = setter
        self.cached = cached


class StaticMethod:
    """A function in a class that gets no receiver, or the class as its receiver."""

    __slots__ = ("function", "of_class")

    def __init__(self, function: Value, of_class: bool) -> None:
        self.function = function
        self.of_class = of_class


class Class:
    """A class of the source, of a framework, or a plain type.

    Attributes:
        bases: direct bases.
        order: the class and all it inherits from, as attributes are looked up.
        names: what its body defines.
        make: how instances of a plain type are made, `make(machine, args, kwargs)`.
        test: for abstract types, what counts as an instance.
        reader: for a framework's layer, the vocabulary's function for it.
        library: whether it is a framework's (or Python's) own.
    """

    __slots__ = (
        "bases",
        "fields",
        "foreign",
        "later",
        "library",
        "make",
        "name",
        "names",
        "order",
        "pending",
        "place",
        "reader",
        "test",
    )

    def __init__(
        self,
        name: str,
        bases: tuple[Class, ...] = (),
        names: dict[str, Value] | None = None,
        *,
        make: Callable[[Any, list[Value], dict[str, Value]], Value] | None = None,
        test: Callable[[Value], bool] | None = None,
        reader: Callable[..., Any] | None = None,
        library: bool = True,
    ) -> None:
        self.name = name
        self.bases = bases
        self.names = names if names is not None else {}
        self.make = make
        self.test = test
        self.reader = reader
        self.library = library
        self.fields: list[tuple[str, Value]] | None = None  # of a record class
        self.foreign: str | None = None  # a base that can't be read
        self.pending: Callable[[], None] | None = None  # the body, if it waits until it is needed
        self.later: frozenset[str] = frozenset()  # the names that it will define
        self.place: Callable[[], Span] | None = None  # where the source has it
        behind = bases[0].order if len(bases) == 1 else merged([b.order for b in bases] + [bases])
        self.order: tuple[Class, ...] = (self, *behind)

    def find(self, name: str) -> Value:
        """The attribute of this class or of those it inherits from; MISSING if there is none."""
        for cls in self.order:
            if cls.pending is not None and (name in cls.later or name == "__members__"):
                pending, cls.pending = cls.pending, None
                pending()
            if name in cls.names:
                return cls.names[name]
        return MISSING

    def __repr__(self) -> str:
        return f"<class {self.name}>"


MISSING: Any = type("Missing", (), {"__slots__": ()})()


def merged(orders: list[tuple[Class, ...]]) -> list[Class]:
    """The C3 linearisation that Python uses; plain depth first where it has none."""
    rests = [list(reversed(order)) for order in orders if order]
    behind = Counter(cls for rest in rests for cls in rest[:-1])
    result: dict[Class, None] = {}
    while rests:
        heads = (rest[-1] for rest in rests)
        head = next((cls for cls in heads if not behind[cls]), rests[0][-1])
        result[head] = None
        for rest in rests:
            if rest[-1] is head:
                while rest and rest[-1] in result:
                    rest.pop()
                if rest:
                    behind[rest[-1]] -= 1
        rests = [rest for rest in rests if rest]
    return list(result)


class Instance:
    """An object of a class of the source, or a framework's module.

    Attributes:
        fields: its attributes, in the order they were set.
        layers: for a framework's layer, the neutral layers it stands for.
        made: where it was made, innermost call first.
        content: the plain value behind an instance of a subclass of dict, list …
        ready: for a module, whether its base's `__init__` has run.
    """

    __slots__ = ("cls", "content", "fields", "layers", "made", "ready")

    def __init__(self, cls: Class, made: tuple[Span, ...] = ()) -> None:
        self.cls = cls
        self.fields: dict[str, Value] = {}
        self.layers: Any = None
        self.made = made
        self.content: Any = None
        self.ready = False

    def text(self) -> str:
        """What an exception says."""
        args = self.fields.get("args", ())
        return str(args[0]) if args and isinstance(args[0], str | int | float) else ""


class Namespace:
    """A library's module, such as `torch.nn`: what is in it is known by dotted name."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class Foreign:
    """Something of a package that isn't read; an error only where it is used."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class Opaque:
    """Something that may be passed around but says nothing about shapes: a device, a dtype."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, **fields: Value) -> None:
        self.name = name
        self.fields = fields

    def __repr__(self) -> str:
        return self.name


class Iterated:
    """An iterator over values that are all there already."""

    __slots__ = ("items", "place")

    def __init__(self, items: list[Value]) -> None:
        self.items = items
        self.place = 0

    def __iter__(self) -> Iterator[Value]:
        while self.place < len(self.items):
            self.place += 1
            yield self.items[self.place - 1]


class SetValue:
    """A set that remembers the order in which its elements came."""

    __slots__ = ("items",)

    def __init__(self, items: dict[Value, None]) -> None:
        self.items = items


class Silent(Opaque):
    """Something whose calls change no shape and no count: logging, weight initialisation."""

    __slots__ = ()
