from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from models.messages import Fold, InitialState, Problem, SortTree, TreeRow, TreeRows
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_networks import linear, many, module, rgnet, sequential, shared, tensor
from tui.telling_apart import cut_names
from tui.widgets.lists.lines import Lines
from tui.widgets.tree.module_tree import ModuleTree, parent_of


class TreeApp(App[None]):
    def __init__(self, engine: FakeEngine) -> None:
        super().__init__()
        self.engine = engine
        self.selected: list[str] = []
        self.problems: list[Problem] = []

    def compose(self) -> ComposeResult:
        yield ModuleTree(self.engine.request)

    def on_mount(self) -> None:
        self.tree.open()

    @property
    def tree(self) -> ModuleTree:
        return self.query_one(ModuleTree)

    def on_module_tree_selected(self, message: ModuleTree.Selected) -> None:
        assert message.path == message.row.path
        self.selected.append(message.path)

    def on_lines_failed(self, message: Lines.Failed) -> None:
        self.problems.append(message.problem)


@asynccontextmanager
async def opened(engine: FakeEngine, size: tuple[int, int] = (80, 20)) -> AsyncIterator[tuple[TreeApp, Any]]:
    app = TreeApp(engine)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield app, pilot


async def settle(app: TreeApp, pilot: Any) -> None:
    await pilot.pause()
    await app.tree.settled()
    await pilot.pause()


def shown(app: TreeApp) -> list[str]:
    return [app.tree.render_line(y).text.rstrip() for y in range(app.tree.size.height)]


async def press(app: TreeApp, pilot: Any, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app, pilot)


async def test_it_opens_on_the_root() -> None:
    async with opened(FakeEngine(rgnet())) as (app, _):
        assert app.selected == [""]
        assert app.tree.count == 41
        assert shown(app)[0].split() == ["▌▾", "rgnet", "Sequential", "309", "1.2", "KB"]
        assert shown(app)[4].split() == ["│", "│", "│", "│", "weight", "[8,", "4]", "32", "128", "B", "∅"]


async def test_columns_of_a_run_say_so_where_nothing_has_run() -> None:
    async with opened(FakeEngine(rgnet()), (38, 20)) as (app, pilot):
        await press(app, pilot, "C")
        assert shown(app)[0].strip() == "nothing has run: f runs, C goes on"
        assert "rgnet" in shown(app)[1]
        await press(app, pilot, "C")
        assert shown(app)[1].split() == ["▌▾", "rgnet", "Sequential"]  # of initialisation
        await press(app, pilot, "C")
        assert shown(app)[0].split() == ["▌▾", "rgnet", "Sequential", "309"]


async def test_columns_of_initialisation_ask_for_it_and_show_what_is_known() -> None:
    engine = FakeEngine(rgnet())
    engine.initial = {"1.weight": InitialState(default="±0.5", state="constant", value=42.0, std=0.0)}
    async with opened(engine, (60, 50)) as (app, pilot):
        assert not any(body.initial for body in engine.asked if isinstance(body, TreeRows))
        await press(app, pilot, "C", "C")
        assert shown(app)[0].split()[-3:] == ["default", "std", "now"]
        line = next(line for line in shown(app) if "constant" in line)
        assert line.split()[-7:] == ["[1,", "4]", "±0.5", "0", "constant", "42", "∅"]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (24, ["▌▾", "rgnet"]),
        (32, ["▌▾", "rgnet", "Sequential"]),
        (38, ["▌▾", "rgnet", "Sequential", "309"]),  # a terminal of 80 columns
        (50, ["▌▾", "rgnet", "Sequential", "309", "1.2", "KB"]),  # names are cut before bytes go
        (54, ["▌▾", "rgnet", "Sequential", "309", "1.2", "KB"]),
        (60, ["▌▾", "rgnet", "Sequential", "309", "1.2", "KB"]),
        (200, ["▌▾", "rgnet", "Sequential", "309", "1.2", "KB"]),
    ],
)
async def test_narrow_trees_drop_columns_and_never_need_to_scroll_sideways(width: int, columns: list[str]) -> None:
    async with opened(FakeEngine(rgnet()), (width, 50)) as (app, _):
        assert shown(app)[0].split() == columns
        assert app.tree.max_scroll_x == 0
        if width >= 32:
            assert shown(app)[4].endswith("∅")  # the marks stay longest


@pytest.mark.parametrize("width", [12, 50, 80, 120])
async def test_wide_and_hostile_names_stay_in_their_columns(width: int) -> None:
    names = {"层一": linear(4, 4), "x\x1b[2J\u202e": linear(4, 4), "n" * 300: linear(4, 4)}
    async with opened(FakeEngine(module("Sequential", **names)), (width, 12)) as (app, _):
        lines = [app.tree.render_line(y) for y in range(10)]
        assert {line.cell_length for line in lines} == {width}
        assert not any("\x1b" in line.text or "\u202e" in line.text for line in lines)
        if width >= 80:
            starts = {cell_len(line.text[: line.text.index("Linear")]) for line in lines if "Linear" in line.text}
            assert len(starts) == 1


async def test_a_deep_tree_keeps_names_readable() -> None:
    spec = linear(4, 4)
    for _ in range(40):
        spec = sequential(spec)
    async with opened(FakeEngine(spec), (50, 50)) as (app, _):
        assert "weight" in shown(app)[41]
        assert app.tree.max_scroll_x == 0


async def test_folding_keeps_the_path_and_the_screen_line() -> None:
    async with opened(FakeEngine(rgnet()), (80, 12)) as (app, pilot):
        app.tree.go_to("0.block 2")
        await settle(app, pilot)
        line = app.tree.cursor - app.tree.top
        await press(app, pilot, "enter")
        assert (app.tree.selected, app.tree.count) == ("0.block 2", 33)
        assert app.tree.cursor - app.tree.top == line
        assert "▸ block 2" in shown(app)[line]
        await press(app, pilot, "space")
        assert (app.tree.selected, app.tree.count) == ("0.block 2", 41)
        assert app.selected == ["", "0.block 2"]  # folding selects nothing else


async def test_inward_and_outward() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        await press(app, pilot, "l", "l")
        assert app.tree.selected == "0.block 0"
        await press(app, pilot, "right", "down")
        assert app.tree.selected == "0.block 0.0.weight"
        await press(app, pilot, "right")  # a tensor has nothing inside
        assert app.tree.selected == "0.block 0.0.weight"
        await press(app, pilot, "left")
        assert app.tree.selected == "0.block 0.0"
        await press(app, pilot, "h")
        assert (app.tree.selected, app.tree.count) == ("0.block 0.0", 39)
        await press(app, pilot, "h", "h", "h", "h")
        assert (app.tree.selected, app.tree.count) == ("0", 5)


async def test_all_below() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        await press(app, pilot, "underscore")
        assert (app.tree.count, app.tree.selected) == (1, "")
        await press(app, pilot, "asterisk")
        assert app.tree.count == 41


async def test_quick_keys_land_where_slow_keys_land() -> None:
    keys = ["down", "enter", "down", "left", "up", "enter", "down", "right", "h", "space", "j"]
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        for key in keys:
            await press(app, pilot, key)
        slow = (app.tree.selected, app.tree.cursor, app.tree.count, shown(app))
    engine = FakeEngine(rgnet())
    async with opened(engine) as (app, pilot):
        gate = engine.hold(Fold)
        await pilot.press(*keys)
        gate.set()
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.cursor, app.tree.count, shown(app)) == slow


async def test_the_old_picture_stays_until_the_new_one_is_there() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine) as (app, pilot):
        await press(app, pilot, "down")
        before = shown(app)
        gate = engine.hold(TreeRows)
        await pilot.press("enter")
        await pilot.pause()
        assert shown(app) == before
        gate.set()
        await settle(app, pilot)
        assert shown(app)[1].startswith("▌│ ▸ 0")
        assert "…" not in "".join(shown(app))


async def test_the_selection_outlives_a_change_of_structure() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine, (80, 12)) as (app, pilot):
        app.tree.go_to("1.weight")
        await settle(app, pilot)
        engine.replace(sequential(sequential(linear(1, 1), linear(1, 1)), linear(4, 1)))
        app.tree.reload(structure=True)
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.count) == ("1.weight", 11)
        assert "weight" in shown(app)[app.tree.cursor - app.tree.top]
        engine.replace(sequential(linear(1, 1)))
        app.tree.reload(structure=True)
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.count) == ("", 4)  # the nearest ancestor


async def test_changed_values_show_without_moving_anything() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine) as (app, pilot):
        await press(app, pilot, "down", "down")
        engine.change("0.block 0.0.weight", changed=True, gradient="value", shared_with=["x"], frozen=True)
        app.tree.reload()
        await settle(app, pilot)
        assert shown(app)[4].endswith("*⇄F  x")
        assert app.tree.selected == "0.block 0"


async def test_going_somewhere_unfolds_what_hides_it() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        await press(app, pilot, "underscore")
        app.tree.go_to("0.block 1.0.bias")
        await settle(app, pilot)
        assert app.tree.selected == "0.block 1.0.bias"
        assert any("▌" in line and "bias" in line for line in shown(app))


async def test_next_and_previous_hit_wrap() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        for step, path in ((1, "1.bias"), (-1, "0.block 3.2.bias"), (1, "1.bias"), (1, "0.block 0.0.bias")):
            if app.tree.selected == "":
                app.tree.go_to("1.weight")
            app.tree.go_to_hit("bias", step)
            await settle(app, pilot)
            assert app.tree.selected == path


async def test_a_search_without_hits_is_a_problem_for_the_app() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        app.tree.go_to_hit("nothing like it", 1)
        await settle(app, pilot)
        assert [problem.kind for problem in app.problems] == ["usage"]
        await press(app, pilot, "down")
        assert app.tree.selected == "0"  # and the tree works on


async def test_those_in_one_memory_lead_to_each_other() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine) as (app, pilot):
        engine.change("0.block 0.0.weight", memory="overlap", memory_with=["1.weight"])
        engine.change("1.weight", memory="overlap", memory_with=["0.block 0.0.weight"])
        app.tree.reload()
        app.tree.go_to("0.block 0.0.weight")
        await settle(app, pilot)
        assert "≣" in shown(app)[app.tree.cursor]
        await press(app, pilot, "s")
        assert app.tree.selected == "1.weight"
        await press(app, pilot, "s")
        assert app.tree.selected == "0.block 0.0.weight"


async def test_twins_lead_to_each_other() -> None:
    async with opened(FakeEngine(shared())) as (app, pilot):
        app.tree.go_to("2.weight")
        await settle(app, pilot)
        assert "⇄" in shown(app)[app.tree.cursor]
        await press(app, pilot, "s")
        assert app.tree.selected == "4.weight"
        await press(app, pilot, "s")
        assert app.tree.selected == "2.weight"


async def test_a_click_on_the_mark_folds_and_elsewhere_selects() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        await pilot.click(ModuleTree, offset=(10, 2))
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.count) == ("0.block 0", 41)
        await pilot.click(ModuleTree, offset=(5, 2))
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.count) == ("0.block 0", 33)
        await pilot.click(ModuleTree, offset=(10, 3), times=2)
        await settle(app, pilot)
        assert (app.tree.selected, app.tree.count) == ("0.block 1", 25)


async def test_a_long_tree_is_read_in_pages() -> None:
    engine = FakeEngine(many(2_000))
    async with opened(engine) as (app, pilot):
        assert engine.count(TreeRows) <= 3
        await press(app, pilot, "G")
        assert app.tree.selected == "1999.bias"
        assert engine.count(TreeRows) <= 6
        assert "…" not in "".join(shown(app))


async def test_what_is_on_the_screen_outlives_the_engine() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine) as (app, pilot):
        before = shown(app)
        engine.gone = True
        await press(app, pilot, "enter", "l", "s")
        app.tree.reload(structure=True)
        app.tree.reload()
        await settle(app, pilot)
        assert [line[1:] for line in shown(app)][2:] == [line[1:] for line in before][2:]
        await press(app, pilot, "down")
        engine.gone = False
        app.tree.reload(structure=True)
        await settle(app, pilot)
        await press(app, pilot, "enter")
        assert app.tree.count < 41


async def test_closing_empties_it() -> None:
    async with opened(FakeEngine(rgnet())) as (app, pilot):
        app.tree.close()
        await settle(app, pilot)
        assert (app.tree.count, app.tree.selected) == (0, None)
        await press(app, pilot, "down", "enter", "left", "s")


def test_the_parent_of_a_row_whose_name_holds_dots() -> None:
    row = TreeRow(path="0.a.b", name="a.b", kind="module", depth=2, detail="")
    assert parent_of(row) == "0"
    assert parent_of(TreeRow(path="0", name="0", kind="module", depth=1, detail="")) == ""


async def test_siblings_are_sorted_by_the_figures_in_view_and_the_cursor_stays_on_its_module() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine, (60, 20)) as (app, pilot):
        await pilot.press("down", "down")
        path = app.tree.selected
        orders = []
        for _ in range(3):
            await pilot.press("S")
            await app.tree.settled()
            orders.append([body for body in engine.asked if isinstance(body, SortTree)][-1])
            header = "".join(part.text for part in app.tree.render_header(59))
            assert ("▼" in header) == (app.tree.order != "file")
        assert [(body.order, body.path) for body in orders] == [
            ("parameters", path), ("bytes", path), ("file", path),
        ]  # fmt: skip
        assert app.tree.selected == path


async def test_a_figure_that_is_left_out_for_want_of_room_sorts_nothing() -> None:
    engine = FakeEngine(rgnet())
    async with opened(engine, (60, 20)) as (app, pilot):
        app.tree.styles.width = 40
        await pilot.pause()
        await pilot.press("S")
        await app.tree.settled()
        titles = "".join(part.text for part in app.tree.render_header(app.tree.row_width))
        assert "▼params" in titles
        assert "bytes" not in titles
        await pilot.press("S")
        await app.tree.settled()
        assert app.tree.order == "file"


async def test_siblings_that_are_cut_are_not_drawn_alike() -> None:
    names = [f"weight_{of}_l{layer}_reverse" for layer in (0, 1) for of in ("ih", "hh")]
    engine = FakeEngine(module("LSTM", **{name: tensor(64, 16) for name in names}))
    async with opened(engine, size=(38, 10)) as (app, _):
        drawn = [line.split()[1] for line in shown(app)[1:5]]
        assert len({*drawn}) == 4, drawn
        assert any("…" in name for name in drawn)


async def test_names_near_each_other_are_cut_together_once() -> None:
    names = [f"projection_{number}_of_the_attention" for number in range(120)]
    engine = FakeEngine(module("Heads", **{name: tensor(64, 16) for name in names}))
    async with opened(engine, size=(38, 30)) as (app, _):
        cut_names.cache_clear()
        drawn = [line.split()[1] for line in shown(app)[1:30]]
        assert len({*drawn}) == 29
        assert cut_names.cache_info().misses == 1
