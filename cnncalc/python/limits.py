"""Bounds on what reading a source may cost, so that a hostile file can only be refused.

Time is bounded by fuel, not by a clock, so that a source is read, or refused, alike on every
machine. Each evaluation of a node costs one unit, and so does each element that a step makes or
goes over: whoever adds a function pays for what it does with as much as it takes, in nodes. What
fuel can't see is bounded by itself: the depth of calls, the size of one value, the files.
"""

from __future__ import annotations

from cnncalc.python.refusals import Refusal

__all__ = [
    "CALL_COST",
    "INSTANCE_COST",
    "MAX_ARGUMENTS",
    "MAX_ATTRIBUTES",
    "MAX_BYTES",
    "MAX_ITEMS",
    "MAX_KEY_DEPTH",
    "PYTHON_FRAMES",
    "RAISE_COST",
    "Budget",
    "check_count",
    "check_int",
    "check_text",
]

FUEL = 2_400_000  # torchvision's largest network takes about a twentieth of this
MAX_BYTES = 400_000  # of one file
MAX_ALL_BYTES = 2_000_000  # of all files that are read for one network
MAX_FILES = 160
MAX_LOOKED = 20_000_000  # characters of files that are searched for a word
MAX_DEPTH = 120  # calls within calls
MAX_ITEMS = 20_000  # of a list, a dictionary …
MAX_TEXT = 50_000  # characters of a string
MAX_INT = 2**63
MAX_ARGUMENTS = 4_000  # of one call
MAX_ATTRIBUTES = 5_000  # of one object
MAX_KEY_DEPTH = 3  # tuples within tuples that are a dictionary's key
PYTHON_FRAMES = 9_000  # for the interpreter's own recursion

# In fuel, what is dearer than a node of the syntax tree.
CALL_COST = 8
INSTANCE_COST = 20
RAISE_COST = 50


class Budget:
    """What is left of the fuel, the depth and the files."""

    __slots__ = ("bytes", "depth", "files", "fuel", "looked")

    def __init__(self) -> None:
        self.fuel = FUEL
        self.depth = 0
        self.bytes = MAX_ALL_BYTES
        self.files = MAX_FILES
        self.looked = MAX_LOOKED

    def spend(self, amount: int) -> None:
        self.fuel -= int(amount)
        if self.fuel < 0:
            raise out_of_fuel()

    def enter(self) -> None:
        """One call deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refusal(
                f"calls are nested more than {MAX_DEPTH} deep here",
                code="too-deep",
                help="a function that calls itself needs an end",
                fatal=True,
            )

    def leave(self) -> None:
        self.depth -= 1

    def read(self, size: int) -> None:
        """One more file of so many bytes."""
        self.bytes -= size
        self.files -= 1
        if self.bytes < 0 or self.files < 0:
            raise Refusal("this model spreads over too much source to read", code="too-large")

    def look(self, size: int) -> None:
        """One more file of so many characters that is searched for a word."""
        self.looked -= size + 20
        if self.looked < 0:
            raise Refusal("this model spreads over too much source to read", code="too-large")


def out_of_fuel() -> Refusal:
    return Refusal(
        "reading this source takes more steps than any network needs",
        code="too-long",
        help="a loop without an end, or one over far too many values",
        fatal=True,
    )


def check_int(value: int) -> int:
    """The number, if a network could need it."""
    if -MAX_INT <= value <= MAX_INT:
        return value
    raise Refusal("this number is beyond what a network needs", code="too-large")


def check_count(count: int) -> None:
    """Refuse a collection of so many elements."""
    if int(count) > MAX_ITEMS:
        raise Refusal(f"a collection of more than {MAX_ITEMS:,} elements", code="too-large")


def check_text(length: int) -> None:
    """Refuse a text of so many characters."""
    if int(length) > MAX_TEXT:
        raise Refusal(f"a text of more than {MAX_TEXT:,} characters", code="too-large")
