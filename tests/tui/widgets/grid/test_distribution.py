from __future__ import annotations

import math

import pytest

from models.messages import InitialPreview, Spread
from tests.tui.stage import Stage
from tui.widgets.grid.distribution import DistributionChart, bars_of_shares


def preview(**fields: object) -> InitialPreview:
    given: dict[str, object] = {
        "filled": 1,
        "path": "0.weight",
        "shape": "[8, 4]",
        "law": "uniform(±1/√4 = ±0.5)",
        "spread": "std = 0.2887",
        "today": Spread(low=1.0, high=1.0, mean=1.0, std=0.0),
        "fresh": Spread(low=-0.49, high=0.48, mean=0.01, std=0.28),
        "theory": Spread(low=-0.5, high=0.5, mean=0.0, std=0.2887),
        "edges": [-0.5, 0.0, 0.5, 1.0],
        "today_shares": [0.0, 0.0, 1.0],
        "fresh_shares": [0.4, 0.6, 0.0],
        "theory_shares": [0.5, 0.5, 0.0],
    }
    return InitialPreview(**(given | fields))  # type: ignore[arg-type]


async def lines(given: InitialPreview | None, width: int = 110) -> list[str]:
    widget = DistributionChart()
    async with Stage(widget).run_test(size=(width, 20)) as pilot:
        widget.show(given)
        await pilot.pause()
        return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


async def test_today_the_new_values_and_theory_stand_on_one_axis() -> None:
    title, law, head, today, fresh, theory = await lines(preview())
    assert title == "0.weight [8, 4]"
    assert law == "uniform(±1/√4 = ±0.5)  std = 0.2887"
    assert head.split() == ["range", "mean", "std", "-0.5", "1"]
    assert today.split()[:4] == ["today", "1", "1", "0"]
    assert fresh.split()[:6] == ["new", "-0.49", "…", "0.48", "0.01", "0.28"]
    assert theory.split()[:4] == ["theory", "±0.5", "0", "0.289"]
    start = head.index("-0.5")
    third = (len(head) - start) // 3
    assert set(today[start : start + 2 * third]) == {" "}
    assert set(today[start + 2 * third + 1 :]) == {"█"}
    assert set(fresh[start + third + 1 : start + 2 * third]) == {"█"}


async def test_without_a_formula_there_is_no_theory_and_a_normal_has_no_bounds() -> None:
    found = await lines(preview(law="", spread="", theory_shares=[]))
    assert found[1] == "no formula is known for this rule"
    assert not any(line.startswith("theory") for line in found)
    endless = await lines(preview(theory=Spread(low=-math.inf, high=math.inf, mean=0.0, std=1.0)))
    assert endless[-1].split()[:3] == ["theory", "no", "bounds"]


async def test_nothing_is_filled_nothing_is_shown() -> None:
    assert await lines(preview(filled=0)) in ([], [""])
    assert await lines(None) in ([], [""])


@pytest.mark.parametrize("width", [30, 48, 60])
async def test_formulas_take_further_lines_before_they_are_cut(width: int) -> None:
    found = await lines(preview(), width)
    assert any("uniform(±1/√4" in line for line in found)
    assert any("std = 0.2887" in line for line in found)


def test_a_share_takes_several_cells_or_a_cell_is_the_mean_of_several() -> None:
    assert bars_of_shares([0.0, 1.0], 8, 1.0) == "    ████"
    assert bars_of_shares([1.0, 0.0] * 8, 8, 1.0) == "▄" * 8
    assert bars_of_shares([1e-9] + [1.0] * 7, 8, 1.0) == "▁███████"
    assert bars_of_shares([], 20, 1.0) == bars_of_shares([1.0], 3, 1.0) == ""


def test_shares_that_are_none_leave_a_picture() -> None:
    inf, nan = float("inf"), float("nan")
    assert bars_of_shares([inf, 1.0], 8, inf) == "████▁▁▁▁"
    assert bars_of_shares([inf, -inf] * 8, 8, inf) == " " * 8
    assert bars_of_shares([nan, -1.0], 8, 1.0) == " " * 8
    assert bars_of_shares([1e300, 5e-324], 8, 1e300) == "████▁▁▁▁"
