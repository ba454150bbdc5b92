from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from models.engine.messages import TensorRows
from tests.tui.fake_engine import FakeEngine, many, module, rgnet
from tui.widgets.lines import Lines
from tui.widgets.tensor_table import TensorTable


class TableApp(App[None]):
    def __init__(self, engine: FakeEngine, path: str = "") -> None:
        super().__init__()
        self.engine = engine
        self.path = path
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield TensorTable(self.engine.request)

    def on_mount(self) -> None:
        self.table.show(self.path)

    @property
    def table(self) -> TensorTable:
        return self.query_one(TensorTable)

    def on_lines_path_chosen(self, message: Lines.PathChosen) -> None:
        self.chosen.append(message.path)


def shown(table: TensorTable) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_every_tensor_below_the_module_by_its_path_from_there() -> None:
    engine = FakeEngine(rgnet())
    engine.change("0.block 1.0.bias", frozen=True, gradient="", changed=True)
    app = TableApp(engine, "0.block 1")
    async with app.run_test(size=(120, 10)) as pilot:
        await pilot.pause()
        lines = shown(app.table)
        assert lines[0].split() == ["tensor", "kind", "shape", "dtype", "entries", "bytes", "gradient", "marks"]
        assert [line[1:].split()[0] for line in lines[1:5]] == ["0.weight", "0.bias", "2.weight", "2.bias"]
        assert lines[2].split() == ["0.bias", "parameter", "[8]", "float32", "8", "32", "B", "frozen", "*", "F"]
        assert "none yet" in lines[1]
        assert lines[5] == ""


@pytest.mark.parametrize("width", [50, 80, 120, 200])
async def test_path_shape_and_gradient_are_there_at_every_width(width: int) -> None:
    app = TableApp(FakeEngine(rgnet()), "0")
    async with app.run_test(size=(width, 30)) as pilot:
        await pilot.pause()
        lines = shown(app.table)
        assert len(lines[1].rstrip()) <= app.table.view.width
        assert "[8, 4]" in lines[1]
        assert "none yet" in lines[1]
        assert ("float32" in lines[1]) is (width >= 50)
        assert app.table.max_scroll_x == 0


async def test_enter_chooses_the_whole_path() -> None:
    app = TableApp(FakeEngine(rgnet()), "0.block 1")
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.chosen == ["0.block 1.0.bias"]
        await pilot.click(TensorTable, offset=(3, 3), times=2)
        assert app.chosen == ["0.block 1.0.bias", "0.block 1.2.weight"]


async def test_another_module_starts_at_its_top() -> None:
    engine = FakeEngine(many(500))
    app = TableApp(engine)
    async with app.run_test() as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert app.table.row is not None
        assert app.table.row.path == "499.bias"
        app.table.show("7")
        await pilot.pause()
        await pilot.pause()
        assert (app.table.count, app.table.cursor, app.table.top) == (2, 0, 0)
        before = engine.count(TensorRows)
        app.table.show("7")
        await pilot.pause()
        assert engine.count(TensorRows) == before + 1


async def test_a_module_without_tensors_says_so() -> None:
    app = TableApp(FakeEngine(module("ReLU")))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert shown(app.table)[1] == " No parameters, buffers or constants here."
        await pilot.press("enter", "down")
        assert app.chosen == []


async def test_a_tensor_shows_itself_by_its_own_name() -> None:
    app = TableApp(FakeEngine(rgnet()), "1.bias")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert shown(app.table)[1][1:].split()[0] == "bias"
