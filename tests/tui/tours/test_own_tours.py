"""Every tour that comes along, played to its end in the interface with the real engine, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from models.engine.launch import Launch
from tests.tui.fake_app import Played
from tui.app import ModulescopeApp
from tui.command_line import CommandOptions
from tui.language import LANGUAGES, Language
from tui.meant_keys import key_of
from tui.tours.progress import TourProgress
from tui.tours.tour import Tour, own_tours
from tui.widgets.parts.prose import Prose
from tui.widgets.parts.tour_panel import BESIDE, COLUMNS, ROWS, TourPanel

NAMES = {" ": "space", ">": "greater_than_sign", "/": "slash", ")": "right_parenthesis"}
PATIENCE = 60.0


async def play(played: Played, each: str) -> None:
    """Press a key as it is written in the file of a tour, or type a text."""
    if len(each) == 1 or each in ("enter", "escape", "down", "tab", "ctrl+s"):
        await played.press(NAMES.get(each, each))
    else:
        # A panel may wait for what runs.
        await played.until(lambda: isinstance(played.app.screen.focused, Input | TextArea), f"{each!r} is typed")
        field = played.app.screen.focused
        assert isinstance(field, Input | TextArea)
        if isinstance(field, TextArea):
            field.insert(each)
        else:  # letter by letter, for what is selected gives way to the first
            await played.press(*(key_of(letter).key for letter in each))
    await played.pilot.pause()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tour", own_tours(), ids=lambda tour: tour.name)
def test_each_step_is_seen_whole_with_its_answer_at_80x24(tour: Tour, language: Language) -> None:
    panel = TourPanel(TourProgress(tour), language)
    rows = [panel.rows_of(step, 80 - BESIDE) + 2 for step in tour.steps]
    assert max(rows) <= ROWS[1], f"step {rows.index(max(rows)) + 1}"
    assert max(panel.rows_of(step, COLUMNS - BESIDE, "\n\n") for step in tour.steps) <= 22 - 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.slow
async def test_they_can_be_played_to_their_end(
    language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the files of a tour are written
    tours = own_tours()
    app = ModulescopeApp(
        CommandOptions(source=tours[0].source, tour=tours[0], language=language, seed=0), Launch.local()
    )
    async with app.run_test(size=(120, 40)) as pilot:
        played = Played(app, None, pilot)  # type: ignore[arg-type]
        await played.until(lambda: played.explorer.row is not None, "opened", PATIENCE)
        explorer = played.explorer
        for tour in tours:
            if explorer.tour is None or explorer.tour.tour != tour:
                for tab in ("values", "console"):  # a tab that the tour before left is a step done
                    explorer.show_tab(tab)
                explorer.action_go_back()
                explorer.go_to("")
                explorer.start_tour(tour)
            await played.until(lambda tour=tour: explorer.summary.source == tour.source, "opened", PATIENCE)
            await explorer.taken_over()
            await played.until(lambda: explorer.row is not None and not explorer.keys_wait(), "the tree")
            for number, step in enumerate(tour.steps, 1):
                progress = explorer.tour
                what = f"{tour.name}, step {number}"
                assert progress.index == number - 1
                assert progress.is_done == (not step.done), f"{what} is done before anything was pressed"
                for each in step.play:
                    await play(played, each)
                await played.until(lambda progress=progress: progress.is_done, what, PATIENCE)
                shown = str(played.explorer.query_one(TourPanel).query_one(Prose).visual)
                if step.answer is not None:
                    assert step.answer.of(language).replace("`", "").split("\n")[0] in shown.replace("\n", " "), what
                if not progress.is_last:
                    await played.press("right_parenthesis")
                    await played.until(lambda number=number: explorer.tour.index == number, "the next step")
