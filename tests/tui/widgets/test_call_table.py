from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from models.messages import CallRow
from tests.tui.fake_engine import FakeEngine
from tui.widgets.call_table import CallTable
from tui.widgets.lines import Lines


def call(module: str = "0", op: str = "linear", depth: int = 1, **fields: object) -> CallRow:
    facts = {"kind": "operation", "inputs": ["[2, 4]"], "output": "[2, 8]", **fields}
    return CallRow(module=module, op=op, depth=depth, **facts)


class CallApp(App[None]):
    def __init__(self, *rows: CallRow) -> None:
        super().__init__()
        self.engine = FakeEngine()
        self.engine.runs[3] = list(rows)
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield CallTable(self.engine.request)

    @property
    def table(self) -> CallTable:
        return self.query_one(CallTable)

    def on_lines_path_chosen(self, message: Lines.PathChosen) -> None:
        self.chosen.append(message.path)


def shown(table: CallTable) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_before_the_first_run_it_says_how_to_run() -> None:
    app = CallApp()
    async with app.run_test(size=(80, 8)) as pilot:
        assert shown(app.table)[1] == " No run yet. f runs the network forward."
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
    app = CallApp(call(), call(failed="RuntimeError: mat1 and mat2\x1b cannot", output=""))
    async with app.run_test(size=(width, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        assert "✗ RuntimeErr" in shown(app.table)[2]
        assert "\x1b" not in shown(app.table)[2]
        assert app.table.cursor == 1, "the cursor is where it failed"
        await pilot.press("up")
        problem = app.table.look("lines--problem").color
        assert any(part.style.color == problem for part in app.table.render_line(2) if "✗" in part.text)


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


async def test_columns_without_a_text_are_left_out_and_the_others_get_what_they_need() -> None:
    app = CallApp(call("0.block 1.0", tensors=["0.block 1.0.weight", "0.block 1.0.bias"], seconds=0.001))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 1)
        await pilot.pause()
        assert shown(app.table)[0].split() == ["#", "module", "operation", "inputs", "output", "reads", "took"]
        assert shown(app.table)[1][1:].split() == [
            *("0", "0.block", "1.0", "linear", "[2,", "4]", "[2,", "8]", "weight,", "bias", "1", "ms"),
        ]


async def test_a_finished_run_is_not_followed() -> None:
    app = CallApp(call("0"), call("1"))
    async with app.run_test(size=(80, 8)) as pilot:
        app.table.show(3, 2)
        await pilot.pause()
        assert app.table.cursor == 0
        await pilot.press("down", "enter")
        assert app.chosen == ["1"]


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
