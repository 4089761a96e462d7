"""Keras as an executor: every layer as real Keras layers, channels last, on any backend."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

import keras
import numpy

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Forward, Progress, Run, StepRun, Tensor
from cnncalc.executors.keras.convolutions import CONVOLUTIONS
from cnncalc.executors.keras.functions import FUNCTIONS
from cnncalc.executors.keras.layers import LAYERS
from cnncalc.executors.keras.modules import Bench, NotBuilt, channels_first, inside
from cnncalc.executors.keras.moves import MOVES
from cnncalc.executors.keras.pools import POOLS
from cnncalc.executors.shortage import MemoryErrors, ran_out
from cnncalc.executors.storage import Storage
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.packages import said
from cnncalc.rows import as_layout

__all__ = ["DEVICES", "MOST_VALUES", "prepare", "ready", "run"]

DEVICES = ("cpu",)
COMPUTED = ("float64", "float32", "float16", "bfloat16")


def _of_tensorflow() -> tuple[type[Exception], ...]:
    """Its own errors, which are none of Python's kinds."""
    if keras.backend.backend() != "tensorflow":
        return ()
    from tensorflow.errors import OpError

    return (OpError,)


# What backends raise where arrays don't fit together: evidence about a step.
MISFITS: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError),
    *_of_tensorflow(),
)

# What probing may compute; each layer is called from Python.
MOST_VALUES = 250_000_000

# By kind; the rest are one class each, as `convert` writes it, or functions.
BUILDERS = CONVOLUTIONS | LAYERS | MOVES | POOLS

# What Keras has no tensor for.
LACKING = frozenset({"num_batches_tracked"})


def ready(device: str) -> tuple[bool, str]:
    """Whether a device can be used, and with what or why not."""
    return True, f"keras {keras.__version__} on {keras.backend.backend()}"


def run(
    network: Network,
    input_shape: Shape,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    batch: int = 1,
    progress: Progress | None = None,
) -> Run:
    """One forward pass in inference mode.

    Args:
        network: what to run.
        input_shape: channels first, without batch.
        device: `cpu`.
        dtype: float64, float32, float16 or bfloat16; any other is computed in float32.
        batch: samples at a time.
        progress: called before each step with the steps done, all steps and the step's name.

    Raises:
        CnnCalcError: a device that isn't there.
    """
    if device not in DEVICES:
        raise CnnCalcError(
            f"`{device}` is no device of the executor `keras`", code="device", help="`cpu`"
        )
    begin = perf_counter()
    network = network.at(input_shape)
    dtype = dtype if dtype in COMPUTED else "float32"
    done = Run("keras", device, dtype, batch, [], lacking=LACKING)
    at = Bench(dtype)
    storage = Storage(network.steps, network.outputs)
    with _settings():
        for number, step in enumerate(network.steps):
            if progress:
                progress(number, len(network.steps), step.name)
            done.steps.append(_take(number, step, storage, done, at, input_shape))
        done.forward_seconds = at.seconds
    done.dtype = keras.backend.standardize_dtype(storage.values[0].dtype)  # JAX narrows float64
    if progress:
        progress(len(network.steps), len(network.steps), "")
    done.seconds = perf_counter() - begin
    return done


@contextmanager
def _settings() -> Iterator[None]:
    """What layers run under, whatever the user has set."""
    with MemoryErrors(), catch_warnings(), keras.device("cpu"), _channels_last(), _quiet():
        simplefilter("ignore")
        yield


@contextmanager
def _channels_last() -> Iterator[None]:
    """As the arrays here are, whatever the user's own keras.json says."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow's advice on speed left unsaid: every layer is called but once or twice."""
    log = logging.getLogger("tensorflow")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _take(
    number: int, step: Step, storage: Storage, done: Run, at: Bench, input_shape: Shape
) -> StepRun:
    """Build and run one step, and let go of what it was the last to read."""
    result = StepRun()
    inputs = [storage.values[each] for each in step.inputs]
    if step.layer.kind == "input":
        sizes = input_shape if number == 0 else getattr(step.layer, "shape", None) or ()
        whole = (done.batch, *as_layout(sizes, "channels-last"))
        storage.keep(number, keras.ops.full(whole, 0.5, dtype=done.dtype))
    elif any(each is None for each in inputs):
        result.built = False
    else:
        value = _tried(step, inputs, result, at)
        if value is not None:
            storage.keep(number, value)
    if storage.values[number] is not None:
        result.shape = inside(storage.values[number])
    del inputs
    storage.release(number, step)
    return result


def _tried(step: Step, inputs: list[Any], result: StepRun, at: Bench) -> Any:
    """What comes out of a step; None, with the reason noted, if nothing does."""
    try:
        value, held = _built(at, step.layer, inputs)
    except NotBuilt:
        result.built = False
        return None
    except NotImplementedError as error:
        backend = keras.backend.backend()
        result.built = False
        result.reason = f"Keras has nothing for it on {backend}: {said(error)}"
        return None
    except MISFITS as error:
        if ran_out(error):
            raise
        result.error = said(error)
        return None
    result.tensors = held if step.shares is None else []
    return value


def _built(at: Bench, layer: Any, inputs: list[Any]) -> tuple[Any, list[Tensor]]:
    """What the first way that there is makes of a layer's inputs."""
    for way in (BUILDERS.get(layer.kind), Bench.alone, FUNCTIONS.get(layer.kind)):
        if way is not None:
            with suppress(NotBuilt):
                return way(at, layer, *inputs)
    raise NotBuilt(f"Keras has nothing for `{layer.kind}`")


def prepare(network: Network, asked: frozenset[int], device: str) -> Forward:
    """Runs a probing network on samples, with ones for weights."""
    last = {each: number for number, step in enumerate(network.steps) for each in step.inputs}

    def values_of(x: Any) -> Iterator[tuple[int, Any]]:
        at = Bench("float32", probing=True)
        values: list[Any] = []
        for number, step in enumerate(network.steps):
            values.append(_probed(at, step, [values[each] for each in step.inputs], x))
            if number in asked and values[number] is not None:
                yield number, keras.ops.convert_to_numpy(channels_first(values[number]))
            for each in step.inputs:
                if last[each] == number:
                    values[each] = None

    def forward(x: Any) -> list[tuple[int, Any]]:
        with _settings():
            return list(values_of(x))

    return forward


def _probed(at: Bench, step: Step, inputs: list[Any], x: Any) -> Any:
    """One step's value; None: it can't be followed here."""
    if step.layer.kind == "input":
        shape = getattr(step.layer, "shape", None)
        whole = x if shape is None else numpy.zeros((len(x), *shape), dtype=x.dtype)
        return keras.ops.convert_to_tensor(numpy.moveaxis(whole, 1, -1))
    if any(each is None for each in inputs):
        return None
    return _tried(step, inputs, StepRun(), at)
