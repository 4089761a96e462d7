"""From a model file's records to a network that is traced at an input size."""

from __future__ import annotations

from functools import partial

from cnncalc.errors import SpecError
from cnncalc.layers.base import Shape, show
from cnncalc.network import Fed, Network
from cnncalc.notations.onnx.reading.inputs import data_input
from cnncalc.notations.onnx.reading.listing import Listing
from cnncalc.notations.onnx.reading.model import Model
from cnncalc.notations.onnx.reading.tracer import Tracer, input_names

__all__ = ["network_of"]

# The batch where the file leaves it open: a number that no other size has.
ANY_BATCH = 999_983


def network_of(model: Model) -> Network:
    """The network of a model; its steps come with `at(shape)`."""
    data = data_input(model)
    sizes = data.sizes
    shape = tuple(size for size in sizes if isinstance(size, int))
    return Network(
        (),
        shape if len(shape) == len(sizes) else None,
        notation="onnx",
        declared=tuple(size if isinstance(size, int) else None for size in sizes),
        tracer=partial(_trace, model, Listing(model)),
        inputs=input_names(model),
    )


def _trace(model: Model, listing: Listing, shape: Shape, fed: Fed) -> Network:
    declared = data_input(model)
    if len(shape) != len(declared.sizes):
        wanted = "×".join(str(size or "?") for size in declared.sizes)
        raise SpecError(
            f"the model takes {wanted} but the input is {show(shape)}",
            code="bad-input",
            help=f"-i with {len(declared.sizes)} sizes",
        )
    batch = declared.batch
    if isinstance(batch, int):
        return Tracer(model, listing, batch).network(shape, fed)
    try:
        return Tracer(model, listing, ANY_BATCH).network(shape, fed)
    except SpecError as error:
        if error.code not in ("batch", "reshape", "branches"):
            raise
        try:  # many files leave the batch open and yet hold shapes for one sample
            return Tracer(model, listing, 1).network(shape, fed)
        except SpecError:
            raise error from None
