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


def test_names_that_the_groups_have(opened: Opened) -> None:
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
    assert found.warnings == [
        "The 8 parameters of 'optimizer' fit no network in this file: their state keeps its numbers."
    ]


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


def without(net: nn.Module, *left_out: str) -> list[nn.Parameter]:
    return [each for name, each in net.named_parameters() if not name.startswith(left_out)]


def test_those_that_are_in_no_group_are_named(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    optimizer = stepped(net, torch.optim.Adam(without(net, "1.")))
    found = opened({"model": net.state_dict(), "optimizer": optimizer})
    assert set(found.links) == {f"model.{name}" for name in ("0.weight", "0.bias", "2.weight", "2.bias")}
    assert found.warnings == [
        "'optimizer' has 4 of the 6 parameters of 'model'; not in it (frozen, forgotten or buffers): 1.weight, 1.bias"
        ", if whole layers are left out: by their shapes it could be others of the same."
    ]
    wide = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(without(net, "0.")))})
    assert "0.weight, 0.bias" in wide.warnings[0]


def test_where_shapes_leave_no_doubt_it_is_said_without_one(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5), nn.Linear(5, 1))
    groups = [{"params": without(net, "0.", "1.")}, {"params": without(net, "1.", "2.")}]
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(groups))})
    assert set(found.links) == {f"model.{name}" for name in ("0.weight", "0.bias", "2.weight", "2.bias")}
    assert found.warnings[0].endswith("not in it (frozen, forgotten or buffers): 1.weight, 1.bias.")


def test_what_is_not_certain_keeps_its_number(opened: Opened) -> None:
    net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)), nn.Linear(4, 2))
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(without(net, "1.", "2.")))})
    assert "optimizer.state.0.exp_avg" in paths(found, "optimizer")
    assert set(found.links) == {"model.4.weight", "model.4.bias"}
    assert found.warnings == [
        "'optimizer' has 6 of the 10 parameters of 'model'; which ones is not certain from shapes but for 2, and their "
        "state keeps its numbers."
    ]


def test_names_that_torch_recorded_say_which_are_missing(opened: Opened) -> None:
    net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)))
    named = [(name, each) for name, each in net.named_parameters() if not name.startswith("2.")]
    found = opened({"model": net.state_dict(), "optimizer": stepped(net, torch.optim.Adam(named))})
    assert "model.3.bias" in found.links
    assert found.warnings[0].endswith("not in it (frozen, forgotten or buffers): 2.weight, 2.bias.")


def test_two_optimizers_of_one_network(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5), nn.Linear(5, 1))
    parts = [torch.optim.Adam(without(net, "1.", "2.")), torch.optim.SGD(without(net, "0.", "2."), 0.1, momentum=0.9)]
    states = [stepped(net, each) for each in parts]
    found = opened({"model": net.state_dict(), "opt_a": states[0], "opt_b": states[1]})
    assert found.links["model.0.weight"][0] == "opt_a.state.0.weight.step"
    assert found.links["model.1.bias"] == ["opt_b.state.1.bias.momentum_buffer"]
    assert found.warnings == [
        "'opt_a' and 'opt_b' have 4 of the 6 parameters of 'model'; not in it (frozen, forgotten or buffers): "
        "2.weight, 2.bias."
    ]


def test_frozen_ones_of_a_whole_module(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5))
    net[0].requires_grad_(False)
    optimizer = stepped(net, torch.optim.Adam(net[1].parameters()))
    found = opened({"model": net, "optimizer": optimizer})
    assert set(found.links) == {"model.1.weight", "model.1.bias"}
    assert found.warnings[0].endswith("not in it (frozen or forgotten): 0.weight, 0.bias.")


def test_all_in_groups_is_worth_no_word(opened: Opened) -> None:
    net = network()
    tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    tied[1].weight = tied[0].weight
    for each in (net, tied):
        value = {"model": each.state_dict(), "optimizer": stepped(each, torch.optim.Adam(each.parameters()))}
        assert opened(value).warnings == []


def test_a_whole_optimizer_is_state_and_named_by_the_module_beside_it(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5))
    optimizer = torch.optim.Adam(net.parameters())
    stepped(net, optimizer)
    found = opened({"net": net, "opt": optimizer, "sch": torch.optim.lr_scheduler.StepLR(optimizer, 3)})
    kinds = {each.path: each.kind for each in found.tensors}
    assert {path for path, kind in kinds.items() if kind == "parameter"} == {f"net.{name}" for name in net.state_dict()}
    assert kinds["opt.state.1.weight.exp_avg"] == kinds["sch.optimizer.state.1.weight.step"] == "state"
    assert found.links["net.1.weight"][:2] == ["opt.state.1.weight.step", "opt.state.1.weight.exp_avg"]
    alone = opened(optimizer)
    assert {each.kind for each in alone.tensors} == {"state"}
    assert "state.3.exp_avg" in [each.path for each in alone.tensors]
