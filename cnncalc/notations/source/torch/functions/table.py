"""The functions of `torch`, and the methods and attributes of tensors, by name."""

from __future__ import annotations

from cnncalc.frameworks.ops import names_in
from cnncalc.notations.source.axes import outer_shape
from cnncalc.notations.source.products import PRODUCTS, scaled_dot_product_attention
from cnncalc.notations.source.torch.functions.creation import CREATION, NEW
from cnncalc.notations.source.torch.functions.indexing import SLICING
from cnncalc.notations.source.torch.functions.joining import JOINING
from cnncalc.notations.source.torch.functions.masks import MASKING, WHERE
from cnncalc.notations.source.torch.functions.numbers_in_tensors import NUMBERS_IN_TENSORS
from cnncalc.notations.source.torch.functions.order import ORDER
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
    **NEW,
    **{form.name: FUNCTIONAL[form.name] for op, form in names_in("function") if op.method},
    "prelu": FUNCTIONAL["prelu"],
}
NO_METHODS = words(
    "cat column_stack concat concatenate dstack einsum hstack row_stack rsub stack std_mean "
    "var_mean vstack"
)
NO_FUNCTIONS = words(
    "astype contiguous copy cpu cuda data dim expand expand_as get_device is_contiguous item "
    "ndimension nelement new new_empty new_full new_ones new_tensor new_zeros repeat "
    "requires_grad reshape_as retain_grad size to tolist type type_as uniform view view_as"
)
# Methods of tensors that ask for what is in them, or that no layer here is.
BEYOND = words(
    "acos acosh addbmm addmv addr adjoint allclose aminmax angle arccos arccosh arcsin arcsinh "
    "arctan arctan2 arctanh argmax argmin argsort argwhere as_strided as_strided_scatter asin "
    "asinh atan atan2 atanh bernoulli bincount bitwise_and bitwise_left_shift bitwise_not "
    "bitwise_or bitwise_right_shift bitwise_xor cholesky cholesky_inverse cholesky_solve conj "
    "conj_physical copysign corrcoef cosh count_nonzero cov cross cummax cummin cumprod deg2rad "
    "dequantize det diag diag_embed diagflat diagonal diagonal_scatter digamma dist dot dsplit "
    "eig equal erfc exp2 expm1 fix float_power floor_divide fmax fmin fmod frac frexp gather gcd "
    "geqrf ger hash_tensor heaviside histc histogram hsplit hypot i0 igamma igammac imag "
    "index_add index_copy index_fill index_put index_reduce inner int_repr inverse is_complex "
    "is_conj is_distributed is_floating_point is_inference is_neg is_nonzero is_same_size "
    "is_signed isclose isfinite isinf isnan isneginf isposinf isreal istft kron kthvalue lcm "
    "ldexp lerp lgamma logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not "
    "logical_or logical_xor logit lstsq lu lu_solve masked_scatter masked_select matrix_exp "
    "matrix_power median mode msort multinomial mv mvlgamma nan_to_num nanmean nanmedian "
    "nanquantile nansum nextafter nonzero nonzero_static orgqr ormqr outer pinverse polygamma "
    "positive put q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale "
    "q_zero_point qr quantile rad2deg real remainder renorm resize_as "
    "resize_as_sparse resolve_conj resolve_neg scatter "
    "scatter_add scatter_reduce select_scatter sgn signbit sinc sinh slice_inverse slice_scatter "
    "slogdet smm solve sort split_with_sizes sspaddmm stft svd symeig take take_along_dim tan "
    "topk trace triangular_solve trunc unique_consecutive unsafe_chunk unsafe_split "
    "unsafe_split_with_sizes vdot vsplit where xlogy"
)
METHODS: dict[str, Method] = {
    name: function for name, function in EITHER.items() if name not in NO_METHODS
}
TORCH: dict[str, Method] = {
    **{name: function for name, function in EITHER.items() if name not in NO_FUNCTIONS},
    **FUNCTIONAL,
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
    if name == "T" and len(outer_shape(value)) == 2:
        name = "t"
        return machine.call(tensor_attribute(machine, value, name), [], {})
    if name == "mT" and len(outer_shape(value)) > 1:
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
