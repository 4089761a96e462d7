"""PyTorch source that is written: run, read back, and formatted."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cnncalc import Report, SpecError, analyze, convert
from cnncalc.executors.torch_errors import refusal
from tests.convert.emitted import assert_formatted, assert_named, read_again, run, totals
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import NAMES, report
from tests.strategies import specs

STACK = """\
# input: 3x32x32, after the batch
from torch import nn

model = nn.Sequential(
    nn.ZeroPad2d((0, 1, 0, 1)),
    nn.Conv2d(3, 16, 3, stride=2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(4096, 10),
)
"""


@cache
def text_of(spec: str, **options: Any) -> str:
    text = convert(spec, "torch", **options)
    assert isinstance(text, str)
    return text


def module_of(text: str, name: str = "Net") -> Any:
    names = run(text)
    return names["model"] if "model" in names else names[name]()


def assert_runs(text: str, expected: Report) -> None:
    """The module has the report's parameters, and makes its size where PyTorch normalises it."""
    torch = torch_or_skip()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        module = module_of(text).eval()
        assert sum(each.numel() for each in module.parameters()) == expected.total.params
        try:
            output = module(torch.zeros(1, *expected.input))
        except ValueError as error:
            if refusal(error):  # to take a single value by its own mean
                return
            raise

    outputs = output if isinstance(output, tuple) else (output,)
    sizes = [expected.rows[number].output_shape for number in expected.outputs]
    assert [tuple(each.shape[1:]) for each in outputs] == sizes


def test_a_stack() -> None:
    assert text_of("3x32x32 conv:16,k3,s2,p=same relu flatten linear:10") == STACK


@pytest.mark.parametrize("name", NAMES)
def test_examples_read_back(name: str) -> None:
    text = text_of(name)

    assert totals(read_again(text, "torch", report(name))) == totals(report(name))


@pytest.mark.parametrize("name", NAMES)
def test_examples_run(name: str) -> None:
    torch = torch_or_skip()
    text, expected = text_of(name), report(name)

    with torch.device("meta"):
        module = module_of(text).eval()
        with torch.no_grad():
            output = module(torch.zeros(1, *expected.input))
    assert sum(each.numel() for each in module.parameters()) == expected.total.params
    assert tuple(output.shape[1:]) == expected.rows[expected.outputs[0]].output_shape


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=6))
def test_drawn_networks(spec: str) -> None:
    """What is written runs and reads back; a refusal is a SpecError that names the layer."""
    expected = analyze(spec)
    try:
        text = text_of(spec)
    except SpecError as error:
        assert_named(error)
        return
    assert_runs(text, expected)
    assert totals(read_again(text, "torch", expected)) == totals(expected)


def test_is_formatted(tmp_path: Path) -> None:
    assert_formatted([text_of(name) for name in NAMES], tmp_path)
