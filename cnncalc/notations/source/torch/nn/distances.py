"""nn.CosineSimilarity and nn.PairwiseDistance: their functions, with arguments that are kept."""

from __future__ import annotations

from cnncalc.notations.source.torch.functions.distances import BETWEEN
from cnncalc.notations.source.torch.nn.module import MODULE
from cnncalc.python.functions import Method, simple
from cnncalc.python.machine import Machine
from cnncalc.python.values import Class, Instance, Value

__all__ = ["DISTANCES"]


def kept(function: Method, init: Method) -> dict[str, Value]:
    """What a class does that calls a function of two tensors with what it was made with."""

    def forward(machine: Machine, module: Instance, x1: Value, x2: Value) -> Value:
        return function(machine, x1, x2, **module.fields)

    return {"__init__": simple("__init__", init), "forward": simple("forward", forward)}


def similarity(machine: Machine, module: Instance, dim: Value = 1, eps: Value = 1e-8) -> None:
    module.ready = True
    module.fields.update(dim=dim, eps=eps)


def distance(
    machine: Machine, module: Instance, p: Value = 2.0, eps: Value = 1e-6, keepdim: Value = False
) -> None:
    module.ready = True
    module.fields.update(p=p, eps=eps, keepdim=keepdim)


DISTANCES: dict[str, Class] = {
    name: Class(name, (MODULE,), kept(BETWEEN[function], init))
    for name, function, init in (
        ("CosineSimilarity", "cosine_similarity", similarity),
        ("PairwiseDistance", "pairwise_distance", distance),
    )
}
