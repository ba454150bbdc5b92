from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from models.tree.sorted_rows import sorted_rows


def test_siblings_are_sorted_and_keep_what_is_below_them() -> None:
    #         root  a  a.x a.y  b  c  c.z
    depths = [0, 1, 2, 2, 1, 1, 2]
    values = [None, 3.0, 1.0, 2.0, 9.0, None, 5.0]
    assert sorted_rows(depths, values) == [0, 4, 1, 3, 2, 5, 6]


def test_equal_ones_stay_as_they_are_and_nan_comes_first() -> None:
    assert sorted_rows([0, 1, 1, 1, 1], [None, 1.0, 1.0, math.nan, 2.0]) == [0, 3, 4, 1, 2]


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.floats()), max_size=40))
def test_every_row_is_there_once_and_below_the_same_row(steps: list[tuple[int, float | None]]) -> None:
    depths: list[int] = []
    for step, _ in steps:
        depths.append(min(step, depths[-1] + 1 if depths else 0))
    found = sorted_rows(depths, [value for _, value in steps])
    assert sorted(found) == list(range(len(depths)))

    def parents(order: list[int]) -> dict[int, int]:
        above: dict[int, int] = {}
        path: list[int] = []
        for place in order:
            while path and depths[path[-1]] >= depths[place]:
                path.pop()
            above[place] = path[-1] if path else -1
            path.append(place)
        return above

    assert parents(found) == parents(list(range(len(depths))))
