"""What aten's operators are in the words of PyTorch's source.

Most operators are called what the function or the method is called that the reader of source
knows, and take arguments of the same names: they are that call. `ATEN` has the others: a pattern
in which `{name}` is an argument by its name in the operator's schema. Operators that write in
place are read like those that don't.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from string import Formatter
from typing import Any

from cnncalc.frameworks.base import form_of
from cnncalc.frameworks.ops import OPS, forms
from cnncalc.notations.source.torch.functions.table import METHODS, TORCH
from cnncalc.notations.source.torch.nn.functional import arguments as class_arguments
from cnncalc.notations.source.torch.nn.functional import classes
from cnncalc.python.wordlists import words

__all__ = ["ATEN", "aten_call"]

F = "nn.functional"
SIZES = "{input}, {output_size}, {scale_factors}"

# Operators that are no function's namesake, or whose arguments are not the function's.
ATEN = {
    "mm": "torch.mm({self}, {mat2})",
    "scaled_dot_product_attention": f"{F}.scaled_dot_product_attention({{query}}, {{key}}, "
    "{value}, {attn_mask}, scale={scale}, enable_gqa={enable_gqa})",
    **{
        f"adaptive_max_pool{n}d": f"{F}.adaptive_max_pool{n}d({{self}}, {{output_size}}, True)"
        for n in (1, 2, 3)
    },
    "feature_dropout": f"{F}.dropout2d({{input}}, {{p}})",
    "upsample_nearest1d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_nearest2d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_nearest3d": f'{F}.interpolate({SIZES}, "nearest")',
    "upsample_linear1d": f'{F}.interpolate({SIZES}, "linear", {{align_corners}})',
    "upsample_bilinear2d": f'{F}.interpolate({SIZES}, "bilinear", {{align_corners}})',
    "upsample_bicubic2d": f'{F}.interpolate({SIZES}, "bicubic", {{align_corners}})',
    "upsample_trilinear3d": f'{F}.interpolate({SIZES}, "trilinear", {{align_corners}})',
    "im2col": f"{F}.unfold({{self}}, {{kernel_size}}, {{dilation}}, {{padding}}, {{stride}})",
    "col2im": f"{F}.fold({{self}}, {{output_size}}, {{kernel_size}}, {{dilation}}, {{padding}}, "
    "{stride})",
    "constant_pad_nd": f'{F}.pad({{self}}, {{pad}}, "constant", {{value}})',
    **{f"reflection_pad{n}d": f'{F}.pad({{self}}, {{padding}}, "reflect")' for n in (1, 2, 3)},
    **{f"replication_pad{n}d": f'{F}.pad({{self}}, {{padding}}, "replicate")' for n in (1, 2, 3)},
    "mT": "{self}.mT",
    "index": "{self}[tuple([slice(None) if each is None else each for each in {indices}])]",
    "where": "torch.where({condition}, {self}, {other})",
    "rsub": "torch.sub({other}, {self}, alpha={alpha})",
    "pow": "{self} ** {exponent}",
    **{
        name: f"torch.{name}({{self}}, {{dim}}, correction={{correction}}, keepdim={{keepdim}})"
        for name in ("var_mean", "std_mean")
    },
    "swapaxes": "torch.transpose({self}, {axis0}, {axis1})",
    "split_with_sizes": "torch.split({self}, {split_sizes}, {dim})",
    "sym_size": "{self}.size({dim})",
    **dict.fromkeys(("alias", "lift_fresh_copy", "to", "_to_copy"), "{self}"),
}
# Arguments that say nothing of sizes, or are what they are in any network that is read.
SILENT = frozenset(
    words(
        "copy cudnn_enable cudnn_enabled device dtype enable_gqa eps generator implicit "
        "input_scale layout memory_format momentum non_blocking path pin_memory scale train "
        "training use_input_stats"
    )
)
# Further names that aten has for functions of the table.
NAMES = {name.name: forms(op.function)[0].name for op in OPS for name in forms(op.aten)}


def aten_call(name: str, arguments: Mapping[str, str]) -> str | None:
    """The words for an operator of aten; None where it is not known.

    Args:
        name: the operator's, without `aten::`.
        arguments: the words for each argument of its schema, in order.
    """
    for word in (name, name.removesuffix("_")):
        if word in ATEN:
            return _filled(ATEN[word], arguments)
        if (known := _namesake(NAMES.get(word, word), arguments)) is not None:
            return known
    return None


def _filled(pattern: str, arguments: Mapping[str, str]) -> str | None:
    """The pattern, without one argument by which the operator's variants differ."""
    needed = {field for _, field, _, _ in Formatter().parse(pattern) if field}
    missing = sorted(needed - arguments.keys())
    if missing:
        pattern = re.sub(rf", (\w+=)?{{{missing[0]}}}", "", pattern)
    return pattern.format(**arguments) if len(missing) < 2 else None


def _namesake(name: str, arguments: Mapping[str, str]) -> str | None:
    """The call of the function or method of this name, if it takes these arguments."""
    function = TORCH.get(name) or METHODS.get(name)
    if function is None or not arguments:
        return None
    (_, first), *others = arguments.items()
    said = {key: word for key, word in others if key not in SILENT and word != "[]"}
    names, kinds = _parameters(name, function)
    if not names and Parameter.VAR_POSITIONAL in kinds:
        rest = list(said.values())
    elif Parameter.VAR_KEYWORD in kinds or said.keys() <= names:
        rest = [f"{key}={word}" for key, word in said.items()]
    else:
        return None
    if name in TORCH:
        return f"torch.{name}({', '.join([first, *rest])})"
    return f"{first}.{name}({', '.join(rest)})"


def _parameters(name: str, function: Callable[..., object]) -> tuple[set[str], set[Any]]:
    """What a function takes by name behind its first argument, and in which ways."""
    if name in classes():
        return set(class_arguments(name)), {Parameter.POSITIONAL_OR_KEYWORD}
    _, _, *parameters = form_of(function).parameters.values()  # the machine, the tensor
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    named = {each.name for each in parameters if each.kind in by_name}
    return named, {each.kind for each in form_of(function).parameters.values()}
