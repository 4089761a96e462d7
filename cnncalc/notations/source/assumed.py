"""Names that people leave without an import, as in a snippet: `nn`, `F`, `layers`, `Conv2d`."""

from __future__ import annotations

from typing import Any

from cnncalc.notations.source.raising import raised
from cnncalc.notations.source.values import Foreign, Namespace, Opaque, Value

__all__ = ["assumed"]

SHORT = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "keras": "keras",
    "tf": "tensorflow",
    "layers": "keras.layers",
    "models": "keras.models",
    "K": "keras.backend",
    "np": "numpy",
    "math": "math",
    "partial": "functools.partial",
    "OrderedDict": "collections.OrderedDict",
    "Tensor": "torch.Tensor",
}
HOMES = {"torch": ("torch.nn",), "keras": ("keras.layers", "keras.models", "keras")}


def assumed(machine: Any, name: str) -> Value:
    """What a name means that nothing defines, in the framework that is being read."""
    if name == "device":
        return Opaque("torch.device", type="cpu", index=None)
    if name in SHORT:
        return machine.imports.library(SHORT[name])
    first = ("keras", "torch") if machine.notation == "keras" else ("torch", "keras")
    for framework in first:
        for home in HOMES[framework]:
            found = machine.imports.library(f"{home}.{name}")
            if not isinstance(found, Foreign | Namespace):
                return found
    if name[:1].isupper():
        from cnncalc.notations.source.suggested import unknown_class

        raise unknown_class(name, machine.notation)
    raise raised("NameError", f"`{name}` is not defined in this source")
