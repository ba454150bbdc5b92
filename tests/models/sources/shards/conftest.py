"""Small safetensors files, written by hand."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from models.opened.source import OpenOptions
from models.sources.files import open_path
from models.stored.checkpoint import Checkpoint

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write(name, first=1, second=2)`: a file with a byte for each tensor; `metadata` is its `__metadata__`."""

    def write(name: str, metadata: dict[str, str] | None = None, **tensors: int) -> None:
        header: dict[str, object] = {} if metadata is None else {"__metadata__": metadata}
        for place, key in enumerate(tensors):
            header[key] = {"dtype": "U8", "shape": [1], "data_offsets": [place, place + 1]}
        text = json.dumps(header).encode()
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(struct.pack("<Q", len(text)) + text + bytes(tensors.values()))

    return write


@pytest.fixture
def write_index(tmp_path: Path) -> Write:
    def write_index(weights: dict[str, str], name: str = "model.safetensors.index.json", **more: object) -> None:
        metadata = {"total_size": len(weights)}
        (tmp_path / name).write_text(json.dumps({"metadata": metadata, "weight_map": weights} | more))

    return write_index


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Checkpoint]:
    """Open what is at a path in the test's folder."""

    def opened(name: str = "") -> Checkpoint:
        checkpoint = open_path(str(tmp_path / name), OpenOptions()).checkpoint
        assert checkpoint is not None
        return checkpoint

    return opened
