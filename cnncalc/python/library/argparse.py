"""`argparse` as scripts around models use it: every option has its default."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.python.functions import class_of_methods, unchanged
from cnncalc.python.machine import Machine
from cnncalc.python.values import OBJECT, Class, Instance, Value

__all__ = ["NAMES"]


def init(machine: Machine, parser: Instance, *args: Value, **options: Value) -> None:
    parser.fields["defaults"] = {}


def add_argument(machine: Machine, parser: Instance, *names: Value, **options: Value) -> None:
    """Remember an option's default; flags are off (or on) where nobody gives them."""
    flags = [name for name in names if isinstance(name, str)]
    long = [name for name in flags if name.startswith("--")] or flags
    name = options.get("dest", long[0].lstrip("-").replace("-", "_") if long else "")
    action = options.get("action")
    default = options.get("default", FLAGS.get(action))
    kind = options.get("type")
    if isinstance(default, str) and isinstance(kind, Class):
        default = machine.call(kind, [default], {})
    parser.fields["defaults"][name] = default


def set_defaults(machine: Machine, parser: Instance, **values: Value) -> None:
    parser.fields["defaults"].update(values)


def parse_args(machine: Machine, parser: Instance, *args: Value, **options: Value) -> Instance:
    """A namespace of all defaults, as without any words on the command line."""
    namespace = Instance(NAMESPACE)
    namespace.fields.update(parser.fields["defaults"])
    return namespace


def parse_known_args(machine: Machine, parser: Instance, *args: Value, **options: Value) -> Value:
    return parse_args(machine, parser), []


FLAGS: dict[Value, bool] = {"store_true": False, "store_false": True}
METHODS: dict[str, Callable[..., Value]] = {
    "__init__": init,
    "add_argument": add_argument,
    "add_argument_group": unchanged,
    "add_mutually_exclusive_group": unchanged,
    "set_defaults": set_defaults,
    "parse_args": parse_args,
    "parse_known_args": parse_known_args,
    "print_help": lambda machine, parser: None,
}
NAMESPACE = Class("Namespace", (OBJECT,))
NAMES: dict[str, Value] = {
    "ArgumentParser": class_of_methods("ArgumentParser", METHODS),
    "Namespace": NAMESPACE,
    "ArgumentDefaultsHelpFormatter": NAMESPACE,
}
