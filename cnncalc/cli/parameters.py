"""How the words after a command become the values of its parameters.

Typer converts what was typed to what a parameter is declared as. Ours are texts, lists of texts
and flags, which leave nothing to convert: what else they have to be is for the commands to say,
in their own messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from cnncalc.errors import CnnCalcError

__all__ = ["Command", "Group"]

# What comes from the command line as it is declared.
PLAIN = (str, list[str], bool)


class _OwnParameters:
    """Parameters taken as they come, of which those for one value take no second one."""

    def get_params(self, ctx: Any) -> list[Any]:
        return [_prepared(param) for param in super().get_params(ctx)]  # type: ignore[misc]

    def make_parser(self, ctx: Any) -> Any:
        """A parser that keeps all values of an option, where typer's would keep the last."""
        single = [param for param in self.get_params(ctx) if _takes_one(param)]
        for param in single:
            param.multiple = True
        try:
            return super().make_parser(ctx)  # type: ignore[misc]
        finally:
            for param in single:
                param.multiple = False


class Command(_OwnParameters, TyperCommand):
    """A command with such parameters."""


class Group(_OwnParameters, TyperGroup):
    """A group of commands with such parameters."""


def _takes_one(param: Any) -> bool:
    return param.param_type_name == "option" and not (
        param.is_flag or param.count or param.multiple or param.nargs != 1
    )


def _prepared(param: Any) -> Any:
    """A parameter of typer's that processes its value in our way."""
    if "process_value" in vars(param):
        return param
    usual, one, plain = param.process_value, _takes_one(param), _is_plain(param)

    def process_value(ctx: Any, value: object) -> Any:
        if one and isinstance(value, list | tuple):
            value = _only(param.opts[0], value)
        if not plain or not (value is None or _comes_as_declared(value)):
            return usual(ctx, value)
        if value is None and (param.multiple or param.nargs == -1):
            value = ()
        return value if param.callback is None else param.callback(ctx, param, value)

    param.process_value = process_value
    if param.param_type_name == "argument" or param.is_flag:
        param.display_type_rich = lambda ctx: None  # `<bool>` and `<list[str]>` tell a user nothing
    return param


def _only(option: str, values: Sequence[object]) -> object:
    """The value of an option that was given more than once."""
    first = values[0]
    for other in values:
        if other != first:
            raise CnnCalcError(
                f"`{option}` is given twice, as `{first}` and as `{other}`",
                code="usage",
                help="it takes one value",
            )
    return first


def _is_plain(param: Any) -> bool:
    """Whether typer would have pydantic find that a text is a text.

    Since 0.29 it does so for every parameter that is no flag and for a flag without a value,
    and loading pydantic takes as long as everything else that a command does. Other versions,
    which know no such description of a parameter, process theirs themselves.
    """
    described = getattr(param, "type_descriptor", None)
    info = getattr(described, "parameter_info", None)
    return (
        getattr(described, "annotation", None) in PLAIN
        and getattr(info, "parser", None) is None
        and not param.required
    )


def _comes_as_declared(value: object) -> bool:
    texts = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(text, str | bool) for text in texts)
