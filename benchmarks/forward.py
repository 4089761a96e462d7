"""Time the bundled executor's forward pass against PyTorch's own.

    python benchmarks/forward.py                       # VGG-16, ResNet-50, MobileNetV2
    python benchmarks/forward.py vgg16 --rounds 30
    python benchmarks/forward.py resnet50 --device cuda --batch 32

The shipped examples at their own input sizes, float32, with the weights filled beforehand
and the very same arrays on both sides; the sides take turns. Printed are the best and the
median time of each, their ratios, the largest difference between the results, and how far a
pass raised the memory (tracemalloc, or CuPy's pool), beside what it may: weights, activations
alive at once and a workspace of 64 MB.

To reach on the CPU at batch 1: VGG-16 and ResNet-50 at most 1.5 times, MobileNetV2 at most
4 times PyTorch. On a GPU: ResNet-50 at batch 32 at most 5 times. PyTorch is left as it comes:
there its convolutions round to TF32, which the difference shows.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import cnncalc
from cnncalc.executors.bundled.devices import DEVICES, Peak, array_module
from cnncalc.executors.bundled.executor import BundledExecutor, Stack
from cnncalc.executors.memory import need
from cnncalc.network import Network, Step

EXAMPLES = Path(__file__).parent.parent / "examples"
NETWORKS = ("vgg16", "resnet50", "mobilenet_v2")
EPSILON = 1e-5

F = torch.nn.functional


def prepared(name: str, device: str, batch: int) -> tuple[cnncalc.Report, Stack]:
    """A shipped example, set up with its weights filled."""
    text = (EXAMPLES / f"{name}.cnn").read_text(encoding="utf-8")
    report = cnncalc.analyze(text, batch=batch)
    stack = Stack(report.network, report.input, device=device, batch=batch)
    stack.forward()
    return report, stack


def in_pytorch(network: Network, tensors: list[dict[str, Any]]) -> Callable[[Any], Any]:
    """The same network as PyTorch's eager functions, over the same weights."""
    weights = [{name: torch.from_dlpack(held) for name, held in each.items()} for each in tensors]
    last = {number: at for at, step in enumerate(network.steps) for number in step.inputs}

    def run(x: Any) -> Any:
        values: dict[int, Any] = {0: x}
        for number, step in enumerate(network.steps[1:], start=1):
            inputs = [values[each] for each in step.inputs]
            values[number] = _step(step, weights[number], *inputs)
            for each in step.inputs:
                if last[each] == number:  # as the variables of a forward method go
                    values.pop(each, None)
        return values[len(network.steps) - 1]

    return run


def _step(step: Step, held: dict[str, Any], x: Any, *others: Any) -> Any:
    layer: Any = step.layer
    match layer.kind:
        case "conv" | "dwconv" | "pwconv":
            groups = x.shape[1] if layer.kind == "dwconv" else layer.groups
            pads = [before for before, _ in getattr(layer, "padding", ((0, 0),))]
            return F.conv2d(x, held["weight"], held.get("bias"), layer.stride, pads, 1, groups)
        case "bn":
            mean, variance = held["running_mean"], held["running_var"]
            return F.batch_norm(x, mean, variance, held["weight"], held["bias"], eps=EPSILON)
        case "relu" | "relu6":
            return {"relu": F.relu_, "relu6": lambda x: F.hardtanh_(x, 0, 6)}[layer.kind](x)
        case "maxpool":
            pads = [before for before, _ in layer.padding]
            return F.max_pool2d(x, layer.kernel, layer.stride, pads)
        case "gap":
            return x.mean((2, 3))
        case "flatten":
            return x.flatten(1)
        case "linear":
            return F.linear(x, held["weight"], held["bias"])
        case "add":
            return x + others[0]
        case "dropout" | "adaptiveavg":  # 7x7 as it comes
            return x
    raise NotImplementedError(layer.kind)


def taking_turns(sides: tuple[Callable[[], Any], ...], rounds: int) -> list[list[float]]:
    """Seconds of each side in each round."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, spent in zip(sides, times, strict=True):
            time.sleep(0.05)  # let the other library's threads stop waiting for work
            start = time.perf_counter()
            side()
            spent.append(time.perf_counter() - start)
    return times


def measure(name: str, device: str, batch: int, rounds: int) -> None:
    """Print one network's line."""
    report, stack = prepared(name, device, batch)
    network = in_pytorch(report.network, stack.tensors)
    x = torch.from_dlpack(stack.input)

    def theirs() -> Any:
        result = network(x.clone())
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    ours, other = torch.from_dlpack(stack.outputs[report.outputs[0]]), theirs()
    difference = float((ours - other).abs().max() / other.abs().max())
    times = taking_turns((stack.forward, theirs), rounds)
    best, median = ([f(spent) * 1e3 for spent in times] for f in (min, statistics.median))
    grown, allowed = memory(report, device)
    print(
        f"{name:12} cnncalc {best[0]:7.1f} / {median[0]:7.1f} ms   "
        f"torch {best[1]:7.1f} / {median[1]:7.1f} ms   "
        f"ratio {best[0] / best[1]:.2f} / {median[0] / median[1]:.2f}   "
        f"difference {difference:.0e}   grown {grown:.0f} of {allowed:.0f} MiB"
    )


def memory(report: cnncalc.Report, device: str) -> tuple[float, float]:
    """MiB that setting up and one pass take at most, and what they may take."""
    with Peak(array_module(device)) as peak:
        stack = Stack(report.network, report.input, device=device, batch=report.batch)
        counted = stack.forward().peak_bytes
    foreseen = need(report)
    assert counted is not None
    assert counted <= foreseen.total
    return peak.bytes / 2**20, foreseen.total / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="network")
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    where = f"torch threads {torch.get_num_threads()}"
    if options.device == "cuda":
        there, why = BundledExecutor().ready("cuda")
        if not there or not torch.cuda.is_available():
            parser.error("this PyTorch sees no GPU" if there else why)
        where = torch.cuda.get_device_name()
    print(f"{where}, batch {options.batch}; times are best / median")
    with torch.inference_mode():
        for name in options.networks:
            measure(name, options.device, options.batch, options.rounds)


if __name__ == "__main__":
    main()
