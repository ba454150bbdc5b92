"""One tensor against another, stored or live: statuses, and what is read for them.

Of `compare`, `tensors` and `difference`.
"""

import pytest
import torch
from torch import nn

from models.diff import compare as compared
from models.diff.compare import compare
from models.diff.difference import SAME, Tolerance
from models.diff.sources import every_tensor
from models.diff.workers import Workers
from models.stored.dtypes import DTYPES, quantised, unpack_numbers
from models.tensors.readable import Unreadable
from tests.models.diff.comparables import live, of_stored, opened
from tests.models.stored.held import Held, Zeros, bytes_of


def stored(tensor):
    return of_stored(Held.of(tensor, "w"))


def difference(a, b, tolerance=None, count=1, read=lambda size: None):
    with Workers(count) as workers:
        return compare(a, b, tolerance or Tolerance(), workers, read)


KINDS = [(live, live), (live, stored), (stored, live), (stored, stored)]


@pytest.mark.parametrize(("first", "second"), KINDS)
@pytest.mark.parametrize("count", [1, 3])
def test_every_status_between_any_two_kinds(first, second, count, monkeypatch):
    monkeypatch.setattr(compared, "PIECE", 256)
    a = torch.randn(30, 50)
    b = a.clone()

    def status(x, y):
        return difference(first(x), second(y), count=count).status

    assert status(a, b) == "equal"
    assert difference(first(a), second(b)).comparison == SAME
    b[29, 49] = torch.nextafter(b[29, 49], torch.tensor(9.0))
    assert status(a, b) == "close"
    b[0, 0] += 1
    found = difference(first(a), second(b), count=count)
    assert (found.status, found.comparison.differing) == ("changed", 2)
    assert found.comparison.max_abs == float((a.double() - b.double()).abs().max())
    assert found.comparison.relative_l2 == pytest.approx(float((a.double() - b.double()).norm() / a.double().norm()))
    assert status(a, a.reshape(50, 30)) == "shape"
    half = difference(first(a), second(a.half()), count=count)
    assert (half.status, half.comparison.values) == ("dtype", "changed")
    assert status(torch.zeros(0, 3), torch.zeros(0, 3)) == "equal"
    assert status(torch.tensor(1.0), torch.tensor(1.0)) == "equal"


def test_a_transposed_tensor_is_compared_element_by_element():
    a = torch.randn(40, 30)
    assert difference(live(a.t().contiguous().t()), stored(a)).status == "equal"
    assert difference(live(a[:, :1].expand(40, 30)), live(a[:, :1].repeat(1, 30))).status == "equal"


def test_equal_bytes_are_read_once_and_others_piece_by_piece():
    a, b = Zeros((3_000, 1_000)), Zeros((3_000, 1_000))
    read = []
    assert difference(of_stored(a), of_stored(b), read=read.append).status == "equal"
    assert sum(stop - start for start, stop in a.reads) == a.elements
    assert max(a.largest_read, b.largest_read) <= compared.PIECE
    assert sum(read) == 2 * 4 * a.elements
    a, b, read = Zeros((3_000, 1_000)), Zeros((3_000, 1_000), {2_000_000: 1.0}), []
    found = difference(of_stored(a), of_stored(b), read=read.append)
    assert (found.status, found.comparison.differing, found.comparison.max_abs) == ("changed", 1, 1.0)
    assert found.comparison.relative_l2 is None  # from all zeros
    assert max(a.largest_read, b.largest_read) <= compared.PIECE
    assert sum(read) == 2 * 4 * a.elements


def test_workers_hold_few_pieces(monkeypatch):
    monkeypatch.setattr(compared, "PIECE", 1024)
    a, b = Held.of(torch.ones(100_000)), Held.of(torch.zeros(100_000))
    serial = difference(of_stored(a), of_stored(b))
    parallel = difference(of_stored(a), of_stored(b), count=4)
    assert serial == parallel
    assert parallel.comparison.differing == 100_000


@pytest.mark.parametrize("name", ["float4_e2m1fn_x2", "F6_E2M3", "quint2x4", "float8_e8m0fnu", "complex32", "bool"])
def test_stored_types_that_torch_lacks(name):
    dtype = DTYPES[name]
    raw = bytes((7 * at + 3) % 60 for at in range(dtype.bytes_for(1001) + dtype.unit))
    a = of_stored(Held("w", (7, 143), dtype, raw))
    assert difference(a, of_stored(Held("w", (7, 143), dtype, bytes(raw)))).status == "equal"
    other = bytes(each ^ 1 for each in raw[:90]) + raw[90:]
    found = difference(a, of_stored(Held("w", (7, 143), dtype, other))).comparison
    mine, theirs = unpack_numbers(dtype, raw, 1001), unpack_numbers(dtype, other, 1001)
    apart = [abs(x - y) for x, y in zip(mine, theirs, strict=True)]
    assert found.differing == sum(map(bool, apart))
    assert found.max_abs == pytest.approx(max(apart))
    assert difference(a, stored(torch.zeros(7, 143))).status == "dtype"


def test_a_quantised_tensor_is_compared_by_what_it_stands_for():
    values = torch.arange(512.0)
    block = Held("w", (512,), quantised("Q8_0", 34, 32), bytes_of(values))
    found = difference(of_stored(block), stored(values + 0.5))
    assert (found.status, found.comparison.max_abs, found.a.dtype) == ("dtype", 0.5, "Q8_0")


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_integers_of_a_quantised_type_are_not_taken_for_numbers():
    tensor = torch.quantize_per_tensor(torch.ones(4), 0.1, 3, torch.qint8)
    integers = of_stored(Held("w", (4,), DTYPES["qint8"], bytes(tensor.int_repr().tolist())))
    assert difference(live(tensor), integers).status == "unreadable"
    assert difference(live(tensor), live(tensor)).status == "equal"


def test_what_cannot_be_read_is_a_status_with_a_reason():
    gone = of_stored(Held("w", (4,), DTYPES["float32"], b"", Unreadable("a.bin was cut short")))
    found = difference(stored(torch.ones(4)), gone)
    assert (found.status, found.reason, found.comparison) == ("unreadable", "a.bin was cut short", None)
    meta = difference(live(torch.ones(4, device="meta")), stored(torch.ones(4)))
    assert meta.status == "unreadable"
    assert "meta" in meta.reason
    lazy = nn.LazyLinear(3)
    a, b = (every_tensor(opened(each))[0] for each in (lazy, lazy))
    assert difference(a, b).status == "unreadable"
    assert difference(a, stored(torch.ones(3, 4))).status == "shape"


def test_sparse_tensors_are_compared_as_dense_ones():
    dense = torch.eye(5)
    assert difference(live(dense.to_sparse()), stored(dense)).status == "equal"


def test_conjugated_and_negated_views_are_read_as_numbers():
    tensor = torch.tensor([1 + 2j, 3 - 4j])
    assert difference(live(tensor.conj()), stored(tensor.conj().resolve_conj())).status == "equal"
    assert difference(live(tensor.conj().imag), stored(-tensor.imag)).status == "equal"


class Refusing(torch.Tensor):
    """A subclass whose operations all fail, in its own way."""

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise KeyError("no such operation")


def test_whatever_a_class_raises_is_reported_of_its_tensor_alone():
    found = difference(live(torch.Tensor._make_wrapper_subclass(Refusing, (2, 2))), live(torch.ones(2, 2)))
    assert (found.status, "no such operation" in found.reason) == ("unreadable", True)


class Watched(torch.Tensor):
    """A subclass that would notice being looked at."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise AssertionError("looked at")


def test_a_subclass_does_not_notice():
    assert difference(live(torch.ones(2).as_subclass(Watched)), live(torch.ones(2))).status == "equal"
