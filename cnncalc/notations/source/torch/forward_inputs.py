"""The inputs of a module: the arguments of its forward, and the sizes that they are given."""

from __future__ import annotations

import ast

from cnncalc.layers.base import Shape, show
from cnncalc.layers.options import SCALAR
from cnncalc.network import Fed
from cnncalc.notations.source.torch.nn.module import children
from cnncalc.python.machine import Function
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Instance, Value
from cnncalc.tracing.tensors import Tensor
from cnncalc.tracing.trace import Trace

__all__ = ["input_names", "inputs_of", "needed_names"]


def input_names(model: Instance) -> list[str]:
    """The arguments of a module's forward, in their order; none where nothing names them."""
    forward = model.cls.find("forward")
    if not isinstance(forward, Function):
        return []
    args = forward.node.args
    return [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)][1:]


def needed_names(model: Instance) -> list[str]:
    """Those of the arguments that have no default; none where nothing names them."""
    forward = model.cls.find("forward")
    if not isinstance(forward, Function):
        return []
    args = forward.node.args
    places = [each.arg for each in (*args.posonlyargs, *args.args)]
    return places[1 : max(2, len(places) - len(forward.defaults))]


def inputs_of(
    model: Instance, trace: Trace, shape: Shape, fed: Fed
) -> tuple[Tensor, dict[str, Tensor]]:
    """What flows into a module: its first argument, and by their names the others.

    Those with a default that nobody gave a size keep it.
    """
    names = input_names(model)
    _check_takes_one(model)
    needed = needed_names(model)[1:]
    several = bool(needed or fed)
    first = trace.input(shape, names[0] if several and names else "input")
    missing = [name for name in needed if name not in fed]
    if missing:
        raise _missing(model, missing[0], names, shape, fed)
    return first, {
        name: trace.input(fed[name], name, own=True) for name in names[1:] if name in fed
    }


def _check_takes_one(model: Instance) -> None:
    """Refuse a forward without an argument."""
    forward = model.cls.find("forward")
    if not isinstance(forward, Function):
        return
    args = forward.node.args
    places = (*args.posonlyargs, *args.args)
    if len(places) < 2 and not args.vararg and isinstance(forward.node, ast.FunctionDef):
        raise Refusal(
            f"`{model.cls.name}.forward` takes no input",
            help="`def forward(self, x):`",
            code="inputs",
            span=forward.scope.module.file.header(forward.node),
        )


def _missing(model: Instance, name: str, names: list[str], shape: Shape, fed: Fed) -> Refusal:
    """An argument that has no size, beside those that have one."""
    forward: Value = model.cls.find("forward")
    args = forward.node.args
    node = next(each for each in (*args.posonlyargs, *args.args) if each.arg == name)
    given = {names[0]: shape} | dict(fed)
    typed = [
        f"-i {each}={'x'.join(map(str, given[each])) or SCALAR}" for each in names if each in given
    ]
    said = " and ".join(f"`{each}` is {show(size)}" for each, size in given.items())
    return Refusal(
        f"`{model.cls.name}.forward` takes more inputs than one, and the size of `{name}` is "
        f"missing: {said}",
        help=f"`{' '.join(typed)} -i {name}=SIZE`; or a part of it, such as `{_part_of(model)}`",
        code="inputs",
        span=forward.scope.module.file.span(node),
    )


def _part_of(model: Instance) -> str:
    """A part of a model that may be read by itself."""
    names = [name for name, child in children(model) if name.isidentifier()]
    return f"{model.cls.name}.{names[0] if names else 'encoder'}"
