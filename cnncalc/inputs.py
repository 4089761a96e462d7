"""Several inputs: whose size is which, and what is to be typed where they don't match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

from cnncalc.errors import CnnCalcError, Source, Span, SpecError
from cnncalc.layers.base import Shape, show
from cnncalc.layers.options import SCALAR
from cnncalc.network import Named, Network, Typed
from cnncalc.notations.sizes import Given, given_or_named, of_span
from cnncalc.rows import from_layout
from cnncalc.suggestions import suggest

__all__ = ["Fitting", "InputSize", "Inputs", "feed", "in_another_order", "sizes_given"]

MOST_ORDERS = 3  # inputs of which all orders are tried

Inputs = Given | Sequence[Given] | Mapping[str, Given]  # what Python takes for sizes of inputs
Fitting = Callable[[Network, Typed | None], object]  # SpecError where a network can't have a size


class InputSize(NamedTuple):
    """The size that somebody gave to an input; `name` is None where it goes by its place."""

    name: str | None
    size: Typed | Named

    @property
    def shown(self) -> str:
        return show(self.size.sizes)  # type: ignore[arg-type]

    @property
    def typed(self) -> str:
        """As it would be typed after `-i`."""
        return typed_size(self.size.sizes)

    @property
    def span(self) -> Span | None:
        return self.size.span if isinstance(self.size, Typed) else self.size.missing.span


def typed_size(sizes: Sequence[int | str]) -> str:
    """Sizes as they would be typed."""
    return "x".join(map(str, sizes)) or SCALAR


def sizes_given(input: Inputs | None) -> list[InputSize]:
    """The sizes that somebody gave, each perhaps with the name of its input.

    Args:
        input: one size; several in a list or a tuple; or a mapping of names. In texts from the
            command line a name may stand in front, as in `z=100`.

    Raises:
        SpecError: a text that is no size.
        CnnCalcError: what is none at all.
    """
    if input is None:
        return []
    if isinstance(input, Mapping):
        return [InputSize(_name(name), given_or_named(size)) for name, size in input.items()]
    if isinstance(input, list | tuple) and _are_several(input):
        return [_one(each) for each in input]
    return [_one(input)]


def _are_several(members: Sequence[object]) -> bool:
    """Whether the members of a list are sizes of their own, and not the numbers of one size."""
    if any(isinstance(each, list | tuple) or _is_whole_size(each) for each in members):
        return True
    return bool(members) and all(isinstance(each, str | Source) for each in members)


def _is_whole_size(member: object) -> bool:
    """Whether it is a text of several sizes, such as `3x8x8`."""
    return isinstance(member, str) and any(mark in member for mark in "x×,(")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise CnnCalcError(
            f"an input can't be called {name!r:.60}",
            code="bad-input",
            help="names of inputs, such as {'image': (3, 32, 32), 'z': 100}",
        )
    return name


def _one(size: Any) -> InputSize:
    if isinstance(size, Source):
        name, equals, _ = size.text.partition("=")
        if equals:
            span = Span(size, len(name) + 1, len(size.text))
            return InputSize(name.strip(), of_span(span))
    return InputSize(None, given_or_named(size))


def feed(network: Network, sizes: Sequence[InputSize]) -> tuple[Network, Typed | Named | None]:
    """The network with these sizes for its further inputs, and that of the first one, if given.

    Raises:
        SpecError: an input that is given twice, that there is not, or that is missing.
    """
    if len(sizes) < 2 and all(each.name is None for each in sizes):
        return network, sizes[0].size if sizes else None
    names = _names(network, sizes)
    found = _dealt(names, sizes)
    first = found.pop(names[0], None)
    if first is None and network.input is None and network.named is None:
        raise _missing(names[0], names, sizes)
    fed: dict[str, Shape] = {}
    for name, each in found.items():
        if isinstance(each.size, Named):
            raise SpecError(
                f"names stand for sizes of the first input alone, and `{name}` is {each.shown}",
                each.span,
                code="symbols",
                help="numbers, such as 100",
            )
        fed[name] = from_layout(each.size.sizes, network.layout)
    return network.feeding(fed) if fed else network, first and first.size


def _names(network: Network, sizes: Sequence[InputSize]) -> tuple[str, ...]:
    """The names of a network's inputs, for which some have to be followed at a size."""
    if network.inputs or network.tracer is None:
        return network.inputs or (network.steps[0].name,)
    first = next((each.size for each in sizes if each.name is None), None)
    shape = network.input
    if isinstance(first, Typed):
        shape = from_layout(first.sizes, network.layout)
    found = network.at(shape).inputs if shape is not None else ()
    return found or ("input",)


def _dealt(names: Sequence[str], sizes: Sequence[InputSize]) -> dict[str, InputSize]:
    """The size of each input: those without a name go to the inputs in their order."""
    if len(sizes) > len(names):
        shown = " and ".join(each.shown for each in sizes)
        has = "one input" if len(names) == 1 else f"{len(names)} inputs: {_listed(names)}"
        raise SpecError(
            f"{len(sizes)} sizes are given, {shown}, and the network has {has}",
            sizes[len(names)].span,
            code="inputs",
            help=f"write {_as_options(names, sizes[: len(names)])}",
        )
    found: dict[str, InputSize] = {}
    for place, each in enumerate(sizes):
        name = names[place] if each.name is None else each.name
        if name not in names:
            near = suggest(name, names)
            raise SpecError(
                f"there is no input `{name}`, which is to be {each.shown}",
                each.span,
                code="inputs",
                help=f"did you mean `-i {near}={each.typed}`?"
                if near
                else f"the network has {_listed(names)}",
            )
        if name in found:
            raise SpecError(
                f"the input `{name}` is given twice, as {found[name].shown} and as {each.shown}",
                each.span,
                code="inputs",
                help=_once(name, names, each),
            )
        found[name] = each
    return found


def _once(name: str, names: Sequence[str], again: InputSize) -> str:
    others = [each for each in names if each != name]
    if not others:
        return f"write `-i {again.typed}`"
    return f"one size for each, as in `-i {others[0]}={again.typed}`"


def _missing(name: str, names: Sequence[str], sizes: Sequence[InputSize]) -> SpecError:
    shown = " and ".join(f"`{each.name}` is {each.shown}" for each in sizes)
    return SpecError(
        f"the size of the input `{name}` is missing, and {shown}",
        code="no-input",
        help=f"`-i {name}=SIZE` beside it, of the inputs {_listed(names)}",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _as_options(names: Sequence[str], sizes: Sequence[InputSize]) -> str:
    """Sizes as they would be typed, with the inputs' names where there are several."""
    if len(names) == 1:
        return f"`-i {sizes[0].typed}`"
    pairs = zip(names, sizes, strict=False)
    return f"`{' '.join(f'-i {name}={each.typed}' for name, each in pairs)}`"


def in_another_order(
    network: Network, sizes: Sequence[InputSize], fits: Fitting, error: SpecError
) -> SpecError | None:
    """The error on sizes that would fit if they stood in another order; None: none does.

    Where this order is wrong, another one fits also if the source is not followed to its end.

    Args:
        network: as it was read, to which these sizes were given in vain.
        sizes: of its inputs.
        fits: raises SpecError for a network and a size of its first input that can't be.
        error: what it raised in this order.
    """
    if not 1 < len(sizes) <= MOST_ORDERS:
        return None
    names = _names(network, sizes)
    if len(names) < len(sizes):
        return None
    given = _dealt(names, sizes)
    order = [name for name in names if name in given]
    own = [given[name] for name in order]
    for turned in permutations(own):
        if [each.size.sizes for each in turned] == [each.size.sizes for each in own]:
            continue
        again = [each._replace(name=name) for name, each in zip(order, turned, strict=True)]
        try:
            fed, first = feed(network, again)
            if not isinstance(first, Named):
                fits(fed, first)
        except CnnCalcError as other:
            partly = isinstance(other, SpecError) and other.so_far is not None
            if not partly or error.so_far is not None:
                continue
        said = ", ".join(f"`{name}` {each.shown}" for name, each in zip(order, own, strict=True))
        return SpecError(
            f"the sizes are given in another order than the inputs: {said}",
            own[0].span,
            code="inputs",
            help=f"write {_as_options(order, turned)}",
        )
    return None
