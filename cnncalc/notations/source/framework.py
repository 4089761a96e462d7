"""What the frameworks have in common as libraries: one of them is the one that is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import SpecError
from cnncalc.frameworks.counterparts import texts
from cnncalc.notations.source.state import state_of
from cnncalc.packages import OnUse
from cnncalc.python.imports import outside
from cnncalc.python.machine import Machine
from cnncalc.python.protocols import Library
from cnncalc.python.refusals import Refusal

if TYPE_CHECKING:
    from cnncalc.notations import model_packages
    from cnncalc.notations.source import wrong_names
else:  # only a wrong source needs them
    model_packages = OnUse("cnncalc.notations.model_packages")
    wrong_names = OnUse("cnncalc.notations.source.wrong_names")

__all__ = ["Framework", "written"]


class Framework(Library):
    """A framework.

    Attributes:
        read: whether its models are what is being read.
    """

    def __init__(self, read: bool) -> None:
        self.read = read

    def near_layer(self, name: str) -> str | None:
        """The layer whose class has the nearest name."""
        raise NotImplementedError

    def unknown(self, name: str) -> Refusal | None:
        """What is said of a class that nothing defines."""
        if not self.read or not name[:1].isupper():
            return None
        near = self.near_layer(name)
        return Refusal(
            f"`{name}` is not defined in this source, and no layer that is read here",
            help=f"did you mean `{near}`?" if near else None,
            code="unknown-layer",
        )

    def unread(self, path: str) -> Refusal | None:
        """What is said of a name of a package that people install and that isn't there."""
        if path.partition(".")[0] not in model_packages.KNOWN:
            return None
        return outside(path, model_packages.advice(path))

    def exactly(self, name: str, called: bool) -> str | None:
        """A text that stands without its quotes, such as `same`."""
        return f"'{name}'" if name in texts() and not called else None

    def told(self, machine: Machine, error: SpecError) -> SpecError:
        """An error with what the layers until there want of the input, and what else is wrong."""
        if not self.read:
            return error
        trace = state_of(machine).trace
        error.wants = trace.wants() if trace is not None else None
        return wrong_names.with_others(machine, error)


def written(home: str, near: str | None) -> str | None:
    """A name as it stands in a source; what is no single name is there already."""
    return f"{home}.{near}" if near and (near[0].isupper() or near.isidentifier()) else near
