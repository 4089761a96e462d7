"""Keras as a library of the interpreter; its rules are loaded on use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.frameworks.counterparts import layer_names
from cnncalc.notations.source.framework import Framework, written
from cnncalc.notations.source.keras.kinds import is_keras_model
from cnncalc.notations.source.state import state_of
from cnncalc.notations.source.unread import unsupported
from cnncalc.packages import OnUse
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Value
from cnncalc.suggestions import suggest

if TYPE_CHECKING:
    from cnncalc.notations.source.keras import names
else:  # most sources need none of them
    names = OnUse("cnncalc.notations.source.keras.names")

__all__ = ["Keras"]

HOMES = ("keras", "tensorflow.keras", "tf_keras", "keras_core", "tensorflow")


def as_list(machine: Machine, sizes: tuple[Value, ...]) -> list[Value]:
    """`x.shape.as_list()`."""
    machine.budget.spend(len(sizes) >> 2)
    return list(sizes)


class Keras(Framework):
    """Keras, and TensorFlow around it."""

    packages = ("keras", "tensorflow", "tf_keras", "keras_core")
    meant = ("keras", "tensorflow")
    outranks = True  # Keras's own applications are read, but its layers are the vocabulary's
    homes = ("keras.layers", "keras.models", "keras")
    short = {  # noqa: RUF012, a constant
        "keras": "keras",
        "tf": "tensorflow",
        "layers": "keras.layers",
        "models": "keras.models",
        "K": "keras.backend",
    }
    methods = {tuple: {"as_list": simple("as_list", as_list)}}  # noqa: RUF012, a constant

    def start(self, machine: Machine, file: SourceFile) -> None:
        """Which layout the models of a file are in, found before any of it runs."""
        if self.read:
            state_of(machine).layout = names.layout_of(machine, file)

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name."""
        return names.find_keras(machine, path)

    def file(self, path: str) -> str | None:
        """Keras's applications are read; its layers are the vocabulary's."""
        home, _, name = path.partition(".applications.")
        source = home.endswith(".src")
        return f"keras.{'src.' if source else ''}applications.{name}" if name else None

    def near_layer(self, name: str) -> str | None:
        """The layer whose class has the nearest name."""
        return suggest(name, names.layer_classes(), layer_names("keras"))

    def unread(self, path: str) -> Refusal | None:
        """What is said of a name of Keras's that isn't read."""
        if path.partition(".")[0] not in self.meant or ".applications." in path:
            return super().unread(path)
        return unsupported(path, self.near_path(path))

    def near_path(self, path: str) -> str | None:
        """The name that is nearest to a dotted one, such as `layers.Conv2D`."""
        home, _, name = path.rpartition(".")
        if home.endswith(".layers") and home.removesuffix(".layers") in HOMES:
            return written("layers", self.near_layer(name))
        if home.removesuffix(".models") in HOMES:
            return written("keras", suggest(name, ("Sequential", "Model", "Input", "layers")))
        return None

    def is_model(self, value: Value) -> bool:
        """Whether a value is a model; a layer alone is none."""
        return is_keras_model(value)
