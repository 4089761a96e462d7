"""A spec becomes a network: its tree, its size, its steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnncalc.errors import Mistakes, Source, Span, SpecError
from cnncalc.garbage import keeps_all
from cnncalc.input_size import give
from cnncalc.network import Network
from cnncalc.notations.compact.builder import Builder
from cnncalc.notations.compact.grammar import parse_tree
from cnncalc.notations.sizes import front_size, known_of, named_at
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations.compact import choosing
else:  # only a sweep has choices
    choosing = OnUse("cnncalc.notations.compact.choosing")

__all__ = ["parse"]


@keeps_all
def parse(source: Source, let: Mapping[str, int] | None = None) -> Network:
    """Read a spec.

    Args:
        source: the text.
        let: values for symbols such as `H` in `3xHxW`.

    Raises:
        SpecError: with the place.
    """
    tree = parse_tree(source)
    let = let or {}
    words = set(re.split(r"[^A-Za-z0-9]|x", source.text)) if let else set()
    for symbol in let:
        if symbol not in words:
            raise SpecError(
                f"the spec has no symbol `{symbol}`",
                code="let",
                help="a symbol stands in place of a size, as in `3xHxW`",
            )
    if not tree.items and not tree.size and not tree.mistakes.found:
        raise SpecError(
            "the spec is empty",
            Span(source, 0, 0) if source.pieces[0].file else None,
            code="empty",
            help="an input size and layers, such as `3x32x32 conv:16,k3,p1 relu`",
        )
    builder = builder_of(let, tree.mistakes)
    typed, unsized = None, None
    if (size := tree.size) is not None:
        read = builder.tried(size.span, lambda: front_size(size.span, dict(let)))
        typed, unsized = read or (None, None)
    builder.sized = tree.size is not None
    builder.read(tree)
    if len(builder.steps) == 1:
        raise SpecError(
            "the spec has no layers",
            tree.span,
            code="empty",
            help="layers after the input size, such as `conv:16,k3,p1 relu`",
        )
    network = Network(
        builder.steps,
        outputs=builder.outputs(),
        unsized=unsized,
        locate=builder.layers.locate,
        inputs=builder.inputs(),
    )
    typed = typed or builder.typed
    if typed is not None:
        give(network, typed)
    elif tree.size is not None:
        network.declared = known_of(tree.size.text)
    if unsized is not None and unsized.code == "unbound-symbol" and tree.size is not None:
        network.named = named_at(tree.size.span, let, unsized)
    return network


def builder_of(let: Mapping[str, int], mistakes: Mistakes) -> Builder:
    """What builds the steps: where choices are collected, all that there may be."""
    collect = getattr(let, "add", None)
    return choosing.ChoosingBuilder(let, mistakes) if collect else Builder(let, mistakes)  # type: ignore[arg-type]
