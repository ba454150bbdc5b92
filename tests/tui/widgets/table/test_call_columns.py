"""Of `call_columns`, `call_table`: what each set of columns says of a call."""

from __future__ import annotations

import math

import pytest

from models.messages import CallBackward, CallStatistics
from tests.tui.widgets.table.call_app import CallApp, call, shown
from tui.widgets.lists.shares import percent


async def test_columns_without_a_text_are_left_out_and_the_others_get_what_they_need() -> None:
    app = CallApp(call("0.block 1.0", tensors=["0.block 1.0.weight", "0.block 1.0.bias"], seconds=0.001))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 1)
        await pilot.pause()
        assert shown(app.table)[0].split() == ["#", "module", "operation", "inputs", "output", "reads", "took"]
        assert shown(app.table)[1][1:].split() == [
            *("0", "0.block", "1.0", "linear", "[2,", "4]", "[2,", "8]", "weight,", "bias", "1", "ms"),
        ]


async def test_a_line_in_a_file_of_a_long_name_is_cut_in_its_middle() -> None:
    app = CallApp(call("0.block 1.0", where="a_model_of_a_very_long_name.py:1207", note="and more of it " * 5))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 1)
        await pilot.pause()
        row = shown(app.table)[1]
        assert "a_model" in row
        assert "…" in row
        assert ".py:1207" in row


MEASURED = CallStatistics(min=-1.25, max=0.5, mean=0.125, std=0.25, zeros=0.75, nan=0, inf=3, rows=0.0004)


async def test_the_values_that_came_out() -> None:
    app = CallApp(call("0", "Linear", 1, statistics=MEASURED), call("1", "chunk", 1))
    async with app.run_test(size=(120, 8)) as pilot:
        app.table.show(3, 2)
        app.table.focus()
        await pilot.press("C")
        titles = "# module operation output min max mean std zeros rows apart NaN inf"
        assert shown(app.table)[0].split() == titles.split()
        assert shown(app.table)[1][1:].split() == [
            *("0", "0", "Linear", "[2,", "8]", "-1.25", "0.5", "0.125", "0.25", "75%", "0.04%", "0", "3"),
        ]
        assert shown(app.table)[2].split() == ["1", "1", "chunk", "[2,", "8]"], "nothing was measured"
        await pilot.press("down")
        problem = app.table.look("lines--problem").color
        assert [part.text.strip() for part in app.table.render_line(1) if part.style.color == problem] == ["3"]


async def test_what_each_call_costs_without_values() -> None:
    app = CallApp(
        call("", "Net", 0, flops=4000, elementwise=7, bytes=64, kept=128, peak=256),
        call("0", "Linear", 1, flops=3000, elementwise=0, bytes=64, kept=32, peak=64),
    )
    async with app.run_test(size=(140, 8)) as pilot:
        app.table.show(3, 2)
        app.table.focus()
        app.table.show_costs()
        await pilot.pause()
        found = shown(app.table)[2][1:].split()
        assert found == [
            "1",
            "0",
            "Linear",
            "[2,",
            "8]",
            "3,000",
            "████▌",
            "75%",
            "0",
            "64",
            "B",
            "32",
            "B",
            "█▌",
            "25%",
            "64",
            "B",
            "█▌",
            "25%",
        ]


async def test_what_each_call_cost() -> None:
    app = CallApp(
        call("", "Net", 0, seconds=0.004, self_seconds=0.001, flops=4000, elementwise=7, bytes=64),
        call("0", "Linear", 1, seconds=0.003, self_seconds=0.003, flops=3000, elementwise=0, bytes=64),
        call("0", "inv", 1, seconds=0.0, self_seconds=0.0, bytes=64),
    )
    async with app.run_test(size=(140, 8)) as pilot:
        app.table.show(3, 3)
        app.table.focus()
        await pilot.press("C", "C")
        await pilot.pause()
        fields = "1 0 Linear [2, 8] 3 ms ████▌ 75% 3 ms 3,000 ████▌ 75% 0 64 B"
        assert shown(app.table)[2][1:].split() == fields.split()
        assert "not counted" in shown(app.table)[3]
        await pilot.press("C")
        assert "inputs" in shown(app.table)[0], "without a backward there are no gradients to show"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.5, "50%"), (0.0004, "0.04%"), (0.9999999, "99.99%"), (1e-9, "1e-07%")],
)
def test_a_share_is_never_falsely_nothing_or_all(share: float, text: str) -> None:
    assert percent(share) == text


async def test_what_a_backward_did_at_each_call() -> None:
    passed = CallBackward(seconds=0.002, norm=math.inf, min=0.5, max=math.inf, nonfinite="infinity")
    app = CallApp(call("0", "sqrt", 1, backward=passed, repeat=3), call("1", "argmax", 1))
    async with app.run_test(size=(120, 8)) as pilot:
        app.table.show(3, 2)
        app.table.focus()
        await pilot.press("C", "C", "C")
        await pilot.pause()
        titles = shown(app.table)[0]
        assert [title for title in ("gradient", "from", "to", "back took", "made") if title not in titles] == []
        assert shown(app.table)[1][1:].split()[-6:-1] == ["inf", "0.5", "inf", "2", "ms"]
        assert shown(app.table)[1].endswith("infinity")
        assert shown(app.table)[2].split() == ["1", "1", "argmax", "[2,", "8]"], "no gradient came"


async def test_levels_take_less_room_where_the_operations_have_too_little() -> None:
    deep = "scaled_dot_product"
    app = CallApp(call("", "Net", 0, kind="module"), call("a.b", "Block", 4, kind="module"), call("a.b.c", deep, 5))
    for width, indents in ((40, (0, 4, 5)), (160, (0, 8, 10))):
        async with app.run_test(size=(width, 8)) as pilot:
            app.table.show(3, 3)
            await pilot.pause()
            await pilot.pause()
            start = shown(app.table)[0].index("operation")
            found = [line[start:] for line in shown(app.table)[1:4]]
            assert tuple(len(line) - len(line.lstrip()) for line in found) == indents
            assert [line.split()[0] for line in found[:2]] == ["Net", "Block"]
            assert deep[:12] in found[2]
        app = CallApp(*app.engine.runs[3])
