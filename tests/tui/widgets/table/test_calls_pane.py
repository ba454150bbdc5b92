from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from models.messages import CallRow
from tests.tui.fake_engine import FakeEngine
from tests.tui.stage import until
from tui.widgets.table.call_listing import CallLines
from tui.widgets.table.calls_pane import CallsPane
from tui.widgets.table.table_bar import FilterInput


def call(module: str, op: str, **fields: object) -> CallRow:
    facts = {"kind": "operation", "depth": 1, "inputs": ["[2, 4]"], "output": "[2, 8]", **fields}
    return CallRow(module=module, op=op, **facts)


class PaneApp(App[None]):
    def __init__(self, *rows: CallRow) -> None:
        super().__init__()
        self.engine = FakeEngine()
        self.engine.runs[3] = list(rows)

    def compose(self) -> ComposeResult:
        yield CallsPane(self.engine.request)

    @property
    def pane(self) -> CallsPane:
        return self.query_one(CallsPane)


async def test_a_filter_is_typed_above_the_calls_and_dropped_with_escape() -> None:
    app = PaneApp(call("0", "linear"), call("1", "relu"), call("2", "linear"))
    async with app.run_test(size=(80, 12)) as pilot:
        app.pane.table.show(3, 3)
        app.pane.table.focus()
        await pilot.pause()
        assert not app.pane.bar.display
        await pilot.press("F", *"linear")
        await until(pilot, lambda: app.pane.table.count == 2)
        await pilot.pause()
        assert str(app.pane.bar.query_one(".text").render()) == "2 of 3"
        await pilot.press("enter")
        assert app.focused is app.pane.table
        await pilot.press("F")
        assert isinstance(app.focused, FilterInput)
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert (app.pane.table.count, app.pane.bar.display) == (3, False)


async def test_a_note_without_room_is_read_below_while_the_cursor_is_on_its_row() -> None:
    note = "uses the weights of att.out_proj without calling it; first NaN, of the infinity of masked_fill"
    app = PaneApp(call("0", "linear", note=note), call("1", "relu"))
    async with app.run_test(size=(60, 12)) as pilot:
        app.pane.table.show(3, 2)
        await pilot.pause()
        await pilot.pause()
        assert str(app.pane.whole.render()) == note
        assert app.pane.whole.display
        app.pane.table.cursor = 1
        await pilot.pause()
        assert not app.pane.whole.display


async def test_a_search_goes_to_the_calls_that_match_and_lists_them_all() -> None:
    app = PaneApp(*(call(str(at), "relu" if at % 3 == 2 else "linear") for at in range(9)))
    async with app.run_test(size=(80, 14)) as pilot:
        table = app.pane.table
        table.show(3, 9)
        table.focus()
        await pilot.press("down", "down", "down")
        app.pane.open_search()
        await pilot.press(*"relu")
        await until(pilot, lambda: table.cursor == 5)
        await pilot.pause()
        assert str(app.pane.bar.query_one(".text").render()) == "2 of 3: n and N walk them"
        await pilot.press("enter")
        assert (app.focused is table, app.pane.bar.display, table.count) == (True, False, 9)
        for direction, place in ((1, 8), (1, 2), (-1, 8)):
            app.pane.next_hit(direction)
            await app.workers.wait_for_complete()
            assert table.cursor == place


@pytest.mark.parametrize("width", [60, 100])
async def test_why_a_call_failed_stands_below_before_what_torch_says(width: int) -> None:
    error = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x32 and 48x10)"
    app = PaneApp(call("conv", "Conv2d"), call("proj", "linear", failed=error, output=""))
    app.engine.because = "`proj` expects 48 features, got 32: `in_features=32` fits"
    async with app.run_test(size=(width, 14)) as pilot:
        app.pane.table.show(3, 2)
        await until(pilot, lambda: app.pane.whole.display)
        assert str(app.pane.whole.render()).splitlines() == [
            "→ `proj` expects 48 features, got 32: `in_features=32` fits", f"✗ {error}"
        ]  # fmt: skip
        app.pane.table.cursor = 0
        await until(pilot, lambda: not app.pane.whole.display)


async def test_a_search_while_a_run_goes_on_leads_the_cursor_and_its_end_does_not() -> None:
    rows = [call(str(at), "relu" if at == 4 else "linear") for at in range(9)]
    app = PaneApp(*rows[:5])
    async with app.run_test(size=(80, 14)) as pilot:
        table = app.pane.table
        table.show(3, 5, complete=False)
        await until(pilot, lambda: table.cursor == 4)
        table.focus()
        app.pane.open_search()
        await pilot.press(*"relu")
        await until(pilot, lambda: str(app.pane.bar.query_one(".text").render()).startswith("1 of 1"))
        assert table.cursor == 4, "the last row, at which the cursor would go along with the run"
        app.engine.runs[3] = rows[:8]
        table.grow(8)
        await until(pilot, lambda: table.count == 8)
        assert table.cursor == 4
        app.engine.runs[3] = [*rows[:8], call("8", "linear", failed="ValueError: no", output="")]
        app.engine.complete.add(3)
        table.grow(9, complete=True)
        await until(pilot, lambda: table.count == 9)
        await pilot.pause()
        assert table.cursor == 4
        table.show(3, 5, complete=False)
        assert not table.holds_still, "another run is followed again"


async def test_a_word_that_looks_like_a_term_is_said_to_be_searched_as_text() -> None:
    app = PaneApp(call("0", "linear"))
    app.engine.remark = "foo:bar is searched as text."
    async with app.run_test(size=(80, 12)) as pilot:
        app.pane.table.show(3, 1)
        app.pane.table.focus()
        await pilot.press("F", *"foo:bar")
        await until(pilot, lambda: app.pane.table.count == 0)
        await until(pilot, lambda: app.pane.bar.query_one(".trouble").display)
        assert str(app.pane.bar.query_one(".trouble").render()) == "foo:bar is searched as text."


async def test_what_changes_at_once_is_taken_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = PaneApp(call("0", "linear"))
    async with app.run_test(size=(80, 12)) as pilot:
        table, times = app.pane.table, 0
        table.show(3, 1)
        await until(pilot, lambda: table.row is not None)
        await pilot.pause()
        update = app.pane._update

        def counted() -> None:
            nonlocal times
            times += 1
            update()

        monkeypatch.setattr(app.pane, "_update", counted)
        for _ in range(3):
            table.post_message(CallLines.StatusChanged(table))
        await until(pilot, lambda: times)
        await pilot.pause()
        assert times == 1
        table.post_message(CallLines.StatusChanged(table))
        table.post_message(CallLines.FilterWanted(table))
        await until(pilot, lambda: app.pane.bar.typing)
