"""The values pane and the gradients pane."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import msgspec
import pytest
from textual.containers import Vertical

from models.messages import (
    Body,
    GradientPage,
    GradientRows,
    NodeKind,
    Statistics,
    StatisticsOf,
    TensorRows,
    TreeRow,
    Window,
)
from tests.tui.fake_engine import FakeEngine
from tests.tui.number_engine import NumberEngine, Numbers, wave
from tests.tui.stage import Stage, lines_of, settled
from tui.widgets.grid import tensor_pane
from tui.widgets.grid.gradients_pane import GradientsPane
from tui.widgets.grid.tensor_pane import TensorPane
from tui.widgets.grid.values_pane import ValuesPane


class Engine:
    """Numbers of one engine, tables of the other."""

    def __init__(self, **tensors: Numbers) -> None:
        self.numbers = NumberEngine(**tensors)
        self.tables = FakeEngine()
        self.asked: list[Body] = []

    async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        self.asked.append(body)
        engine = self.numbers if isinstance(body, Window | Statistics) else self.tables
        return await engine.request(body, answer, on_progress)


def row(path: str, kind: NodeKind = "parameter", **fields: Any) -> TreeRow:
    return TreeRow(path=path, name=path, kind=kind, depth=0, detail="", **fields)


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_a_tensor_shows_statistics_and_numbers(width: int) -> None:
    engine = Engine(w=Numbers([8, 4]))
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(width, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        assert pane.statistics.display
        assert "32 elements" in pane.statistics.render().plain
        assert f"{wave([0, 0]):.4f}" in lines_of(pane.grid)[1]
        assert not pane.table.display
        assert pane.main is pane.grid


@pytest.mark.parametrize(("kind", "asks"), [(ValuesPane, TensorRows), (GradientsPane, GradientRows)])
async def test_a_module_shows_a_table(kind: type[TensorPane], asks: type[Body]) -> None:
    engine = Engine()
    pane = kind(engine.request)
    async with Stage(pane).run_test(size=(80, 24)) as pilot:
        pane.show("0", row("0", "module"))
        await settled(pilot)
        while pane.table.count != 16:
            await pilot.pause(0.01)
        assert {type(body) for body in engine.asked} == {asks}
        assert not pane.grid.display
        assert not pane.statistics.display


async def test_gradients_ask_for_gradients() -> None:
    engine = Engine(w=Numbers([2], lambda index: 0.0))
    pane = GradientsPane(engine.request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        assert {body.of for body in engine.asked} == {"gradient"}  # type: ignore[attr-defined]
        assert pane.statistics.render().plain.startswith("All zero")
        assert lines_of(pane.grid)[1].split() == ["0", "0.0000", "0.0000"]


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (row("w"), "No gradient yet.  b runs backward after f."),
        (row("w", frozen=True), "Frozen: requires_grad is False, so backward leaves it out."),
        (row("w", "buffer"), "A buffer is no parameter: it receives no gradient."),
        (row("w", "constant"), "A constant is no parameter: it receives no gradient."),
    ],
)
async def test_no_gradient_is_not_zero(shown: TreeRow, sentence: str) -> None:
    pane = GradientsPane(Engine(w=Numbers([2], absence="none")).request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.show("w", shown)
        await settled(pilot)
        assert [line.strip() for line in lines_of(pane.grid) if line.strip()] == [sentence]
        assert not pane.statistics.display


async def test_a_held_arrow_key_asks_for_the_last_row_only() -> None:
    engine = Engine(**{name: Numbers([2]) for name in "abcdef"})
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        await settled(pilot)
        for name in "abcdef":
            pane.show(name, row(name))
        await settled(pilot)
        assert {body.path for body in engine.asked} == {"f"}  # type: ignore[attr-defined]


async def test_a_hidden_pane_asks_nothing_until_it_is_seen() -> None:
    engine = Engine(a=Numbers([2]), b=Numbers([3]))
    pane = ValuesPane(engine.request)
    box = Vertical(pane)
    app = Stage(box)
    async with app.run_test(size=(80, 20)) as pilot:
        pane.show("a", row("a"))
        await settled(pilot)
        box.display = False
        await settled(pilot)
        before = len(engine.asked)
        pane.show("b", row("b"))
        pane.refresh_values()
        app.theme = "textual-light"
        await settled(pilot)
        assert len(engine.asked) == before
        box.display = True
        while len(engine.asked) == before:
            await pilot.pause(0.01)
        await settled(pilot)
        assert {body.path for body in engine.asked[before:]} == {"b"}  # type: ignore[attr-defined]
        assert "3 elements" in pane.statistics.render().plain


async def test_refreshing_asks_again_and_keeps_the_cursor() -> None:
    engine = Engine(w=Numbers([8, 4]))
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        pane.grid.focus()
        await pilot.press("down", "right")
        engine.numbers.tensors["w"].value = lambda index: 3.0
        pane.refresh_values()
        await settled(pilot)
        assert pane.grid.cursor == (1, 1)
        assert pane.grid.has_focus
        assert "every element is 3" in pane.statistics.render().plain


async def test_nothing_selected_shows_nothing() -> None:
    engine = Engine(w=Numbers([2]))
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        pane.show(None, None)
        await settled(pilot)
        assert not any(part.display for part in (pane.grid, pane.statistics, pane.table))


@pytest.mark.parametrize("width", [50, 120])
async def test_numbers_of_a_step_or_of_a_rank_say_so(width: int) -> None:
    class Noted(Engine):
        note = "rank 0 holds rows 0–4 of 9 (Shard(dim=0)); as of step 37"

        async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
            found = await super().request(body, answer, on_progress)
            return msgspec.structs.replace(found, note=self.note) if isinstance(body, Window) else found

    engine = Noted(w=Numbers([8, 4]))
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(width, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        first = pane.statistics.render().plain.splitlines()[0]
        assert first.startswith("rank 0 holds rows 0–4 of 9")
        assert len(first) <= width
        engine.note = ""
        pane.refresh_values()
        await settled(pilot)
        assert "rank 0" not in pane.statistics.render().plain


async def test_a_gradient_that_cannot_be_read_now_is_not_one_that_is_missing() -> None:
    class Unread(Engine):
        async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
            if isinstance(body, Window | Statistics):
                return answer(path="w", of="gradient", absence="unread")
            return await super().request(body, answer, on_progress)

    pane = GradientsPane(Unread(w=Numbers([8, 4])).request)
    async with Stage(pane).run_test(size=(120, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        assert "Not read: code runs" in "\n".join(lines_of(pane.grid))


@pytest.mark.parametrize("shown", [row("w"), row("0", "module")])
async def test_what_is_of_a_moment_while_code_runs_is_asked_for_again(
    shown: TreeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_pane, "AGAIN", 0.01)
    monkeypatch.setattr(tensor_pane, "REST", 0)
    engine = Engine(w=Numbers([2]))
    passing = [True]
    answers: list[bool] = []

    async def request(body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        reply = await engine.request(body, answer, on_progress)
        if isinstance(reply, StatisticsOf | GradientPage):
            answers.append(passing[0])
            reply = msgspec.structs.replace(reply, passing=passing[0])
        return reply

    pane = GradientsPane(request)
    async with Stage(pane).run_test(size=(80, 20)) as pilot:
        pane.show(shown.path, shown)
        while len(answers) < 5:
            await pilot.pause(0.01)
        passing[0] = False
        while answers[-1]:
            await pilot.pause(0.01)
        await settled(pilot)
        assert answers.count(False) == 1


def bumpy(*, nan: bool = False) -> Numbers:
    """A cube of 3x4x5 that is 0 but for a low of -9 and a high of 7."""
    values = {(2, 1, 3): -9.0, (0, 3, 4): 7.0}
    return Numbers([3, 4, 5], lambda index: math.nan if nan else values.get(tuple(index), 0.0))


async def test_a_key_goes_to_the_largest_magnitude_and_to_the_other_extreme() -> None:
    engine = Engine(w=bumpy())
    engine.numbers.places("w")
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(100, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        assert "min -9 at [2, 1, 3]" in pane.statistics.render().plain
        assert "max 7 at [0, 3, 4]" in pane.statistics.render().plain
        pane.grid.focus()
        for index, remark in (
            ([2, 1, 3], "the minimum, and the largest magnitude"),
            ([0, 3, 4], "the maximum"),
            ([2, 1, 3], "largest magnitude"),
        ):
            await pilot.press("m")
            await settled(pilot)
            assert pane.grid.index == index
            assert remark in lines_of(pane.grid)[-1]
        await pilot.press("left")
        assert pane.grid.index == [2, 1, 2]
        assert pane.grid.remark == ""


async def test_the_key_waits_for_the_statistics_unless_the_cursor_moves() -> None:
    engine = Engine(w=bumpy())
    engine.numbers.places("w")
    for moves in (False, True):
        gate = engine.numbers.gates[Statistics] = asyncio.Event()
        pane = ValuesPane(engine.request)
        async with Stage(pane).run_test(size=(100, 20)) as pilot:
            pane.show("w", row("w"))
            while pane.grid.data.shape is None:
                await pilot.pause(0.01)
            pane.grid.focus()
            await pilot.press("m")
            await pilot.pause()
            assert "when the statistics come" in pane.grid.remark
            if moves:
                await pilot.press("right")
            gate.set()
            await settled(pilot)
            assert pane.grid.index == ([0, 0, 1] if moves else [2, 1, 3])


async def test_without_a_finite_value_there_is_nowhere_to_go() -> None:
    engine = Engine(w=bumpy(nan=True))
    engine.numbers.places("w")
    pane = ValuesPane(engine.request)
    async with Stage(pane).run_test(size=(100, 20)) as pilot:
        pane.show("w", row("w"))
        await settled(pilot)
        pane.grid.focus()
        await pilot.press("m")
        await settled(pilot)
        assert pane.grid.index == [0, 0, 0]
        assert "no finite value" in pane.grid.remark
