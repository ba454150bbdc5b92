"""Of `weights`: a checkpoint in the open network, compared with what torch itself loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from models.messages.errors import EngineProblem
from models.session.session import Session
from models.session.weights import load_weights

NETWORK = """
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv_proj = nn.Linear(4, 12)
        self.norm = nn.BatchNorm1d(4)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.layers = nn.ModuleList(Block() for _ in range(3))
        self.head = nn.Linear(4, 9, bias=False)
        self.head.weight = self.embed.weight
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETWORK)
    opened = Session()
    opened.open("net.py:Net", seed=1)
    return opened


def other(seed: int = 2) -> dict[str, torch.Tensor]:
    """The state of another network of this class."""
    scope: dict[str, type[nn.Module]] = {}
    exec(NETWORK, scope)  # type: ignore[arg-type]
    torch.manual_seed(seed)
    network = scope["Net"]()
    for buffer in network.buffers():
        buffer.add_(2)
    return dict(network.state_dict())


def test_what_ddp_wrote_is_loaded(session):
    state = other()
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 3}, "w.pt")
    loaded = load_weights(session, "w.pt")
    assert loaded.fits
    assert loaded.sentence() == f"{len(state)} of {len(state)} tensors loaded from w.pt with 1 rule"
    assert all(torch.equal(tensor, state[name]) for name, tensor in session.root.state_dict().items())


def test_what_is_only_likely_is_not_loaded(session):
    state = other()
    for n in range(3):
        for leaf in ("weight", "bias"):
            q, k, v = state.pop(f"layers.{n}.qkv_proj.{leaf}").chunk(3)
            state |= {f"layers.{n}.{name}_proj.{leaf}": part for name, part in zip("qkv", (q, k, v), strict=True)}
    before = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    torch.save(state, "w.pt")
    loaded = load_weights(session, "w.pt")
    assert not loaded.fits
    assert [len(names) for names in (loaded.found.missing, loaded.found.unexpected)] == [6, 18]
    after = session.root.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in after if "qkv" in name)
    assert all(torch.equal(after[name], state[name]) for name in after if "qkv" not in name)


def test_a_shape_that_is_another_is_left_as_it_is_and_a_dtype_converted(session):
    state = other()
    state["layers.0.norm.weight"] = torch.ones(1)  # which copy_ would spread out over four
    state["layers.1.norm.weight"] = state["layers.1.norm.weight"].half() + 3
    torch.save(state, "w.pt")
    loaded = load_weights(session, "w.pt")
    assert [each.name for each in loaded.found.shape] == ["layers.0.norm.weight"]
    weight = session.root.state_dict()["layers.1.norm.weight"]
    assert (weight.dtype, weight.tolist()) == (torch.float32, [4.0] * 4)
    assert "1 of another shape" in loaded.sentence()


def test_a_tied_tensor_that_the_file_has_once(session):
    state = other()
    del state["head.weight"]
    torch.save(state, "w.pt")
    loaded = load_weights(session, "w.pt")
    assert loaded.fits
    assert torch.equal(session.root.state_dict()["head.weight"], state["embed.weight"])


def test_loading_draws_no_random_number(session):
    torch.save(other(), "w.pt")
    before = torch.random.get_rng_state()
    load_weights(session, "w.pt")
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_is_no_checkpoint_is_refused(session):
    with pytest.raises(EngineProblem, match="not a checkpoint"):
        load_weights(session, "rgnet")
    with pytest.raises(EngineProblem, match=r"nowhere\.pt"):
        load_weights(session, "nowhere.pt")


def test_a_network_without_values_cannot_be_loaded(session):
    torch.save(other(), "w.pt")
    session.open("net.py:Net", device="meta")
    with pytest.raises(EngineProblem, match="no values"):
        load_weights(session, "w.pt")
