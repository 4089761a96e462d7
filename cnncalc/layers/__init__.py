"""The formula sheet: every layer kind, with its arithmetic.

`LAYERS` maps the compact notation's names (and aliases) to the classes. Kinds are found
in this folder: a new one needs no entry anywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cnncalc.layers.base import Layer, Option, Shape, Weight

__all__ = ["KINDS", "LAYERS", "Layer", "Option", "Shape", "Weight"]


def _discover() -> dict[str, type[Layer]]:
    """Every class with a kind, by name; two layers of one name are refused."""
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
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
