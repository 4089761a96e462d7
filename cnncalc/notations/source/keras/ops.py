"""Functions on Keras tensors: `keras.ops`, the backend, and TensorFlow's names for them."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.errors import LayerError
from cnncalc.frameworks.keras.activation import rectified
from cnncalc.frameworks.ops import Form, Op, names_in
from cnncalc.layers import KINDS
from cnncalc.notations.source.arithmetic import tensor_operator
from cnncalc.notations.source.entries import arange
from cnncalc.notations.source.keras.layers import activation
from cnncalc.notations.source.keras.ops_on_places import PLACES
from cnncalc.notations.source.keras.ops_on_shapes import SHAPING, values_of
from cnncalc.notations.source.keras.products import PRODUCTS
from cnncalc.notations.source.keras.state import keras_of
from cnncalc.notations.source.keras.tensors import inner_axis, keras_readers, outer
from cnncalc.notations.source.layer_arguments import plain, refused
from cnncalc.notations.source.layer_steps import emit
from cnncalc.notations.source.longer import one_after_the_other
from cnncalc.python.functions import Method
from cnncalc.python.iteration import listed
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Silent, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.reductions import along
from cnncalc.tracing.tensors import Batch, Static, Tensor

__all__ = ["ACTIVATIONS", "DRAWN", "FUNCTIONS", "drawn"]

ACTIVATIONS = ("linear", *(form.name for _, form in names_in("keras") if not form.needs))


def layer_call(cls: str, *names: str) -> Method:
    """A function that is a layer of the vocabulary: `names` are its arguments in order."""

    def call(machine: Machine, tensors: Value, *args: Value, **options: Value) -> Value:
        given = dict(zip(names, args, strict=False)) | options
        given = {key: plain(value) for key, value in given.items() if key in names}
        inputs = tensors if isinstance(tensors, list | tuple) else [tensors]
        try:
            steps = keras_readers(machine)[cls](**given)
        except LayerError as error:
            raise refused(error) from None
        flow = list(inputs)
        for step in steps:
            flow = [emit(machine, step, flow, op=step.layer.kind)]
        return flow[0]

    return call


def named_activation(name: str) -> Method:
    return lambda machine, tensor, *args, **options: activation(machine, name, tensor)


def with_options(op: Op, form: Form) -> Method:
    """An activation that takes options: `ops.leaky_relu(x, 0.1)`."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        if isinstance(tensor, Static):
            return tensor
        values = values_of(form, args, options)
        layer = rectified(*values) if op.kind == "relu" else op.made(values)
        return emit(machine, layer, [tensor], op=layer.kind)

    return call


def reduction(how: str) -> Method:
    def call(
        machine: Machine, tensor: Value, axis: Value = None, keepdims: Value = False, **rest: Value
    ) -> Value:
        axes = listed(machine, axis) if isinstance(axis, list | tuple) else [axis]
        if axis is None or not isinstance(tensor, Tensor):
            raise Refusal(f"`{how}` over the batch can't be followed", code="batch-axis")
        places = tuple(sorted(inner_axis(machine, tensor, each) for each in axes))
        keep = bool(rest.get("keep_dims", keepdims))
        layer = along(how, tensor.shape, places, keep, how in ("std", "var"))
        result = emit(machine, layer, [tensor], op=how)
        return result if keep else ordered(machine, tensor, places, result)

    return call


def norm(
    machine: Machine, x: Value, ord: Value = None, axis: Value = None, keepdims: Value = False
) -> Value:
    """`ops.norm(x, axis=1)`: the root of the sum of squares, or the sum of sizes (ord 1)."""
    several = isinstance(axis, list | tuple) and len(axis) > 1
    if ord not in (None, 2, 1) or (several and ord is not None):
        raise Refusal("only norms of vectors with ord 1 or 2 can be followed")
    return reduction(f"norm{ord or 2}")(machine, x, axis, keepdims)


def ordered(machine: Machine, tensor: Tensor, gone: tuple[int, ...], result: Tensor) -> Tensor:
    """What is left without some axes: Keras's last axis is then another one than before."""
    rank, left = len(tensor.shape), len(result.shape)
    inner = [axis for axis in range(rank) if axis not in gone]
    outer_ = [keras_of(machine).frame.inside(axis, rank) for axis in range(rank)]
    kept = [inner.index(axis) for axis in outer_ if axis in inner]
    order = keras_of(machine).frame.sizes(kept)
    if left < 2 or len(kept) != left or order == tuple(range(left)):
        return result
    turned: Tensor = emit(machine, KINDS["permute"](order), [result], op="permute")
    return turned


def operation(sign: str) -> Method:
    def call(machine: Machine, left: Value, right: Value, **options: Value) -> Value:
        return tensor_operator(machine, sign, left, right)

    return call


def shape_of(machine: Machine, tensor: Value) -> Value:
    """`tf.shape(x)`: the batch is a number that nobody knows."""
    return (Batch(), *outer(machine, tensor)[1:])


def int_shape(machine: Machine, tensor: Value) -> Value:
    return outer(machine, tensor)


def reshape(machine: Machine, tensor: Value, shape: Value) -> Value:
    """`tf.reshape(x, (-1, h, w, c))`: the batch must stay in front."""
    sizes = listed(machine, shape)
    if not sizes or not (sizes[0] in (-1, None) or isinstance(sizes[0], Batch)):
        raise Refusal("this reshape doesn't keep the batch in front", code="view")
    call: Callable[..., Value] = layer_call("Reshape", "target_shape")
    rest = sizes[1:]
    return call(machine, tensor, tuple(-1 if size is None else size for size in rest))


def concatenate(machine: Machine, tensors: Value, axis: Value = -1, **options: Value) -> Value:
    """Tensors along an axis; those that are fixed make one that flows longer."""
    parts = listed(machine, tensors)
    flowing = [part for part in parts if isinstance(part, Tensor)]
    if len(flowing) == len(parts):
        joined: Callable[..., Value] = layer_call("Concatenate", "axis")
        return joined(machine, parts, axis)
    if not flowing or not all(isinstance(part, Tensor | Static) for part in parts):
        raise Refusal("what `concatenate` joins can't be followed")
    inside = inner_axis(machine, flowing[0], axis)
    place: int = axis % (len(flowing[0].shape) + 1)
    return one_after_the_other(machine, parts, inside, place, "concatenate")


def spread(machine: Machine, tensor: Value, shape: Value) -> Value:
    """`ops.broadcast_to(w, shape)` of what is fixed: the same for each sample."""
    sizes = tuple(listed(machine, shape))
    if not isinstance(tensor, Static) or len(sizes) < len(tensor.shape):
        raise Refusal("only what is fixed is followed as it is stretched to a shape")
    before = (1,) * (len(sizes) - len(tensor.shape)) + tuple(tensor.shape)
    if any(old != new and old != 1 for old, new in zip(before, sizes, strict=True)):
        raise Refusal("these sizes can't be stretched like that", code="branches")
    return tensor.shaped(sizes)


def pooling(cls: str) -> Method:
    """`ops.max_pool(x, 2, 2, "same")`: the layer for so many axes."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        rank = len(tensor.shape) - 1 if isinstance(tensor, Tensor) else 0
        layer = layer_call(f"{cls}Pooling{rank}D", "pool_size", "strides", "padding")
        if rank not in (1, 2, 3):
            raise Refusal("a pool works on maps of 1 to 3 spatial axes", code="wrong-axes")
        return layer(machine, tensor, *args, **options)

    return call


def pad(machine: Machine, tensor: Value, paddings: Value, *args: Value, **options: Value) -> Value:
    """`tf.pad`: a pair for each axis, the batch's and the channels' without any."""
    pairs = [tuple(listed(machine, each)) for each in listed(machine, paddings)]
    rank = len(tensor.shape)
    if len(pairs) != rank + 1 or pairs[0] != (0, 0):
        raise Refusal("padding along the batch can't be followed", code="batch-axis")
    inside = keras_of(machine).frame.sizes(pairs[1:])
    layer = KINDS["pad"](tuple(inside[1:]), channels=(inside[0],))
    return emit(machine, layer, [tensor], op="pad")


def resize(machine: Machine, tensor: Value, size: Value, *args: Value, **options: Value) -> Value:
    """`tf.image.resize(x, (h, w))`."""
    height, width = listed(machine, size)
    call: Callable[..., Value] = layer_call("Resizing", "height", "width", "interpolation")
    method = options.get("method", options.get("interpolation", "bilinear"))
    return call(machine, tensor, height, width, method if isinstance(method, str) else "bilinear")


def drawn(machine: Machine, shape: Value, *args: Value, **options: Value) -> Value:
    """`keras.random.normal(shape)` and its kind: fixed numbers, if their sizes are known."""
    sizes = tuple(listed(machine, shape)) if isinstance(shape, list | tuple) else (None,)
    known = all(isinstance(each, int | Batch) and not isinstance(each, bool) for each in sizes)
    return Static(sizes) if known else Silent("random")


def number(machine: Machine, value: Value, *args: Value, **options: Value) -> Value:
    return value


DRAWN = words("normal uniform truncated_normal")  # of `keras.random` and `tf.random`
FUNCTIONS: dict[str, Method] = {
    **SHAPING,
    **PLACES,
    **PRODUCTS,
    **{name: named_activation(name) for name in ACTIVATIONS},
    **{form.name: with_options(op, form) for op, form in names_in("keras") if form.arguments},
    "softmax": layer_call("Softmax", "axis"),
    "broadcast_to": spread,
    "concat": concatenate,
    "concatenate": concatenate,
    "mean": reduction("mean"),
    "max": reduction("max"),
    "min": reduction("min"),
    "sum": reduction("sum"),
    "norm": norm,
    "max_pool": pooling("Max"),
    "average_pool": pooling("Average"),
    **{how: reduction(how) for how in ("logsumexp", "prod", "std", "var")},
    "reduce_mean": reduction("mean"),
    "reduce_max": reduction("max"),
    "reduce_min": reduction("min"),
    "reduce_sum": reduction("sum"),
    "add": operation("+"),
    "subtract": operation("-"),
    "multiply": operation("*"),
    "divide": operation("/"),
    "true_divide": operation("/"),
    "shape": shape_of,
    "int_shape": int_shape,
    "reshape": reshape,
    "pad": pad,
    "resize": resize,
    "flatten": layer_call("Flatten"),
    "batch_flatten": layer_call("Flatten"),
    **{f"random_{name}": drawn for name in DRAWN},
    "arange": arange,
    "range": arange,
    "cast": number,
    "convert_to_tensor": number,
    "identity": number,
    "stop_gradient": number,
}
