"""What PyTorch really allocates for a network, beside what `--optimizer` and `--fits` foresee.

    python benchmarks/memory.py                 # the rows of docs/memory.md, on the CPU
    python benchmarks/memory.py --device cuda   # on a GPU, with batches of its size

Each network is written by `cnncalc convert --to torch` and run. On the CPU it is what PyTorch's
allocator gave out and took back, one event after another; on a GPU `max_memory_allocated`. The
second step of training counts, when the optimizer has its states; it updates all tensors at once
(`foreach`), as PyTorch does on a GPU unless told otherwise. What a process has before it makes a
tensor, and what kernels take beside the allocator, is no part of either figure.

Inference is measured twice: `traced` by torch.fx, whose code lets go of what nobody reads any more,
and as it is `written`, where variables of Python hold a block's input until the block is done.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.fx
from torch import nn
from torch.profiler import ProfilerActivity, profile

import cnncalc
from cnncalc.executors.training import inference, training

ROWS = (
    ("resnet50", "3x224x224", 8, 128),
    ("vgg16", "3x224x224", 4, 64),
    ("unet", "1x284x284", 2, 16),
)
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=1e-3, foreach=True),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=1e-3, momentum=0.9, foreach=True),
    "adam": lambda weights: torch.optim.Adam(weights, foreach=True),
    "adamw": lambda weights: torch.optim.AdamW(weights, foreach=True),
}


def network(name: str, size: str) -> Any:
    """A network of the shipped examples as a module."""
    names: dict[str, Any] = {}
    exec(str(cnncalc.convert(name, "torch", size, name="Net")), names)
    return names["Net"]()


def allocated(device: str, work: Callable[[], object]) -> int:
    """The most bytes that some work takes beside what is there before it."""
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        return int(torch.cuda.max_memory_allocated() - before)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    events = seen.profiler.kineto_results.events()
    steps = [(each.start_ns(), each.nbytes()) for each in events if each.name() == "[memory]"]
    total = most = 0
    for _, change in sorted(steps, key=lambda each: each[0]):
        total += change
        most = max(most, total)
    return most


def held(net: nn.Module, *tensors: Any) -> int:
    """Bytes of a network's weights and buffers, and of further tensors."""
    found = [*net.parameters(), *net.buffers(), *tensors]
    return sum(each.numel() * each.element_size() for each in found)


def of_inference(net: nn.Module, x: Any, device: str) -> int:
    """The most that one pass takes, with weights and input."""
    with torch.no_grad():
        return held(net, x) + allocated(device, lambda: net(x))


def run(name: str, size: str, x: Any, device: str, what: str) -> int:
    """The bytes that one row tells of."""
    net = network(name, size).to(device)
    if what in OPTIMIZERS:
        return of_training(net, x, device, OPTIMIZERS[what](net.parameters()))
    net.eval()
    return of_inference(torch.fx.symbolic_trace(net) if "traced" in what else net, x, device)


def of_training(net: nn.Module, x: Any, device: str, optimizer: torch.optim.Optimizer) -> int:
    """The most that a step of training takes, with weights, input and the optimizer's states."""
    net.train()

    def step() -> None:
        y = net(x)
        (1.0 * y).mean().backward()  # whose gradient is as large as what comes out
        optimizer.step()
        optimizer.zero_grad()

    step()
    states = [each for state in optimizer.state.values() for each in state.values()]
    tensors = [each for each in states if isinstance(each, torch.Tensor)]
    return held(net, x, *tensors) + allocated(device, step)


def main() -> None:
    """Print a row for each network and optimizer."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("names", nargs="*", help="networks; all otherwise")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| network | input | batch | what | foreseen | PyTorch | apart |")
    print("| --- | --- | ---: | --- | ---: | ---: | ---: |")
    for name, size, on_cpu, on_gpu in ROWS:
        if given.names and name not in given.names:
            continue
        batch = on_cpu if given.device == "cpu" else on_gpu
        report = cnncalc.analyze(name, size, batch=batch)
        x = torch.zeros(batch, *report.input, device=given.device)
        rows = {f"inference, {how}": inference(report) for how in ("traced", "written")}
        rows |= {each: training(report, each) for each in OPTIMIZERS}
        for what, memory in rows.items():
            real = run(name, size, x, given.device, what)
            foreseen = memory.at(batch).total
            apart = f"{(foreseen - real) / real:+.1%}"
            figures = f"{foreseen / 1e6:,.0f} MB | {real / 1e6:,.0f} MB | {apart}"
            print(f"| {name} | {size} | {batch} | {what} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
