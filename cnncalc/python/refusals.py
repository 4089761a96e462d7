"""How reading stops: at something that can't be followed, or at the model's own refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cnncalc.errors import Span, SpecError, shortened
from cnncalc.python.values import Instance

__all__ = ["FAULTS", "Raised", "Refusal", "followed"]

# The codes of refusals that say nothing against the model: it is only not followed further.
UNFOLLOWED = frozenset(
    [
        "attention",
        "batch",
        "batch-axis",
        "foreign",
        "import",
        "printed",
        "source",
        "too-long",
        "unsupported",
        "unsupported-layer",
    ]
)

MAX_NOTES = 4
MAX_USES = 10

# What the interpreter may stumble over where a source makes no sense.
FAULTS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    LookupError,
    StopIteration,
    TypeError,
    ValueError,
)


class Refusal(Exception):  # noqa: N818, it becomes a SpecError at its place
    """Something in the source that can't be followed, or that can't be.

    Raised without a place where the rule lives; the evaluation of the innermost node
    that saw it adds the place, each call around it a note.

    Attributes:
        message: one sentence, without a full stop.
        help: what would be right, or None.
        fatal: a bound was reached, so nothing more is tried.
        span: its place, where that is known already.
        narrow: the place within a call that is to blame, from the call's place; None: all of it.
        placed: whether it is all said, as where it was put off and now stops the reading.
        so_far: what was read before it, for the error.
    """

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,
        code: str = "source",
        fatal: bool = False,
        span: Span | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.fatal = fatal
        self.narrow: Callable[[Span], Span] | None = None
        self.span = span
        self.uses: list[Span] = []
        self.notes: list[str] = []
        self.placed = False
        self.so_far: object = None

    @property
    def unfollowed(self) -> bool:
        """Whether nothing is known to be wrong: it is only not followed further."""
        misspelt = (self.help or "").startswith("did you mean")
        return self.code in UNFOLLOWED and not misspelt

    def called_from(self, span: Span) -> None:
        """Remember one call on the way to here."""
        if self.placed:
            return
        if self.span is None:
            self.span = self.narrow(span) if self.narrow else span
        elif len(self.uses) < MAX_USES:
            self.uses.append(span)

    def error(self) -> SpecError:
        """What the user sees."""
        error = SpecError(self.message, self.span, code=self.code, help=self.help)
        error.notes += self.notes + uses_told(self.span, self.uses)
        error.so_far = self.so_far
        return error


@contextmanager
def followed(so_far: Callable[[], object]) -> Iterator[None]:
    """Let a refusal that only ends the following have what was read before it."""
    try:
        yield
    except Refusal as stop:
        if stop.unfollowed:
            stop.so_far = so_far()
        raise


class Raised(Exception):  # noqa: N818, the source may catch it
    """An exception of the source itself, on its way to an `except` or to the user.

    Attributes:
        value: the interpreted exception, an instance of an exception class.
        hint: what to add to its text where the user sees it, or None; a source that catches
            what it raises never pays for it.
        own: whether the source says `raise` or `assert` itself.
        open_name: the name that nothing defines, if that is why.
    """

    def __init__(
        self, value: Instance, hint: Callable[[], str] | None = None, own: bool = False
    ) -> None:
        super().__init__()
        self.value = value
        self.hint = hint
        self.own = own
        self.span: Span | None = None
        self.uses: list[Span] = []
        self.frames = 0  # calls that it went through
        self.open_name: str | None = None

    def called_from(self, span: Span) -> None:
        """Remember one call on the way to here."""
        self.frames += 1
        if self.span is None:
            self.span = span
        elif len(self.uses) < MAX_USES:
            self.uses.append(span)

    def refusal(self) -> Refusal:
        """The same as a refusal: what Python would say, or the model's own words."""
        name, text = self.value.cls.name, self.value.text()
        meant = self.hint() if self.hint else ""
        text += meant
        if self.own or not text:
            text = f"the model refuses with {name}: {text}" if text else f"the model raises {name}"
        refusal = Refusal(text, code="raised", help=None if meant else self._value())
        refusal.span, refusal.uses = self.span, self.uses
        return refusal

    def _value(self) -> str | None:
        """How a name that stands for a number gets its value; None for any other."""
        name, span = self.open_name, self.span
        if name is None or span is None or span.source.text.startswith(("(", ".", "["), span.end):
            return None
        return f"`--let {name}=64` gives it a value; in Python `let={{'{name}': 64}}`"


def uses_told(place: Span | None, uses: list[Span]) -> list[str]:
    """A note on each of the innermost calls on the way.

    The words after `model.py:` are no place in a file.
    """
    notes: list[str] = []
    home = place.place()[0] if place else None
    for use in uses:
        if place and use.source is place.source and use.start == place.start:
            continue
        file, line, *_ = use.place()
        if file is None and home is not None:
            continue
        where = f"line {line}" if file == home else f"{file}, line {line}"
        notes.append(f"used at {where}: `{shortened(use.text)}`")
    return list(dict.fromkeys(notes))[:MAX_NOTES]
