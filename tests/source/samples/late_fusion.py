"""A picture and a vector of facts about it, joined before the head; the facts may be left out."""

import torch
from torch import nn


class Fusion(nn.Module):
    def __init__(self, facts=12, classes=5):
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.facts = nn.Linear(facts, 8)
        self.head = nn.Linear(16 + 8, classes)

    def forward(self, image, facts, scale=None):
        x = torch.cat([self.image(image), torch.relu(self.facts(facts))], dim=1)
        if scale is not None:
            x = x * scale
        return self.head(x)
