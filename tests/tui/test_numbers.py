from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.numbers import count, duration, size


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7_946, "7,946"),
        (999_999, "999,999"),
        (1_000_000, "1.0 M"),
        (1_234_567, "1.2 M"),
        (999_960_000, "1.0 B"),
        (124_439_808, "124.4 M"),
        (7_000_000_000, "7.0 B"),
        (1_500_000_000_000, "1.5 T"),
        (None, "?"),
    ],
)
def test_counts(number: int | None, text: str) -> None:
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(196, "196 B"), (1_023, "1023 B"), (4 * 7_946, "31.0 KB"), (1_048_570, "1.0 MB"), (2**31, "2.0 GB"), (None, "?")],
)
def test_sizes(number: int | None, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "0 µs"),
        (12e-6, "12 µs"),
        (0.0009999, "1 ms"),
        (0.0015, "1.5 ms"),
        (0.9999, "1.0 s"),
        (2.34, "2.3 s"),
        (59.99, "1 min 00 s"),
        (245, "4 min 05 s"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@given(st.integers(0, 10**15))
def test_they_fit_their_columns(number: int) -> None:
    assert len(count(number)) <= 9
    assert len(size(number)) <= 9
