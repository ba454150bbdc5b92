"""Networks that read and write: decoders, encoders, both, mixtures of experts, state spaces."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.sound.family import Sound, floats, tokens


class CausalAttention(nn.Module):
    def __init__(self, size: int = 16, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.register_buffer("mask", torch.ones(64, 64, dtype=torch.bool).triu(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, size = x.shape
        q, k, v = (each.view(batch, length, self.heads, -1).transpose(1, 2) for each in self.qkv(x).chunk(3, -1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        scores = scores.masked_fill(self.mask[:length, :length], float("-inf"))
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, size))


class Gpt(nn.Module):
    """Its output layer is tied to its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.pos = nn.Embedding(50, 16), nn.Embedding(32, 16)
        self.attn = nn.ModuleList(CausalAttention() for _ in range(4))
        self.mlp = nn.ModuleList(nn.Sequential(nn.Linear(16, 64), nn.GELU("tanh"), nn.Linear(64, 16)) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(16) for _ in range(9))
        self.head = nn.Linear(16, 50, bias=False)
        self.head.weight = self.emb.weight
        nn.init.normal_(self.emb.weight, 0, 0.02)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        x = self.emb(ids) + self.pos(torch.arange(ids.shape[1]))
        for index, (attn, mlp) in enumerate(zip(self.attn, self.mlp, strict=True)):
            x = x + attn(self.norms[2 * index](x))
            x = x + mlp(self.norms[2 * index + 1](x))
        logits = self.head(self.norms[8](x))
        return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()), logits


class Rotary(nn.Module):
    """As Llama: turned positions, root mean square norms, grouped keys, gated layers."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(50, 16)
        self.q, self.k, self.v = (nn.Linear(16, out, bias=False) for out in (16, 8, 8))
        self.o = nn.Linear(16, 16, bias=False)
        self.gate, self.up, self.down = nn.Linear(16, 32), nn.Linear(16, 32), nn.Linear(32, 16)
        self.norm1, self.norm2 = nn.RMSNorm(16), nn.RMSNorm(16)
        self.head = nn.Linear(16, 50, bias=False)
        self.register_buffer("freq", 1 / 100 ** (torch.arange(0, 4, 2) / 4), persistent=False)

    def turned(self, x: Tensor) -> Tensor:
        angle = torch.arange(x.shape[2])[:, None] * self.freq  # type: ignore[operator]
        one, two = x[..., ::2], x[..., 1::2]
        return torch.cat([one * angle.cos() - two * angle.sin(), one * angle.sin() + two * angle.cos()], -1)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.emb(ids)
        h = self.norm1(x)
        batch, length, _ = h.shape
        q, k, v = (each(h).view(batch, length, -1, 4).transpose(1, 2) for each in (self.q, self.k, self.v))
        k, v = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
        att = F.scaled_dot_product_attention(self.turned(q), self.turned(k), v, is_causal=True)
        x = x + self.o(att.transpose(1, 2).reshape(batch, length, 16))
        h = self.norm2(x)
        return self.head(x + self.down(F.silu(self.gate(h)) * self.up(h)))


class Bert(nn.Module):
    """Padding is masked by the lowest number."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.positions, self.kinds = (
            nn.Embedding(50, 16, padding_idx=0),
            nn.Embedding(32, 16),
            nn.Embedding(2, 16),
        )
        self.norm, self.drop = nn.LayerNorm(16), nn.Dropout(0.1)
        self.qkv, self.out, self.pool = nn.Linear(16, 48), nn.Linear(16, 16), nn.Linear(16, 16)
        self.head = nn.Linear(16, 2)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1])) + self.kinds(torch.zeros_like(ids))
        x = self.drop(self.norm(x))
        q, k, v = self.qkv(x).chunk(3, -1)
        bias = (1.0 - mask[:, None].float()) * torch.finfo(torch.float32).min
        x = x + self.out((q @ k.transpose(1, 2) / 4 + bias).softmax(-1) @ v)
        return self.head(torch.tanh(self.pool(x[:, 0])))


class T5(nn.Module):
    """Encoder and decoder with learned distances, of which the buckets are by logarithm."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.bias = nn.Embedding(50, 16), nn.Embedding(8, 1)
        self.enc, self.dec, self.cross = (nn.Linear(16, 16) for _ in range(3))
        self.norms = nn.ModuleList(nn.RMSNorm(16) for _ in range(3))
        self.ff = nn.Sequential(
            nn.Linear(16, 32, bias=False), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 16, bias=False)
        )

    def distances(self, length: int) -> Tensor:
        apart = (torch.arange(length)[:, None] - torch.arange(length)).abs()
        far = 2 + (torch.log(apart.float() / 2) / math.log(4)).clamp(max=5).nan_to_num(neginf=0.0).long()
        return self.bias(torch.where(apart < 2, apart, far.clamp(0, 7)))[..., 0]

    def forward(self, ids: Tensor, out: Tensor) -> Tensor:
        x, y = self.shared(ids), self.shared(out)
        h = self.norms[0](x)
        x = x + (self.enc(h) @ h.transpose(1, 2) + self.distances(ids.shape[1])).softmax(-1) @ h
        x = x + self.ff(self.norms[1](x))
        causal = torch.full((out.shape[1], out.shape[1]), float("-inf")).triu(1)
        y = y + (self.dec(y) @ y.transpose(1, 2) + causal).softmax(-1) @ y
        y = y + (self.cross(y) @ x.transpose(1, 2)).softmax(-1) @ x
        return F.linear(self.norms[2](y) / 4, self.shared.weight)


class SequenceToSequence(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(50, 16)
        self.transformer = nn.Transformer(16, 4, 2, 2, 32, 0.1, batch_first=True)
        self.head = nn.Linear(16, 50)

    def forward(self, ids: Tensor, out: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(out.shape[1])
        return self.head(self.transformer(self.emb(ids), self.emb(out), tgt_mask=mask, tgt_is_causal=True))


class MixtureOfExperts(nn.Module):
    """Each token goes to two of its experts; some may have nothing to do."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.router = nn.Embedding(50, 16), nn.Linear(16, 8, bias=False)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 16)) for _ in range(8))
        self.head = nn.Linear(16, 50)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.emb(ids).flatten(0, 1)
        weights, chosen = self.router(x).softmax(-1).topk(2, -1)
        y = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows, place = torch.where(chosen == number)
            if len(rows):
                y.index_add_(0, rows, expert(x[rows]) * weights[rows, place, None])
        return self.head(x + y)


class Mamba(nn.Module):
    """A selective state space, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.inner = nn.Embedding(50, 16), nn.Linear(16, 64)
        self.conv = nn.Conv1d(32, 32, 4, padding=3, groups=32)
        self.parts, self.dt = nn.Linear(32, 9), nn.Linear(1, 32)
        self.a = nn.Parameter(torch.log(torch.arange(1.0, 5.0)).expand(32, 4).clone())
        self.d, self.out = nn.Parameter(torch.ones(32)), nn.Linear(32, 50)

    def forward(self, ids: Tensor) -> Tensor:
        x, gate = self.inner(self.emb(ids)).chunk(2, -1)
        x = F.silu(self.conv(x.transpose(1, 2))[..., : ids.shape[1]].transpose(1, 2))
        dt, b, c = self.parts(x).split([1, 4, 4], -1)
        step = F.softplus(self.dt(dt))
        state, outputs = torch.zeros(len(x), 32, 4), []
        for index in range(x.shape[1]):
            keep = torch.exp(step[:, index, :, None] * -torch.exp(self.a))
            state = keep * state + step[:, index, :, None] * b[:, index, None] * x[:, index, :, None]
            outputs.append((state * c[:, index, None]).sum(-1))
        return self.out((torch.stack(outputs, 1) + self.d * x) * F.silu(gate))


class LinearAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(16, 16) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k = F.elu(self.q(x)) + 1, F.elu(self.k(x)) + 1
        top = torch.einsum("btd,bte->bde", k, self.v(x))
        below = torch.einsum("btd,bd->bt", q, k.sum(1))
        return self.o(torch.einsum("btd,bde->bte", q, top) / below[..., None])


class WordVectors(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag, self.head = nn.EmbeddingBag(50, 16, mode="mean"), nn.Linear(16, 4)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.bag(ids)).log_softmax(-1)


def padded() -> tuple[Tensor, Tensor]:
    mask = torch.ones(4, 8, dtype=torch.long)
    mask[1, 5:] = 0
    return tokens(4, 8) * mask, mask


SOUND = (
    Sound("gpt", Gpt, lambda: (tokens(4, 12),)),
    Sound("llama", Rotary, lambda: (tokens(4, 12),)),
    Sound("bert", Bert, padded),
    Sound("t5", T5, lambda: (tokens(4, 10), tokens(4, 6))),
    Sound("transformer", SequenceToSequence, lambda: (tokens(4, 10), tokens(4, 6))),
    Sound("mixture of experts", MixtureOfExperts, lambda: (tokens(2, 5),)),
    Sound("mamba", Mamba, lambda: (tokens(4, 8),)),
    Sound("linear attention", LinearAttention, lambda: (floats(4, 8, 16),)),
    Sound("word vectors", WordVectors, lambda: (tokens(8, 6),)),
)
