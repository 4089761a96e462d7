"""The formula sheet: every layer kind, with its arithmetic.

`LAYERS` maps the compact notation's names (and aliases) to the classes. A new kind needs no
entry anywhere, a new file of them one in `FILES`.
"""

from __future__ import annotations

from importlib import import_module

from cnncalc.layers.base import Layer, Option, Shape, Weight

__all__ = ["FILES", "KINDS", "LAYERS", "Layer", "Option", "Shape", "Weight"]

# The files of this folder that hold kinds, in the order that a newcomer would look in; what stands
# first in the docstring of each, before a colon or full stop, is the group that its kinds are in.
# They are listed since looking into the folder takes pkgutil, which loads the whole of `inspect`.
FILES = (
    "conv",
    "transposed",
    "pool",
    "adaptive",
    "linear",
    "embedding",
    "activation",
    "norm",
    "attention",
    "recurrent",
    "merge",
    "product",
    "reshape",
    "padding",
    "resize",
    "shuffle",
    "folding",
    "expand",
    "learned",
    "arithmetic",
    "each",
)


def _discover() -> dict[str, type[Layer]]:
    """Every class with a kind, by name; two layers of one name are refused."""
    for name in sorted(FILES):
        import_module(f"{__name__}.{name}")
    kinds: dict[str, type[Layer]] = {}
    waiting = list(reversed(Layer.__subclasses__()))
    while waiting:
        layer = waiting.pop()
        waiting.extend(reversed(layer.__subclasses__()))
        for name in (layer.kind, *layer.aliases) if layer.kind else ():
            if name in kinds:
                raise TypeError(f"two layers are called {name}")
            kinds[name] = layer
    return kinds


LAYERS = _discover()  # with aliases
KINDS = {name: layer for name, layer in LAYERS.items() if name == layer.kind}
