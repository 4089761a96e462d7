"""Down and up again, with the pool's indices and output padding."""

import torch
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self, base=8):
        super().__init__()
        self.down = nn.Conv2d(1, base, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(2, stride=2, return_indices=True)
        self.mid = nn.Conv2d(base, base, 1)
        self.unpool = nn.MaxUnpool2d(2, stride=2)
        self.up = nn.ConvTranspose2d(base, 1, 3, stride=2, padding=1, output_padding=1)

    def encode(self, x):
        return self.pool(torch.relu(self.down(x)))

    def forward(self, x):
        size = x.size()
        z, indices = self.encode(x)
        z = self.mid(z)
        y = self.unpool(z, indices)
        y = torch.sigmoid(self.up(y))
        assert y.shape[-2:] == size[-2:]
        return y, z
