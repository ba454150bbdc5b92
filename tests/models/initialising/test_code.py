"""Of `code`, `scheme`, `scope`: what is copied gives a fresh interpreter the values that the lab gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from models.examples.initialization import my_init
from models.initialising.code import code_of, replayed
from models.initialising.preview import fresh_values
from models.initialising.rules import BY_NAME
from models.initialising.scheme import OwnFunction, Scheme, carry_out, takes
from models.initialising.scope import Scope, targets_of
from models.live.live_tree import LiveTree

NETWORKS = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2)
        self.norm = nn.LayerNorm(width)
        self.scale = nn.Parameter(torch.ones(width))
        self.list = nn.ModuleList([nn.Linear(width, 2 * width), nn.Linear(2 * width, width, bias=False)])

def small():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

def large():
    return nn.Sequential(*(Block(4) for _ in range(3)), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LSTM(3, 4))

def channels_last():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(4, 4, dtype=torch.bfloat16))
    return net.to(memory_format=torch.channels_last)

def tied():
    net = nn.Sequential(*(nn.Linear(5, 5) for _ in range(12)))
    net[7].weight = net[2].weight
    return net

def listed():
    net = nn.Module()
    net.rows = nn.ParameterList([torch.ones(3, 3), torch.ones(3)])
    net.named = nn.ParameterDict({"a b": torch.ones(2, 2), "class": torch.ones(2)})
    net.add_module("my layer", nn.Linear(3, 3))
    return net
"""
WIDE = lambda tensor: tensor.uniform_(-10, 10)  # noqa: E731 - as it is typed
TO_TENSORS = OwnFunction("lambda t: t.uniform_(-10, 10)", WIDE, "tensor")


def scheme(rule: str, scope: Scope, seed: int = 0, biases: Any = "leave", **values: Any) -> Scheme:
    found = BY_NAME[rule]
    return Scheme(scope, found, {each.name: each.default for each in found.arguments} | values, None, biases, seed)


EVERYTHING = Scope("this")
LINEAR = Scope("class", text="Linear")
SCHEMES: dict[str, tuple[str, Scheme]] = {
    "one": ("small", scheme("xavier_uniform_", Scope("this", "0.weight"), 5)),
    "a bias": ("small", scheme("normal_", Scope("this", "2.bias"), 5, std=0.01)),
    "the document's normal": ("small", scheme("normal_", EVERYTHING, 1, "zeros", std=0.01)),
    "the document's constant": ("small", scheme("constant_", LINEAR, 1, "zeros", val=1)),
    "42": ("small", scheme("constant_", Scope("this", "2.weight"), val=42)),
    "own of modules": ("small", Scheme(EVERYTHING, own=OwnFunction("my_init", my_init, "module"), seed=3)),
    "own of tensors": ("small", Scheme(LINEAR, own=TO_TENSORS, seed=3)),
    "all": ("large", scheme("kaiming_normal_", EVERYTHING, 2, "zeros", nonlinearity="relu")),
    "all with biases": ("large", scheme("uniform_", EVERYTHING, 2, "rule", a=-0.5, b=0.5)),
    "weights": ("large", scheme("orthogonal_", EVERYTHING, 9)),
    "a class": ("large", scheme("xavier_normal_", LINEAR, 2, "zeros", gain=1.5)),
    "recurrent": ("large", scheme("normal_", Scope("class", text="LSTM"), 2, "zeros")),
    "own class": ("large", scheme("normal_", Scope("class", text="Block"), 2)),
    "a pattern": ("large", scheme("trunc_normal_", Scope("pattern", text="*.weight"), 4, std=0.02)),
    "a pattern with biases": ("large", scheme("normal_", Scope("pattern", text="*.list.*"), 4, "zeros", std=0.02)),
    "in another order of memory": ("channels_last", scheme("normal_", EVERYTHING, 4, "rule")),
    "tied": ("tied", scheme("normal_", EVERYTHING, 4, "zeros")),
    "default": ("large", Scheme(EVERYTHING, seed=6)),
    "default of a layer": ("small", Scheme(Scope("this", "0"), seed=6)),
    "default of a class": ("large", Scheme(LINEAR, seed=6)),
    "default of a part": ("large", Scheme(Scope("this", "1"), seed=6)),
    "default of attention": ("large", Scheme(Scope("class", text="MultiheadAttention"), seed=6)),
    "default of what is tied": ("tied", Scheme(LINEAR, seed=6)),
    "default of one": ("small", Scheme(Scope("this", "2.weight"), seed=6)),
    "default of what has no name in Python": ("listed", Scheme(Scope("pattern", text="*"), seed=6)),
    "default of a pattern": ("large", Scheme(Scope("pattern", text="*.list.*.weight"), seed=6)),
}  # fmt: skip
FRESH = """
import json, sys
from hashlib import sha256
{networks}
{my_init}
found = {{}}
for name, (network, code) in json.load(open("codes.json")).items():
    torch.manual_seed(0)
    names = {{"torch": torch, "nn": nn, "net": globals()[network](), "my_init": my_init}}
    exec(code, names)
    parts = [repr(value.tolist()) for value in names["net"].state_dict().values()]
    found[name] = sha256("".join(parts).encode()).hexdigest()
print(json.dumps(found))
"""


def built(network: str) -> nn.Module:
    names: dict[str, Any] = {}
    exec(NETWORKS, names)
    torch.manual_seed(0)
    make: Callable[[], nn.Module] = names[network]
    return make()


def digest(net: nn.Module) -> str:
    return sha256("".join(repr(value.tolist()) for value in net.state_dict().values()).encode()).hexdigest()


@pytest.mark.slow
def test_the_lines_give_the_same_values_in_a_fresh_interpreter(tmp_path: Path) -> None:
    import inspect

    wanted, codes = {}, {}
    for name, (network, each) in SCHEMES.items():
        net = built(network)
        before = digest(net)
        code = code_of(LiveTree.of(net), each)
        carry_out(LiveTree.of(net), each)
        assert digest(net) != before, name
        wanted[name], codes[name] = digest(net), (network, code)
        wanted[f"{name}, replayed"], codes[f"{name}, replayed"] = digest(net), (network, replayed(code))
    (tmp_path / "codes.json").write_text(json.dumps(codes))
    (tmp_path / "fresh.py").write_text(FRESH.format(networks=NETWORKS, my_init=inspect.getsource(my_init)))
    done = subprocess.run([sys.executable, "fresh.py"], cwd=tmp_path, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert json.loads(done.stdout) == wanted


@pytest.mark.parametrize("name", SCHEMES)
def test_a_preview_is_what_carrying_out_gives_and_touches_nothing(name: str) -> None:
    network, each = SCHEMES[name]
    net, other = built(network), built(network)
    state, random = digest(net), torch.get_rng_state()
    versions = [parameter._version for parameter in net.parameters()]
    tree = LiveTree.of(net)
    targets = [target for target in targets_of(tree, each.scope) if not each.why_not(target)]
    fresh = fresh_values(tree, each, targets[-1].node.path)
    assert (digest(net), [parameter._version for parameter in net.parameters()]) == (state, versions)
    assert torch.equal(torch.get_rng_state(), random)
    carry_out(LiveTree.of(other), each)
    assert torch.equal(fresh, other.get_parameter(targets[-1].node.path))


def test_many_layers_are_a_loop_and_few_are_lines() -> None:
    tree = LiveTree.of(built("small"))
    lines = "torch.manual_seed(1)\nnn.init.normal_(net[0].weight, std=0.01)\nnn.init.zeros_(net[0].bias)\n"
    assert code_of(tree, SCHEMES["the document's normal"][1]).startswith(lines)
    many = nn.Sequential(*(nn.Linear(2, 2) for _ in range(9)))
    code = code_of(LiveTree.of(many), scheme("normal_", LINEAR, biases="zeros"))
    assert code == (
        "torch.manual_seed(0)\n"
        "for module in net.modules():\n"
        "    if isinstance(module, nn.Linear):\n"
        "        nn.init.normal_(module.weight)\n"
        "        nn.init.zeros_(module.bias)"
    )


def test_what_draws_nothing_needs_no_seed() -> None:
    tree = LiveTree.of(built("small"))
    assert code_of(tree, SCHEMES["42"][1]) == "nn.init.constant_(net[2].weight, val=42)"


def test_a_function_takes_what_its_first_parameter_says() -> None:
    def annotated(anything: torch.Tensor) -> None: ...

    def of_modules(m): ...  # type: ignore[no-untyped-def]

    assert [takes(each) for each in (annotated, of_modules, my_init, nn.init.normal_, lambda t: t)] == [
        "tensor", "module", "module", "tensor", "tensor",
    ]  # fmt: skip


def test_scales_of_a_subtree_are_left_alone_and_are_filled_by_name() -> None:
    tree = LiveTree.of(built("large"))
    each = scheme("normal_", EVERYTHING)
    left = {target.node.path for target in targets_of(tree, EVERYTHING) if each.why_not(target)}
    assert {"0.norm.weight", "0.scale", "4.weight", "0.list.0.bias"} <= left
    assert "0.list.0.weight" not in left
    by_name = scheme("normal_", Scope("pattern", text="0.norm.*"), biases="rule")
    assert not any(by_name.why_not(target) for target in targets_of(tree, by_name.scope))


def test_a_thread_that_draws_meanwhile_notices_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, each = LiveTree.of(built("small")), SCHEMES["the document's normal"][1]
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    drawn: list[torch.Tensor] = []
    original = nn.init.normal_

    def draw(tensor: torch.Tensor, **given: Any) -> torch.Tensor:
        drawn.append(torch.rand(1))
        return original(tensor, **given)

    monkeypatch.setattr(nn.init, "normal_", draw)
    carry_out(tree, each)
    fresh_values(tree, each, "0.weight")
    assert torch.equal(torch.cat(drawn), wanted)


def test_what_no_initialiser_can_fill_is_left_with_the_reason() -> None:
    net = nn.Module()
    net.whole = nn.Parameter(torch.zeros(3, 3, dtype=torch.int64), requires_grad=False)
    net.complex = nn.Parameter(torch.zeros(3, 3, dtype=torch.complex64))
    net.lazy = nn.LazyLinear(4, bias=False)
    net.meta = nn.Linear(4, 4, bias=False, device="meta")
    net.empty = nn.Parameter(torch.empty(0, 4))
    net.fine = nn.Linear(2, 2, bias=False)
    each = scheme("normal_", EVERYTHING)
    left = {target.node.path: each.why_not(target) for target in targets_of(LiveTree.of(net), EVERYTHING)}
    assert {path: why.partition(":")[0].partition(",")[0] for path, why in left.items()} == {
        "whole": "int64",
        "complex": "complex64",
        "lazy.weight": "a lazy parameter",
        "meta.weight": "a meta tensor",
        "empty": "it has no elements",
        "fine.weight": "",
    }
