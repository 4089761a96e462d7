"""cnncalc: the calculator for convolutional networks.

Sizes, weights, MACs and receptive fields, from text, exactly and at once:

    report = cnncalc.analyze("3x32x32 conv:16,k3,p1 relu")
    print(report)

A network is a text in any notation, the name of a shipped example, a path such as
"model.py:Net(10)", or a live torch.nn.Module or keras.Model.
"""

import sys

TYPE_CHECKING = False  # as typing has it, which would be nearly all of what importing this takes
if TYPE_CHECKING:
    from cnncalc.api import analyze, compare, convert, explain, parse, sizes, solve, sweep, verify
    from cnncalc.errors import CnnCalcError, SpecError
    from cnncalc.live import from_keras, from_torch
    from cnncalc.network import Network, Step
    from cnncalc.report import Report

__version__ = "0.1.0"

__all__ = [
    "CnnCalcError",
    "Network",
    "Report",
    "SpecError",
    "Step",
    "__version__",
    "analyze",
    "compare",
    "convert",
    "explain",
    "from_keras",
    "from_torch",
    "parse",
    "sizes",
    "solve",
    "sweep",
    "verify",
]

# Imported on first use, so that `import cnncalc` costs next to nothing.
_HOMES = {
    "CnnCalcError": "errors",
    "Network": "network",
    "Report": "report",
    "SpecError": "errors",
    "Step": "network",
    "analyze": "api",
    "compare": "api",
    "convert": "api",
    "explain": "api",
    "from_keras": "live",
    "from_torch": "live",
    "parse": "api",
    "sizes": "api",
    "solve": "api",
    "sweep": "api",
    "verify": "api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module 'cnncalc' has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])  # did you mean …?
    from importlib import import_module

    value: object = getattr(import_module(f"cnncalc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
