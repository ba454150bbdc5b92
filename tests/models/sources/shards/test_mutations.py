"""Whatever an index and its shards hold: tensors of that folder that can be read, or one line that says why not."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.opened.source import OpenOptions, SourceError
from models.sources.files import open_path
from tests.cases import examples

NAMES = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "x.safetensors"]
SECRET = 0xEE


def shard(tensors: dict[str, int]) -> bytes:
    header = {name: {"dtype": "U8", "shape": [1], "data_offsets": [at, at + 1]} for at, name in enumerate(tensors)}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(tensors.values())


FILES = st.sampled_from(
    [*NAMES, "../secret.safetensors", "..", "", "sub/x.safetensors", "model.safetensors.index.json"]
)
INDEX = st.dictionaries(st.sampled_from("abcd"), FILES | st.text(max_size=5), max_size=5)
TENSORS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), max_size=3)
CUT = st.none() | st.integers(0, 200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret.safetensors").write_bytes(shard({"a": SECRET, "z": SECRET}))
    (outer / "here").mkdir()
    return outer / "here"


@settings(max_examples=examples(150), deadline=None)
@given(
    index=st.none() | INDEX | st.binary(max_size=30),
    shards=st.dictionaries(st.sampled_from(NAMES), st.tuples(TENSORS, CUT)),
    opens=st.sampled_from(["", "*", "*.safetensors", "model.safetensors.index.json", NAMES[0]]),
)
def test_anything_opens_or_is_refused(folder, index, shards, opens):
    for each in folder.iterdir():
        each.unlink()
    if index is not None:
        raw = index if isinstance(index, bytes) else json.dumps({"weight_map": index}).encode()
        (folder / "model.safetensors.index.json").write_bytes(raw)
    for name, (tensors, cut) in shards.items():
        (folder / name).write_bytes(shard(tensors)[:cut])
    try:
        checkpoint = open_path(str(folder / opens), OpenOptions()).checkpoint
    except SourceError:
        return
    paths = [each.path for each in checkpoint.tensors]
    assert len(set(paths)) == len(paths)
    for each in checkpoint.tensors:
        name = each.place.partition(" @ ")[0]
        assert name in shards
        assert each.flat(0, 1)[0] == shards[name][0][each.path]
