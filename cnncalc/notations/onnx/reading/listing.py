"""A model as lines of text, so that an error can underline the node it is about."""

from __future__ import annotations

from cnncalc.errors import Piece, Source, Span
from cnncalc.notations.onnx.reading.model import Model, Node, clean

__all__ = ["Listing"]

WIDTH = 160
INPUTS = 8


class Listing:
    """One line for each node of the main graph: line n is the n-th node."""

    def __init__(self, model: Model) -> None:
        lines: list[str] = []
        self.starts = [0]
        for node in model.graph.nodes:
            inputs = ", ".join(name or "_" for name in node.inputs[:INPUTS])
            name = node.name or next(filter(None, node.outputs), node.op)
            lines.append(clean(f"{name} = {node.op}({inputs})", WIDTH))
            self.starts.append(self.starts[-1] + len(lines[-1]) + 1)
        self.source = Source("\n".join(lines), [Piece(0, model.file)])

    def span(self, node: Node) -> Span:
        """The line of a node, or of the node that runs it."""
        return Span(self.source, self.starts[node.number - 1], self.starts[node.number] - 1)
