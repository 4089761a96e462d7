"""A conditional GAN: both halves take a class beside what they work on."""

import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self, classes=10, noise=100):
        super().__init__()
        self.label_emb = nn.Embedding(classes, classes)
        self.model = nn.Sequential(
            nn.Linear(noise + classes, 128),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(128, 256),
            nn.BatchNorm1d(256, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 28 * 28),
            nn.Tanh(),
        )

    def forward(self, noise, labels):
        x = torch.cat((self.label_emb(labels), noise), -1)
        return self.model(x).view(x.size(0), 1, 28, 28)


class Discriminator(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.label_embedding = nn.Embedding(classes, classes)
        self.model = nn.Sequential(
            nn.Linear(classes + 28 * 28, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(0.4),
            nn.Linear(512, 1),
        )

    def forward(self, img, labels):
        flat = torch.cat((img.view(img.size(0), -1), self.label_embedding(labels)), -1)
        return self.model(flat)
