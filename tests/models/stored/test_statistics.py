"""Statistics of stored tensors compared with those of the same live ones.

Of `models/tensors/statistics/statistics.py`.
"""

from __future__ import annotations

import msgspec
import pytest
import torch

from models.stored import streamed as module
from models.stored.dtypes import DTYPES
from models.tensors.readable import Unreadable
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled
from tests.models.stored.held import Held

TYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint8,
    torch.int8, torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64,
]  # fmt: skip


def numbers(dtype: torch.dtype, size: int) -> torch.Tensor:
    torch.manual_seed(3)
    found = torch.randn(size) * 30
    if dtype.is_floating_point:
        found[::97] = float("nan")
        found[5::101] = float("inf")
    return found.to(dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("size", [0, 1, 1000, 300_001])
def test_they_are_those_of_the_live_tensor(dtype: torch.dtype, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 100_000)  # several pieces
    values = numbers(dtype, size)
    stored, live = statistics(Held.of(values), path="w"), statistics(readable_of(values), path="w")
    about = {"mean", "std", "l2"}  # the pieces are others, and so is the rounding
    assert {name: value for name, value in msgspec.structs.asdict(stored).items() if name not in about} == {
        name: value for name, value in msgspec.structs.asdict(live).items() if name not in about
    }
    for name in about:
        assert getattr(stored, name) == pytest.approx(getattr(live, name), rel=1e-9, abs=1e-12)


def test_numbers_that_torch_has_no_type_for() -> None:
    # e2m1: 1 is 0.5, 7 is 6, 9 is -0.5; two a byte, the low half first
    found = statistics(Held("w", (2, 3), DTYPES["float4_e2m1fn_x2"], bytes((0x71, 0x19, 0x00))), path="w")
    assert (found.count, found.minimum, found.maximum, found.zeros) == (6, -0.5, 6.0, 2)
    assert found.mean == pytest.approx((0.5 + 6 - 0.5 + 0.5) / 6)


def test_a_file_that_is_gone_and_one_that_is_given_up() -> None:
    broken = Held.of(torch.ones(3))
    broken.fails = Unreadable("w.bin is no longer there")
    found = statistics(broken, path="w")
    assert (found.absence, found.reason) == ("gone", "w.bin is no longer there")
    with pytest.raises(Cancelled):
        statistics(Held.of(torch.ones(10_000)), path="w", should_cancel=lambda: True)
