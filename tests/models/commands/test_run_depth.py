from __future__ import annotations

import math
from typing import Any

import pytest

from models.commands.run_depth import WIDTH, depth_lines


def report(*norms: float | None, reads: str = "layer.weight") -> dict[str, Any]:
    calls = [{"tensors": [reads], "backward": None if norm is None else {"norm": norm}} for norm in norms]
    other = {"tensors": ["mask"], "backward": {"norm": 1e30}}
    return {"calls": [*calls, other], "gradients": [{"path": "layer.weight"}]}


def test_a_power_of_ten_a_layer_is_a_staircase() -> None:
    title, bars = depth_lines(report(*[10.0**-power for power in range(8, -1, -1)]))
    assert title == "gradient at 9 layers, first to last, from 1e-8 to 1e0 on a logarithmic scale"
    assert bars == "1e-08 ▁▂▃▄▅▆▇██ 1"


def test_what_differs_by_little_looks_level_and_what_is_no_number_does_not_look_like_one() -> None:
    _, bars = depth_lines(report(0.4, 0.8, 0.9, 0.5))
    assert len(set(bars.split()[1])) == 1
    _, bars = depth_lines(report(None, 0.0, math.nan, math.inf, 1.0))
    assert bars == "none ·0!!█ 1"


def test_many_layers_are_in_one_line() -> None:
    _, bars = depth_lines(report(*[1.0] * 1000))
    assert len(bars.split()[1]) <= WIDTH


@pytest.mark.parametrize(
    "without", [report(1.0, 1.0), report(None, None, None), report(1.0, 1.0, 1.0, reads="mask"), report(0.0, 0.0, 0.0)]
)
def test_few_layers_or_none_that_learn_have_no_picture(without: dict[str, Any]) -> None:
    assert list(depth_lines(without)) == []
    assert list(depth_lines({"calls": [], "gradients": None})) == []
