"""`nn.Module`: what every module can do, and how children, names and weights are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.layers import KINDS
from cnncalc.network import Declared
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.step_names import spans_of
from cnncalc.notations.source.torch.nn.hooks import HOOKS, hooked_input, hooked_output
from cnncalc.python import attributes
from cnncalc.python.attributes import set_field
from cnncalc.python.exceptions import raised
from cnncalc.python.functions import Method, simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Raised, Refusal
from cnncalc.python.values import (
    MISSING,
    OBJECT,
    Bound,
    Builtin,
    Class,
    Entries,
    Instance,
    Iterated,
    Opaque,
    Property,
    Value,
)
from cnncalc.python.wordlists import words
from cnncalc.suggestions import suggest
from cnncalc.tracing.tensors import Parameter, Static, Tensor
from cnncalc.tracing.trace import Record

__all__ = [
    "MODULE",
    "check_ready",
    "children",
    "is_module",
    "named_modules",
    "own_weights",
    "set_attribute",
]

COUNT_COST = 5  # in fuel, for each module or weight of a model


def is_module(value: Value) -> bool:
    return isinstance(value, Instance) and MODULE in value.cls.order


def children(module: Instance) -> list[tuple[str, Instance]]:
    """The modules directly in this one, by name, in the order they were registered.

    Fields keep that order, as torch's `_modules` do: a module that replaces another takes its
    place. The names and the order of weights depend on it.
    """
    return [(name, value) for name, value in module.fields.items() if is_module(value)]


def named_modules(root: Instance) -> Iterator[tuple[str, Instance]]:
    """Every module once, with its dotted name, as `named_modules` gives them."""
    seen = set()
    waiting: list[tuple[str, Instance]] = [("", root)]
    while waiting:
        name, module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield name, module
        inner = [(f"{name}.{each}" if name else each, child) for each, child in children(module)]
        waiting += reversed(inner)


def own_weights(module: Instance) -> list[tuple[str, Parameter]]:
    """The parameters and buffers that a module holds itself."""
    declared = module.cls.find("__weights__")
    own = [] if declared is MISSING else declared.call(None, [module], {})
    known = {name for name, _ in own}
    fields = module.fields.items()
    return own + [(n, v) for n, v in fields if isinstance(v, Parameter) and n not in known]


def named_weights(
    root: Instance, role: str = "parameter", recurse: bool = True
) -> list[tuple[str, Parameter]]:
    """The parameters (or buffers) of a module, each once, by dotted name."""
    found: dict[int, tuple[str, Parameter]] = {}
    for name, module in named_modules(root) if recurse else [("", root)]:
        for each, weight in own_weights(module):
            if weight.role == role:
                found.setdefault(id(weight), (f"{name}.{each}" if name else each, weight))
    return list(found.values())


def init(machine: Machine, module: Instance, *args: Value, **kwargs: Value) -> None:
    module.ready = True


def set_attribute(machine: Machine, module: Instance, name: Value, value: Value) -> None:
    """Setting an attribute: a module or a parameter is registered under that name."""
    check_ready(module, value)
    set_field(module, name, value)


def check_ready(module: Instance, value: Value) -> None:
    """Refuse to register a module or a parameter in one whose `__init__` hasn't run."""
    # torch hooks into `__setattr__`, and `Module.__init__` makes the dictionaries that it fills.
    if not module.ready and (is_module(value) or isinstance(value, Parameter)):
        what = "module" if is_module(value) else "parameters"
        text = f"cannot assign {what} before Module.__init__() call"
        raise raised("AttributeError", text, lambda: ": write `super().__init__()` first")


def call_module(machine: Machine, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`module(x)`: its forward, with its name known to the steps that it makes."""
    module, *inputs = args
    forward = module.fields.get("forward", MISSING)  # one that is set on the object itself
    if forward is MISSING:
        found = module.cls.find("forward")
        if found is MISSING:
            raise no_forward(machine, module)
        forward = Bound(found, module)
    state = state_of(machine)
    state.running.append(module)
    machine.budget.enter()
    try:
        begun = len(state.trace.records) if state.trace else 0
        inputs = hooked_input(machine, module, inputs)
        result = machine.call(forward, inputs, kwargs)
        if state.trace and not module.cls.library:
            result = whole_module(machine, module, begun, inputs, result)
        return hooked_output(machine, module, inputs, result)
    finally:
        machine.budget.leave()
        state.running.pop()


def whole_module(
    machine: Machine, module: Instance, begun: int, inputs: Sequence[Value], result: Value
) -> Value:
    """Give a module of one step the module's name; one of none becomes the identity."""
    trace = state_of(machine).steps
    path = trace.paths.get(id(module))
    # A module with modules inside has its name in theirs; one without would leave no trace of it.
    if not path or children(module):
        return result
    made = trace.records[begun:]
    if len(made) == 1 and made[0].owner is None:
        made[0].name = path
    elif not made and isinstance(result, Tensor) and any(result is each for each in inputs):
        record = Record(
            Declared(KINDS["identity"]()), (result.number,), result.shape, path,
            spans_of(machine, module), module,
        )  # fmt: skip
        tensor = trace.add(record)
        tensor.batch = result.batch
        return tensor
    return result


def no_forward(machine: Machine, module: Instance) -> Refusal:
    """A module that can't be run, and what may have been meant."""
    cls = module.cls
    advice = "what it does with its input is `def forward(self, x):`"
    if cls.library:
        advice = "run its modules in a loop, or make it an `nn.Sequential`"
    elif any(
        each.has("forward") and each.file.name == cls.names.get("__module__")
        for each in machine.modules.values()
    ):
        advice = "a `forward` stands outside of the class: indent it"
    elif near := forward_meant(cls):
        advice = f"is `{near}` meant for it?"
    refusal = Refusal(f"`{cls.name}` has no `forward`", help=advice, code="no-forward")
    if cls.place is not None:
        refusal.span = cls.place()
    return refusal


def forward_meant(cls: Class) -> str | None:
    """The method that may be meant for the forward: misspelt, or called as Keras calls it."""
    names = [name for name in cls.names if not name.startswith("__")]
    return "call" if "call" in names else suggest("forward", names)


def add_module(machine: Machine, self: Instance, name: Value, module: Value) -> None:
    if not isinstance(name, str) or "." in name or not name:
        raise raised("KeyError", f"a module's name can't be {name!r}")
    set_attribute(machine, self, name, module)


def register_buffer(
    machine: Machine, self: Instance, name: Value, tensor: Value = None, persistent: Value = True
) -> None:
    if isinstance(tensor, Static):  # of its own, since as a parameter it would be counted as one
        buffer = Parameter(tensor.shape, "buffer")
        buffer.values, buffer.whole = tensor.values, tensor.whole
        tensor = buffer
    set_field(self, name, tensor)


def register_parameter(machine: Machine, self: Instance, name: Value, param: Value = None) -> None:
    if param is None and self.layers is not None:  # the layer is one without it
        attributes.set_attribute(machine, self, name, None)
    else:
        set_attribute(machine, self, name, param)


def itself(machine: Machine, module: Instance, *args: Value, **kwargs: Value) -> Value:
    return module


def train(machine: Machine, module: Instance, mode: Value = True) -> Value:
    return module  # networks are read as they are evaluated


def apply(machine: Machine, module: Instance, fn: Value) -> Value:
    """`module.apply(f)`; a function that only initialises may do what can't be followed."""
    for _, each in reversed(list(named_modules(module))):
        try:
            machine.call(fn, [each], {})
        except (Refusal, Raised) as stop:
            if isinstance(stop, Refusal) and stop.fatal:
                raise
    return module


def requires_grad(machine: Machine, module: Instance, requires_grad: Value = True) -> Value:
    for _, weight in named_weights(module):
        weight.trainable = bool(requires_grad)
    return module


def submodule(machine: Machine, module: Instance, path: Value) -> Value:
    found = dict(named_modules(module)).get(path) if isinstance(path, str) else None
    if found is None:
        raise raised("AttributeError", f"`{module.cls.name}` has no module `{path}`")
    return found


def counted(machine: Machine, found: list[Value]) -> Iterated:
    """What was found by going over a whole model, paid for."""
    machine.budget.spend(COUNT_COST * (len(found) + 1))
    return Iterated(found)


def weight_list(role: str) -> Method:
    def weights(machine: Machine, module: Instance, recurse: Value = True) -> Iterated:
        found = named_weights(module, role, bool(recurse))
        return counted(machine, [weight for _, weight in found])

    return weights


def weight_pairs(role: str) -> Method:
    def weights(
        machine: Machine, module: Instance, prefix: Value = "", recurse: Value = True, **rest: Value
    ) -> Iterated:
        return counted(machine, list(named_weights(module, role, bool(recurse))))

    return weights


METHODS: dict[str, Method] = {
    "__init__": init,
    "__setattr__": set_attribute,
    "add_module": add_module,
    "register_module": add_module,
    "register_buffer": register_buffer,
    "register_parameter": register_parameter,
    "children": lambda machine, module: counted(machine, [each for _, each in children(module)]),
    "named_children": lambda machine, module: counted(machine, list(children(module))),
    "modules": lambda machine, module: counted(
        machine, [each for _, each in named_modules(module)]
    ),
    "named_modules": lambda machine, module, *args: counted(machine, list(named_modules(module))),
    "parameters": weight_list("parameter"),
    "named_parameters": weight_pairs("parameter"),
    "buffers": weight_list("buffer"),
    "named_buffers": weight_pairs("buffer"),
    "state_dict": lambda machine, module, *args, **kwargs: dict(named_weights(module)),
    "get_submodule": submodule,
    "apply": apply,
    "train": train,
    "requires_grad_": requires_grad,
    **dict.fromkeys(
        words(
            "eval to cuda cpu float double half bfloat16 type load_state_dict zero_grad "
            "share_memory compile to_empty save_hyperparameters log log_dict"
        ),
        itself,
    ),
    "_load_from_state_dict": lambda machine, module, *args, **kwargs: None,
    "_get_name": lambda machine, module: module.cls.name,
    "extra_repr": lambda machine, module: "",
    **HOOKS,
}


class Registered(Entries):
    """`module._modules`: what is put in is registered."""

    __slots__ = ("module",)
    module: Instance

    def stored(self, name: Value, value: Value) -> None:
        set_field(self.module, name, value)


def registered(machine: Machine, module: Instance) -> Registered:
    entries = Registered(children(module))
    entries.module = module
    return entries


MODULE = Class("Module", (OBJECT,), {name: simple(name, call) for name, call in METHODS.items()})
MODULE.model = True
MODULE.names["__call__"] = Builtin("__call__", call_module)
MODULE.names["training"] = False
MODULE.names["_modules"] = Property(simple("_modules", registered))
for _name, _role in (("_parameters", "parameter"), ("_buffers", "buffer")):
    MODULE.names[_name] = Property(
        simple(_name, lambda machine, module, r=_role: dict(named_weights(module, r, False)))
    )
MODULE.names["device"] = Opaque("torch.device", type="cpu")
MODULE.names["dtype"] = Opaque("torch.float32")
