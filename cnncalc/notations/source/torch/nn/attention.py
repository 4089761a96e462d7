"""`nn.MultiheadAttention` as a class: three inputs, and a forward that gives two things."""

from __future__ import annotations

from functools import partial

from cnncalc.frameworks.base import Reader
from cnncalc.frameworks.pytorch.attention import fitting
from cnncalc.network import Declared
from cnncalc.notations.source.layer_arguments import layers_of
from cnncalc.notations.source.layer_steps import batch_of, emit
from cnncalc.notations.source.torch.nn.layers import (
    BEHAVIOUR,
    as_trained,
    features_of_sides,
    weights,
)
from cnncalc.notations.source.torch.nn.module import MODULE
from cnncalc.python.functions import simple
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import MISSING, Class, Instance, Opaque, Value, describe
from cnncalc.tracing.batch_axis import BatchAxis
from cnncalc.tracing.tensors import Static, Tensor

__all__ = ["attention_class"]


def forward(
    machine: Machine,
    module: Instance,
    query: Value,
    key: Value = None,
    value: Value = None,
    key_padding_mask: Value = None,
    need_weights: Value = True,
    attn_mask: Value = None,
    average_attn_weights: Value = True,
    is_causal: Value = False,
) -> Value:
    """One step, of as many inputs as differ; masks move nothing. The weights aren't followed."""
    declared: Declared = layers_of(module)
    sides = [query, key, value]
    if key is None or value is None:
        raise Refusal(
            "`nn.MultiheadAttention` takes a query, a key and a value",
            help="in a forward: `y, _ = self.attn(x, x, x)`",
        )
    for each in sides:
        if not isinstance(each, Tensor | Static):
            raise Refusal(f"`nn.MultiheadAttention` works on tensors, not on {describe(each)}")
    if _same(key, value):
        sides = [query] if _same(query, key) else [query, key]
    declared = as_trained(module, declared)
    batch = None
    if not module.fields["batch_first"] and all(_in_between(each) for each in sides):
        assert declared.expects is not None
        rule = partial(fitting, *features_of_sides(module))
        declared = declared.replaced(expects=declared.expects._replace(rule=rule))
        batch = batch_of(sides)
    output = emit(machine, declared, sides, op="mha", owner=module, batch=batch)
    return output, Opaque("attention weights") if need_weights else None


def _in_between(value: Value) -> bool:
    """Whether a tensor is (positions, batch, features)."""
    return isinstance(value, Tensor) and value.batch == BatchAxis(front=1)


def _same(one: Value, two: Value) -> bool:
    if isinstance(one, Tensor) and isinstance(two, Tensor):
        return one.number == two.number
    return one is two


def attribute(machine: Machine, module: Instance, name: Value) -> Value:
    """`attn.in_proj_weight` and its kind; None for a weight that this module doesn't have."""
    if name == "head_dim":
        return module.fields["embed_dim"] // module.fields["num_heads"]
    known = dict(weights(machine, [module], {}))
    if name == "out_proj":
        return Opaque("out_proj", **{n.partition(".")[2]: w for n, w in known.items() if "." in n})
    if name in known or not name.startswith(("in_proj", "bias_", "q_", "k_", "v_")):
        return known.get(name, MISSING)
    return None


def attention_class(reader: Reader) -> Class:
    """The class, whose arguments the vocabulary's reader takes."""
    behaviour = {
        **BEHAVIOUR,
        "__getattr__": simple("__getattr__", attribute),
        "forward": simple("forward", forward),
    }
    return Class("MultiheadAttention", (MODULE,), behaviour, reader=reader)
