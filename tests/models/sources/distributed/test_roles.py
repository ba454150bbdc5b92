"""The optimizer's state beside its parameters, by the names that torch gives."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict

from models.sources.distributed.roles import roles
from tests.models.sources.distributed.saving import checkpoint, loaded, raw, save_alone


def test_a_training_checkpoint_that_torch_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(3, 4)).sum().backward()
    optimizer.step()
    for flat in (False, True):
        options = StateDictOptions(flatten_optimizer_state_dict=flat)
        model_state, optimizer_state = get_state_dict(network, optimizer, options=options)
        folder = tmp_path / str(flat)
        save_alone(folder, {"model": model_state, "optim": optimizer_state})
        found = checkpoint(folder)
        by_name = {stored.path: stored for stored in found.tensors}
        assert {f"model.{name}" for name in model_state} | {
            f"optim.state.{name}.{key}"
            for name, _ in network.named_parameters() for key in ("step", "exp_avg", "exp_avg_sq")
        } == set(by_name)  # fmt: skip
        assert found.links == {
            f"model.{name}": [f"optim.state.{name}.{key}" for key in ("step", "exp_avg", "exp_avg_sq")]
            for name, _ in network.named_parameters()
        }
        assert {stored.kind for name, stored in by_name.items() if name.startswith("optim.")} == {"state"}
        assert {stored.kind for name, stored in by_name.items() if name.startswith("model.")} == {None}
        expected = loaded(folder, {f"model.{name}": tensor for name, tensor in model_state.items()})
        for name, tensor in expected.items():
            assert bytes(by_name[name].flat(0, tensor.numel())) == raw(tensor)


def test_the_optimizer_by_itself() -> None:
    assert roles(["state.0.exp_avg", "state.a.weight.step"], {}) == (
        {"state.0.exp_avg": "state", "state.a.weight.step": "state"},
        {},
    )


def test_names_that_only_look_alike() -> None:
    names = ["encoder.state.weight", "model.a.weight", "ema.a.weight", "optimizer.state.a.weight.exp_avg"]
    kinds, links = roles(names, {})
    assert kinds == {"optimizer.state.a.weight.exp_avg": "state"}
    assert links == {}  # two could be meant
    assert roles(names[1:2] + names[3:], {})[1] == {"model.a.weight": ["optimizer.state.a.weight.exp_avg"]}
