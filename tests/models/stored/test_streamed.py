"""Blocks of a stored tensor: the very bytes of its file, and types that torch lacks by their patterns."""

from __future__ import annotations

import gc
import math
import os
import warnings

import pytest
import torch

from models.stored import streamed
from models.stored.dtypes import DTYPES, FLOAT32, quantised
from models.stored.streamed import borrow, stream_of
from models.tensors.statistics import measure, stream
from models.tensors.statistics.statistics import statistics
from tests.models.stored.held import Held, Zeros, bytes_of


def test_borrowed_bytes_live_as_long_as_the_tensor():
    data = os.urandom(4096)
    kept = torch.tensor(list(data), dtype=torch.uint8)
    tensor = borrow(data, torch.uint8)
    del data
    gc.collect()
    filling = [os.urandom(4096) for _ in range(500)]
    assert torch.equal(tensor, kept)
    assert len(filling) == 500


def test_nothing_warns_and_views_are_taken_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert borrow(b"\0\0\x80\x3f", torch.float32).tolist() == [1]
        assert borrow(memoryview(b"__\0\0\x80\x3f")[2:], torch.float32).tolist() == [1]


@pytest.mark.parametrize("name", [name for name, dtype in DTYPES.items() if dtype.number != "complex"])
@pytest.mark.parametrize("size", [1, 7, 30_001])
def test_every_type_agrees_with_its_own_decoder(name, size, monkeypatch):
    monkeypatch.setattr(streamed, "PIECE", 999)
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    dtype = DTYPES[name]
    raw = os.urandom(dtype.bytes_for(size))
    if name in ("float32", "float64"):  # random bits are numbers of all magnitudes: squares would be beyond float64
        raw = bytes_of(torch.randn(size, dtype=getattr(torch, name)))
    values = torch.tensor([float(each) for each in dtype.decode(raw)[:size]], dtype=torch.float64)
    found = statistics(Held("w", (size,), dtype, raw), path="w")
    finite = values[values.isfinite()]
    assert (found.count, found.nan, found.inf) == (size, int(values.isnan().sum()), int(values.isinf().sum()))
    assert found.zeros == int((values == 0).sum())
    if finite.numel():
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(finite.mean().item(), rel=1e-9, abs=1e-12 * finite.abs().max().item())
        assert found.l2 == pytest.approx(finite.norm().item(), rel=1e-9)
        half = finite.sort().values[-(-finite.numel() // 2) - 1].item()
        assert dict(found.quantiles)[0.5] == pytest.approx(half, rel=found.quantiles_within)
    assert sum(found.counts) == finite.numel()


def test_a_quantised_tensor_is_read_as_float32(monkeypatch):
    monkeypatch.setattr(measure, "SORT_LIMIT", 0)
    values = torch.randn(320, generator=torch.Generator().manual_seed(1))
    held = Held.of(values)
    held.dtype = quantised("Q8_0", 34, 32)
    assert held.dtype.plain is FLOAT32
    found = statistics(held, path="w")
    assert found.maximum == values.max()
    assert found.mean == pytest.approx(values.double().mean().item())


def test_several_threads_read_each_element_once(monkeypatch):
    monkeypatch.setattr(stream, "usable_cores", lambda: 5)
    monkeypatch.setattr(stream, "WORTH_A_WORKER", 1000)
    size = 3_000_000
    held = Zeros((size,), {5: 1.0, 2_999_999: -3.0, 1_500_000: math.inf})
    found = statistics(held, path="w")
    assert (found.minimum, found.maximum, found.inf, found.zeros) == (-3, 1, 1, size - 3)
    assert sorted(held.reads) == [(start, min(start + 2**17, size)) for start in range(0, size, 2**17)]


def test_blocks_are_of_bounded_size():
    held = Zeros((2**40,))
    blocks = stream_of(held).blocks()
    start, read = next(blocks)
    assert (start, read().numel() * 4) == (0, streamed.PIECE)
    assert held.largest_read == 2**17
