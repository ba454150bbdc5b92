"""The flow between the tree and the panes, and what the engine sends by itself."""

from __future__ import annotations

import msgspec
import pytest
from fake_app import AppEngine, opened

from models.messages import Describe, GradientRows, SourceCode, StateChanged, TensorRows, TreeRows, Window


@pytest.mark.slow
async def test_the_values_pane_of_a_module_knows_of_new_gradients() -> None:
    async with opened() as played:
        await played.sees("none yet")
        await played.press("f", "b")
        await played.until(lambda: "none yet" not in played.text, "the column of the table")


async def test_only_the_pane_that_is_seen_asks() -> None:
    async with opened() as played:
        assert played.engine.count(TensorRows) > 0
        assert played.engine.count(GradientRows) == 0
        assert played.engine.count(Window) == 0
        await played.press("2")
        await played.rest()
        before = played.engine.count(TensorRows)
        await played.selected("1.bias")
        await played.rest()
        assert {body.of for body in played.asked(Window)} == {"gradient"}
        assert played.engine.count(TensorRows) == before
        await played.press("1")
        await played.rest()
        assert played.asked(Window)[-1].of == "value"


@pytest.mark.slow
async def test_a_held_key_asks_for_the_last_row_only() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0")
        played.engine.asked.clear()
        tree = played.explorer.module_tree
        for _ in range(2):  # without a rest between
            tree.action_move(1)
        await played.rest()
        assert played.explorer.path == "0.block 0.0.bias"
        assert {body.path for body in played.asked(Window)} == {"0.block 0.0.bias"}


async def test_words_of_the_process_reach_the_console() -> None:
    async with opened() as played:
        played.engine.client.on_stderr("a warning from C++\n")
        await played.until(lambda: "┆ a warning from C++" in played.log, "shown")


async def test_a_fault_of_ours_is_reported_and_the_app_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as played:
        monkeypatch.setattr(played.explorer, "_report_run", lambda *args: 1 / 0)
        await played.press("f")
        await played.reported("modulescope's own fault: ZeroDivisionError")
        await played.press("u")
        await played.reported("took back")
        played.app._exception = None  # which fails the test otherwise


async def test_structure_that_changed_is_shown_with_the_selection_kept() -> None:
    engine = AppEngine()
    async with opened("shared", engine=engine) as played:
        await played.selected("6.bias")
        engine.nodes.clear()
        engine.replace(engine.sources["sequential"](), "sequential")
        engine.changed(structure=True, values=True, gradients=True)
        await played.until(lambda: played.explorer.path == "", "the nearest ancestor that is left")
        await played.sees("2.weight", "256")


@pytest.mark.slow
async def test_tree_pages_are_asked_again_after_a_change() -> None:
    async with opened() as played:
        before = played.engine.count(TreeRows)
        played.engine.changed("1.bias", values=True)
        await played.until(lambda: played.engine.count(TreeRows) > before, "asked")


async def test_enter_in_the_table_and_in_the_facts_leads_into_the_tree() -> None:
    async with opened("shared") as played:
        await played.press("1")
        await played.rest()
        await played.press("end", "enter")
        await played.until(lambda: played.explorer.path == "6.bias", "the last tensor")
        await played.selected("2.bias")
        await played.press("3")
        await played.sees("shared with")
        await played.press("G", "enter")
        await played.until(lambda: played.explorer.path == "4.bias", "its twin")


async def test_the_twin_is_a_key_away() -> None:
    async with opened("shared") as played:
        await played.selected("2.weight")
        await played.press("s")
        await played.until(lambda: played.explorer.path == "4.weight", "the twin")
        await played.sees("4.weight")


async def test_facts_and_source_are_asked_for_when_they_are_seen() -> None:
    async with opened() as played:
        assert (played.engine.count(Describe), played.engine.count(SourceCode)) == (0, 0)
        await played.press("3")
        await played.sees("What it is")
        assert played.engine.count(SourceCode) == 0
        await played.press("4")
        await played.sees("class Sequential")
        await played.selected("1")
        assert played.asked(SourceCode)[-1].path == "1"
        assert played.asked(Describe)[-1].path == ""


@pytest.mark.slow
async def test_a_new_summary_is_in_the_header() -> None:
    async with opened() as played:
        summary = played.engine.summary
        assert summary is not None
        fields = {"mode": "eval", "trainable": 40}
        played.engine.send(StateChanged(summary=msgspec.structs.replace(summary, **fields)))
        await played.sees("40 trainable", "eval")


@pytest.mark.slow
async def test_what_is_known_of_a_row_reaches_its_pane() -> None:
    async with opened() as played:
        await played.selected("1.bias")
        await played.press("2")
        await played.sees("o gradient")
        before = played.text
        played.engine.change("1.bias", frozen=True, gradient="")
        assert played.engine.summary is not None
        played.engine.send(StateChanged(summary=played.engine.summary))
        await played.sees("requires_grad")
        assert "requires_grad" not in before
