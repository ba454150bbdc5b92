"""Where the extremes are, compared with the elements themselves: any dtype, layout, size of pieces, file.

Of `extremes`, `census`, `measure` and `plain`.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.messages import StatisticsOf
from models.session.session import Session
from models.tensors.statistics import census, chunks, measure, tensor_stream
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of

TYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint8,
    torch.int8, torch.int16, torch.uint16, torch.int32, torch.int64, torch.bool, torch.complex64,
]  # fmt: skip


def cut_up(monkeypatch):
    """Measure small tensors as large ones are, in many pieces, a few of which are counted at once."""
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    monkeypatch.setattr(measure, "EXACT_LIMIT", 0)
    monkeypatch.setattr(tensor_stream, "BLOCK", 60)
    monkeypatch.setattr(chunks, "CHUNK", 10)
    monkeypatch.setattr(census, "FLUSH", 70)


@pytest.fixture
def in_pieces(monkeypatch):
    cut_up(monkeypatch)


def real(tensor):
    return tensor.to(torch.complex128).abs() if tensor.is_complex() else tensor.double()


def check(found: StatisticsOf, tensor: torch.Tensor, first: bool = True) -> None:
    """Compare with the elements at the indices; `first` where no such element may come before, row-major."""
    numbers = real(tensor)
    finite = numbers[numbers.isfinite()]
    if not finite.numel():
        assert (found.minimum_at, found.maximum_at, found.absmax, found.absmax_at) == (None,) * 4
        return
    for at, wanted in ((found.minimum_at, finite.min()), (found.maximum_at, finite.max())):
        assert len(at) == tensor.dim()
        assert numbers[tuple(at)] == wanted
        if first:
            assert at == (numbers == wanted).nonzero()[0].tolist()
    assert found.absmax == finite.abs().max()
    assert numbers[tuple(found.absmax_at)].abs() == found.absmax


numbers = st.one_of(st.floats(-100, 100, width=16), st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 7.0]))


@settings(deadline=None)
@given(st.lists(numbers, max_size=200), st.sampled_from(TYPES), st.booleans())
@example([], torch.float32, True)
@example([math.nan] * 30, torch.bfloat16, True)
@example([7.0] * 200, torch.float32, True)
@example([1.0] * 40 + [7.0] * 60, torch.float64, True)
@example([math.inf, 2.0, 3.0] * 20, torch.float32, True)
@example([0.0, -0.0] * 50, torch.float16, True)
def test_the_first_of_any_mix(values, dtype, pieces):
    tensor = torch.tensor(values, dtype=torch.float64)
    if not dtype.is_floating_point:
        tensor = tensor.nan_to_num(0, 9, 9).abs()
    tensor = tensor.to(dtype)
    with pytest.MonkeyPatch.context() as patch:
        if pieces:
            cut_up(patch)
        check(statistics(readable_of(tensor), path="a"), tensor)


def made(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


VIEWS = {
    "transposed": made(20, 35).t(),
    "strided": made(20, 70)[:, ::3],
    "inner": made(30, 40)[3:, 5:],
    "permuted": made(6, 10, 14).permute(1, 2, 0),
    "scalar": made(1)[0],
    "of one row": made(1, 500).t(),
    "expanded": made(50).view(50, 1).expand(50, 40),
    "windows": made(800).as_strided((100, 9), (6, 1)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_strides(view, dtype, in_pieces):
    tensor = view if dtype == view.dtype else torch.empty_like(view).copy_(view.mul(50)).to(dtype)
    check(statistics(readable_of(tensor), path="a"), tensor, first=False)


@pytest.mark.parametrize("shape", [(10**9, 3), (3, 10**9)])
def test_a_view_that_repeats_few_elements(shape):
    row = torch.tensor([1.0, -3.0, 0.5])
    repeated = row.expand(shape) if shape[1] == 3 else row.view(3, 1).expand(shape)
    found = statistics(readable_of(repeated), path="a")
    assert (found.minimum_at, found.maximum_at) == (([0, 1], [0, 0]) if shape[1] == 3 else ([1, 0], [0, 0]))


def test_windows_that_overlap():
    windows = torch.arange(4_000.0).as_strided((2_000, 1_000, 999), (1, 1, 1))
    found = statistics(readable_of(windows), path="a")
    assert (found.minimum_at, found.maximum_at) == ([0, 0, 0], [1_999, 999, 998])
    assert found.maximum == 1_999 + 999 + 998


def test_no_more_than_the_pieces_that_hold_the_extremes_are_kept():
    """Large and ascending: each piece is higher than the one before."""
    tensor = torch.arange(2**21, dtype=torch.float32)
    found = statistics(readable_of(tensor.view(2**11, 2**10)), path="a")
    assert (found.minimum_at, found.maximum_at) == ([0, 0], [2**11 - 1, 2**10 - 1])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("pieces", [False, True])
def test_tensors_in_a_file(dtype, pieces, tmp_path, monkeypatch):
    if pieces:
        cut_up(monkeypatch)
    tensor = (made(30, 40) * 9).abs().to(dtype)
    torch.save({"a": tensor, "t": tensor.t()}, tmp_path / "m.pt")
    session = Session()
    session.open(str(tmp_path / "m.pt"))
    for path, expected in (("a", tensor), ("t", tensor.t())):
        check(statistics(session.model.tensors_at(path)[0].readable(), path=path), expected)
