"""Of `code`, `combining_code` and `substitution`: the offered Python runs, and the network holds what it should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from models.fit.code import code_for, reading_code
from models.fit.links import CERTAINTIES
from models.fit.loading import values_of
from models.fit.misfits import misfits
from models.fit.proposal import propose
from models.fit.sides import Side
from models.fit.substitution import literal
from tests.models.fit.fit_cases import cases


class Attention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        for name in "qkvo":
            setattr(self, f"{name}_proj", nn.Linear(size, size))


class Mlp(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(size, 3 * size), nn.Linear(size, 3 * size)
        self.down_proj = nn.Linear(3 * size, size)


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(size), Mlp(size)
        self.input_layernorm, self.post_attention_layernorm = nn.LayerNorm(size), nn.LayerNorm(size)


class Net(nn.Module):
    def __init__(self, size: int = 8) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(20, size)
        self.layers = nn.ModuleList(Block(size) for _ in range(3))
        self.lm_head = nn.Linear(size, 20, bias=False)


def as_it_was(state: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Ways in which other programs write the same weights."""
    renamed = {
        re.sub(r"layers\.(\d+)", lambda m: f"blocks.{int(m[1]) + 1}", name).replace("self_attn.", "attn."): tensor
        for name, tensor in state.items()
    }
    fused = dict(state)
    for n in range(3):
        for leaf in ("weight", "bias"):
            parts = [fused.pop(f"layers.{n}.self_attn.{x}_proj.{leaf}") for x in "qkv"]
            fused[f"layers.{n}.self_attn.qkv_proj.{leaf}"] = torch.cat(parts)
            parts = [fused.pop(f"layers.{n}.mlp.{x}_proj.{leaf}") for x in ("gate", "up")]
            fused[f"layers.{n}.mlp.gate_up_proj.{leaf}"] = torch.cat(parts)
    transposed = {
        name: tensor.T.contiguous() if tensor.dim() == 2 and "_proj" in name and "self" not in name else tensor
        for name, tensor in state.items()
    }
    return {
        "module": {f"module.{name}": tensor for name, tensor in state.items()},
        "renamed": renamed,
        "fused": fused,
        "transposed": transposed,
        "more": {**state, "rope.inv_freq": torch.zeros(3), "\"'\\{n}\n": torch.zeros(2)},
    }


def sides(*states: dict[str, torch.Tensor]) -> list[Side]:
    return [
        Side({name: tuple(tensor.shape) for name, tensor in state.items()},
             {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in state.items()})
        for state in states
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["ckpt/*.safetensors", "model-00001-of-00002.safetensors", "m-1-of-2.bin", "a[12].pt"])
def test_what_is_several_files_is_not_read_as_one_of_them(path):
    assert list(reading_code(path))[-1] == f"file = ...  # a dict of the tensors of {literal(path)}, by name"


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_path_from_the_home_folder_is_written_out(name, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    side = Side({"a": (2,)})
    proposal = propose(side.shapes, side.shapes)
    code = code_for(proposal, side, misfits(proposal, side, side, CERTAINTIES), f"~/{name}")
    assert f"/home/somebody/{name}" in code
    assert "~" not in code


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("how", ["module", "renamed", "fused", "transposed", "more"])
def test_the_python_gives_the_weights_that_were_saved(how, swap, tmp_path):
    torch.manual_seed(0)
    state = dict(Net().state_dict())
    file, ours = as_it_was(state)[how], state
    if swap:  # the file of today into the network of another program
        file, ours = state, file
    network, held = sides(ours, file)
    proposal = propose(network.shapes, held.shapes)
    code = code_for(proposal, network, misfits(proposal, network, held, CERTAINTIES), "w.pt")
    torch.save(file, tmp_path / "w.pt")
    scope = {"model": _Holder(ours)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        exec(code, scope)
    loaded = scope["model"].loaded
    missing = ours.keys() - loaded.keys()
    assert missing == ({"rope.inv_freq", "\"'\\{n}\n"} if (how, swap) == ("more", True) else set())
    assert all(torch.equal(loaded[name], ours[name]) for name in loaded)


class _Holder:
    """Stands for a network with these weights."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        self._state = dict(state)
        self.loaded: dict[str, torch.Tensor] = {}

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self._state

    def load_state_dict(self, state: dict[str, torch.Tensor], strict: bool = True) -> None:
        assert state.keys() <= self._state.keys()
        assert not strict or state.keys() == self._state.keys()
        assert all(state[name].shape == self._state[name].shape for name in state)
        self.loaded = dict(state)


@pytest.mark.slow
def test_it_runs_in_a_fresh_interpreter_and_gives_an_equal_network(tmp_path):
    torch.manual_seed(0)
    source = Net()
    torch.save({"state_dict": as_it_was(dict(source.state_dict()))["module"], "epoch": 1}, tmp_path / "w.pt")
    file = {f"state_dict.module.{name}": tensor for name, tensor in source.state_dict().items()}
    network, held = sides(dict(source.state_dict()), file)
    proposal = propose(network.shapes, held.shapes)
    code = code_for(proposal, network, misfits(proposal, network, held, ("certain",)), "w.pt")
    torch.save(dict(source.state_dict()), tmp_path / "right.pt")
    check = (
        "right = torch.load('right.pt')\nassert all(torch.equal(v, right[k]) for k, v in model.state_dict().items())"
    )
    root = Path(__file__).parents[3]
    (tmp_path / "load.py").write_text(
        f"import sys\nsys.path.insert(0, {str(root)!r})\nfrom tests.models.fit.test_code import Net\n"
        f"model = Net()\n{code}\n{check}\n"
    )
    done = subprocess.run(
        [sys.executable, "load.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", ["made_up", "real"])
def test_the_python_of_every_case_makes_the_mapping_that_was_proposed(file):
    for case in cases(file).values():
        proposal = propose(case.network, case.file)
        links = [link for link in proposal.taken(CERTAINTIES) if link.how == "copy"]
        network, held = Side(dict(case.network)), Side(dict(case.file))
        found = misfits(proposal, network, held, CERTAINTIES)
        code = code_for(proposal, network, found, "w.other").replace("file = ...", "pass")
        fitting = {each.name for each in found.matched}
        model = _Holder({name: _Named(name, shape) for name, shape in case.network.items()})  # type: ignore[misc]
        scope = {"model": model, "file": {name: _Named(name, shape) for name, shape in case.file.items()}}
        exec(_copying(code), scope)
        state = scope["state"]
        assert {link.network[0]: link.file[0] for link in links if link.network[0] in fitting} == {
            name: tensor.name for name, tensor in state.items() if name in fitting
        }, case.name


def _copying(code: str) -> str:
    """The part of the Python that renames, without what makes tensors of tensors."""
    kept = []
    for line in code.splitlines():
        if line.startswith(("state[", "rows =", "for n in", "    state[f", "    rows =", "model.load")):
            continue
        kept.append(line)
    return "\n".join(kept)


class _Named:
    """Stands for a tensor."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, shape

    @property
    def T(self) -> _Named:
        return _Named(self.name, self.shape[::-1])


@pytest.mark.parametrize("text", ["a.b", r"\d+\.", 'a"b', "a'b\n", "ü\x1b", "ends\\", "{n}"])
def test_a_literal_is_the_text(text):
    assert eval(literal(text)) == text
    assert literal(text).isascii()
    assert literal(text).isprintable()


@pytest.mark.parametrize("stacked", [True, False])
def test_experts_one_by_one_and_in_one_tensor(stacked, tmp_path, monkeypatch):
    torch.manual_seed(0)
    count, outputs, inputs = 5, 6, 4
    one_by_one, in_one = {}, {}
    for n in range(3):
        parts = {x: torch.rand(count, outputs, inputs) for x in ("w1", "w3")} | {
            "w2": torch.rand(count, inputs, outputs)
        }
        for name, tensor in parts.items():
            one_by_one |= {f"model.layers.{n}.mlp.experts.{e}.{name}.weight": tensor[e] for e in range(count)}
        in_one[f"model.layers.{n}.mlp.experts.gate_up_proj"] = torch.cat([parts["w1"], parts["w3"]], dim=1)
        in_one[f"model.layers.{n}.mlp.experts.down_proj"] = parts["w2"]
        both = {f"model.layers.{n}.norm.weight": torch.rand(4), f"model.layers.{n}.mlp.gate.weight": torch.rand(5, 4)}
        one_by_one |= both
        in_one |= both
    ours, file = (in_one, one_by_one) if stacked else (one_by_one, in_one)
    network, held = sides(ours, file)
    proposal = propose(network.shapes, held.shapes)
    code = code_for(proposal, network, misfits(proposal, network, held, CERTAINTIES), "w.pt")
    torch.save(file, tmp_path / "w.pt")
    monkeypatch.chdir(tmp_path)
    scope = {"model": _Holder(ours)}
    exec(code, scope)
    loaded = scope["model"].loaded
    assert loaded.keys() == ours.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in ours.items())
    for link in proposal.links:
        values = values_of(link, file.__getitem__, network.shapes)
        assert all(torch.equal(ours[name], value) for name, value in zip(link.network, values, strict=True))
