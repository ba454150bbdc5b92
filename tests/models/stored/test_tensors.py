"""The tensors of a file made one by one are those that a list of them holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.stored.checkpoint import Checkpoint
from models.stored.dense import Dense
from models.stored.dtypes import FLOAT16, FLOAT32
from models.stored.file import DataFile
from models.stored.tensors import DenseTensors, TensorList, TensorSpec


@pytest.fixture
def both(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(bytes(range(40)))
    file = DataFile(path)
    specs = [TensorSpec(FLOAT32, (2, 3), 24), TensorSpec(FLOAT16, (4,), 8), TensorSpec(FLOAT16, (), 2)]
    names, offsets = ["a.w", "a.b", "c"], [0, 24, 38]
    listed = [
        Dense(name, spec.shape, spec.dtype, file, at) for name, spec, at in zip(names, specs, offsets, strict=True)
    ]
    yield DenseTensors(file, names, specs, offsets), TensorList(listed)
    file.close()


def test_the_columns_are_the_same(both):
    dense, listed = both
    for column in ("paths", "shapes", "sizes", "dtypes", "has_roles", "shared"):
        assert list_of(getattr(dense, column)) == list_of(getattr(listed, column)), column
    assert Checkpoint(dense).columns is dense
    assert Checkpoint(list(listed)).columns.paths == ["a.w", "a.b", "c"]


def list_of(column: object) -> object:
    return list(column) if isinstance(column, list) else column


def test_each_tensor_is_the_same_and_made_once(both):
    dense, listed = both
    assert len(dense) == 3
    for one, other in zip(dense, listed, strict=True):
        assert (one.path, one.shape, one.dtype, one.nbytes, one.place) == (
            other.path, other.shape, other.dtype, other.nbytes, other.place,
        )  # fmt: skip
        assert bytes(one.flat(0, one.elements)) == bytes(other.flat(0, other.elements))
    assert dense[1] is dense[1] is dense[-2] is dense[1:][0]
    with pytest.raises(IndexError):
        dense[3]
