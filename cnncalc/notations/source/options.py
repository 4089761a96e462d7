"""`argparse` as scripts around models use it: every option has its default."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.classes import OBJECT
from cnncalc.notations.source.torch_modules import Method, method
from cnncalc.notations.source.values import Class, Instance, Value

__all__ = ["OPTIONS"]


def init(machine: Any, parser: Instance, *args: Value, **options: Value) -> None:
    parser.fields["defaults"] = {}


def add_argument(machine: Any, parser: Instance, *names: Value, **options: Value) -> None:
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


def set_defaults(machine: Any, parser: Instance, **values: Value) -> None:
    parser.fields["defaults"].update(values)


def parse_args(machine: Any, parser: Instance, *args: Value, **options: Value) -> Instance:
    """A namespace of all defaults, as without any words on the command line."""
    namespace = Instance(NAMESPACE)
    namespace.fields.update(parser.fields["defaults"])
    return namespace


def parse_known_args(machine: Any, parser: Instance, *args: Value, **options: Value) -> Value:
    return parse_args(machine, parser), []


def itself(machine: Any, parser: Instance, *args: Value, **options: Value) -> Instance:
    return parser


FLAGS: dict[Value, bool] = {"store_true": False, "store_false": True}
METHODS: dict[str, Method] = {
    "__init__": init,
    "add_argument": add_argument,
    "add_argument_group": itself,
    "add_mutually_exclusive_group": itself,
    "set_defaults": set_defaults,
    "parse_args": parse_args,
    "parse_known_args": parse_known_args,
    "print_help": lambda machine, parser: None,
}
NAMESPACE = Class("Namespace", (OBJECT,))
OPTIONS: dict[str, Value] = {
    "argparse.ArgumentParser": Class(
        "ArgumentParser", (OBJECT,), {name: method(name, call) for name, call in METHODS.items()}
    ),
    "argparse.Namespace": NAMESPACE,
    "argparse.ArgumentDefaultsHelpFormatter": NAMESPACE,
}
