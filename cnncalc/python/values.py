"""What an expression of the source can be: plain data, these few classes, and guests.

Plain data are None, booleans, numbers, strings, tuples, lists, dictionaries, ranges and
slices. No attribute of a real Python object is ever looked up on behalf of the source:
methods are found in explicit tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from cnncalc.errors import Span

__all__ = [
    "MISSING",
    "OBJECT",
    "Arguments",
    "Bound",
    "Builtin",
    "Call",
    "Class",
    "Deque",
    "Described",
    "Entries",
    "Foreign",
    "Instance",
    "Iterated",
    "Keys",
    "Keywords",
    "Namespace",
    "Opaque",
    "Partial",
    "Property",
    "SetValue",
    "Silent",
    "StaticMethod",
    "Value",
    "describe",
]

Value = Any  # a value of the user's program: plain data, one of the classes below, or a guest
Arguments = list[Value]
Keywords = dict[str, Value]
Call = Callable[..., Value]  # (machine, arguments, keywords): the machine is known further up


class Described:
    """A value that says in a few words what it is.

    Attributes:
        described: these words, for messages.
    """

    __slots__ = ()
    described = ""

    def describe(self) -> str:
        """What this value is, in words."""
        return self.described


PLAIN = {
    type(None): "None",
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a tuple",
    list: "a list",
    dict: "a dictionary",
    range: "a range",
    slice: "a slice",
}


def describe(value: Value) -> str:
    """What a value is, for messages."""
    if isinstance(value, Described):
        return value.describe()
    return PLAIN.get(type(value)) or f"a {type(value).__name__}"


class Builtin(Described):
    """A function that is worked out here: `call(machine, args, kwargs)` gives its value."""

    __slots__ = ("call", "name")
    described = "a function"

    def __init__(self, name: str, call: Call):
        self.name = name
        self.call = call


class Bound(Described):
    """A function with its first argument."""

    __slots__ = ("function", "receiver")
    described = "a method"

    def __init__(self, function: Value, receiver: Value) -> None:
        self.function = function
        self.receiver = receiver


class Partial(Described):
    """`functools.partial`."""

    __slots__ = ("args", "function", "kwargs")
    described = "a partial"

    def __init__(self, function: Value, args: Arguments, kwargs: Keywords) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs


class Property(Described):
    """A property: the functions behind an attribute."""

    __slots__ = ("cached", "getter", "setter")
    described = "a Property"

    def __init__(self, getter: Value, setter: Value = None, cached: bool = False) -> None:
        self.getter = getter
        self.setter = setter
        self.cached = cached


class StaticMethod(Described):
    """A function in a class that gets no receiver, or the class as its receiver."""

    __slots__ = ("function", "of_class")
    described = "a function"

    def __init__(self, function: Value, of_class: bool) -> None:
        self.function = function
        self.of_class = of_class


class Class(Described):
    """A class of the source, of a library, or a plain type.

    Attributes:
        bases: direct bases.
        order: the class and all it inherits from, as attributes are looked up.
        names: what its body defines.
        make: how instances of a plain type are made, `make(machine, args, kwargs)`.
        test: for abstract types, what counts as an instance.
        reader: for a library's class, the Python function that has its signature.
        library: whether it is a library's (or Python's) own.
        model: whether its objects are models, or parts of them.
        finish: what is done to a class of the source that inherits from it, once its body has run.
    """

    __slots__ = (
        "bases",
        "fields",
        "finish",
        "foreign",
        "later",
        "library",
        "make",
        "model",
        "name",
        "names",
        "order",
        "pending",
        "place",
        "reader",
        "test",
    )
    described = "a class"

    def __init__(
        self,
        name: str,
        bases: tuple[Class, ...] = (),
        names: dict[str, Value] | None = None,
        *,
        make: Call | None = None,
        test: Callable[[Value], bool] | None = None,
        reader: Callable[..., object] | None = None,
        library: bool = True,
    ) -> None:
        self.name = name
        self.bases = bases
        self.names = names if names is not None else {}
        self.make = make
        self.test = test
        self.reader = reader
        self.library = library
        self.model = False
        self.finish: Callable[[Class], None] | None = None
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


class Instance(Described):
    """An object of a class of the source, or of a library.

    Attributes:
        fields: its attributes, in the order they were set.
        layers: what a library keeps with an object of its own, such as the layers it stands for.
        made: where it was made, innermost call first.
        content: the plain value behind an instance of a subclass of dict, list …
        ready: for an object of a library's class, whether that one's `__init__` has run.
    """

    __slots__ = ("cls", "content", "fields", "layers", "made", "ready")

    def __init__(self, cls: Class, made: tuple[Span, ...] = ()) -> None:
        self.cls = cls
        self.fields: dict[str, Value] = {}
        self.layers: Value = None
        self.made = made
        self.content: Value = None
        self.ready = False

    def describe(self) -> str:
        return f"a `{self.cls.name}`"

    def text(self) -> str:
        """What an exception says."""
        args = self.fields.get("args", ())
        return str(args[0]) if args and isinstance(args[0], str | int | float) else ""


class Namespace(Described):
    """A library's module, such as `torch.nn`: what is in it is known by dotted name."""

    __slots__ = ("path",)
    described = "a library module"

    def __init__(self, path: str) -> None:
        self.path = path


class Foreign(Described):
    """Something of a package that isn't read; an error only where it is used."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def describe(self) -> str:
        return f"`{self.path}`, which isn't read here"


class Opaque(Described):
    """Something that may be passed around but says nothing about shapes: a device, a dtype."""

    __slots__ = ("fields", "name")
    described = "a value that says nothing about shapes"

    def __init__(self, name: str, **fields: Value) -> None:
        self.name = name
        self.fields = fields

    def __repr__(self) -> str:
        return self.name


class Iterated(Described):
    """An iterator over values that are all there already."""

    __slots__ = ("items", "place")
    described = "an iterator"

    def __init__(self, items: list[Value]) -> None:
        self.items = items
        self.place = 0

    def __iter__(self) -> Iterator[Value]:
        while self.place < len(self.items):
            self.place += 1
            yield self.items[self.place - 1]


class SetValue(Described):
    """A set that remembers the order in which its elements came."""

    __slots__ = ("items",)
    described = "a set"

    def __init__(self, items: dict[Value, None]) -> None:
        self.items = items


class Keys(list[Value]):
    """What `entries.keys()` gives: a list of names, and a set to the operators of sets."""

    __slots__ = ()


class Silent(Opaque):
    """Something whose calls change no shape and no count: logging, weight initialisation."""

    __slots__ = ()


class Entries(dict[Value, Value]):
    """A dictionary that does something of its own."""

    __slots__ = ()

    def missing(self, call: Callable[[Value], Value]) -> Value:
        """The value of a key that isn't there; MISSING: none. `call` calls a value."""
        return MISSING

    def stored(self, name: Value, value: Value) -> None:
        """An entry was set."""


class Deque(list[Value]):
    """`collections.deque`: a list that grows and shrinks at both ends."""

    __slots__ = ()


OBJECT = Class("object")
