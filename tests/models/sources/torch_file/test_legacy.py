"""What only the format of before 2020 has: pickles one after the other, storages by number, views of storages."""

import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from models.opened.source import OpenOptions, SourceError
from models.sources.files import checkpoint_at
from models.sources.torch_file import legacy

LEGACY = {"_use_new_zipfile_serialization": False}
GRID = torch.arange(24.0).reshape(4, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.save({"w": GRID, "b": torch.ones(100)}, tmp_path / "old.pt", **LEGACY)
    return tmp_path / "old.pt"


def test_missing_bytes_are_counted(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-8])
    with pytest.raises(SourceError, match=r"old\.pt is cut short: 8 bytes are missing at its end"):
        checkpoint_at(path, OpenOptions())
    path.write_bytes(data[: -(8 + 400)])  # the last storage and its count, or a part of the one before
    with pytest.raises(SourceError, match="408 bytes are missing"):
        checkpoint_at(path, OpenOptions())


def test_cut_within_the_pickles(path: Path) -> None:
    for size in (40, 200):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(SourceError, match=r"ends? within the description"):
            checkpoint_at(path, OpenOptions())


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_protocols(tmp_path: Path, protocol: int) -> None:
    torch.save({"w": GRID}, tmp_path / "p.pt", pickle_protocol=protocol, **LEGACY)
    (stored,) = checkpoint_at(tmp_path / "p.pt", OpenOptions()).tensors
    assert struct.unpack("<24f", stored.flat(0, 24)) == tuple(range(24))


def test_more_than_the_first_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy, "_FIRST", 1000)
    value: dict[str, Any] = {f"layer.{index}": torch.tensor([index]) for index in range(300)}
    value["notes"] = "x" * 30_000
    value["last"] = GRID
    torch.save(value, tmp_path / "long.pt", **LEGACY)
    found = checkpoint_at(tmp_path / "long.pt", OpenOptions())
    assert len(found.tensors) == 301
    assert struct.unpack("<6f", found.tensors[-1].flat(18, 24)) == tuple(range(18, 24))


class Stored:
    """Pickles as a storage's persistent id."""

    def __init__(self, *key: object) -> None:
        self.key = key


class Pickler(pickle._Pickler):  # type: ignore[name-defined]
    def persistent_id(self, value: object) -> object:
        return value.key if isinstance(value, Stored) else None


def written(path: Path, make: object, keys: list[str], storages: bytes, little: bool = True) -> Path:
    """A file whose object is what `make` writes, with storages as they are."""
    with path.open("wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, 2)
        pickle.dump(1001, file, 2)
        pickle.dump({"protocol_version": 1001, "little_endian": little}, file, 2)
        pickler = Pickler(file, 2)
        pickler.dump(make)
        pickle.dump(keys, file, 2)
        file.write(storages)
    return path


class Tensor:
    def __init__(self, storage: Stored, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.arguments = (storage, offset, shape, stride, False, None)

    def __reduce__(self) -> Any:
        return torch._utils._rebuild_tensor_v2, self.arguments


def test_view_of_a_storage(tmp_path: Path) -> None:
    key = ("storage", torch.FloatStorage, "7", "cpu", 10)
    value = {
        "view": Tensor(Stored(*key, ("8", 2, 3)), 1, (2,), (1,)),
        "all": Tensor(Stored(*key, None), 0, (10,), (1,)),
    }
    data = struct.pack("<q10f", 10, *range(10))
    found = {
        each.path: each for each in checkpoint_at(written(tmp_path / "v.pt", value, ["7"], data), OpenOptions()).tensors
    }
    assert struct.unpack("<2f", found["view"].flat(0, 2)) == (3.0, 4.0)
    assert found["view"].storage == found["all"].storage
    value["view"] = Tensor(Stored(*key, ("8", 2, 3)), 1, (3,), (1,))
    with pytest.raises(SourceError, match="'view' reaches to byte 16 of a storage of 12 bytes"):
        checkpoint_at(written(tmp_path / "v.pt", value, ["7"], data), OpenOptions())


def test_big_endian(tmp_path: Path) -> None:
    value = {"w": Tensor(Stored("storage", torch.FloatStorage, "7", "cpu", 3, None), 0, (3,), (1,))}
    path = written(tmp_path / "big.pt", value, ["7"], struct.pack(">q3f", 3, 1, 2, 3), little=False)
    (stored,) = checkpoint_at(path, OpenOptions()).tensors
    assert struct.unpack("<3f", stored.flat(0, 3)) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("keys", "data"),
    [
        (["7"], struct.pack("<q", 1 << 62)),
        (["7"], struct.pack("<q", -1)),
        (["7"], b""),
        (["7"], struct.pack("<q2f", 2, 1, 2)),
        ([], b""),
        (["nobody's"], struct.pack("<q", 0)),
    ],
)
def test_storages_that_contradict(tmp_path: Path, keys: list[str], data: bytes) -> None:
    value = {"w": Tensor(Stored("storage", torch.FloatStorage, "7", "cpu", 3, None), 0, (3,), (1,))}
    with pytest.raises(SourceError):
        checkpoint_at(written(tmp_path / "x.pt", value, keys, data), OpenOptions())
