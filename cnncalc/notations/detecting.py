"""Which notation a text is in, by its looks: the compact one, PyTorch source or Keras source."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["detect"]

COMMENT = re.compile(r"#[^\n]*")
DEFINITION = re.compile(r"\bdef\s+[\w-]+\s*(?:\([^()]*\))?\s*=\s*\[")  # only compact has these
# No layer of the compact notation has a capital letter.
PYTHON = re.compile(
    r"^[ \t]*(?:import|from|class)\s|\b[A-Z]\w*\s*\(|\bself\.[A-Za-z_]|"
    r"^[ \t]*def\s+\w+\s*\([^()]*\)[^=:\n]*:",
    re.MULTILINE,
)
IMPORT = re.compile(r"^[ \t>.]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+(.+))", re.MULTILINE)
PACKAGES = {
    "torch": {"torch", "torchvision", "torchaudio", "timm", "lightning", "pytorch_lightning"},
    "keras": {"keras", "tensorflow", "tf_keras", "keras_core"},
}
# What stands before a dot: `nn.Conv2d`, `layers.Dense`. Far more of one than of the other tells.
DOTTED = {
    "torch": re.compile(r"\b(?:torch|nn|F)\.[A-Za-z]"),
    "keras": re.compile(r"\b(?:keras|tf|tensorflow|layers)\.[A-Za-z]"),
}
DEFINED = re.compile(r"^[ \t]*(?:class|def)[ \t]+(\w+)", re.MULTILINE)
CALLED = re.compile(r"(?<![\w.])([A-Z]\w*)\s*\(")
SPELLED = {"torch": re.compile(r"[123]d\Z"), "keras": re.compile(r"[123]D(?:Transpose)?\Z")}
BASE = re.compile(r"^[ \t]*class[ \t]+\w+\((Module|Model|Layer)\)", re.MULTILINE)


def detect(text: str, python: bool = False) -> str:
    """`compact`, `torch` or `keras`; with `python` it is known to be source.

    A source that says nothing of its framework is read as PyTorch's.
    """
    text = COMMENT.sub("", text)
    if not python and (DEFINITION.search(text) or not PYTHON.search(text)):
        return "compact"
    return _by_imports(text) or _by_prefixes(text) or _by_names(text) or "torch"


def _one(counts: dict[str, int]) -> str | None:
    """The framework that more speaks for."""
    torch, keras = counts["torch"], counts["keras"]
    return None if torch == keras else "torch" if torch > keras else "keras"


def _by_imports(text: str) -> str | None:
    words = (module or listed for module, listed in IMPORT.findall(text))
    packages = {re.split(r"[.\s]", name.strip())[0] for each in words for name in each.split(",")}
    return _one({name: bool(packages & known) for name, known in PACKAGES.items()})


def _by_prefixes(text: str) -> str | None:
    return _one({name: len(known.findall(text)) for name, known in DOTTED.items()})


def _by_names(text: str) -> str | None:
    """By classes that stand alone and that one framework has, and not the other."""
    called = set(CALLED.findall(text)) - set(DEFINED.findall(text))
    spelled = {n: sum(bool(end.search(each)) for each in called) for n, end in SPELLED.items()}
    for base in BASE.findall(text):
        spelled["torch" if base == "Module" else "keras"] += 1
    return _one(spelled) or (_by_vocabulary(called) if called else None)


def _by_vocabulary(called: Iterable[str]) -> str | None:
    """The vocabularies, loaded only where no spelling tells."""
    from cnncalc.frameworks.keras import READERS as KERAS
    from cnncalc.frameworks.pytorch import READERS as TORCH

    return _one(
        {
            "torch": sum(each in TORCH and each not in KERAS for each in called),
            "keras": sum(each in KERAS and each not in TORCH for each in called),
        }
    )
