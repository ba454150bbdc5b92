"""What stands before the explorer: its frame, and the tree of a file of weights."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path
from typing import Any

import pytest
from cases import slow, slow_but
from fake_app import AppEngine, Played, starting
from fake_checkpoint import SUMMARY, checkpoint
from textual import events
from textual.widgets import Input

from models.messages import Compare, OpenSource, OutputText, Problem
from models.messages.errors import EngineGone
from tui import first_frame
from tui.first_frame import FirstFrame
from tui.screens.problem import ProblemScreen
from tui.widgets.tree.module_tree import ModuleTree
from tui.widgets.tree.search_box import SearchBox


@pytest.fixture
def weights(tmp_path: Path) -> str:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"")
    return str(path)


@pytest.fixture
def engine(weights: str) -> AppEngine:
    made = AppEngine()
    made.sources[weights] = lambda: checkpoint(4)
    made.summary_fields = dict(SUMMARY)
    return made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_frame, "PATIENCE", 60)


@pytest.mark.parametrize("size", slow_but(1, [(120, 40), (50, 30), (80, 12), (20, 4)]))
async def test_the_tree_stands_where_the_explorer_has_it_and_before_it(
    weights: str, engine: AppEngine, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    before: list[Any] = []
    show_tree = FirstFrame.show_tree

    async def shown(frame: FirstFrame, opening: Any) -> None:
        await show_tree(frame, opening)
        tree = frame.query_one(ModuleTree)
        before.extend([frame.is_current, tree.region, [tree.render_line(y).text for y in range(tree.size.height)]])

    monkeypatch.setattr(FirstFrame, "show_tree", shown)
    async with starting(weights, size, engine) as played:
        await played.until(lambda: played.explorer.row is not None, "the root is selected")
        await played.rest()
        current, region, lines = before
        assert current
        tree = played.explorer.module_tree
        assert tree.region == region
        assert [line[1:] for line in lines] == [tree.render_line(y).text[1:] for y in range(tree.size.height)]
        assert lines[0].startswith("▏▾ /tmp/p")
        (request,) = played.asked(OpenSource)
        assert request.unfold_to == max(tree.size.height, 10)
        assert engine.starts == 1
        assert played.explorer.module_tree.has_focus


async def test_what_is_typed_and_sent_before_the_explorer_is_not_lost(
    weights: str, engine: AppEngine, patient: None
) -> None:
    gate = engine.hold(OpenSource)
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "it is being opened")
        assert isinstance(played.app.screen, FirstFrame)
        engine.send(OutputText(stream="stdout", text="early words\n"))
        await played.press("j", "j")
        gate.set()
        await played.until(lambda: played.explorer.query("Console"), "the explorer")
        await played.reported("early words")
        second = played.explorer.module_tree
        await played.until(lambda: second.cursor == 2 and played.explorer.path == second.selected, "two rows down")


async def test_a_q_behind_other_keys_is_a_letter(weights: str, engine: AppEngine, patient: None) -> None:
    gate = engine.hold(OpenSource)
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "it is being opened")
        await played.press("slash", "q")
        gate.set()
        await played.until(lambda: played.explorer.is_attached and played.explorer.query(SearchBox), "the search")

        def letters() -> list[str]:  # asked anew: the box may be there before its field is
            return [field.value for field in played.explorer.query("SearchBox Input").results(Input)]

        await played.until(lambda: letters() == ["q"], "the letter")
        assert played.app.is_running


async def test_what_takes_long_is_shown_by_the_explorer(
    weights: str, engine: AppEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_frame, "PATIENCE", 0.01)
    engine.steps[OpenSource] = ["reading the header"]
    gate = engine.hold(OpenSource)
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.explorer.query("Console"), "the explorer")
        await played.sees("reading the header")
        gate.set()
        await played.sees("checkpoint", "● ready")
        assert len(played.asked(OpenSource)) == 1


async def test_a_file_that_cannot_be_opened_shows_the_panel(weights: str, engine: AppEngine, patient: None) -> None:
    engine.problems[OpenSource] = Problem("source", "weights.pt is cut short", "Download it again.")
    async with starting(weights, engine=engine) as played:
        await played.sees("weights.pt is cut short", "Download it again")
        assert isinstance(played.app.screen, ProblemScreen)


async def test_no_engine_and_one_that_dies_are_reported(weights: str, patient: None) -> None:
    engine = AppEngine()
    engine.refusal = EngineGone("no such Python", "Look at --python.")
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.explorer.query("Console"), "the explorer")
        await played.reported("no such Python")
        assert played.explorer.status.gone
    engine = AppEngine()
    engine.hold(OpenSource)
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "it is being opened")
        engine.end("signal 11 (SIGSEGV)")
        await played.until(lambda: played.explorer.query("Console"), "the explorer")
        await played.reported("signal 11 (SIGSEGV)")
        assert played.explorer.status.gone


async def test_leaving_meanwhile_ends_the_engine(weights: str, engine: AppEngine, patient: None) -> None:
    engine.hold(OpenSource)
    async with starting(weights, engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "it is being opened")
        client = engine.client
        assert client is not None
        await played.press("q")
    assert client.closed
    assert played.app.return_code == 0


@pytest.mark.parametrize("key", ["ctrl+c", "t", "R", "question_mark", "colon", "o", "escape"])
@pytest.mark.parametrize("steps", slow_but(1, [5, 0, 1, 20]))
async def test_any_key_at_any_moment_of_the_start(key: str, steps: int) -> None:
    async with starting() as played:
        for _ in range(steps):
            await asyncio.sleep(0)
        played.app.post_message(events.Key(key, None))
        await played.until(lambda: played.explorer.row is not None, "the root is selected")
        await played.rest()


async def test_the_end_as_the_explorer_stands_leaves_no_warning_behind(recwarn: pytest.WarningsRecorder) -> None:
    warnings.simplefilter("always")
    async with starting() as played:
        await played.until(lambda: played.explorer.row is not None, "the root is selected")
        played.app.on_opening_begun()
        played.app.workers.cancel_all()
        await played.rest()
        gc.collect()
    assert [str(warning.message) for warning in recwarn if "never awaited" in str(warning.message)] == []


@pytest.mark.parametrize("action", slow_but(1, ["interrupt", "restart", "next_theme"]))
async def test_keys_behind_the_one_that_quits(action: str) -> None:
    async with starting() as played:
        await played.until(lambda: played.explorer.row is not None, "the root is selected")
        played.app.exit(0)
        await played.app.run_action(action)
        await played.explorer.remove()
        await played.app.run_action(action)


@pytest.mark.parametrize("source", [None, "rgnet"])
@pytest.mark.parametrize("moments", [(0, 9, 24), slow(tuple(range(0, 60, 3)))], ids=["some", "all"])
async def test_the_end_at_any_moment_of_the_start(source: str | None, moments: tuple[int, ...]) -> None:
    for steps in moments:
        async with starting(source) as played:
            for _ in range(steps):
                await asyncio.sleep(0)
            played.app.exit(0)


async def compared_in(played: Played) -> None:
    await played.until(lambda: played.explorer.query("Console"), "the explorer")
    await played.reported("A is rgnet, B is")


async def test_what_it_is_compared_with_stands_there_before_the_explorer_too(
    weights: str, engine: AppEngine, monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    monkeypatch.setattr(first_frame, "COMPARING", 60)
    before: list[Any] = []
    show_tree = FirstFrame.show_tree

    async def shown(frame: FirstFrame, opening: Any) -> None:
        await show_tree(frame, opening)
        before.extend([frame.is_current, frame.query_one(ModuleTree).compares])

    monkeypatch.setattr(FirstFrame, "show_tree", shown)
    async with starting(weights, engine=engine, compare_with=weights) as played:
        await compared_in(played)
        assert before == [True, True]
        assert len(played.asked(Compare)) == 1
        assert played.explorer.compared is not None
        assert played.explorer.module_tree.compares


@pytest.mark.parametrize("late", [False, True])
async def test_a_comparison_that_takes_long_or_fails_is_left_to_the_explorer(
    weights: str, engine: AppEngine, monkeypatch: pytest.MonkeyPatch, patient: None, late: bool
) -> None:
    monkeypatch.setattr(first_frame, "COMPARING", 0.01 if late else 60)
    if late:
        engine.steps[Compare] = ["reading the other header"]
    else:
        engine.problems[Compare] = Problem("source", "weights.pt is cut short", "Download it again.")
    gate = engine.hold(Compare)
    async with starting(weights, engine=engine, compare_with=weights) as played:
        if not late:
            gate.set()
            await played.sees("weights.pt is cut short")
            assert played.explorer.compared is None
            return
        await played.sees("reading the other header")
        gate.set()
        await compared_in(played)
        assert len(played.asked(Compare)) == 1


async def test_what_would_run_code_is_not_compared_with_before_the_explorer_stands(
    weights: str, engine: AppEngine, monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    before: list[int] = []
    show_tree = FirstFrame.show_tree

    async def shown(frame: FirstFrame, opening: Any) -> None:
        await show_tree(frame, opening)
        before.append(sum(isinstance(each, Compare) for each in engine.asked))

    monkeypatch.setattr(FirstFrame, "show_tree", shown)
    async with starting(weights, engine=engine, compare_with="net.py:Net") as played:
        await compared_in(played)
        assert before == [0]
