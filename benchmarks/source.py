"""How long a network takes from its source, as a whole process, beside torch's way.

    python benchmarks/source.py --wheels .ci/wheels              # 10 rounds
    python benchmarks/source.py --wheels .ci/wheels --rounds 30

Six processes take turns in every round:

    echo         a Typer app that only echoes
    source       cnncalc params torchvision/models/resnet.py:resnet50 -i 3x224x224 --json
    package      cnncalc params torchvision:resnet50 -i 3x224x224 --json --path …
    import       cnncalc params net.py -i 3x224x224 --json --path …, which imports it
    torchvision  import torch and torchvision, build resnet50, run torchinfo's summary of it
    torch        the same without torchvision: the classes of that one file, beside torch alone

To reach: `source`, `package` and `import` at most 1.7 times `echo`, and `torchvision` at least 10
times `source`. The last two are left out where torch or torchinfo is not installed, `torchvision`
also without pillow. torchvision is the wheel's Python part (`pip download --no-deps torchvision`):
its compiled part fits few builds of torch, isn't needed for a ResNet, and would only add to the
time.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from turns import APP, ROOT, in_turns, piped, ratio, show

AT_MOST, AT_LEAST = 1.7, 10.0

# What people run. The two operators are declared since their compiled part isn't there.
TORCHVISION = """
import torch
operators = torch.library.Library("torchvision", "DEF")
operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision
from torchinfo import summary

print(summary(torchvision.models.resnet50(), (1, 3, 224, 224), verbose=0).total_params)
"""

# What people write around it.
IMPORT = """
from torch import nn
from torchvision.models import resnet50


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet50(weights=None)

    def forward(self, x):
        return self.backbone(x)
"""

# The same classes without torchvision's own imports.
TORCH = """
import sys, types
import torch
from torchinfo import summary

text = open(sys.argv[1]).read()
lines = [line for line in text.splitlines() if not line.startswith("from ..") and not line.startswith("from ._")]
cut = next(i for i, line in enumerate(lines) if line.startswith("def _resnet("))
module = {"_log_api_usage_once": lambda x: None, "__name__": "resnet"}
exec("\\n".join(lines[:cut]), module)
model = module["ResNet"](module["Bottleneck"], [3, 4, 6, 3])
print(summary(model, (1, 3, 224, 224), verbose=0).total_params)
"""  # noqa: E501


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--wheels", type=Path, default=ROOT / ".ci" / "wheels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), options.wheels, options.rounds)
    show(seconds)
    for name in ("source", "package", "import"):
        print(f"{name} / echo: {ratio(seconds, name, 'echo'):.2f}, to reach: at most {AT_MOST}")
    for name in ("torchvision", "torch"):
        if name in seconds:
            print(f"{name} / source: {ratio(seconds, name, 'source'):.1f}", end="")
            print(f", to reach: {AT_LEAST}" if name == "torchvision" else "")


def measure(folder: Path, wheels: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each process in each round."""
    (wheel,) = sorted(wheels.glob("torchvision-*.whl"))[-1:]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [n for n in archive.namelist() if n.endswith(".py")])
    resnet = str(folder / "torchvision" / "models" / "resnet.py")
    (folder / "app.py").write_text(APP)
    (folder / "whole.py").write_text(TORCHVISION)
    (folder / "build.py").write_text(TORCH)
    (folder / "net.py").write_text(IMPORT)
    ours, shown = ["-m", "cnncalc", "params"], ["-i", "3x224x224", "--json"]
    found = [*shown, "--path", str(folder)]
    runs = {
        "echo": [str(folder / "app.py"), "echo", "hi"],
        "source": [*ours, f"{resnet}:resnet50", *shown],
        "package": [*ours, "torchvision:resnet50", *found],
        "import": [*ours, str(folder / "net.py"), *found],
    }
    if find_spec("torch") and find_spec("torchinfo"):
        if find_spec("PIL"):
            runs["torchvision"] = [str(folder / "whole.py")]
        runs["torch"] = [str(folder / "build.py"), resnet]
    return in_turns({name: (words, piped) for name, words in runs.items()}, folder, rounds)


if __name__ == "__main__":
    main()
