"""Stored tensors that show few stored elements many times, against the same views in memory; and 2^50 elements.

Of `stored` and `as_torch`, and of `models/tensors/overlap.py`.
"""

from __future__ import annotations

import ctypes
import math
from pathlib import Path

import pytest
import torch

from models.sources.opening import open_source
from models.stored.as_torch import as_torch
from models.stored.dtypes import DTYPES
from models.stored.stored import Stored
from models.stored.strided import Strided
from models.tensors.heat import heat_map
from models.tensors.nonfinite import next_nonfinite
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of


class Memory:
    name = "memory"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.read_bytes = 0

    def read(self, offset: int, size: int) -> bytes:
        assert offset >= 0
        assert offset + size <= len(self.data)
        self.read_bytes += size
        return self.data[offset : offset + size]


def of(tensor: torch.Tensor) -> tuple[Stored, Memory]:
    storage = tensor.untyped_storage()
    memory = Memory(ctypes.string_at(storage.data_ptr(), storage.nbytes()))
    dtype = DTYPES[str(tensor.dtype).removeprefix("torch.")]
    return Strided("t", tuple(tensor.shape), dtype, memory, 0, tensor.storage_offset(), tensor.stride()), memory


def numbers(size: int, *special: float) -> torch.Tensor:
    values = torch.arange(float(size)) - size // 2
    for at, value in enumerate(special):
        values[3 * at + 1] = value
    return values


VIEWS = {
    "one": numbers(4)[2:].as_strided((2**50,), (0,)),
    "rows": numbers(8, math.nan, math.inf)[:, None].expand(8, 2**44),
    "columns": numbers(8, math.nan)[None].expand(2**44, 8),
    "deep": numbers(24, math.inf).view(2, 3, 4)[:, None, :, None].expand(2, 2**20, 3, 2**20, 4),
    "windows": numbers(2**16, -math.inf).as_strided((2**15, 2**15), (1, 1)),
    "hops": numbers(2**16)[5:].as_strided((3, 2**14, 2**14), (7, 2, 1)),
    "half": numbers(2**12).half().as_strided((2**11, 2**11, 5), (1, 1, 0)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_they_are_as_the_views_in_memory_and_read_once(name: str) -> None:
    view = VIEWS[name]
    stored, memory = of(view)
    assert stored.nbytes <= len(memory.data)
    found, wanted = statistics(stored, path="w"), statistics(readable_of(view), path="w")
    for field in ("count", "minimum", "maximum", "zeros", "nan", "inf", "quantiles", "edges", "counts", "absence"):
        assert getattr(found, field) == getattr(wanted, field), field
    for field in ("mean", "std", "l2"):
        assert getattr(found, field) == pytest.approx(getattr(wanted, field)), field
    leading = [1] * (view.dim() - 2)
    heat = heat_map(stored, path="w", leading=leading, height=7, width=9)
    live = heat_map(readable_of(view), path="w", leading=leading, height=7, width=9)
    assert (heat.absence, heat.height, heat.width, heat.block) == ("", live.height, live.width, live.block)
    assert heat.values == pytest.approx(live.values, nan_ok=True)
    for direction in (1, -1):
        at = [size // 2 for size in view.shape]
        assert next_nonfinite(stored, path="w", index=at, direction=direction) == next_nonfinite(
            readable_of(view), path="w", index=at, direction=direction
        )
    whole = as_torch(stored)
    assert (whole.shape, whole.dtype, whole.stride()) == (view.shape, view.dtype, view.stride())
    assert memory.read_bytes <= 10 * len(memory.data)  # each question reads it anew


def test_a_file_of_a_kilobyte_that_claims_a_quadrillion(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(4).as_strided((2**50,), (0,))}, tmp_path / "w.pt")
    checkpoint = open_source(str(tmp_path / "w.pt")).checkpoint
    assert checkpoint is not None
    tensor = checkpoint.tensors[0]
    found = statistics(tensor, path="w")
    assert (found.count, found.zeros, found.counts[20], found.std) == (2**50, 2**50, 2**50, 0.0)
    assert tensor.nbytes == 4


def test_windows_of_a_tensor_that_is_too_wide_are_refused_before_it_is_read() -> None:
    memory = Memory(b"")  # nothing to read
    stored = Strided("t", (2**25, 2**25), DTYPES["float32"], memory, 0, 0, (1, 1))
    for found in (
        statistics(stored, path="w"), heat_map(stored, path="w"), next_nonfinite(stored, path="w")
    ):  # fmt: skip
        assert found.absence == "unsupported"
        assert "67,108,863 stored elements" in found.reason
