"""What somebody may have meant by a command or an option that there is not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from cnncalc.layers import LAYERS
from cnncalc.notations.examples import example_names
from cnncalc.suggestions import suggest

__all__ = ["command_meant", "option_meant"]

# What people call the commands of tools like this one.
COMMANDS = {
    "analyse": "shape",
    "analyze": "shape",
    "count": "params",
    "dot": "convert",
    "export": "convert",
    "field": "rf",
    "fields": "rf",
    "flops": "shape",
    "info": "shape",
    "list": "layers",
    "macs": "shape",
    "models": "examples",
    "parameters": "params",
    "receptivefield": "rf",
    "run": "shape",
    "show": "shape",
    "size": "shape",
    "sizes": "shape",
    "summarize": "shape",
    "summary": "shape",
    "table": "shape",
    "vocabulary": "layers",
    "weights": "params",
    "write": "convert",
    "zoo": "examples",
}
ELSEWHERE = {
    "verify": "`cnncalc shape SPEC --verify`",
}
OPTIONS = {
    "batchsize": "--batch",
    "cuda": "--device",
    "data": "--input",
    "framework": "--from",
    "gpu": "--device",
    "imagesize": "--input",
    "inputshape": "--input",
    "inputsize": "--input",
    "maxflops": "--max-macs",
    "maxparameters": "--max-params",
    "notation": "--from",
    "output": "--out",
    "outputfile": "--out",
    "precision": "--dtype",
    "shape": "--input",
    "size": "--input",
    "verification": "--verify",
}


def command_meant(words: Sequence[str], known: Iterable[str]) -> str:
    """What to say of words whose first one is no command."""
    word, *others = words
    names = list(known)
    first = next((each for each in others if each in names), None)
    if first is not None:
        rest = " ".join(each for each in words if each is not first)
        return f"the command comes first: `cnncalc {first} {rest}`"
    if re.match(r"\d", word) or any(sign in word for sign in ".:/,([*@"):
        return f"a command comes first, such as `cnncalc shape {word}`"
    if word.lower() in ELSEWHERE:
        return f"did you mean {ELSEWHERE[word.lower()]}?"
    if near := suggest(word, names, {each: to for each, to in COMMANDS.items() if to in names}):
        return f"did you mean `cnncalc {near}`?"
    if word in (*LAYERS, *example_names()):
        return f"a command comes first, such as `cnncalc shape {word}`"
    if os.path.exists(word):
        return f"a command comes first, such as `cnncalc shape {os.path.join('.', word)}`"
    return f"the commands are {', '.join(names)}"


def option_meant(option: str, known: Iterable[str]) -> str | None:
    """The option that somebody meant by one that a command doesn't have."""
    names = [each for each in known if each.startswith("--")]
    meant = {each: to for each, to in OPTIONS.items() if to in names}
    return suggest(option.lstrip("-"), (), {each[2:]: each for each in names} | meant)
