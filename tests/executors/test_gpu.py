"""On a GPU: the bundled executor by CuPy, and the frameworks that run there (`pytest -m gpu`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors import find
from cnncalc.executors.bundled.executor import Stack
from tests.executors.test_arrays import LEARNING, alone, sample, takes, variants
from tests.library import NAMES, text

pytestmark = pytest.mark.gpu

ON_GPU = ("bundled", "torch", "onnxruntime")
# What the samples are too small for: many blocks, groups, spreading.
WIDE = [
    "48x40x41 conv:64,k3,p1",
    "96x24x24 conv:96,k3,p1,g2 conv:64,k1",
    "64x56x56 dwconv:3,s2,p1 pwconv:96 bn relu6",
    "32x20x20 convt:48,k4,s2,p1 conv:16,k3,d2,p2",
    "3x224x224 conv:64,k7,s2,p3 maxpool:3,s2,p1 avgpool:2 lrn:5",
    "8x9x10x11 conv:48,k3,p1 conv:48,k3,p1 gap linear:10",
]


def gpu_or_skip(executor: str) -> Any:
    """The executor; a skip where it can't use a GPU."""
    try:
        found = find(executor)
    except CnnCalcError as error:
        pytest.skip(error.message)
    ready, why = found.ready("cuda") if "cuda" in found.devices else (False, "not there")
    if not ready:
        pytest.skip(why)
    return found


def on_both(network: Any, shape: Any, dtype: str) -> tuple[Any, Any]:
    """What comes out on the CPU and on the GPU, as arrays of NumPy."""
    gpu_or_skip("bundled")
    import cupy

    here, there = (
        Stack(network, shape, device=device, dtype=dtype, batch=2) for device in ("cpu", "cuda")
    )
    for stack in (here, there):
        assert [step.error for step in stack.forward().steps] == [None] * len(network.steps)
    (ours,), (theirs,) = here.outputs.values(), there.outputs.values()
    return ours, cupy.asnumpy(theirs)


@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind_computes_the_same(kind: str) -> None:
    """CuPy gives NumPy's numbers, whatever the options."""
    layer, shapes = sample(kind)
    for variant in variants(layer):
        for shape in shapes:
            if takes(variant, shape):
                here, there = on_both(alone(variant), shape, "float64")
                said = f"{variant} {shape}"
                np.testing.assert_allclose(there, here, 1e-6, 1e-7, err_msg=said)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("kind", LEARNING)
def test_every_kind_runs_in_every_type(kind: str, dtype: str) -> None:
    layer, shapes = sample(kind)
    for shape in shapes:
        if takes(layer, shape):
            here, there = on_both(alone(layer), shape, dtype)
            assert (there.shape, there.dtype) == (here.shape, here.dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("spec", WIDE)
def test_large_layers_compute_the_same(spec: str, dtype: str) -> None:
    network = cnncalc.parse(spec)
    here, there = on_both(network, network.input, dtype)
    tolerance = {"float64": 1e-9, "float32": 1e-3, "float16": 5e-2}[dtype]

    np.testing.assert_allclose(there, here, tolerance, tolerance * np.abs(here).max())


@pytest.mark.parametrize("executor", ON_GPU)
@pytest.mark.parametrize("name", NAMES)
def test_examples_verify(executor: str, name: str) -> None:
    """At their own sizes, in batches."""
    gpu_or_skip(executor)
    report = cnncalc.verify(text(name), executor=executor, device="cuda", batch=2)

    assert report.verify is not None
    assert report.verify["mismatches"] == report.verify["unchecked"] == []
    assert report.verify["device"] == "cuda"
    assert report.verify["checked"]["receptive_field"] > 0


def test_memory_that_is_not_there_is_told() -> None:
    """Before anything is allocated."""
    gpu_or_skip("bundled")
    with pytest.raises(CnnCalcError, match="memory on the GPU is free"):
        cnncalc.verify("3x4096x4096 conv:512,k3,p1", device="cuda", batch=64)
