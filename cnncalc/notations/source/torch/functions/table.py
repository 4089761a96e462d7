"""The functions of `torch`, and the methods and attributes of tensors, by name."""

from __future__ import annotations

from cnncalc.frameworks.ops import names_in
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.products import PRODUCTS, scaled_dot_product_attention
from cnncalc.notations.source.torch.functions.contents import (
    converted,
    differences,
    filled,
    item,
    to_list,
    to_whole,
    unique,
)
from cnncalc.notations.source.torch.functions.creation import (
    arange,
    from_values,
    full,
    like,
    linspace,
    new_tensor,
)
from cnncalc.notations.source.torch.functions.indexing import SLICING
from cnncalc.notations.source.torch.functions.joining import repeat
from cnncalc.notations.source.torch.functions.masks import MASKING, WHERE
from cnncalc.notations.source.torch.functions.order import ORDER
from cnncalc.notations.source.torch.functions.reductions import REDUCTIONS
from cnncalc.notations.source.torch.functions.shapes import RESHAPING
from cnncalc.notations.source.torch.functions.values import ELEMENTWISE, window_attention
from cnncalc.notations.source.torch.nn.functional import FUNCTIONAL
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.values import MISSING, Bound, Builtin, Opaque, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Batch, Parameter, Static, Tensor

__all__ = ["METHODS", "TORCH", "tensor_attribute"]


VALUES: dict[str, Method] = {
    "astype": converted,
    "item": item,
    "tolist": to_list,
    "int": to_whole,
    "long": to_whole,
    "diff": differences,
    "unique": unique,
    "repeat": repeat,
    "tile": repeat,
    "new_zeros": lambda machine, tensor, *sizes, **o: new_tensor(0.0)(machine, *sizes, **o),
    "new_ones": lambda machine, tensor, *sizes, **o: new_tensor(1.0)(machine, *sizes, **o),
    "new_empty": lambda machine, tensor, *sizes, **o: new_tensor()(machine, *sizes, **o),
    "new": lambda machine, tensor, *values, **o: TORCH["FloatTensor"](machine, *values),
    "fill": filled,
    "zero": filled,
    "new_full": lambda machine, tensor, *args, **o: full(machine, *args, **o),
    "new_tensor": lambda machine, tensor, values, **o: from_values(machine, values),
}
METHODS: dict[str, Method] = {
    **RESHAPING,
    **SLICING,
    **ORDER,
    **REDUCTIONS,
    **ELEMENTWISE,
    **PRODUCTS,
    **MASKING,
    **VALUES,
    **{form.name: FUNCTIONAL[form.name] for op, form in names_in("function") if op.method},
    "prelu": FUNCTIONAL["prelu"],
}
for _name in ("cat", "stack", "concat", "concatenate", "einsum"):
    METHODS.pop(_name, None)
TORCH: dict[str, Method] = {
    **METHODS,
    **SLICING,
    **FUNCTIONAL,
    **WHERE,
    "einsum": PRODUCTS["einsum"],
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "meshgrid": window_attention,
    **dict.fromkeys(words("rand randn empty normal"), new_tensor()),
    **dict.fromkeys(words("rand_like randn_like empty_like"), like()),
    "zeros": new_tensor(0.0),
    "ones": new_tensor(1.0),
    "zeros_like": like(0.0),
    "ones_like": like(1.0),
    "full_like": lambda machine, tensor, fill_value, **o: like(fill_value)(machine, tensor),
    "full": full,
    "eye": lambda machine, n, m=None, **options: new_tensor()(machine, n, n if m is None else m),
    "tensor": from_values,
    "as_tensor": from_values,
    "FloatTensor": lambda machine, *a, **o: (
        new_tensor()(machine, *a)
        if all(isinstance(each, int | Batch) for each in a)
        else from_values(machine, *a)
    ),
    "from_numpy": from_values,
    "arange": arange,
    "randperm": arange,  # one order of all there are, as good as any other
    "linspace": linspace,
    "is_tensor": lambda machine, value: isinstance(value, Tensor | Static),
    "numel": METHODS["numel"],
    "_assert": lambda machine, *args: None,
    "broadcast_tensors": lambda machine, *tensors: tensors,
}
for _name in ("to", "cuda", "cpu", "type", "copy", "data", "size", "view", "dim", "item", "tolist"):
    TORCH.pop(_name, None)


FIXED: dict[str, Value] = {
    "dtype": Opaque("torch.float32"),
    "device": Opaque("torch.device", type="cpu", index=None),
    "requires_grad": False,
    "is_cuda": False,
    "is_quantized": False,
    "grad": None,
    "layout": Opaque("torch.strided"),
}


def in_place(function: Method) -> Method:
    """`w.mul_(2)` of weights or constants: what the method makes takes the place of the numbers."""

    def call(machine: Machine, tensor: Static, *args: Value, **options: Value) -> Value:
        made = function(machine, tensor, *args, **options)
        if isinstance(made, Static) and made is not tensor:
            if not isinstance(tensor, Parameter):
                tensor.shape, tensor.sources = made.shape, made.sources
            tensor.hold(made)
        return tensor

    return call


def tensor_attribute(machine: Machine, value: Value, name: str) -> Value:
    """`tensor.name`."""
    if name == "shape":
        return outer_shape(value)
    if name == "ndim":
        return len(outer_shape(value))
    if name == "data":
        return value
    if isinstance(value, Parameter) and name == "requires_grad":
        return value.trainable
    if name in FIXED:
        return FIXED[name]
    if name == "__class__":
        return MISSING
    if name == "T" and len(outer_shape(value)) == 2:
        name = "t"
        return machine.call(tensor_attribute(machine, value, name), [], {})
    if name == "mT" and len(outer_shape(value)) > 1:
        return METHODS["transpose"](machine, value, -2, -1)
    stem = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    found = METHODS.get(stem)
    if found is None:
        return MISSING
    if stem != name and isinstance(value, Static):
        found = in_place(found)
    return Bound(Builtin(name, lambda m, args, kwargs: found(m, *args, **kwargs)), value)
