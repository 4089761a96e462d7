"""What `numpy.random` draws: arrays of a known size, and numbers that only a run knows."""

from __future__ import annotations

from cnncalc.python.functions import simple
from cnncalc.python.iteration import listed
from cnncalc.python.library.random import shuffle
from cnncalc.python.machine import Machine
from cnncalc.python.run_values import drawn, run_value_among
from cnncalc.python.values import Builtin, Silent, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Static

__all__ = ["RANDOM"]

# How many arguments stand before the size.
PLACES = {
    **dict.fromkeys(words("random random_sample ranf sample standard_normal"), 0),
    **dict.fromkeys(words("choice exponential poisson rayleigh permutation"), 1),
    **dict.fromkeys(words("beta binomial gamma gumbel integers laplace lognormal normal randint "
                          "uniform"), 2),
}  # fmt: skip


def array(machine: Machine, name: str, size: Value) -> Value:
    """Numbers of a size, or one where none is asked for."""
    if size is None or size == ():
        return drawn(machine, f"numpy.random.{name}")
    sizes = tuple(listed(machine, size)) if isinstance(size, tuple | list) else (size,)
    if (unknown := run_value_among(sizes)) is not None:
        raise unknown.needed("the size of this array")
    return Static(sizes)


def of_size(name: str, place: int) -> Builtin:
    """A function with the size as a further argument."""

    def call(machine: Machine, *args: Value, size: Value = None, **options: Value) -> Value:
        return array(machine, name, args[place] if len(args) > place else size)

    return simple(name, call)


def of_sizes(name: str) -> Builtin:
    """A function whose arguments are the sizes."""
    return simple(name, lambda machine, *sizes: array(machine, name, sizes))


def order(machine: Machine, x: Value) -> Value:
    """`numpy.random.permutation`, of a number or of values."""
    count = x if isinstance(x, int) else len(listed(machine, x))
    return array(machine, "permutation", count)


def generator(machine: Machine, *seed: Value) -> Value:
    """`numpy.random.default_rng()` and `RandomState`: they draw as the module does."""
    return machine.library("numpy.random")


RANDOM: dict[str, Value] = {
    **{name: of_size(name, place) for name, place in PLACES.items()},
    **{name: of_sizes(name) for name in ("rand", "randn")},
    "permutation": simple("permutation", order),
    "shuffle": simple("shuffle", shuffle),
    "default_rng": simple("default_rng", generator),
    "RandomState": simple("RandomState", generator),
    **{name: Silent(f"numpy.random.{name}") for name in ("seed", "set_state", "get_state")},
}
