"""What `random` draws, which only a run knows; how many values there are of it is known."""

from __future__ import annotations

from cnncalc.python.exceptions import raised
from cnncalc.python.functions import simple
from cnncalc.python.iteration import content_of, listed
from cnncalc.python.limits import check_count
from cnncalc.python.machine import Machine
from cnncalc.python.run_values import count_of, drawn, gives
from cnncalc.python.types import TYPES, class_of
from cnncalc.python.values import OBJECT, Silent, Value
from cnncalc.python.wordlists import words

__all__ = ["NAMES"]

FRACTIONS = words(
    "random uniform gauss normalvariate triangular betavariate expovariate gammavariate "
    "lognormvariate paretovariate vonmisesvariate weibullvariate"
)


def choice(machine: Machine, seq: Value) -> Value:
    """One of several; of a single one that."""
    values = listed(machine, seq)
    if not values:
        raise raised("IndexError", "there is nothing to choose from")
    if len(values) == 1:
        return values[0]
    classes = {class_of(each) for each in values}
    return drawn(machine, "random.choice", classes.pop() if len(classes) == 1 else OBJECT)


def several(machine: Machine, origin: str, count: Value) -> list[Value]:
    """So many that are drawn."""
    number = count_of(count, f"the length of what `{origin}` gives")
    check_count(number)
    machine.budget.spend(number)
    return [drawn(machine, origin)] * number


def shuffle(machine: Machine, x: Value, *args: Value) -> None:
    """All of a list, in an order that nobody knows."""
    values = content_of(x)
    if isinstance(values, list):
        machine.budget.spend(len(values))
        values[:] = [drawn(machine, "random.shuffle")] * len(values)


NAMES: dict[str, Value] = {
    "seed": Silent("random.seed"),
    "setstate": Silent("random.setstate"),
    "getstate": gives("random.getstate"),
    "Random": gives("random.Random"),
    "SystemRandom": gives("random.SystemRandom"),
    **{name: gives(f"random.{name}", TYPES["float"]) for name in FRACTIONS},
    **{name: gives(f"random.{name}", TYPES["int"])
       for name in ("randint", "randrange", "getrandbits", "binomialvariate")},
    "choice": simple("choice", choice),
    "choices": simple("choices", lambda machine, population, weights=None, *, cum_weights=None, k=1:
                      several(machine, "random.choices", k)),
    "sample": simple("sample", lambda machine, population, k, *, counts=None:
                     several(machine, "random.sample", k)),
    "shuffle": simple("shuffle", shuffle),
}  # fmt: skip
