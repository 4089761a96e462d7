"""Live models as networks: a torch.nn.Module is traced by torch.fx, then read as source is.

The graph that tracing gives is written as a small program in PyTorch's own words and handed to
the reader of source, so that a live module and its source are read by one set of rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy, deepcopy
from inspect import signature
from typing import Any

from cnncalc.errors import CnnCalcError, Source
from cnncalc.frameworks.pytorch import READERS
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.notations import reading

__all__ = ["from_torch"]

CLASS = "Live"
# Arguments that a module keeps as a tensor or None.
FLAGS = ("bias",)


def from_torch(module: Any, input: Shape | None = None) -> Network:
    """A live torch.nn.Module as a network, with the names of `named_modules`.

    It is copied without its values and traced, so nothing is run on data and the module stays
    as it is.

    Args:
        module: the module; it is read in evaluation mode.
        input: shape without batch, channels first, of its (first) input.

    Raises:
        CnnCalcError: a module that can't be traced, or whose layers aren't known.
    """
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        raise CnnCalcError(
            f"`from_torch` takes a torch.nn.Module, not a {type(module).__name__}", code="live"
        )
    bare = _empty_copy(torch, module)
    if _is_layer(bare):
        bare = torch.nn.Sequential(bare)
    text, names = _Program(torch, bare, _traced(torch, bare)).written()
    network = reading.read(reading.Reading(Source(text)), "torch", None)
    if input is not None:
        network.input = tuple(input)
    return _renamed(network, names)


def _torch() -> Any:
    try:
        import torch
        import torch.fx
    except ImportError:
        raise CnnCalcError(
            "`from_torch` needs PyTorch, which isn't installed",
            code="live",
            help="pip install 'cnncalc[torch]'",
        ) from None
    return torch


def _empty_copy(torch: Any, module: Any) -> Any:
    """The module in evaluation mode on `meta`: its tensors' shapes, and none of its values."""
    memo: dict[int, Any] = {}
    tensors = [*module.parameters(), *module.buffers()]
    for tensor in tensors:
        bare = torch.empty_like(tensor, device="meta")
        memo[id(tensor)] = (
            torch.nn.Parameter(bare, tensor.requires_grad)
            if isinstance(tensor, torch.nn.Parameter)
            else bare
        )
    try:
        return deepcopy(module, memo).eval()
    except Exception as error:  # a module may hold anything
        raise CnnCalcError(
            f"`{type(module).__name__}` can't be copied to be read: {_line(error)}", code="live"
        ) from None


def _traced(torch: Any, module: Any) -> Any:
    """The module as torch.fx's graph, torch.nn's own modules being its leaves."""
    try:
        return torch.fx.symbolic_trace(module)
    except Exception as error:  # tracing runs the module's own code
        raise CnnCalcError(
            f"`{type(module).__name__}` can't be traced: {_line(error)}",
            code="live",
            help="its source can be read where tracing can't follow: give the file and the class",
        ) from None


def _is_layer(module: Any) -> bool:
    """Whether a module is one of torch.nn's own layers, which tracing doesn't enter."""
    kind = type(module)
    return kind.__name__ in READERS and kind.__module__.startswith("torch.nn")


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class _Program:
    """A traced graph written as a class: each leaf and each tensor is a field of its own."""

    def __init__(self, torch: Any, module: Any, traced: Any) -> None:
        self.torch = torch
        self.module = module
        self.traced = traced
        self.fields: dict[str, str] = {}  # path in the module: the field's name
        self.lines: list[str] = []

    def written(self) -> tuple[str, dict[str, str]]:
        """The source, and the path of the module for each field."""
        graph = deepcopy(self.traced.graph)
        for node in graph.nodes:
            if node.op == "call_module":
                node.target = self._module(node.target)
            elif node.op == "get_attr":
                node.target = self._tensor(node.target)
        self._unused()
        head = f"import torch\nfrom torch import nn\n\nclass {CLASS}(nn.Module):\n"
        made = "".join(f"        {line}\n" for line in self.lines)
        source = graph.python_code("self").src
        forward = "\n".join(f"    {line}" for line in source.splitlines() if line.strip())
        start = "    def __init__(self):\n        super().__init__()\n"
        text = f"{head}{start}{made}\n{_plain(forward)}\n"
        return text, {field: path for path, field in self.fields.items()}

    def _field(self, path: str, text: str) -> str:
        field = f"f{len(self.fields)}_"
        self.fields[path] = field
        self.lines.append(f"self.{field} = {text}")
        return field

    def _module(self, path: str) -> str:
        if path in self.fields:
            return self.fields[path]
        module = self.module.get_submodule(path)
        for known, field in self.fields.items():
            if self._same(known, module):
                return field
        return self._field(path, _call(path, module))

    def _same(self, path: str, module: Any) -> bool:
        try:
            return bool(self.module.get_submodule(path) is module)
        except AttributeError:  # a tensor's path
            return False

    def _tensor(self, path: str) -> str:
        if path in self.fields:
            return self.fields[path]
        tensor: Any = self.module
        for part in path.split("."):
            tensor = getattr(tensor, part)
        made = f"torch.empty({', '.join(map(str, tensor.shape))})"
        if isinstance(tensor, self.torch.nn.Parameter):
            return self._field(path, f"nn.Parameter({made})")
        return self._field(path, made)

    def _unused(self) -> None:
        """Leaves that the graph never runs, whose weights still are the module's."""
        for path, module in self.module.named_modules():
            if path and _is_layer(module) and path not in self.fields:
                self._module(path)


# What a graph calls functions that sources name otherwise.
WORDS = {
    "torch.nn.functional.": "nn.functional.",
    "torch._C._nn.": "nn.functional.",
    ", _stacklevel = 3": "",
    ": torch.Tensor": "",
}


def _plain(source: str) -> str:
    """The forward in words that the reader of source knows."""
    for theirs, ours in WORDS.items():
        source = source.replace(theirs, ours)
    return source


def _call(path: str, module: Any) -> str:
    """The call that makes a module of torch.nn, from what it keeps of its arguments."""
    name = type(module).__name__
    if name not in READERS:
        raise CnnCalcError(
            f"`{path}` is a `{name}`, which is not known here",
            code="live",
            help="known are the layers of convolutional networks in torch.nn",
        )
    return f"nn.{name}({', '.join(_arguments(name, module))})"


def _arguments(name: str, module: Any) -> Iterator[str]:
    for parameter in signature(READERS[name]).parameters.values():
        if not hasattr(module, parameter.name):
            continue
        value = getattr(module, parameter.name)
        if parameter.name in FLAGS and not isinstance(value, bool):
            value = value is not None
        if value != parameter.default and isinstance(value, PLAIN):
            yield f"{parameter.name}={_literal(value)}"


PLAIN = (bool, int, float, str, tuple, list)


def _literal(value: Any) -> str:
    if isinstance(value, float) and abs(value) == float("inf"):
        return f'float("{value}")'
    if isinstance(value, list | tuple):
        return f"({''.join(_literal(each) + ', ' for each in value)})"
    return repr(value)


def _renamed(network: Network, names: dict[str, str]) -> Network:
    """The same network, its steps named as the live module names its parts."""
    if network.tracer is None:
        network.steps = [_named(step, names) for step in network.steps]
        return network
    tracer = network.tracer
    twin = copy(network)

    def at(shape: Shape) -> Network:
        traced = tracer(shape)
        return traced.with_steps([_named(step, names) for step in traced.steps])

    twin.tracer = at
    return twin


def _named(step: Step, names: dict[str, str]) -> Step:
    field, sign, rest = step.name.partition("#")
    name = names.get(field, field) + sign + rest
    return Step(step.layer, step.inputs, name, step.spans, step.shares)
