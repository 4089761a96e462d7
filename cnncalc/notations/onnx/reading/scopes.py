"""The names of a graph: what each stands for, and which nodes they need."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cnncalc.errors import LayerError
from cnncalc.notations.onnx.reading.model import Function, Graph, Node, Reference, clean
from cnncalc.notations.onnx.reading.values import Value

__all__ = ["Scope", "filled", "first_output", "needed", "read_by"]


class Scope:
    """The values by name of one graph, and those of the graph around it."""

    def __init__(self, outer: Scope | None = None, prefix: str = "") -> None:
        self.outer = outer
        self.prefix = prefix
        self.values: dict[str, Value] = {}
        self.reads: Counter[str] = Counter()

    def find(self, name: str) -> Value:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        raise LayerError(f"it reads `{clean(name, 60)}`, which nothing has made", code="onnx")


def first_output(node: Node) -> str:
    return next((name for name in node.outputs if name), "")


def needed(graph: Graph | Function) -> list[Node]:
    """The nodes that the outputs depend on, in their order."""
    wanted = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if any(name and name in wanted for name in node.outputs):
            kept.append(node)
            wanted.update(read_by(node))
    kept.reverse()
    return kept


def read_by(node: Node) -> list[str]:
    """The names that a node reads, inside its branches too."""
    found = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        found += [name for name in each.inputs if name]
        for value in each.attributes.values():
            if isinstance(value, Graph):
                waiting += value.nodes
                found += value.outputs
    return found


def filled(node: Node, given: dict[str, Any], number: int) -> Node:
    """A function's node with the attributes that refer to the function's own."""
    attributes = {
        name: given.get(each.name) if isinstance(each, Reference) else each
        for name, each in node.attributes.items()
    }
    return node._replace(attributes=attributes, number=number)
