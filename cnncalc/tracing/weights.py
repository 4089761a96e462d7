"""Which tensors a step works with, each counted once, where it is first used."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from cnncalc.layers.base import Weight
from cnncalc.network import Declared
from cnncalc.symbols.followed import is_open
from cnncalc.tracing.tensors import Parameter, Static

__all__ = ["Counting", "Held", "misfit", "same_tensors"]

Held = dict[str, Static | None]  # the tensors behind a layer's weights, by the layer's names
COUNTER = "num_batches_tracked"  # which only PyTorch's own modules have


class Counting:
    """What the steps so far have counted, and where it was first used."""

    def __init__(self) -> None:
        self.counted: set[int] = set()
        self.first: dict[Hashable, int] = {}

    def shares(self, keys: Iterable[Hashable], step: int) -> int | None:
        """The step whose weights this one uses again, known by any of some keys, or None."""
        known = [key for key in keys if key is not None]
        found = next((self.first[key] for key in known if key in self.first), None)
        # By all of its keys: who comes later may be known by the module, or by the tensor alone.
        for key in known:
            self.first.setdefault(key, step)
        return found

    def told(
        self, declared: Declared, weights: Sequence[Weight], held: Held, whole: bool, again: bool
    ) -> Declared:
        """A layer with what its source has for the weights, and which of them it freezes.

        Args:
            declared: the layer as its source has it.
            weights: what it holds at its inputs.
            held: the tensors behind them; None: nothing is there.
            whole: whether a weight that isn't among them has nothing behind it either; else it
                is the layer's own, which nobody has touched.
            again: whether the step uses another's weights, which are counted there.
        """
        stored: dict[str, tuple[int, tuple[Weight, ...]]] = {}
        frozen: set[str] = set()
        own = True
        for weight in weights if held else ():
            if not whole and weight.name not in held:
                continue
            static = held.get(weight.name)
            sources = static.sources if static is not None else ()
            fresh = list(sources) if again else self._fresh(sources)
            # The usual case: one tensor, of the layer's own name and shape, which says nothing
            # besides.
            if len(sources) == 1 and fresh and fresh[0].says_nothing_more(weight):
                frozen |= set() if fresh[0].trainable else {weight.name}
                continue
            behind = tuple(each.as_weight(weight, len(sources) == 1) for each in fresh)
            stored[weight.name] = (weight.count, behind)
            own = own and (weight.name == COUNTER or _as_many(weight, behind))
        if not (frozen or stored):
            return declared
        return declared.replaced(
            trainable=declared.trainable and not (frozen and len(frozen) == len(weights)),
            frozen=declared.frozen | frozen,
            stored={**declared.stored, **stored},
            own=own,
        )

    def _fresh(self, sources: Sequence[Parameter]) -> list[Parameter]:
        """Those that nobody has counted; they are counted now.

        Steps come in the order in which they run, so a tensor that several hold counts at the first
        of them. What an exporter merged stands for as many tensors as there were.
        """
        fresh = [each for each in sources if id(each) not in self.counted]
        self.counted.update(id(each) for each in fresh if not each.merged)
        return fresh


def _as_many(weight: Weight, behind: Sequence[Weight]) -> bool:
    """Whether tensors hold as much as the layer's own weight would, at any size."""
    count = sum(each.count for each in behind if each.role == weight.role)
    return not is_open(weight.count) and weight.count == count


def same_tensors(kind: str, weights: Sequence[Weight], held: Held, whole: bool) -> Hashable:
    """What two steps have in common that work with the same tensors; None: own ones, or several.

    A layer of another kind or size, or one that holds a part of a tensor, shares no step's
    weights: it only finds them counted. What an exporter merged counts wherever it is used.
    """
    found: list[Hashable] = [kind]
    for weight in weights if held else ():
        static = held.get(weight.name)
        if static is None and whole:
            continue
        if static is None or len(static.sources) != 1:
            return None
        (source,) = static.sources
        if is_open(weight.count) or source.count != weight.count or source.merged:
            return None
        found.append((weight.name, weight.shape, id(source)))
    return tuple(found) if len(found) > 1 else None


def misfit(weights: Sequence[Weight], held: Held) -> tuple[Weight, Static] | None:
    """A weight whose tensor holds another number of values than the layer needs, with that."""
    for weight in weights:
        static = held.get(weight.name)
        if static is not None and static.count != weight.count:
            return weight, static
    return None
