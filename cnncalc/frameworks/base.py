"""What the vocabularies share: a framework's call is an ordinary Python function here.

Python's own binding then does positions, defaults, unknown and missing arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature, signature

from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer
from cnncalc.layers.shapes import count_of
from cnncalc.suggestions import suggest

__all__ = ["Reader", "read"]

Reader = Callable[..., Layer]


def read(
    reader: Reader, call: str, args: Sequence[object], kwargs: Mapping[str, object] = {}
) -> Layer:
    """The layer that a call makes; `call` is its words in the source, such as `nn.Conv2d`.

    Raises:
        LayerError: arguments that the framework would refuse.
    """
    form = signature(reader)
    try:
        bound = form.bind(*args, **kwargs)
    except TypeError:
        raise _misfit(form, call, args, kwargs) from None
    return reader(*bound.args, **bound.kwargs)


def _misfit(
    form: Signature, call: str, args: Sequence[object], kwargs: Mapping[str, object]
) -> LayerError:
    """Why arguments don't fit a signature."""
    open_ended = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    names = [p.name for p in form.parameters.values() if p.kind not in open_ended]
    takes = f"it takes {', '.join(names)}" if names else "it takes none"
    given = set(names[: len(args)])
    for name in kwargs:
        if name not in names:
            near = suggest(name, names)
            return LayerError(
                f"{call} has no argument `{name}`",
                code="unknown-option",
                help=f"did you mean `{near}`? {takes}" if near else takes,
                option=name,
            )
        if name in given:
            return LayerError(f"{call} is given `{name}` twice", code="option-twice", help=takes)
    if len(args) > len(names):
        return LayerError(
            f"{call} is given {count_of(len(args), 'value')} by position but has "
            f"{count_of(len(names), 'argument')}",
            code="too-many-values",
            help=takes,
        )
    missing = [
        f"`{name}`"
        for name in names
        if form.parameters[name].default is Parameter.empty
        and name not in given
        and name not in kwargs
    ]
    return LayerError(f"{call} needs {' and '.join(missing)}", code="missing-option", help=takes)
