"""What the end-to-end tests share."""

from __future__ import annotations

import json
import struct

import pytest


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of weights of four blocks: for tests in which no network runs, since its engine need not load torch."""
    names = [f"block {block}.{name}" for block in range(4) for name in ("weight", "bias")]
    header = json.dumps(
        {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * at, 4 * at + 4]} for at, name in enumerate(names)}
    ).encode()
    file = tmp_path_factory.mktemp("weights") / "blocks.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * len(names)))
    return str(file)
