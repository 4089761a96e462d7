"""Modules in lists and dictionaries, found by name."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import Conv2d as C


class Stage(nn.Sequential):
    def __init__(self, width: int, depth: int):
        super().__init__()
        for i in range(depth):
            self.add_module(f"conv{i}", C(width, width, 3, padding=1, bias=False))
            self.add_module(f"act{i}", nn.SELU())


class Net(nn.Module):
    def __init__(self, widths=(8, 16, 32), depth=2):
        super().__init__()
        self.stem = nn.Sequential(OrderedDict([("conv", C(3, widths[0], 3)), ("act", nn.ELU())]))
        self.stages = nn.ModuleList([Stage(width, depth) for width in widths])
        self.downs = nn.ModuleList()
        for before, after in zip(widths, widths[1:]):
            self.downs.append(C(before, after, 2, stride=2))
        self.heads = nn.ModuleDict({"small": nn.Linear(widths[-1], 5), "wide": nn.Linear(32, 50)})
        self.names = [name for name, _ in self.stem.named_children()]
        for i in range(2):
            setattr(self, f"extra{i}", nn.PReLU(widths[-1] if i else 1))

    def forward(self, x):
        x = self.stem(x)
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i < len(self.downs):
                x = self.downs[i](x)
        for i in range(2):
            x = getattr(self, f"extra{i}")(x)
        x = x.mean([2, 3])
        return {name: head(x) for name, head in self.heads.items()}
