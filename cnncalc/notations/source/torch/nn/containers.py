"""`nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict` and the lists of parameters."""

from __future__ import annotations

from cnncalc.notations.source.torch.nn.module import MODULE, children, is_module
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, simple
from cnncalc.python.iteration import iterate, listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Builtin, Class, Instance, Iterated, Value, describe
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Parameter

__all__ = ["CONTAINERS", "SEQUENTIAL"]


def members(holder: Instance, machine: Machine | None = None) -> list[tuple[str, Value]]:
    """What a container holds, by name."""
    if machine is not None:
        machine.budget.spend(len(holder.fields) >> 1)
    if MODULES_OF_WEIGHTS & set(holder.cls.order):
        return [(n, v) for n, v in holder.fields.items() if isinstance(v, Parameter)]
    return [
        (n, v) for n, v in holder.fields.items() if is_module(v) or (v is None and n.isdecimal())
    ]


def check_member(machine: Machine, holder: Instance, value: Value) -> Value:
    if value is None and CONTAINERS["ModuleList"] in holder.cls.order:
        return value  # a place that the forward passes over
    if isinstance(value, Class):
        name = f"nn.{value.name}" if value.library else value.name
        raise raised(
            "TypeError",
            f"`nn.{holder.cls.name}` holds modules, and `{name}` is a class: write `{name}()`",
        )
    if not is_module(value):
        text = f"`nn.{holder.cls.name}` holds modules, not {describe(value)}"
        raise raised("TypeError", text, lambda: module_meant(machine, value))
    return value


def module_meant(machine: Machine, value: Value) -> str:
    """The module whose work a function does, as it is written; nothing of any other value."""
    name = machine.near_path(f"torch.nn.{value.name}") if isinstance(value, Builtin) else None
    return f": write `{name}()`" if name else ""


def refill(holder: Instance, values: list[Value]) -> None:
    """Give a list of modules other members, numbered from 0."""
    check_count(len(values))
    for name, _ in members(holder):
        del holder.fields[name]
    for place, value in enumerate(values):
        holder.fields[str(place)] = value
        if isinstance(value, Parameter):
            value.holder, value.name = holder, str(place)


def sequential_init(machine: Machine, holder: Instance, *modules: Value) -> None:
    """Modules one after another, or one dictionary of named ones."""
    holder.ready = True
    if len(modules) == 1 and isinstance(modules[0], dict):
        for name, module in modules[0].items():
            holder.fields[str(name)] = check_member(machine, holder, module)
        return
    if len(modules) == 1 and isinstance(modules[0], list):
        raise raised(
            "TypeError",
            "`nn.Sequential` takes modules one after another, not a list: "
            "write `nn.Sequential(*layers)`",
        )
    refill(holder, [check_member(machine, holder, module) for module in modules])


def sequential_forward(machine: Machine, holder: Instance, *inputs: Value) -> Value:
    values = list(inputs)
    for _, module in children(holder):
        values = [machine.call(module, values, {})]
    return values[0] if values else None


def list_init(machine: Machine, holder: Instance, modules: Value = ()) -> None:
    holder.ready = True
    refill(holder, [check_member(machine, holder, each) for each in listed(machine, modules)])


def get(machine: Machine, holder: Instance, index: Value) -> Value:
    """A member by its place, or several by a slice."""
    values = [value for _, value in members(holder, machine)]
    if isinstance(index, slice):
        part = Instance(base_of(holder.cls))
        part.ready = True
        refill(part, values[index])
        return part
    if not isinstance(index, int):
        raise Refusal(f"{describe(index)} can't be the place of a module")
    if not -len(values) <= index < len(values):
        raise raised(
            "IndexError", f"index {index} is out of range: there are {len(values)} modules"
        )
    return values[index]


def base_of(cls: Class) -> Class:
    """The container class that a class of the source inherits from."""
    return next(each for each in cls.order if each.library)


def place_of(holder: Instance, index: Value) -> str:
    names = [name for name, _ in members(holder)]
    if not isinstance(index, int) or not -len(names) <= index < len(names):
        raise raised("IndexError", "there is no module at this place")
    return names[index]


def put(machine: Machine, holder: Instance, index: Value, value: Value) -> None:
    holder.fields[place_of(holder, index)] = check_member(machine, holder, value)


def take_out(machine: Machine, holder: Instance, index: Value) -> None:
    values = [value for _, value in members(holder)]
    if isinstance(index, slice):
        del values[index]
        refill(holder, values)
        return
    named = [name for name, _ in members(holder)]
    del holder.fields[place_of(holder, index)]
    if all(name.isdecimal() for name in named):
        refill(holder, [value for _, value in members(holder)])


def append(machine: Machine, holder: Instance, value: Value) -> Value:
    check_count(len(holder.fields) + 1)
    if not MODULES_OF_WEIGHTS & set(holder.cls.order):
        check_member(machine, holder, value)
    place = str(len(members(holder, machine)))
    if isinstance(value, Parameter):
        value.holder, value.name = holder, place
    holder.fields[place] = value
    return holder


def extend(machine: Machine, holder: Instance, values: Value) -> Value:
    for value in listed(machine, values):
        append(machine, holder, value)
    return holder


def insert(machine: Machine, holder: Instance, index: Value, value: Value) -> Value:
    values = [each for _, each in members(holder)]
    values.insert(index, check_member(machine, holder, value))
    refill(holder, values)
    return holder


def pop(machine: Machine, holder: Instance, index: Value = -1) -> Value:
    value = get(machine, holder, index)
    take_out(machine, holder, index)
    return value


def added(machine: Machine, holder: Instance, others: Value) -> Value:
    """`list + list`, a new container."""
    total = Instance(base_of(holder.cls))
    total.ready = True
    refill(total, [value for _, value in members(holder)] + listed(machine, others))
    return total


def dict_init(machine: Machine, holder: Instance, modules: Value = None) -> None:
    holder.ready = True
    update(machine, holder, modules if modules is not None else {})


def update(machine: Machine, holder: Instance, modules: Value) -> None:
    if isinstance(modules, Instance):
        modules = dict(children(modules))
    pairs = modules.items() if isinstance(modules, dict) else iterate(machine, modules)
    for pair in list(pairs):
        name, module = pair
        dict_put(machine, holder, name, module)


def dict_put(machine: Machine, holder: Instance, name: Value, module: Value) -> None:
    if not isinstance(name, str) or "." in name:
        raise raised("KeyError", f"a module's name can't be {name!r}")
    holder.fields[name] = check_member(machine, holder, module)


def dict_get(machine: Machine, holder: Instance, name: Value) -> Value:
    found = dict(children(holder)).get(name)
    if found is None:
        raise raised("KeyError", f"there is no module `{name}`")
    return found


def dict_pop(machine: Machine, holder: Instance, name: Value) -> Value:
    value = dict_get(machine, holder, name)
    del holder.fields[name]
    return value


def weights_init(machine: Machine, holder: Instance, weights: Value = ()) -> None:
    holder.ready = True
    extend(machine, holder, weights)


def length(machine: Machine, holder: Instance) -> int:
    return len(members(holder, machine))


def values_of(machine: Machine, holder: Instance) -> Iterated:
    return Iterated([value for _, value in members(holder, machine)])


def container(name: str, base: Class, **methods: Method) -> Class:
    table = {
        (each if each in PLAIN_NAMES else f"__{each}__"): simple(each, call)
        for each, call in methods.items()
    }
    return Class(name, (base,), dict(table))


PLAIN_NAMES = frozenset(words("forward append extend insert pop update items keys values clear"))
LISTS: dict[str, Method] = {
    "len": length,
    "iter": values_of,
    "getitem": get,
    "setitem": put,
    "delitem": take_out,
    "append": append,
    "extend": extend,
    "insert": insert,
    "pop": pop,
    "add": added,
}
SEQUENTIAL = container(
    "Sequential", MODULE, init=sequential_init, forward=sequential_forward, **LISTS
)
CONTAINERS: dict[str, Class] = {
    "Sequential": SEQUENTIAL,
    "ModuleList": container("ModuleList", MODULE, init=list_init, **LISTS),
    "ModuleDict": container(
        "ModuleDict",
        MODULE,
        init=dict_init,
        len=length,
        iter=lambda machine, holder: Iterated([name for name, _ in children(holder)]),
        contains=lambda machine, holder, name: name in dict(children(holder)),
        getitem=dict_get,
        setitem=dict_put,
        delitem=lambda machine, holder, name: holder.fields.pop(name, None) and None,
        items=lambda machine, holder: Iterated(list(children(holder))),
        keys=lambda machine, holder: Iterated([name for name, _ in children(holder)]),
        values=values_of,
        update=update,
        pop=dict_pop,
    ),
    "ParameterList": container("ParameterList", MODULE, init=weights_init, **LISTS),
}
MODULES_OF_WEIGHTS = {CONTAINERS["ParameterList"]}
