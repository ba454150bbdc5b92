"""Reduced pictures of stored tensors compared with those of the same live ones.

Of `models/tensors/heat.py`.
"""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stored.dtypes import DTYPES
from models.tensors import heat
from models.tensors.heat import heat_map
from models.tensors.readable import Unreadable
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled
from tests.models.stored.held import Held, Zeros
from tests.models.stored.test_elements import LIVE

elements = st.one_of(st.floats(-9, 9, width=32), st.sampled_from([math.nan, math.inf, -math.inf]))
sizes = st.integers(1, 14)
cells = st.integers(1, 9)


def alike(mine, live):
    assert (mine.shape, mine.leading, mine.height, mine.width) == (live.shape, live.leading, live.height, live.width)
    assert mine.block == live.block
    assert mine.values == pytest.approx(live.values, rel=0, abs=0, nan_ok=True)


@settings(deadline=None)
@given(sizes, sizes, cells, cells, st.integers(1, 30), st.integers(0, 1), st.booleans(), st.data())
def test_they_are_those_of_the_live_tensor(height, width, rows, columns, piece, leading, small, data):
    values = data.draw(st.lists(elements, min_size=2 * height * width, max_size=2 * height * width))
    tensor = torch.tensor(values).reshape(2, height, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heat, "WITHOUT_TORCH_LIMIT", heat.WITHOUT_TORCH_LIMIT if small else 0)
        patch.setattr(heat, "PIECE", piece)
        patch.setattr(heat, "AT_ONCE", piece)
        mine = heat_map(Held.of(tensor), path="a", leading=[leading], height=rows, width=columns)
    alike(mine, heat_map(readable_of(tensor), path="a", leading=[leading], height=rows, width=columns))


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("dtype", LIVE)
def test_every_dtype(dtype, small, monkeypatch):
    monkeypatch.setattr(heat, "WITHOUT_TORCH_LIMIT", 100 if small else 0)
    tensor = torch.tensor([[0, 1, 2], [2, 3, 0.5], [1, 0, 1]]).to(dtype)
    if dtype.is_signed and not dtype.is_floating_point and not dtype.is_complex:
        tensor = -tensor
    alike(heat_map(Held.of(tensor), path="a", width=2), heat_map(readable_of(tensor), path="a", width=2))


@pytest.mark.parametrize("name", ["float4_e2m1fn_x2", "F6_E3M2", "quint2x4", "complex32", "float8_e8m0fnu"])
def test_types_that_torch_lacks_are_the_same_both_ways(name, monkeypatch):
    dtype = DTYPES[name]
    raw = bytes((7 * at + 3) % 120 for at in range(dtype.bytes_for(9 * 13) + dtype.unit))
    pictures = []
    for small in (1000, 0):
        monkeypatch.setattr(heat, "WITHOUT_TORCH_LIMIT", small)
        pictures.append(heat_map(Held("a", (9, 13), dtype, raw), path="a", height=4, width=5))
    alike(*pictures)


@pytest.mark.parametrize("small", [True, False])
def test_a_magnitude_beyond_float64_is_infinite(small, monkeypatch):
    monkeypatch.setattr(heat, "WITHOUT_TORCH_LIMIT", 100 if small else 0)
    tensor = torch.tensor([[1.5e308 + 1.5e308j, 1j, 3 + 4j, 0j]], dtype=torch.complex128)
    assert heat_map(Held.of(tensor), path="a", width=2).values == [math.inf, 5]


def test_a_wide_matrix_and_its_remainder(monkeypatch):
    monkeypatch.setattr(heat, "WITHOUT_TORCH_LIMIT", 0)
    tensor = torch.randn(3, 700_001)
    alike(heat_map(Held.of(tensor), path="a"), heat_map(readable_of(tensor), path="a"))


def test_empty_and_scalar_tensors_read_little():
    assert heat_map(Held.of(torch.zeros(0, 3)), path="a").values == []
    assert heat_map(Held.of(torch.tensor(-2.0)), path="a").values == [-2]


def test_a_huge_matrix_is_read_once_in_order_and_piece_by_piece():
    stored, reported = Zeros((3_000, 2_001), {6_003_000 - 1: -7.0}), []
    picture = heat_map(stored, path="a", on_progress=reported.append)
    assert stored.largest_read <= heat.PIECE
    assert [read[0] for read in stored.reads[1:]] == [read[1] for read in stored.reads[:-1]]
    assert stored.reads[-1][1] == stored.elements
    assert picture.values[-1] == -7.0
    assert reported == sorted(reported)
    assert len(reported) > 10
    assert reported[0] >= 0
    assert reported[-1] <= 1


@pytest.mark.parametrize("shape", [(9, 9), (1000, 1000)])
def test_it_can_be_cancelled_between_pieces(shape):
    stored, asked = Zeros(shape), []
    with pytest.raises(Cancelled):
        heat_map(stored, path="a", should_cancel=lambda: bool(asked.append(1)) or len(asked) > 1 or shape == (9, 9))
    assert sum(stop - start for start, stop in stored.reads) < stored.elements


def test_what_cannot_be_read_has_a_reason():
    gone = Held("a", (2,), DTYPES["float32"], b"", Unreadable("weights.bin is no longer there"))
    picture = heat_map(gone, path="a")
    assert (picture.absence, picture.reason) == ("gone", "weights.bin is no longer there")


def test_a_small_picture_and_a_window_need_no_torch(tmp_path):
    (tmp_path / "w").write_bytes(bytes(40_000))
    code = """
import sys
from models.stored.dense import Dense
from models.stored.dtypes import FLOAT32
from models.stored.file import DataFile
from models.tensors.heat import heat_map
from models.tensors.window import window
from pathlib import Path
dense = Dense("w", (100, 100), FLOAT32, DataFile(Path(sys.argv[1])), 0)
assert len(heat_map(dense, path="w").values) == 20 * 50
assert len(window(dense, path="w", row=80).values) == 400
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "w"], check=True, cwd=Path(__file__).parents[3])
