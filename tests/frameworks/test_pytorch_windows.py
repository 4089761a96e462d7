"""Which inputs each output of a real 1-d module reads, by gradient, against the windows."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from cnncalc.analysis import settle
from cnncalc.errors import LayerError
from cnncalc.layers.base import Layer, Shape
from tests.frameworks.live_pytorch import torch_or_skip
from tests.frameworks.pytorch_cases import CASES
from tests.frameworks.pytorch_reading import layer_of

BY_GRADIENT = [
    "Conv1d",
    "ConvTranspose1d",
    "AvgPool1d",
    "LPPool1d",
    "AdaptiveAvgPool1d",
]
BY_MAXIMUM = ["MaxPool1d", "AdaptiveMaxPool1d"]

drawn = settings(
    max_examples=60,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def accepted(name: str, args: dict[str, Any], shape: Shape) -> tuple[Layer, Shape]:
    """The layer at its input, and the output's shape; other cases are not for this test."""
    assume(len(shape) == 2)
    assume(args.get("padding_mode", "zeros") == "zeros")  # the rest read the map, not the padding
    try:
        layer = settle(layer_of(name, args), (shape,))
        return layer, layer.output(shape)
    except LayerError:
        assume(False)
        raise


def places(layer: Layer, shape: Shape, o: int) -> list[int]:
    """The indices that the window reads; interpolation holds on to the ends of the axis."""
    (window,) = layer.windows(shape)
    n = shape[1]
    if layer.kind == "upsample":
        return sorted({min(max(i, 0), n - 1) for i in window.reads(o)})
    return [i for i in window.reads(o) if 0 <= i < n]


def module_of(name: str, args: dict[str, Any]) -> Any:
    torch = torch_or_skip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = getattr(torch.nn, name)(**args).double().eval()
    for parameter in module.parameters():
        torch.nn.init.uniform_(parameter, 0.5, 1.0)
    return module


def run(module: Any, values: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module(values)


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_reads_where_the_gradient_goes(name: str) -> None:
    """The very indices, holes included."""
    torch = torch_or_skip()

    @drawn
    @given(CASES[name])
    def check(case: Any) -> None:
        args, shape = case
        layer, output = accepted(name, args, shape)
        values = torch.rand(1, *shape, dtype=torch.float64, requires_grad=True)
        results = run(module_of(name, args), values)
        assert tuple(results.shape[1:]) == output
        for o in range(output[1]):
            total = results[..., o].sum()
            (slopes,) = torch.autograd.grad(total, values, retain_graph=True)
            felt = [i for i in range(shape[1]) if slopes[..., i].abs().sum() > 1e-9]
            assert places(layer, shape, o) == felt

    check()


def test_interpolation_reads_what_shows() -> None:
    """The first and the last index, by what each of them alone makes of the output.

    Backwards PyTorch copies a map whose size stays, also where it doesn't forwards.
    """
    torch = torch_or_skip()

    @drawn
    @given(CASES["Upsample"])
    def check(case: Any) -> None:
        args, shape = case
        layer, output = accepted("Upsample", args, shape)
        alone = torch.eye(shape[1], dtype=torch.float64)[:, None]
        shown = run(module_of("Upsample", args), alone)[:, 0]
        for o in range(output[1]):
            felt = [i for i in range(shape[1]) if shown[i, o].abs() > 1e-9]
            read = places(layer, shape, o)
            assert (read[0], read[-1]) == (felt[0], felt[-1])

    check()


@pytest.mark.parametrize("name", BY_MAXIMUM)
def test_reads_from_the_first_to_the_last(name: str) -> None:
    """A rising input shows the last index of each window, a falling one the first."""
    torch = torch_or_skip()

    @drawn
    @given(CASES[name])
    def check(case: Any) -> None:
        args, shape = case
        layer, output = accepted(name, args, shape)
        rising = torch.arange(shape[1], dtype=torch.float64).repeat(1, shape[0], 1)
        module = module_of(name, args)
        last, first = run(module, rising)[0, 0], -run(module, -rising)[0, 0]
        for o in range(output[1]):
            read = places(layer, shape, o)
            expected = (read[0], read[-1]) if read else (float("inf"), float("-inf"))
            assert (first[o], last[o]) == expected

    check()
