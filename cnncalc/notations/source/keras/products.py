"""Keras's layers and functions that multiply what flows: attention, Dot, matmul, einsum."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.frameworks.keras import READERS
from cnncalc.layers import KINDS
from cnncalc.notations.source.keras.layers import LAYER, init, init_base, tensors
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.layer_arguments import layers_of, plain, refusable
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.products import planned, product, through
from cnncalc.python.functions import class_of_methods, simple
from cnncalc.python.iteration import content_of
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Builtin, Class, Instance, Opaque, Value
from cnncalc.tracing.products import letters, multiplied, scaled_scores
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = ["CLASSES", "PRODUCTS"]


MAX_AXES = 8  # of each that a Dot multiplies


def attend(
    machine: Machine,
    layer: Instance,
    query: Value,
    value: Value = None,
    key: Value = None,
    *masks: Value,
    return_attention_scores: Value = False,
    **options: Value,
) -> Value:
    """A call of MultiHeadAttention: its inputs as queries, keys and values, those alike once."""
    (declared,) = layers_of(layer)
    if value is None:
        raise Refusal(
            f"`layers.{layer.cls.name}` takes a query and a value",
            help="`(x, x)` where it attends to itself",
        )
    given = [query, value if key is None else key, value]
    asked, known, told = (tensors(machine, each)[0] for each in given)
    sides = [asked, known, told]
    if known.number == told.number:
        sides = [asked] if asked.number == known.number else [asked, known]
    name = layer.fields["name"]
    result = emit(machine, declared, sides, op="mha", owner=layer, name=name)
    return (result, Opaque("attention scores")) if return_attention_scores else result


def dot_init(
    machine: Machine, layer: Instance, axes: Value, normalize: Value = False, **options: Value
) -> None:
    init_base(machine, layer, **options)
    given = content_of(axes)
    pair = tuple(given) if isinstance(given, list | tuple) else (given, given)
    if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
        raise Refusal("`layers.Dot` takes an axis, or one for each of its two inputs")
    layer.fields |= {"axes": pair, "normalize": bool(normalize)}


def dot(machine: Machine, layer: Instance, inputs: Value) -> Value:
    """The sum along an axis of each; what is left of the first comes before that of the second."""
    sides = tensors(machine, inputs)
    if len(sides) != 2:
        raise Refusal(f"`layers.Dot` takes two tensors, not {len(sides)}")
    if max(len(each.shape) for each in sides) > MAX_AXES:
        raise Refusal(f"`layers.Dot` of more than {MAX_AXES} axes behind the batch")
    names = [["z", *"abcdefgh"[: len(sides[0].shape)]], ["z", *"mnopqrst"[: len(sides[1].shape)]]]
    for number, (each, axis) in enumerate(zip(names, layer.fields["axes"], strict=True)):
        if not -len(each) <= axis < len(each) or axis % len(each) == 0:
            raise Refusal(f"`layers.Dot` can't sum along axis {axis} of a tensor of {len(each)}")
        each[axis] = "k"
        if layer.fields["normalize"]:
            inside = keras_of(machine).frame.inside(axis % len(each) - 1, len(each) - 1)
            unit = KINDS["unitnorm"](axes=(inside,))
            sides[number] = emit(machine, unit, [sides[number]], op="normalize")
    result = [name for each in names for name in each if name not in "zk"]
    plan = ("".join(names[0]), "".join(names[1]), "z" + "".join(result))
    return _by_letters(machine, plan, sides, layer.fields["name"], alone=not result)


def _by_letters(
    machine: Machine,
    plan: tuple[str, str, str],
    sides: list[Tensor],
    name: str | None = None,
    alone: bool = False,
) -> Value:
    """A product by the letters of the axes, in Keras's order; `alone`: one value is a feature."""
    frame = keras_of(machine).frame
    one, two, result = ("".join(frame.sizes(part[1:])) if part[1:] else "" for part in plan)
    if alone:
        rows = [
            emit(machine, KINDS["unflatten"](sizes), [each], op="unflatten")
            for each, sizes in zip(
                sides, ((1, sides[0].shape[0]), (sides[1].shape[0], 1)), strict=True
            )
        ]
        made = emit(machine, KINDS["matmul"](), rows, op="matmul", name=name)
        return emit(machine, KINDS["flatten"](), [made], op="flatten")
    return planned(machine, (one, two, result), sides, name)


def attention_init(
    machine: Machine,
    layer: Instance,
    use_scale: Value = False,
    score_mode: Value = "dot",
    dropout: Value = 0.0,
    seed: Value = None,
    **options: Value,
) -> None:
    init_base(machine, layer, **options)
    if score_mode != "dot":
        raise Refusal("`layers.Attention` with another score than `dot` can't be followed")
    if use_scale:
        layer.fields["scale"] = Parameter((1,), holder=layer, name="scale")


def dot_attention(
    machine: Machine,
    layer: Instance,
    inputs: Value,
    mask: Value = None,
    training: Value = False,
    return_attention_scores: Value = False,
    use_causal_mask: Value = False,
) -> Value:
    """`layers.Attention` of [query, value] or [query, value, key]: scores, softmax, product."""
    given = tensors(machine, inputs)
    if len(given) not in (2, 3):
        raise Refusal(f"`layers.Attention` takes two tensors or three, not {len(given)}")
    query, value, key = (*given, given[1])[:3]
    order = keras_of(machine).frame.order
    score, _ = refusable(scaled_scores, query.shape, key.shape, 1.0)
    scores = emit(machine, score.replaced(order=order), [query, key], op="matmul")
    if "scale" in layer.fields:
        held = {"weight": layer.fields["scale"]}
        scale = KINDS["scale"]((1,))
        scores = emit(machine, scale, [scores], op="scale", owner=layer.fields["scale"], held=held)
    axis = 0 if order == "last" else -1
    weights = emit(machine, KINDS["softmax"](axis=axis), [scores], op="softmax")
    join = refusable(multiplied, weights.shape, value.shape, order)
    result = emit(machine, join, [weights, value], op="matmul", name=layer.fields["name"])
    return (result, Opaque("attention scores")) if return_attention_scores else result


def matmul(machine: Machine, x1: Value, x2: Value, *args: Value, **options: Value) -> Value:
    """`ops.matmul(x, y)`, and TensorFlow's with `transpose_a`, `transpose_b`."""
    turned = plain(options.get("transpose_b", False)), plain(options.get("transpose_a", False))
    if any(turned) and not (isinstance(x1, Tensor) and isinstance(x2, Tensor)):
        raise Refusal("a product of what is turned with weights can't be followed")
    return product(machine, x1, x2, bool(turned[0]), bool(turned[1]))


def einsum(machine: Machine, equation: Value, *operands: Value, **options: Value) -> Value:
    """`ops.einsum` of two that flow, or of one with a matrix of weights."""
    if len(operands) == 2 and any(isinstance(each, Static) for each in operands):
        return _with_matrix(machine, equation, operands)
    flows = len(operands) == 2 and all(isinstance(each, Tensor) for each in operands)
    if not isinstance(equation, str) or not flows:
        raise Refusal("an einsum of an equation and two tensors that flow can be followed")
    parts, result = refusable(letters, equation, [len(each.shape) + 1 for each in operands])
    if any(part[:1] != result[:1] or result[0] in part[1:] for part in parts):
        raise Refusal(f"`{equation}` has not the batch in front of each", code="batch-axis")
    return _by_letters(machine, (parts[0], parts[1], result), list(operands))


def _with_matrix(machine: Machine, equation: Value, operands: tuple[Value, ...]) -> Value:
    """An einsum that takes one axis of a tensor through a matrix of weights, in its place."""
    ranks = [len(x.shape) + isinstance(x, Tensor) for x in operands]
    parts, result = refusable(letters, equation, ranks)
    if isinstance(operands[0], Static):
        parts, operands = parts[::-1], operands[::-1]
    tensor, weights = operands
    part, matrix = parts
    shared = [letter for letter in matrix if letter in part[1:]]
    inputs = matrix.index(shared[0]) if shared else 0
    fits = isinstance(tensor, Tensor) and len(matrix) == 2 and len(shared) == 1
    if not fits or result != part.replace(shared[0], matrix[1 - inputs]):
        raise Refusal(
            f"`{equation}` of weights can't be followed",
            help="with a matrix, whose result has the axis in the same place",
            code="attention",
        )
    sizes = weights.shape[inputs], weights.shape[1 - inputs]
    return through(machine, tensor, weights, sizes, part.index(shared[0]) - len(part))


CLASSES: dict[str, Class] = {
    "MultiHeadAttention": Class(
        "MultiHeadAttention",
        (LAYER,),
        {"__init__": Builtin("__init__", init), "call": simple("call", attend)},
        reader=READERS["MultiHeadAttention"],
    ),
    "Dot": class_of_methods("Dot", {"__init__": dot_init, "call": dot}, LAYER),
    "Attention": class_of_methods(
        "Attention", {"__init__": attention_init, "call": dot_attention}, LAYER
    ),
}
PRODUCTS: dict[str, Callable[..., Value]] = {"matmul": matmul, "einsum": einsum}
