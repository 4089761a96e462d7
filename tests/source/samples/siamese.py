"""A siamese network: one branch, run on two pictures."""

import torch
from torch import nn


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Linear(16 * 4 * 4, 32)
        self.out = nn.Linear(32, 1)

    def once(self, x):
        return torch.sigmoid(self.head(self.features(x).flatten(1)))

    def forward(self, left, right):
        return self.out(torch.abs(self.once(left) - self.once(right)))
