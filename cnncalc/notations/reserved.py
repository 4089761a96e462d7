"""What the languages that are written keep for themselves, and the nearest name that they take.

One rule for every writer: `identifier` makes a word of what a network calls a thing, beside the
words that stand for something else where it is to be written.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection
from keyword import kwlist, softkwlist
from typing import NamedTuple

__all__ = ["COMPACT", "KERAS", "KEYWORDS", "PYTHON", "TORCH", "Language", "identifier"]

AMBIGUOUS = ("I", "O", "l")  # which look like digits
KEYWORDS = frozenset([*kwlist, *softkwlist, "type", *AMBIGUOUS])
# A variable, a function or a class must not hide one of Python's own either.
PYTHON = KEYWORDS | {name for name in dir(builtins) if not name.startswith("_")}
COMPACT = frozenset(["def", "input"])

# What every nn.Module has, in any of its versions: an attribute of such a name would be lost.
OF_MODULES = frozenset(
    ["T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init",
     "children", "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr",
     "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule",
     "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children",
     "named_modules", "named_parameters", "parameters", "register_backward_hook",
     "register_buffer", "register_forward_hook", "register_forward_pre_hook",
     "register_full_backward_hook", "register_full_backward_pre_hook",
     "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
     "register_module", "register_parameter", "register_state_dict_post_hook",
     "register_state_dict_pre_hook", "requires_grad_", "set_extra_state", "set_submodule",
     "share_memory", "state_dict", "to", "to_empty", "train", "training", "type", "xpu",
     "zero_grad"]
)  # fmt: skip


class Language(NamedTuple):
    """The names that a framework's source keeps.

    Attributes:
        modules: no module may have one.
        values: no variable, function or class may have one.
    """

    modules: frozenset[str]
    values: frozenset[str]


TORCH = Language(KEYWORDS | OF_MODULES, PYTHON | {"nn", "self", "torch"})
# There modules are variables, and the first ones stand for what comes in.
_KERAS = PYTHON | {"Scale", "Shift", "keras", "layers", "model"}
KERAS = Language(_KERAS | {"inputs", "x"}, _KERAS)


def identifier(name: str, reserved: Collection[str]) -> str:
    """A word of letters, digits and `_` that is not reserved, as near to a name as can be."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "layer"
    word = f"layer{word}" if word[0].isdigit() else word
    return f"{word}_" if word in reserved else word
