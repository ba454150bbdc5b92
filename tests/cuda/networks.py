"""Networks for a device."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(size, 4, batch_first=True)
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.feed = nn.Sequential(nn.Linear(size, 4 * size), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4 * size, size))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        H = self.first(X)
        X = X + self.attention(H, H, H, need_weights=False)[0]
        return X + self.feed(self.second(X))


class Encoder(nn.Module):
    def __init__(self, size: int = 64, blocks: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, size)
        self.blocks = nn.Sequential(*[Block(size) for _ in range(blocks)])
        self.head = nn.Linear(size, 100)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.embedding(tokens)))


class Images(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.second, self.head = nn.Conv2d(32, 64, 3, padding=1), nn.Linear(64, 10)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X = nn.functional.max_pool2d(torch.relu(self.norm(self.first(X))), 2)
        return self.head(torch.relu(self.second(X)).mean((2, 3)))
