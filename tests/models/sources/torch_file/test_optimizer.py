"""Optimizer state beside its parameter: real optimizers of torch, saved after a step."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from models.stored.checkpoint import Checkpoint

Opened = Callable[[Any], Checkpoint]


def stepped(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    net(torch.rand(5, 4)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 8), nn.LayerNorm(8))


def paths(checkpoint: Checkpoint, start: str) -> list[str]:
    return [each.path for each in checkpoint.tensors if each.path.startswith(start)]


def test_adam(opened: Opened) -> None:
    net = network()
    optimizer = stepped(net, torch.optim.AdamW(net.parameters()))
    checkpoint = opened({"epoch": 1, "model": net.state_dict(), "optimizer": optimizer, "rng": torch.get_rng_state()})
    names = [name for name, _ in net.named_parameters()]
    assert paths(checkpoint, "optimizer") == [
        f"optimizer.state.{name}.{key}" for name in names for key in ("step", "exp_avg", "exp_avg_sq")
    ]
    assert checkpoint.links["model.0.weight"] == [
        f"optimizer.state.0.weight.{key}" for key in ("step", "exp_avg", "exp_avg_sq")
    ]
    assert set(checkpoint.links) == {f"model.{name}" for name in names}
    kinds = {each.path: each.kind for each in checkpoint.tensors}
    assert {kinds[path] for path in paths(checkpoint, "optimizer")} == {"state"}
    assert kinds["rng"] == "state"
    assert kinds["model.0.weight"] is None
    assert checkpoint.kind == "torch training checkpoint with its state dict under 'model'"
    assert checkpoint.metadata["state dict"] == "model"
    texts = {each.path: each.text for each in checkpoint.items}
    assert texts["optimizer.param_groups.0.lr"] == "0.001"
    assert texts["optimizer.param_groups.0.params"] == str(list(range(len(names))))


def test_groups_with_and_without_decay(opened: Opened) -> None:
    net = network()
    wide = [each for each in net.parameters() if each.ndim > 1]
    narrow = [each for each in net.parameters() if each.ndim < 2]
    for groups in ([wide, narrow], [narrow, wide]):
        optimizer = torch.optim.Adam([{"params": group} for group in groups])
        found = opened({"state_dict": net.state_dict(), "optimizer": stepped(net, optimizer)})
        by_path = {each.path: each for each in found.tensors}
        for name, parameter in net.named_parameters():
            stored = by_path[f"optimizer.state.{name}.exp_avg"]
            expected = optimizer.state[parameter]["exp_avg"]
            assert stored.flat(0, stored.elements) == bytes(expected.view(torch.uint8).flatten().tolist())


def test_names_that_the_groups_tell(opened: Opened) -> None:
    net = network()
    parameters = list(reversed(list(net.named_parameters())))
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(parameters))})
    assert paths(found, "optimizer")[0] == f"optimizer.state.{parameters[0][0]}.step"


def test_tied_parameters_count_once(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(net.parameters()))})
    assert "optimizer.state.1.bias.exp_avg" in paths(found, "optimizer")


@pytest.mark.parametrize("other", [nn.Linear(4, 3), nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))])
def test_numbers_stay_where_no_state_dict_fits(opened: Opened, other: nn.Module) -> None:
    net = network()
    found = opened({"model": other.state_dict(), "optimizer": stepped(net, torch.optim.Adam(net.parameters()))})
    assert paths(found, "optimizer")[1] == "optimizer.state.0.exp_avg"
    assert found.links == {}


def test_two_networks_and_two_optimizers(opened: Opened) -> None:
    first, second = nn.Linear(4, 2), nn.Linear(4, 2)
    value = {
        "net_g": first.state_dict(), "net_d": second.state_dict(),
        "optimizer_g": stepped(first, torch.optim.Adam(first.parameters())),
        "optimizer_d": stepped(second, torch.optim.Adam(second.parameters())),
    }  # fmt: skip
    found = opened(value)
    assert found.links["net_g.weight"][0] == "optimizer_g.state.weight.step"
    assert found.links["net_d.weight"][0] == "optimizer_d.state.weight.step"


def test_without_momentum_there_is_nothing_to_name(opened: Opened) -> None:
    net = network()
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.SGD(net.parameters(), 0.1))})
    assert paths(found, "optimizer") == []
    assert found.links == {}


def test_lightning_and_averages(opened: Opened) -> None:
    net = network()
    value = {
        "pytorch-lightning_version": "2.4", "state_dict": net.state_dict(),
        "loops": {"fit": {"progress": torch.ones(1)}},
        "optimizer_states": [stepped(net, torch.optim.Adam(net.parameters()))], "ema_state_dict": net.state_dict(),
        "hyper_parameters": {"lr": 0.1},
    }  # fmt: skip
    found = opened(value)
    kinds = {each.path: each.kind for each in found.tensors}
    assert kinds["optimizer_states.0.state.0.weight.exp_avg"] == "state"
    assert kinds["ema_state_dict.0.weight"] == "state"
    assert kinds["loops.fit.progress"] == "state"
    assert kinds["state_dict.0.weight"] is None
    assert kinds == kinds | {each: "state" for each in kinds if not each.startswith("state_dict.")}
