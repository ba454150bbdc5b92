"""A contiguous tensor in a file: which bytes are read for its elements, and what its properties return."""

from __future__ import annotations

import struct

import pytest

from models.stored.dense import Dense
from models.stored.dtypes import FLOAT4_E2M1FN_X2, FLOAT6_E3M2, FLOAT32, UINT8, unpack_numbers
from models.stored.file import DataFile
from models.tensors.readable import Unreadable


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(range(200)))
    return DataFile(path)


def test_only_what_is_asked_for_is_read(data):
    dense = Dense("w", (3, 4), UINT8, data, 10)
    assert dense.flat(0, 12) == bytes(range(10, 22))
    assert dense.flat(5, 7) == bytes([15, 16])
    assert dense.flat(12, 12) == b""
    assert (dense.elements, dense.nbytes) == (12, 12)


def test_sub_byte_elements_come_in_whole_units(data):
    four = Dense("w", (7,), FLOAT4_E2M1FN_X2, data, 100)
    assert four.nbytes == 4
    assert four.flat(2, 6) == bytes([101, 102])
    assert four.flat(6, 7) == bytes([103])
    six = Dense("w", (8,), FLOAT6_E3M2, data, 100)
    assert six.flat(4, 8) == bytes([103, 104, 105])


def test_place_storage_and_kind(data):
    dense = Dense("w", (2,), UINT8, data, 4096, "buffer", storage="s")
    assert dense.place == "weights.bin @ 4,096"
    assert (dense.storage, dense.kind, dense.notes) == ("s", "buffer", [])
    assert Dense("w", (2,), UINT8, data, 0).storage is None


def test_scalars_and_nothing(data, tmp_path):
    (tmp_path / "one").write_bytes(struct.pack("<f", 2.5))
    scalar = Dense("w", (), FLOAT32, DataFile(tmp_path / "one"), 0)
    assert unpack_numbers(FLOAT32, scalar.flat(0, 1), 1) == [2.5]
    assert Dense("w", (0, 5), FLOAT32, data, 200).flat(0, 0) == b""


def test_what_is_not_in_the_file_is_not_made_up(data):
    with pytest.raises(Unreadable, match="ends before byte 250"):
        Dense("w", (100,), UINT8, data, 150).flat(0, 100)
