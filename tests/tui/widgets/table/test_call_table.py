from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import ComposeResult

from models.messages import Body, CallPage, CallRow, CallRows
from tests.tui.stage import until
from tests.tui.widgets.table.call_app import CallApp, call, shown
from tui.widgets.table.call_table import CallTable


async def test_before_the_first_run_it_says_how_to_run() -> None:
    app = CallApp()
    async with app.run_test(size=(80, 8)) as pilot:
        assert shown(app.table)[1] == " No run yet. f runs the network forward, i sets its inputs."
        await pilot.press("enter", "G")
        assert app.chosen == []


async def test_a_call_in_words_and_numbers() -> None:
    app = CallApp(
        call("", "Sequential", 0, kind="module"),
        call(
            "0.block 1.0",
            "linear",
            2,
            tensors=["0.block 1.0.weight", "0.block 1.0.bias"],
            where="net.py:12",
            repeat=4,
            seconds=0.00012,
            note="in place",
        ),
    )
    async with app.run_test(size=(180, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        lines = shown(app.table)
        assert lines[0].split()[:3] == ["#", "module", "operation"]
        assert "(root)" in lines[1]
        fields = "1 0.block 1.0 linear [2, 4] [2, 8] weight, bias net.py:12 ×4 120 µs in place"
        assert lines[2][1:].split() == fields.split()
        assert lines[2].index("linear") - lines[1].index("Sequential") == 4  # two levels deeper


@pytest.mark.parametrize("width", [50, 80, 120, 200])
async def test_a_failure_is_read_at_every_width(width: int) -> None:
    failed = call(failed="RuntimeError: mat1 and mat2\x1b cannot", output="", where="a_long_name_of_a_file.py:12")
    app = CallApp(call(), failed)
    async with app.run_test(size=(width, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        assert "✗ RuntimeErr" in shown(app.table)[2]
        assert "y:12 ✗" in shown(app.table)[2], "its place is not covered"
        assert "\x1b" not in shown(app.table)[2]
        assert app.table.cursor == 1, "the cursor is where it failed"
        await pilot.press("up")
        problem = app.table.look("lines--problem").color
        assert any(part.style.color == problem for part in app.table.render_line(2) if "✗" in part.text)


@pytest.mark.parametrize("width", [80, 100, 120])
async def test_why_a_call_failed_is_read_in_its_line(width: int) -> None:
    error = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x32 and 16x4)"
    failed = call("decoder.head", "Linear", failed=error, output="", where="lstm.py:19", inputs=["[2, 32]"])
    app = CallApp(call("", "Net", 0), call("encoder.0", "Linear"), failed)
    app.engine.because = "`decoder.head` expects 16 features, got 32 from `encoder.2`: `in_features=32` fits"
    async with app.run_test(size=(width, 8)) as pilot:
        app.table.show(3, 3)
        await until(pilot, lambda: app.table.cursor == 2 and bool(app.table.because))
        await pilot.pause()
        line = shown(app.table)[3]
        assert "decoder.head Linear" in " ".join(line.split())
        assert "✗ expects 16 features, got 32 from `encoder.2`" in line
        row = app.table.row
        assert row is not None
        assert "lstm.py:19" in line or "(lstm.py:19)" in app.table.cut_off(row)


@pytest.mark.parametrize("width", [20, 30, 40, 60])
async def test_a_failure_is_read_in_a_narrow_terminal_whatever_the_columns(width: int) -> None:
    app = CallApp(call("", "Net", 0), call(failed="RuntimeError: mat1", output="", where="net.py:12"))
    async with app.run_test(size=(width, 8)) as pilot:
        app.table.show(3, 2)
        app.table.focus()
        for _ in range(3):
            await pilot.press("C")
            await pilot.pause()
            row = app.table.row
            assert row is not None
            assert "✗ RuntimeError: mat1" in "".join(part.text for part in app.table.draw(1, row, width))


async def test_it_grows_and_follows_while_the_cursor_is_at_the_end() -> None:
    app = CallApp()
    rows = app.engine.runs[3]
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 0, complete=False)
        for total in (5, 250, 700):
            rows.extend(call(str(len(rows))) for _ in range(total - len(rows)))
            app.table.grow(total)
            await pilot.pause()
            await pilot.pause()
            assert app.table.cursor == total - 1
            here = next(line for line in shown(app.table) if line.startswith("▌"))
            assert here[1:].split()[0] == str(total - 1)
        await pilot.press("up")
        rows.append(call())
        app.table.grow(701, complete=True)
        await pilot.pause()
        assert app.table.cursor == 698
        app.table.grow(701, complete=True)
        assert app.table.cursor == 698


async def test_the_end_that_is_followed_comes_whole() -> None:
    app = CallApp(*(call(str(index)) for index in range(50)))
    rows = app.engine.runs[3]
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 50, complete=False)
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        before = shown(app.table)
        assert before[-1].startswith("▌49 ")
        gate = app.engine.hold(CallRows)
        rows.extend(call(str(len(rows))) for _ in range(500))
        app.table.grow(550)
        await pilot.pause()
        assert app.table.at_work
        assert shown(app.table) == before, "until the new ones are here"
        asked = len(app.engine.asked)
        gate.set()
        await until(pilot, lambda: not app.table.at_work)
        await pilot.pause()
        lines = shown(app.table)
        assert lines[-1].startswith("▌549 ")
        assert not any("…" in line for line in lines)
        assert len(app.engine.asked) - asked <= 3


@pytest.mark.parametrize("answers", [0, 1, 2])
async def test_a_run_that_ends_while_its_end_is_read_is_shown_to_its_end(answers: int) -> None:
    app = CallApp(*(call(str(index)) for index in range(50)))
    rows = app.engine.runs[3]
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 50, complete=False)
        await pilot.pause()
        await pilot.press("G")
        gate = app.engine.hold(CallRows)
        app.table.grow(51)
        for _ in range(answers):  # that come before the run is over
            asked = len(app.engine.asked)
            gate.set()
            gate.clear()
            await until(pilot, lambda before=asked: len(app.engine.asked) > before or not app.table.at_work)
        rows.extend([call(str(index)) for index in range(50, 700)] + [call(failed="KeyboardInterrupt: interrupted")])
        app.table.grow(701, complete=True)
        gate.set()
        await until(pilot, lambda: not app.table.at_work)
        await pilot.pause()
        assert app.table.cursor == 700
        assert "✗ KeyboardInterrupt" in shown(app.table)[-1]


@pytest.mark.parametrize("failed", ["", "KeyboardInterrupt: interrupted"])
async def test_rows_of_before_the_end_that_come_after_it_do_not_stay(failed: str) -> None:
    late = asyncio.Event()
    first: list[Body] = []
    rows: list[CallRow] = []

    class LateApp(CallApp):
        def compose(self) -> ComposeResult:
            yield CallTable(self.ask)

        async def ask(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
            page = await self.engine.request(body, answer)
            if isinstance(body, CallRows) and not first:
                first.append(body)  # answered while the run went on, and on its way for long
                await late.wait()
            elif isinstance(body, CallRows) and len(self.engine.runs[3]) == len(rows):
                late.set()
                for _ in range(5):
                    await asyncio.sleep(0)
            return page

    app = LateApp(call("0"), call("1"))
    rows = [call("0"), call("1"), *(call(str(index)) for index in range(2, 5)), call("5", failed=failed)]
    async with app.run_test(size=(80, 10)) as pilot:
        app.table.show(3, 2, complete=False)
        await until(pilot, lambda: bool(first))
        app.engine.runs[3][:] = rows
        app.table.grow(6, complete=True)
        await until(pilot, lambda: not app.table.at_work)
        await pilot.pause()
        assert app.table.count == 6
        assert "5" in shown(app.table)[6].split()[0]
        assert app.table.cursor == (5 if failed else 0)


async def test_the_end_is_not_gone_to_when_the_cursor_left_it_meanwhile() -> None:
    app = CallApp(*(call(str(index)) for index in range(50)))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 50, complete=False)
        await pilot.pause()
        await pilot.press("G")
        gate = app.engine.hold(CallRows)
        app.engine.runs[3].extend(call(str(index)) for index in range(50, 60))
        app.table.grow(60)
        await pilot.press("up", "up")
        gate.set()
        await until(pilot, lambda: not app.table.at_work)
        await pilot.pause()
        assert app.table.cursor == 47
        assert shown(app.table)[-3].startswith("▌47 ")


async def test_a_run_that_ended_well_is_read_from_its_start() -> None:
    app = CallApp(*(call(str(index)) for index in range(250)))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 250, complete=False)
        app.table.cursor = 249
        await pilot.pause()
        assert app.table.cursor == 249
        app.table.grow(250, complete=True)
        await pilot.pause()
        await pilot.pause()
        assert (app.table.cursor, app.table.top) == (0, 0)


async def test_a_failed_run_shows_the_innermost_call_that_failed() -> None:
    app = CallApp(call(), call("0", depth=1, failed="E"), call("0.1", depth=2, failed="E"), call("2"))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 1, complete=False)
        app.table.grow(4, complete=True)
        await pilot.pause()
        await pilot.pause()
        assert app.table.cursor == 2


async def test_the_call_that_failed_is_selected_unasked_and_none_of_a_run_that_ended_well() -> None:
    selected: list[tuple[int, int]] = []

    class Selecting(CallApp):
        def on_call_table_selected(self, message: CallTable.Selected) -> None:
            selected.append((message.run, message.row))

    for rows in ((call(), call("0", depth=1, failed="E"), call("2")), (call(), call("0"))):
        app = Selecting(*rows)
        async with app.run_test(size=(80, 8)) as pilot:
            app.set_focus(None)
            app.table.show(3, len(rows), complete=True)
            await pilot.pause()
            await pilot.pause()
    assert selected == [(3, 1)]


async def test_a_finished_run_is_not_followed() -> None:
    app = CallApp(call("0"), call("1"))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        assert app.table.cursor == 0
        await pilot.press("down", "enter")
        assert app.chosen == ["1"]


async def test_of_layers_that_are_shown_as_one_enter_goes_to_the_first() -> None:
    app = CallApp(replace(call("blocks.0–11.norm1"), alike=12), call("a.0–1"))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        await pilot.press("enter", "down", "enter")
        assert app.chosen == ["blocks.0.norm1", "a.0–1"]


async def test_a_folded_loop_at_the_end_is_read_again() -> None:
    app = CallApp(call(repeat=2))
    async with app.run_test(size=(120, 8)) as pilot:
        app.table.show(3, 1, complete=False)
        await pilot.pause()
        assert "×2" in shown(app.table)[1]
        app.engine.runs[3][0] = call(repeat=40)
        app.table.grow(1)
        await pilot.pause()
        assert "×40" in shown(app.table)[1]


async def test_it_is_sorted_by_the_next_column_and_the_other_way_round() -> None:
    app = CallApp(call("0", "b", seconds=0.2), call("1", "a", seconds=0.1), call("2", "c", seconds=0.3))
    async with app.run_test(size=(100, 8)) as pilot:
        app.table.show(3, 3)
        app.table.focus()
        await pilot.pause()

        async def order() -> str:
            await app.workers.wait_for_complete()
            await pilot.pause()
            return "".join(row.op for row in app.table.pages.rows())

        await pilot.press("S", "S")  # module, operation
        assert await order() == "abc"
        assert "operation▲" in shown(app.table)[0]
        assert [line[1:].split()[0] for line in shown(app.table)[1:4]] == ["1", "0", "2"], "each keeps its number"
        await pilot.press("r")
        assert await order() == "cba"
        app.table.sort("seconds")
        assert await order() == "cba", "the slowest first"
        assert "▼took" in shown(app.table)[0]
        await pilot.click(app.table, offset=(shown(app.table)[0].index("took"), 0))
        assert await order() == "abc"


async def test_a_filter_that_cannot_be_read_keeps_the_rows_and_says_why() -> None:
    app = CallApp(call("0", "relu"), call("1", "linear"))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        app.table.filter("linear")
        await app.workers.wait_for_complete()
        assert (app.table.count, app.table.all) == (1, 2)
        app.table.filter("linear x>1")
        await app.workers.wait_for_complete()
        assert app.table.trouble == "Nothing is called linear x>1. There are op, ms."
        assert app.table.count == 1
        app.table.filter("nothing")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "No call matches the filter" in shown(app.table)[1]


async def test_the_place_of_a_failed_call_is_not_covered_by_its_error() -> None:
    error = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x4 and 8x8), which is long"
    app = CallApp(call(), call("1.proj", failed=error, output="", where="forward.py:12"))
    async with app.run_test(size=(100, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        line = shown(app.table)[2]
        assert "1.proj" in line
        assert "forward.py:12 ✗ RuntimeError: mat1 and" in line
        row = app.table.row
        assert row is not None
        assert app.table.cut_off(row) == f"✗ {error}"


async def test_rows_are_folded_and_shown_apart_with_the_cursor_where_it_was() -> None:
    rows = [
        call("", "Net", 0, kind="module", level=0, fold="open", key="0c"),
        call("0–2", "Block", 1, kind="module", level=1, fold="closed", key="1c", group="1a1", alike=3, repeat=3),
        call("", "loop of 4: a, b", 1, level=1, fold="closed", key="9l", turns=4),
        call("3", "Linear", 1, level=1, key="12c"),
    ]
    app = CallApp(*rows)
    async with app.run_test(size=(90, 8)) as pilot:
        app.table.show(3, 4)
        app.table.focus()
        await pilot.pause()
        lines = shown(app.table)
        assert [
            line.index(name) for line, name in zip(lines[1:], ("▾ Net", "▸ Block", "▸ loop", "Linear"), strict=False)
        ]
        assert lines[4].index("Linear") - lines[2].index("▸ Block") == 2, "a row without a mark stands where names do"
        await pilot.press("down", "space")
        await app.workers.wait_for_complete()
        assert (app.table.listing.toggled, app.table.cursor) == (("1c",), 1)
        await pilot.press("x")
        await app.workers.wait_for_complete()
        assert (app.table.listing.toggled, app.table.cursor) == (("1c", "1a1"), 1)
        await pilot.press("x", "space")
        await app.workers.wait_for_complete()
        assert app.table.listing.toggled == ()
        await pilot.press("down", "down", "left")
        assert app.table.cursor == 0, "a leaf goes to what holds it"


async def test_rows_that_came_with_the_run_are_shown_where_they_are_the_first_ones() -> None:
    rows = [call("a", index=0), call("b", index=1)]
    app = CallApp(*rows)
    async with app.run_test(size=(80, 8)) as pilot:
        page = CallPage(run=3, total=2, start=0, complete=False, rows=rows, all=2)
        app.table.show(3, 2, complete=False, page=page)
        assert [line.split()[1] for line in shown(app.table)[1:3]] == ["a", "b"]
        assert app.table.cursor == 1, "it goes along with the run"
        await pilot.pause()
        assert app.engine.count(CallRows) == 0
        for other in (replace(page, run=2), replace(page, start=1), replace(page, total=9), replace(page, rows=[])):
            before = app.engine.count(CallRows)
            app.table.show(3, 2, complete=False, page=other)
            await until(pilot, lambda before=before: app.engine.count(CallRows) > before)
        app.table.filter("b")
        await until(pilot, lambda: app.table.listing.query == "b")
        app.table.show(3, 2, complete=False, page=page)
        await until(pilot, lambda: app.table.row is not None)
        assert [line.split()[1] for line in shown(app.table)[1:] if line] == ["b"], "only what the filter leaves"
