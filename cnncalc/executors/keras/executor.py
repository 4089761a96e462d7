"""Keras as an executor: every layer as real Keras layers, channels last, on any backend."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

import keras
import numpy
from keras import ops

from cnncalc.errors import CnnCalcError
from cnncalc.executors.base import Array, Executor, Forward, How, Run, StepRun
from cnncalc.executors.keras.convolutions import CONVOLUTIONS
from cnncalc.executors.keras.functions import FUNCTIONS
from cnncalc.executors.keras.layers import LAYERS
from cnncalc.executors.keras.modules import (
    Bench,
    Built,
    Held,
    channels_first,
    channels_last,
    inside,
)
from cnncalc.executors.keras.moves import MOVES
from cnncalc.executors.keras.pools import POOLS
from cnncalc.executors.keras.products import PRODUCTS
from cnncalc.executors.keras.recurrent import RECURRENT
from cnncalc.executors.shared_layers import at_entries
from cnncalc.executors.shortage import MemoryErrors
from cnncalc.executors.stepping import NotBuilt, Pass, computed_in, sizes_of_input, whole_numbers
from cnncalc.layers.base import Layer, Shape
from cnncalc.layers.each import Each
from cnncalc.network import Network, Step
from cnncalc.packages import said
from cnncalc.rows import as_layout

__all__ = ["KerasExecutor"]


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

# By kind; the rest are one class each, as `convert` writes it, or functions.
BUILDERS = CONVOLUTIONS | LAYERS | MOVES | POOLS | PRODUCTS | RECURRENT


class KerasExecutor(Executor):
    """One forward pass in inference mode."""

    name = "keras"
    devices = ("cpu",)
    lacking = frozenset({"num_batches_tracked"})
    most_values = 250_000_000  # each layer is called from Python

    def ready(self, device: str) -> tuple[bool, str]:
        return True, f"keras {keras.__version__} on {keras.backend.backend()}"

    def ran(self, network: Network, input_shape: Shape, how: How) -> Run:
        if how.device not in self.devices:
            raise CnnCalcError(
                f"`{how.device}` is no device of the executor `keras`", code="device", help="`cpu`"
            )
        at = Bench(computed_in(how.dtype))
        forward = _Forward(network.at(input_shape), at, input_shape, how.batch)
        done = Run(self.name, how.device, at.dtype, how.batch, [], lacking=self.lacking)
        with _settings():
            done.steps = forward.run(how.progress)
            done.forward_seconds = at.seconds
        first = forward.storage.values[0]
        done.dtype = keras.backend.standardize_dtype(first.dtype)  # JAX narrows float64
        return done

    def prepare(self, network: Network, asked: frozenset[int], *, device: str = "cpu") -> Forward:
        """With ones for weights."""

        def forward(x: Array) -> list[tuple[int, Array]]:
            with _settings():
                return [
                    (number, keras.ops.convert_to_numpy(channels_first(value)))
                    for number, value in _Probing(network, x).values_of(asked)
                ]

        return forward


class _Forward(Pass):
    """A pass by the layers that Keras has."""

    misfits = MISFITS

    def __init__(self, network: Network, at: Bench, input_shape: Shape, batch: int) -> None:
        super().__init__(network)
        self.at = at
        self.input_shape = input_shape
        self.batch = batch

    def enter(self, number: int, step: Step) -> Array:
        sizes = sizes_of_input(number, step, self.input_shape)
        whole = (self.batch, *as_layout(sizes, "channels-last"))
        if number in self.network.looked_up:
            values = whole_numbers(whole, self.network.looked_up[number], self.at.dtype)
            return keras.ops.convert_to_tensor(values, dtype=self.at.dtype)
        return keras.ops.full(whole, 0.5, dtype=self.at.dtype)

    def compute(self, number: int, step: Step, inputs: list[Array], result: StepRun) -> Array:
        try:
            value, held = built(self.at, step.layer, inputs)
            self.hand_out(number, self.at.states)
        except NotImplementedError as error:
            backend = keras.backend.backend()
            raise NotBuilt(f"Keras has nothing for it on {backend}: {said(error)}") from None
        result.tensors = held if step.shares is None else []
        return value

    def shape(self, value: Array) -> Shape:
        return inside(value)


class _Probing(_Forward):
    """A pass of samples through a probing network."""

    def __init__(self, network: Network, samples: Array) -> None:
        super().__init__(network, Bench("float32", probing=True), (), len(samples))
        self.samples = samples

    def enter(self, number: int, step: Step) -> Array:
        """The samples, or zeros for a further input."""
        whole = self.samples
        if number:
            shape = (self.batch, *sizes_of_input(number, step, ()))
            whole = numpy.zeros(shape, dtype=self.samples.dtype)
        return keras.ops.convert_to_tensor(numpy.moveaxis(whole, 1, -1))


def built(at: Bench, layer: Layer, inputs: list[Array]) -> tuple[Array, Held]:
    """What the first way that there is makes of a layer's inputs.

    Raises:
        NotBuilt: there is none.
    """
    if isinstance(layer, Each):
        return _each(at, layer, *inputs)
    reason = NotBuilt()
    for way in (BUILDERS.get(layer.kind), _alone, FUNCTIONS.get(layer.kind)):
        if way is not None:
            try:
                return way(at, layer, *inputs)
            except NotBuilt as error:
                reason = error if way is BUILDERS.get(layer.kind) else reason
    raise reason


def _alone(at: Bench, layer: Layer, *inputs: Array) -> Built:
    """One of Keras's layers, of which none but a builder's takes several inputs."""
    if len(inputs) > 1:
        raise NotBuilt
    return at.alone(layer, *inputs)


def _each(at: Bench, layer: Each, x: Array) -> Built:
    held: Held = []

    def compute(flat: Array) -> Array:
        made, tensors = built(at, layer.layer, [channels_last(flat)])
        held.extend(tensors)
        return channels_first(made)

    return channels_last(at_entries(ops, layer, channels_first(x), compute)), held


@contextmanager
def _settings() -> Iterator[None]:
    """What layers run under, whatever the user has set: the CPU, and no advice."""
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
