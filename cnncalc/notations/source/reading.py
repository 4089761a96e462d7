"""From a source to a network: the model is built once, and run at each input size."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import Source, Span, SpecError
from cnncalc.input_size import give
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Typed
from cnncalc.notations.sizes import front, front_size
from cnncalc.notations.source.einops.library import Einops
from cnncalc.notations.source.fragments import completed
from cnncalc.notations.source.keras.kinds import Unsized
from cnncalc.notations.source.keras.library import Keras
from cnncalc.notations.source.named_model import choose
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
from cnncalc.rows import from_layout
from cnncalc.symbols.followed import set_reader

if TYPE_CHECKING:
    from cnncalc.notations.source import given_sizes, printed
    from cnncalc.notations.source.keras import network as keras
else:  # Keras's rules, sizes that nobody gives, printed models
    given_sizes = OnUse("cnncalc.notations.source.given_sizes")
    printed = OnUse("cnncalc.notations.source.printed")
    keras = OnUse("cnncalc.notations.source.keras.network")

__all__ = ["Asked", "read"]

PRINTED = "): "  # of each part of a printed model
MARK = "cnncalc:"  # of comments that are for us

# What stands between a size and its source, as in `3x32x32, nn.Sequential(…)`.
APART = re.compile(r"(?:[ \t,]*\n|[ \t,]+)(?=[^\d,])")
Build = Callable[..., tuple[Interpreter, Value]]


class Asked(NamedTuple):
    """What is asked of a source.

    Attributes:
        notation: whose names those without an import are: `torch` or `keras`.
        entry: which class, function or variable; None: the only one there is.
        path: where the text lies; None: in no file.
        paths: further folders in which its imports may lie.
        package: the package that is meant in the place of the text.
        packages: where further modules lie, by their first names.
        let: values for names that the source leaves open, or the `Unknowns` that are sought in it.
    """

    notation: str
    entry: str | None = None
    path: Path | None = None
    paths: tuple[Path, ...] = ()
    package: str = ""
    packages: Mapping[str, Path] = {}
    let: Mapping[str, Value] = {}


def read(source: Source, asked: Asked, disk: Disk) -> Network:
    """Build the model, and give a network that runs it at an input size.

    The text may start with that size, as a spec does; unknowns are those that are sought in it.
    """
    size, begin = in_front(source)
    notation = asked.notation

    def build(
        wanted: Shape | None = None, inputs: dict[int, Shape] | None = None
    ) -> tuple[Interpreter, Value]:
        # Each build has a machine of its own: nothing of one run is left to the next.
        budget = Budget()
        tree = Tree(asked.path, budget, asked.packages, disk, advice, asked.paths)
        machine = Interpreter(tree, budget, libraries(notation), dict(asked.let))
        state_of(machine).notation = notation
        state_of(machine).open_input, state_of(machine).inputs = wanted, inputs or {}
        set_reader(machine, wanted or ())
        with machine.deep():
            if is_printed:
                shown = machine.start(printed.PrintedFile(source))
                return machine, printed.built(machine, shown, asked.entry)
            file = tree.main(source, asked.path, begin)
            if isinstance(asked.let, Unknowns):
                put_unknowns(file, asked.let)
            file.tree = completed(file.tree, notation)
            # A Keras model flows already while it is built.
            with followed(lambda: keras.as_far(machine) if notation == "keras" else None):
                module = machine.start(file)
                return machine, choose(machine, module, asked.entry, asked.package)

    is_printed = PRINTED in source.text and printed.is_printed(source.text[begin:])
    check_let(source, asked.let)
    network = around(build, source)
    if is_printed and network.input is None and not network.steps[1:]:
        network.input = ()  # nothing flows, whatever its size
    if size is not None:
        typed, network.unsized = front_size(size, {})
        if typed is not None:
            give(network, typed)
    return network


def check_let(source: Source, let: Mapping[str, Value]) -> None:
    """SpecError for a value from outside whose name doesn't stand in the source."""
    for name in let:
        if not re.search(rf"\b{re.escape(name)}\b", source.text):
            raise SpecError(
                f"nothing in this source is called `{name}`",
                code="let",
                help="`--let` is for names that the source leaves open, `-i` for the input's size",
            )


def libraries(notation: str) -> list[Library]:
    """What sources import, the framework that is being read first."""
    keras = notation == "keras"
    # They are asked in this order, so that a name without an import is the framework's that is
    # read.
    frameworks: list[Library] = [PyTorch(not keras), Keras(keras)]
    return [*(reversed(frameworks) if keras else frameworks), NumPy(), Einops(), Python()]


def in_front(source: Source) -> tuple[Span | None, int]:
    """The size that stands before the source, if one does, and where the source begins."""
    text = source.text
    start = len(text) - len(text.lstrip())
    if not text[start : start + 1].isdecimal() and text[start : start + 1] != "(":
        return None, 0
    end = front(text, start, source=True)
    apart = APART.match(text, end) if end is not None else None
    return (Span(source, start, end or 0), apart.end()) if apart else (None, 0)


def around(build: Build, source: Source) -> Network:
    """The network around the model that a source builds."""
    try:
        machine, model = build()
    except Unsized as unsized:
        return keras.keras_network(build, None, None, unsized.sizes)
    if is_module(model):
        network = torch_network(build, machine, model)
    else:
        network = keras.keras_network(build, machine, model, None)
    if MARK in source.text or network.input is None:
        module = next(each for each in machine.modules.values() if each.file.source is source)
        network.hint = partial(given_sizes.from_calls, module, model)
        found = given_sizes.from_comments(module.file, model) if MARK in source.text else None
        if found is not None:
            give(network, Typed(found.sizes, found.span))
            network = _fed(network, found)
    return network


def _fed(network: Network, found: given_sizes.Found) -> Network:
    """The network with the sizes that its source has for its further inputs."""
    names = network.inputs[1:]
    if not found.further or not names:
        return network
    if len(found.further) != len(names):
        raise SpecError(
            f"this model takes {len(names) + 1} inputs, and the comment has sizes for "
            f"{len(found.further) + 1}",
            found.span,
            code="several-sizes",
            help=f"one for each of {', '.join(network.inputs)}",
        )
    shapes = [from_layout(each, network.layout) for each in found.further]
    return network.feeding(dict(zip(names, shapes, strict=True)))
