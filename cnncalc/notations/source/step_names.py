"""What steps are called, and the places that they come from."""

from __future__ import annotations

from cnncalc.errors import Span
from cnncalc.notations.source.state import state_of
from cnncalc.python.machine import Machine
from cnncalc.python.values import Instance, Value
from cnncalc.tracing.tensors import Parameter

__all__ = ["name_of", "spans_of"]


def name_of(machine: Machine, owner: Value, op: str) -> str:
    """A module's own name, or the operation's within the module that runs it."""
    state = state_of(machine)
    paths, joint = state.steps.paths, state.steps.joint
    if isinstance(owner, Parameter) and owner.holder is not None:
        path = paths.get(id(owner.holder))
        if path is not None:
            return f"{path}{joint}{owner.name}" if path else owner.name
    if owner is not None and paths.get(id(owner)):
        return paths[id(owner)]
    prefix = next((p for m in reversed(state.running) if (p := paths.get(id(m)))), "")
    if joint == "/" and state.running:  # Keras's layers know their names themselves
        prefix = state.running[-1].fields.get("name", "")
    word: str = owner.cls.name.lower() if isinstance(owner, Instance) else op
    if isinstance(owner, Instance) and prefix == paths.get(id(owner)):
        prefix = ""
    return f"{prefix}{joint}{word}" if prefix else word


def spans_of(machine: Machine, owner: Value) -> tuple[Span, ...]:
    """The innermost use, where the module was made, then the uses around."""
    spans = machine.spans()
    made = owner.made[:1] if isinstance(owner, Instance) else ()
    places: dict[tuple[int, int], Span] = {}
    for span in (*spans[:1], *made, *spans[1:]):
        places.setdefault((id(span.source), span.start), span)
    return tuple(places.values())
