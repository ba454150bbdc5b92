"""Networks that make: pairs of adversaries, autoencoders, flows, diffusion, energy."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.sound.family import Sound, floats, tokens


class Adversaries(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.make = nn.Sequential(
            nn.ConvTranspose2d(8, 8, 4), nn.BatchNorm2d(8), nn.ReLU(True), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Tanh()
        )
        norm = nn.utils.parametrizations.spectral_norm
        self.judge = nn.Sequential(
            norm(nn.Conv2d(1, 8, 4, 2, 1)), nn.LeakyReLU(0.2, True), nn.Flatten(), norm(nn.Linear(128, 1))
        )

    def forward(self, z: Tensor) -> Tensor:
        return F.softplus(-self.judge(self.make(z[:, :, None, None]))).mean()


class VariationalAutoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 8))
        self.decode = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 20))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        mean, log = self.encode(x).chunk(2, -1)
        made = self.decode(mean + torch.randn_like(mean) * (log / 2).exp())
        loss = F.mse_loss(made, x) - 0.5 * (1 + log - mean**2 - log.exp()).mean()
        return {"loss": loss, "made": made}


class VectorQuantised(nn.Module):
    """The gradient goes straight through the nearest code."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode, self.codes = nn.Linear(12, 4), nn.Linear(4, 12), nn.Embedding(8, 4)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        z = self.encode(x)
        near = self.codes(torch.cdist(z, self.codes.weight).argmin(-1))
        loss = F.mse_loss(near, z.detach()) + 0.25 * F.mse_loss(z, near.detach())
        made = self.decode(z + (near - z).detach())
        return {"loss": loss + F.mse_loss(made, x), "made": made}


class Flow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 6)) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(len(x))
        for net in self.nets:
            one, two = x.chunk(2, -1)
            scale, shift = net(one).chunk(2, -1)
            scale = torch.tanh(scale)
            x = torch.cat([two * scale.exp() + shift, one], -1)
            total = total + scale.sum(-1)
        return (-0.5 * (x**2).sum(-1) - 3 * math.log(2 * math.pi) + total).mean()


class TimeBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.GroupNorm(4, channels), nn.Conv2d(channels, channels, 3, padding=1)
        self.time, self.last = nn.Linear(8, channels), nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)  # as diffusion networks begin: with what came in
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.conv(F.silu(self.norm(x))) + self.time(time)[..., None, None]
        return x + self.last(F.silu(h))


class Denoiser(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 8))
        self.first, self.down, self.up = (
            nn.Conv2d(1, 8, 3, padding=1),
            nn.Conv2d(8, 8, 3, 2, 1),
            nn.ConvTranspose2d(8, 8, 2, 2),
        )
        self.blocks = nn.ModuleList(TimeBlock(8) for _ in range(3))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.last = nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        frequencies = torch.exp(-math.log(1000) * torch.arange(4) / 4)
        angle = step[:, None] * frequencies
        time = self.time(torch.cat([angle.sin(), angle.cos()], -1))
        wide = self.blocks[0](self.first(x), time)
        h = self.blocks[1](self.down(wide), time)
        flat = h.flatten(2).transpose(1, 2)
        h = (flat + self.attention(flat, flat, flat)[0]).transpose(1, 2).view_as(h)
        h = self.up(self.blocks[2](h, time))
        return self.last(torch.cat([h, wide], 1))


class DiffusionTransformer(nn.Module):
    """Its modulations and its last layer begin with zeros: so does all that comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.cond = nn.Linear(4, 16), nn.Embedding(10, 16)
        self.norm, self.mlp = (
            nn.LayerNorm(16, elementwise_affine=False),
            nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)),
        )
        self.modulate, self.last = nn.Linear(16, 48), nn.Linear(16, 4)
        for layer in (self.modulate, self.last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        x = self.patch(x)
        shift, scale, gate = self.modulate(F.silu(self.cond(label)))[:, None].chunk(3, -1)
        x = x + gate * self.mlp(self.norm(x) * (1 + scale) + shift)
        return self.last(self.norm(x))


class Energy(nn.Module):
    """A restricted Boltzmann machine's free energy."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 12) * 0.1)
        self.seen, self.hidden = nn.Parameter(torch.zeros(12)), nn.Parameter(torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        return (-x @ self.seen - F.softplus(F.linear(x, self.weight, self.hidden)).sum(-1)).mean()


class Masked(nn.Module):
    """An autoencoder that sees a part of its patches alone."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.token = nn.Linear(4, 16), nn.Parameter(torch.zeros(16))
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.decoder = nn.Linear(16, 4)
        self.register_buffer("place", torch.randn(12, 16))

    def forward(self, x: Tensor) -> Tensor:
        order = torch.rand(x.shape[:2]).argsort(-1)
        kept = order[:, :4, None]
        h = self.encoder(self.patch(x.gather(1, kept.expand(-1, -1, 4))))
        every = self.token.expand(len(x), 12, 16).scatter(1, kept.expand(-1, -1, 16), h) + self.place
        return F.mse_loss(self.decoder(every), x)


SOUND = (
    Sound("adversaries", Adversaries, lambda: (floats(8, 8),)),
    Sound("variational autoencoder", VariationalAutoencoder, lambda: (floats(8, 20),)),
    Sound("vector quantised", VectorQuantised, lambda: (floats(16, 12),)),
    Sound("flow", Flow, lambda: (floats(8, 6),)),
    Sound("denoiser", Denoiser, lambda: (floats(4, 1, 8, 8), torch.rand(4))),
    Sound("diffusion transformer", DiffusionTransformer, lambda: (floats(4, 6, 4), tokens(4, below=10))),
    Sound("energy", Energy, lambda: (torch.rand(8, 12).round(),)),
    Sound("masked autoencoder", Masked, lambda: (floats(4, 12, 4),)),
)
