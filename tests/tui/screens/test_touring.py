"""Guided tours on the screen: the list, the panel's place, going on from the tree and from the prompt."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import AppEngine, Played, opened
from textual.widgets._toast import Toast

from models.messages import Execute, Executed, Problem
from tui.language import Language
from tui.tours.tour import Tour, TourStep, Words
from tui.widgets.parts.tour_panel import COLUMNS, ROWS, TourPanel


@pytest.fixture
def engine() -> AppEngine:
    return AppEngine()


def text(letters: str) -> Words:
    return Words(en=letters, zh=f"{letters}（中文）")


TOUR = Tour(
    source="rgnet",
    title=text("Mine"),
    name="mine",
    steps=(
        TourStep(do=text("Type `net`"), look=text("What?"), answer=text("This."), done=("typed net",)),
        TourStep(do=text("Run"), done=("ran forward", "tab calls")),
        TourStep(do=text("The end")),
    ),
)


def shown(played: Played) -> str:
    return " ".join(str(played.explorer.query_one(TourPanel).query_one("#step").render()).split())


async def test_a_step_is_done_by_what_it_asks_for_and_the_next_is_shown_by_a_key_also_at_the_prompt(
    engine: AppEngine,
) -> None:
    async with opened(engine=engine, tour=TOUR) as played:
        assert shown(played) == "Type net What?"
        await played.press("greater_than_sign", "greater_than_sign")
        await played.type("net")
        await played.until(lambda: "This." in shown(played), "done")
        assert "done: ) goes on" in shown(played)
        assert played.explorer.console.prompt.text == ""
        await played.press("right_parenthesis")
        await played.until(lambda: shown(played) == "Run", "the next step")
        await played.press("escape", "6", "f")
        await played.until(lambda: "done" in shown(played), "it ran")
        await played.press("right_parenthesis")
        await played.until(lambda: "The end: T shows the other tours" in shown(played), "the end")
        await played.press("left_parenthesis", "left_parenthesis")
        await played.until(lambda: "This." in shown(played), "the first, done still")


@pytest.mark.slow
async def test_the_mark_of_an_answer_stands_in_the_line_where_a_Chinese_text_begins(engine: AppEngine) -> None:
    step = TourStep(do=text("Run"), answer=Words(zh="中" * 60), done=("ran forward",))
    tour = Tour(source="rgnet", title=text("Mine"), steps=(step,))
    async with opened(engine=engine, tour=tour, language="zh", size=(80, 24)) as played:
        await played.press("f")
        await played.sees("✓ 中中")


@pytest.mark.slow
async def test_the_panel_names_the_keys_that_lead_somewhere(engine: AppEngine) -> None:
    async with opened(engine=engine, tour=TOUR) as played:
        panel = played.explorer.query_one(TourPanel)
        keys = []
        for _ in TOUR.steps:
            keys.append(str(panel.border_subtitle))
            await played.press("right_parenthesis")
        assert keys == [") next   T tours", "( back   ) next   T tours", "( back   T tours"]


@pytest.mark.slow
async def test_a_parenthesis_in_a_statement_is_text(engine: AppEngine) -> None:
    async with opened(engine=engine, tour=TOUR) as played:
        await played.press("greater_than_sign", "f", "left_parenthesis", "right_parenthesis", "greater_than_sign", "1")
        assert played.explorer.console.prompt.text == "f()>1"
        assert played.explorer.tour.index == 0


async def test_a_statement_that_fails_does_not_count(engine: AppEngine) -> None:
    engine.answers[Execute] = lambda body: Executed(problem=Problem("model", "NameError: net"), changed=[])
    async with opened(engine=engine, tour=TOUR) as played:
        await played.press("greater_than_sign")
        await played.type("net")
        await played.reported("NameError")
        assert not played.explorer.tour.is_done


@pytest.mark.parametrize(
    ("size", "columns", "rows"),
    slow_but(1, [((120, 40), COLUMNS, 38), ((80, 24), 80, ROWS[0]), ((50, 12), 50, 4)], several=True),
)
async def test_the_panel_has_a_place_of_its_own(
    engine: AppEngine, size: tuple[int, int], columns: int, rows: int
) -> None:
    async with opened(engine=engine, tour=TOUR, size=size) as played:
        panel = played.explorer.query_one(TourPanel)
        assert (panel.region.width, panel.region.height) == (columns, rows)
        for id in ("#upper", "KeyLine", "StatusLine"):
            other = played.explorer.query_one(id).region
            assert not other.overlaps(panel.region) or not other.area, id
        played.explorer.end_tour()
        await played.rest()
        assert played.explorer.query_one("#upper").region.width == size[0]


async def test_the_list_starts_a_tour_opens_its_network_and_ends_one(engine: AppEngine) -> None:
    engine.sources["mlp"] = engine.sources["rgnet"]
    async with opened(engine=engine, language="zh") as played:
        await played.press("T")
        await played.sees("导览", "参数绑定", "1.1    自定义块")
        await played.press("2")
        await played.until(lambda: played.explorer.tour is not None, "it began")
        assert played.explorer.tour.tour.source == "mlp"
        await played.until(lambda: played.explorer.options.source == "mlp" or played.explorer.wanted == "mlp", "opens")
        await played.rest()
        await played.press("T", "1")
        await played.until(lambda: played.explorer.tour is None, "it ended")
        await played.rest()
        assert not [panel for panel in played.explorer.query(TourPanel) if panel.display]


@pytest.mark.parametrize("language", slow_but(1, ["en", "zh"]))
async def test_while_another_network_is_open_the_step_says_which_it_is_about(
    engine: AppEngine, language: Language
) -> None:
    engine.sources["mlp"] = engine.sources["rgnet"]
    said = {"en": "This step is about rgnet, which is not open: o opens it.", "zh": "这一步用的是 rgnet"}[language]
    async with opened(engine=engine, tour=TOUR, language=language) as played:
        assert said not in shown(played)
        played.explorer.open("mlp")
        await played.until(lambda: said in shown(played), "another is open")
        played.explorer.open("rgnet")
        await played.until(lambda: said not in shown(played), "it is open again")


@pytest.mark.slow
async def test_without_a_tour_its_keys_say_so(engine: AppEngine) -> None:
    async with opened(engine=engine) as played:
        await played.press("right_parenthesis")
        await played.sees("no tour: T shows them")


async def test_marks_of_a_hostile_file_are_text(engine: AppEngine) -> None:
    tour = Tour(
        source="rgnet", title=text("x"), steps=(TourStep(do=text("[bold red]\x1b[31mx[/] `[@click=app.quit]y`")),)
    )
    async with opened(engine=engine, tour=tour) as played:
        assert "[bold red]" in shown(played)
        assert "[@click=app.quit]y" in shown(played)
        assert "\x1b" not in shown(played)


async def test_a_long_step_is_seen_whole_in_a_low_terminal(engine: AppEngine) -> None:
    step = TourStep(
        do=text("Do it. " * 20), look=text("And look. " * 10), answer=text("It is so."), done=("ran forward",)
    )
    tour = Tour(source="rgnet", title=text("Mine"), steps=(step, TourStep(do=text("End"))))
    async with opened(engine=engine, tour=tour, size=(80, 24)) as played:
        panel = played.explorer.query_one(TourPanel)
        assert panel.region.height == ROWS[1]
        await played.press("f")
        await played.sees("✓ It is so.", "done: ) goes on", "Do it. Do it.", "And look.")
        await played.press("right_parenthesis")
        assert panel.region.height == ROWS[1]  # the same for all steps: nothing jumps


@pytest.mark.slow
async def test_a_step_is_seen_whole_also_where_the_panel_goes_from_beside_to_above(engine: AppEngine) -> None:
    step = TourStep(do=text("Do it. " * 20), look=text("And look."), answer=text("It is so."), done=("ran forward",))
    async with opened(engine=engine, tour=Tour(source="rgnet", title=text("Mine"), steps=(step,))) as played:
        await played.press("f")
        await played.sees("✓ It is so.")
        await played.pilot.resize_terminal(80, 24)
        await played.rest()
        await played.sees("Do it. Do it.", "And look.", "✓ It is so.", "The end")


@pytest.mark.parametrize("size", slow_but(1, [(120, 40), (80, 24)]))
async def test_notices_cover_no_tour(engine: AppEngine, size: tuple[int, int]) -> None:
    async with opened(engine=engine, tour=TOUR, size=size) as played:
        played.explorer.notify("x" * 50)
        await played.until(lambda: list(played.app.screen.query(Toast)), "shown")
        await played.rest()
        toast, panel = played.app.screen.query_one(Toast).region, played.explorer.query_one(TourPanel).region
        assert toast.area
        assert not toast.overlaps(panel)
