"""Numbers as text: what is shown must be what is there."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.cell_format import CellFormat, exact, format_cells, short

floats = st.floats(width=32)
numbers = st.lists(floats, min_size=1, max_size=30)


def same(text: str, value: float, scientific: bool) -> bool:
    shown = float(text)
    if not math.isfinite(value):
        return shown == value or (math.isnan(shown) and math.isnan(value))
    if value == 0:
        return shown == 0
    relative = abs(shown - value) <= abs(value) * (0.50001e-4 if scientific else 0.051)
    return relative if scientific or "e" in text else abs(shown - value) <= 0.50001e-4


@given(numbers)
def test_every_number_reads_back_to_within_what_is_shown(values: list[float]) -> None:
    chosen = CellFormat().widened(values)
    for value, text in zip(values, format_cells(values, "float"), strict=True):
        assert same(text, value, chosen.scientific), (value, text)


@given(numbers)
def test_all_cells_of_a_window_have_one_width(values: list[float]) -> None:
    assert len({len(text) for text in format_cells(values, "float")}) == 1


@given(numbers)
def test_only_zero_is_shown_as_zero(values: list[float]) -> None:
    for value, text in zip(values, format_cells(values, "float"), strict=True):
        assert (float(text) == 0) == (value == 0)


@given(numbers)
def test_sign_is_always_visible(values: list[float]) -> None:
    for value, text in zip(values, format_cells(values, "float"), strict=True):
        if value < 0:
            assert text.strip().startswith("-")


@example([1.2e-07], [1.0])  # scientific notation, which is wider, is given up
@given(numbers, numbers)
def test_format_grows_and_never_shrinks(first: list[float], second: list[float]) -> None:
    before = CellFormat().widened(first)
    after = before.widened(second)
    assert after.width >= before.width
    assert after.biggest >= before.biggest
    assert all(len(after.cell(value)) == after.width for value in [*first, *second])


@given(st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1))
def test_integers_are_exact_and_without_a_dot(values: list[int]) -> None:
    assert [int(text) for text in format_cells(values, "int")] == values


@given(st.lists(st.complex_numbers(allow_nan=False, allow_infinity=False, max_magnitude=1e4), min_size=1))
def test_complex_numbers_read_back(values: list[complex]) -> None:
    texts = format_cells([value.real for value in values], "complex", [value.imag for value in values])
    small = max(max(abs(value.real), abs(value.imag)) for value in values) < 1e-3
    for value, text in zip(values, texts, strict=True):
        shown = complex(text.strip())
        assert abs(shown - value) <= (abs(value) * 1e-3 if small else 1e-4)


@pytest.mark.parametrize(
    ("values", "number", "texts"),
    [
        ([0.5, -0.25], "float", ["  0.5000", " -0.2500"]),
        ([1, 0], "bool", [" True", "False"]),
        ([7, -12], "int", ["  7", "-12"]),
        ([1e-6, 0.0], "float", [" 1.0000e-06", "     0.0000"]),
        ([0.4, 1.2e-5], "float", ["  0.4000", " 1.2e-05"]),
        ([2.5e7, 1.0], "float", [" 2.5000e+07", " 1.0000e+00"]),
        ([math.nan, -math.inf], "float", ["     nan", "    -inf"]),
        ([], "float", []),
    ],
)
def test_written_as_a_user_expects(values: list[float], number: str, texts: list[str]) -> None:
    assert format_cells(values, number) == texts  # type: ignore[arg-type]


def test_complex_is_written_with_both_signs() -> None:
    assert format_cells([1.0], "complex", [-2.0])[0].strip() == "1.0000-2.0000j"


def test_bounds_of_the_tensor_decide_the_format_of_a_window() -> None:
    alone = format_cells([1e-5], "float")
    among = format_cells([1e-5], "float", bounds=[-1.0, 1.0])
    assert (alone[0].strip(), among[0].strip()) == ("1.0000e-05", "1.0e-05")


@given(floats.filter(math.isfinite))
def test_exact_distinguishes_a_float32_from_its_neighbours(value: float) -> None:
    text = exact(value, "float", "float32")
    assert struct.unpack("f", struct.pack("f", float(text)))[0] == value
    assert len(text.strip("-")) <= 15


def test_exact_is_as_short_as_the_dtype_allows() -> None:
    tenth = struct.unpack("f", struct.pack("f", 0.1))[0]
    assert exact(tenth, "float", "float32") == "0.1"
    assert exact(tenth, "float", "float64") == "0.10000000149011612"
    assert exact(1, "bool") == "True"
    assert exact(2.0, "float", "float32") == "2.0"
    assert exact(0.5, "complex", "complex64", -1.5) == "0.5-1.5j"
    assert exact(math.nan, "float", "float32") == "nan"


def test_short() -> None:
    assert [short(value) for value in (None, 0.123456, math.inf, 12)] == ["", "0.1235", "inf", "12"]
