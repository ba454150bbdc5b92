"""Folders of small files, as programs write them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from models.opened.source import OpenOptions, SeveralSources, Source
from models.sources.files import open_path

Put = Callable[..., None]
Opened = Callable[..., Source]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """`put("unet/model.safetensors", a=1)`: a safetensors file with a byte for each tensor; of `.json` the content."""

    def put(name: str, content: object = None, **tensors: int) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith(".safetensors"):
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return
        header = {
            key: {"dtype": "U8", "shape": [1], "data_offsets": [place, place + 1]} for place, key in enumerate(tensors)
        }
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(tensors.values()))

    return put


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Open what is at a path in the test's folder."""

    def opened(name: str = "") -> Source:
        return open_path(str(tmp_path / name), OpenOptions())

    return opened


@pytest.fixture
def choices(tmp_path: Path, opened: Opened) -> Callable[..., list[str]]:
    """Return the sources that are offered in place of one, below the test's folder."""

    def choices(name: str = "") -> list[str]:
        with pytest.raises(SeveralSources) as caught:
            opened(name)
        assert all(each.source.startswith(str(tmp_path)) for each in caught.value.choices)
        return [str(Path(each.source).relative_to(tmp_path)) for each in caught.value.choices]

    return choices
