from __future__ import annotations

import math
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.grid.heat_scale import HeatScale
from tui.widgets.grid.palette import LEVELS, LOUD

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_a_matrix_that_was_just_initialised_is_not_saturated() -> None:
    random.seed(1)
    values = [random.uniform(-0.05, 0.05) for _ in range(4_000)]
    scale = HeatScale(values)
    shares = Counter(abs(scale.level(value)) for value in values)
    assert len(shares) >= LEVELS - 2  # what there is of shades is used
    assert shares[LEVELS] < 0.05 * len(values)
    assert sum(shares[level] for level in range(1, LEVELS // 2 + 1)) > 0.6 * len(values)


def test_the_largest_of_many_draws_are_one_quiet_shade_and_what_stands_out_stands_out() -> None:
    random.seed(2)
    values = [max(random.uniform(0, 0.05) for _ in range(300)) * random.choice((-1, 1)) for _ in range(2_000)]
    values[7] = 0.4
    scale = HeatScale(values)
    usual = Counter(abs(scale.level(value)) for value in values if value != 0.4).most_common(1)[0]
    assert usual[1] > 0.9 * len(values)
    assert usual[0] <= LEVELS // 2
    assert scale.level(0.4) == LEVELS


def test_one_outlier_does_not_take_the_shades_of_all_others() -> None:
    values = [float(value) for value in range(1, 101)]
    assert HeatScale([*values, 1e30]).level(60.0) >= HeatScale(values).level(60.0) - 1


@given(st.lists(FINITE, max_size=50))
def test_levels_rise_with_magnitude_and_only_zero_has_none(values: list[float]) -> None:
    scale = HeatScale(values)
    levels = [abs(scale.level(value)) for value in sorted(values, key=abs)]
    assert levels == sorted(levels)
    assert all((level == 0) == (value == 0) for level, value in zip(levels, sorted(values, key=abs), strict=True))
    assert all((scale.level(value) < 0) == (value < 0) for value in values)


@given(st.lists(FINITE, max_size=50), st.integers(1, 6))
def test_the_steps_name_the_largest_magnitude_at_each_level(values: list[float], count: int) -> None:
    scale = HeatScale(values)
    steps = scale.steps(count)
    assert len(steps) <= count
    assert [level for level, _ in steps] == sorted({level for level, _ in steps})
    for level, size in steps:
        assert size == max(abs(value) for value in values if abs(scale.level(value)) == level)
    assert [size for _, size in steps[-1:]] == [size for size in [max(map(abs, values), default=0.0)] if size]


def test_what_is_not_finite_is_apart() -> None:
    scale = HeatScale([math.nan, math.inf, 1.0])
    assert (scale.level(math.nan), scale.level(-math.inf)) == (LOUD, LOUD)
    assert scale.steps(4)[-1][1] == 1.0
