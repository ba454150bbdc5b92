"""Run as a script: the networks and files that are fuzzed, made in the folder that is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import nn

HOSTILE = r'''
"""Names and texts chosen to do harm, and modules that misbehave when they are run or described."""
import torch
from torch import nn

NAMES = ["[/]", "[bold]x", "\x1b[2J", "\u202eabc", "漢字", "🏳️‍🌈", "e\u0301", " ", "a b", "-o", "+q", "\n", "\t",
"x" * 4000,
         "__class__", "forward", "'", '"', "\\", "\ud800", "\u200b", "0", "[@click=app.quit]y[/]", "%s{}", "\x9b1m"]

class Raises(nn.Module):
    def forward(self, x):
        raise RuntimeError("[/] \x1b[31m of the model's own code " + "x" * 3000)

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([float("nan"), float("inf"), -0.0, 1e-45, 3e38]))
        self.empty = nn.Parameter(torch.zeros(0, 3))
        self.scalar = nn.Parameter(torch.tensor(1.0))
        self.register_buffer("counts", torch.arange(6).reshape(1, 2, 3, 1))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("none", None)
        self.register_buffer("far", torch.zeros(1).expand(2, 3, 2**20))
        self.register_buffer("waves", torch.ones(3, dtype=torch.complex64))
        self.register_buffer("halves", torch.ones(3, 3, dtype=torch.bfloat16))
        self.meta = nn.Linear(3, 3, device="meta")
        self.lazy = nn.LazyLinear(3)
    def extra_repr(self):
        return "[/] \x1b[5m\n" * 50
    def forward(self, x):
        print("\x1b[?1049l printed while it runs [/]")
        return x + self.weight.sum()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for name in NAMES:
            try:
                self.add_module(name, nn.Linear(2, 2))
            except (KeyError, TypeError, AttributeError):
                pass
        self.odd = Odd()
        self.twin = self.odd
        self.raises = Raises()
        self.runs = 0
    def forward(self, x):
        self.runs += 1
        x = self.odd(x)
        return self.raises(x) if self.runs % 2 else x

net = Net()
'''

WIDE = """
from torch import nn

def deep(depth):
    net = nn.Linear(2, 2)
    for _ in range(depth):
        net = nn.Sequential(net, nn.ReLU())
    return net

net = nn.Sequential(
    nn.ModuleList([nn.Linear(4, 4) for _ in range(500)]),
    deep(60),
    nn.Sequential(*[nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3)) for _ in range(100)]),
    nn.Embedding(3000, 64),
)
"""

LOOP = '''
import torch
from torch import nn

net = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(8, 8), nn.Tanh())], nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

def train(steps=200):
    X, y = torch.rand(16, 8), torch.rand(16, 1)
    for step in range(steps):
        optimizer.zero_grad()
        loss = (net(X) - y).square().mean()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(step, loss.item())

forward = net.forward
calls = 0

def training_forward(*args):
    """Every second forward pass trains first, so that `f` is a training too."""
    global calls
    calls += 1
    if calls % 2 == 0:
        net.forward = forward
        train()
        net.forward = training_forward
    return forward(*args)

net.forward = training_forward
'''

TRAINING = """
import torch
from torch import nn
from tui import explore

net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
explore(net, torch.ones(4, 2))
print("the program went on")
"""


def safetensors(path: Path, shapes: dict[str, list[int]], metadata: dict[str, str] | None = None) -> None:
    """Write float32 tensors of `shapes`."""
    header: dict[str, object] = {"__metadata__": metadata or {"format": "pt"}}
    data = b""
    for number, (name, shape) in enumerate(shapes.items()):
        raw = _raw(shape, number)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def _raw(shape: list[int], number: int) -> bytes:
    values = torch.rand(shape) - 0.5
    if number % 7 == 3 and values.numel():
        values.view(-1)[0] = float("nan")
    return bytes(values.flatten().view(torch.uint8).tolist())


def make(folder: Path) -> None:
    """Make everything."""
    torch.manual_seed(0)
    for name, text in (("hostile", HOSTILE), ("wide", WIDE), ("loop", LOOP), ("training", TRAINING)):
        (folder / f"{name}.py").write_text(text.lstrip("\n"), encoding="utf-8")
    layers = {
        f"model.layers.{layer}.{part}.{kind}": [4, 4] if kind == "weight" else [4]
        for layer in range(40)
        for part in ("attention.query", "attention.key", "mlp.up", "norm")
        for kind in ("weight", "bias")
    }
    odd = {
        "[/]": [2],
        "\x1b[2J": [1],
        "漢字.🙂": [3, 1],
        "x" * 2000: [2, 2],
        "empty": [0, 5],
        "scalar": [],
        "big": [300, 200],
    }
    safetensors(folder / "weights.safetensors", layers | odd, {"[/]": "\x1b[31m", "long": "y" * 5000})
    state = nn.Transformer(16, 2, 2, 2, 32, batch_first=True).state_dict()
    torch.save({"model": state, "epoch": 3, "note": "[/]\x1b[2J", "lr": [0.1] * 300}, folder / "model.pt")
    shards = folder / "shards"
    shards.mkdir(exist_ok=True)
    names = list(layers)
    parts = [names[:100], names[100:200], names[200:]]
    files = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    for part, file in zip(parts[:2], files, strict=False):  # the third is missing
        safetensors(shards / file, {name: layers[name] for name in part})
    where = {name: file for part, file in zip(parts, files, strict=True) for name in part}
    (shards / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    (shards / "config.json").write_text(json.dumps({"hidden_size": 4, "[/]": "\x1b[2J"}))
    whole = (folder / "weights.safetensors").read_bytes()
    (folder / "broken.safetensors").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
