"""What a model may ask of `sys`: the files at work among its modules."""

from __future__ import annotations

import sys

from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine, Module
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import OBJECT, Class, Instance, Value

__all__ = ["NAMES"]


def module_named(machine: Machine, modules: Value, name: Value) -> Module:
    """`sys.modules[name]` of a file at work; which others a run has loaded isn't known."""
    for file, module in machine.modules.items():
        if file.name == name:
            return module
    raise Refusal("which modules have been loaded isn't known where nothing is executed")


MODULES = Class("dict", (OBJECT,), {"__getitem__": simple("__getitem__", module_named)})
NAMES: dict[str, Value] = {
    "maxsize": 2**63 - 1,
    "modules": Instance(MODULES),
    "implementation.name": "cpython",
    "version_info": tuple(sys.version_info[:3]),
}
