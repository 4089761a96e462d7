"""Makes the torch_*.onnx files of this folder, with torch 2.13, onnx and onnxscript.

`python make_torch.py FOLDER`. Notes that exporters leave in the nodes are taken out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    """Sizes asked for while it runs: pad to the skip, resize by a factor."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
        self.b = nn.Sequential(
            nn.Conv2d(8, 16, 3, padding=1, stride=2), nn.InstanceNorm2d(16, affine=True), nn.GELU()
        )
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.c = nn.Conv2d(16, 3, 1)

    def forward(self, x: Any) -> Any:
        a = self.a(x)
        u = self.up(self.b(a))
        dy, dx = a.size(2) - u.size(2), a.size(3) - u.size(3)
        u = F.pad(u, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return F.interpolate(self.c(torch.cat([a, u], 1)), scale_factor=2, mode="bilinear")


class Layers(nn.Module):
    """Many kinds of layers, some of which exporters write in small operators."""

    def __init__(self) -> None:
        super().__init__()
        self.c = nn.Conv2d(3, 16, 3, padding=1, padding_mode="reflect")
        self.ln, self.fc = nn.LayerNorm(16), nn.Linear(16, 32)
        self.back = nn.Linear(32, 16, bias=False)
        self.g = nn.Parameter(torch.full((16, 1, 1), 0.5))
        self.lrn, self.hs = nn.LocalResponseNorm(3), nn.Hardswish()
        self.ps, self.pr = nn.PixelShuffle(2), nn.PReLU(4)
        self.out = nn.Linear(4 * 8 * 8, 10)

    def forward(self, x: Any) -> Any:
        x = self.c(x) * self.g
        t = F.gelu(self.fc(self.ln(x.permute(0, 2, 3, 1))))
        x = self.lrn(self.hs(x + self.back(t).permute(0, 3, 1, 2)))
        a, b = x.chunk(2, 1)
        x = torch.cat([torch.sigmoid(a) * b, F.relu6(b)], 1)
        x = F.avg_pool2d(F.adaptive_avg_pool2d(self.pr(self.ps(x)), 8), 3, 1, 1)
        return F.log_softmax(self.out(x.view(x.size(0), -1)), 1)


class Conv1d(nn.Module):
    """One axis, weight norm, a layer used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.bn = nn.Conv1d(2, 8, 5, stride=2, bias=False), nn.BatchNorm1d(8)
        self.mp = nn.MaxPool1d(3, 2, ceil_mode=True)
        self.c2 = nn.Conv1d(8, 8, 3, groups=8, dilation=2)
        self.wn = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 4, 3))
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        x = F.softplus(self.c2(self.mp(F.elu(self.bn(self.c1(x))))))
        x = torch.clamp(F.mish(self.wn(x)), -1, 1)
        x = x / (x.norm(dim=1, keepdim=True) + 1e-6)
        return self.fc(self.fc(x[:, :, 1:-1].mean(2))).softmax(-1)


def stripped(path: Path) -> None:
    """Without what an exporter tells of its machine."""
    model = onnx.load(path)
    model.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for part in (*model.graph.output, *model.graph.initializer):
        part.ClearField("metadata_props")
    onnx.save(model, path)


def main(folder: Path) -> None:
    """Export each model its own way."""
    torch.manual_seed(0)
    unet, layers, conv = UNet().eval(), Layers().eval(), Conv1d().eval()
    open_axes = {"x": {0: "n", 2: "h", 3: "w"}}
    paths = [
        folder / f"torch_{n}.onnx" for n in ("unet_dynamic", "layers_dynamo", "conv1d_opset11")
    ]
    torch.onnx.export(
        unet, torch.zeros(1, 3, 33, 47), paths[0], dynamo=False, opset_version=17,
        input_names=["x"], dynamic_axes=open_axes,
    )  # fmt: skip
    torch.onnx.export(
        layers, (torch.zeros(1, 3, 16, 16),), paths[1], dynamo=True, external_data=False
    )
    torch.onnx.export(
        conv, torch.zeros(1, 2, 64), paths[2], dynamo=False, opset_version=11,
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
    )  # fmt: skip
    for path in paths:
        stripped(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
