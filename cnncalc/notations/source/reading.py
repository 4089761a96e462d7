"""From a source to a network: the model is built once, and run at each input size."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.errors import Source, Span
from cnncalc.input_size import give
from cnncalc.layers.base import Shape
from cnncalc.network import Network
from cnncalc.notations.sizes import front, front_size
from cnncalc.notations.source.entry import choose
from cnncalc.notations.source.fragments import completed
from cnncalc.notations.source.keras.kinds import Unsized
from cnncalc.notations.source.keras.library import Keras
from cnncalc.notations.source.numpy.library import NumPy
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.syntax_errors import advice
from cnncalc.notations.source.torch.library import PyTorch
from cnncalc.notations.source.torch.network import torch_network
from cnncalc.notations.source.torch.nn.module import is_module
from cnncalc.notations.source.unknowns import put_unknowns
from cnncalc.notations.unknowns import Unknowns
from cnncalc.packages import OnUse
from cnncalc.python.interpreter import Interpreter
from cnncalc.python.library import Python
from cnncalc.python.limits import Budget
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import followed
from cnncalc.python.source_tree import Disk, Tree
from cnncalc.python.values import Value

if TYPE_CHECKING:
    from cnncalc.notations.source.keras import network as keras
else:  # Keras's rules, which few need
    keras = OnUse("cnncalc.notations.source.keras.network")

__all__ = ["read"]

# What stands between a size and its source, as in `3x32x32, nn.Sequential(…)`.
APART = re.compile(r"(?:[ \t,]*\n|[ \t,]+)(?=[^\d,])")
Build = Callable[..., tuple[Interpreter, Value]]


def read(
    source: Source,
    notation: str,
    entry: str | None,
    path: Path | None,
    packages: Mapping[str, Path],
    disk: Disk,
    unknowns: Unknowns | None,
) -> Network:
    """Build the model, and give a network that runs it at an input size.

    The text may start with that size, as a spec does; unknowns are those that are sought in it.
    """
    size, begin = in_front(source)

    def build(
        wanted: Shape | None = None, inputs: dict[int, Shape] | None = None
    ) -> tuple[Interpreter, Value]:
        budget = Budget()
        tree = Tree(path, budget, packages, disk, advice)
        machine = Interpreter(tree, budget, libraries(notation))
        state_of(machine).notation = notation
        state_of(machine).open_input, state_of(machine).inputs = wanted, inputs or {}
        with machine.deep():
            file = tree.main(source, path, begin)
            if unknowns is not None:
                put_unknowns(file, unknowns)
            file.tree = completed(file.tree, notation)
            # A Keras model flows already while it is built.
            with followed(lambda: keras.as_far(machine) if notation == "keras" else None):
                return machine, choose(machine, machine.start(file), entry)

    network = around(build)
    if size is not None:
        typed, network.unsized = front_size(size, {})
        if typed is not None:
            give(network, typed)
    return network


def libraries(notation: str) -> list[Library]:
    """What sources import, the framework that is being read first."""
    keras = notation == "keras"
    frameworks: list[Library] = [PyTorch(not keras), Keras(keras)]
    return [*(reversed(frameworks) if keras else frameworks), NumPy(), Python()]


def in_front(source: Source) -> tuple[Span | None, int]:
    """The size that stands before the source, if one does, and where the source begins."""
    text = source.text
    start = len(text) - len(text.lstrip())
    if not text[start : start + 1].isdecimal() and text[start : start + 1] != "(":
        return None, 0
    end = front(text, start, source=True)
    apart = APART.match(text, end) if end is not None else None
    return (Span(source, start, end or 0), apart.end()) if apart else (None, 0)


def around(build: Build) -> Network:
    """The network around the model that a source builds."""
    try:
        machine, model = build()
    except Unsized as unsized:
        return keras.keras_network(build, None, None, unsized.sizes)
    if is_module(model):
        return torch_network(build, machine, model)
    return keras.keras_network(build, machine, model, None)
