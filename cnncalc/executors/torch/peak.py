"""How much memory PyTorch's tensors take at most: on a GPU as its allocator says, else counted."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["Peak", "watch"]


class Peak(Protocol):
    """The most bytes alive at once, above what there was before; None: not measured."""

    bytes: int | None

    def reset(self) -> None:
        """Forget the most so far: what is alive now is where it begins."""


def watch(device: str) -> AbstractContextManager[Peak]:
    """Watches the memory of a device as long as it is entered."""
    watches: dict[str, type[AbstractContextManager[Peak]]] = {"cpu": Counted, "cuda": Allocated}
    return watches.get(device, Unknown)()


class Unknown(AbstractContextManager[Peak]):
    """A device without memory, such as `meta`."""

    bytes: int | None = None

    def reset(self) -> None:
        """There is nothing to forget."""

    def __exit__(self, *_: object) -> None:
        pass


class Allocated(AbstractContextManager[Peak]):
    """What PyTorch's allocator gave out on the GPU, the scratch memory of kernels included."""

    bytes: int | None = None

    def __enter__(self) -> Allocated:
        self.before = torch.cuda.memory_allocated()
        self.reset()
        return self

    def reset(self) -> None:
        torch.cuda.synchronize()  # which starts CUDA: there are no statistics before
        torch.cuda.reset_peak_memory_stats()

    def __exit__(self, raised: object, *_: object) -> None:
        if raised is None:  # a GPU that failed has nothing to say
            torch.cuda.synchronize()
            self.bytes = int(torch.cuda.max_memory_allocated() - self.before)


class Counted(TorchDispatchMode):  # type: ignore[misc]
    """The storages that operations hand out, each from then until it is freed.

    It sits below autograd, so what is saved for a backward pass and gradients count. What one
    operation takes and gives back inside of itself doesn't show.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bytes: int | None = 0
        self.alive: dict[int, int] = {}
        self.total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; to be sure of that, PyTorch would load its compiler."""
        return False

    def reset(self) -> None:
        self.bytes = self.total

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, torch.Tensor) and value.device.type == "cpu":
                self._note(value.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        """Count a storage once; more where it has grown."""
        key, size = storage._cdata, int(storage.nbytes())
        if key not in self.alive:
            weakref.finalize(storage, self._forget, key)
        self.total += size - self.alive.get(key, 0)
        self.alive[key] = size
        self.bytes = max(self.bytes or 0, self.total)

    def _forget(self, key: int) -> None:
        self.total -= self.alive.pop(key, 0)
