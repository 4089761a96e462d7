"""The commands, each loaded when it is asked for.

A new command is one entry in `COMMANDS` and a function of that name in its module.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

import cnncalc
from cnncalc import files
from cnncalc.cli import output
from cnncalc.cli.parameters import Command, Group
from cnncalc.errors import CnnCalcError
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.cli import advice
else:  # only what is wrong needs it
    advice = OnUse("cnncalc.cli.advice")

__all__ = ["COMMANDS", "run"]

# The module of each command. Typer builds every option of every command that it knows of, a
# tenth of the start for each, so it gets to know the one that runs.
COMMANDS = {
    "shape": "analysis",
    "params": "analysis",
    "rf": "analysis",
    "explain": "explain",
    "solve": "solve",
    "sizes": "sizes",
    "sweep": "sweep",
    "compare": "compare",
    "convert": "conversion",
    "check": "check",
    "layers": "vocabulary",
    "schema": "shipped",
    "examples": "shipped",
    "executors": "shipped",
}

INTERRUPTED = 130
USAGE: type[Exception] = typer.BadParameter.__mro__[1]  # typer's own UsageError has no other name


class Commands(Group):
    """The group of commands, which imports a command's module on use."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cnncalc.cli.{COMMANDS[cmd_name]}")
        only = typer.Typer(add_completion=False)
        only.command(cmd_name, cls=Command)(getattr(module, cmd_name))
        return typer.main.get_command(only)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise _no_command(args)
        return super().resolve_command(ctx, args)


def _no_command(words: list[str]) -> CnnCalcError:
    meant = advice.command_meant(words, COMMANDS)
    return CnnCalcError(f"there is no command `{words[0]}`", code="command", help=meant)


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        output.emit(f"cnncalc {cnncalc.__version__}\n")
        raise typer.Exit


@app.callback()
def calculator(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The calculator for convolutional networks: sizes, weights, MACs and receptive fields.

    cnncalc shape 3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10
    """


def run(words: list[str]) -> int:
    """Run the command that the words name, and return its exit status.

    Raises:
        CnnCalcError: also where typer finds the usage wrong, or can't print its help.
    """
    command = typer.main.get_command(app)
    files.forget()
    words = _options_first(words)
    try:
        if not words:
            command.main(["--help"], prog_name="cnncalc", standalone_mode=False)
            return 2
        code = command.main(words, prog_name="cnncalc", standalone_mode=False) or 0
        if code == INTERRUPTED:  # typer has caught it
            raise KeyboardInterrupt
        return int(code)
    except USAGE as error:
        raise _usage(error, words) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as end:  # typer has shown a completion, or nobody reads on
        return 0 if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except OSError as error:
        if error.filename is not None or error.errno not in output.UNWRITABLE:
            raise
        raise output.unwritten(error) from None


def _options_first(words: list[str]) -> list[str]:
    """`help`, `help COMMAND` and `version`, as other tools have them, in this one's words."""
    if words == ["version"]:
        return ["--version"]
    return [*words[1:2], "--help"] if words[:1] == ["help"] else words


def _option_meant(error: Any, option: str, words: list[str]) -> str | None:
    """What is right instead of an option that there is not; None of any other error."""
    command = next((word for word in words if word in COMMANDS), None)
    if re.match(r"-+>|=+>", option):
        return f"layers stand one after another: leave `{option}` out"
    if re.match(r"-+\d", option):
        return "after `--` no word is an option: `cnncalc shape -- 3x8x8 …`"
    if option and command and words[0] != command:
        return f"options follow the command: `cnncalc {command} {option} …`"
    known = [name for each in error.ctx.command.params for name in each.opts] if option else []
    near = advice.option_meant(option, known) if option else None
    return f"did you mean `{near}`?" if near else None


def _usage(error: Any, words: list[str]) -> CnnCalcError:
    """What typer found, in this program's own form."""
    message = error.format_message() if not hasattr(error, "option_name") else error.message
    option = getattr(error, "option_name", "") if hasattr(error, "possibilities") else ""
    if meant := _option_meant(error, option, words):
        told = meant
    else:
        path = " ".join(["cnncalc", *(word for word in words[:1] if word in COMMANDS)])
        told = f"`{path} --help` lists the options"
    message = message[:1].lower() + message[1:].rstrip(".")
    return CnnCalcError(message, code="usage", help=told)
