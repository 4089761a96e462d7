"""The faults that `tests.mutants` makes: each compiles, says what it is, and changes something."""

from __future__ import annotations

import ast

from tests.mutants import ENGINE, ROOT, TESTS
from tests.mutations import changed, faults

SOURCE = '''
LIMIT, MOST_LOOKS = 3, 100


def ends(n: int, width: int = 2) -> tuple[int, int]:
    """The first, and 1 past the last."""
    if n < 1 and not width:
        raise ValueError(f"{n - 1} is too few")
    return -(-n // width), min(n, width)
'''
WORDS = {
    "if": [
        "if n < 1 and (not width): → if True:",
        "if n < 1 and (not width): → if False:",
        "n < 1 and (not width) → n < 1 or not width",
        "n < 1 and (not width) → not width",
        "n < 1 and (not width) → n < 1",
        "n < 1 → n <= 1",
        "n < 1 → n >= 1",
        "1 → 2",
        "1 → 0",
        "not width → width",
    ],
    "return": [
        "-(-n // width) → -n // width",
        "-n // width → -n * width",
        "-n // width → -(--n // width)",
        "-n → n",
        "min → max",
    ],
}


def words_at(line: int) -> list[str]:
    return [fault.words for fault in faults("one.py", SOURCE) if fault.line == line]


def test_faults_are_those_of_expressions() -> None:
    """Neither of what is raised nor of texts."""
    assert words_at(2) == ["3 → 4", "3 → 2", "100 → 101", "100 → 99"]
    assert words_at(7) == WORDS["if"]
    assert words_at(8) == []
    assert words_at(9) == WORDS["return"]


def test_a_fault_is_put_where_it_says() -> None:
    """It belongs to its function; a number by default to nobody's."""
    found = {fault.words: fault for fault in faults("one.py", SOURCE)}
    assert {fault.function for fault in found.values() if fault.line > 5} == {"ends"}
    assert found["2 → 3"].function == ""

    names: dict[str, object] = {}
    exec(compile(changed(SOURCE, found["min → max"]), "one.py", "exec"), names)
    assert names["ends"](7) == (4, 7)  # type: ignore[operator]


def test_equal_arguments_changed_about_are_no_fault() -> None:
    assert [fault.words for fault in faults("one.py", "n = f(g, g)")] == []
    assert [fault.words for fault in faults("one.py", "n = f(g, h)")] == ["f(g, h) → f(h, g)"]


def test_each_fault_changes_the_engine() -> None:
    """One of ten of a file, of which each compiles."""
    file = "cnncalc/axis/windows.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    for fault in list(faults(file, text))[::10]:
        tree = changed(text, fault)
        compile(tree, file, "exec")
        assert ast.dump(tree) != ast.dump(ast.parse(text))


def test_what_is_mutated_and_what_runs_is_there() -> None:
    """Files that were renamed would be left out in silence."""
    assert [path for path in (*ENGINE, *TESTS) if not (ROOT / path).exists()] == []
