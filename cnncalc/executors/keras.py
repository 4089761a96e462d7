"""Keras as an executor: every layer as real Keras layers, channels last, on any backend."""

from __future__ import annotations

import os
from importlib.util import find_spec
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

from cnncalc.errors import CnnCalcError, LayerError
from cnncalc.executors.base import Progress, Run, StepRun, Tensor
from cnncalc.executors.storage import Storage
from cnncalc.frameworks.keras.weights import NAMES
from cnncalc.frameworks.keras.writing import parts, write
from cnncalc.layers.base import Shape
from cnncalc.network import Network, Step
from cnncalc.report import as_layout, from_layout

BACKENDS = ("tensorflow", "jax", "torch")


def _choose_backend() -> None:
    """A backend that is installed, unless one was chosen: Keras reads this as it is loaded."""
    installed = [name for name in BACKENDS if find_spec(name)]
    if installed:
        os.environ.setdefault("KERAS_BACKEND", installed[0])


_choose_backend()

import keras  # noqa: E402 — the backend is chosen before

from cnncalc.executors.keras_functions import FUNCTIONS  # noqa: E402

__all__ = ["DEVICES", "ready", "run"]

DEVICES = ("cpu",)
COMPUTED = ("float64", "float32", "float16", "bfloat16")

# What backends raise where arrays don't fit together: evidence about a step.
MISFITS = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)

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
    storage = Storage(network.steps, network.outputs)
    with catch_warnings(), keras.device("cpu"):
        simplefilter("ignore")
        for number, step in enumerate(network.steps):
            if progress:
                progress(number, len(network.steps), step.name)
            done.steps.append(_take(number, step, storage, done, input_shape))
            done.forward_seconds += done.steps[-1].seconds
    if progress:
        progress(len(network.steps), len(network.steps), "")
    done.seconds = perf_counter() - begin
    return done


def _take(number: int, step: Step, storage: Storage, done: Run, input_shape: Shape) -> StepRun:
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
        try:
            value = _run(step, inputs, result, done.dtype)
        except LayerError:  # Keras has no class for it
            result.built = False
        except MISFITS as error:
            result.error = (str(error) or type(error).__name__).splitlines()[0]
        else:
            storage.keep(number, value)
    if storage.values[number] is not None:
        result.shape = _inside(storage.values[number])
    del inputs
    storage.release(number, step)
    return result


def _inside(value: Any) -> Shape:
    """The shape that came out, channels first and without the batch."""
    return from_layout(tuple(int(size) for size in value.shape[1:]), "channels-last")


def _run(step: Step, inputs: list[Any], result: StepRun, dtype: str) -> Any:
    """A step by Keras's layers, or by its functions where it has no class."""
    begin = perf_counter()
    try:
        value, held = _by_layers(step, inputs, dtype)
    except LayerError:
        if step.layer.kind not in FUNCTIONS:
            raise
        value, held = FUNCTIONS[step.layer.kind](step.layer, inputs[0])
    result.tensors = held if step.shares is None else []
    result.seconds = perf_counter() - begin
    return value


def _by_layers(step: Step, inputs: list[Any], dtype: str) -> tuple[Any, list[Tensor]]:
    """The layers of a step, one after another, each built for what really comes in."""
    if step.layer.arity == "many":
        layer = _made(step.layer, _inside(inputs[0]), dtype)
        return (layer(inputs) if len(inputs) > 1 else inputs[0]), []
    value, held = inputs[0], []
    for part in parts(step.layer, _inside(value)):
        layer = _made(part, _inside(value), dtype)
        value = layer(value, **({"training": False} if _trains(layer) else {}))
        held += _tensors(part, layer)
    return value, held


def _made(layer: Any, shape: Shape, dtype: str) -> Any:
    """The layer that a call as text makes; the text is this package's own."""
    text = write(layer, shape)
    made = eval(text, {"__builtins__": {}, "layers": keras.layers, "float": float})
    made.dtype_policy = keras.DTypePolicy(dtype)
    return made


def _trains(layer: Any) -> bool:
    return bool(getattr(layer, "_call_has_training_arg", False))


def _tensors(part: Any, layer: Any) -> list[Tensor]:
    """What a layer holds, by PyTorch's names and in its order of axes."""
    names = {theirs: ours for ours, theirs in NAMES.get(part.kind, {}).items()}
    names |= {"alpha": "weight"}
    return [
        _tensor(names.get(held.name, held.name), tuple(int(size) for size in held.shape))
        for held in layer.weights
        if held.name != "seed_generator_state"
    ]


def _tensor(name: str, shape: Shape) -> Tensor:
    count = 1
    for size in shape:
        count *= size
    if name == "depthwise.weight":
        *kernel, channels, multiplier = shape
        shape = (channels * multiplier, 1, *kernel)
    elif name.endswith("weight") and len(shape) > 1:
        *kernel, inputs, outputs = shape
        shape = (outputs, inputs, *kernel)
    return Tensor(name, shape, count)
