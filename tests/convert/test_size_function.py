"""`convert --to python`: the size law as a function, executed and held against analysis."""

from __future__ import annotations

import ast
import builtins
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import Report, SpecError, analyze, convert
from cnncalc.axis.windows import Slide
from cnncalc.regions import Run
from tests import library
from tests.conftest import Command, Golden
from tests.strategies import odd_specs, specs

LONG = 100  # rows of a network that is worth a slow test alone
DRAWS = 300

Function = Callable[..., tuple[int, ...]]


def defined(text: str, name: str = "output_size") -> Function:
    """The function that a text defines, which needs no import and no other name."""
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(definition))
    scope: dict[str, Any] = {"__builtins__": {"ValueError": builtins.ValueError}}
    exec(text, scope)
    return scope[name]  # type: ignore[no-any-return]


def last_map(report: Report) -> int:
    """The step that the function is about."""
    end = report.outputs[0]
    return max(row.index for row in report.rows[: end + 1] if len(row.output_shape) > 1)


def valid_at(report: Report, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The places of that step at other sizes; None: the network doesn't work there."""
    run = Run(report.network, (report.input[0], *sizes), {})
    return run.outputs[last_map(report)][1:] if run.error is None else None


def drawn(report: Report, function: Function, most: int, count: int) -> int:
    """Hold the function against analysis at drawn sizes; at how many it answered."""
    source, answered = random.Random(17), 0
    for _ in range(most):
        sizes = tuple(max(1, source.randint(n // 3, 3 * n)) for n in report.input[1:])
        try:
            found = function(*sizes)
        except ValueError:
            continue
        assert found == valid_at(report, sizes), sizes
        answered += 1
        if answered == count:
            break
    return answered


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] if len(library.report(name).rows) > LONG else []
        )
        for name in library.NAMES
        if len(library.report(name).input) > 1  # not of a generator's vector
    ],
)
def test_shipped_networks(name: str) -> None:
    """At 300 valid sizes, or at all of those nearby where there are fewer."""
    report = library.report(name)
    if not report.network.places(report.input):
        with pytest.raises(cnncalc.SpecError, match="the input has no places"):
            convert(library.text(name), "python")
        return
    function = defined(str(convert(library.text(name), "python")))

    assert function(*report.input[1:]) == report.rows[last_map(report)].output_shape[1:]
    if name == "aspp":  # for one size alone
        with pytest.raises(ValueError, match="h is 66, and this is for h == 65"):
            function(66, 65)
        return
    if name == "vit_b_16":  # which has as many positions as its embedding
        assert {function(h, w) for h in (224, 239) for w in (230, 224)} == {(1,)}
        with pytest.raises(ValueError, match="h is 240"):
            function(240, 224)
        return
    assert drawn(report, function, 400 * DRAWS, DRAWS) == DRAWS


@settings(max_examples=60)
@given(st.one_of(specs(), odd_specs()))
def test_drawn_networks(spec: str) -> None:
    """Or it is told why there is none, but never a wrong length."""
    report = analyze(spec)
    try:
        text = str(convert(spec, "python"))
    except SpecError as error:
        text = error.code
    if text in ("symbols", "unsayable"):
        return
    function = defined(text)
    assert function(*report.input[1:]) == report.rows[last_map(report)].output_shape[1:]
    drawn(report, function, 40, 10)


PAGE = {
    "two axes": "1x28x28 conv:8,k5,s2 maxpool:2",
    "one axis": "1x16000 conv:8,k80,s4 maxpool:4",
    "three axes": "1x16x32x32 conv:8,k3 maxpool:1x2x2",
    "remainders": "1x572x572 conv:8,k3 x@relu maxpool:2 conv:8,k3,p1 upsample:2 cat[@x|]",
    "few sizes": "3x8x8 add[conv:3,k5|maxpool:2] gap linear:4",
    "an equation": "1x20x20 conv:25,k5,s4 flatten unflatten:400 linear:10",
}


def test_the_page(command: Command, golden: Golden) -> None:
    texts = [f"# {name}: {spec}\n{convert(spec, 'python')}" for name, spec in PAGE.items()]
    golden("size_functions.txt", "\n\n".join(texts))
    code, out, _ = command("convert", *PAGE["two axes"].split(), "--to", "python", "--name", "f")
    assert (code, out) == (0, str(convert(PAGE["two axes"], "python", name="f")))


@pytest.mark.parametrize(
    ("spec", "sizes", "message"),
    [
        ("two axes", (0, 28), "h is 0, and this is for h >= 7"),
        ("two axes", (28, -5), "w is -5, and this is for w >= 7"),
        ("remainders", (573, 572), "h is 573, and this is for h >= 4 and h % 2 == 0"),
        ("few sizes", (10, 8), r"h is 10, and this is for h in \(7, 8\)"),
        ("one axis", (91,), "length is 91, and this is for length >= 92"),
    ],
)
def test_sizes_that_it_is_not_for(spec: str, sizes: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        defined(str(convert(PAGE[spec], "python")))(*sizes)


def test_an_equation_of_several_sizes() -> None:
    function = defined(str(convert(PAGE["an equation"], "python")))

    assert function(20, 20) == (4, 4)
    with pytest.raises(ValueError, match="h is 60, w is 20, and this is for"):
        function(60, 20)


def test_one_axis_gives_a_tuple() -> None:
    assert defined(str(convert(PAGE["one axis"], "python")))(16000) == (995,)


def test_names_of_sizes_are_the_functions_own() -> None:
    text = str(convert("CxHxH conv:8,k3,s2 maxpool:2", "python"))

    assert defined(text)(64, 30) == (15, 7)


def test_source_and_keras() -> None:
    """The order of the source's axes changes nothing."""
    torch = str(convert(cnncalc.parse("nn.Conv2d(3, 8, 3, stride=2)"), "python", (3, 30, 40)))
    keras = "keras.Sequential([keras.Input((30, 40, 3)), layers.Conv2D(8, 3, strides=2)])"
    both = [torch, str(convert(cnncalc.parse(keras), "python"))]

    assert [defined(text)(30, 40) for text in both] == [(14, 19)] * 2
    assert not any("What its source itself computes" in text for text in both)


def test_a_source_that_computes_with_sizes() -> None:
    """It is followed in names, whatever the size that it is written at."""
    body = "y = self.c(x)[..., : x.size(3) // 2]\n        return y[:, :, 1:-1]"
    source = f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3, padding=1)
    def forward(self, x):
        {body}
"""
    for size in ((3, 20, 30), "3xHxW"):
        output_size = defined(str(convert(source, "python", size)))
        assert [output_size(n, n + 5) for n in (4, 9, 100)] == [(2, 4), (7, 7), (98, 52)]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("100 linear:10", "the input has no positions, so there is no size to work out"),
        ("3x30x30 upsample:1.1", "no expression says this: h times 1.1"),
    ],
)
def test_what_has_no_size_law(spec: str, message: str, command: Command) -> None:
    code, out, err = command("convert", *spec.split(), "--to", "python")

    assert (code, out) == (2, "")
    assert message in err
    assert "help" not in err


def test_a_name_that_can_be_none(command: Command) -> None:
    code, _, err = command("convert", "lenet5", "--to", "python", "--name", "class")

    assert code == 2
    assert "`class` can't be the name" in err


def test_a_broken_length_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = convert(PAGE["two axes"], "python")
    right = Slide.length
    monkeypatch.setattr(Slide, "length", lambda self, n: right(self, n - 1))

    assert convert(PAGE["two axes"], "python") != before
