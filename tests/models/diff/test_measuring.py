"""Pieces of two tensors in files and live, against torch's float64.  Of `measuring`, `floats`, `pieces`."""

import importlib.util
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.diff import compare as compared
from models.diff import float_kernels, measuring, pieces
from models.diff.compare import compare
from models.diff.difference import Tolerance
from models.diff.floats import ROW
from models.diff.pieces import Pieces
from models.diff.workers import Workers
from models.stored.dense import Dense
from models.stored.dtypes import DTYPES, FLOAT32
from models.stored.file import DataFile
from models.tensors.readable import Unreadable
from tests.cases import examples
from tests.models.diff.comparables import live, of_stored
from tests.models.stored.held import Held, bytes_of

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
OTHERS = [
    torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64, torch.complex128,
    torch.float8_e4m3fn, torch.float8_e5m2,
]  # fmt: skip
SPECIAL = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-40, 1e-30, 3e19, 1e300]
needs_package = pytest.mark.skipif(importlib.util.find_spec("numkong") is None, reason="needs NumKong")


@pytest.fixture(params=[pytest.param(True, marks=needs_package), False], ids=["NumKong", "torch"])
def small(request, monkeypatch):
    """Several pieces of several parts in few elements, by the kernels of a package and by torch alone."""
    monkeypatch.setattr(float_kernels, "usable_cores", lambda: 2)
    if not request.param:
        monkeypatch.setattr(float_kernels, "kernels", lambda: None)
    monkeypatch.setattr(compared, "PIECE", 2**13)
    monkeypatch.setattr(pieces, "PART", 2**11)


def stored(tensor):
    return of_stored(Held.of(tensor, "w"))


def found(a, b, count=1, squares=True):
    with Workers(count) as workers:
        return compare(a, b, Tolerance(), workers, lambda size: None, squares)


def expect(a, b, comparison):
    """Compare figures with those of the whole tensors as float64, or as whole numbers."""
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    x, y = a.to(wide), b.to(wide)
    alike = (x == y) | (x.isnan() & y.isnan())
    finite = x.isfinite() & y.isfinite()
    assert comparison.differing == int((~alike).sum())
    assert comparison.nonfinite == int((~alike & ~finite).sum())
    if alike.all():
        assert (comparison.values, comparison.index) == ("equal", None)
        return
    same = a.dtype == b.dtype and a.dtype.itemsize > 1
    close = torch.allclose(a, b) if same else torch.allclose(x, y)
    assert comparison.values == ("close" if close else "changed")
    apart = (x - y).abs()
    size = apart.masked_fill(~finite, math.inf).masked_fill(alike, -1.0)
    assert comparison.index == (int(size.argmax()),)
    if finite.any():
        assert comparison.max_abs == float(apart[finite].max())
        x, y = x[finite], y[finite]
        scale = 2.0 ** -math.frexp(float(torch.stack([x.abs().max(), y.abs().max()]).max()) or 1.0)[1]
        x, y = x * scale, y * scale
        if x.norm():
            assert comparison.relative_l2 == pytest.approx(float((x - y).norm() / x.norm()), rel=2e-6)
        if x.norm() and y.norm():
            cosine = float((x.conj() * y).sum().real / x.norm() / y.norm())
            assert comparison.cosine == pytest.approx(cosine, abs=2e-6)


@settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_figures_of_floats_are_torchs(small, data):
    kinds = st.sampled_from(FLOATS)
    first = data.draw(kinds, "dtype of A")
    second = data.draw(st.one_of(st.just(first), kinds), "dtype of B")
    size = data.draw(st.sampled_from([1, 4095, 4096, 4097, 8192, 2**13 + 4096 + 77, 2**15 + 513]), "elements")
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**32), "seed"))
    a = torch.randn(size, generator=generator, dtype=torch.float64)
    b = a.clone()
    start, stop = sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size)), "where they differ"))
    noise = data.draw(st.sampled_from([1e-9, 1e-7, 1e-4, 1.0, 0.0]), "by how much")
    b[start:stop] += noise * torch.randn(stop - start, generator=generator, dtype=torch.float64)
    scale = data.draw(st.sampled_from([1.0, 1.0, 1e-24, 1e19, 0.0]), "scale")
    a, b = a * scale, b * scale
    for column in (a, b):
        for at, value in data.draw(st.lists(st.tuples(st.integers(0, size - 1), st.sampled_from(SPECIAL)), max_size=2)):
            column[at] = value
    a, b = a.to(first), b.to(second)
    makes = [data.draw(st.sampled_from([live, stored])) for _ in "ab"]
    result = found(makes[0](a), makes[1](b), data.draw(st.sampled_from([1, 2])), data.draw(st.booleans()))
    assert result.status == (result.comparison.values if first == second else "dtype")
    if result.comparison.values != "equal":
        expect(a, b, result.comparison)
    else:
        assert torch.equal(a.double().nan_to_num(7.0), b.double().nan_to_num(7.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_squares_of_many_equal_elements_keep_their_digits(dtype):
    a = torch.full((2**18,), 1e-2).to(dtype)
    b = a.clone()
    b[-(2**17) :] *= 1.5
    result = found(stored(a), stored(b)).comparison
    exact = float((a.double() - b.double()).norm() / a.double().norm())
    assert result.relative_l2 == pytest.approx(exact, rel=2e-6)


@pytest.mark.parametrize("rest", [0.0, 1.0])
@pytest.mark.parametrize("part", [0, 1, 3])
def test_squares_that_float32_has_no_room_for_are_found_between_others(small, rest, part):
    a = torch.full((2**13,), rest)
    a[part * 2**11 : (part + 1) * 2**11] = 1e-30
    value, exponent = found(stored(a), stored(a)).comparison.squares.a.root()
    assert value * 2.0**exponent == pytest.approx(float(a.double().norm()), rel=1e-6)


@pytest.mark.parametrize("dtype", OTHERS)
@pytest.mark.parametrize("make", [live, stored])
def test_figures_of_other_dtypes_are_torchs(small, dtype, make):
    generator = torch.Generator().manual_seed(3)
    a = (torch.randn(20_000, generator=generator) * 30).to(dtype)
    b = a.clone()
    b[9_000:9_100] = (torch.randn(100, generator=generator) * 40).to(dtype)
    assert found(make(a), make(a.clone())).status == "equal"
    expect(a, b, found(make(a), make(b)).comparison)


def test_integers_at_their_ends_are_as_far_apart_as_they_are(small):
    a = torch.zeros(9_000, dtype=torch.int8)
    b = a.clone()
    a[8_999], b[8_999] = 127, -128
    assert found(stored(a), stored(b)).comparison.max_abs == 255
    wide = a.to(torch.int64)
    wide[5] = 2**62 + 1
    other = wide.clone()
    other[5] -= 1
    assert (found(stored(wide), stored(other)).comparison.max_abs) == 1


def test_equal_nan_count_as_equal_but_never_as_close(small):
    a = torch.randn(30_000)
    a[5] = math.nan
    b = a.clone()
    assert found(stored(a), stored(b)).status == "equal"
    b[29_999] = torch.nextafter(b[29_999], torch.tensor(9.0))
    assert found(stored(a), stored(b)).status == "changed"
    assert found(stored(a), stored(b), squares=False).status == "changed"


def test_zero_and_minus_zero_are_equal(small):
    a, b = torch.zeros(20_000), -torch.zeros(20_000)
    assert bytes_of(a) != bytes_of(b)
    assert found(stored(a), stored(b)).status == "equal"


def test_the_largest_of_several_that_are_one_number_in_float32_is_exact():
    a, b = torch.zeros(4096), torch.zeros(4096)
    a[[5, 900, 3000]] = 1.0
    b[5], b[900], b[3000] = 1e-9, -1e-8, 1e-8
    result = found(stored(a), stored(b)).comparison
    assert (result.index, result.max_abs) == ((900,), float(a[900].double() - b[900].double()))


def test_small_numbers_are_measured_beside_large_ones(small):
    a = torch.full((5_000,), 0.5, dtype=torch.float64)
    b = a.clone()
    a[7] = b[7] = 1e300
    b[1_321] += 1e-16
    b[1_321] = torch.nextafter(b[1_321], torch.tensor(9.0, dtype=torch.float64))
    result = found(stored(a), live(b)).comparison
    assert (result.index, result.max_abs) == ((1_321,), float((a - b).abs().max()))
    a[7] = 0.5
    assert found(stored(a), live(b)).comparison.relative_l2 == pytest.approx(1e300 / (0.5 * 5_000**0.5), rel=1e-9)
    assert found(live(b), stored(a)).comparison.relative_l2 == 1.0


def test_where_many_rows_have_the_largest_the_first_is_told(small):
    a = torch.zeros(40 * ROW * 4)
    result = found(stored(a), stored(a + 0.5)).comparison
    assert (result.index, result.max_abs, result.differing) == ((0,), 0.5, a.numel())


def test_only_a_is_read_again_where_the_first_difference_comes_late(monkeypatch):
    monkeypatch.setattr(compared, "PIECE", 2**13)
    a = torch.randn(2**15)
    b = a.clone()
    b[-1] += 1
    mine, theirs = Held.of(a), Held.of(b)
    expect(a, b, found(of_stored(mine), of_stored(theirs), squares=False).comparison)
    assert sum(stop - start for start, stop in mine.reads) <= 2 * a.numel() + ROW
    assert sum(stop - start for start, stop in theirs.reads) <= a.numel() + 2**13 + ROW


def test_bytes_are_compared_without_torch_and_whatever_their_dtype(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(256)) * 64 + bytes(range(255)) + b"\0")
    file = DataFile(path)
    dtype = DTYPES["F6_E2M3"]
    a, b = (Dense("w", (4000,), dtype, file, offset) for offset in (0, 256))
    assert Pieces(a, b, True).equal(0, 4000)
    c = Dense("w", (4000,), FLOAT32, file, 256 + 4)
    assert not Pieces(Dense("w", (4000,), FLOAT32, file, 0), c, True).equal(0, 4000)
    path.write_bytes(b"")
    with pytest.raises(Unreadable):
        Pieces(a, b, True).equal(0, 4000)


def test_without_the_function_of_c_bytes_are_compared_all_the_same(monkeypatch, small):
    monkeypatch.setattr(pieces, "_memcmp", lambda: None)
    a = torch.randn(9_000)
    b = a.clone()
    b[8_000] = 7
    assert found(stored(a), stored(a)).status == "equal"
    expect(a, b, found(stored(a), stored(b)).comparison)


def test_careful_measures_are_the_same(monkeypatch):
    a = torch.randn(50_000)
    b = a + 1e-3 * torch.randn(50_000)
    quick = found(stored(a), stored(b)).comparison
    monkeypatch.setattr(measuring, "MANY", 2**40)
    slow = found(stored(a), stored(b)).comparison
    assert (quick.differing, quick.max_abs, quick.index) == (slow.differing, slow.max_abs, slow.index)
    assert quick.relative_l2 == pytest.approx(slow.relative_l2, rel=1e-6)
    assert quick.cosine == pytest.approx(slow.cosine, abs=1e-9)


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-30])
def test_equal_elements_whose_squares_are_zero(small, value):
    a = torch.full((20_000,), value)
    b = a.clone()
    b[-1] = 1.0
    result = found(stored(a), stored(b)).comparison
    assert (result.differing, result.values) == (1, "changed")
    assert result.relative_l2 == (pytest.approx(1 / float(a.double().norm()), rel=1e-5) if value else None)
