"""The number of features found by a trial run; one axis and three axes."""

import torch
from torch import nn


class Audio(nn.Module):
    def __init__(self, input_shape=(1, 4000), n_classes=35):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, 16, kernel_size=80, stride=16),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.MaxPool1d(4),
        )
        n = self._features(input_shape)
        self.fc = nn.Linear(n, n_classes)

    def _features(self, shape):
        x = torch.rand(1, *shape)
        out = self.conv(x)
        return int(out.numel() // out.size(0))

    def forward(self, x):
        x = self.conv(x)
        return self.fc(x.reshape(x.shape[0], -1))


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv3d(3, 8, kernel_size=(3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3))
        self.pool = nn.AdaptiveAvgPool3d((1, 1, 1))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = self.pool(x).squeeze(-1).squeeze(-1).squeeze(-1)
        return torch.softmax(self.fc(x), dim=-1)
