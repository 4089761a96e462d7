"""A module traced by torch.fx, as a program."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection

from cnncalc.live.objects import Torch
from cnncalc.live.program import Program, refusal
from cnncalc.live.torch_calls import argument, call, function_words, given
from cnncalc.live.torch_program import TorchProgram
from cnncalc.live.torch_transformers import is_transformer, plain_forward

__all__ = ["follow_in_place", "traced_program"]

# Functions that give a part of their tensor, not a copy.
PARTS = ("getitem", "slice", "select", "narrow", "chunk", "split", "split_with_sizes", "unbind")


def traced_program(torch: Torch, module: Torch, name: str, fed: Collection[str] = ()) -> Program:
    """The program of a module; whatever torch.fx raises where it can't follow.

    `fed` are arguments of its forward that are inputs although they have defaults.
    """
    graph = _graph(torch, module, fed)
    follow_in_place(graph)
    return _Writer(torch, module, graph, name, fed).written()


def _graph(torch: Torch, module: Torch, fed: Collection[str]) -> Torch:
    """The module's graph, in which torch.nn's own layers are leaves.

    Further arguments of its forward keep their defaults, if nothing is fed to them.
    """
    parameters = list(inspect.signature(module.forward).parameters.values())
    fixed = {
        each.name: each.default
        for each in parameters[1:]
        if each.default is not inspect._empty and each.name not in fed
    }
    graph = _tracer(torch).trace(module, concrete_args=fixed or None)
    graph.owning_module = module
    return graph


def _tracer(torch: Torch) -> Torch:
    """A tracer that also notes where a module of the user's hands on what it is given."""

    class Tracer(torch.fx.Tracer):  # type: ignore[misc]
        def is_leaf_module(self, m: Torch, module_qualified_name: str) -> bool:
            leaf: bool = super().is_leaf_module(m, module_qualified_name)
            return leaf and not is_transformer(m)

        def call_module(
            self,
            m: Torch,
            forward: Callable[..., Torch],
            args: tuple[object, ...],
            kwargs: dict[str, object],
        ) -> Torch:
            if is_transformer(m):
                return super().call_module(m, plain_forward(m), args, kwargs)

            def run(*args: object, **kwargs: object) -> Torch:
                result = forward(*args, **kwargs)
                # Else the graph would have nothing that tells of a module which hands its input on.
                if any(result is each for each in args) and not m._modules:
                    return self.create_proxy("call_function", unchanged, (result,), {})
                return result

            return super().call_module(m, run, args, kwargs)

    return Tracer()


def unchanged(x: object) -> object:
    """What a module did that did nothing."""
    return x


def follow_in_place(graph: Torch) -> None:
    """What is written in place stands for its tensor from there on."""
    order = {node: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if _in_place(graph, node) and node.args:
            changed = node.args[0]
            whole = _whole(changed)
            if whole is not changed and any(order[user] > order[node] for user in whole.users):
                raise refusal(f"`{node.name}` writes into a part of a tensor that is used again")
            # What ran before read the old values, which its line of the program still means.
            for user in [user for user in changed.users if order[user] > order[node]]:
                user.replace_input_with(changed, node)


def _whole(node: Torch) -> Torch:
    """The tensor of which a node is a part; the node itself if it is none."""
    while str(getattr(node.target, "__name__", node.target)).split(".")[0] in PARTS:
        node = node.args[0]
    return node


def _in_place(graph: Torch, node: Torch) -> bool:
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

    def __init__(
        self, torch: Torch, module: Torch, graph: Torch, name: str, fed: Collection[str]
    ) -> None:
        super().__init__(torch, module, name)
        self.fed = fed
        self.calls = Counter(_place(node)[1] for node in graph.nodes)
        for node in graph.nodes:
            self._node(node)

    def _node(self, node: Torch) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "get_attr":
            tensor = self._attribute(node.target)
            self.texts[node], self.read[node] = self.tensor(node.target, tensor)
        elif node.op == "output":
            self.run(f"return {argument(node.args[0], self._text)}")
        elif node.op == "call_module":
            self._call(node, node.target, self.layer(node.target))
        elif node.users or not _asserts(node):
            self._function(node, *_place(node))

    def _call(self, node: Torch, path: str, field: str) -> None:
        self.run_layer(node, path, field, given(node.args, node.kwargs, self._text))

    def _function(self, node: Torch, path: str, key: str) -> None:
        """A function or a method; a module that only calls one remains a module."""
        name = self.function(node.target) if node.op == "call_function" else None
        if name and self.calls[key] == 1 and self.is_own_leaf(path):
            self._call(node, path, self.calling(path, name))
        elif name:
            self.run_function(node, path, key, call(name, node.args, node.kwargs, self._text))
        else:
            self.run_function(node, path, key, self._words(node))

    def _text(self, node: Torch) -> str:
        return self.texts[node]

    def _placeholder(self, node: Torch) -> None:
        self.texts[node] = node.name
        plain = not node.args or node.target in self.fed
        if not self.inputs or (plain and node.users):
            self.inputs.append(node.name)

    def _attribute(self, path: str) -> Torch:
        found = self.module
        for part in path.split("."):
            found = getattr(found, part)
        return found

    def _words(self, node: Torch) -> str:
        if node.op == "call_method":
            holder, *args = node.args
            return call(f"{self._text(holder)}.{node.target}", args, node.kwargs, self._text)
        if node.target is unchanged:
            return f"nn.Identity()({self._text(node.args[0])})"
        return function_words(self.torch, node, self._text)


def _place(node: Torch) -> tuple[str, str]:
    """The path of the innermost module that a node ran in, and the call of it."""
    stack = node.meta.get("nn_module_stack") or {}
    key, (path, _) = next(reversed(stack.items()), ("", ("", None)))
    return path, key


def _asserts(node: Torch) -> bool:
    return "assert" in getattr(node.target, "__name__", "")
