"""TorchScript archives: the modules and their classes, without running their code."""

from pathlib import Path

import pytest
import torch
from torch import nn

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at
from models.stored.checkpoint import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


class Net(nn.Module):
    sizes: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8))
        self.heads = nn.ModuleList([nn.Linear(8, 2), nn.Linear(8, 3)])
        self.register_buffer("table", torch.ones(3))
        self.constant = torch.ones(2)
        self.sizes = [1, 2]
        self.name = "net"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.heads[0](self.body(x)) * self.table.sum()


def opened(path: Path) -> Checkpoint:
    return checkpoint_at(path, OpenOptions())


@pytest.mark.parametrize("how", ["script", "trace"])
def test_modules_classes_and_values(tmp_path: Path, how: str) -> None:
    net = Net().eval()
    module = torch.jit.script(net) if how == "script" else torch.jit.trace(net, torch.rand(2, 4))
    module.save(tmp_path / "net.pt")
    found = opened(tmp_path / "net.pt")
    assert found.kind == "TorchScript archive"
    expected = {
        "": "Net", "body": "Sequential", "body.0": "Linear", "body.1": "ReLU", "body.2": "BatchNorm1d",
        "heads": "ModuleList", "heads.0": "Linear",
    }  # fmt: skip
    assert found.classes == found.classes | expected
    by_path = {each.path: each for each in found.tensors}
    kept = [name for name in net.state_dict() if how == "script" or name in by_path]  # a trace drops what is not used
    assert len(kept) >= 10
    for name in kept:
        parameter = name in dict(net.named_parameters())
        assert by_path[name].kind == ("parameter" if parameter else "buffer"), name
        values = torch.frombuffer(
            bytearray(by_path[name].flat(0, by_path[name].elements)), dtype=net.state_dict()[name].dtype
        )
        assert torch.equal(values, net.state_dict()[name].reshape(-1))
    others = {each.path: each.kind for each in found.tensors if each.path not in kept}
    assert others == ({"constant": "constant"} if how == "script" else {})
    if how == "script":
        texts = {each.path: (each.type, each.text) for each in found.items}
        assert texts["sizes"] == ("list", "[1, 2]")
        assert texts["name"] == ("str", "net")


def test_other_names_are_shown_and_cost_nothing_else(tmp_path: Path) -> None:
    torch.jit.script(Net()).save(tmp_path / "net.pt")
    data = (tmp_path / "net.pt").read_bytes()
    (tmp_path / "net.pt").write_bytes(data.replace(b"torch.jit._pickle", b"subprocess.thing_", 1))
    found = opened(tmp_path / "net.pt")
    assert {each.path: each.text for each in found.items}["sizes"] == "subprocess.thing_.build_intlist([1, 2])"
    assert "body.0.weight" in [each.path for each in found.tensors]


def test_constants_beside_parameters_are_no_parameters(tmp_path: Path) -> None:
    class WithConstant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 2)
            self.shift = torch.ones(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x) + self.shift

    torch.jit.trace(WithConstant(), torch.rand(2, 4)).save(tmp_path / "net.pt")
    kinds = {each.path: each.kind for each in opened(tmp_path / "net.pt").tensors}
    assert kinds == {"linear.weight": "parameter", "linear.bias": "parameter", "CONSTANTS.c0": "constant"}


def test_the_weights_of_a_frozen_network_are_its_constants(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval()
    torch.jit.freeze(torch.jit.script(net)).save(tmp_path / "frozen.pt")
    found = opened(tmp_path / "frozen.pt")
    assert [each.path for each in found.tensors] == [f"CONSTANTS.c{number}" for number in range(4)]
    for each, parameter in zip(found.tensors, net.parameters(), strict=True):
        assert each.shape == tuple(parameter.shape)
        values = torch.frombuffer(bytearray(each.flat(0, each.elements)), dtype=torch.float32)
        assert torch.equal(values, parameter.reshape(-1))
    assert found.warnings == []


def test_constants_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    net = nn.Linear(4, 8).eval()
    torch.jit.freeze(torch.jit.script(net)).save(tmp_path / "frozen.pt")
    data = (tmp_path / "frozen.pt").read_bytes()
    (tmp_path / "frozen.pt").write_bytes(data.replace(b"_rebuild_tensor_v2", b"_rebuild_tensor_vX"))
    found = opened(tmp_path / "frozen.pt")
    assert found.tensors == []
    assert found.items[0].path == "CONSTANTS.c0"
    assert found.items[0].text.startswith("torch._utils._rebuild_tensor_vX(")
    (tmp_path / "frozen.pt").write_bytes(data.replace(b"ctorch._utils\n_rebuild", b"\xfftorch._utils\n_rebuild"))
    found = opened(tmp_path / "frozen.pt")
    assert found.tensors == []
    assert found.warnings == ["frozen.pt has constants that cannot be read: of a frozen network those are its weights."]
