"""A module copied without its values, so that the module itself is neither run nor changed."""

from __future__ import annotations

from copy import deepcopy
from types import NoneType

from cnncalc.frameworks.pytorch import READERS
from cnncalc.live.objects import Torch
from cnncalc.live.program import first_line, refusal
from cnncalc.notations.source.model_trace import ATTENTION, is_trained

__all__ = ["empty_copy", "extends_layer", "is_layer", "is_library", "layer_words", "parameters_of"]

# What a module keeps its hooks in; those that compute weights are seen by the weights' names.
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
)
UNCHANGING = (NoneType, bool, int, float, str)


def empty_copy(torch: Torch, module: Torch) -> Torch:
    """The module in evaluation mode on `meta`: its tensors' shapes, none of its values or hooks."""
    memo: dict[int, Torch] = {}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if torch.nn.parameter.is_lazy(tensor):
            raise refusal(
                f"`{name}` has no size yet: a lazy module learns its sizes from its first input",
                "run it once before, or give its sizes",
            )
        # By identity, so that tensors which are tied stay tied in the copy.
        memo[id(tensor)] = _empty(torch, tensor)
    for each in module.modules():
        bare = _bare_layer(each, memo) if is_layer(each) else None
        if bare is not None:
            memo[id(each)] = bare
            continue
        for name, value in vars(each).items():
            if isinstance(value, torch.Tensor):
                memo[id(value)] = _empty(torch, value)
            # What deepcopy finds in `memo` it takes for copied. Hooks are left out: they are code
            # of the user's on values that aren't there. A hook that computes a weight, as
            # weight_norm has it, is found by the names of the tensors (see `layer_words`).
            elif name in HOOKS:
                memo[id(value)] = type(value)()
    try:
        return deepcopy(module, memo).eval()
    except Exception as error:  # a module may hold anything
        raise refusal(
            f"`{type(module).__name__}` can't be copied to be read: {first_line(error)}"
        ) from None


def _bare_layer(layer: Torch, memo: dict[int, Torch]) -> Torch:
    """A copy of a layer that holds tensors and plain options; None of one that holds more.

    Most modules are such layers, and deepcopy takes ten times as long for each.
    """
    fields: dict[str, object] = {}
    for name, value in vars(layer).items():
        if name in ("_parameters", "_buffers"):
            fields[name] = {key: memo.get(id(tensor)) for key, tensor in value.items()}
        elif name in HOOKS or (isinstance(value, dict | set) and not value):
            fields[name] = type(value)()
        elif isinstance(value, UNCHANGING) or _is_plain_tuple(value):
            fields[name] = value
        else:
            return None
    bare = object.__new__(type(layer))
    vars(bare).update(fields)
    return bare


def _is_plain_tuple(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, UNCHANGING) for each in value)


def _empty(torch: Torch, tensor: Torch) -> Torch:
    bare = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(bare, tensor.requires_grad)
    return bare


def parameters_of(layer: Torch) -> list[tuple[str, Torch]]:
    """The `named_parameters` of a layer, of which few have modules inside."""
    if layer._modules:
        return list(layer.named_parameters())
    return [(name, each) for name, each in layer._parameters.items() if each is not None]


def is_library(module: Torch) -> bool:
    """Whether a module is of a class of torch.nn itself."""
    return type(module).__module__.startswith("torch.nn.modules.")


def is_layer(module: Torch) -> bool:
    """Whether a module is one of torch.nn's own layers, which tracing doesn't enter."""
    return is_library(module) and type(module).__name__ in READERS


def extends_layer(module: Torch) -> bool:
    """Whether a module's class inherits from one of torch.nn's own layers."""
    return any(
        each.__module__.startswith("torch.nn.modules.") and each.__name__ in READERS
        for each in type(module).__mro__
    )


def layer_words(path: str, module: Torch) -> str:
    """The name of a layer's class, if it is known and holds what such a layer holds."""
    name = type(module).__name__
    if not is_layer(module):
        raise refusal(
            f"`{path}` is a `{name}`, which is not known here",
            "known are the layers of convolutional networks in torch.nn",
        )
    if "forward" in vars(module):
        raise refusal(f"`{path}` has a forward of its own, which a `{name}` doesn't have")
    attends = name == "MultiheadAttention"
    names = {each for each, _ in parameters_of(module)}
    odd = sorted(
        each for each in names if not is_trained(each) or (each in ATTENTION) is not attends
    )
    if odd:
        raise refusal(
            f"`{path}` keeps `{odd[0]}`, which a `{name}` doesn't have",
            "take away what changes its weights first, such as `remove_weight_norm`",
        )
    return name
