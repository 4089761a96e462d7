"""`nn.utils.rnn`: sequences packed by their lengths, all of which are the longest here."""

from __future__ import annotations

from cnncalc.notations.source.recurrent_states import check_batch
from cnncalc.python.functions import Method
from cnncalc.python.guests import Guest
from cnncalc.python.machine import Machine
from cnncalc.python.refusals import Refusal
from cnncalc.python.values import Opaque, Value, describe
from cnncalc.tracing.batch_axis import FIRST, BatchAxis
from cnncalc.tracing.tensors import Tensor

__all__ = ["PACKING", "Packed"]


class Packed(Guest):
    """A packed sequence: the tensor of all steps, with the batch in front."""

    __slots__ = ("tensor",)
    described = "a packed sequence"

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = type(tensor)(tensor.number, tensor.shape, FIRST)


def pack(
    machine: Machine,
    input: Value,
    lengths: Value,
    batch_first: Value = False,
    enforce_sorted: Value = True,
) -> Value:
    """`pack_padded_sequence`; a recurrent layer takes the same of it as of the tensor."""
    if not isinstance(input, Tensor):
        raise Refusal(
            f"`pack_padded_sequence` takes what comes from the input, not {describe(input)}"
        )
    check_batch("pack_padded_sequence", input, bool(batch_first))
    return Packed(input)


def pad(
    machine: Machine,
    sequence: Value,
    batch_first: Value = False,
    padding_value: Value = 0.0,
    total_length: Value = None,
) -> Value:
    """`pad_packed_sequence`: the tensor again, and the lengths."""
    if not isinstance(sequence, Packed):
        raise Refusal(f"`pad_packed_sequence` takes a packed sequence, not {describe(sequence)}")
    tensor = sequence.tensor
    batch = BatchAxis(0 if batch_first else 1)
    return type(tensor)(tensor.number, tensor.shape, batch), Opaque("lengths of sequences")


PACKING: dict[str, Method] = {"pack_padded_sequence": pack, "pad_packed_sequence": pad}
