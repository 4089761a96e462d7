"""`--each`: many networks in one process."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

import cnncalc
from tests.conftest import Command

ONE, TWO = "3x8x8 conv:4,k3", "1x16 conv:2,k3 relu"
WRONG = "3x8x8 conv:4,k9"


def documents(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("name", ["shape", "params", "rf"])
def test_one_document_a_line(command: Command, name: str) -> None:
    ran = command(name, "--each", ONE, TWO, "lenet5", "-f", "jsonl")

    assert (ran.code, ran.err) == (0, "")
    assert documents(ran.out) == [cnncalc.analyze(each).to_dict() for each in (ONE, TWO, "lenet5")]


def test_lines_of_standard_input(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"# some networks\n{ONE}\n\n  {TWO}\n  # and one that is wrong\n{WRONG}\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    ran = command("shape", "--each", "-", "-f", "jsonl")

    assert ran.code == 2
    one, two, wrong = documents(ran.out)
    assert [one["spec"], two["spec"]] == [ONE, TWO]
    assert wrong["schema"] == "cnncalc.error/1"
    assert wrong["error"]["code"] == "kernel-too-large"


def test_the_status_is_the_worst(command: Command) -> None:
    ran = command("shape", "--each", ONE, TWO, "-f", "jsonl", "--max-params", "50")

    assert ran.code == 1
    assert ran.err == f"missed by `{ONE}`: 112 parameters are 62 more than --max-params 50\n"
    assert len(documents(ran.out)) == 2
    assert command("shape", "--each", ONE, TWO, WRONG, "--max-params", "50").code == 2


def test_tables(command: Command) -> None:
    ran = command("shape", "--each", ONE, WRONG, TWO)

    assert ran.code == 2
    one, two = (command("shape", each).out for each in (ONE, TWO))
    assert ran.out == f"{ONE}\n\n{one}\n{WRONG}\n\n\n{TWO}\n\n{two}"
    assert ran.err.startswith("error[kernel-too-large]")


def test_a_part_of_an_answer(command: Command, tmp_path: Any) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import torch.nn as nn\nfrom elsewhere import mystery\n"
        "class Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.a = nn.Conv2d(3, 4, 3)\n\n"
        "    def forward(self, x):\n        return mystery(self.a(x))\n"
    )

    ran = command("shape", "--each", str(path), ONE, "-i", "3x8x8", "-f", "jsonl")

    assert ran.code == 2
    first, second = documents(ran.out)
    assert (first["complete"], second["layers"][0]["text"]) == (False, "conv:4,k3")


@pytest.mark.parametrize("words", [["-f", "csv"], ["--json"], ["-o", "x.txt"]])
def test_what_is_refused(command: Command, words: list[str]) -> None:
    ran = command("shape", "--each", ONE, TWO, *words)

    assert ran.code == 2
    assert "jsonl" in ran.err


def test_networks_do_not_cost_a_process_each(command: Command) -> None:
    """Each is read, worked out and written by itself, and nothing is loaded for it again."""
    specs = [f"3x{n}x{n} conv:4,k3 relu gap linear:{n}" for n in range(8, 108)]

    ran = command("shape", "--each", *specs, "-f", "jsonl")

    assert len(documents(ran.out)) == 100
