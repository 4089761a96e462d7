"""Sizes with names and unknowns: what they cost beside numbers, in CPU time.

python benchmarks/symbols.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import cnncalc

TURNS = 7


def in_process(work: Callable[[], object]) -> float:
    """The least milliseconds of some turns."""
    times = []
    for _ in range(TURNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def of_process(*words: str) -> float:
    """The least seconds that a command takes."""
    times = []
    for _ in range(TURNS):
        before = spent()
        command = [sys.executable, "-m", "cnncalc", *words]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(spent() - before)
    return min(times)


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def vgg(first: str) -> str:
    """VGG-16's layers, with the first one's padding as it is given."""
    stages = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    body = " ".join(f"{' '.join([f'conv:{c},k3,p1 relu'] * n)} maxpool:2" for c, n in stages)
    body = body.replace("p1", first, 1)
    return f"3x224x224 {body} flatten linear:4096 relu linear:4096 relu linear:1000"


def main() -> None:
    for name, size, most in (("unet", "1xHxW", 100), ("resnet50", "3xHxW", 10)):
        network = cnncalc.parse(name)
        took = in_process(lambda net=network, at=size: cnncalc.analyze(net, at))  # type: ignore[misc]
        print(f"{name} in names: {took:.1f} ms, to reach {most}")
        ratio = of_process("sizes", name) / of_process("shape", name)
        print(f"sizes {name} against shape: {ratio:.2f}, to reach 2")
    ratio = of_process("solve", vgg("p_"), "--output", "1000") / of_process("shape", vgg("p1"))
    print(f"solve with one unknown of VGG-16 against shape: {ratio:.2f}, to reach 1.5")
    for spec in ("3x64x64 conv:8,k_,s_,p_", "3x64x64 conv:8,k_ conv:8,k3,s_ conv:8,k5,p_"):
        took = of_process("solve", spec, "--output", "_x31x31", "--up-to", "64")
        print(f"solve with three unknowns, {spec}: {took:.2f} s, to reach 1")


if __name__ == "__main__":
    main()
