"""`nn.Sequential`, `nn.ModuleList`, `nn.ParameterList` and `nn.ModuleDict`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnncalc.notations.source.torch.nn.module import MODULE, check_ready, children, is_module
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, class_of_methods
from cnncalc.python.items import delete_item, get_item
from cnncalc.python.iteration import listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.types import make_dict
from cnncalc.python.values import Builtin, Class, Instance, Iterated, Keys, Value, describe
from cnncalc.tracing.tensors import Parameter

__all__ = ["CONTAINERS", "SEQUENTIAL"]

Members = dict[str, Value]


def kind_of(holder: Instance) -> Class:
    """The container class that an object is of, or that its class inherits from."""
    return next(each for each in holder.cls.order if CONTAINERS.get(each.name) is each)


def members(machine: Machine, holder: Instance) -> Members:
    """What a container holds, by name."""
    machine.budget.spend(len(holder.fields) >> 1)
    fields = holder.fields.items()
    if kind_of(holder).name == "ParameterList":
        return {name: each for name, each in fields if isinstance(each, Parameter)}
    return {n: each for n, each in fields if is_module(each) or (each is None and n.isdecimal())}


def numbered(values: Iterable[Value]) -> Members:
    """Members of a list, named by their places."""
    return {str(place): value for place, value in enumerate(values)}


def hold(machine: Machine, holder: Instance, held: Members) -> None:
    """Let a container hold these members and no others."""
    for name in members(machine, holder):
        del holder.fields[name]
    for name, value in held.items():
        put(machine, holder, name, value)


def put(machine: Machine, holder: Instance, name: str, value: Value) -> None:
    """Let a container hold a member under a name, if it may be one."""
    if not is_module(value):
        check_member(machine, kind_of(holder).name, value)
    check_ready(holder, value)
    if isinstance(value, Parameter):
        value.holder, value.name = holder, name
    holder.fields[name] = value
    check_count(len(holder.fields))


def check_member(machine: Machine, kind: str, value: Value) -> None:
    """Refuse what is no module where a container needs one."""
    if kind == "ParameterList" or (value is None and kind == "ModuleList"):
        return  # None is a place that the forward passes over
    if isinstance(value, Class):
        name = f"nn.{value.name}" if value.library else value.name
        text = f"`nn.{kind}` holds modules, and `{name}` is a class: write `{name}()`"
        raise raised("TypeError", text)
    text = f"`nn.{kind}` holds modules, not {describe(value)}"
    raise raised("TypeError", text, lambda: module_meant(machine, value))


def module_meant(machine: Machine, value: Value) -> str:
    """The module whose work a function does, as it is written; nothing of any other value."""
    name = machine.near_path(f"torch.nn.{value.name}") if isinstance(value, Builtin) else None
    return f": write `{name}()`" if name else ""


def sequential_init(machine: Machine, holder: Instance, *modules: Value) -> None:
    """Modules one after another, or one dictionary of named ones."""
    holder.ready = True
    first = modules[0] if len(modules) == 1 else None
    if isinstance(first, list):
        raise raised(
            "TypeError",
            "`nn.Sequential` takes modules one after another, not a list: "
            "write `nn.Sequential(*layers)`",
        )
    if isinstance(first, dict):
        hold(machine, holder, {str(name): module for name, module in first.items()})
    else:
        hold(machine, holder, numbered(modules))


def sequential_forward(machine: Machine, holder: Instance, *inputs: Value) -> Value:
    values = list(inputs)
    for _, module in children(holder):
        values = [machine.call(module, values, {})]
    return values[0] if values else None


def list_init(machine: Machine, holder: Instance, modules: Value = ()) -> None:
    holder.ready = True
    hold(machine, holder, numbered(listed(machine, modules)))


def alike(machine: Machine, holder: Instance, held: Members) -> Instance:
    """A container of the same kind that holds other members."""
    made = Instance(kind_of(holder))
    made.ready = True
    hold(machine, made, held)
    return made


def name_at(held: Members, index: Value) -> str:
    """The name of the member at a place."""
    if not isinstance(index, int):
        raise Refusal(f"{describe(index)} can't be the place of a module")
    if not -len(held) <= index < len(held):
        text = f"index {index} is out of range: there are {len(held)} modules"
        raise raised("IndexError", text)
    return list(held)[index]


def get_at(machine: Machine, holder: Instance, index: Value) -> Value:
    """A member by its place, or several by a slice."""
    held = members(machine, holder)
    if not isinstance(index, slice):
        return held[name_at(held, index)]
    part = dict(list(held.items())[index])
    keeps_names = kind_of(holder).name == "Sequential"
    return alike(machine, holder, part if keeps_names else numbered(part.values()))


def put_at(machine: Machine, holder: Instance, index: Value, value: Value) -> None:
    put(machine, holder, name_at(members(machine, holder), index), value)


def take_at(machine: Machine, holder: Instance, index: Value) -> None:
    held = members(machine, holder)
    for name in list(held)[index] if isinstance(index, slice) else [name_at(held, index)]:
        del held[name]
    hold(machine, holder, numbered(held.values()))


def append(machine: Machine, holder: Instance, value: Value) -> Instance:
    put(machine, holder, str(len(members(machine, holder))), value)
    return holder


def extend(machine: Machine, holder: Instance, values: Value) -> Instance:
    for value in listed(machine, values):
        append(machine, holder, value)
    return holder


def insert(machine: Machine, holder: Instance, index: Value, value: Value) -> Instance:
    values = list(members(machine, holder).values())
    values.insert(index, value)
    hold(machine, holder, numbered(values))
    return holder


def pop(machine: Machine, holder: Instance, key: Value = -1) -> Value:
    """Take out a member by its place or by its name."""
    value = get_item(machine, holder, key)
    delete_item(machine, holder, key)
    return value


def added(machine: Machine, holder: Instance, others: Value) -> Instance:
    """`list + list`, a new container."""
    values = [*members(machine, holder).values(), *listed(machine, others)]
    return alike(machine, holder, numbered(values))


def dict_init(machine: Machine, holder: Instance, modules: Value = None) -> None:
    holder.ready = True
    if modules is not None:
        update(machine, holder, modules)


def update(machine: Machine, holder: Instance, modules: Value) -> None:
    held = members(machine, modules) if is_module(modules) else make_dict(machine, modules)
    for name, module in held.items():
        put_named(machine, holder, name, module)


def put_named(machine: Machine, holder: Instance, name: Value, module: Value) -> None:
    if not isinstance(name, str) or "." in name:
        raise raised("KeyError", f"a module's name can't be {name!r}")
    put(machine, holder, name, module)


def get_named(machine: Machine, holder: Instance, name: Value) -> Value:
    held = members(machine, holder)
    if name not in held:
        raise raised("KeyError", f"there is no module `{name}`")
    return held[name]


def take_named(machine: Machine, holder: Instance, name: Value) -> None:
    get_named(machine, holder, name)
    del holder.fields[name]


def asked(answer: Callable[..., Value]) -> Method:
    """A method that asks for what a container holds, and changes nothing."""
    return lambda machine, holder, *args: answer(members(machine, holder), *args)


LISTS: dict[str, Method] = {
    "__init__": list_init,
    "__len__": asked(len),
    "__iter__": asked(lambda held: Iterated([*held.values()])),
    "__getitem__": get_at,
    "__setitem__": put_at,
    "__delitem__": take_at,
    "__add__": added,
    "__iadd__": extend,
    "append": append,
    "extend": extend,
    "insert": insert,
    "pop": pop,
}
DICTS: dict[str, Method] = {
    "__init__": dict_init,
    "__len__": asked(len),
    "__iter__": asked(lambda held: Iterated([*held])),
    "__contains__": asked(lambda held, name: name in held),
    "__getitem__": get_named,
    "__setitem__": put_named,
    "__delitem__": take_named,
    "items": asked(lambda held: [*held.items()]),
    "keys": asked(Keys),
    "values": asked(lambda held: [*held.values()]),
    "update": update,
    "pop": pop,
}
SEQUENTIAL_METHODS = {**LISTS, "__init__": sequential_init, "forward": sequential_forward}
CONTAINERS: dict[str, Class] = {
    "Sequential": class_of_methods("Sequential", SEQUENTIAL_METHODS, MODULE),
    "ModuleList": class_of_methods("ModuleList", LISTS, MODULE),
    "ParameterList": class_of_methods("ParameterList", LISTS, MODULE),
    "ModuleDict": class_of_methods("ModuleDict", DICTS, MODULE),
}
SEQUENTIAL = CONTAINERS["Sequential"]
