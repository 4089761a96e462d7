"""The bundled executor on arrays that, as CuPy's, mix with no array of NumPy's.

There need not be a GPU: what a device would refuse, these refuse.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.errors import CnnCalcError
from cnncalc.executors.bundled.executor import Stack
from tests.executors.test_arrays import LEARNING, alone, sample, takes
from tests.library import text

# What CuPy 13 has of these names.
NAMES = """
    abs add arange asarray ascontiguousarray broadcast_to ceil clip concatenate cos cumsum divide
    dtype empty empty_like exp expm1 finfo float16 float32 float64 floor full int64 ix_ log log1p
    logaddexp matmul max maximum min minimum moveaxis multiply negative positive power rint sign
    sin sinc sort split sqrt square squeeze subtract sum swapaxes take take_along_axis tanh
    transpose uint8 where zeros zeros_like
"""
FUNCTIONS = NAMES.split()
# Bytes: free on the device, taken by others before a run, and by the run.
FREE, TAKEN, GROWN = 10**9, 300, 7 * 10**6
# Keywords of NumPy's that CuPy's functions don't take.
UNKNOWN = {"where", "initial", "subok", "like"}
MAKERS = ("arange", "asarray", "ascontiguousarray", "empty", "full", "zeros", "zeros_like")
MAKERS += ("take_along_axis", "empty_like")


# What the device was asked for, each of which costs a GPU some microseconds.
ASKED: Counter[str] = Counter()


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

    def get(self) -> Any:
        """CuPy's way to the host."""
        return bare(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None) or ()
        refuse_hosts(*inputs, *out)
        assert method in ("__call__", "reduce", "accumulate")
        assert not UNKNOWN & {key for key, value in options.items() if value is not True}
        given = {"out": tuple(map(bare, out))} if out else {}
        ASKED[ufunc.__name__] += 1
        result = getattr(ufunc, method)(*map(bare, inputs), **options, **given)
        return out[0] if out else on_device(result)

    def __array_function__(self, func: Any, types: Any, args: Any, options: Any) -> Any:
        refuse_hosts(args, *options.values())
        ASKED[func.__name__] += 1
        assert not UNKNOWN & set(options)
        # NumPy's own work goes on with its own arrays.
        given = {key: bare(value) for key, value in options.items()}
        result = func(*map(bare, args), **given)
        if isinstance(result, list | tuple):
            return type(result)(map(on_device, result))
        return options.get("out") if options.get("out") is not None else on_device(result)

    def __setitem__(self, key: Any, value: Any) -> None:
        refuse_hosts(key, value)
        ASKED["copy"] += 1
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
        runtime=SimpleNamespace(getDeviceCount=lambda: 1, memGetInfo=lambda: (FREE, 2 * FREE)),
    )
    ones = staticmethod(making(np.ones))

    def get_default_memory_pool(self) -> Any:
        return SimpleNamespace(
            free_all_blocks=lambda: None,
            free_bytes=lambda: 0,
            used_bytes=lambda: TAKEN,
            total_bytes=lambda: TAKEN + GROWN,
        )

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise AttributeError(f"CuPy has no {name} that NAMES lists as the same")
        if name == "ix_":
            return lambda *axes: tuple(map(on_device, np.ix_(*map(bare, axes))))
        function = getattr(np, name)
        return making(function) if name in MAKERS else function


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", Cupy())


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


@pytest.mark.parametrize("kind", LEARNING)
@pytest.mark.usefixtures("device")
def test_a_batch_costs_no_more_calls_than_a_sample(kind: str) -> None:
    """Many samples are computed at once, not one after another."""
    layer, shapes = sample(kind)
    shape = next(shape for shape in shapes if takes(layer, shape))
    asked = []
    for batch in (2, 32):
        stack = Stack(alone(layer), shape, device="cuda", batch=batch)
        ASKED.clear()
        with np.errstate(all="ignore"):
            stack.forward()
        asked.append(ASKED.copy())

    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("name", "size", "most"),
    [("resnet18", 64, 310), pytest.param("resnet50", 224, 700, marks=pytest.mark.slow)],
)
@pytest.mark.usefixtures("device")
def test_a_network_asks_for_few_calls(name: str, size: int, most: int) -> None:
    """A convolution takes a handful, with padding and in blocks; batch norm eight."""
    stack = Stack(cnncalc.parse(text(name)), (3, size, size), device="cuda", batch=2)
    stack.forward()
    ASKED.clear()
    stack.forward()

    assert ASKED.total() < most


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
def test_a_device_verifies_and_says_what_it_took() -> None:
    spec = "3x32x32 conv:8,k3,p1,s2 bn relu add[ conv:8,k3,p1 | ] gap linear:10"
    report = cnncalc.verify(spec, device="cuda", batch=4)

    assert report.verify is not None
    assert (report.verify["device"], report.verify["mismatches"]) == ("cuda", [])
    assert report.verify["checked"]["receptive_field"] > 0
    assert report.verify["measured"]["peak_bytes"] == GROWN


@pytest.mark.usefixtures("device")
def test_too_little_of_the_device_is_told() -> None:
    with pytest.raises(CnnCalcError, match=r"but only 1\.0+ GB of memory on the GPU is free"):
        cnncalc.verify("3x1024x1024 conv:512,k3,p1", device="cuda", batch=64)


@pytest.mark.parametrize("fault", ["libnvrtc.so.12: cannot open shared object file", ""])
@pytest.mark.usefixtures("device")
def test_cupy_without_its_libraries_is_told(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(fault)

    monkeypatch.setattr(Cupy, "ones", fails)
    with pytest.raises(CnnCalcError, match=f"can't compute on this GPU: {fault}") as error:
        cnncalc.verify("3x8x8 conv:4,k3", device="cuda")
    assert "cupy-cuda12x[ctk]" in str(error.value.help)


@pytest.mark.gpu
def test_the_stand_in_has_only_what_cupy_has() -> None:
    """CuPy can be looked at where there is no GPU."""
    cupy = pytest.importorskip("cupy")

    assert [name for name in FUNCTIONS if not hasattr(cupy, name)] == []
    assert inspect.signature(cupy.lib.stride_tricks.as_strided).parameters.keys() >= {"strides"}
    assert "keepdims" in inspect.signature(cupy.max).parameters


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
