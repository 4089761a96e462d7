"""A network from a configuration: dataclasses, enums, partials, lambdas, type hints."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Callable, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn


class Activation(Enum):
    RELU = "relu"
    GELU = "gelu"


class Stage(NamedTuple):
    width: int
    depth: int
    stride: int = 1


@dataclass
class Config:
    stages: List[Stage] = field(default_factory=lambda: [Stage(16, 1), Stage(24, 2, 2)])
    activation: Activation = Activation.RELU
    width_mult: float = 1.0
    n_classes: int = 7
    dropout: Optional[float] = None

    def __post_init__(self) -> None:
        self.stages = [s._replace(width=self.scaled(s.width)) for s in self.stages]

    def scaled(self, width: int, divisor: int = 8) -> int:
        return max(divisor, int(width * self.width_mult + divisor / 2) // divisor * divisor)

    @property
    def last(self) -> int:
        return self.stages[-1].width


ACTIVATIONS = {Activation.RELU: partial(nn.ReLU, inplace=True), Activation.GELU: nn.GELU}


class ConvBN(nn.Sequential):
    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int = 3,
        stride: int = 1,
        act: Optional[Callable[..., nn.Module]] = None,
        *,
        groups: int = 1,
    ) -> None:
        pad = (kernel - 1) // 2
        layers: list[nn.Module] = [
            nn.Conv2d(c_in, c_out, kernel, stride, pad, groups=groups, bias=False),
            nn.BatchNorm2d(c_out, eps=1e-3),
        ]
        if act is not None:
            layers.append(act())
        super().__init__(*layers)


class Net(nn.Module):
    def __init__(self, config: Config | None = None, **kwargs) -> None:
        super().__init__()
        self.config = config = config or Config(**kwargs)
        act = ACTIVATIONS[config.activation]
        make: Callable[[int, int, int], nn.Module] = lambda i, o, s: ConvBN(i, o, 3, s, act)
        widths = [3] + [s.width for s in config.stages]
        blocks = []
        for c_in, stage in zip(widths, config.stages):
            rest = [make(stage.width, stage.width, 1) for _ in range(1, stage.depth)]
            blocks.append(nn.Sequential(make(c_in, stage.width, stage.stride), *rest))
        self.blocks = nn.Sequential(*blocks)
        self.drop = nn.Dropout(config.dropout) if config.dropout else nn.Identity()
        self.head = nn.Linear(config.last, config.n_classes)
        self.scale = math.sqrt(config.last) / math.sqrt(config.last)

    @torch.no_grad()
    def reset(self) -> None:
        for m in filter(lambda m: isinstance(m, nn.Linear), self.modules()):
            m.weight.mul_(0)

    def features(self, x: Tensor) -> Tuple[Tensor, ...]:
        out = []
        for block in self.blocks:
            x = block(x)
            out.append(x)
        return tuple(out)

    def forward(self, x: Tensor) -> Tensor:
        *_, x = self.features(x)
        if (n := x.shape[-1]) > 1:
            x = nn.functional.avg_pool2d(x, n)
        x = torch.flatten(x, start_dim=1)
        return self.head(self.drop(x)) * self.scale
