"""Other networks: of graphs, pairs, tables, sets, memories, agents and fields, and of weights held in another way."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.sound.family import Sound, floats, tokens


class GraphConvolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        near = torch.zeros(len(x), len(x)).index_put((edges[0], edges[1]), torch.ones(())) + torch.eye(len(x))
        near = near / near.sum(-1, keepdim=True)
        return near @ self.two(F.relu(near @ self.one(x)))


class GraphAttention(nn.Module):
    """Softmax over the neighbours alone: others are masked by -inf, and every node is its own neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.lin, self.src, self.dst = (
            nn.Linear(6, 8, bias=False),
            nn.Linear(8, 1, bias=False),
            nn.Linear(8, 1, bias=False),
        )

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        h = self.lin(x)
        near = torch.eye(len(x), dtype=torch.bool)
        near[edges[0], edges[1]] = True
        score = F.leaky_relu(self.src(h) + self.dst(h).T, 0.2).masked_fill(~near, -torch.inf)
        return F.elu(score.softmax(-1) @ h)


class Messages(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.message, self.update = nn.Linear(12, 6), nn.GRUCell(6, 6)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        for _ in range(3):
            sent = F.relu(self.message(torch.cat([x[edges[0]], x[edges[1]]], -1)))
            x = self.update(torch.zeros_like(x).index_add(0, edges[1], sent), x)
        return x.max(0).values


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return F.cosine_similarity(self.body(one), self.body(two))


class Contrastive(nn.Module):
    """Text and image meet; what is scaled is learned as a logarithm."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.image = nn.EmbeddingBag(50, 8), nn.Linear(12, 8)
        self.scale = nn.Parameter(torch.tensor(2.65))

    def forward(self, ids: Tensor, image: Tensor) -> Tensor:
        text, seen = F.normalize(self.text(ids), dim=-1), F.normalize(self.image(image), dim=-1)
        logits = self.scale.exp() * text @ seen.T
        return F.cross_entropy(logits, torch.arange(len(ids)))


class MomentumTeacher(nn.Module):
    """The teacher follows the student, and takes no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.student, self.predict, self.teacher = nn.Linear(10, 8), nn.Linear(8, 8), nn.Linear(10, 8)
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            for mine, other in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                mine.lerp_(other, 0.01)
            target = F.normalize(self.teacher(x.flip(0)), dim=-1)
        return 2 - 2 * (F.normalize(self.predict(self.student(x)), dim=-1) * target).sum(-1).mean()


class Hopfield(nn.Module):
    """A modern Hopfield network: it settles at stored patterns."""

    def __init__(self) -> None:
        super().__init__()
        self.patterns, self.out = nn.Parameter(torch.randn(6, 8)), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = (2 * x @ self.patterns.T).softmax(-1) @ self.patterns
        return self.out(x)


class Tabular(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kinds = nn.ModuleDict({"city": nn.Embedding(9, 4), "day": nn.Embedding(7, 3)})
        self.norm, self.deep, self.wide = (
            nn.BatchNorm1d(5),
            nn.Sequential(nn.Linear(12, 16), nn.PReLU(), nn.Linear(16, 1)),
            nn.Linear(5, 1),
        )

    def forward(self, numbers: Tensor, city: Tensor, day: Tensor) -> Tensor:
        numbers = self.norm(numbers)
        held = [self.kinds["city"](city), self.kinds["day"](day), numbers]
        return torch.sigmoid(self.deep(torch.cat(held, -1)) + self.wide(numbers))


class SetNetwork(nn.Module):
    """Padded places count as -inf for the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.each, self.whole = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 8)), nn.Linear(8, 2)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        return self.whole(self.each(x).masked_fill(~there[..., None], -torch.inf).amax(1))


class Actor(nn.Module):
    """Forbidden actions have -inf; the policy and the value are both given back."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.policy, self.value = (
            nn.Sequential(nn.Linear(6, 16), nn.Tanh()),
            nn.Linear(16, 4),
            nn.Linear(16, 1),
        )

    def forward(self, x: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        h = self.body(x)
        logits = self.policy(h).masked_fill(~allowed, float("-inf"))
        return logits.softmax(-1), self.value(h)[..., 0]


class Duelling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.value, self.gain = (
            nn.Sequential(nn.Linear(6, 32), nn.ReLU()),
            nn.Linear(32, 1),
            nn.Linear(32, 4),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        gain = self.gain(h)
        return self.value(h) + gain - gain.mean(-1, keepdim=True)


class Field(nn.Module):
    """A field in space, as of radiance: positions by frequency, weights along a ray."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(18, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.cat([f(x * 2.0**k) for k in range(3) for f in (torch.sin, torch.cos)], -1)
        colour, density = self.net(parts).split([3, 1], -1)
        alpha = 1 - torch.exp(-F.softplus(density))
        left = torch.cumprod(torch.cat([torch.ones_like(alpha[:, :1]), 1 - alpha + 1e-10], 1), 1)[:, :-1]
        return (left * alpha * torch.sigmoid(colour)).sum(1)


class Sine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 32), nn.Linear(32, 32), nn.Linear(32, 1)])
        for index, layer in enumerate(self.layers):
            bound = 0.5 if index == 0 else (6 / 32) ** 0.5 / 30
            nn.init.uniform_(layer.weight, -bound, bound)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = torch.sin(30 * layer(x))
        return self.layers[-1](x)


class Capsules(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Parameter(torch.randn(3, 6, 4, 4) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        votes = torch.einsum("bid,oide->boie", x, self.turn)
        prior = torch.zeros(votes.shape[:3])
        for _ in range(3):
            total = (prior.softmax(1)[..., None] * votes).sum(2)
            square = (total**2).sum(-1, keepdim=True)
            out = square / (1 + square) * total / (square + 1e-8).sqrt()
            prior = prior + (votes * out[:, :, None]).sum(-1)
        return out.norm(dim=-1)


class LowRank(nn.Module):
    """Frozen weights with a trained addition of low rank, whose second half begins with zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(12, 12).requires_grad_(False)
        self.a, self.b = nn.Linear(12, 2, bias=False), nn.Linear(2, 12, bias=False)
        nn.init.zeros_(self.b.weight)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.gelu(self.base(x) + self.b(self.a(x))))


class Hyper(nn.Module):
    """One network makes the weights of another."""

    def __init__(self) -> None:
        super().__init__()
        self.make = nn.Linear(4, 6 * 3 + 3)

    def forward(self, x: Tensor, task: Tensor) -> Tensor:
        made = self.make(task)
        return F.linear(x, made[:18].view(3, 6), made[18:])


class Reversible(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.f, self.g = (nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.SELU()) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        one, two = x.chunk(2, -1)
        one = one + torch.utils.checkpoint.checkpoint(self.f, two, use_reentrant=False)
        return torch.cat([one, two + torch.utils.checkpoint.checkpoint(self.g, one, use_reentrant=False)], -1)


class Equilibrium(nn.Module):
    """Runs its layer until it settles."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.given = nn.Linear(8, 8), nn.Linear(6, 8)
        with torch.no_grad():
            self.inner.weight.mul_(0.3)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.zeros(len(x), 8)
        for _ in range(30):
            last, z = z, torch.tanh(self.inner(z) + self.given(x))
            if (z - last).norm() < 1e-3:
                break
        return z


def graph() -> tuple[Tensor, Tensor]:
    return floats(7, 6), torch.randint(0, 7, (2, 15))


def members() -> tuple[Tensor, Tensor]:
    there = torch.ones(4, 6, dtype=torch.bool)
    there[2, 3:] = False
    return floats(4, 6, 3), there


def choices() -> tuple[Tensor, Tensor]:
    allowed = torch.ones(5, 4, dtype=torch.bool)
    allowed[:, 1] = False
    return floats(5, 6), allowed


SOUND = (
    Sound("graph convolution", GraphConvolution, graph),
    Sound("graph attention", GraphAttention, graph),
    Sound("messages", Messages, graph),
    Sound("siamese", Siamese, lambda: (floats(8, 10), floats(8, 10))),
    Sound("contrastive", Contrastive, lambda: (tokens(6, 5), floats(6, 12))),
    Sound("momentum teacher", MomentumTeacher, lambda: (floats(8, 10),)),
    Sound("hopfield", Hopfield, lambda: (floats(5, 8),)),
    Sound("tabular", Tabular, lambda: (floats(16, 5), tokens(16, below=9), tokens(16, below=7))),
    Sound("set", SetNetwork, members),
    Sound("actor", Actor, choices),
    Sound("duelling", Duelling, lambda: (floats(8, 6),)),
    Sound("field", Field, lambda: (floats(6, 8, 3),)),
    Sound("sine", Sine, lambda: (torch.rand(16, 2) * 2 - 1,)),
    Sound("capsules", Capsules, lambda: (floats(4, 6, 4),)),
    Sound("low rank", LowRank, lambda: (floats(8, 12),)),
    Sound("hyper", Hyper, lambda: (floats(8, 6), floats(4))),
    Sound("reversible", Reversible, lambda: (floats(4, 16),)),
    Sound("equilibrium", Equilibrium, lambda: (floats(6, 6),)),
)
