"""What frameworks' errors say, and which of them say, in whatever words, that memory ran out."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from types import TracebackType

from cnncalc.errors import CnnCalcError
from cnncalc.packages import said

__all__ = ["LESS", "MemoryErrors", "ran_out"]

LESS = "a smaller batch (-b), a smaller input (-i) or --dtype float16"

# How frameworks say that memory ran out, in errors of all kinds.
RAN_OUT = re.compile(
    r"out of memory|(not enough|insufficient) memory|(can't|cannot|unable to|fail\w* to) allocate"
    r"|bad.?alloc|ALLOC_FAILED|RESOURCE_EXHAUSTED|OOM when",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[A-Z])")


def ran_out(error: BaseException) -> bool:
    """Whether an error of a framework is about memory that ran out."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in ("OutOfMemoryError", "ResourceExhaustedError")
        or (isinstance(error, Exception) and bool(RAN_OUT.search(str(error)[:2000])))
    )


class MemoryErrors(AbstractContextManager[None]):
    """Makes a sentence of memory that ran out."""

    def __exit__(
        self,
        raised: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, CnnCalcError) or not ran_out(error):
            return
        first = said(error) if str(error).strip() else "no more could be had"
        # What is missing and what there is; PyTorch goes on to its allocator's settings.
        short = " ".join(SENTENCE_END.split(first)[:3])
        raise CnnCalcError(
            f"the run ran out of memory: {short}", code="memory", help=LESS
        ) from None
