"""The step of a guided tour on the screens that lie over the explorer: in sight, whole, and up to date."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import AppEngine, Played, opened
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.widgets._toast import Toast

from models.messages import ListRuns, ListSnapshots, RunItem, RunList, SnapshotItem, Snapshots
from tui.language import Language
from tui.screens.beside_tour import BesideTour
from tui.tours.tour import Tour, TourStep, Words
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.parts.tour_panel import TourNote, TourPanel
from tui.widgets.table.call_table import CallTable

SIZES = [(80, 24), (120, 40)]
KEYS = {
    "M": "what is shared",
    "D": "what to compare with",
    "o": "the catalogue",
    "P": "initialisation",
    "K": "snapshots",
    "W": "weights",
    "ctrl+s": "saving",
    "I": "inputs",
    "Y": "what to copy",
}
"""What leads to a screen over the explorer."""
ALONE = {
    "T": "tours",
    "question_mark": "help",
}
"""What leads to one that has all the room there is."""
TOUR = Tour(
    source="rgnet",
    title=Words(en="Mine"),
    steps=(
        TourStep(
            do=Words(en="Press the key, then look.", zh="按键，然后看屏幕。"),
            look=Words(en="What do you see?", zh="看到了什么？"),
            answer=Words(en="It is so.", zh="就是这样。"),
            done=("ran forward",),
        ),
        TourStep(do=Words(en="The next one.")),
    ),
)


@pytest.fixture
def engine() -> AppEngine:
    return AppEngine()


async def over(played: Played, key: str) -> Screen[object]:
    """Press a key that leads to another screen, and return that."""
    before = played.app.screen
    await played.press(key)
    await played.until(lambda: played.app.screen is not before and played.app.screen.focused is not None, "the screen")
    await played.rest()
    return played.app.screen


@pytest.mark.parametrize("size", slow_but(1, SIZES))
@pytest.mark.parametrize("key", slow_but(3, KEYS))
async def test_a_screen_that_a_step_leads_to_shows_the_step_beside_all_that_it_has(
    engine: AppEngine, key: str, size: tuple[int, int]
) -> None:
    async with opened(engine=engine, tour=TOUR, size=size) as played:
        screen = await over(played, key)
        note = screen.query_one(TourNote)
        await played.sees("Press the key, then look.", "What do you see?", "Step 1 of 2")
        assert screen.region.contains_region(note.region)
        for kind in (Lines, Input, OptionList, KeyLine):
            for each in screen.query(kind):
                assert not each.region.overlaps(note.region), each
                assert not each.display or screen.region.contains_region(each.region), each
        for panel in screen.query("#panel"):
            assert not panel.region.overlaps(note.region)
            assert screen.region.contains_region(panel.region)
        assert screen.room.width + (note.outer_size.width if size[0] > 100 else 0) == size[0]


@pytest.mark.parametrize("size", slow_but(1, SIZES))
async def test_where_the_explorer_stays_in_sight_the_step_lies_where_it_lay(
    engine: AppEngine, size: tuple[int, int]
) -> None:
    async with opened(engine=engine, tour=TOUR, size=size) as played:
        before = played.explorer.query_one(TourPanel).region
        screen = await over(played, "K")
        assert screen.query_one(TourNote).region == before


async def test_a_step_that_is_done_meanwhile_has_its_answer_and_says_that_the_screen_is_to_be_closed(
    engine: AppEngine,
) -> None:
    async with opened(engine=engine, tour=TOUR, size=(80, 24)) as played:
        await over(played, "M")
        played.explorer.observe("ran", "forward")
        await played.sees("✓ It is so.", "done: ) goes on once this is closed")
        await played.press("escape")
        await played.sees("✓ It is so.", "done: ) goes on")


@pytest.mark.parametrize("language", slow_but(1, ["en", "zh"]))
async def test_the_step_is_in_the_language_of_the_tours(engine: AppEngine, language: Language) -> None:
    async with opened(engine=engine, tour=TOUR, language=language, size=(80, 24)) as played:
        await over(played, "M")
        await played.sees(*("按键，然后看屏幕。", "第 1 步") if language == "zh" else ("Press the key", "Step 1"))


@pytest.mark.slow
async def test_a_screen_that_is_resized_has_room_for_both(engine: AppEngine) -> None:
    async with opened(engine=engine, tour=TOUR, size=(120, 40)) as played:
        screen = await over(played, "D")
        assert isinstance(screen, BesideTour)
        for size in [(80, 24), (120, 40), (60, 18), (100, 30)]:
            await played.pilot.resize_terminal(*size)
            await played.rest()
            note, keys = screen.query_one(TourNote).region, screen.query_one(KeyLine).region
            assert screen.region.contains_region(note)
            assert not note.overlaps(keys)
            assert screen.room.height >= 8


@pytest.mark.parametrize("size", slow_but(1, SIZES))
async def test_notices_cover_no_step(engine: AppEngine, size: tuple[int, int]) -> None:
    async with opened(engine=engine, tour=TOUR, size=size) as played:
        screen = await over(played, "K")
        screen.notify("x" * 50)
        await played.until(lambda: list(screen.query(Toast)), "shown")
        await played.rest()
        toast = screen.query_one(Toast).region
        assert toast.area
        assert not toast.overlaps(screen.query_one(TourNote).region)


async def test_without_a_tour_there_is_none(engine: AppEngine) -> None:
    async with opened(engine=engine) as played:
        screen = await over(played, "K")
        assert not screen.query(TourNote)
        assert screen.room == screen.size


@pytest.mark.parametrize("key", slow_but(1, ALONE))
async def test_the_list_of_tours_and_the_help_have_all_the_room(engine: AppEngine, key: str) -> None:
    async with opened(engine=engine, tour=TOUR) as played:
        screen = await over(played, key)
        assert not screen.query(TourNote)
        assert screen.room == screen.size


@pytest.mark.slow
async def test_the_lines_for_a_new_file_say_what_they_are_for_where_there_is_no_room_above_them(
    engine: AppEngine,
) -> None:
    async with opened(engine=engine, tour=TOUR, size=(80, 24)) as played:
        await over(played, "ctrl+s")
        await played.sees("rename: such as model.=", "match: such as")


@pytest.mark.slow
async def test_the_line_for_the_name_of_a_run_has_room_below_many_runs(engine: AppEngine) -> None:
    async with opened(engine=engine, tour=TOUR, size=(80, 24)) as played:
        table = played.explorer.query_one(CallTable)
        await played.press("f", "6")
        await played.until(lambda: table.complete and not played.explorer.pending and table.has_focus, "a run")
        runs = [RunItem(run=run, detail="changed since: 0.block 1.0.bias, " * 3) for run in range(1, 20)]
        engine.answers[ListRuns] = lambda body: RunList(run=19, runs=runs, offers=[])
        screen = await over(played, "D")
        await played.press("n")
        await played.rest()
        line, panel = screen.query_one("#run-name").region, screen.query_one("#panel").region
        assert panel.contains_region(line)
        assert panel.contains_region(screen.query_one(OptionList).region)
        assert not panel.overlaps(screen.query_one(TourNote).region)


@pytest.mark.slow
async def test_many_snapshots_have_room_in_their_panel(engine: AppEngine) -> None:
    async with opened(engine=engine, tour=TOUR, size=(80, 24)) as played:
        items = [SnapshotItem(name=f"kept {at}", detail="1.2 KB") for at in range(20)]
        engine.answers[ListSnapshots] = lambda body: Snapshots(items=items)
        screen = await over(played, "K")
        panel = screen.query_one("#panel").region
        assert panel.contains_region(screen.query_one(OptionList).region)
        assert not panel.overlaps(screen.query_one(TourNote).region)
