"""The parts of Python's library (and of NumPy) that network code uses, by dotted name."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from typing import Any

from cnncalc.notations.source.builtin import DICT, PLAIN, TYPES, simple
from cnncalc.notations.source.classes import ENUM, OBJECT, RECORD
from cnncalc.notations.source.data import content_of, listed
from cnncalc.notations.source.limits import MAX_ITEMS, check_count
from cnncalc.notations.source.operators import binary
from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.signatures import PARAMETER, signature
from cnncalc.notations.source.stops import Refusal
from cnncalc.notations.source.values import (
    MISSING,
    Bound,
    Builtin,
    Class,
    Function,
    Instance,
    Iterated,
    Opaque,
    Partial,
    Property,
    SetValue,
    Silent,
    Value,
)
from cnncalc.notations.source.words import words

__all__ = ["find", "identity_decorator"]


def find(path: str) -> Value:
    """What a dotted name of the standard library stands for, or MISSING."""
    if path in LIBRARY:
        return LIBRARY[path]
    top = path.partition(".")[0]
    table = on_use(top, path)
    if path in table:
        return table[path]
    if "." in path and top in OPAQUE:
        return Opaque(path)
    if top in ("warnings", "logging"):
        return Silent(path)
    return MISSING


OPAQUE = words("typing typing_extensions numbers __future__ types abc enum")


def reduced(machine: Any, function: Value, values: Value, *start: Value) -> Value:
    items = [*start, *listed(machine, values)]
    if not items:
        raise raised("TypeError", "`reduce` of nothing has no value")
    total = items[0]
    for item in items[1:]:
        total = machine.call(function, [total, item], {})
    return total


def make_partial(machine: Any, function: Value, *args: Value, **kwargs: Value) -> Partial:
    return Partial(function, list(args), kwargs)


def on_use(top: str, path: str) -> dict[str, Value]:
    """The names of modules that few sources use, loaded with the first of them."""
    if top in ("math", "numpy"):
        from cnncalc.notations.source.numeric import NUMERIC

        return NUMERIC
    if top in ("copy", "dataclasses") or path == "collections.namedtuple":
        from cnncalc.notations.source.records import RECORDS

        return RECORDS
    if top == "argparse":
        from cnncalc.notations.source.options import OPTIONS

        return OPTIONS
    if top in ("json", "keyword"):
        from cnncalc.notations.source.lookups import LOOKUPS

        return LOOKUPS
    if top == "re":
        from cnncalc.notations.source.patterns import PATTERNS

        return PATTERNS
    return {}


def identity_decorator(machine: Any, *args: Value, **options: Value) -> Value:
    """A decorator that changes nothing here, with or without arguments."""
    if len(args) == 1 and isinstance(args[0], Function | Class | Bound | Builtin) and not options:
        return args[0]
    return simple("decorator", lambda m, decorated: decorated)


PARTIAL = Class(
    "partial",
    (OBJECT,),
    make=lambda machine, args, kwargs: make_partial(machine, *args, **kwargs),
    test=lambda value: isinstance(value, Partial),
)


PLAIN[Partial] = PARTIAL


def wraps(machine: Any, wrapped: Value, *args: Value, **options: Value) -> Builtin:
    """`functools.wraps`: the wrapper remembers what it wraps."""

    def remember(inner: Any, wrapper: Value) -> Value:
        if isinstance(wrapper, Function):
            wrapper.attributes["__wrapped__"] = wrapped
            if isinstance(wrapped, Function):
                wrapper.attributes["__name__"] = wrapped.name
        return wrapper

    return simple("wraps", remember)


def cached_property(machine: Any, getter: Value) -> Property:
    return Property(getter, cached=True)


class Defaults(dict[Value, Value]):
    """A dictionary that makes what is missing (`collections.defaultdict`)."""

    __slots__ = ("factory",)
    factory: Value


def default_dict(machine: Any, factory: Value = None, *sources: Value, **named: Value) -> Defaults:
    result = Defaults(DICT.make(machine, list(sources), named) if DICT.make else {})
    result.factory = factory
    return result


def chained(machine: Any, *values: Value) -> Iterated:
    result = [item for value in values for item in listed(machine, value)]
    check_count(len(result))
    return Iterated(result)


def chain_all(machine: Any, values: Value) -> Iterated:
    return chained(machine, *listed(machine, values))


def combined(function: Callable[..., Any]) -> Callable[..., Iterated]:
    """A function of itertools that gives tuples, within bounds."""

    def call(machine: Any, *values: Value, **options: Value) -> Iterated:
        if any(isinstance(each, int) and each > 32 for each in (*values, *options.values())):
            raise Refusal("this takes far more values than a network needs", code="too-large")
        lists = [listed(machine, v) if not isinstance(v, int) else v for v in values]
        rows = list(itertools.islice(function(*lists, **options), MAX_ITEMS + 1))
        check_count(len(rows))
        machine.budget.spend(len(rows))
        return Iterated(rows)

    return call


def repeated(machine: Any, value: Value, times: Value = None) -> Iterated:
    if not isinstance(times, int):
        raise Refusal("`itertools.repeat` without a number never ends")
    check_count(times)
    return Iterated([value] * times)


def accumulated(machine: Any, values: Value, function: Value = None) -> Iterated:
    result: list[Value] = []
    for value in listed(machine, values):
        if not result:
            result.append(value)
        elif function is None:
            result.append(binary(machine, ast.Add, result[-1], value))
        else:
            result.append(machine.call(function, [result[-1], value], {}))
    return Iterated(result)


def sliced(machine: Any, values: Value, *bounds: Value) -> Iterated:
    items = listed(machine, values)
    return Iterated(items[slice(*bounds)])


def abstract(name: str, test: Callable[[Value], bool]) -> Class:
    return Class(name, test=test)


def is_sequence(value: Value) -> bool:
    return isinstance(content_of(value), list | tuple | str | range)


def is_iterable(value: Value) -> bool:
    value = content_of(value)
    return isinstance(value, list | tuple | str | range | dict | SetValue | Iterated) or (
        isinstance(value, Instance) and value.cls.find("__iter__") is not MISSING
    )


ABSTRACT = {
    "Iterable": abstract("Iterable", is_iterable),
    "Collection": abstract("Collection", is_iterable),
    "Sequence": abstract("Sequence", is_sequence),
    "MutableSequence": abstract("MutableSequence", lambda v: isinstance(content_of(v), list)),
    "Mapping": abstract("Mapping", lambda v: isinstance(content_of(v), dict)),
    "MutableMapping": abstract("MutableMapping", lambda v: isinstance(content_of(v), dict)),
    "Callable": abstract(
        "Callable", lambda v: isinstance(v, Function | Bound | Builtin | Class | Partial)
    ),
    "Iterator": abstract("Iterator", lambda v: isinstance(v, Iterated)),
    "Hashable": abstract("Hashable", lambda v: not isinstance(v, list | dict | SetValue)),
}
CONCRETE = {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set", "Type": "type"}
NUMBER = abstract("Number", lambda v: isinstance(v, int | float))
NOTHING_THERE = simple("exists", lambda machine, path: False)  # no file is ever looked at
CHAIN = Class(
    "chain",
    (OBJECT,),
    {"from_iterable": simple("from_iterable", chain_all)},
    make=lambda machine, args, kwargs: chained(machine, *args),
)
OPERATORS = {"mul": ast.Mult, "add": ast.Add, "sub": ast.Sub, "floordiv": ast.FloorDiv}

LIBRARY: dict[str, Value] = {
    "functools.partial": PARTIAL,
    "functools.reduce": simple("reduce", reduced),
    "functools.wraps": simple("wraps", wraps),
    "functools.lru_cache": simple("lru_cache", identity_decorator),
    "functools.cache": simple("cache", identity_decorator),
    "functools.cached_property": simple("cached_property", cached_property),
    "collections.OrderedDict": DICT,
    "collections.defaultdict": simple("defaultdict", default_dict),
    "collections.deque": TYPES["list"],
    **{f"{home}.{n}": cls for home in ("collections.abc", "typing", "collections")
       for n, cls in ABSTRACT.items()},
    **{f"typing.{n}": TYPES[plain] for n, plain in CONCRETE.items()},
    "typing.OrderedDict": DICT,
    "typing.NamedTuple": RECORD,
    "typing.TYPE_CHECKING": False,
    "typing.cast": simple("cast", lambda machine, kind, value: value),
    "typing.TypeVar": simple("TypeVar", lambda machine, name, *a, **k: Opaque(name)),
    "typing.NewType": simple("NewType", lambda machine, name, kind: kind),
    "numbers.Number": NUMBER,
    "numbers.Integral": abstract("Integral", lambda v: isinstance(v, int)),
    "types.SimpleNamespace": Class("SimpleNamespace", (OBJECT,), {
        "__init__": Builtin("__init__", lambda m, args, kwargs: args[0].fields.update(kwargs))}),
    "types.FunctionType": abstract("FunctionType", lambda v: isinstance(v, Function)),
    "abc.ABC": Class("ABC", (OBJECT,)),
    "abc.abstractmethod": simple("abstractmethod", identity_decorator),
    "enum.Enum": ENUM,
    **dict.fromkeys(("enum.EnumMeta", "enum.EnumType"), abstract(
        "EnumMeta", lambda v: isinstance(v, Class) and v.find("__members__") is not MISSING)),
    "enum.IntEnum": Class("IntEnum", (TYPES["int"], ENUM), make=None),
    "enum.auto": simple("auto", lambda machine: Opaque("auto")),
    "enum.unique": simple("unique", identity_decorator),
    "itertools.chain": CHAIN,
    "itertools.product": simple("product", combined(itertools.product)),
    "itertools.combinations": simple("combinations", combined(itertools.combinations)),
    "itertools.zip_longest": simple("zip_longest", combined(itertools.zip_longest)),
    "itertools.pairwise": simple("pairwise", combined(itertools.pairwise)),
    "itertools.repeat": simple("repeat", repeated),
    "itertools.accumulate": simple("accumulate", accumulated),
    "itertools.islice": simple("islice", sliced),
    **{f"operator.{name}": simple(name, lambda m, a, b, k=kind: binary(m, k, a, b))
       for name, kind in OPERATORS.items()},
    "inspect.signature": simple("signature", signature),
    "inspect.Parameter": PARAMETER,
    "inspect.isfunction": simple("isfunction", lambda m, value: isinstance(value, Function)),
    "inspect.isclass": simple("isclass", lambda m, value: isinstance(value, Class)),
    "sys.maxsize": 2**63 - 1,
    "os.path.join": simple("join", lambda machine, *parts: "/".join(parts)),
    "os.path.basename": simple("basename", lambda machine, path: path.rpartition("/")[2]),
    "os.path.expanduser": simple("expanduser", lambda machine, path: path),
    "os.sep": "/",
    "os.path.isfile": NOTHING_THERE,
    "os.path.exists": NOTHING_THERE,
    "os.path.isdir": NOTHING_THERE,
    "random.seed": Silent("random.seed"),
}  # fmt: skip
