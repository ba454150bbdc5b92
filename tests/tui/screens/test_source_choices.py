"""Of `source_choices`, `numbered`: one of several is chosen by its number, with keys or by Enter."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import AppEngine, opened, starting
from textual.app import App

from models.messages import Choice, OpenSource, Problem
from tui.screens.source_choices import SourceChoices

PROBLEM = Problem(
    kind="source",
    title="run holds 3 checkpoints that are no parts of one",
    text="Open one of them: …",
    choices=[
        Choice("run/a/checkpoint-1500", "4.2 GB, 2026-11-27 10:43, the latest"),
        Choice("run/a/checkpoint-1000", "4.2 GB"),
        Choice("run/b[/]\x1b[31m", "1 byte"),
    ],
)


@pytest.mark.parametrize(
    ("keys", "index"),
    slow_but(
        3,
        [("enter", 0), ("2", 1), ("j enter", 1), ("G enter", 2), ("G k g enter", 0), ("down down enter", 2)],
        several=True,
    ),
)
async def test_one_is_chosen_by_number_or_enter(keys: str, index: int) -> None:
    app: App[None] = App()
    chosen: list[str | None] = []
    async with app.run_test() as pilot:
        await app.push_screen(SourceChoices(PROBLEM), chosen.append)
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
    assert chosen == [PROBLEM.choices[index].source]


@pytest.mark.parametrize("size", slow_but(1, [(80, 24), (120, 40), (30, 8)]))
async def test_what_can_be_chosen_is_seen_without_what_is_common(size: tuple[int, int]) -> None:
    many = Problem(kind="source", title=PROBLEM.title, choices=PROBLEM.choices + PROBLEM.choices * 20)
    for problem in (PROBLEM, many):
        app: App[None] = App()
        async with app.run_test(size=size) as pilot:
            await app.push_screen(SourceChoices(problem))
            await pilot.pause()
            text = "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())
            assert "a/checkpoint-1500" in text
            assert "run/a" not in text
            if size[0] >= 80:
                assert "4.2 GB, 2026-11-27 10:43, the latest" in text
                assert "b[/]" in text
            await pilot.press("q")


async def test_the_source_that_was_chosen_is_opened_and_escape_leads_to_the_catalogue() -> None:
    engine = AppEngine()
    engine.problems[OpenSource] = PROBLEM
    async with starting("run", engine=engine) as played:
        await played.sees("Open one of them", "checkpoint-1500")
        await played.press("escape")
        await played.sees("The documented networks")
    async with starting("run", engine=engine, seed=3) as played:
        await played.sees("Open one of them")
        del engine.problems[OpenSource]
        engine.sources["run/a/checkpoint-1000"] = engine.sources["rgnet"]
        await played.press("2")
        await played.sees("309 parameters")
        assert [each.source for each in played.asked(OpenSource)][-2:] == ["run", "run/a/checkpoint-1000"]
        assert played.asked(OpenSource)[-1].seed == 3


@pytest.mark.slow
async def test_what_is_open_stays_when_none_is_chosen() -> None:
    engine = AppEngine()
    async with opened("rgnet", engine=engine) as played:
        engine.problems[OpenSource] = PROBLEM
        await played.press("o")
        await played.sees("The documented networks")
        await played.press("enter")
        await played.sees("Open one of them")
        await played.press("escape")
        await played.sees("309 parameters")


async def test_the_options_of_the_command_line_are_for_what_was_chosen_too_also_when_it_is_opened_again() -> None:
    engine = AppEngine()
    engine.problems[OpenSource] = PROBLEM
    async with starting("run", engine=engine, trust=True, inputs=["2x4"], device="cpu") as played:
        await played.sees("Open one of them")
        del engine.problems[OpenSource]
        chosen = "run/a/checkpoint-1000"
        engine.sources[chosen] = engine.sources["rgnet"]
        await played.press("2")
        await played.sees("309 parameters")
        await played.press("R")
        await played.until(lambda: len(played.asked(OpenSource)) == 3)
        for asked in played.asked(OpenSource)[1:]:
            assert (asked.source, asked.trust, asked.inputs, asked.device) == (chosen, True, ["2x4"], "cpu")
        await played.press("o")
        await played.sees("The documented networks")
        await played.press("enter")
        await played.until(lambda: len(played.asked(OpenSource)) == 4)
        assert not played.asked(OpenSource)[-1].trust
