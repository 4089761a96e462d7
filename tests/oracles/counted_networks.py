"""The networks of counts.jsonl that torchvision doesn't have, as people write them in PyTorch.

`record_counts.py` runs them, and the tests read this file, which nobody imports there.
"""

import torch
from torch import nn
from torch.nn import functional as F


def small():
    """The worked layers of docs/conventions.md."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


def layers():
    """One of each kind that tools have a rule for."""
    return nn.Sequential(
        nn.ZeroPad2d(1),
        nn.Conv2d(3, 16, 3, bias=False),
        nn.GroupNorm(4, 16),
        nn.SiLU(),
        nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.InstanceNorm2d(16, affine=True),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 1),
        nn.BatchNorm2d(32, affine=False),
        nn.PReLU(),
        nn.AvgPool2d(3, 2, 1),
        nn.ConvTranspose2d(32, 16, 2, 2),
        nn.ReLU6(),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.ELU(),
        nn.Upsample(scale_factor=2),
        nn.AdaptiveMaxPool2d(16),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(6),
        nn.Flatten(),
        nn.LayerNorm(288),
        nn.Dropout(),
        nn.Linear(288, 10),
        nn.Softmax(dim=1),
    )


def volumes():
    """Three axes."""
    return nn.Sequential(
        nn.Conv3d(1, 8, 3, padding=1),
        nn.BatchNorm3d(8),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Conv3d(8, 16, (1, 3, 3), bias=False),
        nn.ReLU(),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(16, 4, bias=False),
    )


def sound():
    """One axis."""
    return nn.Sequential(
        nn.Conv1d(1, 16, 9, stride=4),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.AvgPool1d(4),
        nn.ConvTranspose1d(16, 8, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 35),
    )


class Twice(nn.Module):
    """Two convolutions of a U-Net."""

    def __init__(self, i, o):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(),
            nn.Conv2d(o, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    """A U-Net with padding and batch normalization, as most implementations have it."""

    def __init__(self, channels=3, classes=2, width=64):
        super().__init__()
        self.down1 = Twice(channels, width)
        self.down2 = Twice(width, 2 * width)
        self.down3 = Twice(2 * width, 4 * width)
        self.down4 = Twice(4 * width, 8 * width)
        self.down5 = Twice(8 * width, 16 * width)
        self.pool = nn.MaxPool2d(2)
        self.up4 = nn.ConvTranspose2d(16 * width, 8 * width, 2, 2)
        self.join4 = Twice(16 * width, 8 * width)
        self.up3 = nn.ConvTranspose2d(8 * width, 4 * width, 2, 2)
        self.join3 = Twice(8 * width, 4 * width)
        self.up2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, 2)
        self.join2 = Twice(4 * width, 2 * width)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.join1 = Twice(2 * width, width)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        x1 = self.down1(x)
        x2 = self.down2(self.pool(x1))
        x3 = self.down3(self.pool(x2))
        x4 = self.down4(self.pool(x3))
        x = self.down5(self.pool(x4))
        x = self.join4(torch.cat([x4, self.up4(x)], 1))
        x = self.join3(torch.cat([x3, self.up3(x)], 1))
        x = self.join2(torch.cat([x2, self.up2(x)], 1))
        x = self.join1(torch.cat([x1, self.up1(x)], 1))
        return self.head(x)


class Functional(nn.Module):
    """What has no weights, called as functions: tools that ask modules don't see it."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.fc(x)


class Block(nn.Module):
    """A block of a transformer, normalization first."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        y = self.norm1(x)
        y, _ = self.attention(y, y, y, need_weights=False)
        x = x + y
        return x + self.mlp(self.norm2(x))


class Attention(nn.Module):
    """A vision transformer of two blocks."""

    def __init__(self, width=64):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, stride=4)
        self.blocks = nn.Sequential(Block(width, 4), Block(width, 4))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = self.norm(self.blocks(x))
        return self.head(x.mean(1))


class LongShortTermMemory(nn.Module):
    """Two layers, both ways."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(32, 64, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        x, _ = self.lstm(x)
        return self.head(x[:, -1])


class GatedRecurrentUnit(nn.Module):
    """One layer, without biases."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(32, 64, batch_first=True, bias=False)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x, _ = self.gru(x)
        return self.head(x[:, -1])
