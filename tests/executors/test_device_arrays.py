"""The bundled executor on arrays that, as CuPy's, mix with no array of NumPy's.

There need not be a GPU: what a device would refuse, these refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.executors.arrays import Stack
from tests.executors.test_arrays import LEARNING, alone, sample, takes

# What CuPy 13 has of these names.
NAMES = """
    abs add arange asarray ascontiguousarray broadcast_to ceil clip concatenate cos cumsum divide
    dot dtype empty empty_like exp expm1 eye finfo float16 float32 float64 floor full int64 ix_ kron
    log logaddexp matmul max maximum min minimum moveaxis multiply negative positive power rint
    sign sin sinc sort split sqrt square squeeze stack subtract sum swapaxes take take_along_axis
    tanh transpose uint8 where zeros zeros_like
"""
FUNCTIONS = NAMES.split()
# Keywords of NumPy's that CuPy's functions don't take.
UNKNOWN = {"where", "initial", "subok", "like"}
MAKERS = ("arange", "asarray", "ascontiguousarray", "empty", "full", "zeros", "zeros_like")
MAKERS += ("take_along_axis", "stack", "empty_like", "eye")


def hosts(values: Iterable[Any]) -> Iterator[Any]:
    """The arrays of the host among some values."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from hosts(value)
        elif type(value) is np.ndarray:
            yield value


def refuse_hosts(*values: Any) -> None:
    assert not list(hosts(values)), "arrays of host and device meet"


def bare(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(bare, value))
    return value.view(np.ndarray) if isinstance(value, Device) else value


def on_device(value: Any) -> Any:
    return np.asarray(value).view(Device) if isinstance(value, np.ndarray | np.generic) else value


class Device(np.ndarray):
    """An array on the device."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None) or ()
        refuse_hosts(*inputs, *out)
        assert method in ("__call__", "reduce", "accumulate")
        assert not UNKNOWN & {key for key, value in options.items() if value is not True}
        given = {"out": tuple(map(bare, out))} if out else {}
        result = getattr(ufunc, method)(*map(bare, inputs), **options, **given)
        return out[0] if out else on_device(result)

    def __array_function__(self, func: Any, types: Any, args: Any, options: Any) -> Any:
        refuse_hosts(args, *options.values())
        assert not UNKNOWN & set(options)
        # NumPy's own work goes on with its own arrays.
        given = {key: bare(value) for key, value in options.items()}
        result = func(*map(bare, args), **given)
        if isinstance(result, list | tuple):
            return type(result)(map(on_device, result))
        return options.get("out") if options.get("out") is not None else on_device(result)

    def __setitem__(self, key: Any, value: Any) -> None:
        refuse_hosts(key, value)
        super().__setitem__(key, value)

    def __getitem__(self, key: Any) -> Any:
        refuse_hosts(key)
        return on_device(super().__getitem__(key))

    def mean(self, *args: Any, **options: Any) -> Any:
        return on_device(bare(self).mean(*args, **options))

    def var(self, *args: Any, **options: Any) -> Any:
        return on_device(bare(self).var(*args, **options))


def making(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: on_device(function(*map(bare, args), **options))


class Cupy:
    """CuPy, as far as the executor may know it."""

    __name__ = "cupy"
    lib = SimpleNamespace(
        stride_tricks=SimpleNamespace(
            as_strided=making(np.lib.stride_tricks.as_strided),
            sliding_window_view=making(np.lib.stride_tricks.sliding_window_view),
        )
    )
    cuda = SimpleNamespace(
        get_current_stream=lambda: SimpleNamespace(synchronize=lambda: None),
    )

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise AttributeError(f"CuPy has no {name} that is known to be the same")
        if name == "ix_":
            return lambda *axes: tuple(map(on_device, np.ix_(*map(bare, axes))))
        function = getattr(np, name)
        return making(function) if name in MAKERS else function


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = Cupy()
    monkeypatch.setattr("cnncalc.executors.arrays.array_module", lambda _: cupy)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("kind", LEARNING)
@pytest.mark.usefixtures("device")
def test_every_kind_stays_on_the_device(kind: str, dtype: str) -> None:
    """Nothing of it meets an array of the host, or asks for what CuPy hasn't."""
    layer, shapes = sample(kind)
    ran = 0
    for shape in shapes:
        if takes(layer, shape):
            stack = Stack(alone(layer), shape, device="cuda", dtype=dtype, batch=2)
            with np.errstate(all="ignore"):
                step = stack.forward().steps[1]

            assert step.error is None
            assert isinstance(stack.outputs[1], Device)
            ran += 1
    assert ran


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    "spec",
    [
        "48x24x25 conv:50,k3,p1",
        "48x12x13 conv:48,k3,p1,g2 convt:6,k4,s2,p1,g2",
        "3x60x60 conv:16,k7,s2,p3 maxpool:3,s2,ceil avgpool:2 lrn:3 pad:2,mode=reflect",
    ],
)
@pytest.mark.usefixtures("device")
def test_large_layers_stay_on_the_device(spec: str, dtype: str) -> None:
    """What the samples are too small for: rows mixed, many blocks."""
    network = cnncalc.parse(spec)
    assert network.input is not None
    stack = Stack(network, network.input, device="cuda", dtype=dtype, batch=2)

    assert [step.error for step in stack.forward().steps] == [None] * len(network.steps)
    assert all(isinstance(out, Device) for out in stack.outputs.values())


@pytest.mark.usefixtures("device")
def test_the_stand_in_refuses_what_a_device_refuses() -> None:
    here, there = np.ones(3), Cupy().full(3, 1.0)

    for mix in (
        lambda: there + here,
        lambda: there[np.array([1])],
        lambda: there.__setitem__(0, here[:1]),
        lambda: np.concatenate([there, here]),
        lambda: np.add(there, there, out=here),
    ):
        with pytest.raises(AssertionError, match="host and device meet"):
            mix()
    with pytest.raises(AttributeError, match="CuPy has no einsum"):
        _ = Cupy().einsum
