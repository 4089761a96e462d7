"""What input size is meant: with a batch in front, channels at the other end, an axis too few.

What a network says of its input decides: the sizes that it has itself, or what the classes at
its front declare. This is the one place that asks for either. Sizes stand in the notation's own
order here, as they are typed; a shape inside of a network has its channels first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from cnncalc.analysis import check_input, check_scalar, settle, taken
from cnncalc.errors import CnnCalcError, LayerError, SpecError
from cnncalc.layers.base import OWN, Layer, Shape, show
from cnncalc.layers.each import Each
from cnncalc.layers.shapes import count_of
from cnncalc.network import Declared, Expects, Hint, Network, Typed
from cnncalc.rows import as_layout, from_layout

__all__ = ["Meant", "Wants", "give", "meant", "wants_of"]

PICTURES = (1, 3, 4)  # what pictures have for channels, and what hardly is a length
LENGTH = 8  # of an axis that hardly is the channels of a picture
HOPELESS = ("too-deep", "too-large", "too-long")  # what another size won't mend
EXAMPLE = 224

Sizes = tuple[int, ...]


class Meant(NamedTuple):
    """What a size means for a network.

    Attributes:
        network: with its steps at that size.
        sizes: without the batch, in the notation's order; None: nobody gave any.
        batch: samples at a time.
        notes: what is to be said of the reading.
    """

    network: Network
    sizes: Sizes | None
    batch: int
    notes: tuple[str, ...] = ()


class Wants(NamedTuple):
    """What the classes at the front of a source declare about the input.

    Attributes:
        ranks: the numbers of spatial axes that they take; empty: any.
        channels: how many channels; None: any.
        axis: the input's axis (inside) that these are.
        features: the size of the last axis, as a linear layer has it; None: any.
        words: who says so, such as `nn.Conv2d takes maps of 2 spatial axes`.
    """

    ranks: tuple[int, ...] = ()
    channels: int | None = None
    axis: int = 0
    features: int | None = None
    words: str = ""


def wants_of(
    steps: Iterable[tuple[int, Declared, tuple[int, ...], tuple[Shape, ...]]], shape: Shape
) -> Wants:
    """What the first classes that the input reaches say of it.

    Args:
        steps: number, layer as declared, numbers of the steps it reads, and their shapes, in order.
        shape: the input's, step 0.
    """
    wants = Wants()
    axes: dict[int, tuple[int, ...]] = {0: tuple(range(len(shape)))}  # where each one comes from
    for number, declared, inputs, shapes in steps:
        if len(inputs) != 1 or inputs[0] not in axes:
            continue
        before = axes[inputs[0]]
        wants = _asked(wants, declared.expects, before)
        if wants.channels is not None or wants.features is not None:
            break
        if isinstance(declared.layer, Each) and not wants.ranks:  # its entries are no batch
            ranks = (len(shapes[0]) - 1,)
            wants = wants._replace(ranks=ranks, words=f"`each` takes {taken(ranks)}")
        after = _moved(declared.layer, shapes[0], before)
        if after is not None:
            axes[number] = after
    return wants


def _asked(wants: Wants, expects: Expects | None, axes: tuple[int, ...]) -> Wants:
    """What is wanted of the input once a layer has been asked that reads these axes of it."""
    if expects is None:
        return wants
    if expects.ranks and not wants.ranks:
        words = f"{expects.call} takes {taken(expects.ranks)}"
        wants = wants._replace(ranks=expects.ranks, words=words)
    for name, axis, size in expects.sizes:
        said = f"declares {name}={size}"
        who = "" if wants.words.startswith(f"{expects.call} ") else f"{expects.call} "
        words = f"{wants.words} and {who}{said}" if wants.words else f"{expects.call} {said}"
        if axis == 0:
            return wants._replace(channels=size, axis=axes[0], words=words)
        if axis == -1:
            return wants._replace(features=size, words=words)
    return wants


def _moved(layer: Layer, shape: Shape, axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The input's axes behind a layer that keeps each what it is; None behind any other."""
    try:
        output, route = layer.output(shape), layer.route(shape)
    except LayerError:
        return None
    if not shape or (route is not None and route.across is not OWN):
        return None
    places = tuple(range(len(shape))) if route is None else route.moves
    if None in places or len(output) != len(shape):
        return None
    after = dict(zip(places, axes, strict=True))
    return tuple(after[place] for place in range(len(shape)))


class Known(NamedTuple):
    """What is known about the sizes to be typed.

    Attributes:
        ranks: the right numbers of spatial axes.
        channels: how many there are, or None.
        last: whether they stand last.
        firm: whether another number of axes is wrong, and not only unusual.
        own: whether they are the network's own sizes.
        words: who says so.
    """

    ranks: tuple[int, ...]
    channels: int | None
    last: bool
    firm: bool
    own: bool
    words: str

    def at_place(self, sizes: Sizes) -> bool:
        """Whether the channels stand where they belong; also where nobody says how many."""
        return self.channels in (None, sizes[-1 if self.last else 0])

    def at_other_end(self, sizes: Sizes) -> bool:
        return not self.at_place(sizes) and sizes[0 if self.last else -1] == self.channels

    def has_batch(self, sizes: Sizes) -> bool:
        """Whether the first size is one too many."""
        rank = len(sizes) - 1
        if rank - 1 not in self.ranks:
            return False
        left = self.at_place(sizes[1:])
        if not left and self.at_place(sizes):
            return False  # they stand where they belong: there is an axis too many behind
        if rank in self.ranks:  # either may be: the channels decide
            return left and not self.at_place(sizes)
        return left if self.own else not self.at_other_end(sizes[1:])

    def corrected(self, sizes: Sizes) -> Sizes:
        """Sizes that would do, as near to those typed as can be."""
        rank = max(self.ranks, default=len(sizes) - 1)
        if len(sizes) - 1 == rank + 1:
            sizes = sizes[1:]
        places = list(sizes)
        if self.at_other_end(sizes):
            del places[0 if self.last else -1]
        elif len(sizes) > rank or (self.channels is not None and self.at_place(sizes)):
            del places[-1 if self.last else 0]
        places = [*places, *[places[-1] if places else EXAMPLE] * rank][:rank]
        channels = 3 if self.channels is None else self.channels
        return (*places, channels) if self.last else (channels, *places)


def give(network: Network, typed: Typed) -> None:
    """Let a size that a person typed be the network's input."""
    network.typed = typed
    network.input = from_layout(typed.sizes, network.layout)


def meant(network: Network, size: Typed | None = None, batch: int | None = None) -> Meant:
    """The size that is meant, and the network at it.

    Args:
        network: what a notation read.
        size: what was typed beside it, which wins over its own; None: nothing.
        batch: samples at a time, if that was said.

    Raises:
        SpecError: a size that can't be, with what would be right; or what the network says
            of this one.
    """
    typed = size or network.typed
    hint = network.hint() if typed is None and network.input is None and network.hint else None
    if hint is not None:
        return _hinted(network, hint, batch)
    if typed is None:
        own = None if network.input is None else as_layout(network.input, network.layout)
        return Meant(network, own, _one(batch))
    return _Reading(network, typed, batch, _own(network, size)).meant()


def _hinted(network: Network, hint: Hint, batch: int | None) -> Meant:
    """The size that the source gives its model itself."""
    try:
        found = _Reading(network, hint.typed, batch, _own(network, None)).meant()
    except SpecError as error:
        error.notes.append(hint.note)
        raise
    return found._replace(notes=(hint.note, *found.notes))


def _one(batch: int | None) -> int:
    return 1 if batch is None else batch


def _own(network: Network, size: Typed | None) -> Known | None:
    """What the network's own sizes say about another one."""
    declared = network.declared
    sizes: tuple[int | None, ...] | None = declared
    if sizes is None and size is not None and network.input is not None:
        sizes = as_layout(network.input, network.layout)
    if not sizes:
        return None
    last = network.layout == "channels-last" or _looks_last(sizes)
    shown = "×".join("?" if each is None else str(each) for each in sizes)
    words = f"the network's own input is {shown}"
    channels = sizes[-1 if last else 0]
    # The compact notation has layers for any number of axes; a framework's classes don't.
    firm = declared is not None and network.notation != "compact"
    return Known((len(sizes) - 1,), channels, last, firm, True, words)


def _looks_last(sizes: tuple[int | None, ...]) -> bool:
    """Whether a file's own sizes have the channels last, as tf2onnx keeps them."""
    *places, channels = sizes
    return channels in PICTURES and len(places) > 1 and places[0] not in PICTURES


class _Reading:
    """One size, as it is tried."""

    def __init__(
        self, network: Network, typed: Typed, batch: int | None, own: Known | None
    ) -> None:
        self.network = network
        self.typed = typed
        self.sizes = typed.sizes
        self.shown = show(typed.sizes)
        self.batch = batch
        self.own = own

    def meant(self) -> Meant:
        check_input(self.sizes, self.typed.span)
        if not self.sizes:  # one number a sample, which can be meant in one way only
            traced = self.at(())
            check_scalar(traced, (), self.typed.span)
            return Meant(traced, (), _one(self.batch))
        if self.own and self.own.has_batch(self.sizes):
            return self.as_batch(self.own.words)
        if self.own:
            self.refuse(self.own)
        try:
            traced = self.at(self.sizes)
        except CnnCalcError as error:
            return self.after(error)
        return Meant(traced, self.sizes, _one(self.batch), tuple(self.notes_at(traced)))

    def at(self, sizes: Sizes) -> Network:
        return self.network.at(from_layout(sizes, self.network.layout))

    def after(self, error: CnnCalcError) -> Meant:
        """What is meant by a size that the network doesn't take as it stands."""
        wants = error.wants if isinstance(error, SpecError) and error.wants else Wants()
        known = self.by_classes(wants)
        if known.has_batch(self.sizes):
            return self.as_batch(known.words)
        rank, tried = len(self.sizes) - 1, None
        settled = rank in known.ranks and rank - 1 not in known.ranks
        # Three sizes of which no class says a thing are a picture, whatever the network makes of
        # two of them.
        likely = wants.words or len(self.sizes) > 3
        if likely and not settled and error.code not in HOPELESS:
            tried = self.tried(self.sizes[1:])
        if tried:
            return self.as_batch(f"the network takes {show(self.sizes[1:])} as it is", tried)
        self.refuse(known)
        if isinstance(error, SpecError):
            error.notes += self.notes(lambda: wants)
        raise error

    def tried(self, sizes: Sizes) -> Network | None:
        """The network at other sizes, if it takes them."""
        try:
            return self.at(sizes) if sizes else None
        except CnnCalcError:
            return None

    def by_classes(self, wants: Wants) -> Known:
        """What the classes of the source know."""
        last = self.network.layout == "channels-last" or wants.axis == len(self.sizes) - 1 > 0
        return Known(wants.ranks, wants.channels, last, True, False, wants.words)

    def as_batch(self, words: str, traced: Network | None = None) -> Meant:
        """The reading with a batch in front."""
        count, rest = self.sizes[0], self.sizes[1:]
        if self.batch not in (None, count):
            raise self.wrong(
                f"{self.shown} begins with a batch of {count}, and the batch is to be {self.batch}",
                words,
                f"write `{_typed(rest)}` with a batch of {self.batch} (`-b`)",
            )
        note = f"{self.shown} is read as a batch of {count}, each {show(rest)}: {words}"
        try:
            traced = traced or self.at(rest)
        except SpecError as error:
            error.notes.append(note)
            error.batch = count
            raise
        left = _Reading(self.network, self.typed._replace(sizes=rest), count, self.own)
        return Meant(traced, rest, count, (note, *left.notes_at(traced)))

    def refuse(self, known: Known) -> None:
        """SpecError where the sizes are turned round, or too few."""
        rank = len(self.sizes) - 1
        one_more = rank - 1 in known.ranks and rank not in known.ranks
        sizes = self.sizes[one_more:]
        right = f"`{_typed(known.corrected(self.sizes))}`"
        if known.at_other_end(sizes):
            here, there = ("first", "last") if known.last else ("last", "first")
            batch = f" with a batch of {self.sizes[0]} (`-b`)" if one_more else ""
            raise self.wrong(
                f"the channels stand {here} in {self.shown}, and {there} in this network",
                known.words,
                f"write {right}{batch}",
            )
        if rank < min(known.ranks, default=0) and (known.firm or self.like_places(known)):
            said = "an axis too few" if rank + 1 in known.ranks else "too few axes"
            how = "such as" if known.channels is None else "write"
            raise self.wrong(f"{self.shown} has {said}", known.words, f"{how} {right}")

    def wrong(self, message: str, why: str, help: str) -> SpecError:
        error = SpecError(message, self.typed.span, code="bad-input", help=help)
        error.notes.append(why)
        return error

    def notes_at(self, traced: Network) -> list[str]:
        """The notes where the network takes the sizes as they are."""
        shape = from_layout(self.sizes, self.network.layout)
        return self.notes(lambda: wants_of(_steps(traced, shape), shape))

    def notes(self, wants: Callable[[], Wants]) -> list[str]:
        """What the sizes might have meant beside what they are read as.

        What the classes want is asked only where it matters, since that takes time.
        """
        rank, own = len(self.sizes) - 1, self.own
        if own and rank in own.ranks and own.channels and own.at_place(self.sizes):
            return []
        if own and rank < min(own.ranks) and not own.at_place(self.sizes):
            return [f"{self.shown} is read as {self.letters()}: {own.words}"]
        if self.like_a_batch():
            decided = (own and own.firm) or wants().ranks
            return [] if decided else [self.other_batch()]
        if self.like_turned():
            asked = wants()
            sure = asked.channels is not None or asked.features == self.sizes[-1]
            return [] if sure else [self.other_end()]
        if rank == 1 and self.network.notation == "torch":
            alone = wants().features == self.sizes[1] and self.tried(self.sizes[1:])
            return [self.other_batch()] if alone else []
        return []

    @property
    def last(self) -> bool:
        return self.network.layout == "channels-last"

    def like_a_batch(self) -> bool:
        """Whether the sizes behind the first are those of a picture."""
        if len(self.sizes) < 4:
            return False
        channels, *places = from_layout(self.sizes[1:], self.network.layout)
        return channels in PICTURES and min(places[-2:]) >= LENGTH

    def like_places(self, known: Known) -> bool:
        """Whether the sizes are those of a picture without its channels, of which there are few."""
        few = known.channels in PICTURES and min(self.sizes) >= LENGTH
        return few and len(self.sizes) in known.ranks

    def like_turned(self) -> bool:
        """Whether the sizes are those of a picture with its channels at the other end."""
        sizes = self.sizes[::-1] if self.last else self.sizes
        return len(sizes) > 2 and sizes[-1] in PICTURES and min(sizes[:2]) >= LENGTH

    def letters(self) -> str:
        """The sizes' names in their order, such as C×H×W."""
        rank = len(self.sizes) - 1
        if not 0 < rank < 4:
            return f"C and {rank} axes" if rank else "a vector"
        places = ("L", "HW", "DHW")[rank - 1 : rank]
        return "×".join(f"{places[0]}C" if self.last else f"C{places[0]}")

    def other_batch(self) -> str:
        count, rest = self.sizes[0], self.sizes[1:]
        named = f", {self.letters()}" if len(rest) > 1 else ""
        return (
            f"{self.shown} is read as one sample{named}; if the {count} is the batch, give "
            f"`{_typed(rest)}` with a batch of {count} (`-b`)"
        )

    def other_end(self) -> str:
        end = "last" if self.last else "first"
        turned = as_layout if self.last else from_layout
        sizes = turned(self.sizes, "channels-last")
        channels = count_of(sizes[-1 if self.last else 0], "channel")
        return (
            f"{self.shown} is read as {self.letters()}; with its {channels} {end} it is "
            f"`{_typed(sizes)}`"
        )


def _typed(sizes: Sizes) -> str:
    """Sizes as they would be typed."""
    return "x".join(map(str, sizes))


def _steps(
    network: Network, shape: Shape
) -> Iterator[tuple[int, Declared, tuple[int, ...], tuple[Shape, ...]]]:
    """The steps of a network with the shapes that they read, as far as those are asked for."""
    made = {0: shape}
    for number, step in enumerate(network.steps):
        if not step.inputs:
            made.setdefault(number, step.layer.output())
            continue
        shapes = tuple(made[each] for each in step.inputs)
        yield number, step, step.inputs, shapes
        try:
            made[number] = settle(step, shapes).output(*shapes)
        except LayerError:  # analysis will say so
            return
