"""B - A as a tensor that can be read, against torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.diff.compared.change import TensorChange, change_between
from models.tensors.heat import heat_map
from models.tensors.readable import Absent, Readable
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.tensors.window import window
from tests.models.stored.held import Held


def change(a: Tensor, b: Tensor) -> Readable:
    return change_between(readable_of(a), readable_of(b))


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float32", "bfloat16"), ("float64", "float16")])
def test_floats_are_subtracted_as_float64(dtypes: tuple[str, str]) -> None:
    a, b = drawn(7, 5).to(getattr(torch, dtypes[0])), drawn(7, 5, seed=1).to(getattr(torch, dtypes[1]))
    expected = b.double() - a.double()
    found = change(a, b)
    assert found.dtype_name == "float64"
    assert found.shape == (7, 5)
    assert torch.equal(found.piece(0, 35).view(7, 5), expected)
    assert found.numbers(3, 9) == expected.view(-1)[3:9].tolist()


def test_small_integers_and_flags_give_integers() -> None:
    a, b = torch.tensor([1, 200, 7], dtype=torch.uint8), torch.tensor([255, 0, 7], dtype=torch.uint8)
    found = change(a, b)
    assert (found.element_kind, found.dtype_name) == ("int", "int64")
    assert found.numbers(0, 3) == found.piece(0, 3).tolist() == [254, -200, 0]
    flags = change(torch.tensor([True, False, True]), torch.tensor([False, False, True]))
    assert flags.numbers(0, 3) == flags.piece(0, 3).tolist() == [-1, 0, 0]


def test_wide_integers_give_floats_that_do_not_wrap() -> None:
    a = torch.tensor([-(2**63), 2**62, 5])
    b = torch.tensor([2**63 - 1, 2**62 + 1, 5])
    found = change(a, b)
    assert found.dtype_name == "float64"
    assert found.piece(0, 3).tolist() == [2.0**64, 1.0, 0.0]
    assert found.numbers(0, 3) == [2.0**64, 1.0, 0.0]


def test_what_is_equal_is_zero_nan_and_infinity_too() -> None:
    nan, inf = float("nan"), float("inf")
    a, b = torch.tensor([nan, inf, nan, inf, 1.0]), torch.tensor([nan, inf, 1.0, -inf, inf])
    found = change(a, b)
    for values in (found.piece(0, 5).tolist(), found.numbers(0, 5)):
        assert values[:2] == [0.0, 0.0]
        assert values[2] != values[2]
        assert values[3:] == [-inf, inf]


def test_complex_numbers() -> None:
    a, b = torch.tensor([1 + 2j, 3j]), torch.tensor([2 + 2j, 3j])
    found = change(a, b)
    assert (found.element_kind, found.dtype_name) == ("complex", "complex128")
    assert found.numbers(0, 2) == found.piece(0, 2).tolist() == [1 + 0j, 0j]


def test_windows_heat_maps_and_statistics_are_of_the_change() -> None:
    a = drawn(40, 30)
    b = a.clone()
    b[11, 17] += 3
    b[20, 2] -= 1
    found = change(a, b)
    expected = b.double() - a.double()
    cells = window(found, path="w", of="difference", row=10, rows=4, column=15, columns=5)
    assert cells.values == expected[10:14, 15:20].reshape(-1).tolist()
    assert (cells.of, cells.dtype, cells.shape) == ("difference", "float64", [40, 30])
    measured = statistics(found, path="w", of="difference")
    assert (measured.maximum_at, measured.minimum_at, measured.zeros) == ([11, 17], [20, 2], 1198)
    assert measured.l2 == pytest.approx(float(expected.norm()))
    picture = heat_map(found, path="w", of="difference", height=4, width=3)
    assert picture.values[1 * 3 + 1] == float(expected[11, 17])


def test_a_large_tensor_is_read_in_pieces() -> None:
    a = torch.zeros(2**19 + 3)
    b = torch.arange(2**19 + 3).float()
    measured = statistics(change(a, b), path="w", of="difference")
    assert (measured.count, measured.maximum, measured.maximum_at) == (2**19 + 3, float(2**19 + 2), [2**19 + 2])
    assert measured.mean == pytest.approx(float(b.double().mean()))


def test_tensors_in_files_are_subtracted_without_torch() -> None:
    found = change_between(Held.of(torch.tensor([1.0, 2.0]), "w"), Held.of(torch.tensor([1.5, 2.0]), "w"))
    assert found.without_torch
    assert found.numbers(0, 2) == [0.5, 0.0]


def test_where_there_is_no_change_the_reason_is_reported() -> None:
    shapes = change(torch.zeros(2, 3), torch.zeros(3, 2))
    assert shapes.absence == ("unsupported", "there is no B - A: A is [2, 3], B is [3, 2]")
    missing = change_between(readable_of(torch.zeros(2)), Absent("meta", "no values"))
    assert missing.absence == ("meta", "no values")
    assert isinstance(change(torch.zeros(2), torch.ones(2)), TensorChange)
