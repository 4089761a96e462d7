"""Variances and their roots, without bias as in PyTorch and with it as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnncalc import Network, SpecError, analyze, convert, parse
from cnncalc.errors import Source
from cnncalc.executors.bundled.executor import Stack
from cnncalc.notations import source
from tests.convert.emitted import run
from tests.convert.test_torch import module_of
from tests.frameworks.live_keras import keras_or_skip
from tests.frameworks.live_pytorch import torch_or_skip
from tests.source.reading import net, refused, report_of

MAP = (3, 6, 4)
TORCH = {  # what a forward returns: the layer that it is
    "x.var(1)": "reduce:var",
    "x.var(1, False)": "reduce:var,biased",
    "x.std(1, True)": "reduce:std",
    "x.std(1, True, True)": "reduce:std,keep",
    "torch.std(x, (2, 3), unbiased=False)": "reduce:std,axes=1x2,biased",
    "x.var(dim=(1, 2), correction=0, keepdim=True)": "reduce:var,axes=0x1,keep,biased",
    "torch.var_mean(x, 2, False)[0]": "reduce:var,axes=1,biased",
    "torch.std_mean(x, 1, keepdim=True)[0]": "reduce:std,keep",
    "torch.std_mean(x, 1, False, True)[1]": "reduce:keep",
}
KERAS = {
    "ops.var(x, axis=-1, keepdims=True)": "reduce:var,keep,biased",
    "ops.std(x, axis=(1, 2), keepdims=True)": "reduce:std,axes=1x2,keep,biased",
}
WRITTEN = (
    "reduce:var",
    "reduce:std,axes=1x2,keep",
    "reduce:var,axes=1,biased",
    "reduce:std,biased",
)


def values(network: Network) -> tuple[Any, Any]:
    """What goes in, and what the bundled executor makes of it."""
    stack = Stack(network, MAP, dtype="float32")
    stack.forward()
    return stack.input, stack.outputs[stack.network.outputs[0]]


@pytest.mark.parametrize(("code", "layer"), TORCH.items())
def test_what_pytorch_means(code: str, layer: str) -> None:
    torch = torch_or_skip()
    network = source.parse(Source(net("pass", f"return {code}"))).at(MAP)
    given, made = values(network)
    report = analyze(network, MAP)
    expected = eval(code, {"torch": torch, "x": torch.from_numpy(given)})

    assert report.rows[report.outputs[0]].text == layer
    np.testing.assert_allclose(made, expected.numpy(), 1e-5, 1e-6)


@pytest.mark.parametrize(("code", "layer"), KERAS.items())
def test_what_keras_means(code: str, layer: str) -> None:
    keras_or_skip()
    text = f"import keras\nfrom keras import ops\nx = keras.Input({(*MAP[1:], MAP[0])})\n"
    text += f"model = keras.Model(x, {code})\n"
    report = report_of(text)
    given, made = values(report.network)
    expected = np.asarray(run(text)["model"](np.moveaxis(given, 1, -1)))

    assert report.rows[report.outputs[0]].text == layer
    np.testing.assert_allclose(np.moveaxis(made, 1, -1), expected, 1e-5, 1e-6)


@pytest.mark.parametrize("layer", WRITTEN)
def test_what_is_written_for_pytorch(layer: str) -> None:
    torch = torch_or_skip()
    given, made = values(parse(f"3x6x4 {layer}"))
    with torch.no_grad():
        expected = module_of(str(convert(f"3x6x4 {layer}", "torch")))(torch.from_numpy(given))

    np.testing.assert_allclose(made, expected.numpy(), 1e-5, 1e-6)


@pytest.mark.parametrize("layer", WRITTEN)
def test_what_is_written_for_keras(layer: str) -> None:
    keras_or_skip()
    given, made = values(parse(f"3x6x4 {layer}"))
    model = run(str(convert(f"3x6x4 {layer}", "keras")))["model"]
    expected = np.asarray(model(np.moveaxis(given, 1, -1)))

    np.testing.assert_allclose(np.moveaxis(made, 1, -1), expected, 1e-5, 1e-6)


def test_other_corrections_are_refused() -> None:
    message = refused(net("pass", "return x.var(1, correction=2)"), MAP).message

    assert message == "`var` with a correction other than 0 and 1 can't be followed"


def test_one_value_has_no_spread_to_write() -> None:
    """PyTorch gives no number there; Keras has no such reduction."""
    with pytest.raises(SpecError, match="without bias the spread of one value is no number"):
        convert("1x6x4 reduce:std", "keras")
