"""Programs of torch.export: their weights, by the table beside them."""

import json
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from models.opened.source import OpenOptions, SourceError
from models.sources.files import checkpoint_at


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.register_buffer("shift", torch.ones(2))
        self.register_buffer("unsaved", torch.full((2,), 3.0), persistent=False)
        self.constant = torch.tensor([7.0, 8.0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x) + self.shift + self.unsaved + self.constant


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_program_of_torch(tmp_path: Path) -> None:
    net = Net()
    torch.export.save(torch.export.export(net, (torch.ones(2, 4),)), tmp_path / "net.pt2")
    found = checkpoint_at(tmp_path / "net.pt2", OpenOptions())
    assert found.kind == "torch.export program"
    assert {each.path: each.kind for each in found.tensors} == {
        "linear.weight": "parameter", "linear.bias": "parameter", "shift": "buffer", "unsaved": "constant",
        "constant": "constant",
    }  # fmt: skip
    by_path = {each.path: each for each in found.tensors}
    for path, expected in (("constant", net.constant), ("unsaved", net.unsaved)):
        assert torch.equal(torch.frombuffer(bytearray(by_path[path].flat(0, 2)), dtype=torch.float32), expected)
    weight = by_path["linear.weight"]
    values = torch.frombuffer(bytearray(weight.flat(0, 8)), dtype=torch.float32)
    assert torch.equal(values.reshape(2, 4), net.linear.weight)


META = {
    "dtype": 7, "sizes": [{"as_int": 3}], "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0},
    "requires_grad": True,
}  # fmt: skip
ENTRY = {"path_name": "weight_0", "is_param": True, "use_pickle": False, "tensor_meta": META}
CONSTANT = {**ENTRY, "path_name": "tensor_0", "is_param": False}


def program(tmp_path: Path, table: str) -> Path:
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data/weights/weight_0", bytes(12))
        archive.writestr("net/archive_format", "pt2")
        archive.writestr("net/data/weights/model_weights_config.json", table)
        archive.writestr("net/data/constants/tensor_0", bytes(12))
        archive.writestr("net/data/constants/model_constants_config.json", json.dumps({"config": {"c": CONSTANT}}))
    return path


def test_table(tmp_path: Path) -> None:
    table = {"config": {"a.w": ENTRY, "a.b": {**ENTRY, "use_pickle": True}, "\ud800": ENTRY}}
    found = checkpoint_at(program(tmp_path, json.dumps(table)), OpenOptions())
    assert [(each.path, each.shape, each.kind) for each in found.tensors] == [
        ("a.w", (3,), "parameter"),
        (r"\ud800", (3,), "parameter"),
        ("c", (3,), "constant"),
    ]
    assert found.tensors[0].storage == found.tensors[1].storage
    assert found.items[0].text == "pickled, not read"


@pytest.mark.parametrize(
    "table",
    [
        "", "[]", "{}",
        '{"config": []}', "[" * 100_000, '{"config": {"a": 3}}', '{"config": {"a": {"tensor_meta": {}}}}',
        json.dumps({"config": {"a": {**ENTRY, "tensor_meta": {**META, "dtype": 99}}}}),
        json.dumps({"config": {"a": {**ENTRY, "tensor_meta": {**META, "sizes": [{"as_int": -1}]}}}}),
        json.dumps({"config": {"a": {**ENTRY, "tensor_meta": {**META, "sizes": [{"as_int": 4}]}}}}),
        json.dumps({"config": {"a": {**ENTRY, "path_name": "../../etc/passwd"}}}),
    ],
)  # fmt: skip
def test_broken_tables(tmp_path: Path, table: str) -> None:
    with pytest.raises(SourceError, match=r"net\.pt2 is damaged"):
        checkpoint_at(program(tmp_path, table), OpenOptions())
