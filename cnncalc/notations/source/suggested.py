"""Which name of a library, or of the source, somebody meant by one that isn't there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnncalc.frameworks.counterparts import layer_names, texts
from cnncalc.notations.source.classes import OBJECT
from cnncalc.notations.source.stops import Refusal
from cnncalc.suggestions import suggest

__all__ = ["library_name", "source_name", "tensor_method", "unknown_class"]

MAX_KNOWN = 500
KERAS = ("keras", "tensorflow.keras", "tf_keras", "keras_core", "tensorflow")
WORDS = ("True", "False", "None")
OTHER_LANGUAGES = {"nil": "None", "null": "None", "nullptr": "None", "this": "self"}


def library_name(path: str) -> str | None:
    """The name of a framework that is nearest to a dotted one, such as `nn.Conv2d`."""
    home, _, name = path.rpartition(".")
    if home == "torch.nn":
        return _written("nn", suggest(name, torch_classes(), layer_names("torch")))
    if home in ("torch", "torch.nn.functional"):
        from cnncalc.notations.source.torch_functions import TORCH

        return _written("F" if "." in home else "torch", suggest(name, TORCH))
    if home.endswith(".layers") and home.removesuffix(".layers") in KERAS:
        return _written("layers", suggest(name, keras_classes(), layer_names("keras")))
    if home.removesuffix(".models") in KERAS:
        return _written("keras", suggest(name, ("Sequential", "Model", "Input", "layers")))
    return None


def _written(home: str, near: str | None) -> str | None:
    """A name as it stands in a source; what is no single name is there already."""
    return f"{home}.{near}" if near and (near[0].isupper() or near.isidentifier()) else near


def torch_classes() -> list[str]:
    from cnncalc.frameworks.pytorch import READERS
    from cnncalc.notations.source.torch_containers import CONTAINERS
    from cnncalc.notations.source.torch_names import NO_LAYER

    return [*READERS, *CONTAINERS, *NO_LAYER, "Module"]


def keras_classes() -> list[str]:
    from cnncalc.frameworks.keras import READERS
    from cnncalc.notations.source.keras_names import NO_LAYER

    return [*READERS, *NO_LAYER, "Lambda", "Layer"]


def unknown_class(name: str, notation: str) -> Refusal:
    """The refusal of a class that nothing defines; `notation` is the framework being read."""
    known = keras_classes() if notation == "keras" else torch_classes()
    near = suggest(name, known, layer_names(notation))
    return Refusal(
        f"`{name}` is not defined in this source, and no layer that is read here",
        help=f"did you mean `{near}`?" if near else None,
        code="unknown-layer",
    )


def source_name(name: str, known: Iterable[str], called: str = "") -> str | None:
    """What a name may have been that nothing defines: a text in quotes, or a name that is known.

    Args:
        name: what the source says.
        known: the names that would be right there.
        called: where the name is called, the framework that is being read.
    """
    function = library_name(f"torch.nn.functional.{name}") if called == "torch" else None
    if function == f"F.{name}":
        return function
    if name in texts() and not called:
        return f"'{name}'"
    from cnncalc.notations.source.builtin import BUILTINS

    names = [each for each in known if each != name and not each.startswith("__")][:MAX_KNOWN]
    return suggest(name, [*names, *WORDS, *BUILTINS], OTHER_LANGUAGES) or function


def tensor_method(name: str) -> str | None:
    """The method of a tensor that somebody meant."""
    from cnncalc.notations.source.torch_functions import METHODS

    return suggest(name, [each for each in METHODS if not each.startswith("_")])


def base_meant(cls: Any) -> Refusal | None:
    """The refusal of a class that would be a model if it inherited from one; None of another."""
    near = library_name(cls.foreign) if cls.foreign else None
    has_forward = {"forward", "call"} & set(cls.names)
    if near not in ("nn.Module", "keras.Model", "layers.Layer") and not has_forward:
        return None
    if cls.foreign:
        message = f"`{cls.name}` inherits from `{cls.foreign}`, which isn't read here"
        advice = f"did you mean `{near}`?" if near else None
    elif set(cls.bases) <= {OBJECT}:
        message = f"`{cls.name}` is no model: it inherits from nothing"
        advice = f"write `class {cls.name}(nn.Module):`"
    else:
        return None
    refusal = Refusal(message, help=advice, code="foreign")
    refusal.span = cls.place() if cls.place else None
    return refusal
