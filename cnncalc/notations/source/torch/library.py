"""PyTorch as a library of the interpreter; its rules are loaded on use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.frameworks.counterparts import layer_names
from cnncalc.notations.source.framework import Framework, written
from cnncalc.notations.source.torch import legacy
from cnncalc.notations.source.torch.nn.module import is_module
from cnncalc.notations.source.unread import unsupported
from cnncalc.packages import OnUse
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.source_tree import SourceFile
from cnncalc.python.values import Opaque, Silent, Value
from cnncalc.python.wordlists import words
from cnncalc.suggestions import suggest
from cnncalc.tracing.tensors import Operations

if TYPE_CHECKING:
    from cnncalc.notations.source.torch import names, operations
else:  # a source of Keras's needs few of them
    names = OnUse("cnncalc.notations.source.torch.names")
    operations = OnUse("cnncalc.notations.source.torch.operations")

__all__ = ["PyTorch"]


def numel(machine: Machine, sizes: Value) -> Value:
    """`x.shape.numel()`."""
    return machine.call(machine.library("math.prod"), [sizes], {})


class PyTorch(Framework):
    """PyTorch, and the packages around it."""

    packages = ("torch", "torchvision", "timm", "pytorch_lightning", "lightning")
    meant = ("torch",)
    homes = ("torch.nn",)
    short = {  # noqa: RUF012, a constant
        "torch": "torch",
        "nn": "torch.nn",
        "F": "torch.nn.functional",
        "Tensor": "torch.Tensor",
    }
    settled = frozenset(words("timm.create_model timm.models.create_model"))
    changing = frozenset(words("add_module register_buffer register_module register_parameter"))
    adapting = {"handle_legacy_interface": legacy.with_old_names}  # noqa: RUF012, a constant
    anywhere = {"_log_api_usage_once": Silent("_log_api_usage_once")}  # noqa: RUF012, a constant
    methods = {tuple: {"numel": simple("numel", numel)}}  # noqa: RUF012, a constant

    def start(self, machine: Machine, file: SourceFile) -> None:
        """Tensors are PyTorch's."""
        machine.keep(Operations, lambda: operations.TorchOperations())

    def find(self, machine: Machine, path: str) -> Value:
        """The value of a dotted name."""
        return names.find_torch(machine, path)

    def names(self, path: str) -> list[str] | None:
        """The names of `torch.nn` and of its functions."""
        if path == "torch.nn":
            return sorted(names.layer_classes())
        return sorted(names.functions()) if path == "torch.nn.functional" else None

    def file(self, path: str) -> str | None:
        """PyTorch's own files aren't read; those of the packages around it are."""
        return None if path.startswith("torch.") else path

    def assume(self, machine: Machine, name: str) -> Value:
        """What a name means that nothing defines."""
        if name == "device":
            return Opaque("torch.device", type="cpu", index=None)
        return super().assume(machine, name)

    def near_layer(self, name: str) -> str | None:
        """The layer whose class has the nearest name."""
        return suggest(name, names.layer_classes(), layer_names("torch"))

    def unread(self, path: str) -> Refusal | None:
        """What is said of a name of PyTorch's that isn't read."""
        package = path.partition(".")[0]
        if package == "torch" and ".applications." not in path:
            return unsupported(path, self.near_path(path))
        return super().unread(path)

    def exactly(self, name: str, called: bool) -> str | None:
        """A function of `torch.nn.functional`, or a text without its quotes."""
        function = self.near(name, called)
        return function if function == f"F.{name}" else super().exactly(name, called)

    def near(self, name: str, called: bool) -> str | None:
        """The nearest function, where one is called."""
        return self.near_path(f"torch.nn.functional.{name}") if called and self.read else None

    def near_path(self, path: str) -> str | None:
        """The name that is nearest to a dotted one, such as `nn.Conv2d`."""
        home, _, name = path.rpartition(".")
        if home == "torch.nn":
            return written("nn", self.near_layer(name))
        if home in ("torch", "torch.nn.functional"):
            return written("F" if "." in home else "torch", suggest(name, names.functions()))
        return None

    def is_model(self, value: Value) -> bool:
        """Whether a value is a module."""
        return is_module(value)
