"""timm's own model files, read from its wheel: never installed, never imported.

What its published table calls GMACs is fvcore's count: norms are in it, and global averages.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc import Report, SpecError
from tests.library import ORACLES
from tests.source.reading import all_params, report_of_file, unpacked_wheel

TABLE: dict[str, dict[str, Any]] = json.loads((ORACLES / "timm.json").read_text("utf-8"))["files"]
DECIMALS = 0.00501  # two, rounded

# Where the table has another network than the function of this name builds; by PyTorch 2.13 these
# hold what is read here.
APART = {
    **{
        f"ghostnetv3_{width}": "the table has it with its branches merged for inference"
        for width in ("050", "100", "130", "160")
    },
    "ecaresnext50t_32x4d": "the table has ecaresnext26t_32x4d there, an older alias",
}
# What can't be read, and the words that say why.
REFUSED = {
    **dict.fromkeys(
        (
            "efficientnet_b1_pruned",
            "efficientnet_b2_pruned",
            "efficientnet_b3_pruned",
            "ecaresnet50d_pruned",
            "ecaresnet101d_pruned",
        ),
        "pkgutil.get_data",
    ),
    **dict.fromkeys(
        (
            f"{prefix}efficientnet_cc_{size}"
            for prefix in ("", "tf_")
            for size in ("b0_4e", "b0_8e", "b1_8e")
        ),
        "worked out from the input",
    ),
    **dict.fromkeys(TABLE["sequencer"], "the batch on axis 0"),
}
# Models without a line in the published table: parameters as PyTorch 2.13 counts them.
UNPUBLISHED = {
    "cspnext": ("cspnext_tiny", 2_733_700),
    "efficientvim": ("efficientvim_m1", 6_679_458),
    "lcnetv2": ("lcnetv2_small", 4_128_552),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of timm's models."""
    return unpacked_wheel("timm", tmp_path_factory.mktemp("wheel")) / "models"


def published(file: str) -> dict[str, list[float]]:
    """A file's models with a line in the table: input size, millions of parameters, GMACs."""
    return {name: figures for name, figures in TABLE[file].items() if figures}


def lightest(file: str) -> str:
    """A file's model with the fewest parameters, of those that can be read."""
    known = {name: row for name, row in published(file).items() if name not in REFUSED}
    return min(known, key=lambda name: known[name][1])


def counted(report: Report, name: str) -> float:
    """What fvcore counts, in billions.

    Weights that are standardized before they work count as a batch norm of them: 5 for each value
    where it learns a scale (`gain`), 4 of the models `*_bit`, whose head is a plain convolution.
    """
    work = report.count("fvcore")
    for row in report.rows:
        sizes = {each.name: each.count for each in row.weights}
        if "gain" in sizes:
            work += 5 * sizes["weight"]
        elif name.endswith("_bit") and row.kind == "conv" and not row.name.startswith("head"):
            work += 4 * sizes["weight"]
    return work / 1e9


def check(file: str, name: str, models: Path) -> None:
    size, millions, gmacs = TABLE[file][name]
    report = report_of_file(models / f"{file}.py", (3, int(size), int(size)), name)

    assert all_params(report) / 1e6 == pytest.approx(millions, abs=DECIMALS), name
    assert counted(report, name) == pytest.approx(gmacs, abs=DECIMALS), name


READ = [file for file in TABLE if published(file) and file != "sequencer"]


@pytest.mark.parametrize("file", READ)
def test_a_model_of_each_file(file: str, models: Path) -> None:
    check(file, lightest(file), models)


@pytest.mark.parametrize("file", UNPUBLISHED)
def test_models_without_a_line_in_the_table(file: str, models: Path) -> None:
    name, params = UNPUBLISHED[file]
    report = report_of_file(models / f"{file}.py", (3, 224, 224), name)

    assert all_params(report) == params


@pytest.mark.thorough
@pytest.mark.parametrize("file", READ)
def test_all_models_of_a_file(file: str, models: Path) -> None:
    for name in published(file):
        if name not in APART and name not in REFUSED:
            check(file, name, models)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.slow
def test_what_is_refused(name: str, models: Path) -> None:
    file = next(file for file, names in TABLE.items() if name in names)
    size = TABLE[file][name][0]
    with pytest.raises(SpecError) as caught:
        report_of_file(models / f"{file}.py", (3, size, size), name)

    assert REFUSED[name] in caught.value.message


def test_the_share_of_those_that_agree() -> None:
    """At least 45 files with a model, and 95 of 100 models of the table."""
    lines = sum(len(published(file)) for file in TABLE)

    assert len(READ) + len(UNPUBLISHED) >= 45
    assert len(APART) + len(REFUSED) <= 0.05 * lines
