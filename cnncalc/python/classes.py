"""Classes of the source, and making objects of them."""

from __future__ import annotations

import ast
from functools import partial

from cnncalc.python.comparison import equal
from cnncalc.python.dependencies import binds
from cnncalc.python.exceptions import EXCEPTIONS, raised
from cnncalc.python.limits import INSTANCE_COST
from cnncalc.python.machine import Function, Machine, Scope
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Bound,
    Builtin,
    Class,
    Described,
    Foreign,
    Instance,
    Opaque,
    Property,
    StaticMethod,
    Value,
    describe,
)

__all__ = [
    "ENUM",
    "PLAIN_INIT",
    "PLAIN_NEW",
    "Super",
    "instantiate",
    "make_class",
    "members_of",
]

MARKS = ("__class_body__", "__fields__", "__functions__")
ENUM = Class("Enum", (OBJECT,))


class Super(Described):
    """What `super()` gives: attributes are looked up after a class in the order."""

    __slots__ = ("owner", "receiver")
    described = "a Super"

    def __init__(self, owner: Class, receiver: Value) -> None:
        self.owner = owner
        self.receiver = receiver

    def find(self, name: str) -> Value:
        """The attribute of the next class that has it; MISSING if none does."""
        cls = self.receiver if isinstance(self.receiver, Class) else self.receiver.cls
        if self.owner not in cls.order:
            raise Refusal(f"`super()` of `{self.owner.name}` in an object of `{cls.name}`")
        for each in cls.order[cls.order.index(self.owner) + 1 :]:
            if name in each.names:
                return each.names[name]
        return MISSING


def make_class(scope: Scope, node: ast.ClassDef) -> Class:
    """A class value: its body runs now."""
    bases, foreign = class_bases(scope, node)
    scope.machine.budget.spend(sum(len(base.order) for base in bases) * max(len(bases), 1))
    cls = Class(node.name, bases or (OBJECT,), library=False)
    cls.names["__module__"] = scope.module.file.name
    cls.foreign = foreign
    cls.place = partial(scope.module.file.header, node)
    if ENUM in cls.order:
        # Tables of weights are Enums: hardly one of their many entries is ever asked for.
        cls.pending = partial(run_body, scope, node, cls)
        cls.later = frozenset(
            name for each in node.body for name in binds(each, scope.machine.changing)
        )
        return cls
    run_body(scope, node, cls)
    return cls


def run_body(scope: Scope, node: ast.ClassDef, cls: Class) -> None:
    """Work out what a class body defines."""
    body = Scope(scope, scope.module, None)
    fields: list[str] = []
    functions: list[Function] = []
    # By these the statements of the body know what they stand in; they are no names of the class.
    marks = {"__class_body__": True, "__fields__": fields, "__functions__": functions}
    body.names.update(marks)
    scope.machine.run(body, node.body)
    cls.names.update({name: each for name, each in body.names.items() if name not in MARKS})
    cls.names["__annotated__"] = tuple(fields)
    cls.names["__doc__"] = ast.get_docstring(node, clean=False)
    for value in (*cls.names.values(), *functions):
        own(value, cls)
    finish = next((base.finish for base in cls.order if base.finish is not None), None)
    if finish is not None:
        finish(cls)


def class_bases(scope: Scope, node: ast.ClassDef) -> tuple[tuple[Class, ...], str | None]:
    """The bases that are known, and the name of one that isn't."""
    bases, foreign = [], None
    for each in node.bases:
        base = scope.machine.evaluate(scope, each)
        # Not refused here: hardly any class of a file is made. `check_no_arguments` says it where
        # one is, and its `__init__` would have come from there.
        if isinstance(base, Foreign):
            foreign = base.path
        elif isinstance(base, Class):
            bases.append(base)
        elif not isinstance(base, Opaque):
            raise Refusal(f"{describe(base)} can't be a base class")
    return tuple(dict.fromkeys(bases)), foreign


def own(value: Value, cls: Class) -> None:
    """Tell the functions of a class body which class they belong to."""
    if isinstance(value, Function) and value.owner is None:
        value.owner = cls
    elif isinstance(value, Property):
        own(value.getter, cls)
        own(value.setter, cls)
    elif isinstance(value, StaticMethod):
        own(value.function, cls)


def make_members(cls: Class) -> None:
    """The members of an Enum: objects with a name and a value."""
    members: dict[str, Value] = {}
    for name, value in list(cls.names.items()):
        if name.startswith("_") or isinstance(value, Function | Property | StaticMethod | Class):
            continue
        # Two names of one value are one member, as in Python.
        known = next((m for m in members.values() if m.fields["value"] is value), None)
        if isinstance(value, Opaque) and value.name == "auto":
            value = len(members) + 1
        if known is None:
            known = Instance(cls)
            known.fields.update(name=name, value=value, _name_=name, _value_=value)
            if any(base.make is not None for base in cls.order):
                known.content = value
        elif value is None:
            continue
        members[name] = cls.names[name] = known
    cls.names["__members__"] = members


ENUM.finish = make_members


def members_of(cls: Class) -> dict[str, Value]:
    """The members of an Enum, by name; none of any other class."""
    members = cls.find("__members__")
    return members if isinstance(members, dict) else {}


def instantiate(machine: Machine, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """An object of a class."""
    if cls.make is not None:
        return cls.make(machine, args, kwargs)
    if ENUM in cls.order:
        return member_of(machine, cls, args)
    made = cls.find("__new__")
    if isinstance(made, Function | StaticMethod) and not cls.library:
        function = made.function if isinstance(made, StaticMethod) else made
        instance = machine.call(function, [cls, *args], kwargs)
        if not isinstance(instance, Instance) or cls not in instance.cls.order:
            return instance
        return initialised(machine, instance, args, kwargs)
    return initialised(machine, bare(machine, cls), args, kwargs)


def bare(machine: Machine, cls: Value) -> Instance:
    """`object.__new__(cls)`: an object that nothing has been done to."""
    if not isinstance(cls, Class) or cls.make is not None or ENUM in cls.order:
        raise Refusal(f"`__new__` can't make {describe(cls)}")
    machine.budget.spend(INSTANCE_COST)
    return Instance(cls, machine.spans())


def initialised(
    machine: Machine, instance: Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """The object after its `__init__`."""
    cls = instance.cls
    plain = next((base.make for base in cls.order if base.make is not None), None)
    found = cls.find("__init__")
    if plain is not None:
        instance.content = plain(machine, [] if found is not MISSING else args, {})
    if EXCEPTIONS["BaseException"] in cls.order:
        instance.fields["args"] = tuple(args)
    if found is not MISSING:
        machine.call(Bound(found, instance), args, kwargs)
    elif plain is None and (args or kwargs) and "args" not in instance.fields:
        check_no_arguments(cls)
    return instance


def check_no_arguments(cls: Class) -> None:
    if cls.foreign:
        raise Refusal(
            f"`{cls.name}` inherits from `{cls.foreign}`, which isn't read here", code="foreign"
        )
    raise raised("TypeError", f"`{cls.name}` takes no arguments")


def member_of(machine: Machine, cls: Class, args: list[Value]) -> Value:
    for member in members_of(cls).values():
        if args and (args[0] is member or equal(machine, member.fields["value"], args[0])):
            return member
    raise raised("ValueError", f"no member of `{cls.name}` has this value")


def plain_init(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> None:
    """`super().__init__(...)` of a subclass of dict, list …, or of object."""
    instance, *rest = args
    make = next((base.make for base in instance.cls.order if base.make is not None), None)
    if make is not None:
        instance.content = make(machine, rest, kwargs)
    elif EXCEPTIONS["BaseException"] in instance.cls.order:
        instance.fields["args"] = tuple(rest)


PLAIN_INIT = Builtin("__init__", plain_init)
PLAIN_NEW = Builtin("__new__", lambda machine, args, kwargs: bare(machine, args[0]))
