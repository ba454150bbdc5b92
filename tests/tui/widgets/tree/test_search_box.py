from __future__ import annotations

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input, Static

from models.messages import Problem, Search
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_networks import many, rgnet
from tui.widgets.lists.lines import Lines
from tui.widgets.tree.search_box import SearchBox
from tui.widgets.tree.search_list import SearchList


class SearchApp(App[None]):
    def __init__(self, engine: FakeEngine, query: str = "") -> None:
        super().__init__()
        self.engine = engine
        self.query_text = query
        self.chosen: list[tuple[str, str]] = []
        self.highlighted: list[str] = []
        self.closed = 0
        self.problems: list[str] = []

    def compose(self) -> ComposeResult:
        yield SearchBox(self.engine.request, self.query_text)

    @property
    def hits(self) -> SearchList:
        return self.query_one(SearchList)

    def on_search_box_chosen(self, message: SearchBox.Chosen) -> None:
        self.chosen.append((message.path, message.query))

    def on_search_box_highlighted(self, message: SearchBox.Highlighted) -> None:
        self.highlighted.append(message.hit.path)

    def on_search_box_closed(self) -> None:
        self.closed += 1

    def on_lines_failed(self, message: Lines.Failed) -> None:
        self.problems.append(message.problem.title)


async def answered(app: SearchApp, pilot: Pilot[None], query: str) -> None:
    """Wait until the hits of `query` are shown."""
    box = app.query_one(SearchBox)
    for _ in range(200):
        if box.answered == query:
            break
        await pilot.pause(0.01)
    assert box.answered == query
    await pilot.pause()


def count(app: SearchApp) -> str:
    return str(app.query_one("#search-count", Static).content)


async def test_hits_come_while_typing_and_enter_chooses_the_one_under_the_cursor() -> None:
    app = SearchApp(FakeEngine(rgnet()))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press(*"2 bias")
        await answered(app, pilot, "2 bias")
        assert count(app) == "5 of 5"
        assert app.highlighted[-1] == "0.block 0.2.bias"
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.highlighted[-1] == "0.block 1.2.bias"
        assert app.chosen == [("0.block 1.2.bias", "2 bias")]
        assert app.focused is app.query_one(Input)


async def test_matched_letters_are_marked_by_more_than_colour() -> None:
    app = SearchApp(FakeEngine(rgnet()), "1.weight")
    async with app.run_test(size=(80, 12)) as pilot:
        await answered(app, pilot, "1.weight")
        line = app.hits.render_line(0)
        assert "".join(part.text for part in line if part.style.underline and part.style.bold) == "1.weight"
        assert "parameter [1, 4]" in line.text


async def test_how_many_there_are_when_not_all_are_shown() -> None:
    app = SearchApp(FakeEngine(many(103)), "weight")
    async with app.run_test(size=(50, 12)) as pilot:
        await answered(app, pilot, "weight")
        assert count(app) == "100 of 103"
        await pilot.press("pagedown")
        assert app.hits.cursor > 5


async def test_nothing_found_and_nothing_typed() -> None:
    app = SearchApp(FakeEngine(rgnet()))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press(*"qq")
        await answered(app, pilot, "qq")
        assert count(app) == "no hits"
        assert "Nothing matches qq." in app.hits.render_line(0).text
        await pilot.press("enter", "backspace", "backspace")
        await answered(app, pilot, "")
        assert count(app) == ""
        assert app.chosen == []


async def test_enter_before_the_answer_chooses_its_best_hit() -> None:
    engine = FakeEngine(rgnet())
    gate = engine.hold(Search)
    app = SearchApp(engine)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press(*"1.bias", "enter")
        assert app.chosen == []
        gate.set()
        await answered(app, pilot, "1.bias")
        assert app.chosen == [("1.bias", "1.bias")]


async def test_old_requests_are_cancelled() -> None:
    engine = FakeEngine(rgnet())
    gate = engine.hold(Search)
    app = SearchApp(engine)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("b")
        while not engine.asked:
            await pilot.pause(0.01)
        await pilot.press("i")
        while len(engine.asked) < 2:
            await pilot.pause(0.01)
        gate.set()
        await answered(app, pilot, "bi")
        assert engine.cancelled == [Search(query="b")]


async def test_escape_closes() -> None:
    app = SearchApp(FakeEngine(rgnet()), "bias")
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("escape")
        assert (app.closed, app.chosen) == (1, [])


async def test_a_problem_and_a_missing_engine_do_not_end_it() -> None:
    engine = FakeEngine(rgnet())
    engine.problems[Search] = Problem("engine", "broken")
    app = SearchApp(engine)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("b")
        while not app.problems:
            await pilot.pause(0.01)
        assert app.problems == ["broken"]
        engine.gone = True
        await pilot.press("i")
        while count(app) != "no engine":
            await pilot.pause(0.01)
