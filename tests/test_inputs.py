"""Several inputs: whose size is which, in every notation and on every executor; embeddings."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import CnnCalcError, SpecError, analyze
from cnncalc.layers.base import Shape
from tests.conftest import Command
from tests.executors.common import verified
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip
from tests.source.reading import SAMPLES
from tests.verification.standing_in import installed_or_skip

FUSED = "image@input:3x16x16 conv:8,k3 g@gap z@input:12 linear:8 relu cat[ @g | ] linear:5"
TOKENS = "50 embedding:1000,64 conv:8,k3 gap linear:2"
BESIDE = (
    "image@input:3x8x8 f@conv:8,k3 y@input:scalar embedding:10,6 linear:36 unflatten:1x6x6 "
    "cat[ @f | ] conv:4,k3"
)
GRIDS = "10x20 slice:2..8 embedding:100,8,axis=1 conv:3,k3"
REORDERED = "4x6 permute:1x0 reshape:3x8 embedding:9,5 flatten linear:3"
SPECS = (FUSED, TOKENS, BESIDE, GRIDS, REORDERED, "input:scalar embedding:3,4 linear:2")
EXECUTORS = ("bundled", "torch", "keras", "onnxruntime")


def figures(report: Any) -> Any:
    return report.total.params, report.total.macs, report.rows[report.outputs[0]].output_shape


# What is given, and the sizes that the image and the noise then have.
GIVEN: list[tuple[Any, Shape, Shape]] = [
    (None, (3, 16, 16), (12,)),
    ((3, 9, 9), (3, 9, 9), (12,)),
    ([(3, 9, 9), 7], (3, 9, 9), (7,)),
    ([(3, 9, 9), (7,)], (3, 9, 9), (7,)),
    (((3, 9, 9), (7,)), (3, 9, 9), (7,)),
    (["3x9x9", "7"], (3, 9, 9), (7,)),
    ({"z": 7}, (3, 16, 16), (7,)),
    ({"z": "7", "image": "3x9x9"}, (3, 9, 9), (7,)),
    ([(2, 3, 9, 9), 7], (3, 9, 9), (7,)),  # a batch in front of the first
]


@pytest.mark.parametrize(("given", "image", "z"), GIVEN, ids=str)
def test_sizes_by_place_and_by_name(given: Any, image: Shape, z: Shape) -> None:
    report = analyze(FUSED, given)

    assert (report.input, report.rows[3].output_shape) == (image, z)
    assert report.total.params == 8 * 28 + 8 * (z[0] + 1) + 5 * 17


@pytest.mark.parametrize(
    ("words", "image", "z"),
    [
        (("-i", "3x9x9", "-i", "7"), "3x9x9", "7"),
        (("-i", "z=7", "-i", "image=3x9x9"), "3x9x9", "7"),
        (("-i", "3x9x9", "-i", "z = 7"), "3x9x9", "7"),
        (("-i", "z=7"), "3x16x16", "7"),
    ],
)
def test_on_the_command_line(command: Command, words: tuple[str, ...], image: str, z: str) -> None:
    document = json.loads(command("shape", FUSED, *words, "--json").out)

    assert document["input"]["shape"] == [int(n) for n in image.split("x")]
    row = next(row for row in document["layers"] if row["kind"] == "input")
    assert (row["name"], row["inputs"], row["output_shape"]) == ("z", [], [int(z)])
    assert row["receptive_field"] is None
    assert document["layers"][4]["receptive_field"] is None  # made of it alone
    assert document["layers"][-1]["receptive_field"]["status"] == "global"


def test_the_documents_fit_the_schema(command: Command) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(command("schema").out)
    for spec in SPECS:
        jsonschema.validate(json.loads(command("shape", spec, "--json").out), schema)


def test_what_flows_in_is_no_activation() -> None:
    """The total leaves further inputs out as it does the first one; their rows have their bytes."""
    report = analyze("image@input:1x8x8 relu z@input:64 unflatten:1x8x8 cat[ @image | ]")

    assert [row.activation_bytes for row in report.rows] == [256, 256, 256, 256, 512]
    assert report.total.activation_bytes == 256 + 256 + 512
    assert [row.is_input for row in report.rows] == [True, False, True, False, False]


def test_further_rows_have_no_field_in_tables(command: Command) -> None:
    rows = csv.DictReader(io.StringIO(command("rf", FUSED, "-f", "csv").out))
    sizes = [row["receptive_field.size"] for row in rows]

    assert sizes == ["3x3", "16x16", "", "", "", "16x16", "16x16"]
    missed = command("shape", "3x8x8 conv:1,k3 a@input:4 linear:2", "--min-rf", "3")
    assert (missed.code, missed.err) == (
        1,
        "missed: the output has no receptive field in the first input, for --min-rf 3\n",
    )


@pytest.mark.parametrize("given", [[100, (3, 16, 16)], {"image": 100, "z": (3, 16, 16)}])
def test_sizes_in_another_order(given: Any) -> None:
    with pytest.raises(SpecError, match="another order than the inputs: `image` 100") as caught:
        analyze(FUSED, given)
    assert caught.value.help == "write `-i image=3x16x16 -i z=100`"


STOPPED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.facts = nn.Linear(5, 4)
        self.both = nn.Bilinear(8, 4, 6)

    def forward(self, x, facts, scale=None):
        return self.both(self.conv(x).mean((2, 3)), self.facts(facts))
"""


def test_an_answer_as_far_as_it_goes() -> None:
    """Each input is a row of it, in whatever order their sizes stand."""
    with pytest.raises(SpecError) as stop:
        analyze(STOPPED, [(3, 8, 8), (5,)])
    with pytest.raises(SpecError, match="another order"):
        analyze(STOPPED, [(5,), (3, 8, 8)])

    report = stop.value.report
    assert report is not None
    assert not report.complete
    assert [row.text for row in report.rows if row.is_input] == ["input", "input:5"]
    assert report.total.params == 8 * 28 + 4 * 6 + 6 * (8 * 4 + 1)


def test_what_has_a_default_is_not_asked_for() -> None:
    with pytest.raises(SpecError, match="the sizes of the inputs `x`, `facts` are missing"):
        analyze(STOPPED)
    with pytest.raises(SpecError, match="the size of the input is missing"):
        analyze(STOPPED.replace("facts, scale", "facts=None, scale"))


def test_solve_reads_them_in_the_text(command: Command) -> None:
    """Its `-i` is the first input's size."""
    spec = "image@input:3x8x8 z@input:100 linear:64 unflatten:1x8x8 cat[ @image conv:8,k_,p_ | ]"
    found = cnncalc.solve(spec, output="9x8x8", top=1)
    status, _, told = command("solve", spec, "--output", "9x8x8", "-i", "image=3x8x8")

    assert [each.values for each in found.solutions] == [{"conv1.kernel": 1, "conv1.padding": 0}]
    assert (status, "as in `z@input:100`" in told) == (2, True)


def test_names_are_texts() -> None:
    with pytest.raises(CnnCalcError, match="an input can't be called 3"):
        analyze(FUSED, {3: 7})


def test_an_error_of_its_own_stays() -> None:
    with pytest.raises(SpecError) as caught:
        analyze(FUSED, [(3, 2, 2), 7])
    assert caught.value.code == "kernel-too-large"


def test_sizes_are_those_of_the_first(command: Command) -> None:
    out = command("sizes", FUSED, "-i", "3x16x16", "-i", "9").out

    assert "H ≥ 3" in out
    assert "these are sizes of `image`; the other inputs stay as they are: `z` 9" in out


def test_names_for_sizes_of_the_first() -> None:
    report = analyze(FUSED, ["3xHxW", 9])

    assert [str(n) for n in report.rows[1].output_shape] == ["8", "H - 2", "W - 2"]
    assert report.rows[3].output_shape == (9,)


@pytest.mark.parametrize("spec", SPECS)
def test_the_compact_notation_and_back(spec: str) -> None:
    report = analyze(spec)
    again = analyze(str(report.spec))

    assert again.spec == report.spec
    assert figures(again) == figures(report)
    assert again.network.inputs == report.network.inputs


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("to", ["torch", "keras", "onnx"])
def test_other_notations_and_back(spec: str, to: str, tmp_path: Path) -> None:
    if to == "onnx":
        pytest.importorskip("onnx")
    report = analyze(spec)
    written = cnncalc.convert(spec, to)
    path = tmp_path / ("net.onnx" if to == "onnx" else "net.py")
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    sizes = [row.output_shape for row in report.rows if not row.inputs]
    again = analyze(path, sizes if to == "torch" else None)

    assert again.total.params == report.total.params
    assert again.total.macs == report.total.macs
    assert len([row for row in again.rows if not row.inputs]) == len(sizes)
    if len(sizes) > 1:
        names = {"input": {"torch": "x", "keras": "input", "onnx": "input"}[to]}
        assert again.network.inputs == tuple(names.get(n, n) for n in report.network.inputs)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("spec", SPECS)
def test_every_executor(executor: str, spec: str) -> None:
    installed_or_skip(executor)
    outcome = verified(executor, spec)

    assert (outcome["mismatches"], outcome["unchecked"]) == ([], [])
    fields = sum(
        row.kind != "input" and seen.told
        for report in [analyze(spec)]
        for row, seen in zip(report.rows[1:], report.fields[1:], strict=True)
    )
    assert outcome["checked"]["receptive_field"] == fields


def test_tokens_are_places() -> None:
    report = analyze(TOKENS)
    sees = [seen.to_dict(report.frame) for seen in report.fields]

    assert [each["size"] for each in sees if each] == [[1], [1], [3], [50], [50]]
    assert report.rows[1].macs == 0
    assert report.rows[1].params == 1000 * 64


# file and entry, sizes; parameters and MACs, worked out below.
SOURCES: list[tuple[str, Any, int, int]] = [
    (
        "conditional_gan.py:Generator",
        [100, ()],
        100 + 128 * 111 + 256 * 129 + 512 + 784 * 257,
        128 * 110 + 256 * 128 + 784 * 256,
    ),
    (
        "conditional_gan.py:Discriminator",
        {"labels": (), "img": (1, 28, 28)},
        100 + 512 * 795 + 513,
        512 * 794 + 512,
    ),
    (
        "siamese.py",
        [(1, 28, 28), (1, 28, 28)],
        8 * 26 + 16 * 201 + 32 * 257 + 33,
        2 * (24**2 * 200 + 8**2 * 16 * 200 + 32 * 256) + 32,
    ),
    (
        "late_fusion.py",
        [(3, 32, 32), 12],
        16 * 28 + 8 * 13 + 5 * 25,
        32**2 * 16 * 27 + 8 * 12 + 5 * 24,
    ),
    (
        "late_fusion.py",
        {"image": (3, 32, 32), "facts": 12, "scale": 24},
        16 * 28 + 8 * 13 + 5 * 25,
        32**2 * 16 * 27 + 8 * 12 + 5 * 24,
    ),
    (
        "keras_inputs.py:generator()",
        None,
        500 + 49 * 51 + 6272 * 101 + 128 * (129 * 16 + 1) + 128 * 16 + 1,
        49 * 50 + 6272 * 100 + 7**2 * 129 * 128 * 16 + 14**2 * 128 * 16,
    ),
    (
        "keras_inputs.py:siamese()",
        {"right": (28, 28, 1)},
        8 * 10 + 16 * (8 * 13 * 13 + 1) + 17,
        2 * (26**2 * 8 * 9 + 16 * 8 * 13 * 13) + 16,
    ),
    (
        "keras_inputs.py:fusion()",
        [(32, 32, 3), 12],
        16 * 28 + 8 * 13 + 5 * 25,
        30**2 * 16 * 27 + 8 * 12 + 5 * 24,
    ),
]


@pytest.mark.parametrize(("name", "sizes", "params", "macs"), SOURCES, ids=str)
def test_sources(name: str, sizes: Any, params: int, macs: int) -> None:
    report = analyze(f"{SAMPLES / name}", sizes)

    assert (report.total.params, report.total.macs) == (params, macs)


@pytest.mark.parametrize(
    ("name", "sizes"), [(n, s) for n, s, *_ in SOURCES if s and "keras" not in n]
)
def test_live_modules(name: str, sizes: Any) -> None:
    """The module itself has as many parameters, and gives what was foreseen."""
    torch = torch_or_skip()
    file, _, entry = name.partition(":")
    scope: dict[str, Any] = {"__name__": "sample"}
    exec((SAMPLES / file).read_text(encoding="utf-8"), scope)  # our own file
    cls = scope[entry or {"siamese.py": "Siamese", "late_fusion.py": "Fusion"}[file]]
    module = cls().eval()
    report = analyze(module, sizes)
    read = analyze(f"{SAMPLES / name}", sizes)

    assert report.total == read.total
    assert report.total.params == sum(each.numel() for each in module.parameters())
    given = {
        row.name: torch.zeros(2, *row.output_shape, dtype=torch.long)
        if row.index in report.network.looked_up
        else torch.zeros(2, *row.output_shape)
        for row in report.rows
        if not row.inputs
    }
    assert tuple(module(**given).shape[1:]) == report.rows[report.outputs[0]].output_shape


@pytest.mark.parametrize("entry", ["generator", "siamese", "fusion"])
def test_live_keras(entry: str) -> None:
    keras = keras_or_skip()
    scope: dict[str, Any] = {"__name__": "sample", "keras": keras}
    exec((SAMPLES / "keras_inputs.py").read_text(encoding="utf-8"), scope)  # our own file
    model = scope[entry]()
    sizes = [(32, 32, 3), 12] if entry == "fusion" else None
    report = analyze(model, sizes)

    assert report.total == analyze(f"{SAMPLES}/keras_inputs.py:{entry}()", sizes).total
    assert report.total.params == model.count_params()
    assert report.network.inputs == tuple(each.name for each in model.inputs)


def test_bags_and_functions() -> None:
    torch = torch_or_skip()

    class Bags(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.bag = torch.nn.EmbeddingBag(20, 8, mode="max")
            self.table = torch.nn.Parameter(torch.zeros(20, 8))

        def forward(self, x: Any) -> Any:
            return self.bag(x) + torch.nn.functional.embedding(x, self.table).sum(1)

    report = cnncalc.verify(Bags(), 6, executor="torch")

    assert report.total.params == 2 * 20 * 8
    assert [row.kind for row in report.layers] == [
        "embedding", "reduce", "embedding", "reduce", "add"
    ]  # fmt: skip
    assert report.verify is not None
    assert report.verify["ok"]


PRETRAINED = (
    "import torch\nfrom torch import nn\nmodel = nn.Embedding.from_pretrained(torch.zeros({}))"
)


@pytest.mark.parametrize(
    ("given", "trained"), [("20, 8", 0), ("20, 8), (True", 0), ("20, 8), freeze=(False", 160)]
)
def test_entries_that_are_given(given: str, trained: int) -> None:
    total = analyze(PRETRAINED.format(given), 5).total

    assert (total.params, total.trainable) == (160, trained)


def test_entries_that_are_no_table() -> None:
    with pytest.raises(SpecError, match="takes entries by features, not 20×8×2"):
        analyze(PRETRAINED.format("20, 8, 2"), 5)


def test_an_input_that_nothing_reads() -> None:
    with pytest.raises(SpecError, match="nothing reads the input `a`"):
        cnncalc.parse("3x8x8 a@input:4 @input relu")
