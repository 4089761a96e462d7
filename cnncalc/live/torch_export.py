"""A module exported by torch.export at one input size, as a program.

What ran inside of one of torch.nn's layers becomes a call of that layer again, so that only
functions are read from aten's operators.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from inspect import signature
from io import StringIO

from cnncalc.layers.base import Shape
from cnncalc.live.objects import Torch
from cnncalc.live.program import compare, refusal
from cnncalc.live.torch_aten import aten_call
from cnncalc.live.torch_calls import argument, function_words
from cnncalc.live.torch_copy import is_library
from cnncalc.live.torch_fx import follow_in_place
from cnncalc.live.torch_program import TorchProgram
from cnncalc.network import UNFED, Fed, Network

__all__ = ["exported_network"]

BATCH = 2  # of the input that is shown to torch.export; 1 would be taken for fixed
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "Module")
# What a module gives, by the places in which aten has it.
RECURRENT = {
    "GRU": ("[0]", "[1]"),
    "LSTM": ("[0]", "[1][0]", "[1][1]"),
    "LSTMCell": ("[0]", "[1]"),
    "RNN": ("[0]", "[1]"),
}
PAIRED = ("LSTM", "LSTMCell")  # which take a pair to start from
LAST = 2**63 - 1  # where aten's slices end that have no end


def exported_network(
    torch: Torch, module: Torch, name: str, shape: Shape, fed: Fed = UNFED
) -> Network:
    """The network of a module at an input; whatever torch.export raises where it can't follow."""
    exported = _exported(torch, module, shape, fed)
    follow_in_place(exported.graph)
    writer = _Writer(torch, module, exported, name)
    program = writer.written()
    network = program.network().feeding(fed).at(shape)
    compare(program, network, shape, "torch.export")
    return network


def _exported(torch: Torch, module: Torch, shape: Shape, fed: Fed) -> Torch:
    """The program of torch.export, of a module on `meta` whose batch is left open."""
    from torch.export import Dim, export

    quiet = [each for each in module.modules() if type(each) is torch.nn.Identity]
    # These are set on the objects, and taken away below: the classes stay as they are.
    for each in quiet:
        each.forward = torch.clone  # which leaves a node
    tables = [each for each in module.modules() if type(each) is torch.nn.Embedding]
    for each in tables:
        each.forward = partial(_looked_up, torch, each)  # of any type of number
    kind = next((each.dtype for each in module.parameters() if each.is_floating_point()), None)
    try:
        with _silence(), torch.no_grad(), torch.device("meta"):
            open_ = {0: Dim("batch")}
            values = torch.empty(BATCH, *shape, dtype=kind)
            others = {name: torch.empty(BATCH, *size, dtype=kind) for name, size in fed.items()}
            first = next(iter(signature(module.forward).parameters))
            sizes = dict.fromkeys(others, open_) | {first: open_}
            return export(module, (values,), others, dynamic_shapes=sizes, strict=False)
    finally:
        for each in (*quiet, *tables):
            del each.forward


def _looked_up(torch: Torch, table: Torch, numbers: Torch) -> Torch:
    return torch.nn.functional.embedding(numbers.long(), table.weight)


@contextmanager
def _silence() -> Iterator[None]:
    """Without what torch.export prints and logs of modules that it refuses."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


class _Writer(TorchProgram):
    """One line of the forward for each function and each layer that ran."""

    def __init__(self, torch: Torch, module: Torch, exported: Torch, name: str) -> None:
        super().__init__(torch, module, name)
        self.exported = exported
        self.held = self._held()
        nodes = [node for node in exported.graph.nodes if not _asserts(node)]
        groups: dict[str, list[Torch]] = {}
        for node in nodes:
            if call := self._layer_call(node):
                groups.setdefault(call, []).append(node)
        for node in nodes:
            call = self._layer_call(node)
            if not call:
                self._node(node)
            elif node is groups[call][-1]:
                self._layer(groups[call])

    def _held(self) -> dict[str, str]:
        """The path of the tensor that each placeholder stands for."""
        signature = self.exported.graph_signature
        return {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }

    def _stack(self, node: Torch) -> list[tuple[str, str]]:
        """The modules that a node ran in, outermost first: the call and the path."""
        stack = node.meta.get("nn_module_stack") or {}
        return [(key, path) for key, (path, kind) in stack.items() if not key.startswith("_empty")]

    def _layer_call(self, node: Torch) -> str | None:
        """The call of a torch.nn module that a node ran in, if it did."""
        if node.op != "call_function":
            return None
        for key, path in self._stack(node):
            module = self.modules[path]
            if is_library(module) and type(module).__name__ not in CONTAINERS:
                parts = type(module).__name__ in RECURRENT
                parts = parts or getattr(module, "return_indices", False) is True
                return None if parts and node.target is operator.getitem else key
        return None

    def _layer(self, nodes: list[Torch]) -> None:
        """The nodes of one call of a layer, as that call."""
        inside = set(nodes)
        path = next(p for key, p in self._stack(nodes[0]) if key == self._layer_call(nodes[0]))
        field = self.layer(path)
        given = [
            each
            for node in nodes
            for each in node.all_input_nodes
            if each not in inside and each.name not in self.held and _is_tensor(each)
        ]
        read = [node for node in nodes if any(user not in inside for user in node.users)]
        node = (read or nodes)[-1]
        words = [*dict.fromkeys(self._text(each) for each in given)]
        if len(words) > 1 and type(self.modules[path]).__name__ in PAIRED:
            words = [words[0], f"({words[1]}, {words[-1]})"]
        self.run_layer(node, path, field, ", ".join(words), _shape(node))

    def _node(self, node: Torch) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            (outputs,) = node.args
            results = outputs if len(outputs) != 1 else outputs[0]
            self.run(f"return {argument(results, self._text)}")
        elif node.op != "call_function":
            raise refusal(f"`{node.op}` of torch.export can't be followed")
        elif place := self._part(node):
            self.texts[node] = f"{self._text(node.args[0])}{place}"
        else:
            key, path = next(reversed(self._stack(node)), ("", ""))
            self.run_function(node, path, key, self._words(node), _shape(node))

    def _part(self, node: Torch) -> str | None:
        """Where a module has what aten's recurrent operators give as one of three."""
        if node.target is not operator.getitem:
            return None
        kinds = [type(self.modules[path]).__name__ for _, path in self._stack(node)[-1:]]
        return RECURRENT[kinds[0]][node.args[1]] if kinds and kinds[0] in RECURRENT else None

    def _placeholder(self, node: Torch) -> None:
        if node.name not in self.held:
            self.texts[node] = node.name
            self.inputs.append(node.name)

    def _text(self, node: Torch) -> str:
        """The words for a node; tensors of the module are written where they are read."""
        if node not in self.texts:
            path = self.held[node.name]
            tensor = self._tensor_at(path)
            self.texts[node], self.read[node] = self.tensor(path, tensor)
        return self.texts[node]

    def _tensor_at(self, path: str) -> Torch:
        if path in self.exported.constants:
            return self.exported.constants[path]
        holder, _, name = path.rpartition(".")
        return getattr(self.modules[holder], name)

    def _words(self, node: Torch) -> str:
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            return function_words(self.torch, node, self._text)
        name = schema.name.removeprefix("aten::")
        return aten_words(
            name if schema.name.startswith("aten::") else schema.name, self._arguments(node, schema)
        )

    def _arguments(self, node: Torch, schema: Torch) -> dict[str, str]:
        """The words for each argument of an operator, by name, with defaults."""
        given = dict(zip((each.name for each in schema.arguments), node.args, strict=False))
        given |= node.kwargs
        if isinstance(given.get("scale_factors"), list):
            given["scale_factors"] = tuple(given["scale_factors"])  # as `F.interpolate` has them
        return {
            each.name: argument(given.get(each.name, _default(each)), self._text)
            for each in schema.arguments
        }


def aten_words(name: str, arguments: dict[str, str]) -> str:
    """What an operator of aten is in the words of source."""
    if name.removesuffix("_") == "slice":
        return _slice(arguments)
    words = aten_call(name, arguments)
    if words is None:
        raise refusal(
            f"the operator `aten.{name}` is not known here",
            "known are those of convolutional networks",
        )
    return words


def _slice(arguments: dict[str, str]) -> str:
    axis, start, end, step = (arguments[each] for each in ("dim", "start", "end", "step"))
    bounds = f"{'' if start == '0' else start}:{'' if end == str(LAST) else end}"
    part = bounds if step == "1" else f"{bounds}:{step}"
    return f"{arguments['self']}[{':, ' * int(axis)}{part}]"


def _default(parameter: Torch) -> object:
    return parameter.default_value if parameter.has_default_value() else None


def _is_tensor(node: Torch) -> bool:
    return hasattr(node.meta.get("val"), "shape")


def _shape(node: Torch) -> Shape | None:
    """The sizes of a tensor behind its batch, where that is an axis of its own in front."""
    first, *sizes = getattr(node.meta.get("val"), "shape", ()) or (0,)
    alone = isinstance(first, int) or str(first).isidentifier()  # not `26*s0`
    if not sizes or not alone or not all(isinstance(size, int) for size in sizes):
        return None
    return tuple(sizes)


def _asserts(node: Torch) -> bool:
    name = str(getattr(node.target, "__name__", node.target))
    return (
        node.op == "call_function"
        and not node.users
        and ("assert" in name or "sym_constrain" in name or node.target is operator.getitem)
    )
