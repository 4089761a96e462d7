"""A live torch.nn.Module as a network: traced by torch.fx, or else exported by torch.export."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cnncalc import packages
from cnncalc.errors import CnnCalcError, SpecError
from cnncalc.input_size import give, meant
from cnncalc.layers.base import Shape
from cnncalc.live.objects import Torch
from cnncalc.live.program import Followed, Unfollowed, checked_size, first_line, refusal, sized
from cnncalc.live.torch_copy import empty_copy, is_layer
from cnncalc.live.torch_fx import traced_program
from cnncalc.network import Network, Typed
from cnncalc.notations.sizes import Given
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.live import torch_export
else:  # what torch.fx can follow needs none
    torch_export = OnUse("cnncalc.live.torch_export")

__all__ = ["from_torch"]

# Refusals of the reader of source that may be of its own making, not of the model's.
UNREAD = ("source", "unsupported", "batch", "batch-axis", "view", "weights", "raised", "live")
SOURCE = "its source can be read where tracing can't follow: give the file and the class"


def from_torch(module: Torch, input: Given | None = None) -> Network:
    """A live torch.nn.Module as a network, with the names of `named_modules`.

    It is copied without its values and traced, so nothing is run on data and the module stays
    as it is. Functions that torch.fx leaves whole are read from their own source. Where torch.fx
    can't follow, torch.export does, at the size of the input.

    Args:
        module: the module; it is read in evaluation mode.
        input: size of its input, channels first, as a tuple or as `"3x224x224"`; a batch in
            front is known by the layers that it meets.

    Raises:
        CnnCalcError: a module that can't be traced, or whose layers aren't known.
    """
    torch = _torch()
    size = checked_size("from_torch", input, "from_torch(module, (3, 224, 224))")
    if not isinstance(module, torch.nn.Module):
        raise refusal(f"`from_torch` takes a torch.nn.Module, not a {type(module).__name__}")
    if type(module).__module__.startswith("keras.") or hasattr(module, "get_build_config"):
        raise refusal("this is a model of Keras", "cnncalc.from_keras(model)")
    module = _unwrapped(torch, module)
    name = type(module).__name__
    bare = empty_copy(torch, module)
    if is_layer(bare):
        bare = torch.nn.Sequential(bare)
    network = _network(torch, bare, name, size)
    if size is not None:
        give(network, size)
    return network


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


def _network(torch: Torch, bare: Torch, name: str, size: Typed | None) -> Network:
    try:
        with torch.device("meta"):
            traced = traced_program(torch, bare, name).network()
    except Exception as error:  # tracing runs the module's own code
        if isinstance(error, CnnCalcError) and not isinstance(error, Unfollowed):
            raise
        return _exported(torch, bare, name, size, error)
    exported = Followed(name, lambda wanted: export_at(torch, bare, name, wanted))
    return sized(traced, Traced(traced, name, exported))


class Traced:
    """The steps of a traced module at an input, or where they can't be read, exported ones."""

    def __init__(self, traced: Network, name: str, exported: Followed) -> None:
        self.traced = traced
        self.name = name
        self.exported = exported

    def __call__(self, shape: Shape) -> Network:
        if shape in self.exported.known:
            return self.exported(shape)
        try:
            return self.traced.at(shape)
        except SpecError as error:
            in_program = error.file in (None, f"<{self.name}>")
            if in_program and error.code not in UNREAD:
                raise
            try:
                return self.exported(shape)
            except Exception:  # its own message is about the words of the export
                raise error from None


def _exported(torch: Torch, bare: Torch, name: str, size: Typed | None, why: Exception) -> Network:
    """The network of a module that torch.fx can't trace, for the reason `why`."""
    reason = first_line(why)
    if size is None:
        raise refusal(
            f"`{name}` can't be traced: {reason}",
            "give its input's size, as in from_torch(module, (3, 224, 224)), and it is tried "
            "with torch.export",
        )

    def follow(wanted: Shape) -> Network:
        try:
            return export_at(torch, bare, name, wanted)
        except Exception as error:  # exporting runs the module's own code
            raise refusal(
                f"`{name}` can't be traced by torch.fx: {reason}; nor by torch.export "
                f"at {'×'.join(map(str, wanted))}: {first_line(error)}",
                SOURCE,
            ) from None

    exported = Network((), notation="torch", tracer=Followed(name, follow))
    meant(exported, size)  # what can't be read is said now
    return exported


def export_at(torch: Torch, bare: Torch, name: str, shape: Shape) -> Network:
    """The network at an input, through torch.export; its errors are torch's own."""
    return torch_export.exported_network(torch, bare, name, shape)
