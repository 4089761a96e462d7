"""Giving a target its value: a name, an attribute, an element, or several of these."""

from __future__ import annotations

import ast

from cnncalc.python.attributes import set_attribute
from cnncalc.python.exceptions import raised
from cnncalc.python.guests import Guest
from cnncalc.python.items import set_item
from cnncalc.python.iteration import iterate
from cnncalc.python.machine import Scope
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Value

__all__ = ["assign"]


def assign(scope: Scope, target: ast.expr, value: Value) -> None:
    """Give a target its value: a name, an attribute, an element, or several of these."""
    machine = scope.machine
    if isinstance(target, ast.Name):
        scope.assign(target.id, value)
    elif isinstance(target, ast.Attribute):
        set_attribute(machine, machine.evaluate(scope, target.value), target.attr, value)
    elif isinstance(target, ast.Subscript):
        holder = machine.evaluate(scope, target.value)
        if isinstance(holder, Guest) and isinstance(target.value, ast.Subscript):
            holder.set_in_part()
        made = set_item(machine, holder, machine.evaluate(scope, target.slice), value)
        if made is not None:
            assign(scope, target.value, made)
    elif isinstance(target, ast.Tuple | ast.List):
        assign_all(scope, target.elts, value)
    else:
        raise Refusal("this assignment can't be followed")


def assign_all(scope: Scope, targets: list[ast.expr], value: Value) -> None:
    """Unpack a value over several targets."""
    values = list(iterate(scope.machine, value))
    scope.machine.budget.spend(len(values) >> 2)
    stars = [place for place, each in enumerate(targets) if isinstance(each, ast.Starred)]
    if stars and len(values) >= len(targets) - 1:
        place = stars[0]
        end = len(values) - (len(targets) - 1 - place)
        values[place:end] = [values[place:end]]
    if len(values) != len(targets):
        raise raised(
            "ValueError", f"{len(targets)} names can't be given the {len(values)} values here"
        )
    for target, each in zip(targets, values, strict=True):
        assign(scope, target.value if isinstance(target, ast.Starred) else target, each)
