"""The interpreter knows no framework: it reads a program with one that is made up here."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from cnncalc.errors import SpecError
from cnncalc.python.functions import simple
from cnncalc.python.guests import Guest
from cnncalc.python.library import Python
from cnncalc.python.machine import Machine
from cnncalc.python.protocols import Library
from cnncalc.python.values import MISSING, Foreign, Instance, Namespace, Opaque, Value
from tests.python.reading import answer, machine_for


class Rope(Guest):
    """A rope of so many metres, which can be tied, cut and climbed."""

    described = "a rope"

    def __init__(self, metres: int) -> None:
        self.metres = metres

    def attribute(self, machine: Machine, name: str) -> Value:
        return self.metres if name == "metres" else MISSING

    def binary(self, machine: Machine, sign: str, left: Value, right: Value) -> Value:
        ropes = isinstance(left, Rope) and isinstance(right, Rope)
        return Rope(left.metres + right.metres) if ropes and sign == "+" else MISSING

    def item(self, machine: Machine, index: Value) -> Value:
        return Rope(len(range(self.metres)[index]))

    def iterate(self, machine: Machine) -> Iterable[Value]:
        return [Rope(1) for _ in range(self.metres)]


class Ropes(Library):
    """The package `ropes`, whose names are there without an import too."""

    packages = ("ropes",)
    homes = ("ropes",)

    def find(self, machine: Machine, path: str) -> Value:
        made = {"ropes": Namespace(path), "ropes.rope": simple("rope", lambda m, n: Rope(n))}
        return made.get(path, Foreign(path))


LIBRARIES = (Ropes(), Python())
PROGRAM = """
import ropes as r
from functools import reduce

class Ladder:
    def __init__(self, *sides):
        self.sides = [r.rope(side) for side in sides]
    def __len__(self):
        return sum(side.metres for side in self.sides)
    def joined(self):
        return reduce(lambda a, b: a + b, self.sides)

ladder = Ladder(3, 5)
whole = ladder.joined()
r = whole.metres, len(ladder), whole[2:].metres, [part.metres for part in rope(2)], f"{whole}"
"""


def test_a_framework_that_nobody_knows() -> None:
    assert answer(PROGRAM, LIBRARIES) == (8, 8, 6, [1, 1], "a rope")


REFUSED = {
    "rope(1).knot": "a rope has no attribute `knot` that can be followed",
    "rope(1)()": "a rope can't be called",
    "rope(1) - rope(1)": "`-` can't be worked out between a rope and a rope",
    "-rope(1)": "this operator can't be worked out for a rope",
    "rope(1) < rope(2)": "a rope and a rope can't be compared",
    "not rope(1)": "a branch on a rope, can't be followed",
    "len(rope(1))": "a rope has no length",
    "int(rope(1))": "a rope is no number",
    "round(rope(1))": "a rope is no number",
    "range(rope(1))": "`range` takes whole numbers",
    "import_of_math(rope(1))": "`sqrt` is worked out for numbers only",
    "set_on(rope(1))": "a rope has no attribute to set",
    "put_into(rope(1))": "a rope has no elements to set",
    "take_from(rope(1))": "a rope has no elements to delete",
}
HELPERS = """
from math import sqrt as import_of_math
def set_on(x):
    x.knot = 1
def put_into(x):
    x[0] = 1
def take_from(x):
    del x[0]
"""


@pytest.mark.parametrize("code", REFUSED)
def test_what_it_does_not_say_is_refused(code: str) -> None:
    with pytest.raises(SpecError) as caught:
        answer(f"{HELPERS}r = {code}", LIBRARIES)

    assert caught.value.message == REFUSED[code]


def test_what_needs_no_word_of_it() -> None:
    """Identity, a place in containers, copies and types."""
    code = (
        "import copy\na = rope(2)\n"
        "r = a is a, a == a, a == rope(2), a in [a], {a: 1}[a], copy.deepcopy([a])[0] is a, "
        "isinstance(a, int)"
    )

    assert answer(code, LIBRARIES) == (True, True, False, True, 1, True, False)


def repainted(function: ast.FunctionDef, decorator: ast.expr) -> ast.FunctionDef:
    """A function that gives what its decorator was given."""
    assert isinstance(decorator, ast.Call)
    function.body = [ast.copy_location(ast.Return(decorator.args[0]), decorator)]
    return function


class Harbour(Library):
    """Everything else that a library may say."""

    packages = ("harbour",)
    meant = ("harbour",)
    changing = frozenset({"moor"})
    adapting = {"painted": repainted}  # noqa: RUF012
    anywhere = {"log": Opaque("log")}  # noqa: RUF012, a constant
    methods = {int: {"knots": simple("knots", lambda machine, value: value * 2)}}  # noqa: RUF012

    def find(self, machine: Machine, path: str) -> Value:
        return Namespace(path) if path == "harbour" else Foreign(path)

    def assume(self, machine: Machine, name: str) -> Value:
        return 7 if name == "pier" else MISSING

    def near_path(self, path: str) -> str | None:
        return "harbour.quay" if path == "harbour" else None

    def is_model(self, value: Value) -> bool:
        return isinstance(value, Instance) and value.cls.name == "Boat"


BOAT = """
from nowhere import log
class Boat:
    def __init__(self):
        self.lines = []
    def moor(self, line):
        self.lines.append(line)
boat = Boat()
@painted("red")
def length():
    return 4
boat.moor(length())
r = (3).knots(), pier, boat.lines
"""


def test_what_a_library_may_say() -> None:
    assert answer(BOAT, (Harbour(), Python())) == (6, 7, ["red"])


@pytest.mark.parametrize(
    ("code", "help"),
    [
        ("import harbur\nr = harbur.quay()", "did you mean `harbour`?"),
        ("import harbour\nr = harbour()", "did you mean `harbour.quay`?"),
        ("import far\nr = far.quay()", "the folder that holds it: `--path DIR`"),
    ],
)
def test_what_may_have_been_meant(code: str, help: str) -> None:
    with pytest.raises(SpecError) as caught:
        answer(code, (Harbour(), Python()))

    assert str(caught.value.help).startswith(help)


def test_a_machine_shares_nothing_with_another() -> None:
    class Log:
        def __init__(self) -> None:
            self.lines: list[str] = []

    one, two = machine_for(), machine_for()
    one.part(Log).lines.append("moored")

    assert one.part(Log).lines == ["moored"]
    assert two.part(Log).lines == []
