"""Tensors of several parts as those of one: names, order, roles and values."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from models.stored.dense import Dense
from models.stored.dtypes import DTYPES
from models.stored.file import DataFile
from models.stored.joined import Joined, Renamed
from models.stored.tensors import TensorList


@pytest.fixture
def file(tmp_path: Path) -> DataFile:
    path = tmp_path / "x"
    path.write_bytes(array("f", [0, 1, 2, 3, 4, 5]).tobytes())
    return DataFile(path)


def test_a_part_has_other_names_and_an_order_of_its_own(file):
    part = TensorList([Dense(name, (1 + n,), DTYPES["float32"], file, 4 * n) for n, name in enumerate("abc")])
    renamed = Renamed(part, "unet.", order=[2, 0, 1])
    assert renamed.paths == ["unet.c", "unet.a", "unet.b"]
    assert [tensor.path for tensor in renamed] == renamed.paths
    assert [tensor.shape for tensor in renamed] == renamed.shapes == [(3,), (1,), (2,)]
    assert renamed.sizes == [12, 4, 8]
    assert renamed[0].numbers(0, 3) == [2.0, 3.0, 4.0]
    assert [tensor.path for tensor in part] == ["a", "b", "c"]
    assert not renamed.has_roles


def test_a_part_that_is_no_network_has_that_role(file):
    part = TensorList([Dense("a", (1,), DTYPES["float32"], file, 0, kind="parameter")])
    renamed = Renamed(part, "", "state")
    assert renamed.has_roles
    assert renamed[0].kind == "state"
    assert part[0].kind == "parameter"


def test_parts_follow_each_other(file):
    one = TensorList([Dense("a", (1,), DTYPES["float32"], file, 0), Dense("b", (2,), DTYPES["float32"], file, 4)])
    none = TensorList([])
    two = TensorList([Dense("c", (3,), DTYPES["float32"], file, 12, kind="state", storage=1)])
    joined = Joined([none, one, none, two])
    assert joined.paths == [tensor.path for tensor in joined] == ["a", "b", "c"]
    assert joined[-1].numbers(0, 3) == [3.0, 4.0, 5.0]
    assert joined.sizes == [4, 8, 12]
    assert (joined.has_roles, joined.shared) == (True, True)
    assert (Joined([one]).has_roles, Joined([one]).shared) == (False, False)
    with pytest.raises(IndexError):
        joined[3]
