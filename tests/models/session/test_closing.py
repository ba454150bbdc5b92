"""Of `opening`: what is closed goes, whatever the collector leaves alone."""

from __future__ import annotations

import gc
import json
import struct
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from models.checkpoint.model import CheckpointModel
from models.session.session import Session
from models.stored.stored import Stored
from tests.models.sources.gguf.gguf_files import entry, gguf, info

_freeze, _unfreeze = gc.freeze, gc.unfreeze


@pytest.fixture
def thawed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return the calls that gave all frozen objects back to the collector; while a test runs none of them does.

    What is opened is frozen as in the program, which other tests leave out: see `conftest.py`.
    """
    calls: list[str] = []
    gc.collect()
    monkeypatch.setattr(gc, "freeze", _freeze)
    monkeypatch.setattr(gc, "unfreeze", lambda: calls.append("unfreeze"))
    yield calls
    _unfreeze()
    gc.collect()
    _freeze()  # what the tests have in common is frozen


def _state_dict(path: Path) -> None:
    torch.save({f"layers.{at}.weight": torch.zeros(2, 2) for at in range(40)}, path)


def _training(path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(2, 4)).sum().backward()
    optimizer.step()
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)


def _whole_module(path: Path) -> None:
    torch.save(nn.TransformerEncoderLayer(16, 2), path)


def _in_itself(path: Path) -> None:
    held: dict[str, object] = {"model": nn.Linear(4, 8).state_dict()}
    held["trainer"] = [held]
    torch.save(held, path)


def _old_format(path: Path) -> None:
    torch.save(nn.Linear(4, 8).state_dict(), path, _use_new_zipfile_serialization=False)


def _safetensors(path: Path) -> None:
    names = [f"layers.{at}.proj.weight" for at in range(40)]
    header = {
        name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * at, 8 * at + 8]} for at, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8 * len(names)))


def _gguf(path: Path) -> None:
    infos = [info(f"blk.{at}.weight", (4, 2), 0, 32 * at) for at in range(4)]
    path.write_bytes(gguf([entry("general.architecture", 8, "llama")], infos, bytes(128)))


def _npz(path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
    header = header.ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        for at in range(4):
            archive.writestr(f"a{at}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(8))


KINDS = [_state_dict, _training, _whole_module, _in_itself, _old_format, _safetensors, _gguf, _npz]


def test_a_checkpoint_goes_without_the_collector_so_that_torch_stays_frozen(tmp_path: Path, thawed: list[str]) -> None:
    session = Session()
    gc.disable()
    try:
        for write in KINDS:
            write(tmp_path / "file")
            session.open(str(tmp_path / "file"))
            tree = weakref.ref(session.model.tree)
            assert session.model.rows(0, 50)
            assert session.model.tensors_at("")
            session.model.describe("")
            session.open("rgnet")
            assert (tree(), thawed) == (None, []), write
        _unfreeze()
        assert not [each for each in gc.get_objects() if {CheckpointModel, Stored}.intersection(type(each).__mro__)]
    finally:
        gc.enable()


def test_what_may_refer_to_itself_or_is_in_use_is_collected(tmp_path: Path, thawed: list[str]) -> None:
    _state_dict(tmp_path / "file")
    session = Session()
    session.open(str(tmp_path / "file"), trust=True)
    session.close()
    assert thawed == ["unfreeze"]
    session.open(str(tmp_path / "file"))
    in_use = session.model
    session.open("rgnet")
    assert thawed == ["unfreeze"] * 2
    assert in_use.tree
