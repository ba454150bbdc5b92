from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.grid.curve import curve

NUMBERS = st.lists(st.floats(width=32), max_size=60)


@given(NUMBERS, st.integers(0, 100), st.integers(1, 30), st.integers(1, 6))
def test_a_curve_has_the_size_that_was_asked_for(values: list[float], more: int, width: int, height: int) -> None:
    drawn = curve(values, len(values) + more, width, height)
    assert [len(line) for line in drawn.lines] == [width] * height
    assert bool(drawn.high) <= any(math.isfinite(value) for value in values)


def test_the_largest_reaches_the_top_and_the_smallest_is_still_seen() -> None:
    drawn = curve([4.0, 3.0, 2.0, 1.0], 4, 4, 2)
    assert drawn.lines == ["█▃  ", "██▆▁"]
    assert (drawn.high, drawn.low, drawn.logarithmic) == ("4", "1", False)


def test_steps_to_come_leave_room_and_few_steps_are_wide() -> None:
    assert curve([1.0, 2.0], 4, 8, 1).lines == ["▁▁██    "]


def test_several_steps_to_a_column_show_the_last_of_them() -> None:
    assert curve([9.0, 1.0, 9.0, 2.0, 9.0, 3.0], 6, 3, 1).lines == ["▁▅█"]


def test_what_spans_much_is_logarithmic() -> None:
    drawn = curve([100.0, 10.0, 1.0], 3, 3, 1)
    assert drawn.logarithmic
    assert drawn.lines == ["█▅▁"]


def test_level_values_stand_in_the_middle_and_what_is_not_finite_is_marked() -> None:
    assert curve([2.0, 2.0], 2, 2, 1).lines == ["▅▅"]
    assert curve([1.0, math.nan, 2.0], 3, 3, 1).lines == ["▁×█"]
    assert curve([math.inf], 1, 2, 1).lines == ["××"]
