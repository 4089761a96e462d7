"""Weights of its own, a module used twice, one never used, and statistics written out."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class LayerNorm(nn.Module):
    """LayerNorm for channels first or last, as ConvNeXt's authors write it."""

    def __init__(self, normalized_shape, eps=1e-6, data_format="channels_last"):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(normalized_shape))
        self.bias = nn.Parameter(torch.zeros(normalized_shape))
        self.eps = eps
        self.data_format = data_format
        if self.data_format not in ["channels_last", "channels_first"]:
            raise NotImplementedError
        self.normalized_shape = (normalized_shape,)

    def forward(self, x):
        if self.data_format == "channels_last":
            return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        x = (x - u) / torch.sqrt(s + self.eps)
        x = self.weight[:, None, None] * x + self.bias[:, None, None]
        return x


class StdConv2d(nn.Conv2d):
    """A convolution with standardised weights."""

    def forward(self, x):
        w = self.weight
        v, m = torch.var_mean(w, dim=[1, 2, 3], keepdim=True, unbiased=False)
        w = (w - m) / torch.sqrt(v + 1e-5)
        return F.conv2d(x, w, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Net(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.stem = StdConv2d(3, dim, 3, padding=1)
        self.norm = LayerNorm(dim, data_format="channels_first")
        self.shared = nn.Conv2d(dim, dim, 3, padding=1)
        self.gamma = nn.Parameter(1e-6 * torch.ones((dim)), requires_grad=True)
        self.position = nn.Parameter(torch.zeros(1, dim, 8, 8))
        self.register_buffer("mean", torch.tensor([0.5, 0.5, 0.5]).view(1, 3, 1, 1))
        self.unused = nn.Linear(10, 10)
        self.last = LayerNorm(dim)
        self.proj = nn.Parameter(torch.randn(dim, 4))

    def forward(self, x):
        x = self.stem((x - self.mean) / 0.25)
        x = self.norm(x)
        x = F.gelu(self.shared(F.gelu(self.shared(x))))
        x = x + self.position
        x = x.permute(0, 2, 3, 1)
        x = self.last(self.gamma * x)
        x = x.mean(dim=(1, 2))
        return x @ self.proj
