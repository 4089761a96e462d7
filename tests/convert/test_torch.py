"""PyTorch source that is written: run, read back, and formatted."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cnncalc import Report, SpecError, analyze, convert
from cnncalc.executors.torch.errors import refusal
from tests.convert.emitted import (
    PRODUCTS,
    assert_formatted,
    assert_named,
    read_again,
    run,
    totals,
    written_or_refused,
)
from tests.frameworks.live_pytorch import torch_or_skip
from tests.library import NAMES, report
from tests.strategies import odd_specs, specs

STACK = """\
# cnncalc: input 3x32x32
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


def data(expected: Report, batch: int) -> list[Any]:
    """Zeros for each input, whole numbers where they are looked up."""
    torch = torch_or_skip()
    whole = expected.network.looked_up
    return [
        torch.zeros(batch, *row.output_shape, dtype=torch.long if row.index in whole else None)
        for row in expected.rows
        if row.kind == "input"
    ]


def assert_runs(text: str, expected: Report, batch: int = 1) -> None:
    """The module has the report's parameters, and makes its size where PyTorch normalises it."""
    torch = torch_or_skip()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        module = module_of(text).eval()
        assert sum(each.numel() for each in module.parameters()) == expected.total.params
        try:
            output = module(*data(expected, batch))
        except ValueError as error:
            if batch == 1 and refusal(error):  # to take a single value by its own mean
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
            output = module(*data(expected, 1))
    assert sum(each.numel() for each in module.parameters()) == expected.total.params
    assert tuple(output.shape[1:]) == expected.rows[expected.outputs[0]].output_shape


@pytest.mark.parametrize("spec", [*PRODUCTS, "8x6 mha:2,biaskv,zeroattn"])
def test_products(spec: str, tmp_path: Path) -> None:
    text, expected = text_of(spec), analyze(spec)

    assert totals(read_again(text, "torch", expected)) == totals(expected)
    assert_formatted([text], tmp_path)
    assert_runs(text, expected, batch=2)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(specs(max_layers=6))
def test_drawn_networks(spec: str) -> None:
    """What is written runs and reads back; a refusal is a SpecError that names the layer."""
    expected = analyze(spec)
    text = written_or_refused(text_of, spec)
    if text is None:
        return
    assert_runs(text, expected)
    assert totals(read_again(text, "torch", expected)) == totals(expected)


def check_odd(spec: str) -> None:
    """What is written runs on two samples and agrees; else it is refused by the layer's name."""
    expected = analyze(spec)
    text = written_or_refused(text_of, spec)
    if text is None:
        return
    assert_runs(text, expected, batch=2)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(odd_specs())
def test_odd_networks(spec: str) -> None:
    check_odd(spec)


@pytest.mark.slow
@settings(deadline=None, max_examples=1500, suppress_health_check=list(HealthCheck))
@given(odd_specs(max_layers=3))
def test_many_odd_networks(spec: str) -> None:
    check_odd(spec)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("3x1x7x7 avgpool:3,s2,p1", "`avgpool1`: the kernel of nn.AvgPool3d spans 3 but the depth"),
        ("2x3x7x7 avgpool:5,s2,p1,ceil", "`avgpool1`: the kernel of nn.AvgPool3d spans 5"),
        ("2x3x7x7 lppool:5,ceil", "`lppool1`: the kernel of nn.LPPool3d spans 5"),
        ("4x4x4x4 fracmaxpool:3,size=2", "`fracmaxpool1`: 2 windows of 3 don't fit on the depth"),
        ("3x8x8 relu avgpool:3,p2,nopadcount", "`avgpool1`: .* more than half of the kernel"),
        ("3x8x8 maxpool:3,p2,ceil", "`maxpool1`: .* more than half of the kernel"),
        ("3x1x1 relu in", "`in1`: nn.InstanceNorm2d takes the statistics of each map"),
    ],
)
def test_what_the_class_refuses_is_refused(spec: str, said: str) -> None:
    """Of the size that comes, though the compact notation gives it a meaning."""
    with pytest.raises(SpecError, match=said) as error:
        text_of(spec)

    assert_named(error.value)


def test_is_formatted(tmp_path: Path) -> None:
    assert_formatted([text_of(name) for name in NAMES], tmp_path)
