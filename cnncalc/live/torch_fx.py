"""A module traced by torch.fx, as a program."""

from __future__ import annotations

import inspect
from typing import Any

from cnncalc.live.program import Program, refusal
from cnncalc.live.torch_program import TorchProgram
from cnncalc.live.torch_words import argument, call, function_words

__all__ = ["follow_in_place", "traced_program"]

# Functions that give a part of their tensor, not a copy.
PARTS = ("getitem", "slice", "select", "narrow", "chunk", "split", "split_with_sizes", "unbind")


def traced_program(torch: Any, module: Any, name: str) -> Program:
    """The program of a module; whatever torch.fx raises where it can't follow."""
    traced = _traced(torch, module)
    follow_in_place(traced.graph)
    writer = _Writer(torch, module, traced, name)
    return writer.written()


def _traced(torch: Any, module: Any) -> Any:
    """The module's graph, in which torch.nn's own modules are leaves.

    Further arguments of its forward keep their defaults.
    """
    parameters = list(inspect.signature(module.forward).parameters.values())
    fixed = {
        each.name: each.default for each in parameters[1:] if each.default is not inspect._empty
    }
    tracer = torch.fx.Tracer()
    graph = tracer.trace(module, concrete_args=fixed or None)
    return torch.fx.GraphModule(tracer.root, graph)


def follow_in_place(graph: Any) -> None:
    """What is written in place stands for its tensor from there on."""
    order = {node: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if _in_place(graph, node) and node.args:
            changed = node.args[0]
            whole = _whole(changed)
            if whole is not changed and any(order[user] > order[node] for user in whole.users):
                raise refusal(f"`{node.name}` writes into a part of a tensor that is used again")
            for user in [user for user in changed.users if order[user] > order[node]]:
                user.replace_input_with(changed, node)


def _whole(node: Any) -> Any:
    """The tensor of which a node is a part; the node itself if it is none."""
    while str(getattr(node.target, "__name__", node.target)).split(".")[0] in PARTS:
        node = node.args[0]
    return node


def _in_place(graph: Any, node: Any) -> bool:
    if node.op == "call_module" and graph.owning_module is not None:
        leaf = graph.owning_module.get_submodule(node.target)
        return getattr(leaf, "inplace", False) is True
    if node.op == "call_method":
        return node.target.endswith("_") and not node.target.endswith("__")
    name = getattr(getattr(node.target, "_schema", None), "name", "")
    name = name or getattr(node.target, "__name__", "")
    written = name.endswith("_") and not name.endswith("__")
    return node.op == "call_function" and (written or node.kwargs.get("inplace") is True)


class _Writer(TorchProgram):
    """One line of the forward for each node of the graph."""

    def __init__(self, torch: Any, module: Any, traced: Any, name: str) -> None:
        super().__init__(torch, module, name)
        self.traced = traced
        for node in traced.graph.nodes:
            self._node(node)

    def _node(self, node: Any) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "get_attr":
            tensor = self._attribute(node.target)
            self.texts[node], self.read[node] = self.tensor(node.target, tensor)
        elif node.op == "output":
            self.run(f"return {argument(node.args[0], self._text)}")
        elif node.op == "call_module":
            words = call(f"self.{self.layer(node.target)}", node.args, node.kwargs, self._text)
            self.run_layer(node, node.target, words)
        elif node.users or not _asserts(node):
            stack = node.meta.get("nn_module_stack") or {}
            key, (path, _) = next(reversed(stack.items()), ("", ("", None)))
            self.run_function(node, path, key, self._words(node))

    def _text(self, node: Any) -> str:
        return self.texts[node]

    def _placeholder(self, node: Any) -> None:
        self.texts[node] = node.name
        if not self.inputs or (not node.args and node.users):
            self.inputs.append(node.name)

    def _attribute(self, path: str) -> Any:
        found: Any = self.traced
        for part in path.split("."):
            found = getattr(found, part)
        return found

    def _words(self, node: Any) -> str:
        if node.op == "call_method":
            holder, *args = node.args
            return call(f"{self._text(holder)}.{node.target}", args, node.kwargs, self._text)
        return function_words(self.torch, node, self._text)


def _asserts(node: Any) -> bool:
    return "assert" in getattr(node.target, "__name__", "")
