"""Layers that are written otherwise than the notation has it, as they would be right.

What is proposed is a layer as it stands: it has been tried. Only messages come from here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from cnncalc.errors import LayerError
from cnncalc.frameworks.counterparts import layer_names
from cnncalc.layers import LAYERS
from cnncalc.notations.compact.option_reader import OptionReader
from cnncalc.suggestions import suggest

__all__ = ["MAX_STRETCH", "corrected", "is_layer", "layer_meant"]

MAX_DEFINED = 500  # definitions whose names are compared

MAX_STRETCH = 120  # characters of a layer that are looked at

NAME = r"[A-Za-z]+(?:_[A-Za-z]+|-[A-Za-z]{2,})*(?:[123][dD](?![\dx]))?"
LAYER = re.compile(rf"((?:[\w.]+@)?(?:\d+\*)?)({NAME})")
# What people put between options; a `-` at the start of one is a sign.
PARTING = re.compile(r"(?:[\s,;:=()./|>_]|(?<=[A-Za-z0-9])-)*")
OPTION = re.compile(
    r"[a-z_]+=[^\s,;()=]+|[a-z]+\d+(?:x\d+)*|\d+(?:\.\d+)?(?:x\d+)*|[a-z]+(?:-[a-z]+)*"
)


def corrected(text: str, defined: Collection[str] = ()) -> str | None:
    """A layer as it would be written that stands there in some other way; None if it is none.

    `conv16k3`, `conv-16-k3`, `Conv(16 3)`, `conv:16;k3`, `conv2d 16 3`.
    """
    head = LAYER.match(text)
    if not head or len(text) > MAX_STRETCH or "$" in text or "{" in text:
        return None
    name = layer_meant(head[2], defined)
    options = list(_options(text, head.end()))
    if name is None or None in options:
        return None
    words = [word for word in options if word]
    if name in defined:
        return head[1] + _written(name, words)
    behind = text[head.end() :]
    tries = (each for each in _orders(name, words, behind) if is_layer(name, each))
    right = next(tries, None)
    return None if right is None else head[1] + _written(name, right)


def _written(name: str, words: Iterable[str]) -> str:
    options = ",".join(words)
    return f"{name}:{options}" if options else name


def _options(text: str, at: int) -> Iterator[str | None]:
    """The options from a place on, whatever parts them; None where something else stands there."""
    while at < len(text):
        parted = PARTING.match(text, at)
        at = parted.end() if parted else at
        if at == len(text):
            return
        option = OPTION.match(text, at)
        yield option[0] if option else None
        if not option:
            return
        at = option.end()


def _orders(name: str, words: Sequence[str], behind: str) -> Iterator[Sequence[str]]:
    """The ways in which options may be meant; `behind` is how they stand behind the name."""
    if re.fullmatch(r"\d-\d+", behind):
        yield words[1], f"k{words[0]}"  # conv3-64, as in the tables of VGG
    yield words
    if len(words) > 1 and "x" in words[0]:
        yield *words[1:], f"k{words[0]}"  # conv3x3:16
    first = next((each for each in LAYERS[name].options.values() if each.positional), None)
    if first is not None and len(words) > 1 and all(map(str.isdecimal, words)):
        if first.kind == "sizes":
            yield ("x".join(words),)  # reshape:3,7,7
        elif first.kind == "number" and len(words) == 2:
            yield (".".join(words),)  # dropout:0,5


def is_layer(name: str, words: Iterable[str] = ()) -> bool:
    """Whether a layer takes these options, and needs no more."""
    try:
        arguments = OptionReader(LAYERS[name], {})
        for word in words:
            arguments.take(word)
        arguments.layer()
    except LayerError:
        return False
    return True


def layer_meant(name: str, defined: Iterable[str] = ()) -> str | None:
    """The layer or definition that somebody meant by a name."""
    if name in defined or (name in LAYERS and name != "input"):
        return name
    return _nearest(name, tuple(islice(defined, MAX_DEFINED)))


@lru_cache
def _nearest(name: str, defined: tuple[str, ...]) -> str | None:
    layers = [each for each in LAYERS if each != "input"]
    return suggest(name, [*layers, *defined], layer_names("compact"))
