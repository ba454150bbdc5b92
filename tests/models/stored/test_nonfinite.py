"""The next NaN or infinity of a stored tensor is that of the same live one.

Of `models/tensors/nonfinite.py`.
"""

import math
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stored.dtypes import DTYPES
from models.tensors import nonfinite
from models.tensors.nonfinite import next_nonfinite
from models.tensors.readable import Unreadable
from models.work.cancelled import Cancelled
from tests.models.stored.held import Held, Zeros
from tests.models.stored.test_elements import LIVE
from tests.models.tensors.walked import by_hand

values = st.sampled_from([0.0, 1.5, -2.0, 3.0, math.nan, math.inf, -math.inf])


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), max_size=4), st.data(), st.sampled_from([1, -1]), st.integers(1, 9), st.booleans())
def test_it_is_the_one_that_a_walk_comes_to(shape, data, direction, piece, small):
    count = math.prod(shape)
    tensor = torch.tensor(data.draw(st.lists(values, min_size=count, max_size=count))).reshape(shape)
    index = [data.draw(st.integers(0, size - 1)) for size in shape]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nonfinite, "WITHOUT_TORCH_LIMIT", nonfinite.WITHOUT_TORCH_LIMIT if small else 0)
        patch.setattr(nonfinite, "PIECE", piece)
        patch.setattr(nonfinite, "AT_ONCE", piece)
        found = next_nonfinite(Held.of(tensor), path="a", index=index, direction=direction)
    assert found.index == by_hand(tensor, index, direction)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("dtype", LIVE)
def test_every_dtype(dtype, small, monkeypatch):
    monkeypatch.setattr(nonfinite, "WITHOUT_TORCH_LIMIT", 100 if small else 0)
    tensor = torch.tensor([[0, 1, 2], [2, 3, 0.5]]).to(dtype)
    assert next_nonfinite(Held.of(tensor), path="a").index is None
    if dtype.is_floating_point or dtype.is_complex:
        tensor[1, 1] = math.nan
        wanted = [1, 1] if math.isnan(abs(complex(tensor[1, 1].item()))) else None  # a type without NaN has its largest
        assert next_nonfinite(Held.of(tensor), path="a").index == wanted


@pytest.mark.parametrize("name", ["float4_e2m1fn_x2", "F6_E3M2", "quint2x4", "float8_e8m0fnu"])
def test_types_below_a_byte_are_the_same_both_ways(name, monkeypatch):
    dtype = DTYPES[name]
    raw = bytes((7 * at + 3) % 256 for at in range(dtype.bytes_for(9 * 13) + dtype.unit))
    found = []
    for small in (0, nonfinite.WITHOUT_TORCH_LIMIT):
        monkeypatch.setattr(nonfinite, "WITHOUT_TORCH_LIMIT", small)
        monkeypatch.setattr(nonfinite, "PIECE", 7)
        found.append(next_nonfinite(Held("a", (9, 13), dtype, raw), path="a", index=[3, 4]))
    assert found[0] == found[1]


def test_it_reads_no_further_than_the_one_that_it_finds(monkeypatch):
    monkeypatch.setattr(nonfinite, "WITHOUT_TORCH_LIMIT", 0)
    monkeypatch.setattr(nonfinite, "PIECE", 100)
    values = torch.zeros(1000)
    values[250] = math.inf
    held = Held.of(values)
    assert next_nonfinite(held, path="a").index == [250]
    assert max(stop for _, stop in held.reads) <= 301


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        next_nonfinite(Held.of(torch.zeros(10)), path="a", should_cancel=lambda: True)


def test_a_huge_one_is_read_once_piece_by_piece():
    stored, reported = Zeros((3_000, 2_001), {7: math.nan}), []
    assert next_nonfinite(stored, path="a", index=[0, 8], on_progress=reported.append).index == [0, 7]
    assert stored.largest_read <= nonfinite.PIECE
    assert len(reported) > 10
    assert reported == sorted(reported)


def test_what_cannot_be_read_has_a_reason():
    gone = Held("a", (2,), DTYPES["float32"], b"", Unreadable("weights.bin is no longer there"))
    found = next_nonfinite(gone, path="a")
    assert (found.absence, found.reason, found.index) == ("gone", "weights.bin is no longer there", None)


def test_a_small_one_needs_no_torch(tmp_path):
    (tmp_path / "w").write_bytes(struct.pack("<9f", *[0.0] * 7, math.inf, 0.0))
    code = """
import sys
from pathlib import Path
from models.stored.dense import Dense
from models.stored.dtypes import FLOAT32
from models.stored.file import DataFile
from models.tensors.nonfinite import next_nonfinite
dense = Dense("w", (3, 3), FLOAT32, DataFile(Path(sys.argv[1])), 0)
assert next_nonfinite(dense, path="w").index == [2, 1]
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "w"], check=True, cwd=Path(__file__).parents[3])
