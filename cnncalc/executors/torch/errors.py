"""What an error of PyTorch's is about: the sizes of a step, or something else."""

from __future__ import annotations

import re
from types import TracebackType

from cnncalc.errors import CnnCalcError
from cnncalc.executors.shortage import MemoryErrors, ran_out
from cnncalc.packages import said

__all__ = ["MISFITS", "MachineErrors", "is_of_machine", "is_unable", "refusal"]

# What PyTorch raises where arrays don't fit together: evidence about a step.
MISFITS = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)

# Means of a single value, which PyTorch takes for a mistake: by BatchNorm and GroupNorm over
# the batch, by InstanceNorm over the map. It says "when training" in evaluation mode too.
REFUSALS = {
    "Expected more than 1 value per channel when training": "PyTorch doesn't normalise a single "
    "value by its own mean (in a larger batch there are more)",
    "Expected more than 1 spatial element when training": "PyTorch doesn't normalise a map of "
    "one position by its own mean",
}
# There is no kernel for a type, for a device, for so much at once, or none that is deterministic.
UNABLE = re.compile(
    r"not implemented for|_STATUS_(NOT_SUPPORTED|ARCH_MISMATCH)|unable to find an engine"
    r"|cuDNN Frontend error|does not have a deterministic implementation"
)
# The GPU itself failed, and will fail at whatever is asked of it next.
FAILED = re.compile(r"CUDA (driver )?error|cuDNN error")


def refusal(error: BaseException) -> str | None:
    """Why PyTorch won't do what could be done at these sizes; None: it is another error."""
    return next((why for words, why in REFUSALS.items() if words in str(error)), None)


def is_unable(error: BaseException) -> bool:
    """Whether an operation isn't there for a type or a device."""
    return isinstance(error, NotImplementedError) or bool(UNABLE.search(str(error)))


def is_of_machine(error: BaseException) -> bool:
    """Whether memory ran out or the GPU failed, which says nothing of a step."""
    return ran_out(error) or (bool(FAILED.search(str(error))) and not is_unable(error))


class MachineErrors(MemoryErrors):
    """Makes a sentence of memory that ran out, and of a GPU that failed."""

    def __exit__(
        self,
        raised: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(raised, error, trace)
        if isinstance(error, RuntimeError) and is_of_machine(error):
            raise CnnCalcError(
                f"the GPU failed: {said(error)}",
                code="device",
                help="the device `cpu`, or another `--executor`",
            ) from None
