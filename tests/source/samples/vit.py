"""A vision transformer as tutorials write it out, heads by einsum, no layer of attention."""

import torch
import torch.nn.functional as F
from torch import nn


def pair(size):
    return size if isinstance(size, tuple) else (size, size)


class PatchEmbedding(nn.Module):
    def __init__(self, channels, dim, image, patch):
        super().__init__()
        (h, w), (p, q) = pair(image), pair(patch)
        assert h % p == 0 and w % q == 0, "the image must be whole patches"
        self.count = (h // p) * (w // q)
        self.projection = nn.Conv2d(channels, dim, kernel_size=(p, q), stride=(p, q))
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.positions = nn.Parameter(torch.randn(self.count + 1, dim))

    def forward(self, x):
        b, _, _, _ = x.shape
        x = self.projection(x).flatten(2).transpose(1, 2)
        tokens = self.cls_token.expand(b, -1, -1)
        x = torch.cat([tokens, x], dim=1)
        return x + self.positions


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads=4, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        b, n, d = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        energy = torch.einsum("bhqd,bhkd->bhqk", q, k) * self.scale
        if mask is not None:
            energy = energy.masked_fill(~mask, float("-inf"))
        weights = self.dropout(F.softmax(energy, dim=-1))
        out = torch.einsum("bhal,bhlv->bhav", weights, v)
        return self.projection(out.transpose(1, 2).reshape(b, n, d))


class Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x, **options):
        return self.fn(x, **options) + x


class Block(nn.Sequential):
    def __init__(self, dim, heads, expansion=4, dropout=0.0):
        super().__init__(
            Residual(nn.Sequential(nn.LayerNorm(dim), MultiHeadAttention(dim, heads, dropout))),
            Residual(
                nn.Sequential(
                    nn.LayerNorm(dim),
                    nn.Linear(dim, expansion * dim),
                    nn.GELU(),
                    nn.Dropout(dropout),
                    nn.Linear(expansion * dim, dim),
                )
            ),
        )


class ViT(nn.Module):
    def __init__(self, image=32, patch=8, dim=48, depth=3, heads=4, classes=10, pool="cls"):
        super().__init__()
        self.embedding = PatchEmbedding(3, dim, image, patch)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.pool = pool
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))

    def forward(self, x):
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x)
        x = x.mean(dim=1) if self.pool == "mean" else x[:, 0]
        return self.head(x)
