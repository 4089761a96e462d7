"""Hooks of a module: functions of the source that run before and after its forward."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.functions import Method, simple
from cnncalc.python.guests import Guest
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Instance, Silent, Value

__all__ = ["HOOKS", "hooked_input", "hooked_output"]

BEFORE, AFTER = "_forward_pre_hooks", "_forward_hooks"


class Handle(Guest):
    """What a registration gives, to take the hook away again."""

    __slots__ = ("remove",)
    described = "a handle of a hook"

    def __init__(self, remove: Callable[[], None]) -> None:
        self.remove = remove

    def attribute(self, machine: Machine, name: str) -> Value:
        if name != "remove":
            return MISSING
        return simple(name, lambda machine: self.remove())


def registration(place: str) -> Method:
    """`module.register_forward_hook(hook)` and its kind."""

    def register(machine: Machine, module: Instance, hook: Value, **options: Value) -> Handle:
        if any(options.values()):
            raise Refusal(f"a hook with `{next(iter(options))}` can't be followed")
        hooks: dict[Value, Value] = module.fields.setdefault(place, {})
        key = object()
        hooks[key] = hook

        def remove() -> None:
            hooks.pop(key, None)

        return Handle(remove)

    return register


def hooks_of(module: Instance, place: str) -> list[Value]:
    return list(module.fields.get(place, {}).values())


def hooked_input(machine: Machine, module: Instance, inputs: list[Value]) -> list[Value]:
    """The arguments of a forward as the hooks before it leave them."""
    for hook in hooks_of(module, BEFORE):
        given = machine.call(hook, [module, tuple(inputs)], {})
        if given is not None and not isinstance(given, Silent):
            inputs = list(given) if isinstance(given, tuple) else [given]
    return inputs


def hooked_output(machine: Machine, module: Instance, inputs: list[Value], result: Value) -> Value:
    """What a forward returns as the hooks after it leave it."""
    for hook in hooks_of(module, AFTER):
        given = machine.call(hook, [module, tuple(inputs), result], {})
        result = result if given is None or isinstance(given, Silent) else given
    return result


HOOKS: dict[str, Method] = {
    "register_forward_pre_hook": registration(BEFORE),
    "register_forward_hook": registration(AFTER),
    # Gradients change no size.
    **dict.fromkeys(
        ("register_backward_hook", "register_full_backward_hook"),
        lambda machine, module, *args, **options: Silent("handle"),
    ),
}
