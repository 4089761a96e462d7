"""What steps stand in: the modules of a model, the definitions, groups and merges of a spec.

A spec's steps know their `Block`. Elsewhere their names tell the modules: `layer1.0.conv1` of
PyTorch, `encoder/conv` of Keras, `/layer1/layer1.0/conv1/Conv` of a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cnncalc.network import Block, Network

__all__ = ["MODULE", "Place", "places"]

MODULE = "module"  # the kind of one whose class isn't known


class Place(NamedTuple):
    """One of the blocks or modules around a step.

    Attributes:
        name: unique among those of a network.
        kind: the module's class, the definition's name, the merge's kind, or `group`.
        text: how a table shows it.
    """

    name: str
    kind: str
    text: str


def places(network: Network) -> Iterator[tuple[Place, ...]]:
    """What each step stands in, outermost first; the input too, and modules never reached."""
    block: Block | None = None
    found: tuple[Place, ...] = ()
    for step in network.steps:
        if step.block is not None:
            if step.block is not block:
                block, found = step.block, _of_block(step.block)
            yield found
        elif step.is_counted or not step.inputs:
            yield ()
        else:
            yield tuple(_by_name(step.name, network.modules))
    for module in network.unreached:
        yield tuple(_by_name(module.name, network.modules))


def _of_block(block: Block) -> tuple[Place, ...]:
    chain: list[Block] = []
    around: Block | None = block
    while around is not None:
        chain.append(around)
        around = around.outer
    return tuple([Place(each.name, each.kind, each.text) for each in reversed(chain)])


def _by_name(name: str, modules: Mapping[str, str]) -> Iterator[Place]:
    """The modules that a step's name lies in."""
    for prefix in _prefixes(name.partition("#")[0]):
        kind = modules.get(prefix, MODULE)
        if not modules or prefix in modules:
            yield Place(prefix, kind, kind if prefix in modules else prefix)


def _prefixes(name: str) -> Sequence[str]:
    """The names of the modules around, outermost first."""
    pieces = name.strip("/").split("/")
    if len(pieces) > 1:
        return [
            piece if "." in piece else "/".join(pieces[:end])
            for end, piece in enumerate(pieces[:-1], 1)
        ]
    pieces = name.split(".")
    return [".".join(pieces[:end]) for end in range(1, len(pieces))]
