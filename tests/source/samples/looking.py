"""Convolutional networks that look around: non-local, CBAM, SAGAN's attention, cross-attention."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class NonLocal(nn.Module):
    """Embedded Gaussian, with a pool before keys and values."""

    def __init__(self, in_channels, inter_channels=None, sub_sample=True):
        super().__init__()
        self.inter_channels = inter_channels or max(in_channels // 2, 1)
        self.g = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.theta = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.phi = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.W = nn.Sequential(
            nn.Conv2d(self.inter_channels, in_channels, 1), nn.BatchNorm2d(in_channels)
        )
        if sub_sample:
            self.g = nn.Sequential(self.g, nn.MaxPool2d(2))
            self.phi = nn.Sequential(self.phi, nn.MaxPool2d(2))

    def forward(self, x):
        batch_size = x.size(0)
        g_x = self.g(x).view(batch_size, self.inter_channels, -1)
        g_x = g_x.permute(0, 2, 1)
        theta_x = self.theta(x).view(batch_size, self.inter_channels, -1)
        theta_x = theta_x.permute(0, 2, 1)
        phi_x = self.phi(x).view(batch_size, self.inter_channels, -1)
        f = torch.matmul(theta_x, phi_x)
        y = torch.matmul(F.softmax(f, dim=-1), g_x)
        y = y.permute(0, 2, 1).contiguous()
        y = y.view(batch_size, self.inter_channels, *x.size()[2:])
        return self.W(y) + x


class ChannelAttention(nn.Module):
    def __init__(self, planes, ratio=4):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.max_pool = nn.AdaptiveMaxPool2d(1)
        self.fc = nn.Sequential(
            nn.Conv2d(planes, planes // ratio, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(planes // ratio, planes, 1, bias=False),
        )
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return self.sigmoid(self.fc(self.avg_pool(x)) + self.fc(self.max_pool(x)))


class SpatialAttention(nn.Module):
    def __init__(self, kernel_size=7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        avg_out = torch.mean(x, dim=1, keepdim=True)
        max_out, _ = torch.max(x, dim=1, keepdim=True)
        return self.sigmoid(self.conv(torch.cat([avg_out, max_out], dim=1)))


class SelfAttention(nn.Module):
    """SAGAN's, by `bmm`, with a learned weight of its own."""

    def __init__(self, in_dim):
        super().__init__()
        self.query_conv = nn.Conv2d(in_dim, in_dim // 8, 1)
        self.key_conv = nn.Conv2d(in_dim, in_dim // 8, 1)
        self.value_conv = nn.Conv2d(in_dim, in_dim, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        b, c, w, h = x.size()
        query = self.query_conv(x).view(b, -1, w * h).permute(0, 2, 1)
        key = self.key_conv(x).view(b, -1, w * h)
        attention = F.softmax(torch.bmm(query, key), dim=-1)
        value = self.value_conv(x).view(b, -1, w * h)
        out = torch.bmm(value, attention.permute(0, 2, 1)).view(b, c, w, h)
        return self.gamma * out + x, attention


class CrossAttention(nn.Module):
    """Queries of a vector's own, by `@`, the scores scaled by hand."""

    def __init__(self, dim, heads):
        super().__init__()
        self.h, self.d_k = heads, dim // heads
        self.linears = nn.ModuleList([nn.Linear(dim, dim) for _ in range(4)])

    def forward(self, query, key, value):
        nbatches = query.size(0)
        query, key, value = [
            lin(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for lin, x in zip(self.linears, (query, key, value))
        ]
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.d_k)
        x = scores.softmax(dim=-1) @ value
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.linears[-1](x)


class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU())
        self.looks = NonLocal(16)
        self.ca, self.sa = ChannelAttention(16), SpatialAttention()
        self.attn = SelfAttention(16)
        self.cross = CrossAttention(16, 4)
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = self.looks(self.stem(x))
        x = self.ca(x) * x
        x = self.sa(x) * x
        x, _ = self.attn(x)
        memory = x.flatten(2).permute(0, 2, 1)
        mean = memory.mean(1, keepdim=True)
        return self.fc(self.cross(mean, memory, memory).squeeze(1))
