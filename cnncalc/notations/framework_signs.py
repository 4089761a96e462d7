"""Which framework a Python source is written with, by its looks: PyTorch or Keras."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.notations import DOCUMENTS, Text
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.frameworks import keras, pytorch
else:  # only what has no other sign is looked up there
    keras = OnUse("cnncalc.frameworks.keras")
    pytorch = OnUse("cnncalc.frameworks.pytorch")

__all__ = ["framework_of", "path_of"]

# Patterns are compiled by who comes to them: the imports tell of most sources.
COMMENT = r"#[^\n]*"
IMPORT = r"(?m)^[ \t>.]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+(.+))"
PACKAGES = {
    "torch": {"torch", "torchvision", "torchaudio", "timm", "lightning", "pytorch_lightning"},
    "keras": {"keras", "tensorflow", "tf_keras", "keras_core"},
}
# What stands before a dot: `nn.Conv2d`, `layers.Dense`. Far more of one than of the other tells.
DOTTED = {
    "torch": r"\b(?:torch|nn|F)\.[A-Za-z]",
    "keras": r"\b(?:keras|tf|tensorflow|layers)\.[A-Za-z]",
}
DEFINED = r"(?m)^[ \t]*(?:class|def)[ \t]+(\w+)"
CALLED = r"(?<![\w.])([A-Z]\w*)\s*\("
SPELLED = {"torch": r"[123]d\Z", "keras": r"[123]D(?:Transpose)?\Z"}
BASE = r"(?m)^[ \t]*class[ \t]+\w+\((Module|Model|Layer)\)"


def framework_of(text: str) -> str:
    """`torch` or `keras`. A source that says nothing of its framework is read as PyTorch's."""
    text = re.sub(COMMENT, "", text)
    return _by_imports(text) or _by_prefixes(text) or _by_names(text) or "torch"


def path_of(text: Text) -> str | None:
    """Where a source lies, so that its imports find the files beside it; None: in no file."""
    known = (".py", *DOCUMENTS)
    return next((file for file in text.files if file.lower().endswith(known)), None)


def _one(counts: dict[str, int]) -> str | None:
    """The framework that more speaks for."""
    torch, keras = counts["torch"], counts["keras"]
    return None if torch == keras else "torch" if torch > keras else "keras"


def _by_imports(text: str) -> str | None:
    words = (module or listed for module, listed in re.findall(IMPORT, text))
    packages = {re.split(r"[.\s]", name.strip())[0] for each in words for name in each.split(",")}
    return _one({name: bool(packages & known) for name, known in PACKAGES.items()})


def _by_prefixes(text: str) -> str | None:
    return _one({name: len(re.findall(known, text)) for name, known in DOTTED.items()})


def _by_names(text: str) -> str | None:
    """By classes that stand alone and that one framework has, and not the other."""
    called = set(re.findall(CALLED, text)) - set(re.findall(DEFINED, text))
    spelled = {n: sum(bool(re.search(end, each)) for each in called) for n, end in SPELLED.items()}
    for base in re.findall(BASE, text):
        spelled["torch" if base == "Module" else "keras"] += 1
    return _one(spelled) or (_by_vocabulary(called) if called else None)


def _by_vocabulary(called: Iterable[str]) -> str | None:
    """By the vocabularies, imported only where no spelling tells."""
    return _one(
        {
            "torch": sum(each in pytorch.READERS for each in called),
            "keras": sum(each in keras.READERS for each in called),
        }
    )
