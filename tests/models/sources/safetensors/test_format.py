"""safetensors files are recognised by their content, and opened without torch."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import pytest

from models.opened.source import OpenOptions, SourceError
from models.sources.looking import look
from models.sources.safetensors import FORMAT

HEADER = json.dumps(
    {"__metadata__": {"config": '{"d": 4}'}, "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}
).encode()
GOOD = struct.pack("<Q", len(HEADER)) + HEADER + b"ab"


def recognised(tmp_path, content: bytes, name: str = "file") -> bool:
    (tmp_path / name).write_bytes(content)
    return FORMAT.recognises(look(str(tmp_path / name)))


def test_by_content_under_any_name(tmp_path):
    assert recognised(tmp_path, GOOD)
    assert recognised(tmp_path, GOOD[:9])
    assert recognised(tmp_path, GOOD, "model.bin")


@pytest.mark.parametrize(
    "other",
    [
        b"version https://git-lfs.github.com/spec/v1\n",
        b"<!DOCTYPE html>",
        b'{"a": 1{',
        b"PK\x03\x04\0\0\0\0\0",
        b"\0" * 20,
    ],
)
def test_others_are_left_to_others(tmp_path, other):
    assert not recognised(tmp_path, other)
    if not other.startswith(b"\0"):
        assert not recognised(tmp_path, other[:60].replace(b"\0", b"x"), "model.safetensors")


def test_a_broken_one_is_known_by_its_name(tmp_path):
    assert recognised(tmp_path, struct.pack("<Q", 2**60) + b"{}", "x.safetensors")
    assert recognised(tmp_path, struct.pack("<Q", 2) + b"[]", "x.safetensors")
    assert recognised(tmp_path, GOOD[:6], "x.safetensors")


def test_what_is_opened(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(GOOD)
    source = FORMAT.open(look(str(tmp_path / "m.safetensors")), OpenOptions())
    assert source.kind == "checkpoint"
    checkpoint = source.checkpoint
    assert checkpoint.kind == "safetensors file"
    assert checkpoint.metadata == {"config": {"d": 4}}
    assert [each.place for each in checkpoint.tensors] == [f"m.safetensors @ {8 + len(HEADER)}"]
    assert [each.name for each in checkpoint.files] == ["m.safetensors"]


def test_a_file_that_goes_meanwhile_is_said_in_a_line(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(GOOD)
    found = look(str(tmp_path / "m.safetensors"))
    (tmp_path / "m.safetensors").unlink()
    with pytest.raises(SourceError, match=r"m\.safetensors cannot be read: No such file"):
        FORMAT.open(found, OpenOptions())


def test_torch_is_not_needed(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(GOOD)
    program = (
        "import sys; from models.sources.files import open_path; from models.opened.source import OpenOptions;"
        "print(open_path(sys.argv[1], OpenOptions()).checkpoint.tensors[0].flat(0, 2), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "m.safetensors")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "b'ab' False\n"
