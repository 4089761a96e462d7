"""The functions of `torch`, and the methods and attributes of tensors, by name."""

from __future__ import annotations

from cnncalc.frameworks.ops import names_in
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.products import PRODUCTS, scaled_dot_product_attention
from cnncalc.notations.source.torch.functions.creation import CREATION, NEW
from cnncalc.notations.source.torch.functions.distances import BETWEEN, DIFFERENCES
from cnncalc.notations.source.torch.functions.indexing import SLICING
from cnncalc.notations.source.torch.functions.joining import JOINING
from cnncalc.notations.source.torch.functions.masks import MASKING, WHERE
from cnncalc.notations.source.torch.functions.numbers_in_tensors import NUMBERS_IN_TENSORS
from cnncalc.notations.source.torch.functions.order import ORDER, unfold
from cnncalc.notations.source.torch.functions.reductions import REDUCTIONS
from cnncalc.notations.source.torch.functions.shapes import RESHAPING
from cnncalc.notations.source.torch.functions.values import ELEMENTWISE
from cnncalc.notations.source.torch.nn.functional import FUNCTIONAL
from cnncalc.notations.source.unread import unsupported
from cnncalc.python.functions import Method
from cnncalc.python.machine import Machine
from cnncalc.python.values import MISSING, Bound, Builtin, Opaque, Value
from cnncalc.python.wordlists import words
from cnncalc.tracing.tensors import Parameter, Static, Tensor

__all__ = ["METHODS", "TORCH", "in_place", "tensor_attribute"]


# Functions that are methods too, but for those that are named below.
EITHER: dict[str, Method] = {
    **RESHAPING,
    **SLICING,
    **ORDER,
    **JOINING,
    **REDUCTIONS,
    **ELEMENTWISE,
    **PRODUCTS,
    **MASKING,
    **NUMBERS_IN_TENSORS,
    **DIFFERENCES,
    **NEW,
    **{form.name: FUNCTIONAL[form.name] for op, form in names_in("function") if op.method},
    "prelu": FUNCTIONAL["prelu"],
}
NO_METHODS = words(
    "cat stack concat concatenate einsum hstack vstack row_stack dstack column_stack atleast_1d "
    "atleast_2d atleast_3d"
)
NO_FUNCTIONS = words("to cuda cpu type copy data size view dim item tolist get_device")
# Methods of tensors that ask for what is in them, or that no layer here is.
BEYOND = words(
    "argmax argmin argsort argwhere bernoulli bincount cdist cholesky corrcoef count_nonzero "
    "cov cross cummax cummin cumprod det dist dot erfc fft floor_divide fmod frac gather "
    "histc index_add index_copy index_fill index_put inverse isclose isfinite isinf isnan "
    "kthvalue lerp lgamma logcumsumexp logdet logical_and logical_not logical_or logical_xor "
    "masked_scatter masked_select median mode msort multinomial mv nanmean nansum nonzero "
    "outer pinverse put qr quantile remainder renorm scatter scatter_add scatter_reduce sgn sign "
    "slogdet sort stft svd take take_along_dim topk trace trapz unique_consecutive"
)
METHODS: dict[str, Method] = {
    **{name: function for name, function in EITHER.items() if name not in NO_METHODS},
    "unfold": unfold,  # the function of that name is another one, for the patches of a map
}
TORCH: dict[str, Method] = {
    **{name: function for name, function in EITHER.items() if name not in NO_FUNCTIONS},
    **FUNCTIONAL,
    **BETWEEN,
    **WHERE,
    **CREATION,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "is_tensor": lambda machine, value: isinstance(value, Tensor | Static),
    "_assert": lambda machine, *args: None,
    "broadcast_tensors": lambda machine, *tensors: tensors,
}


FIXED: dict[str, Value] = {
    "dtype": Opaque("torch.float32"),
    "device": Opaque("torch.device", type="cpu", index=None),
    "requires_grad": False,
    **dict.fromkeys(("is_cuda", "is_mps", "is_xpu"), False),
    "is_cpu": True,
    "is_quantized": False,
    "grad": None,
    "layout": Opaque("torch.strided"),
}


def in_place(function: Method) -> Method:
    """`x.mul_(2)`: what the method makes takes the place of what was there."""

    def call(machine: Machine, tensor: Value, *args: Value, **options: Value) -> Value:
        made = function(machine, tensor, *args, **options)
        if isinstance(tensor, Tensor):
            if isinstance(made, Tensor):
                tensor.become(made, any(isinstance(each, Tensor) for each in args))
            return tensor
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
    rank = len(outer_shape(value))
    if name == "T" or (name == "H" and rank == 2):
        return METHODS["permute"](machine, value, *reversed(range(rank)))
    if name in ("mT", "mH") and rank > 1:
        return METHODS["transpose"](machine, value, -2, -1)
    stem = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    found = METHODS.get(stem)
    if found is None and stem in BEYOND:
        raise unsupported(f"torch.Tensor.{name}", None)
    if found is None:
        return MISSING
    if stem != name:
        found = in_place(found)
    return Bound(Builtin(name, lambda m, args, kwargs: found(m, *args, **kwargs)), value)
