from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from models.messages import StatisticsOfAll, TensorRows
from tests.tui.fake_checkpoint import checkpoint
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_networks import many, module, rgnet, tensor
from tests.tui.stage import Stage, settled, until
from tui.widgets.lists.lines import Lines
from tui.widgets.table import tensor_table
from tui.widgets.table.tensor_table import TensorTable


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
        assert lines[0].split() == ["tensor", "kind", "shape", "dtype", "elements", "bytes", "gradient", "marks"]
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


# -- order, filter, statistics


def names(table: TensorTable) -> list[str]:
    return [line[1:].split()[0] for line in shown(table)[1:] if line.strip()]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(checkpoint(3), "checkpoint")


async def test_S_goes_through_the_columns_and_back_to_the_tree(engine: FakeEngine) -> None:
    app = TableApp(engine, "model.layers.[0–2]")
    async with app.run_test(size=(120, 16)) as pilot:
        await settled(pilot)
        table = app.table
        assert names(table)[:3] == ["0.self_attn.in_proj_weight", "0.self_attn.in_proj_bias", "0.norm1.weight"]
        titles = []
        for _ in range(7):
            await pilot.press("S")
            await settled(pilot)
            titles += [word for word in shown(table)[0].split() if "▲" in word or "▼" in word]
        assert titles == ["tensor▲", "shape▲", "dtype▲", "▼elements", "▼bytes", "place▲"]
        assert table.listing.order == "tree"


async def test_r_turns_the_order_round_and_the_cursor_starts_anew(engine: FakeEngine) -> None:
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        table = app.table
        in_tree = names(table)
        await pilot.press("G", "r")
        await settled(pilot)
        assert names(table) == in_tree[::-1]
        assert table.cursor == 0
        table.sort("bytes")
        await settled(pilot)
        assert "▼bytes" in shown(table)[0]
        assert names(table)[0].endswith("in_proj_weight")
        await pilot.press("r")
        await settled(pilot)
        assert "▲bytes" in shown(table)[0]
        assert names(table)[-1].endswith("in_proj_weight")


async def test_a_click_on_a_title_sorts_and_the_next_reverses(engine: FakeEngine) -> None:
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        table = app.table
        for mark in ("▼bytes", "▲bytes"):
            await pilot.click(TensorTable, offset=(shown(table)[0].index("bytes"), 0))
            await settled(pilot)
            assert mark in shown(table)[0]
        before = table.listing
        await pilot.click(TensorTable, offset=(shown(table)[0].index("kind"), 0))  # sorting by it would make no sense
        await settled(pilot)
        assert table.listing == before
        assert app.chosen == []


async def test_the_order_stays_with_the_next_module(engine: FakeEngine) -> None:
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        app.table.sort("name", descending=True)
        app.table.filter("norm")
        await settled(pilot)
        app.table.show("model.layers.1")
        await settled(pilot)
        assert names(app.table) == ["norm1.weight", "norm1.bias"]
        assert "tensor▼" in shown(app.table)[0]
        app.table.clear()
        app.table.show("model.layers.1")
        await settled(pilot)
        assert len(names(app.table)) == 4
        assert app.table.listing.order == "tree"


async def test_the_rows_stay_until_new_ones_come(engine: FakeEngine) -> None:
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        table, before = app.table, shown(app.table)
        gate = engine.hold(TensorRows)
        table.filter("bias")
        await pilot.pause()
        assert shown(table) == before
        table.filter("norm1.bias")
        await pilot.pause()
        gate.set()
        await settled(pilot)
        assert names(table) == [f"layers.{index}.norm1.bias" for index in range(3)]
        assert (table.count, table.all) == (3, 14)
        assert [body.query for body in engine.cancelled] == ["bias"]


async def test_what_takes_long_is_reported(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_table, "PATIENCE", 0.001)
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        gate = engine.hold(TensorRows)
        for want, word in (
            (lambda: app.table.sort("name"), "sorting …"),
            (lambda: app.table.filter("x"), "filtering …"),
        ):
            gate.clear()
            want()
            await until(pilot, lambda: app.table.waiting)
            assert app.table.waiting == word
            gate.set()
            await settled(pilot)
            assert app.table.waiting == ""


async def test_a_filter_that_cannot_be_read_changes_nothing(engine: FakeEngine) -> None:
    app = TableApp(engine, "model")
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        table, before = app.table, shown(app.table)
        table.filter("size>>")
        await settled(pilot)
        assert table.trouble == "'>' is no number in 'size>>'. Write it as in size>1MB."
        assert shown(table) == before
        table.show("model.norm")  # it is still what stands in the filter
        await settled(pilot)
        assert table.trouble
        table.filter("size>64")
        await settled(pilot)
        assert (table.trouble, table.count, table.all) == ("", 0, 2)
        assert shown(table)[1].strip().startswith("No tensor here matches the filter")
        table.filter("")
        await settled(pilot)
        assert names(table) == ["weight", "bias"]


async def test_statistics_that_nobody_took_are_no_zeros(engine: FakeEngine) -> None:
    engine.numbers["model.norm.bias"] = [0.0, float("nan"), 1, 2, 3, 4, 5, float("inf")]
    engine.taken = {"model.norm.bias"}
    app = TableApp(engine, "model.norm")
    async with app.run_test(size=(120, 10)) as pilot:
        await settled(pilot)
        await pilot.press("C")
        header, weight, bias = shown(app.table)[:3]
        assert header.split() == ["tensor", "shape", "min", "max", "|max|", "mean", "std", "l2", "zeros", "NaN", "inf"]
        assert weight.strip("▌").split() == ["weight", "[8]", *"·········"]
        assert bias.split() == ["bias", "[8]", "0", "5", "5", "2.5", "1.87", "7.42", "1", "1", "1"]
        await pilot.press("C")
        assert "kind" in shown(app.table)[0]


async def test_statistics_of_all_are_taken_whatever_is_shown_and_the_rows_follow(engine: FakeEngine) -> None:
    engine.steps[StatisticsOfAll] = ["statistics 1 of 14"]
    gate = engine.hold(StatisticsOfAll)
    table = TensorTable(engine.request)
    stage = Stage(table, listen=(TensorTable.Taken,))
    async with stage.run_test(size=(120, 20)) as pilot:
        table.show("model")
        await pilot.pause()
        table.take_statistics("model")
        await until(pilot, lambda: "1 of 14" in table.taking)
        assert table.shows_statistics
        table.show("model.norm")
        await until(pilot, lambda: table.listing.path == "model.norm")
        assert "·" in shown(table)[1]
        gate.set()
        await settled(pilot)
        await settled(pilot)
        assert [message.text for message in stage.posted] == ["statistics of 14 tensors"]
        assert table.taking == ""
        assert "·" not in "".join(shown(table))
        table.sort("maximum")
        await settled(pilot)
        highs = [row.statistics.maximum for row in table.pages.rows() if row.statistics]
        assert highs == sorted(highs, reverse=True)


async def test_statistics_of_all_can_be_stopped(engine: FakeEngine) -> None:
    engine.hold(StatisticsOfAll)
    table = TensorTable(engine.request)
    async with Stage(table).run_test(size=(120, 20)) as pilot:
        table.show("model")
        table.take_statistics("model")
        await until(pilot, lambda: engine.count(StatisticsOfAll))
        assert table.taking
        table.stop_statistics()
        await settled(pilot)
        assert table.taking == ""
        assert engine.cancelled == [StatisticsOfAll(path="model")]


async def test_NaN_and_infinity_stand_out(engine: FakeEngine) -> None:
    engine.numbers["model.norm.bias"] = [float("nan")] + [1.0] * 7
    engine.taken = {"model.norm.bias", "model.norm.weight"}
    app = TableApp(engine, "model.norm")
    async with app.run_test(size=(120, 10)) as pilot:
        await settled(pilot)
        await pilot.press("C")
        loud = app.table.look("lines--problem").color
        marked = [
            [
                part.text.strip()
                for part in app.table.draw(index, app.table.pages.rows()[index], 119)
                if part.style and part.style.color == loud
            ]
            for index in (0, 1)
        ]
        assert marked == [[], ["1"]]


@pytest.mark.parametrize("width", [24, 40, 63, 120, 200])
async def test_hostile_names_are_data(width: int) -> None:
    engine = FakeEngine(
        module("Net", **{"[bold]x[/]\x1b[31m\n\u202e": tensor(2), "层" * 5000: tensor(2), "": tensor(1)})
    )
    app = TableApp(engine)
    async with app.run_test(size=(width, 8)) as pilot:
        await settled(pilot)
        text = "\n".join(shown(app.table))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert width < 60 or "[bold]x[/]␛[31m␊<202E>" in text
        assert app.table.max_scroll_x == 0


async def test_tensors_whose_names_are_cut_are_not_drawn_alike() -> None:
    app = TableApp(FakeEngine(rgnet()))
    async with app.run_test(size=(34, 20)) as pilot:
        await until(pilot, lambda: len([line for line in shown(app.table) if "weight" in line or "bias" in line]) == 18)
        drawn = [line[1:].partition("[")[0].strip() for line in shown(app.table)[1:19]]
        assert len({*drawn}) == 18, drawn
