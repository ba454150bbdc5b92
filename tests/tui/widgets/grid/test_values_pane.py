from __future__ import annotations

from typing import Any

import pytest
from fake_app import text_of

from models.messages import Progress, StatisticsOfAll, Window
from tests.tui.fake_checkpoint import checkpoint
from tests.tui.fake_engine import FakeEngine
from tests.tui.stage import Stage, settled, until
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.table.tensor_table import TensorTable


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(checkpoint(3), "checkpoint")


class Played:
    """The pane with a module of the checkpoint shown."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.pane = ValuesPane(engine.request)
        self.app = Stage(self.pane)

    def show(self, path: str) -> None:
        self.pane.show(path, self.engine.node(path).row)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in text_of(self.app.screen).split("\n")]


async def test_a_filter_is_typed_and_dropped(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        played.pane.table.focus()
        assert played.lines[0].startswith(" tensor")
        await pilot.press("F", *"norm1")
        await until(pilot, lambda: played.lines[0].endswith("6 of 14"))
        assert played.lines[0].startswith(" filter norm1")
        await pilot.press("enter")
        assert isinstance(played.app.focused, TensorTable)
        played.show("model.norm")
        await until(pilot, lambda: played.lines[0].endswith("0 of 2"))
        assert played.lines[2].strip().startswith("No tensor here matches the filter.")
        await pilot.press("F", "escape")
        await until(pilot, lambda: played.lines[0].startswith(" tensor"))
        assert len([line for line in played.lines if line.strip()]) == 3
        assert isinstance(played.app.focused, TensorTable)


async def test_a_filter_for_NaN_says_of_how_many_there_are_statistics_and_fills(engine: FakeEngine) -> None:
    engine.numbers["model.norm.bias"] = [float("nan")] + [1.0] * 7
    gate = engine.hold(StatisticsOfAll)
    played = Played(engine)
    async with played.app.run_test(size=(100, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        played.pane.table.focus()
        await pilot.press("F", *"nan>0", "enter")
        await until(pilot, lambda: "0 with statistics" in played.lines[0])
        assert played.lines[2].strip() == "Nothing yet: statistics of 0 of 14 tensors are known. A takes the others."
        played.pane.table.take_statistics("model")
        await until(pilot, lambda: engine.count(StatisticsOfAll) and played.pane.table.taking)
        engine.taken = {"model.norm.weight"}
        played.pane.table._progressed(Progress(id=0, text="statistics 2 of 14", done=0.1))
        await until(pilot, lambda: "1 of 14 tensors are known." in played.lines[2])
        assert "A takes" not in played.lines[2]
        engine.taken.add("model.norm.bias")
        played.pane.table._refreshed = 0.0  # long ago
        played.pane.table._progressed(Progress(id=0, text="statistics 3 of 14", done=0.2))
        await until(pilot, lambda: "norm.bias" in played.lines[2])
        gate.set()
        await until(pilot, lambda: "1 of 14" in played.lines[0] and "with statistics" not in played.lines[0])
        engine.numbers["model.norm.bias"] = [1.0] * 8
        played.pane.table.pages.refresh()
        await until(pilot, lambda: played.lines[2].strip().startswith("No tensor here matches the filter."))


async def test_enter_behind_the_last_letter_loses_none(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        played.pane.table.focus()
        await pilot.press("F")
        played.pane.bar.input.value = "norm1.bias"
        played.pane.bar.input.action_leave()
        await until(pilot, lambda: played.lines[0].endswith("3 of 14"))


async def test_a_mistake_is_reported_and_the_rows_stay(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        played.pane.table.focus()
        await pilot.press("F")
        await until(pilot, lambda: played.lines[0].startswith(" filter"))
        before = played.lines[2:]
        played.pane.bar.input.value = "size>>"
        await until(pilot, lambda: "is no number" in played.lines[1])
        assert played.lines[2].startswith(" tensor")
        assert [line[1:] for line in played.lines[3:]] == [line[1:] for line in before[: len(played.lines[3:])]]


async def test_an_order_without_a_column_is_reported_above(engine: FakeEngine) -> None:
    engine.taken = {node.row.path for node in engine._tensors("model")}
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        played.pane.table.focus()
        await pilot.press("r")
        await until(pilot, lambda: played.lines[0] == " last one first")
        played.pane.table.sort("bytes")
        await until(pilot, lambda: "▼bytes" in played.lines[0])
        await pilot.press("C")
        await until(pilot, lambda: played.lines[0] == " by bytes ▼")


async def test_missing_statistics_are_offered(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("model.norm")
        await settled(pilot)
        played.pane.table.action_columns()
        await until(pilot, lambda: played.lines[0] == " no statistics yet: A takes them")
        engine.taken.add("model.norm.bias")
        played.pane.refresh_values()
        await until(pilot, lambda: played.lines[0] == " A takes the missing statistics")
        engine.taken.add("model.norm.weight")
        played.pane.refresh_values()
        await until(pilot, lambda: played.lines[0].startswith(" tensor"))


async def test_the_progress_of_statistics_is_seen_over_a_tensor_too(engine: FakeEngine) -> None:
    engine.steps[StatisticsOfAll] = ["statistics 1 of 14: model.layers.0.self_attn.in_proj_weight"]
    gate = engine.hold(StatisticsOfAll)
    played = Played(engine)
    async with played.app.run_test(size=(41, 20)) as pilot:
        played.show("model")
        played.pane.table.take_statistics("model")
        await until(pilot, lambda: played.lines[0].startswith(" A stops · statistics 1 of 14: model.la"))
        played.show("model.norm.weight")
        await until(pilot, lambda: played.lines[1].startswith(" 8 elements"))
        assert played.lines[0].startswith(" A stops")
        gate.set()
        await until(pilot, lambda: played.lines[0].startswith(" 8 elements"))


async def test_what_is_no_tensor_is_said_and_nothing_is_asked(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(80, 20)) as pilot:
        played.show("epoch")
        await until(pilot, lambda: any(line.strip() == "int: 3" for line in played.lines))
        await settled(pilot)
        assert engine.asked == []
        played.show("model.norm.weight")
        await until(pilot, lambda: played.lines[0].startswith(" 8 elements"))
        await until(pilot, lambda: engine.count(Window) == 1)
        played.show("epoch")
        await until(pilot, lambda: [line for line in played.lines if line.strip()] == [" " * 37 + "int: 3"])


async def test_another_model_forgets_filter_order_and_columns(engine: FakeEngine) -> None:
    played = Played(engine)
    async with played.app.run_test(size=(120, 20)) as pilot:
        played.show("model")
        await settled(pilot)
        pane: Any = played.pane
        pane.table.focus()
        await pilot.pause()
        fresh = played.lines
        await pilot.press("F", *"norm", "enter", "S", "C")
        await until(pilot, lambda: "6 of" in played.lines[0] or "8 of" in played.lines[0])
        pane.reset()
        played.show("model")
        await until(pilot, lambda: played.lines == fresh)
