"""A network as a spec of the compact notation.

Steps are taken in order and joined to chains. Where branches meet, the chains that they are
become `add[ a | b ]`; a graph that is not nested like that goes back to labelled steps,
`x1@conv:64,k3 … cat[ | @x1 ]`, so every graph of layers can be said. What can't be said is
weights used twice (`shares`) or held in other tensors than a layer's own, and what is never used.
"""

from __future__ import annotations

import re

from cnncalc.errors import SpecError
from cnncalc.findings import Findings
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.each import Each
from cnncalc.layers.options import SCALAR
from cnncalc.layers.spelling import head, word
from cnncalc.network import Network, Step
from cnncalc.notations.names import Names
from cnncalc.notations.reserved import COMPACT, identifier

__all__ = ["lines", "write"]

WIDTH = 88

JUMP = -1  # in place of a step's number
BEGUN = -2  # in place of the step that a chain goes on from, where it begins with an input
PLAIN_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def write(network: Network, shape: Shape | None = None) -> str | None:
    """The normalised spec, starting with the input size; None where the notation can't say it.

    Args:
        network: with its steps (after `at`).
        shape: the input size to write, channels first; None: the network's own, if it has one.
    """
    steps = network.steps
    size = shape or network.input
    unused = network.unused_params or network.unused_buffers
    if unused or not _plain_outputs(network) or _unread_input(network):
        return None
    if _shares_weights(network, size) or not all(step.own for step in steps):
        return None
    writer = _Writer(network, size is not None)
    words = writer.spec()
    return " ".join([*writer.first(size), *words])


def lines(report: Findings) -> str:
    """The spec of a report's network, in lines; SpecError where the notation can't say it."""
    import textwrap  # only `convert` writes lines

    text = write(report.network, report.input)
    if text is None:
        raise _unsayable(report)
    wrapped = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*wrapped, ""])


def _unsayable(report: Findings) -> SpecError:
    """What in a network the compact notation has no words for, with its place."""
    network = report.network
    steps = network.steps
    held = [row.index for row in report.rows if row.shares is not None and row.weights]
    again = steps[held[0]] if held else None
    unread = _unread_input(network)
    step = again or unread
    if again:
        first = steps[again.shares or 0].name
        why = f"`{again.name}` uses the weights of `{first}` again"
    elif unread:
        why = f"nothing reads its input `{unread.name}`"
    elif len(steps) == 1:
        why = "it has no layers"
    elif network.unused_params:
        why = f"{network.unused_params:,} parameters are never used"
    elif network.unused_buffers:
        why = f"buffers of {network.unused_buffers:,} elements are never used"
    else:
        why = "its outputs come in another order than a spec's"
    return SpecError(
        f"the compact notation can't say this network: {why}",
        step.spans[0] if step and step.spans else None,
        code="unsayable",
        help="`--to torch` can" if again or unread or len(steps) == 1 else None,
    )


def _shares_weights(network: Network, size: Shape | None) -> bool:
    """Whether a step uses another's weights again; a pool called twice has none to share."""
    if not any(step.shares is not None for step in network.steps):
        return False
    if size is None:  # what a layer holds depends on what flows in
        return True
    made = [size]
    for step in network.steps[1:]:
        shapes = [made[number] for number in step.inputs]
        if step.shares is not None and step.layer.weights(*shapes):
            return True
        made.append(step.layer.output(*shapes))
    return False


def _unread_input(network: Network) -> Step | None:
    """A further input that nothing reads."""
    read = {number for step in network.steps for number in step.inputs}
    steps = enumerate(network.steps)
    return next((step for n, step in steps if n and not step.inputs and n not in read), None)


def _plain_outputs(network: Network) -> bool:
    """Whether the network ends as a spec does: the last flow first, then the loose ends."""
    read = {number for step in network.steps for number in step.inputs}
    ends = [n for n in range(1, len(network.steps)) if n not in read]
    return network.outputs == (*ends[-1:], *ends[:-1])


class _Chain:
    """Steps one after another from `entry`, as (step, text) pairs."""

    __slots__ = ("entry", "parts")

    def __init__(self, entry: int) -> None:
        self.entry = entry
        self.parts: list[tuple[int, str]] = []

    @property
    def end(self) -> int:
        return self.parts[-1][0] if self.parts else self.entry


class _Writer:
    def __init__(self, network: Network, sized: bool) -> None:
        self.network = network
        self.chains = [_Chain(0)]
        self.place = {0: 0}  # how many parts of its chain end with a step
        self.labels: dict[int, str] = {}
        first, *others = network.steps
        several = any(not step.inputs for step in others)
        # The first input's own name, where its size stands behind it as those of others do.
        self.own = first.name if sized and several and _may_label(first.name) else ""
        self.named = Names(step.name for step in network.steps)

    def spec(self) -> list[str]:
        """The words after the input size."""
        for number, step in enumerate(self.network.steps[1:], 1):
            if not step.inputs:
                self.begin(number, word(step.layer))
            elif step.layer.arity != "many" and len(step.inputs) == 1:
                self.extend(step.inputs[0], number, word(step.layer))
            else:
                self.join(number)
        parts: list[tuple[int, str]] = []
        for index, chain in enumerate(self.chains):
            if index and chain.entry != BEGUN:
                parts.append((JUMP, self.jump(chain.entry)))
            parts += chain.parts
        # Labels are found while jumps are written, so they are put in last.
        return [text for text in map(self.finished, self.words(parts)) if text]

    def first(self, size: Shape | None) -> list[str]:
        """The word for the first input: its size, with its name where there are several."""
        if size is None:
            return []
        text = "x".join(map(str, size))
        if self.own:
            return [f"{self.own}@input:{text or SCALAR}"]
        return [text or f"input:{SCALAR}"]

    def begin(self, number: int, text: str) -> None:
        """A further input, at which a chain of its own begins."""
        self.chains.append(_Chain(BEGUN))
        self.chains[-1].parts.append((number, text))
        self.place[number] = 1

    def extend(self, source: int, number: int, text: str) -> None:
        """Add a step that reads one other: to the last chain if that ends there, else a new one."""
        if self.chains[-1].end != source:
            self.chains.append(_Chain(source))
        self.chains[-1].parts.append((number, text))
        self.place[number] = len(self.chains[-1].parts)

    def join(self, number: int) -> None:
        """Add a merge: nested if its branches are the last chains, else by labels."""
        step = self.network.steps[number]
        head = word(step.layer)
        if len(set(step.inputs)) == 1:  # it joins one step with itself
            self.extend(step.inputs[0], number, _bracketed(head, [""] * len(step.inputs)))
            return
        nested = self.nested(step.inputs)
        if nested is None:
            flow = self.chains[-1].end
            branches = ["" if source == flow else self.jump(source) for source in step.inputs]
            self.extend(flow, number, _bracketed(head, branches))
            return
        fork, branches = nested
        self.extend(fork, number, _bracketed(head, branches))

    def nested(self, inputs: tuple[int, ...]) -> tuple[int, list[str]] | None:
        """The fork and the branches' texts, taken off the chains; None where they don't nest."""
        for fork in self.forks(inputs):
            ends = [source for source in inputs if source != fork]
            taken = self.taken(fork, ends)
            if taken is None:
                continue
            del self.chains[len(self.chains) - len(ends) + 1 :]
            last = self.chains[-1]
            kept = self.place[fork] if last.entry != fork else 0
            del last.parts[kept:]
            if not last.parts and len(self.chains) > 1 and self.chains[-2].end == fork:
                self.chains.pop()
            texts = iter(" ".join(self.words(parts)) for parts in taken)
            return fork, ["" if source == fork else next(texts) for source in inputs]
        return None

    def forks(self, inputs: tuple[int, ...]) -> list[int]:
        """Where the branches may part: an input itself (an empty branch), or a chain's entry."""
        if len(self.chains) < 1 or len(inputs) < 2:
            return []
        candidates = [source for source in dict.fromkeys(inputs) if source in self.place]
        entry = self.chains[-1].entry
        return [*sorted(candidates)[:1], *([] if entry == BEGUN else [entry])]

    def taken(self, fork: int, ends: list[int]) -> list[list[tuple[int, str]]] | None:
        """The parts of the last chains that are branches from `fork` to these ends, in order."""
        if not ends or len(ends) > len(self.chains):
            return None
        first, *others = self.chains[len(self.chains) - len(ends) :]
        if first.entry == fork:
            start = 0
        elif [
            number for number, _ in first.parts[max(self.place[fork] - 1, 0) : self.place[fork]]
        ] == [fork]:
            start = self.place[fork]
        else:
            return None
        branches = [first.parts[start:], *(chain.parts for chain in others)]
        fits = all(chain.entry == fork for chain in others)
        return branches if fits and [b[-1][0] for b in branches if b] == ends else None

    def jump(self, number: int) -> str:
        """The words that take the flow back to a step."""
        if number == 0:
            return f"@{self.own or 'input'}"
        if number not in self.labels:
            name = self.network.steps[number].name
            if name in COMPACT or not PLAIN_NAME.match(name):
                name = self.named.unique(identifier(name, COMPACT))
            self.labels[number] = name
        return f"@{self.labels[number]}"

    def words(self, parts: list[tuple[int, str]]) -> list[str]:
        """The words of a chain; neighbours that run at each entry of the same axes are a group."""
        # \0 marks where a label may have to go, once all jumps are known
        words: list[str] = []
        place = 0
        while place < len(parts):
            count = self.alike(parts, place)
            if count:
                words.append(self.group([number for number, _ in parts[place : place + count]]))
            else:
                number, text = parts[place]
                words.append(text if number == JUMP else f"\0{number}\0{text}")
            place += max(count, 1)
        return words

    def layer(self, number: int) -> Layer | None:
        """The layer of a part; None: it is a jump."""
        return None if number == JUMP else self.network.steps[number].layer

    def alike(self, parts: list[tuple[int, str]], start: int) -> int:
        """How many parts from one on run at each entry of the same axes.

        What does the same to every value may stand between them.
        """
        over, count = self.layer(parts[start][0]), 0
        if not isinstance(over, Each):
            return 0
        for place in range(start, len(parts)):
            layer = self.layer(parts[place][0])
            if isinstance(layer, Each) and head(layer) == head(over):
                count = place + 1 - start
            elif layer is None or not _is_plain(layer):
                break
        return count

    def group(self, numbers: list[int]) -> str:
        """Steps at each entry of the same axes, in brackets."""
        layers = [self.network.steps[number].layer for number in numbers]
        inside = [layer.core for layer in layers]
        words = [f"\0{n}\0{word(each)}" for n, each in zip(numbers, inside, strict=True)]
        return f"{head(layers[0])}[{' '.join(words)}]"

    def finished(self, text: str) -> str:
        if "\0" not in text:
            return text
        return re.sub(r"\0(\d+)\0", lambda match: self.label(int(match[1])), text)

    def label(self, number: int) -> str:
        """`name@` where a jump needs it or the user gave the step a name."""
        step = self.network.steps[number]
        if number in self.labels:
            return f"{self.labels[number]}@"
        named = self.network.notation == "compact" or not step.inputs
        own = named and not re.fullmatch(rf"{re.escape(step.layer.core.kind)}\d+", step.name)
        return f"{step.name}@" if own and _may_label(step.name) else ""


def _may_label(name: str) -> bool:
    return bool(PLAIN_NAME.match(name)) and name not in COMPACT


def _is_plain(layer: Layer) -> bool:
    """Whether a layer does the same to every value, in `each` and outside of it."""
    return layer.arity == "one" and layer.at_each(1, "first") is layer


def _bracketed(head: str, branches: list[str]) -> str:
    return f"{head}[{' | '.join(branches)}]".replace("[ |", "[|").replace("| ]", "|]")
