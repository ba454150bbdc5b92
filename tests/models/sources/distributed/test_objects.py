"""Objects beside the tensors: read where they are small and plain, named where they are not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from models.sources.distributed import objects
from models.stored.checkpoint import Item
from tests.models.sources.distributed.saving import checkpoint, save


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (open, (str(self.path), "w"))


def items(folder: Path, values: dict[str, object]) -> dict[str, Item]:
    save(folder, {"w": (torch.zeros(2), [(0, (0,), (2,))])}, values)
    return {item.path: item for item in checkpoint(folder).items}


def test_plain_values_are_shown(tmp_path: Path) -> None:
    found = items(
        tmp_path / "c",
        {
            "epoch": 3,
            "lr": 1e-3,
            "name": "run [red]",
            "betas": (0.9, 0.95),
            "ids": ["a", "b"],
            "none": None,
            "on": True,
        },
    )
    assert {(name, item.type, item.text) for name, item in found.items()} == {
        ("epoch", "int", "3"), ("lr", "float", "0.001"), ("name", "str", "run [red]"),
        ("betas", "tuple", "(0.9, 0.95)"), ("ids", "list", "['a', 'b']"),
        ("none", "NoneType", "None"), ("on", "bool", "True"),
    }  # fmt: skip


def test_what_would_run_code_is_shown_and_not_run(tmp_path: Path) -> None:
    found = items(tmp_path / "c", {"evil": Runs(tmp_path / "made"), "good": 1, "other": SimpleNamespace(a=1)})
    assert not (tmp_path / "made").exists()
    assert found["evil"].text == f"{open.__module__}.open({str(tmp_path / 'made')!r}, 'w')"
    assert found["other"].text == "SimpleNamespace(a=1)"
    assert found["good"].text == "1"


def test_large_and_many_ones_are_named_with_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "READ_LIMIT", 2)
    found = items(tmp_path / "c", {"large": "x" * 100_000, "a": 1, "b": 2, "c": 3})
    assert found["large"].text.endswith(" bytes, not read")
    assert [found[name].text for name in "ab"] == ["1", "2"]
    assert found["c"].text.endswith(" bytes, not read")
    assert list(found) == ["large", "a", "b", "c"]


def test_neighbours_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "c", {"w": (torch.zeros(2), [(0, (0,), (2,))])}, {f"o{number}": number for number in range(100)})
    reads: list[str] = []
    from models.stored.file import DataFile

    read = DataFile.read
    monkeypatch.setattr(DataFile, "read", lambda self, at, size: reads.append(self.name) or read(self, at, size))
    assert [item.text for item in checkpoint(tmp_path / "c").items] == [str(number) for number in range(100)]
    assert reads.count("__0_0.distcp") == 1


def test_damaged_bytes_and_a_missing_file(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    save(folder, {"w": (torch.zeros(2), [(0, (0,), (2,))])}, {"epoch": 3})
    data = folder / "__0_0.distcp"
    data.write_bytes(b"\0" * 4 + data.read_bytes()[4:])
    assert checkpoint(folder).items[0].text.startswith("not read: __0_0.distcp is damaged: what stands there is not")
    data.unlink()
    assert checkpoint(folder).items[0].text == "not read: its file is missing"
