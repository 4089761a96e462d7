"""What aten's operators are in the words of PyTorch's source.

A row is the operator's name and a pattern, in which `{name}` is an argument by its name in the
operator's schema. Operators that write in place are read like those that don't.
"""

from __future__ import annotations

__all__ = ["ATEN"]

F = "nn.functional"


def _same(words: str, pattern: str) -> dict[str, str]:
    return {word: pattern.format(word=word) for word in words.split()}


def _per_axes(pattern: str, axes: tuple[int, ...] = (1, 2, 3)) -> dict[str, str]:
    """Rows for maps of so many axes, from `name: pattern` with `<n>` for the number."""
    name, _, words = pattern.partition(": ")
    return {name.replace("<n>", f"{n}"): words.replace("<n>", f"{n}") for n in axes}


CONVOLUTIONS = {
    **_per_axes(
        "conv<n>d: nn.functional.conv<n>d({input}, {weight}, {bias}, stride={stride}, "
        "padding={padding}, dilation={dilation}, groups={groups})"
    ),
    **_per_axes(
        "conv_transpose<n>d: nn.functional.conv_transpose<n>d({input}, {weight}, {bias}, "
        "stride={stride}, padding={padding}, output_padding={output_padding}, groups={groups}, "
        "dilation={dilation})"
    ),
    "linear": f"{F}.linear({{input}}, {{weight}}, {{bias}})",
    "matmul": "torch.matmul({self}, {other})",
    "mm": "torch.mm({self}, {mat2})",
    "bmm": "torch.bmm({self}, {mat2})",
    "addmm": "torch.mm({mat1}, {mat2}) + {self}",
    "einsum": "torch.einsum({equation}, {tensors})",
    "scaled_dot_product_attention": "torch.matmul({query}, {key})",
}
NORMS = {
    "batch_norm": (
        f"{F}.batch_norm({{input}}, {{running_mean}}, {{running_var}}, {{weight}}, {{bias}})"
    ),
    "layer_norm": f"{F}.layer_norm({{input}}, {{normalized_shape}}, {{weight}}, {{bias}})",
    "group_norm": f"{F}.group_norm({{input}}, {{num_groups}}, {{weight}}, {{bias}})",
    "instance_norm": f"{F}.instance_norm({{input}}, {{running_mean}}, {{running_var}}, {{weight}})",
    "prelu": f"{F}.prelu({{self}}, {{weight}})",
}
POOLS = {
    **_per_axes(
        "max_pool<n>d: nn.functional.max_pool<n>d({self}, {kernel_size}, {stride} or None, "
        "{padding}, {dilation}, {ceil_mode})"
    ),
    **_per_axes(
        "avg_pool<n>d: nn.functional.avg_pool<n>d({self}, {kernel_size}, {stride} or None, "
        "{padding}, {ceil_mode}, {count_include_pad})"
    ),
    **_per_axes(
        "adaptive_avg_pool<n>d: nn.functional.adaptive_avg_pool<n>d({self}, {output_size})"
    ),
    **_per_axes(
        "adaptive_max_pool<n>d: nn.functional.adaptive_max_pool<n>d({self}, {output_size}, True)"
    ),
}
ACTIVATIONS = {
    **_same(
        "relu relu6 sigmoid tanh selu silu mish hardsigmoid hardswish",
        f"{F}.{{word}}({{{{self}}}})",
    ),
    "log_sigmoid": f"{F}.logsigmoid({{self}})",
    "leaky_relu": f"{F}.leaky_relu({{self}}, {{negative_slope}})",
    "rrelu": f"{F}.rrelu({{self}}, {{lower}}, {{upper}})",
    "elu": f"{F}.elu({{self}}, {{alpha}})",
    "celu": f"{F}.celu({{self}}, {{alpha}})",
    "gelu": f"{F}.gelu({{self}}, approximate={{approximate}})",
    "glu": f"{F}.glu({{self}}, {{dim}})",
    "hardtanh": f"{F}.hardtanh({{self}}, {{min_val}}, {{max_val}})",
    "softplus": f"{F}.softplus({{self}}, {{beta}}, {{threshold}})",
    "softshrink": f"{F}.softshrink({{self}}, {{lambd}})",
    "hardshrink": f"{F}.hardshrink({{self}}, {{lambd}})",
    "threshold": f"{F}.threshold({{self}}, {{threshold}}, {{value}})",
    **_same("softmax special_softmax", f"{F}.softmax({{{{self}}}}, {{{{dim}}}})"),
    "special_expit": f"{F}.sigmoid({{self}})",
    "log_softmax": f"{F}.log_softmax({{self}}, {{dim}})",
    "dropout": f"{F}.dropout({{input}}, {{p}})",
    "feature_dropout": f"{F}.dropout2d({{input}}, {{p}})",
    "alpha_dropout": f"{F}.alpha_dropout({{input}}, {{p}})",
}
SIZES = "{input}, {output_size}, {scale_factors}"
RESIZING = {
    "upsample_nearest1d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_nearest2d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_nearest3d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_linear1d": f'{F}.interpolate({SIZES}, "linear", {{align_corners}})',
    "upsample_bilinear2d": f'{F}.interpolate({SIZES}, "bilinear", {{align_corners}})',
    "upsample_bicubic2d": f'{F}.interpolate({SIZES}, "bicubic", {{align_corners}})',
    "upsample_trilinear3d": f'{F}.interpolate({SIZES}, "trilinear", {{align_corners}})',
    "pixel_shuffle": f"{F}.pixel_shuffle({{self}}, {{upscale_factor}})",
    "pixel_unshuffle": f"{F}.pixel_unshuffle({{self}}, {{downscale_factor}})",
    "channel_shuffle": f"{F}.channel_shuffle({{self}}, {{groups}})",
    "im2col": f"{F}.unfold({{self}}, {{kernel_size}}, {{dilation}}, {{padding}}, {{stride}})",
    "col2im": f"{F}.fold({{self}}, {{output_size}}, {{kernel_size}}, {{dilation}}, {{padding}}, "
    "{stride})",
    "pad": f"{F}.pad({{self}}, {{pad}}, {{mode}}, {{value}})",
    "constant_pad_nd": f'{F}.pad({{self}}, {{pad}}, "constant", {{value}})',
    **_per_axes('reflection_pad<n>d: nn.functional.pad({self}, {padding}, "reflect")'),
    **_per_axes('replication_pad<n>d: nn.functional.pad({self}, {padding}, "replicate")'),
}
ARITHMETIC = {
    "add": "torch.add({self}, {other}, alpha={alpha})",
    "sub": "torch.sub({self}, {other}, alpha={alpha})",
    "rsub": "torch.sub({other}, {self}, alpha={alpha})",
    "subtract": "torch.sub({self}, {other}, alpha={alpha})",
    **_same("mul multiply", "{{self}} * {{other}}"),
    **_same("div divide true_divide", "{{self}} / {{other}}"),
    "negative": "torch.neg({self})",
    "absolute": "torch.abs({self})",
    "pow": "{self} ** {exponent}",
    "maximum": "torch.maximum({self}, {other})",
    "minimum": "torch.minimum({self}, {other})",
    "clamp": "torch.clamp({self}, {min}, {max})",
    "clamp_min": "torch.clamp({self}, {min})",
    "clamp_max": "torch.clamp({self}, None, {max})",
    **_same(
        "neg abs exp log sqrt rsqrt square reciprocal sin cos round floor ceil",
        "torch.{word}({{self}})",
    ),
    **_same("sum mean amax amin logsumexp", "torch.{word}({{self}}, {{dim}}, {{keepdim}})"),
    **_same(
        "var std var_mean std_mean",
        "torch.{word}({{self}}, {{dim}}, unbiased={{unbiased}}, correction={{correction}}, "
        "keepdim={{keepdim}})",
    ),
    **_same("max min", "torch.{word}({{self}}, {{dim}}, {{keepdim}})"),
}
SHAPING = {
    "view": "{self}.view({size})",
    "reshape": "{self}.reshape({shape})",
    "flatten": "torch.flatten({self}, {start_dim}, {end_dim})",
    "unflatten": "torch.unflatten({self}, {dim}, {sizes})",
    "permute": "{self}.permute({dims})",
    **_same("transpose swapdims", "torch.transpose({{self}}, {{dim0}}, {{dim1}})"),
    "swapaxes": "torch.transpose({self}, {axis0}, {axis1})",
    "squeeze": "torch.squeeze({self}, {dim})",
    "unsqueeze": "torch.unsqueeze({self}, {dim})",
    "expand": "{self}.expand({size})",
    "expand_as": "{self}.expand_as({other})",
    "view_as": "{self}.view_as({other})",
    "repeat": "{self}.repeat({repeats})",
    "cat": "torch.cat({tensors}, {dim})",
    "stack": "torch.stack({tensors}, {dim})",
    "chunk": "torch.chunk({self}, {chunks}, {dim})",
    "split": "torch.split({self}, {split_size}, {dim})",
    "split_with_sizes": "torch.split({self}, {split_sizes}, {dim})",
    "unbind": "torch.unbind({self}, {dim})",
    "narrow": "torch.narrow({self}, {dim}, {start}, {length})",
    "select": "torch.select({self}, {dim}, {index})",
    "sym_size": "{self}.size({dim})",
    **_same("clone contiguous detach alias lift_fresh_copy to _to_copy", "{{self}}"),
}
CREATING = {
    **_same("zeros ones empty rand randn", "torch.{word}({{size}})"),
    **_same("zeros_like ones_like empty_like rand_like randn_like", "torch.{word}({{self}})"),
    "full": "torch.full({size}, {fill_value})",
    "arange": "torch.arange({end})",
}
ATEN = CONVOLUTIONS | NORMS | POOLS | ACTIVATIONS | RESIZING | ARITHMETIC | SHAPING | CREATING
