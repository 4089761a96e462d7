"""Networks in the styles that people write, as live modules.

The first group torch.fx can trace; the second asks for sizes, and only torch.export follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.base import Shape

__all__ = ["ASKING", "TRACED"]

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:  # the tests skip
    TRACED: dict[str, tuple[Callable[[], Any], Shape]] = {}
    ASKING: dict[str, tuple[Callable[[], Any], Shape]] = {}
else:

    def conv(c: int, n: int, k: int = 3, s: int = 1, groups: int = 1) -> Any:
        """A convolution with its norm and activation."""
        return nn.Sequential(
            nn.Conv2d(c, n, k, s, k // 2, groups=groups, bias=False),
            nn.BatchNorm2d(n),
            nn.ReLU(inplace=True),
        )

    class Dense(nn.Module):
        """DenseNet: what came before is handed on."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = conv(3, 8)
            self.layers = nn.ModuleList(conv(8 + 4 * n, 4) for n in range(3))
            self.pool = nn.AvgPool2d(2)
            self.head = nn.Linear(20, 10)

        def forward(self, x: Any) -> Any:
            features = [self.stem(x)]
            for layer in self.layers:
                features.append(layer(torch.cat(features, 1)))
            x = F.relu(self.pool(torch.cat(features, 1)), inplace=True)
            return self.head(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))

    class Inception(nn.Module):
        """Branches of several kernels, and a pool that keeps the size."""

        def __init__(self) -> None:
            super().__init__()
            self.one = conv(3, 4, 1)
            self.three = nn.Sequential(conv(3, 4, 1), conv(4, 6))
            self.five = nn.Sequential(conv(3, 2, 1), conv(2, 4, 5))
            self.after = conv(3, 2, 1)

        def forward(self, x: Any) -> Any:
            pooled = F.max_pool2d(x, 3, stride=1, padding=1)
            return torch.cat([self.one(x), self.three(x), self.five(x), self.after(pooled)], dim=1)

    class Squeeze(nn.Module):
        """Squeeze and excitation, hard activations."""

        def __init__(self, c: int) -> None:
            super().__init__()
            self.down = nn.Conv2d(c, c // 4, 1)
            self.up = nn.Conv2d(c // 4, c, 1)

        def forward(self, x: Any) -> Any:
            scale = self.down(x.mean([2, 3], keepdim=True))
            return x * F.hardsigmoid(self.up(F.relu(scale)))

    class Mobile(nn.Module):
        """MobileNetV3: inverted residuals."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish())
            self.wide = conv(8, 16, 1)
            self.deep = conv(16, 16, 5, groups=16)
            self.squeeze = Squeeze(16)
            self.thin = nn.Conv2d(16, 8, 1)
            self.drop = nn.Dropout(0.2)
            self.head = nn.Sequential(
                nn.Linear(8, 16), nn.Hardswish(inplace=True), nn.Linear(16, 5)
            )

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            x = x + self.thin(self.squeeze(self.deep(self.wide(x))))
            return self.head(self.drop(x.mean((2, 3))))

    class Shuffle(nn.Module):
        """ShuffleNetV2: halves, and channels shuffled by hand."""

        def __init__(self) -> None:
            super().__init__()
            self.branch = nn.Sequential(conv(4, 4, 1), conv(4, 4, groups=4))

        def forward(self, x: Any) -> Any:
            one, two = x.chunk(2, dim=1)
            x = torch.cat((one, self.branch(two)), dim=1)
            batch, channels, height, width = x.shape
            x = x.view(batch, 2, channels // 2, height, width)
            return torch.transpose(x, 1, 2).contiguous().view(batch, -1, height, width)

    class Next(nn.Module):
        """ConvNeXt: channels last inside, a scale for each channel."""

        def __init__(self) -> None:
            super().__init__()
            self.deep = nn.Conv2d(8, 8, 7, padding=3, groups=8)
            self.norm = nn.LayerNorm(8)
            self.wide = nn.Linear(8, 32)
            self.act = nn.GELU()
            self.thin = nn.Linear(32, 8)
            self.gamma = nn.Parameter(torch.ones(8))

        def forward(self, x: Any) -> Any:
            y = self.norm(self.deep(x).permute(0, 2, 3, 1))
            y = self.gamma * self.thin(self.act(self.wide(y)))
            return x + y.permute(0, 3, 1, 2)

    class Pyramid(nn.Module):
        """A feature pyramid: several outputs, maps stretched and added."""

        def __init__(self) -> None:
            super().__init__()
            self.c1, self.c2 = conv(3, 8, s=2), conv(8, 16, s=2)
            self.side1, self.side2 = nn.Conv2d(8, 4, 1), nn.Conv2d(16, 4, 1)
            self.smooth = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x: Any) -> Any:
            one = self.c1(x)
            two = self.side2(self.c2(one))
            one = self.side1(one) + F.interpolate(two, scale_factor=2.0, mode="nearest")
            return [self.smooth(one), self.smooth(two)]

    class Atrous(nn.Module):
        """DeepLab's pyramid of dilated convolutions, resized to its input."""

        def __init__(self) -> None:
            super().__init__()
            self.convs = nn.ModuleList(nn.Conv2d(4, 2, 3, padding=d, dilation=d) for d in (1, 2, 4))
            self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 2, 1), nn.ReLU())
            self.norm = nn.GroupNorm(2, 8)

        def forward(self, x: Any) -> Any:
            found = [each(x) for each in self.convs]
            size = x.shape[-2:]
            found.append(
                F.interpolate(self.pool(x), size=size, mode="bilinear", align_corners=False)
            )
            return F.leaky_relu(self.norm(torch.cat(found, 1)), 0.1)

    class Causal(nn.Module):
        """WaveNet: padded before, gated, with a skip."""

        def __init__(self) -> None:
            super().__init__()
            self.convs = nn.ModuleList(nn.Conv1d(4, 8, 2, dilation=2**n) for n in range(3))
            self.out = nn.Conv1d(4, 4, 1)

        def forward(self, x: Any) -> Any:
            skips = 0
            for place, each in enumerate(self.convs):
                y = each(F.pad(x, (2**place, 0)))
                y = torch.tanh(y[:, :4]) * torch.sigmoid(y[:, 4:])
                y = self.out(y)
                x, skips = x + y, y + skips
            return F.log_softmax(skips, dim=1)

    class Video(nn.Module):
        """Three axes."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv3d(3, 4, (1, 3, 3), padding=(0, 1, 1))
            self.time = nn.Conv3d(4, 4, (3, 1, 1), padding=(1, 0, 0))
            self.pool = nn.MaxPool3d((1, 2, 2))
            self.fc = nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            x = self.pool(F.elu(self.time(F.selu(self.conv(x)))))
            return self.fc(torch.flatten(F.adaptive_avg_pool3d(x, 1), 1))

    class Super(nn.Module):
        """Super-resolution: pixels out of channels, a fixed scale and offset."""

        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.PReLU())
            self.tail = nn.Sequential(nn.Conv2d(8, 4, 3, padding=1), nn.PixelShuffle(2))
            self.register_buffer("mean", torch.zeros(1, 1, 1, 1))

        def forward(self, x: Any) -> Any:
            x = self.tail(self.body((x - 0.5) / 0.25))
            return (x * 0.25 + 0.5).clamp(0, 1)

    class Own(nn.Module):
        """Weights of its own in functions, one of them frozen."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(6, 3, 3, 3))
            self.bias = nn.Parameter(torch.zeros(6), requires_grad=False)
            self.fc = nn.Linear(6, 4)
            self.fc.bias.requires_grad = False
            self.spare = nn.Parameter(torch.zeros(5))

        def forward(self, x: Any) -> Any:
            x = F.relu6(F.conv2d(x, self.weight, self.bias, stride=2, padding=1))
            x = F.avg_pool2d(x, x.shape[2:]).squeeze(-1).squeeze(-1)
            return F.linear(x, self.fc.weight, self.fc.bias)

    class Crop(nn.Module):
        """A U-Net that looks whether its maps fit."""

        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = conv(3, 8), nn.ConvTranspose2d(8, 8, 2, stride=2)
            self.head = nn.Conv2d(16, 2, 1)
            self.id = nn.Identity()

        def forward(self, x: Any) -> Any:
            left = self.down(x)
            right = self.up(F.max_pool2d(left, 2))
            if right.shape != left.shape:
                high, wide = (left.shape[n] - right.shape[n] for n in (2, 3))
                right = F.pad(right, [wide // 2, wide - wide // 2, high // 2, high - high // 2])
            return self.id(self.head(torch.cat([left, right], dim=1)))

    class Checked(nn.Module):
        """Assertions on sizes, and a loop over one of them."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.act = nn.SiLU()

        def forward(self, x: Any, again: int = 2) -> Any:
            assert x.dim() == 4, x.dim()
            if x.shape[1] != 4:
                raise ValueError("four channels")
            while x.shape[2] > 4:
                for _ in range(again):
                    x = self.act(self.conv(x))
                x = F.avg_pool2d(x, 2)
            return torch.stack([x[:, :, 0], x.amax(2)], dim=1)

    class Wide(nn.Module):
        """Depends on the size: small maps are stretched first, in words of every kind."""

        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(1, 6, 1, 1))
            self.norm = nn.LayerNorm([6, 8, 8])
            self.conv = nn.Conv2d(6, 6, 3, padding="same", groups=3, padding_mode="reflect")

        def forward(self, x: Any) -> Any:
            if x.size(-1) < 8:
                x = F.interpolate(x, scale_factor=(2.0, 2.0), mode="bilinear")
            x = self.norm(self.conv(x)) * self.gain
            a, b, c = torch.split(x, [1, 2, 3], dim=1)
            x = torch.cat([c.neg(), b.abs() + 1, 2 - a], 1)
            x = F.softplus(x).sub_(1).reshape(x.shape[0], 2, -1).transpose(1, 2)
            return F.softmax(x.unsqueeze(1), dim=-1).squeeze(1).sum(dim=2)

    TRACED = {
        "dense": (Dense, (3, 16, 16)),
        "inception": (Inception, (3, 9, 9)),
        "mobile": (Mobile, (3, 17, 17)),
        "shuffle": (Shuffle, (8, 6, 6)),
        "next": (Next, (8, 9, 7)),
        "pyramid": (Pyramid, (3, 16, 16)),
        "atrous": (Atrous, (4, 12, 12)),
        "causal": (Causal, (4, 20)),
        "video": (Video, (3, 4, 8, 8)),
        "super": (Super, (1, 6, 6)),
        "own": (Own, (3, 8, 8)),
    }
    ASKING = {
        "crop": (Crop, (3, 13, 17)),
        "checked": (Checked, (4, 16, 16)),
        "wide": (Wide, (6, 4, 4)),
        "wide at another size": (Wide, (6, 8, 8)),
    }
