"""How long the whole job takes, from the shell: cnncalc, torchinfo and Keras's summary on VGG-16.

    pip install torch==2.13.0 torchinfo keras && python benchmarks/peers.py

Each is a fresh process that prints its table for VGG-16 at 3x224x224; they take turns, and the
median of the rounds is printed with the peak memory. What isn't installed is left out.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import time

ROUNDS = 5

CFG = "64, 64, 'M', 128, 128, 'M', 256, 256, 256, 'M', 512, 512, 512, 'M', 512, 512, 512, 'M'"

TORCHINFO = f"""
from torch import nn
from torchinfo import summary
layers, channels = [], 3
for v in ({CFG}):
    if v == 'M':
        layers += [nn.MaxPool2d(2)]
    else:
        layers += [nn.Conv2d(channels, v, 3, padding=1), nn.ReLU(inplace=True)]
        channels = v
layers += [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096),
           nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)]
print(summary(nn.Sequential(*layers), (1, 3, 224, 224)))
"""

KERAS = f"""
from keras import Sequential, layers
model = Sequential([layers.Input((224, 224, 3))])
for v in ({CFG}):
    if v == 'M':
        model.add(layers.MaxPooling2D())
    else:
        model.add(layers.Conv2D(v, 3, padding='same', activation='relu'))
model.add(layers.Flatten())
for units, activation in ((4096, 'relu'), (4096, 'relu'), (1000, 'softmax')):
    model.add(layers.Dense(units, activation=activation))
model.summary()
"""

CONTENDERS = {
    "cnncalc shape vgg16": (None, ["-m", "cnncalc", "shape", "vgg16"]),
    "torchinfo summary": ("torchinfo", ["-c", TORCHINFO]),
    "Keras model.summary": ("keras", ["-c", KERAS]),
}


def run(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak MB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "torch")},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"exit status {status}: {arguments[:3]}")
    return time.perf_counter() - start, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1 if sys.platform == "linux" else 1024) / 1024


def main() -> None:
    """Measure in turns and print the medians."""
    there = {
        name: arguments
        for name, (module, arguments) in CONTENDERS.items()
        if module is None or importlib.util.find_spec(module)
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in there}
    for _ in range(ROUNDS):
        for name, arguments in there.items():
            times[name].append(run(arguments))
    for name, rounds in times.items():
        seconds = statistics.median(second for second, _ in rounds)
        memory = max(megabytes for _, megabytes in rounds)
        print(f"{name:<22} {seconds:6.2f} s {memory:7.0f} MB")


if __name__ == "__main__":
    main()
