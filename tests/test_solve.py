"""Values for unknowns: all that there are, the simplest first, and each a spec that gives it."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import CnnCalcError, SpecError
from cnncalc.layers.base import Shape
from cnncalc.solving.choices import plainness
from tests import processes
from tests.conftest import Command

SCHEMA = json.loads((Path(cnncalc.__file__).parent / "report.schema.json").read_text())
PATCHGAN = "3x256x256 3*[conv:64,k4,s2,p1 leakyrelu] conv:512,k{},p1 leakyrelu conv:1,k{},p1"

# What courses ask: a spec, what is asked for, and the values of the first solution.
COURSE: list[tuple[str, dict[str, Any], list[int]]] = [
    ("3x224x224 conv:16,k7,p_", {"output": "same"}, [3]),
    ("3x224x224 conv:16,k7,s_,p_", {"output": "same"}, [1, 3]),
    ("3x224x224 conv:16,k3,d_,p_", {"output": "16x224x224"}, [1, 1]),
    ("3x32x32 maxpool:_", {"output": "/4"}, [4]),
    ("16x20x20 convt:8,k3,s2,p1,op_", {"output": "_x39x39"}, [0]),
    ("16x20x20 convt:8,k3,s2,p1,op_", {"output": "_x40x40"}, [1]),
    ("16x20x20 convt:8,k_,s2,p_", {"output": "_x39x39"}, [3, 1]),
    ("3x_nx_n conv:16,k3,s2 conv:8,k5,s2 conv:1,k3", {"output": "_x1x1"}, [19]),
    ("3x_x_ conv:16,k3,s2 conv:8,k5,s2 conv:1,k3", {"output": "_x1x1"}, [19, 19]),
    (PATCHGAN.format("_k", "_k"), {"rf": 70}, [4]),
    (PATCHGAN.format("_", 4), {"rf": 70}, [4]),
    (PATCHGAN.format(4, 4).replace("3*", "_*"), {"rf": 70}, [3]),
    ("1x16000 conv:8,k80,s_", {"output": "8x3981"}, [4]),
    ("400 linear:_ linear:10", {"output": "10"}, [1]),
    ("3x8x8 conv:_,k3 flatten", {"output": "576"}, [16]),
    ("3x8x8 slice:1.._", {"output": "1x8x8"}, [2]),
    ("_x8x8 slice:1..", {"output": "4x8x8"}, [5]),
    ("1x_ conv:8,k3 flatten", {"output": "80"}, [12]),
]


@pytest.mark.parametrize(("spec", "goal", "values"), COURSE)
def test_what_courses_ask(spec: str, goal: dict[str, Any], values: list[int]) -> None:
    found = cnncalc.solve(spec, **goal)

    assert list(found.solutions[0].values.values()) == values


@pytest.mark.parametrize(("spec", "goal"), [(spec, goal) for spec, goal, _ in COURSE])
def test_each_spec_can_be_pasted_back(spec: str, goal: dict[str, Any]) -> None:
    for solution in cnncalc.solve(spec, **goal).solutions:
        report = cnncalc.analyze(solution.spec)

        assert report.rows[report.outputs[0]].output_shape == solution.output_shape


WORDS = (
    "conv:4,k_,p_",
    "conv:4,k_x2,s_",
    "conv:4,k_n,p=_:1",
    "conv:_,k2,g_",
    "conv:4,k3,d_,p=same,s_n",
    "dwconv:_n,m_",
    "sepconv:4,k_,p=same",
    "convt:4,k_,s_,op_",
    "convt:4,k_n,p_",
    "maxpool:_,p_",
    "maxpool:3,s_,ceil",
    "maxpool:_,s_,p_,ceil",
    "avgpool:_n,s_n",
    "adaptiveavg:_",
    "pad:_",
    "pad:_n,mode=reflect",
    "crop:_",
    "upsample:_",
    "pixelunshuffle:_",
    "gn:_",
    "slice:_..",
    "unfold:_",
    "add[conv:_n,k3,p_n|]",
    "add[maxpool:_,s1,p_|]",
    "cat[conv:2,k_,p_|]",
    "conv:4,k3,p1",
    "relu",
    "_*[conv:4,k3]",
    "flatten",
)
INPUTS = ("3x9x9", "4x8x6", "4x_x7", "2x_nx_n", "_x6x6", "4x12", "3x_")
MOST = 3


def unknowns(text: str) -> list[str]:
    """The unknowns of a text in order, `_` for each by itself."""
    return re.findall(r"_n?", text)


def put_in(text: str, values: Mapping[str, int], alone: Iterator[int]) -> str:
    return re.sub(r"_n?", lambda m: str(values[m[0]] if m[0] in values else next(alone)), text)


def shape_of(spec: str) -> Shape | None:
    try:
        report = cnncalc.analyze(spec)
    except SpecError:
        return None
    return report.rows[report.outputs[0]].output_shape


def brute(text: str) -> dict[str, Shape]:
    """What comes out of each spec that values up to `MOST` make, where anything does."""
    found = {}
    single = [name for name in unknowns(text) if name == "_"]
    tied = sorted({*unknowns(text)} - {"_"})
    for numbers in product(range(MOST + 1), repeat=len(single) + len(tied)):
        values = dict(zip(tied, numbers, strict=False))
        spec = put_in(text, values, iter(numbers[len(tied) :]))
        if (shape := shape_of(spec)) is not None:
            found[spec] = shape
    return found


@given(
    st.sampled_from(INPUTS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.integers(0, 10**6),
)
@settings(max_examples=150)
def test_the_solutions_are_those_of_trying_all(size: str, words: list[str], pick: int) -> None:
    text = " ".join([size, *words])
    if not 1 <= len(unknowns(text)) <= 4:
        return
    outputs = brute(text)
    wanted = list(outputs.values())[pick % len(outputs)] if outputs else (4, 5, 5)
    expected = {spec for spec, shape in outputs.items() if shape == wanted}
    found = cnncalc.solve(text, output=wanted, up_to=MOST, top=None)

    assert {solution.spec for solution in found.solutions} == expected
    assert found.count == len(found.solutions) == len(expected)


@pytest.mark.parametrize("first", WORDS)
def test_each_option_by_itself(first: str) -> None:
    text = f"4x8x8 {first}"
    if "_" not in text:
        return
    outputs = brute(text)

    for wanted in set(outputs.values()):
        found = cnncalc.solve(text, output=wanted, up_to=MOST, top=None)
        assert {each.spec for each in found.solutions} == {
            spec for spec, shape in outputs.items() if shape == wanted
        }


@pytest.mark.parametrize(
    "spec",
    [
        "4x16x16 conv:8,k_,s_ relu maxpool:_",
        "4x16x16 add[conv:4,k_,p_|] conv:4,k2",
        "4x16x16 _*[conv:4,k_]",
        "4x16x16 conv:8,k_n upsample:2 conv:4,k_n",
        "4x16 convt:2,k_,s_ conv:1,k3",
    ],
)
def test_fields_are_those_of_trying_all(spec: str) -> None:
    fields = {}
    for each in brute(spec):
        report = cnncalc.analyze(each)
        seen = report.fields[report.outputs[0]].to_dict(report.frame)
        fields[each] = tuple(seen["size"])  # type: ignore[arg-type]
    for wanted in sorted(set(fields.values())):
        found = cnncalc.solve(spec, rf=wanted, up_to=MOST, top=None)
        assert {each.spec for each in found.solutions} == {
            each for each, field in fields.items() if field == wanted
        }


# The same spec, and how its solutions come: those left of > are before those right of it.
ORDERS = {
    "as it stands first": ("3x9x9 conv:4,k_,s_", "4x3x3", [(7, 1), (5, 2), (4, 2)]),
    "kernels not below the stride": ("3x64x64 conv:4,k_,s_", "4x8x8", [(8, 8), (1, 8), (1, 9)]),
    "small padding": ("3x9x9 conv:4,k_,p_", "same", [(1, 0), (3, 1), (5, 2)]),
    "odd kernels": ("3x33x33 conv:4,k_,s2", "4x16x16", [(3,), (2,)]),
    "symmetric": ("3x9x9 conv:4,k3,p=_:_", "same", [(1, 1), (0, 2), (2, 0)]),
    "axes alike": ("3x9x9 conv:4,k_x_,p_", "4x9x9", [(1, 1, 0), (3, 3, 1)]),
}


@pytest.mark.parametrize("case", ORDERS)
def test_the_order(case: str) -> None:
    spec, output, expected = ORDERS[case]
    found = cnncalc.solve(spec, output=output, top=None).solutions
    values = [tuple(solution.values.values()) for solution in found]

    assert [value for value in values if value in expected] == expected


@given(st.sampled_from([word for word in WORDS if "_" in word and "*" not in word]))
def test_no_solution_is_simpler_than_one_before_it(word: str) -> None:
    outputs = brute(f"4x8x8 {word}")
    for wanted in set(outputs.values()):
        found = cnncalc.solve(f"4x8x8 {word}", output=wanted, up_to=MOST, top=None)
        costs = [cost_of(solution.spec) for solution in found.solutions]
        assert costs == sorted(costs)


def cost_of(spec: str) -> list[int]:
    """What a spec has that is less simple than it could be, all layers together."""
    layers = [step.layer for step in cnncalc.parse(spec).steps]
    return [
        sum(each) for each in zip(*(plainness(n.options, vars(n)) for n in layers), strict=True)
    ]


def test_few_of_many_are_the_first_of_all() -> None:
    spec = "3x30x30 conv:4,k_,s_,p_ maxpool:_"
    everything = cnncalc.solve(spec, output="_x5x5", up_to=9, top=None)
    few = cnncalc.solve(spec, output="_x5x5", up_to=9, top=7)

    assert few.solutions == everything.solutions[:7]
    assert few.count == everything.count == len(everything.solutions) > 7
    assert (few.to_dict()["complete"], everything.to_dict()["complete"]) == (False, True)


@pytest.mark.parametrize(
    "spec", ["3x50x50 conv:4,k_,s_,p_", "3x50x50 maxpool:_,s_,p_,ceil", "6x50x50 unfold:_,s_,p_"]
)
def test_thousands_of_values_of_one_layer_are_asked_together(spec: str) -> None:
    """As arrays, which tell what asking each tells; the first of 15 × 15 × 16 are compared."""
    together = cnncalc.solve(
        spec, output="_x4x4" if "unfold" not in spec else "_x16", up_to=16, top=None
    )
    alone = cnncalc.solve(
        spec, output="_x4x4" if "unfold" not in spec else "_x16", up_to=13, top=None
    )
    within = [each for each in together.solutions if max(each.values.values()) <= 13]

    assert 0 < len(alone.solutions) < len(together.solutions)
    assert within == list(alone.solutions)


def test_sizes_with_unknowns_beside_a_text() -> None:
    found = cnncalc.solve("conv:8,k3,s2 conv:8,k3", input="3x_nx_n", output="_x1x1")

    assert found.solutions[0].spec == "3x7x7 conv:8,k3,s2 conv:8,k3"
    assert found.solutions[0].values == {"_n": 7}
    assert cnncalc.solve(cnncalc.parse("3x9x9 conv:8,k3"), input="3x_x_", output="8x1x1").count == 1


@pytest.mark.parametrize(
    ("spec", "output", "found"),
    [
        ("2x_ax_a maxpool:3,s2,p_a", "_x1x1", "2x1x1 maxpool:3,s2,p1"),
        ("2x_a conv:2,k1,s2,p_a", "same", None),
        ("2x_a _a*[conv:2,k1,p1]", "2x9", "2x3 3*[conv:2,k1,p1]"),
        ("2x_a conv:{2*_a},k1", "8x4", "2x4 conv:{2*4},k1"),
    ],
)
def test_one_name_is_one_number_in_the_input_and_in_layers(
    spec: str, output: str, found: str | None
) -> None:
    solved = cnncalc.solve(spec, output=output, up_to=9, top=None)

    assert [each.spec for each in solved.solutions] == ([found] if found else [])
    assert [each.spec for each in solved.nearest if found] == []
    assert {tuple(each.output_shape) for each in solved.solutions + solved.nearest} == {
        tuple(cnncalc.analyze(each.spec).rows[-1].output_shape or ())
        for each in solved.solutions + solved.nearest
    }


def test_definitions_and_repeats_have_one_value_where_they_have_one_place() -> None:
    found = cnncalc.solve("3x32x32 def b(k) = [conv:8,k$k,p1] 2*[b:_]", output="8x32x32")

    assert [each.spec for each in found.solutions] == ["3x32x32 def b(k) = [conv:8,k$k,p1] 2*[b:3]"]


def test_where_nothing_does_it_what_comes_nearest_is_told() -> None:
    found = cnncalc.solve("3x224x224 conv:64,k3,s2,p_", output="_x50x50")
    sizes = cnncalc.solve("3x_x_ conv:64,k3,s2", output="_x5x0")

    assert (found.count, found.solutions) == (0, ())
    assert [each.output_shape[1] for each in found.nearest] == [111, 112, 113]
    assert sizes.nearest[0].output_shape == (64, 5, 1)


def test_where_no_value_works_the_reason_is_told(command: Command) -> None:
    code, out, err = command("solve", "3x8x8", "conv:3,k9,g_", "--output", "same")

    assert (code, "looked for: conv1.groups 1 to 64" in out) == (1, True)
    assert "the kernel spans 9 but the height has only 8" in err


def test_the_command(command: Command) -> None:
    code, out, err = command("solve", "3x224x224", "conv:16,k7,p_", "--output", "same")

    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == ["3", "16×224×224", "3x224x224", "conv:16,k7,p3"]


def test_the_document(command: Command) -> None:
    words = ("3x9x9", "conv:4,k_", "--output", "4x5x5", "--json")
    code, out, _ = command("solve", *words)

    assert code == 0
    assert json.loads(out)["solutions"] == [
        {"spec": "3x9x9 conv:4,k5", "values": {"conv1.kernel": 5}, "output_shape": [4, 5, 5]}
    ]


@pytest.mark.parametrize(
    "found",
    [
        cnncalc.solve("3x9x9 conv:4,k_", output="4x5x5"),
        cnncalc.solve("3x9x9 conv:4,k_", output="4x50x50"),
        cnncalc.solve("3x9x9 conv:4,k_", rf=3),
    ],
)
def test_documents_keep_to_the_schema(found: Any) -> None:
    schema = {"$ref": "#/$defs/solutions", "$defs": SCHEMA["$defs"]}

    jsonschema.Draft202012Validator(schema).validate(found.to_dict())
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    assert set(found.to_dict()) == set(SCHEMA["$defs"]["solutions"]["properties"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["3x8x8", "conv:4,k3", "--output", "same"], "nothing is unknown here"),
        (["3x8x8", "conv:4,k_"], "what is to come out"),
        (["3x8x8", "conv:4,k_", "--output", "4x6x6", "--rf", "3"], "two questions"),
        (["3x8x8", "conv:4,k_", "--output", "big"], "is no output"),
        (["3x8x8", "conv:4,k_", "--output", "/0"], "is no output"),
        (["3x8x8", "conv:4,k_", "--rf", "three"], "is no size"),
        (["conv:4,k_", "--output", "same"], "the size of the input is missing"),
        (["3xHx8", "conv:4,k_", "--output", "same"], "the symbol `H` has no value"),
        (["3x8x8", "conv:4,k_", "--output", "same", "--top", "0"], "is less than 1"),
        (["3x8x8", "conv:4,k_,s_,p_", "--output", "same", "--up-to", "99"], "more than 300,000"),
        (["3x8x8", "conv:4,k_,mode=_", "--output", "same"], "`mode` can't be _"),
    ],
)
def test_what_is_wrong(command: Command, words: list[str], message: str) -> None:
    code, _, err = command("solve", *words)

    assert code == 2
    assert message in err


def test_elsewhere_the_command_that_answers_is_named(command: Command) -> None:
    code, _, err = command("shape", "3x8x8", "conv:4,k_")

    assert code == 2
    assert "cnncalc solve" in err


def test_arguments_of_other_types_are_told() -> None:
    with pytest.raises(CnnCalcError, match="`top` can't be"):
        cnncalc.solve("3x8x8 conv:4,k_", output="same", top="many")  # type: ignore[arg-type]


def test_one_unknown_loads_no_numpy() -> None:
    code = "import cnncalc\ncnncalc.solve('3x224x224 conv:16,k7,p_', output='same')\nimport sys\n"
    ran = processes.python("-c", code + "print('numpy' in sys.modules)")

    assert ran.stdout.strip() == "False"


# From sources: the text, what flows in, what is asked for, and the values that are found.
SOURCES: list[tuple[str, str | None, str, list[dict[str, int]]]] = [
    ("nn.Conv2d(3, 16, 7, padding=_)", "3x32x32", "same", [{"conv2d.padding": 3}]),
    (
        "nn.Sequential(nn.Conv2d(3, 8, _k, padding=1), nn.MaxPool2d(_k))",
        "3x30x30",
        "8x10x10",
        [{"_k": 3}],
    ),
    ("nn.Conv2d(3, 8, _k, padding=_k // 2), nn.Conv2d(8, 8, _k)", "3x9x9", "8x5x5",
     [{"_k": 5}, {"_k": 6}]),
    ("nn.MaxPool2d(_, stride=4, padding=3)", "3x35x35", "3x9x9", [
        {"maxpool2d.kernel": n} for n in (7, 9, 6, 8)
    ]),
    ("nn.Conv2d(_, 8, 3)", "3x9x9", "8x7x7", [{"value": 3}]),
    ("nn.Conv2d(3, _c, 3), nn.Conv2d(_c, 8, 3), nn.Conv2d(8, _c, 1)", "3x9x9", "4x5x5",
     [{"_c": 4}]),
    ("nn.ConvTranspose2d(8, 8, 4, stride=2, padding=_, output_padding=1)", "8x20x20", "8x39x39",
     [{"convtranspose2d.padding": 2}]),
    ("3x_nx_n, nn.Conv2d(3, 8, 3), nn.MaxPool2d(2)", None, "8x4x4", [{"_n": 10}, {"_n": 11}]),
    (  # an equation ties the sizes
        "3x_x_, nn.Conv2d(3, 8, 3, stride=4), nn.Flatten(), nn.Linear(16, 10)",
        None,
        "10",
        [
            {"input.H": h, "input.W": total - h}
            for total in range(6, 30)
            for h in range(3, total - 2)
            if ((h + 1) // 4) * ((total - h + 1) // 4) == 2
        ],
    ),
    ("layers.Conv2D(8, _, strides=2)", "32x32x3", "14x14x8", [{"value": 5}, {"value": 6}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "size", "output", "values"), SOURCES)
def test_sources_have_unknowns(
    text: str, size: str | None, output: str, values: list[dict[str, int]]
) -> None:
    found = cnncalc.solve(text, input=size, output=output, top=None)

    assert [dict(each.values) for each in found.solutions] == values
    for each in found.solutions:  # can be pasted back
        report = cnncalc.analyze(each.spec)
        assert report.rows[-1].output_shape == each.output_shape


MODULE = """import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, _k, padding=_k // 2)
        self.b = nn.Conv2d(8, 16, 3, stride=2)
    def forward(self, x):
        for _ in range(2):
            x = x + 1
        return self.b(self.a(x)).flatten(1)
"""


def test_a_source_with_a_forward_is_read_for_each_value(command: Command) -> None:
    """A name that the source binds is none that is sought."""
    found = cnncalc.solve(MODULE, input="3x32x32", output=3600, up_to=6, top=None)

    assert [dict(each.values) for each in found.solutions] == [{"_k": 1}, {"_k": 3}, {"_k": 5}]
    assert "padding=3 // 2" in found.solutions[1].spec
    assert "lines, which `--json` shows" in command(
        "solve", MODULE, "-i", "3x32x32", "--output", "3600", "--up-to", "6"
    ).out  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "output", "values"),
    [
        ("3x32x32 conv:{2*_c},k3 conv:_c,k3", "8x_x_", [{"_c": 8}]),
        ("3x32x32 conv:4,k_k,p{(_k-1)//2}", "same", [{"_k": k} for k in (1, 3, 5)]),
        ("def b(c) = [conv:{2*$c},k3 conv:$c,k3] 3x32x32 b:_c b:{_c+1}", "5x_x_", [{"_c": 4}]),
        ("4x3x32x32 each:1[conv:_c,k3]", "4x8x30x30", [{"_c": 8}]),
    ],
)
def test_what_is_computed_from_unknowns(
    spec: str, output: str, values: list[dict[str, int]]
) -> None:
    found = cnncalc.solve(spec, output=output, up_to=10 if "c}" in spec or "_c" in spec else 6)

    assert [dict(each.values) for each in found.solutions] == values
