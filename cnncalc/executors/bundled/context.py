"""What a computation works with: the array module, the tensors it holds, scratch memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from cnncalc.executors.base import Array, States
from cnncalc.executors.bundled.kernels.arrays import Namespace, is_host, working_type
from cnncalc.executors.bundled.kernels.blocks import blocks
from cnncalc.executors.bundled.kernels.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["BLOCK_BYTES", "Context"]

# Elementwise work goes over stretches that stay in the caches between two operations.
BLOCK_BYTES = 2**18
# A prime, so that the rows of a weight matrix don't repeat one another.
PATTERN = 65521


class Context:
    """The bench on which one step after another is computed.

    Attributes:
        xp: NumPy, or CuPy.
        dtype: of activations and weights.
        wide: what is computed in beside matrix products: no less than single precision.
        tensors: those of the step at work, by name in the order in which it asked for them.
        scratch: memory that the kernels of all steps share.
        macs: multiply-accumulates of the step at work, for all samples.
        states: what the step at work hands out beside its output: kinds of states, each of one
            array (N, h) for each layer and direction.
        held_bytes: of the tensors of all steps.
        fill_seconds: time spent on filling tensors so far.
    """

    def __init__(self, xp: Namespace, dtype: DTypeLike, seed: int = 0) -> None:
        self.xp = xp
        self.dtype = xp.dtype(dtype)
        self.wide = working_type(xp, self.dtype)
        self.scratch = Workspace(xp)
        self.tensors: dict[str, Array] = {}
        self.sharing = False
        self.macs = 0
        self.states: States = ()
        self.held_bytes = 0
        self.fill_seconds = 0.0
        self._spares: tuple[int, ...] = ()
        # NumPy's numbers on every device: a run is the same run everywhere.
        import numpy

        pattern = numpy.random.default_rng(seed).uniform(-1.0, 1.0, PATTERN)
        self._pattern = xp.asarray(numpy.tile(pattern, 2).astype("float32"))
        self._offset = 0

    def begin(self, tensors: dict[str, Array], sharing: bool, spares: Sequence[Array]) -> None:
        """Turn to a step: its tensors so far, and the inputs that nobody reads after it."""
        self.tensors = tensors
        self.sharing = sharing
        self.macs = 0
        self.states = ()
        self._spares = tuple(id(spare) for spare in spares)

    def weight(self, name: str, shape: Sequence[int]) -> Array:
        """A tensor to multiply with, (outputs, inputs of each, …): variance 2 / inputs.

        With the variance of He et al. 2015 (arXiv:1502.01852) values neither die out nor
        explode on their way through a deep network.
        """
        return self.tensor(name, shape, spread=(6 / max(1, prod(shape[1:]))) ** 0.5)

    def tensor(
        self, name: str, shape: Sequence[int], around: float = 0.0, spread: float = 0.1
    ) -> Array:
        """The step's tensor of this name, allocated when first asked for.

        Raises ValueError where it is there already in another shape.
        """
        held = self.tensors.get(name)
        if held is None:
            held = self._hold(name, self.filled(shape, around, spread))
        if held.shape != tuple(shape):
            raise ValueError(f"`{name}` is {held.shape} but {tuple(shape)} is needed")
        return held

    def counter(self, name: str) -> Array:
        """A whole number without axes, as batch norm counts batches."""
        held = self.tensors.get(name)
        return self._hold(name, self.xp.zeros((), "int64")) if held is None else held

    def _hold(self, name: str, values: Array) -> Array:
        if self.sharing:
            raise ValueError(f"the step whose weights it shares has no `{name}`")
        self.tensors[name] = values
        self.held_bytes += values.nbytes
        return values

    def filled(self, shape: Sequence[int], around: float = 0.0, spread: float = 1.0) -> Array:
        """A new array of values within `spread` of `around`, a pattern repeated."""
        begin = perf_counter()
        size = prod(shape)
        flat = self.xp.empty(size, dtype=self.dtype)
        # Tensors that all began alike would amplify the same values layer after layer.
        self._offset = (self._offset + 7919) % PATTERN
        pattern = self._pattern[self._offset : self._offset + min(size, PATTERN)]
        values = (pattern * spread + around).astype(self.dtype)
        whole = size // PATTERN * PATTERN
        flat[:whole].reshape(-1, PATTERN)[...] = values if whole else 0
        flat[whole:] = values[: size - whole]
        self.fill_seconds += perf_counter() - begin
        return flat.reshape(tuple(shape))

    def is_spare(self, x: Array) -> bool:
        """Whether an input may be written over: nobody reads it after this step."""
        return id(x) in self._spares

    def like(self, x: Array) -> Array:
        """An array to write a result of x's shape to: x itself where it is spare."""
        return x if self.is_spare(x) else self.xp.empty_like(x)

    def each(self, x: Array, function: Callable[[Array, Array], object]) -> Array:
        """`function(values, out)` over all of x, element-wise, a stretch at a time."""
        out = self.like(x)
        flat, results = x.reshape(-1), out.reshape(-1)
        step = self.block_points()
        for start in range(0, flat.size, step):
            part = slice(start, start + step)
            function(flat[part].astype(self.wide, copy=False), results[part])
        return out

    def by_channels(self, x: Array, function: Callable[[Array, Array, slice], object]) -> Array:
        """`function(values, out, channels)` over x (N, C, ...), a few channels at a time."""
        out = self.like(x)
        inner = max(1, prod(x.shape[2:]))
        for samples, channels in blocks(x.shape[:2], max(1, self.block_points() // inner)):
            part = (samples, channels)
            function(x[part].astype(self.wide, copy=False), out[part], channels)
        return out

    def by_samples(self, x: Array, function: Callable[[Array], Array]) -> Array:
        """What a function makes of some samples of x at a time, which it may write over."""
        out = self.like(x)
        for part in self.samples(x):
            out[part] = function(x[part].astype(self.wide))
        return out

    def samples(self, x: Array) -> Iterator[slice]:
        """Parts of a batch, some samples at a time: one where it is large."""
        step = max(1, self.block_points() * x.shape[0] // max(1, x.size))
        return (slice(start, start + step) for start in range(0, x.shape[0], step))

    def block_points(self) -> int:
        """How many values one stretch has."""
        size = BLOCK_BYTES if is_host(self.xp) else self.scratch.limit
        return int(size // self.wide.itemsize)
