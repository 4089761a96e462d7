"""A live torch.nn.Module as a network: traced by torch.fx, or else exported by torch.export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from typing import TYPE_CHECKING

from cnncalc import packages
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.input_size import meant
from cnncalc.inputs import Inputs, InputSize
from cnncalc.layers.base import Shape
from cnncalc.live.objects import Torch
from cnncalc.live.program import (
    Followed,
    Unfollowed,
    checked_sizes,
    fed_with,
    first_line,
    refusal,
    sized,
)
from cnncalc.live.torch_copy import empty_copy, is_layer
from cnncalc.live.torch_fx import traced_program
from cnncalc.live.torch_transformers import around, is_transformer
from cnncalc.network import Fed, Network
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.live import torch_export
else:  # what torch.fx can follow needs none
    torch_export = OnUse("cnncalc.live.torch_export")

__all__ = ["from_torch"]

# Refusals of the reader of source that may be of its own making, not of the model's.
UNREAD = ("source", "unsupported", "batch", "batch-axis", "view", "weights", "raised", "live")
SOURCE = "its source can be read where tracing can't follow: give the file and the class"


def from_torch(module: Torch, input: Inputs | None = None) -> Network:
    """A live torch.nn.Module as a network, with the names of `named_modules`.

    It is copied without its values and traced, so nothing is run on data and the module stays
    as it is. Functions that torch.fx leaves whole are read from their own source. Where torch.fx
    can't follow, torch.export does, at the size of the input.

    Args:
        module: the module; it is read in evaluation mode.
        input: size of its input, channels first, as a tuple or as `"3x224x224"`; a batch in
            front is known by the layers that it meets. Of several inputs a list in the order of
            `forward`'s arguments, or {"image": (3, 32, 32), "z": 100}.

    Returns:
        The network, whose shapes are channels first and without the batch. Its weights are those
        that the module holds, as they are there: frozen ones, tied ones counted once. A size that
        it can't take is refused by `analyze`.

    Raises:
        CnnCalcError: a module that can't be traced, or whose layers aren't known; what is no
            module; PyTorch is missing.
    """
    torch = _torch()
    sizes = checked_sizes("from_torch", input, "from_torch(module, (3, 224, 224))")
    if not isinstance(module, torch.nn.Module):
        raise refusal(f"`from_torch` takes a torch.nn.Module, not a {type(module).__name__}")
    if type(module).__module__.startswith("keras.") or hasattr(module, "get_build_config"):
        raise refusal("this is a model of Keras", "cnncalc.from_keras(model)")
    module = _unwrapped(torch, module)
    name = type(module).__name__
    bare = empty_copy(torch, module)
    if is_layer(bare):
        bare = torch.nn.Sequential(bare)
    elif is_transformer(bare):
        bare = around(torch, bare)
    return _network(torch, bare, name, sizes)


def _torch() -> Torch:
    torch = packages.load("torch", "`from_torch`", "live")
    import_module("torch.fx")
    return torch


def _unwrapped(torch: Torch, module: Torch) -> Torch:
    """The module inside of what only compiles or distributes it."""
    around = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while isinstance(module, around) or hasattr(module, "_orig_mod"):
        module = module.module if isinstance(module, around) else module._orig_mod
    return module


def _network(torch: Torch, bare: Torch, name: str, sizes: Sequence[InputSize]) -> Network:
    fed = fed_arguments(bare, sizes)
    try:
        with torch.device("meta"):
            traced = traced_program(torch, bare, name, fed).network()
    except Exception as error:  # tracing runs the module's own code
        if isinstance(error, CnnCalcError) and not isinstance(error, Unfollowed):
            raise
        return _exported(torch, bare, name, sizes, error)
    # Tracing doesn't ask for sizes, so that the program serves all; where a size makes it fail, the
    # export at that size is tried.
    exported = Followed(name, partial(export_at, torch, bare, name))
    return fed_with(sized(traced, Traced(traced, name, exported)), sizes)


def fed_arguments(module: Torch, sizes: Sequence[InputSize]) -> list[str]:
    """The arguments of a module's forward that somebody gave a size."""
    places = iter(signature(module.forward).parameters)
    return [name or next(places, "") for name, _ in sizes]


class Traced:
    """The steps of a traced module at an input, or where they can't be read, exported ones."""

    def __init__(self, traced: Network, name: str, exported: Followed) -> None:
        self.traced = traced
        self.name = name
        self.exported = exported

    def __call__(self, shape: Shape, fed: Fed) -> Network:
        if self.exported.knows(shape, fed):
            return self.exported(shape, fed)
        try:
            return self.traced.feeding(fed).at(shape)
        except SpecError as error:
            in_program = error.file in (None, f"<{self.name}>")
            if in_program and error.code not in UNREAD:
                raise
            try:
                return self.exported(shape, fed)
            except Exception:  # its own message is about the words of the export
                raise error from None


def _exported(
    torch: Torch, bare: Torch, name: str, sizes: Sequence[InputSize], why: Exception
) -> Network:
    """The network of a module that torch.fx can't trace, for the reason `why`."""
    reason = first_line(why)
    if not sizes:
        raise refusal(
            f"`{name}` can't be traced: {reason}",
            "give its input's size, as in from_torch(module, (3, 224, 224)), and it is tried "
            "with torch.export",
        )

    def follow(wanted: Shape, fed: Fed) -> Network:
        try:
            return export_at(torch, bare, name, wanted, fed)
        except Exception as error:  # exporting runs the module's own code
            raise refusal(
                f"`{name}` can't be traced by torch.fx: {reason}; nor by torch.export "
                f"at {'×'.join(map(str, wanted))}: {first_line(error)}",
                SOURCE,
            ) from None

    exported = Network(
        (), notation="torch", tracer=Followed(name, follow), inputs=needed_arguments(bare, sizes)
    )
    exported = fed_with(exported, sizes)
    meant(exported)  # what can't be read is said now
    return exported


def needed_arguments(module: Torch, sizes: Sequence[InputSize]) -> list[str]:
    """The names of a forward's arguments without a default, and of those that have a size."""
    fed = fed_arguments(module, sizes)
    parameters = list(signature(module.forward).parameters.values())
    plain = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return [
        each.name
        for place, each in enumerate(parameters)
        if each.kind in plain and (not place or each.default is Parameter.empty or each.name in fed)
    ]


def export_at(torch: Torch, bare: Torch, name: str, shape: Shape, fed: Fed) -> Network:
    """The network at an input, through torch.export; its errors are torch's own."""
    return torch_export.exported_network(torch, bare, name, shape, fed)
